#include "media_private.h"

#define EVENTS_MIN 64
#define BURST_GAP_NS (100 * BASE_NS_PER_MS)
#define SEGMENT_TICKS 0xffff /* where an event goes on in a new segment (RFC 4733 2.5.1.3) */

uint32_t
media_events_max(uint32_t max_streams)
{
	return max_streams / 8 > EVENTS_MIN ? max_streams / 8 : EVENTS_MIN;
}

void
media_events_init(struct media *m, void *mem)
{
	m->events = mem;
	m->events_max = media_events_max(m->options.max_streams);
	m->events_used = 0;
	m->events_free = MEDIA_NONE;
	m->events_order = (struct media_list){MEDIA_NONE, MEDIA_NONE};
}

/* ---- by use ---- */

static void
order_push(struct media *m, uint32_t at)
{
	struct media_list *l = &m->events_order;

	m->events[at].prev = l->tail;
	m->events[at].next = MEDIA_NONE;
	if (l->tail == MEDIA_NONE)
		l->head = at;
	else
		m->events[l->tail].next = at;
	l->tail = at;
}

static void
order_remove(struct media *m, uint32_t at)
{
	struct media_list *l = &m->events_order;
	const struct media_event *e = &m->events[at];

	if (e->prev == MEDIA_NONE)
		l->head = e->next;
	else
		m->events[e->prev].next = e->next;
	if (e->next == MEDIA_NONE)
		l->tail = e->prev;
	else
		m->events[e->next].prev = e->prev;
}

/* ---- a digit is over ---- */

/* RFC 4733 3.2 and the registry of RFC 4734; 0: nothing that is told. */
static uint8_t
digit_of(uint8_t event)
{
	static const char digits[] = "0123456789*#ABCD";

	if (event < sizeof(digits) - 1)
		return (uint8_t)digits[event];
	switch (event) {
	case 16: return MEDIA_DIGIT_FLASH;
	case 32:
	case 33:
	case 34:
	case 35: return MEDIA_DIGIT_CED; /* ANS and its variants */
	case 36: return MEDIA_DIGIT_CNG;
	case 54: return MEDIA_DIGIT_V21; /* V21PreambleFlag */
	default: return 0;
	}
}

static void
event_tell(struct media *m, struct media_event *e)
{
	const struct media_cold *c = &m->cold[e->stream];
	struct media_codec codec = {0};
	struct media_digit digit = {.call = c->call,
		.start_ns = e->start_ns,
		.digit = digit_of(e->event),
		.source = MEDIA_DIGIT_RFC4733,
		.sender = c->sender};

	if (e->told)
		return;
	e->told = true;
	const struct media_codecs *known = media_codecs_of(m, e->stream);
	for (uint32_t i = 0; i < known->n; i++)
		if (known->codecs[i].codec == RTP_CODEC_TELEPHONE_EVENT)
			codec = known->codecs[i];
	uint64_t ticks = (uint64_t)e->before + e->duration, hz = m->clock_hz[codec.clock];
	digit.length_ms = hz ? (uint32_t)(ticks * 1000 / hz) : 0;
	if (digit.digit && c->call && m->options.digit)
		m->options.digit(m->options.context, &digit);
}

static void
event_drop(struct media *m, uint32_t at)
{
	struct media_event *e = &m->events[at];

	event_tell(m, e);
	media_more_for(m, e->stream)->event = 0;
	order_remove(m, at);
	e->next = m->events_free;
	m->events_free = at;
}

void
media_digits_end(struct media *m, uint32_t index)
{
	uint32_t event = media_more_of(m, index)->event;

	if (event)
		event_drop(m, event - 1);
}

/* ---- packets ---- */

static struct media_event *
event_new(struct media *m, uint32_t index)
{
	if (m->events_free == MEDIA_NONE && m->events_used == m->events_max)
		event_drop(m, m->events_order.head);
	uint32_t at = m->events_free;
	if (at != MEDIA_NONE)
		m->events_free = m->events[at].next;
	else
		at = m->events_used++;
	order_push(m, at);
	media_more_for(m, index)->event = at + 1;
	m->events[at] = (struct media_event){.stream = index,
		.prev = m->events[at].prev,
		.next = MEDIA_NONE,
		.told = true};
	return &m->events[at];
}

static void
event_begin(struct media_event *e, const struct media_sample *s, const struct rtp_event *packet)
{
	e->start_ns = s->ts_ns;
	e->timestamp = s->timestamp;
	e->before = 0;
	e->duration = packet->duration;
	e->event = packet->event;
	e->told = false;
}

/* A packet of an event before: not the newest one, and not the first of a burst either (senders
 * that play one recording a key begin anew with each). */
static bool
is_late(const struct media_hot *h, const struct media_sample *s)
{
	bool begins = s->marker && media_elapsed(h->last_ns, s->ts_ns) > BURST_GAP_NS;

	return s->seq != (uint16_t)h->highest && !begins;
}

/* Of the event under way, or a new one.  All packets of an event carry its first timestamp. */
static void
event_take(struct media *m, struct media_event *e, const struct media_sample *s,
	const struct rtp_event *packet)
{
	int32_t ahead = (int32_t)(s->timestamp - e->timestamp);
	bool fresh = e->start_ns == 0, same = !fresh && packet->event == e->event;

	if (!fresh && ahead < 0 && is_late(&m->hot[e->stream], s))
		return;
	if (same && ahead == SEGMENT_TICKS && !e->told && !s->marker) {
		e->before += SEGMENT_TICKS;
		e->timestamp = s->timestamp;
		e->duration = packet->duration;
	} else if (same && ahead == 0) {
		e->duration = packet->duration > e->duration ? packet->duration : e->duration;
	} else if (fresh || ahead != 0) {
		event_tell(m, e); /* the packets of its end were lost */
		event_begin(e, s, packet);
	} else {
		return; /* two events at one timestamp: the first is believed */
	}
	if (packet->end)
		event_tell(m, e);
}

void
media_digits_packet(struct media *m, uint32_t index, const struct media_sample *s,
	const struct media_packet *packet)
{
	struct media_codec codec = media_figures_codec(m, index, s->payload_type);
	struct rtp_header h;
	struct rtp_event event_packet;

	if (codec.codec != RTP_CODEC_TELEPHONE_EVENT || m->cold[index].state != MEDIA_TIED ||
		!rtp_parse(&h, packet->payload, packet->payload_len, packet->payload_wire_len) ||
		h.payload_offset > packet->payload_len ||
		!rtp_event_parse(&event_packet, packet->payload + h.payload_offset,
			packet->payload_len - h.payload_offset))
		return;
	uint32_t event = media_more_of(m, index)->event;
	struct media_event *e;
	if (event == 0) {
		e = event_new(m, index);
	} else {
		e = &m->events[event - 1];
		order_remove(m, event - 1);
		order_push(m, event - 1);
	}
	event_take(m, e, s, &event_packet);
}
