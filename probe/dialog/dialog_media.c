#include "dialog_private.h"

/* ---- hold ---- */

static bool
sdp_is_hold(const struct sip_sdp *sdp)
{
	for (uint8_t i = 0; i < sdp->n_media; i++) {
		const struct sip_sdp_media *m = &sdp->media[i];
		bool av = base_span_eq_nocase(m->type, BASE_SPAN("audio")) ||
			  base_span_eq_nocase(m->type, BASE_SPAN("video"));
		bool still = m->direction == SIP_SDP_SENDONLY || m->direction == SIP_SDP_INACTIVE ||
			     (m->ip_valid && base_ip_is_any(&m->ip));
		if (av && m->port && still)
			return true;
	}
	return false;
}

/* ---- endpoints ---- */

static void
announce_codecs(struct media_announce *a, const struct sip_sdp_media *media, const uint8_t *codecs)
{
	for (uint8_t i = 0; i < media->n_formats && a->n_codecs < MEDIA_CODECS_MAX; i++) {
		const struct sip_sdp_format *f = &media->formats[i];
		struct media_codec_map map = {f->clock_rate, f->payload_type, codecs[i]};
		if (f->payload_type > 127 || codecs[i] == RTP_CODEC_NONE)
			continue;
		if (f->encoding.len == 0)
			rtp_codec_static(f->payload_type, &map.clock_hz);
		a->codecs[a->n_codecs++] = map;
	}
}

/* A published endpoint as it lies in text_chain: address and port of IPv4, or whole. */
#define ENDPOINT_V4 6

bool
endpoint_read(struct base_span bytes, struct base_endpoint *out)
{
	if (bytes.len == ENDPOINT_V4)
		*out = (struct base_endpoint){base_ip_v4(bytes.p), base_load_be16(bytes.p + 4)};
	else if (bytes.len == sizeof(*out))
		memcpy(out, bytes.p, sizeof(*out));
	return bytes.len == ENDPOINT_V4 || bytes.len == sizeof(*out);
}

/* The next endpoint that was published: start with {0}.  False: there are no more. */
static bool
endpoint_next(const struct dialog *d, const struct slot *s, struct chain_walk *at,
	struct base_endpoint *out)
{
	uint8_t scratch[sizeof(*out)];
	struct base_span bytes;
	bool more;

	do {
		more = chain_text_walk(&d->pool, &s->text_chain, at);
	} while (more && at->head.id != TEXT_ENDPOINT);
	bytes = chain_text(&d->pool, at->ref, scratch, sizeof(scratch));
	return endpoint_read(bytes, out);
}

static bool
endpoint_is_known(const struct dialog *d, const struct slot *s, const struct base_endpoint *at)
{
	struct chain_walk ref = {.started = false};
	struct base_endpoint known;

	while (endpoint_next(d, s, &ref, &known))
		if (base_endpoint_eq(&known, at))
			return true;
	return false;
}

static void
endpoint_fetch(const struct dialog *d, const struct base_endpoint *at, bool again)
{
	if (d->options.hooks.fetch)
		d->options.hooks.fetch(d->options.hooks.context, at, again);
}

void
media_endpoints_fetch(struct dialog *d, const struct slot *s, bool again)
{
	if (s->endpoints == 0 || s->kind == SLOT_FREE || s->list == LIST_ESTABLISHED)
		return;
	const struct found *found = found_ahead(d, s);
	for (uint32_t i = 0; i < found->n_endpoints; i++)
		endpoint_fetch(d, &found->endpoints[i], again);
}

void
media_endpoints_withdraw(struct dialog *d, struct slot *s)
{
	const struct dialog_hooks *hooks = &d->options.hooks;
	uint64_t call = slot_handle(d, s);
	struct base_endpoint more;

	if (s->endpoints == 0)
		return;
	const struct found *found = found_of(d, s);
	struct chain_walk rest = found->endpoints_rest;
	for (uint32_t i = 0; i < found->n_endpoints; i++)
		hooks->withdraw(hooks->context, &found->endpoints[i], call);
	while (endpoint_next(d, s, &rest, &more))
		hooks->withdraw(hooks->context, &more, call);
}

