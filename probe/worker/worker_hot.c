/* The path of a packet, on one screen: worker_step. */
#include "worker_private.h"

#define FRAMES_AHEAD 8 /* that many are asked of the cache before they are looked at */
#define TEXTS_AHEAD 2
#define TEXT_AT 42     /* Ethernet, IPv4, UDP */
#define VLAN_BYTES 4
#define IPV6_MORE 20   /* bytes, than IPv4 has */
#define TEXT_LONG 256  /* bytes: no packet of one voice */
#define TEXT_READ 1024

static enum packet_verdict worker_miss(struct worker *w, struct media_packet *packet);

/* A piece of an SCTP message: with the last one the message goes its way. */
static enum packet_verdict
worker_piece(struct worker *w, const struct media_packet *packet)
{
	struct packet_view view = *packet->view;
	struct media_packet whole = {.view = &view, .ts_ns = packet->ts_ns};

	return packet_sctp_push(w->sctp, &view, packet->ts_ns) == PACKET_IS_DATAGRAM
		       ? worker_miss(w, &whole)
		       : (enum packet_verdict)view.verdict;
}

/* The view of a packet that was plain until it missed. */
static const struct packet_view *
view_of(struct worker *w, struct media_packet *packet)
{
	const struct rx_frame *f;

	if (packet->view)
		return packet->view;
	f = &w->frames[packet->at];
	packet->view = &w->views[packet->at];
	packet_decode(&w->views[packet->at], f->data, f->len, f->wire_len,
		(enum packet_link)f->link);
	return packet->view;
}

/* What is not in the media table: SIP, RTP or RTCP candidates, and everything else on the wire. */
static enum packet_verdict
worker_miss(struct worker *w, struct media_packet *packet)
{
	const struct packet_view *view = view_of(w, packet);
	struct classify_result what;

	if (base_unlikely(view->sctp_piece))
		return worker_piece(w, packet);
	if (base_unlikely(media_fax(w->media, packet)))
		return PACKET_VERDICT_T38;
	what = classify_payload(w->now_in_force.classify, w->now_in_force.core, view);

	if (what.scanned)
		metrics_add(w->metrics, METRICS_HYPERSCAN_SCANS, 1);
	if (view->transport == PACKET_TCP)
		return worker_sip_segment(w, view, packet->ts_ns);
	switch (what.kind) {
	case CLASSIFY_SIP: return worker_sip_datagram(w, view, packet->ts_ns);
	case CLASSIFY_KEEPALIVE: return PACKET_VERDICT_KEEPALIVE;
	case CLASSIFY_STUN: return PACKET_VERDICT_STUN;
	case CLASSIFY_RTP:
		return media_begin(w->media, packet) ? PACKET_VERDICT_RTP : PACKET_VERDICT_IGNORED;
	case CLASSIFY_RTCP:
		return media_rtcp(w->media, packet) ? PACKET_VERDICT_RTCP : PACKET_VERDICT_IGNORED;
	default: return PACKET_VERDICT_IGNORED;
	}
}

/* SCTP bundles messages: those behind the first are no frames of their own. */
static void
worker_bundled(struct worker *w, const struct media_packet *first)
{
	struct packet_view view = *first->view;
	struct media_packet packet = {.view = &view, .ts_ns = first->ts_ns};

	while (view.sctp_rest && packet_decode_next(&view) == PACKET_IS_DATAGRAM)
		worker_miss(w, &packet);
}

/* Those of the batch that may be signalling stay, the rest is given up: how many stay. */
static __attribute__((noinline)) uint32_t
worker_shed(struct worker *w, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct packet_view *view = w->packets[i].view;
		if (view == NULL || (view->payload_len && view->payload[0] >> 6 == 2 &&
					    view->transport == PACKET_UDP))
			metrics_verdict(w->metrics, PACKET_VERDICT_SHED);
		else
			w->packets[kept++] = w->packets[i];
	}
	return kept;
}

void
worker_press(struct worker *w, bool pressed)
{
	w->pressed = pressed;
}

/* A batch of whole datagrams: media table first, in bursts so that the cache misses overlap; then
 * the few that missed. */
