#include "media_private.h"

static inline uint64_t
load_64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, 8);
	return v;
}

static inline bool
is_mapped(const uint8_t *ip)
{
	return load_64(ip) == 0 && base_load_be32(ip + 8) == 0xffff;
}

uint64_t
media_mix(const struct media_front *front, const uint8_t src[16], const uint8_t dst[16],
	uint64_t ports_ssrc)
{
	const uint64_t *secret = front->secret;

	if (base_likely(is_mapped(src) && is_mapped(dst))) {
		uint8_t both[8];
		memcpy(both, src + 12, 4);
		memcpy(both + 4, dst + 12, 4);
		return media_mix_v4(secret, load_64(both), (uint32_t)(ports_ssrc >> 32),
			(uint32_t)ports_ssrc);
	}
	uint64_t a = base_hash_fold(load_64(src) ^ secret[0], load_64(src + 8) ^ secret[1]);
	uint64_t b = base_hash_fold(load_64(dst) ^ secret[2], load_64(dst + 8) ^ secret[3]);
	return media_mix_end(secret, base_hash_fold(a ^ secret[4] ^ ports_ssrc, b ^ secret[5]));
}

static inline uint64_t
ports_ssrc_of(uint16_t src, uint16_t dst, uint32_t ssrc)
{
	uint8_t both[4];
	uint32_t ports;

	base_store_be16(both, src);
	base_store_be16(both + 2, dst);
	memcpy(&ports, both, sizeof(ports));
	return (uint64_t)ports << 32 | ssrc;
}

uint64_t
media_hash(const struct media *m, const struct base_endpoint *src, const struct base_endpoint *dst,
	uint32_t ssrc)
{
	return media_mix(&m->front, src->ip.b, dst->ip.b,
		ports_ssrc_of(src->port, dst->port, ssrc));
}

/* The packet stands in its view: true where it may be RTP. */
static inline bool
prepare_view(struct media *m, struct media_packet *packet)
{
	const struct packet_view *v = packet->view;

	packet->payload = v->payload;
	packet->payload_len = v->payload_len;
	packet->payload_wire_len = v->payload_wire_len;
	packet->hash = 0;
	if (v->transport != PACKET_UDP || !media_may_be_rtp(v->payload, v->payload_len))
		return false;
	packet->hash = media_hash(m, &v->src, &v->dst, base_load_be32(v->payload + 8));
	return true;
}

const struct media_front *
media_front(const struct media *m)
{
	return &m->front;
}

void
media_prepare(struct media *m, struct media_packet *packets, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (packets[i].view && prepare_view(m, &packets[i]))
			base_prefetch(media_table_home(&m->front.table, packets[i].hash));
}

static inline bool
is_key(const struct media_hot *h, uint64_t hash, uint32_t ssrc)
{
	return h->ssrc == ssrc && h->check == (uint32_t)(hash >> 16);
}

static inline bool
is_stream(const struct media_hot *h, const struct media_packet *packet)
{
	return is_key(h, packet->hash, base_load_be32(packet->payload + 8));
}

uint32_t
media_lookup(const struct media *m, uint64_t hash, uint32_t ssrc)
{
	const struct media_table *t = &m->front.table;
	const struct media_bucket *b = media_table_home(t, hash);

	for (uint32_t i = 0; i < t->probes; i++, b = media_table_next(t, b)) {
		for (uint32_t bits = media_table_match(b, media_table_tag(hash)); bits;
			bits &= bits - 1) {
			uint32_t index = b->index[__builtin_ctz(bits)];
			if (is_key(&m->hot[index], hash, ssrc))
				return index;
		}
		if (b->passed == 0)
			break;
	}
	return MEDIA_NONE;
}

/* Where tag and bucket point first, not verified; MEDIA_NONE only where there is no such stream. */
static __attribute__((noinline)) uint32_t
guess_on(const struct media *m, uint64_t hash)
{
	const struct media_table *t = &m->front.table;
	const struct media_bucket *b = media_table_home(t, hash);
	uint32_t index;

	for (uint32_t i = 0; i < t->probes; i++, b = media_table_next(t, b)) {
		if (media_table_first(b, media_table_tag(hash), &index))
			return index;
		if (b->passed == 0)
			break;
	}
	return MEDIA_NONE;
}

