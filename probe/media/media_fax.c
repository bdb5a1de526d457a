#include "media_private.h"

#include "udptl.h"

static bool
fax_is_announced(const struct media *m)
{
	for (uint32_t i = 0; i < m->options.n_directories; i++)
		if (media_directory_has_fax(m->options.directories[i]))
			return true;
	return false;
}

static uint32_t
fax_begin(struct media *m, const struct media_packet *packet, const struct media_sample *s)
{
	const struct packet_view *v = packet->view;
	struct media_tie tie;
	uint32_t index;

	if (!media_tie_room(m, &v->src, &v->dst, &tie) || !tie.t38)
		return MEDIA_NONE;
	tie.n_codecs = 0; /* those of RTP mean nothing here */
	index = media_stream_new(m, packet, s, &tie);
	if (index == MEDIA_NONE)
		return MEDIA_NONE;
	media_codecs_set(m, index,
		&(struct media_codecs){1, {{MEDIA_PT_T38, RTP_CODEC_T38, 0}}});
	return index;
}

/* As of RTP, with the sequence number of UDPTL, without timestamps, and with SSRC 0. */
bool
media_fax(struct media *m, struct media_packet *packet)
{
	const struct packet_view *v = packet->view;
	struct udptl_packet udptl;

	if (!fax_is_announced(m) || v->transport != PACKET_UDP ||
		v->payload_len < v->payload_wire_len ||
		!udptl_parse(&udptl, v->payload, v->payload_len))
		return false;
	struct media_sample s = {.ts_ns = packet->ts_ns,
		.bytes = v->payload_len,
		.seq = udptl.seq,
		.payload_type = MEDIA_PT_T38};
	struct media_packet fax = *packet;
	fax.hash = media_hash(m, &v->src, &v->dst, 0);
	uint32_t index = media_lookup(m, fax.hash, 0);
	if (index == MEDIA_NONE)
		index = fax_begin(m, &fax, &s);
	if (index == MEDIA_NONE || media_codecs_of(m, index)->codecs[0].codec != RTP_CODEC_T38)
		return false;
	media_account(m, index, &s, NULL);
	if (udptl.repeats)
		media_more_for(m, index)->redundant++;
	return true;
}