/* False: there is no room for all of it. */
static bool
endpoint_keep(struct dialog *d, struct slot *s, const struct base_endpoint *at)
{
	bool v4 = base_ip_is_v4(&at->ip);
	uint32_t len = v4 ? ENDPOINT_V4 : sizeof(*at);
	uint8_t bytes[sizeof(*at)];

	memcpy(bytes, at, sizeof(*at));
	if (v4) {
		memcpy(bytes, at->ip.b + 12, 4);
		base_store_be16(bytes + 4, at->port);
	}
	chain_ref ref = chain_text_add_as(
		&d->pool, &s->text_chain, (struct chain_head){len, TEXT_ENDPOINT, false}, bytes);
	return ref && chain_text_head(&d->pool, ref).len == len;
}

/* Two of the bits of slot.endpoints, so that others need not be looked for. */
static uint8_t
endpoint_mark(const struct base_endpoint *at)
{
	static const uint8_t pairs[] = {3, 5, 9, 17, 6, 10, 18, 12, 20, 24};
	uint64_t low = base_hash_load(at->ip.b + 8, 8), mixed = base_hash_mix(low ^ at->port);

	return pairs[(mixed >> 32) * sizeof(pairs) >> 32];
}
_Static_assert(SLOT_ENDPOINT_MARKS == 5, "pairs of so many bits");

/* Publishes, and notes the endpoint once so that the closing call can withdraw it. */
static void
endpoint_publish(struct dialog *d, struct slot *s, const struct base_endpoint *at,
	struct media_announce *announce)
{
	uint8_t mark = endpoint_mark(at);

	announce->again =
		(s->endpoints & mark) == mark && endpoint_is_known(d, s, at);
	s->endpoints |= mark & ((1u << SLOT_ENDPOINT_MARKS) - 1);
	d->options.hooks.publish(d->options.hooks.context, at, announce);
	if (!announce->again && !endpoint_keep(d, s, at))
		d->options.hooks.withdraw(d->options.hooks.context, at, announce->call);
}

static bool
ip_is_private(const struct base_ip *ip)
{
	const uint8_t *b = ip->b;

	if (!base_ip_is_v4(ip))
		return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
	b += 12;
	return b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
	       (b[0] == 100 && (b[1] & 0xc0) == 64); /* RFC 1918, RFC 6598 */
}

/* Where SDP names a private address and the signalling comes from a public one, or the other way
 * round, NAT stands between; many keep the port.  Else its host may tell. */
static void
guess_publish(struct dialog *d, struct slot *s, const struct base_endpoint *at,
	struct media_announce *announce, const struct base_ip *signalling)
{
	struct base_endpoint guess = {*signalling, at->port}, host = {*signalling, 0};

	if (ip_is_private(&at->ip) == ip_is_private(signalling))
		return;
	announce->guess = true;
	endpoint_publish(d, s, &guess, announce);
	endpoint_publish(d, s, &host, announce);
	announce->guess = false;
}

/* True: media with an address was announced. */
static bool
media_publish(struct dialog *d, struct slot *s, const struct sip_sdp_media *media,
	struct media_announce *announce, const struct base_ip *signalling)
{
	struct base_endpoint at = {media->ip, media->port},
			     rtcp = {media->rtcp_ip, media->rtcp_port};