static void
worker_datagrams(struct worker *w, uint32_t n)
{
	uint32_t misses;

	if (base_unlikely(w->pressed))
		n = worker_shed(w, n);
	media_find(w->media, w->packets, n);
	misses = media_update(w->media, w->packets, n);
	w->metrics->verdicts[PACKET_VERDICT_RTP] += n - misses;
	for (uint32_t i = 0; misses; i++) {
		struct media_packet *packet = &w->packets[i];
		if (packet->stream != MEDIA_NONE)
			continue;
		misses--;
		metrics_verdict(w->metrics, worker_miss(w, packet));
		if (base_unlikely(packet->view && packet->view->sctp_rest))
			worker_bundled(w, packet);
	}
}

/* A packet that has its view joins the batch of so many. */
static inline void
worker_viewed(struct worker *w, uint32_t batch, const struct packet_view *view, int64_t ts_ns)
{
	w->packets[batch] = (struct media_packet){.view = view, .ts_ns = ts_ns};
	media_prepare(w->media, &w->packets[batch], 1);
}

enum packet_result
worker_defragment(struct worker *w, struct packet_view *view, int64_t ts_ns)
{
	enum packet_result result = PACKET_IS_FRAGMENT;

	for (int depth = 0; result == PACKET_IS_FRAGMENT && depth < PACKET_DEPTH_MAX; depth++)
		result = packet_fragment_push(w->fragments, view, ts_ns);
	if (result == PACKET_IS_FRAGMENT) {
		view->verdict = PACKET_VERDICT_TOO_DEEP;
		result = PACKET_DONE;
	}
	return result;
}

/* A fragment; when it completes a packet, that goes its way at once, for its bytes stand in the
 * only reassembly buffer. */
static void
worker_fragment(struct worker *w, struct packet_view *view, int64_t ts_ns)
{
	if (worker_defragment(w, view, ts_ns) == PACKET_IS_DATAGRAM) {
		worker_viewed(w, 0, view, ts_ns);
		worker_datagrams(w, 1);
	} else {
		metrics_verdict(w->metrics, (enum packet_verdict)view->verdict);
	}
}

void
worker_ends(struct worker *w, enum packet_verdict verdict, uint32_t wire_len)
{
	metrics_verdict(w->metrics, verdict);
	metrics_add(w->metrics, METRICS_FRAMES, 1);
	metrics_add(w->metrics, METRICS_FRAME_BYTES, wire_len);
}

void
worker_whole(struct worker *w, const struct packet_view *view, const struct rx_frame *frame)
{
	w->views[0] = *view;
	worker_viewed(w, 0, &w->views[0], frame->ts_ns);
	worker_datagrams(w, 1);
	metrics_add(w->metrics, METRICS_FRAMES, 1);
	metrics_add(w->metrics, METRICS_FRAME_BYTES, frame->wire_len);
	if (frame->ts_ns > w->now_ns)
		w->now_ns = frame->ts_ns;
}

/* No RTP, nor anything else of version 2, begins so. */
static inline bool
begins_text(const uint8_t *payload, uint32_t len)
{
	return len && payload[0] >> 6 == 1;
}

/* May be signalling: the media before it goes before it, and what it says of the media behind it is
 * known there. */
static inline bool
is_text(const struct packet_view *view)
{
	return view->transport != PACKET_UDP || begins_text(view->payload, view->payload_len);
}

/* Where the text of a frame begins, as a rule. */
static inline uint32_t
text_at(const uint8_t *frame)
{
	uint32_t vlan = base_load_be16(frame + 12) == 0x8100 ? VLAN_BYTES : 0;

	return TEXT_AT + vlan + (base_load_be16(frame + 12 + vlan) == 0x86dd ? IPV6_MORE : 0);
}

/* Texts come together, and all of a text is read. */
static inline void
text_prefetch(const struct worker *w, uint32_t i)
{
	const struct rx_frame *f = i < w->n_frames ? &w->frames[i] : NULL;

	if (f && f->len > TEXT_LONG && f->data[text_at(f->data)] >> 6 == 1)
		base_prefetch_lines(f->data, f->len < TEXT_READ ? f->len : TEXT_READ);
}

/* No media of a known stream can be what begins as a text: it is not looked for. */
static void
worker_text(struct worker *w, const struct packet_view *view, int64_t ts_ns)
{
	struct media_packet packet = {.view = view,
		.ts_ns = ts_ns,
		.payload = view->payload,
		.payload_len = view->payload_len,
		.payload_wire_len = view->payload_wire_len,
		.stream = MEDIA_NONE};

	metrics_verdict(w->metrics, worker_miss(w, &packet));
	if (base_unlikely(view->sctp_rest))
		worker_bundled(w, &packet);
}

