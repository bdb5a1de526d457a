#include "worker_private.h"

static void
worker_tell(const struct worker *w, const struct dialog_message *m)
{
	const struct worker_options *o = &w->set->options;
	const struct worker_message message = {.ts_ns = m->ts_ns,
		.src = m->src,
		.dst = m->dst,
		.text = base_span_of(m->sip->start, m->sip->len),
		.call_id = m->sip->call_id,
		.branch = m->sip->via.branch};

	o->message(o->context, &message);
}

static void
worker_deliver(struct worker *w, const struct dialog_message *m)
{
	metrics_add(w->metrics, METRICS_SIP_MESSAGES, 1);
	if (base_unlikely(w->set->options.message != NULL))
		worker_tell(w, m);
	if (m->sip->flags & SIP_FLAGS_INVALID)
		metrics_add(w->metrics, METRICS_SIP_INVALID, 1);
	enum record_kind kind = dialog_receive(w->dialog, m);
	if (base_unlikely(w->set->options.keep != NULL))
		worker_keep(w, m, kind);
}

/* Through the ring to another core. */
static __attribute__((noinline)) void
worker_hand_over(struct worker *w, const struct dialog_message *m, uint32_t owner)
{
	struct worker_handover h = {.ts_ns = m->ts_ns,
		.src = m->src,
		.dst = m->dst,
		.ip_id = m->ip_id,
		.vlan = m->vlan,
		.transport = m->transport,
		.tunnel = m->tunnel,
		.truncated = m->truncated};
	uint32_t len = (uint32_t)sizeof(h) + m->sip->len;
	uint8_t *p = shard_reserve(w->shard, w->core, owner, len, SHARD_SIP);
	if (p == NULL) {
		metrics_add(w->metrics, METRICS_SHARD_FULL, 1);
		return;
	}
	memcpy(p, &h, sizeof(h));
	memcpy(p + sizeof(h), m->sip->start, m->sip->len);
	shard_send(w->shard, w->core, owner, len);
	metrics_add(w->metrics, METRICS_SIP_HANDED_OVER, 1);
}

static uint32_t
worker_owner(const struct worker *w, const struct dialog_message *m)
{
	uint8_t hosts[DIALOG_KEY_BYTES];

	return w->alone ? w->core : shard_owner(w->shard, dialog_key_of(m, hosts));
}

/* To the core that owns the dialog. */
static void
worker_route(struct worker *w, const struct dialog_message *m)
{
	uint32_t owner = worker_owner(w, m);

	if (owner == w->core)
		worker_deliver(w, m);
	else
		worker_hand_over(w, m, owner);
}

void
worker_sip_handed_over(struct worker *w, const uint8_t *p, uint32_t len)
{
	struct worker_handover h;

	if (len < sizeof(h))
		return;
	memcpy(&h, p, sizeof(h));
	if (sip_parse(&w->sip, p + sizeof(h), len - (uint32_t)sizeof(h), true) <= 0)
		return;
	worker_deliver(w, &(struct dialog_message){.sip = &w->sip,
				  .ts_ns = h.ts_ns,
				  .src = h.src,
				  .dst = h.dst,
				  .ip_id = h.ip_id,
				  .vlan = h.vlan,
				  .transport = h.transport,
				  .tunnel = h.tunnel,
				  .truncated = h.truncated});
}

/* One whole message at bytes; m says what is known of its packet, and that it is parsed to
 * w->sip. */
static enum packet_verdict
worker_sip_message(struct worker *w, const struct dialog_message *m, struct base_span bytes)
{
	if (sip_parse(&w->sip, bytes.p, bytes.len, true) <= 0)
		return PACKET_VERDICT_BAD_SIP;
	worker_route(w, m);
	return PACKET_VERDICT_SIP;
}

enum packet_verdict
worker_sip_datagram(struct worker *w, const struct packet_view *view, int64_t ts_ns)
{
	const struct dialog_message m = {.sip = &w->sip,
		.ts_ns = ts_ns,
		.src = view->src,
		.dst = view->dst,
		.ip_id = view->ip_id_valid ? view->ip_id : 0,
		.vlan = view->vlan,
		.transport = view->transport,
		.tunnel = view->tunnel,
		.truncated = view->payload_len < view->payload_wire_len};

	return worker_sip_message(w, &m, base_span_of(view->payload, view->payload_len));
}