	bool usual_proto = base_span_eq(media->proto, BASE_SPAN("RTP/AVP"));
	announce->srtp = media->crypto || (!usual_proto && base_span_starts_nocase(media->proto,
								   BASE_SPAN("RTP/SAVP")));
	announce->ptime_ms = media->ptime_ms;
	announce->t38 =
		!usual_proto && base_span_starts_nocase(media->proto, BASE_SPAN("udptl"));
	if (media->port == 0)
		return false;
	s->call.srtp |= media->crypto & 1;
	s->call.t38_sides |= (announce->t38 << announce->side) & 7;
	bool usable = media->ip_valid && !base_ip_is_any(&media->ip);
	if (usable) {
		endpoint_publish(d, s, &at, announce);
		guess_publish(d, s, &at, announce, signalling);
	}
	for (uint8_t i = 0; i < media->n_candidates; i++)
		endpoint_publish(d, s, &media->candidates[i], announce);
	bool usual = base_ip_eq(&rtcp.ip, &at.ip) &&
		     (rtcp.port == at.port || rtcp.port == at.port + 1);
	if (rtcp.port && !usual && usable)
		endpoint_publish(d, s, &rtcp, announce);
	return usable || media->n_candidates;
}

/* Who is to be heard: for one_way and no_media. */
static void
sides_take(struct slot *s, const struct sip_sdp_media *media, uint8_t side)
{
	if (!base_span_eq_nocase(media->type, BASE_SPAN("audio")))
		return;
	if (media->direction == SIP_SDP_SENDRECV)
		s->call.media_sides |= (1 << side) & 7;
	else
		s->one_sided = true;
}

static bool
call_is_listened(struct dialog *d, const struct slot *s)
{
	const struct dialog_options *o = &d->options;
	struct chain_cursor at = {0};
	const struct note *note;

	if (o->listen_all || !(o->listen_watched || o->n_listen_lists))
		return o->listen_all;
	while ((note = slot_note_next(d, s, NOTE_WATCH, &at))) {
		struct base_span name =
			chain_text(&d->pool, note->text, d->scratch, sizeof(d->scratch));
		if (o->listen_watched)
			return true;
		for (uint32_t i = 0; i < o->n_listen_lists; i++)
			if (base_span_eq(name, o->listen_lists[i]))
				return true;
	}
	return false;
}

/* It has a body. */
static __attribute__((noinline)) void
body_receive(
	struct dialog *d, struct slot *s, const struct dialog_message *m, struct flow_entry *entry)
{
	struct base_span text = sip_sdp_find(m->sip);
	struct sip_sdp *sdp = &d->sdp;

	if (text.len == 0 || !sip_sdp_parse_known(&d->tails, sdp, text))
		return;
	for (uint8_t i = 0; i < sdp->n_media; i++) {
		const struct sip_sdp_media *media = &sdp->media[i];
		endpoint_fetch(d, &(struct base_endpoint){media->ip, media->port}, false);
	}
	struct sdp_codecs codecs;
	uint8_t line[LINE_BYTES_MAX];
	flow_line_set(d, s, entry, base_span_of(line, line_take(d, &codecs, line)));
	bool in_dialog_offer =
		(m->sip->method == SIP_METHOD_INVITE || m->sip->method == SIP_METHOD_UPDATE) &&
		m->sip->to.tag.len;
	if (in_dialog_offer && !(entry->flags & FLOW_TOLD) && sdp_is_hold(sdp))
		slot_more_for(d, s)->holds++;
	struct media_announce announce = {.call = slot_handle(d, s), .since_ns = m->ts_ns};
	announce.listen = call_is_listened(d, s);
	announce.side = entry->flags & FLOW_FROM_CALLER ? MEDIA_SIDE_CALLER : MEDIA_SIDE_CALLEE;
	for (uint8_t i = 0; i < sdp->n_media; i++) {
		announce.n_codecs = 0;
		announce_codecs(&announce, &sdp->media[i], codecs.of[i]);
		if (media_publish(d, s, &sdp->media[i], &announce, &m->src.ip))
			sides_take(s, &sdp->media[i], announce.side);
	}
}

void
media_receive(
	struct dialog *d, struct slot *s, const struct dialog_message *m, struct flow_entry *entry)
{
	if (m->sip->body.len)
		body_receive(d, s, m, entry);
}