void
media_find(struct media *m, struct media_packet *packets, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t hash = packets[i].hash;
		uint32_t stream;
		if (base_likely(hash != 0) &&
			base_likely(media_table_first(media_table_home(&m->front.table, hash),
				media_table_tag(hash), &stream))) {
			packets[i].stream = stream;
			base_prefetch_write(&m->hot[stream]);
		} else {
			packets[i].stream = hash ? guess_on(m, hash) : MEDIA_NONE;
			if (packets[i].stream != MEDIA_NONE)
				base_prefetch_write(&m->hot[packets[i].stream]);
		}
	}
	/* apart from the figures: so little that lines still under way are waited for together */
	for (uint32_t i = 0; i < n; i++) {
		struct media_packet *packet = &packets[i];
		if (base_likely(packet->stream != MEDIA_NONE) &&
			base_unlikely(!is_stream(&m->hot[packet->stream], packet)))
			packet->stream = media_lookup(
				m, packet->hash, base_load_be32(packet->payload + 8));
	}
}

bool
media_sample_of(struct media_sample *s, const struct media_packet *packet)
{
	struct rtp_header h;

	if (!rtp_parse(&h, packet->payload, packet->payload_len, packet->payload_wire_len))
		return false;
	*s = (struct media_sample){
		packet->ts_ns, h.timestamp, h.payload_len, h.seq, h.payload_type, h.marker};
	return true;
}

/* A packet of a known stream, whose 12 bytes are there.  Lengths that lie (SRTP hides the
 * padding's) count as payload. */
static inline void
sample_read(struct media_sample *s, const struct media_packet *packet)
{
	const uint8_t *p = packet->payload;
	uint32_t wire = packet->payload_wire_len;

	if (base_unlikely(p[0] != 0x80) && media_sample_of(s, packet))
		return;
	*s = (struct media_sample){
		.ts_ns = packet->ts_ns,
		.timestamp = base_load_be32(p + 4),
		.bytes = wire > 12 ? wire - 12 : 0,
		.seq = base_load_be16(p + 2),
		.payload_type = p[1] & 0x7f,
		.marker = p[1] >> 7,
	};
}

/* look_at has gone round, or will have soon. */
#define LOOK_SURELY_NS (60 * BASE_NS_PER_SEC)

static __attribute__((noinline)) void
delta_is_longest(struct media *m, uint32_t index, int64_t delta)
{
	struct media_hot *h = &m->hot[index];

	if (delta > LOOK_SURELY_NS)
		h->look_at = media_look_of(media_elapsed(0, h->last_ns + delta));
	h->delta_max_ns = delta < UINT32_MAX ? (uint32_t)delta : UINT32_MAX;
	if (delta < UINT32_MAX)
		return;
	struct media_more *more = media_more_for(m, index);
	more->delta_max_ns = delta > more->delta_max_ns ? delta : more->delta_max_ns;
}

/* False: it is not this stream's.  packet: NULL where the packet itself is gone. */
static inline bool
account(struct media *m, uint32_t index, const struct media_sample *s,
	const struct media_packet *packet)
{
	struct media_hot *h = &m->hot[index];
	int64_t delta = media_elapsed(h->last_ns, s->ts_ns);
	bool plain = s->payload_type == h->steady, again = false;

	if (base_unlikely(!plain) && m->cold[index].flags & MEDIA_MARKS) {
		if (!media_stays(m, index, s))
			return false;
		plain = media_listened(m, index, s, packet);
	}
	if (base_unlikely(__builtin_add_overflow(h->bytes, s->bytes, &h->bytes)) &&
		++m->cold[index].bytes_high == 0)
		media_more_for(m, index)->bytes_higher++;
	/* the next number, and the one that leaves the window was there */
	if (base_likely(s->seq == (uint16_t)(h->highest + 1) && (int64_t)h->window < 0)) {
		h->highest++;
		h->window = h->window << 1 | 1;
	} else {
		again = media_loss_seq(m, index, s->seq);
	}
	if (base_unlikely(delta > (int64_t)h->delta_max_ns))
		delta_is_longest(m, index, delta);
	if (base_unlikely(s->marker))
		media_quality_marker(m, index, s);
	if (base_likely(plain)) {
		uint32_t interval = s->timestamp - h->timestamp;
		float transit = media_jitter_step(
			h, m->ticks_per_ns[h->clock], delta, s->timestamp);
		media_transit_step(m, index, s, (struct media_arrival){transit, again});
		if (base_unlikely((int16_t)(media_look_of(s->ts_ns) - h->look_at) >= 0))
			media_quality_look(m, index, s, interval);
	} else {
		media_figures_payload(m, index, s, again);
		if (packet)
			media_digits_packet(m, index, s, packet);
	}
	h->last_ns = s->ts_ns;
	return true;
}

