#include "media_private.h"

/* A listened stream's packet of G.711 to whoever listens. */
static void
listen_packet(struct media *m, uint32_t index, const struct media_sample *s,
	const struct media_packet *packet)
{
	const struct media_cold *c = &m->cold[index];
	uint8_t codec = media_figures_codec(m, index, s->payload_type).codec;
	struct rtp_header h;

	if ((codec != RTP_CODEC_PCMU && codec != RTP_CODEC_PCMA) || c->flags & MEDIA_SRTP ||
		!rtp_parse(&h, packet->payload, packet->payload_len, packet->payload_wire_len) ||
		h.payload_offset >= packet->payload_len)
		return;
	uint32_t there = packet->payload_len - h.payload_offset;
	m->options.audio(m->options.context,
		&(struct media_audio){.call = c->call,
			.ts_ns = s->ts_ns,
			.payload = packet->payload + h.payload_offset,
			.len = h.payload_len < there ? h.payload_len : there,
			.stream = index,
			.timestamp = s->timestamp,
			.sender = c->sender,
			.alaw = codec == RTP_CODEC_PCMA,
			.events = media_more_of(m, index)->event != 0});
}

bool
media_listened(struct media *m, uint32_t index, const struct media_sample *s,
	const struct media_packet *packet)
{
	const struct media_cold *c = &m->cold[index];

	if (c->flags & MEDIA_LISTEN && packet)
		listen_packet(m, index, s, packet);
	/* as media_figures_marked, but for the marks */
	return (c->flags & (MEDIA_HAVE_LAST | MEDIA_LAST_SAVED | MEDIA_LEFT)) == MEDIA_HAVE_LAST &&
	       m->hot[index].clock && s->payload_type == c->payload_type;
}

void
media_listen_begin(struct media *m, uint32_t index)
{
	if (m->options.audio == NULL)
		return;
	m->cold[index].flags |= MEDIA_LISTEN;
	media_figures_marked(m, index);
}

void
media_listen_end(struct media *m, uint32_t index)
{
	const struct media_cold *c = &m->cold[index];

	if (c->flags & MEDIA_LISTEN)
		m->options.audio(m->options.context,
			&(struct media_audio){.call = c->call,
				.ts_ns = m->hot[index].last_ns,
				.stream = index,
				.sender = c->sender,
				.events = media_more_of(m, index)->event != 0});
}