/* By ports and first bytes; no packet of a fax that was announced begins so. */
static inline bool
is_sip(const struct worker *w, const struct packet_plain *plain)
{
	const uint8_t *udp = plain->payload - PACKET_PLAIN_UDP_BYTES;

	return classify_is_sure(w->now_in_force.classify, base_load_be16(udp),
		base_load_be16(udp + 2), base_span_of(plain->payload, plain->payload_len));
}

/* Frame i is plain, neither RTP nor sure to be SIP. */
static __attribute__((noinline)) uint32_t
worker_doubtful(struct worker *w, uint32_t i, const struct packet_plain *plain, uint32_t batch)
{
	bool text = begins_text(plain->payload, plain->payload_len);
	struct packet_view *view = &w->views[text ? 0 : i]; /* no other is asked for behind it */

	packet_view_of_plain(view, plain);
	if (text) {
		worker_text(w, view, w->frames[i].ts_ns);
		return 0;
	}
	worker_viewed(w, batch, view, w->frames[i].ts_ns);
	return batch + 1;
}

/* Frame i is plain, and no RTP.  batch: packets that wait, before and after. */
static __attribute__((noinline)) uint32_t
worker_plain(struct worker *w, uint32_t i, struct packet_plain plain, uint32_t batch)
{
	bool text = begins_text(plain.payload, plain.payload_len);

	text_prefetch(w, i + TEXTS_AHEAD);
	if (text && batch)
		worker_datagrams(w, batch);
	if (!text || base_unlikely(!is_sip(w, &plain)))
		return worker_doubtful(w, i, &plain, batch);
	metrics_verdict(w->metrics, worker_sip_plain(w, &plain, w->frames[i].ts_ns));
	return 0;
}

/* Frame i is not plain: through the layers. */
static __attribute__((noinline)) uint32_t
worker_walk(struct worker *w, uint32_t i, uint32_t batch)
{
	const struct rx_frame *f = &w->frames[i];
	struct packet_view *view = &w->views[i];

	text_prefetch(w, i + TEXTS_AHEAD);
	switch (packet_decode(view, f->data, f->len, f->wire_len, (enum packet_link)f->link)) {
	case PACKET_IS_DATAGRAM:
		if (!is_text(view)) {
			worker_viewed(w, batch, view, f->ts_ns);
			return batch + 1;
		}
		if (batch)
			worker_datagrams(w, batch);
		worker_text(w, view, f->ts_ns);
		return 0;
	case PACKET_IS_FRAGMENT:
		worker_datagrams(w, batch); /* what came before goes before */
		worker_fragment(w, view, f->ts_ns);
		return 0;
	default: metrics_verdict(w->metrics, (enum packet_verdict)view->verdict); return batch;
	}
}

void
worker_step(struct worker *w, const struct rx_frame *frames, uint32_t n)
{
	const struct media_front *front = media_front(w->media);
	struct media_packet *packet = w->packets; /* the next of the batch */
	struct packet_plain plain;
	uint64_t bytes = 0;

	w->frames = frames;
	w->n_frames = n;
	for (uint32_t i = 0; i < FRAMES_AHEAD && i < n; i++)
		base_prefetch(frames[i].data);
	for (uint32_t i = 0; i < n; i++) {
		const struct rx_frame *f = &frames[i];
		if (i + FRAMES_AHEAD < n)
			base_prefetch(f[FRAMES_AHEAD].data);
		bytes += f->wire_len;
		if (base_unlikely(f->link != PACKET_LINK_ETHERNET) ||
			base_unlikely(!packet_plain_take(&plain, f->data, f->len))) {
			uint32_t batch = worker_walk(w, i, (uint32_t)(packet - w->packets));
			packet = &w->packets[batch];
		} else if (base_likely(media_packet_of_plain(front, packet, &plain))) {
			packet->ts_ns = f->ts_ns;
			packet->at = (uint8_t)i;
			packet++;
		} else {
			uint32_t batch =
				worker_plain(w, i, plain, (uint32_t)(packet - w->packets));
			packet = &w->packets[batch];
		}
	}
	worker_datagrams(w, (uint32_t)(packet - w->packets));
	metrics_add(w->metrics, METRICS_FRAMES, n);
	metrics_add(w->metrics, METRICS_FRAME_BYTES, bytes);
	if (n && frames[n - 1].ts_ns > w->now_ns)
		w->now_ns = frames[n - 1].ts_ns;
}