void
media_account(struct media *m, uint32_t index, const struct media_sample *s,
	const struct media_packet *packet)
{
	account(m, index, s, packet);
}

/* The next packet in line of the stream's payload type, of which there is nothing more to note, as
 * of most: what account makes of it, in one run.  False: nothing was done. */
static inline bool
account_next(struct media *m, struct media_hot *h, const struct media_packet *packet)
{
	const uint8_t *p = packet->payload;
	int64_t delta = media_elapsed(h->last_ns, packet->ts_ns);
	uint32_t timestamp = base_load_be32(p + 4), bytes;

	if (p[0] != 0x80 || p[1] != h->steady ||
		base_load_be16(p + 2) != (uint16_t)(h->highest + 1) || (int64_t)h->window >= 0 ||
		delta > (int64_t)h->delta_max_ns ||
		(int16_t)(media_look_of(packet->ts_ns) - h->look_at) >= 0 ||
		__builtin_add_overflow(h->bytes, packet->payload_wire_len - 12, &bytes))
		return false;
	struct media_jitter_moved moved =
		media_jitter_of(h, m->ticks_per_ns[h->clock], delta, timestamp);
	if (base_unlikely(!media_transit_is_usual(m, h, moved.transit)))
		return false;
	media_jitter_take(h, moved.jitter, timestamp);
	h->transit = moved.transit;
	h->transit_min = moved.transit < h->transit_min ? moved.transit : h->transit_min;
	h->bytes = bytes;
	h->highest++;
	h->window = h->window << 1 | 1;
	h->last_ns = packet->ts_ns;
	return true;
}

static __attribute__((noinline)) bool
update_one(struct media *m, struct media_packet *packet)
{
	struct media_sample s;

	sample_read(&s, packet);
	if (!account(m, packet->stream, &s, packet))
		packet->stream = MEDIA_NONE;
	return packet->stream != MEDIA_NONE;
}

/* At most 64.  Those that need the stream's cold part wait until it has come; and so do later ones
 * of their stream, for each stream's packets stay in order: streams that wait are told, roughly, by
 * six bits of their number. */
static uint32_t
update_some(struct media *m, struct media_packet *packets, uint32_t n)
{
	uint64_t later = 0, streams = 0;
	uint32_t misses = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct media_packet *packet = &packets[i];
		if (base_unlikely(packet->stream == MEDIA_NONE)) {
			misses++;
			continue;
		}
		if ((base_likely(later == 0) || !(streams >> (packet->stream & 63) & 1)) &&
			base_likely(account_next(m, &m->hot[packet->stream], packet)))
			continue;
		streams |= 1ull << (packet->stream & 63);
		later |= 1ull << i;
		base_prefetch_lines(&m->cold[packet->stream], sizeof(m->cold[0]));
	}
	for (; later; later &= later - 1)
		misses += !update_one(m, &packets[__builtin_ctzll(later)]);
	return misses;
}

uint32_t
media_update(struct media *m, struct media_packet *packets, uint32_t n)
{
	uint32_t misses = 0;

	for (uint32_t done = 0; done < n; done += 64)
		misses += update_some(m, packets + done, n - done < 64 ? n - done : 64);
	return misses;
}