enum packet_verdict
worker_sip_plain(struct worker *w, const struct packet_plain *plain, int64_t ts_ns)
{
	struct dialog_message m = {.sip = &w->sip,
		.ts_ns = ts_ns,
		.ip_id = plain->version == 4 ? base_load_be16(plain->ip + 4) : 0,
		.vlan = plain->vlan,
		.transport = PACKET_UDP,
		.tunnel = PACKET_TUNNEL_NONE,
		.truncated = plain->payload_len < plain->payload_wire_len};

	packet_plain_hosts(plain, &m.src, &m.dst);
	return worker_sip_message(w, &m, base_span_of(plain->payload, plain->payload_len));
}

/* packet_tcp_note: frames of WebSocket, of which the next one has to be found first */
#define FLOW_WS 1
#define FLOW_WS_LOST 2

/* Plain SIP, or frames behind *at bytes of a handshake; MAYBE: wait for the rest of it. */
static enum sip_ws_begin
worker_sip_framing(const struct packet_tcp_stream *stream, uint32_t *at)
{
	*at = 0;
	if (stream->note)
		return SIP_WS_FRAME;
	return sip_ws_begins(stream->p, stream->len, at);
}

/* Every whole message of a TCP stream; what is left waits for more. */
static enum packet_verdict
worker_sip_stream(struct worker *w, int64_t ts_ns, const struct packet_tcp_stream *stream)
{
	enum packet_verdict verdict = PACKET_VERDICT_TCP_SEGMENT;
	bool resync = stream->gap || (stream->note & FLOW_WS_LOST);
	struct sip_frame frame;
	uint32_t at;
	enum sip_ws_begin framing = worker_sip_framing(stream, &at);
	bool ws = framing == SIP_WS_HANDSHAKE || framing == SIP_WS_FRAME;
	const struct dialog_message m = {.sip = &w->sip,
		.ts_ns = ts_ns,
		.src = stream->src,
		.dst = stream->dst,
		.vlan = stream->vlan,
		.transport = ws ? PACKET_WS : PACKET_TCP,
		.tunnel = stream->tunnel};

	while (at < stream->len && framing != SIP_WS_MAYBE) {
		const uint8_t *p = stream->p + at;
		uint32_t len = stream->len - at;
		enum sip_frame_result result =
			ws ? sip_ws_next(p, len, resync, w->ws_message, &frame)
			   : sip_frame_next(p, len, resync, &frame);
		at += frame.skip;
		if (result == SIP_FRAME_NEED_MORE || frame.skip == 0)
			break;
		if (result == SIP_FRAME_MESSAGE)
			verdict = worker_sip_message(w, &m, base_span_of(frame.p, frame.len));
		metrics_add(w->metrics, METRICS_SIP_WEBSOCKET, ws && result == SIP_FRAME_MESSAGE);
		resync = result == SIP_FRAME_GARBAGE;
	}
	packet_tcp_consume(w->tcp, stream->flow, at);
	if (ws)
		packet_tcp_note(w->tcp, stream->flow, FLOW_WS | (resync ? FLOW_WS_LOST : 0));
	if (stream->closed)
		packet_tcp_forget(w->tcp, stream->flow);
	return verdict;
}

/* Is the segment worth following, on whichever port? */
static bool
worker_sip_begins(const struct packet_view *view)
{
	uint32_t skip;

	return sip_looks_like(view->payload, view->payload_len) ||
	       sip_ws_begins(view->payload, view->payload_len, &skip) >= SIP_WS_HANDSHAKE;
}

enum packet_verdict
worker_sip_segment(struct worker *w, const struct packet_view *view, int64_t ts_ns)
{
	struct packet_tcp_stream stream;
	const struct classify *c = w->now_in_force.classify;
	bool sip_port =
		classify_is_sip_port(c, view->dst.port) || classify_is_sip_port(c, view->src.port);
	bool follow = sip_port || worker_sip_begins(view);
	uint64_t dropped = packet_tcp_counters(w->tcp)->dropped;

	if (!follow && !packet_tcp_is_followed(w->tcp, view))
		return PACKET_VERDICT_IGNORED;
	if (packet_tcp_push(w->tcp, view, ts_ns, follow, &stream))
		return worker_sip_stream(w, ts_ns, &stream);
	return packet_tcp_counters(w->tcp)->dropped == dropped ? PACKET_VERDICT_TCP_SEGMENT
							       : PACKET_VERDICT_TCP_DROPPED;
}

void
worker_sip_gaps(struct worker *w, int64_t now_ns)
{
	struct packet_tcp_stream stream;

	while (packet_tcp_poll(w->tcp, now_ns, &stream))
		worker_sip_stream(w, w->now_ns, &stream);
}
