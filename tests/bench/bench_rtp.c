/* The RTP step: a bare loop over 64-byte states as the floor, the media room's burst, and the whole worker_step, on the same frames;
 * then the step once more with its stages timed one by one.
 *
 * The frames lie in memory one behind the other; the streams they belong to are in random order, so that states are not met in
 * the order in which they were made.  Between laps (not timed) each frame gets its next sequence number and timestamp. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "media.h"
#include "packet.h"
#include "worker_private.h"

#define WARM_LAPS 40 /* a stream's first packets are looked at more closely (media_quality_look) */
#define STAGED_LAPS_MAX 64

/* ---- the floor ---- */

struct bare_state {
	_Alignas(64) uint32_t src;
	uint32_t dst, ports, ssrc;
	uint32_t timestamp, packets;
	uint64_t bytes;
	int64_t last_ns;
	float jitter, jitter_max;
	uint32_t delta_max_us;
	uint16_t seq;
	uint16_t cycles;
	uint32_t lost;
};
_Static_assert(sizeof(struct bare_state) == 64, "one line");

struct bare_bucket {
	_Alignas(64) uint16_t tags[8];
	uint32_t indices[8];
	uint32_t n;
};

struct bare {
	struct bare_bucket *buckets;
	struct bare_state *states;
	uint32_t mask, n;
};

struct bare_packet {
	uint32_t src, dst, ports, ssrc, timestamp;
	uint16_t seq, tag;
	uint32_t bucket, state;
};

static inline uint32_t
load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static inline bool
bare_read(const struct bare *b, struct bare_packet *k, const uint8_t *p, uint32_t len)
{
	if (len < 54 || load32(p + 12) << 16 != 0x00080000u || p[14] != 0x45 || p[23] != 17 || p[42] >> 6 != 2)
		return false;
	k->src = load32(p + 26);
	k->dst = load32(p + 30);
	k->ports = load32(p + 34);
	k->ssrc = load32(p + 50);
	k->timestamp = __builtin_bswap32(load32(p + 46));
	k->seq = (uint16_t)(p[44] << 8 | p[45]);
	uint64_t h = ((uint64_t)k->src << 32 | k->dst) * 0x9e3779b97f4a7c15u;
	h = (h ^ h >> 29 ^ ((uint64_t)k->ports << 32 | k->ssrc)) * 0xbf58476d1ce4e5b9u;
	h ^= h >> 32;
	k->bucket = (uint32_t)h & b->mask;
	k->tag = (uint16_t)(h >> 48 | 1);
	return true;
}

static inline uint32_t
bare_find(const struct bare *b, const struct bare_packet *k)
{
	for (uint32_t at = k->bucket;; at = (at + 1) & b->mask) {
		const struct bare_bucket *bucket = &b->buckets[at];
		for (uint32_t i = 0; i < 8; i++)
			if (bucket->tags[i] == k->tag)
				return bucket->indices[i];
		if (bucket->n < 8)
			return UINT32_MAX;
	}
}

static inline bool
bare_is(const struct bare_state *s, const struct bare_packet *k)
{
	return s->ssrc == k->ssrc && s->src == k->src && s->dst == k->dst && s->ports == k->ports;
}

/* The first tag that fitted was another stream's. */
static __attribute__((noinline)) uint32_t
bare_find_whole(const struct bare *b, const struct bare_packet *k)
{
	for (uint32_t at = k->bucket;; at = (at + 1) & b->mask) {
		const struct bare_bucket *bucket = &b->buckets[at];
		for (uint32_t i = 0; i < bucket->n; i++)
			if (bucket->tags[i] == k->tag && bare_is(&b->states[bucket->indices[i]], k))
				return bucket->indices[i];
		if (bucket->n < 8)
			return UINT32_MAX;
	}
}

static void
bare_add(struct bare *b, const uint8_t *frame, uint32_t len)
{
	struct bare_packet k;

	if (!bare_read(b, &k, frame, len))
		return;
	uint32_t at = k.bucket;
	while (b->buckets[at].n == 8)
		at = (at + 1) & b->mask;
	struct bare_bucket *bucket = &b->buckets[at];
	bucket->tags[bucket->n] = k.tag;
	bucket->indices[bucket->n++] = b->n;
	b->states[b->n++] = (struct bare_state){.src = k.src, .dst = k.dst, .ports = k.ports, .ssrc = k.ssrc, .seq = (uint16_t)(k.seq - 1)};
}

static inline void
bare_update(struct bare_state *s, const struct bare_packet *k, int64_t ts_ns, uint32_t bytes)
{
	uint16_t step = (uint16_t)(k->seq - s->seq);
	s->lost += step - 1u;
	s->cycles += k->seq < s->seq;
	s->seq = k->seq;
	s->packets++;
	s->bytes += bytes;
	if (s->packets > 1) {
		int64_t gap = ts_ns - s->last_ns;
		float d = (float)gap * 8e-6f - (float)(int32_t)(k->timestamp - s->timestamp);
		s->jitter += (__builtin_fabsf(d) - s->jitter) / 16;
		s->jitter_max = s->jitter > s->jitter_max ? s->jitter : s->jitter_max;
		s->delta_max_us = (uint32_t)(gap / 1024) > s->delta_max_us ? (uint32_t)(gap / 1024) : s->delta_max_us;
	}
	s->timestamp = k->timestamp;
	s->last_ns = ts_ns;
}

static struct bare
bare_new(uint32_t streams)
{
	uint32_t buckets = base_power_of_two_at_least(streams / 4);
	struct bare b = {bench_memory((size_t)buckets * sizeof(struct bare_bucket)), bench_memory((size_t)streams * sizeof(struct bare_state)), buckets - 1, 0};

	return b;
}

/* All frames once. */
static uint64_t
bare_lap(struct bare *b, const struct bench_frames *f, int64_t ts_ns)
{
	struct bare_packet k[BENCH_BURST];
	uint64_t hits = 0;

	for (uint32_t first = 0; first < f->n; first += BENCH_BURST) {
		uint32_t n = f->n - first < BENCH_BURST ? f->n - first : BENCH_BURST, good = 0;
		const uint8_t *p = bench_frames_slot(f, first);
		for (uint32_t i = 0; i < n; i++) {
			base_prefetch(p + (size_t)(i + 8) * BENCH_FRAME_BYTES);
			if (bare_read(b, &k[good], p + (size_t)i * BENCH_FRAME_BYTES, f->len))
				base_prefetch(&b->buckets[k[good++].bucket]);
		}
		for (uint32_t i = 0; i < good; i++) {
			k[i].state = bare_find(b, &k[i]);
			if (k[i].state != UINT32_MAX)
				base_prefetch_write(&b->states[k[i].state]);
		}
		for (uint32_t i = 0; i < good; i++) {
			if (k[i].state != UINT32_MAX && !bare_is(&b->states[k[i].state], &k[i]))
				k[i].state = bare_find_whole(b, &k[i]);
			if (k[i].state == UINT32_MAX)
				continue;
			bare_update(&b->states[k[i].state], &k[i], ts_ns, BENCH_PAYLOAD_BYTES);
			hits++;
		}
	}
	return hits;
}

/* ---- the media room ---- */

struct ours {
	struct media *media;
	struct metrics_core *metrics;
};

static struct ours
ours_new(uint32_t streams)
{
	struct media_directory *directory = media_directory_new(bench_memory(media_directory_footprint(2 * streams)), 2 * streams, &BASE_HASH_KEY_REPLAY);
	struct media_directory **directories = bench_memory(sizeof(*directories));
	struct ours o = {NULL, bench_memory(sizeof(struct metrics_core))};
	struct media_options options = {.max_streams = streams, .key = BASE_HASH_KEY_REPLAY, .directories = directories,
		.n_directories = 1, .idle_ns = 3600 * BASE_NS_PER_SEC, .metrics = o.metrics};

	directories[0] = directory;
	for (uint32_t i = 0; i < streams; i++) {
		struct bench_addresses at = bench_media_of(i / 2, i & 1);
		uint8_t ip[4] = {(uint8_t)(at.src >> 24), (uint8_t)(at.src >> 16), (uint8_t)(at.src >> 8), (uint8_t)at.src};
		struct base_endpoint here = {base_ip_v4(ip), at.src_port};
		struct media_announce announce = {.call = i / 2 + 1, .side = i & 1 ? MEDIA_SIDE_CALLEE : MEDIA_SIDE_CALLER, .n_codecs = 1,
			.codecs = {{8000, 8, 0}}};
		media_directory_publish(directory, &here, &announce);
	}
	o.media = media_new(bench_memory(media_footprint(&options)), &options);
	return o;
}

static bool
ours_begin(struct ours *o, struct media_packet *packet, const uint8_t *frame, uint32_t len)
{
	struct packet_view view;

	packet->view = &view;
	return packet_decode(&view, frame, len, len, PACKET_LINK_ETHERNET) == PACKET_IS_DATAGRAM && media_begin(o->media, packet);
}

/* All frames once, through the three bursts of the media room. */
static uint64_t
ours_lap(struct ours *o, const struct bench_frames *f, int64_t ts_ns)
{
	struct media_packet packets[BENCH_BURST];
	const struct media_front *front = media_front(o->media);
	uint64_t hits = 0;

	for (uint32_t first = 0; first < f->n; first += BENCH_BURST) {
		uint32_t n = f->n - first < BENCH_BURST ? f->n - first : BENCH_BURST, good = 0;
		const uint8_t *p = bench_frames_slot(f, first);
		for (uint32_t i = 0; i < n; i++) {
			base_prefetch(p + (size_t)(i + 8) * BENCH_FRAME_BYTES);
			if (!media_packet_take(front, &packets[good], p + (size_t)i * BENCH_FRAME_BYTES, f->len))
				continue;
			packets[good].at = (uint8_t)i;
			packets[good++].ts_ns = ts_ns;
		}
		media_find(o->media, packets, good);
		media_update(o->media, packets, good);
		for (uint32_t i = 0; i < good; i++)
			hits += packets[i].stream != MEDIA_NONE || ours_begin(o, &packets[i], p + (size_t)packets[i].at * BENCH_FRAME_BYTES, f->len);
	}
	return hits;
}

/* ---- the whole engine ---- */

static void
engine_burst(struct rx_frame *frames, const struct bench_frames *f, uint32_t first, uint32_t n, int64_t ts_ns)
{
	for (uint32_t i = 0; i < n; i++)
		frames[i] = (struct rx_frame){.data = bench_frames_slot(f, first + i), .len = f->len, .wire_len = f->len, .ts_ns = ts_ns,
			.link = PACKET_LINK_ETHERNET};
}

static void
engine_lap(struct worker *w, const struct bench_frames *f, int64_t ts_ns)
{
	struct rx_frame frames[BENCH_BURST];

	for (uint32_t first = 0; first < f->n; first += BENCH_BURST) {
		uint32_t n = f->n - first < BENCH_BURST ? f->n - first : BENCH_BURST;
		engine_burst(frames, f, first, n, ts_ns);
		worker_step(w, frames, n);
		worker_house(w, ts_ns);
	}
}

/* ---- the same, stage by stage ---- */

enum stage { STAGE_FRAME, STAGE_DECODE, STAGE_LOOKUP, STAGE_UPDATE, STAGE_ACCOUNT, STAGES };

struct stages {
	double cycles[STAGES][64]; /* a packet, of each lap */
	uint32_t laps;
};

static void
stage_decode(struct worker *w, const struct rx_frame *frames, uint32_t n)
{
	uint32_t batch = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct rx_frame *f = &frames[i];
		if (i + 4 < n)
			base_prefetch(frames[i + 4].data);
		if (media_packet_take(media_front(w->media), &w->packets[batch], f->data, f->len))
			w->packets[batch++].ts_ns = f->ts_ns;
	}
	bench_check("frames decoded", batch, n);
}

static void
stage_account(struct worker *w, const struct rx_frame *frames, uint32_t n)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++) {
		bytes += frames[i].wire_len;
		if (w->packets[i].stream == MEDIA_NONE)
			bench_die("a packet of no stream");
	}
	w->metrics->verdicts[PACKET_VERDICT_RTP] += n;
	metrics_add(w->metrics, METRICS_FRAMES, n);
	metrics_add(w->metrics, METRICS_FRAME_BYTES, bytes);
	worker_house(w, frames[n - 1].ts_ns);
}

/* What worker_step does with media of known streams (worker_hot.c), with the time looked at in between. */
static void
staged_lap(struct worker *w, const struct bench_frames *f, int64_t ts_ns, struct stages *stages)
{
	struct rx_frame frames[BENCH_BURST];
	uint64_t spent[STAGES] = {0}, at[STAGES + 1];

	for (uint32_t first = 0; first < f->n; first += BENCH_BURST) {
		uint32_t n = f->n - first < BENCH_BURST ? f->n - first : BENCH_BURST;
		at[0] = bench_cycles();
		engine_burst(frames, f, first, n, ts_ns);
		at[1] = bench_cycles();
		stage_decode(w, frames, n);
		at[2] = bench_cycles();
		media_find(w->media, w->packets, n);
		at[3] = bench_cycles();
		media_update(w->media, w->packets, n);
		at[4] = bench_cycles();
		stage_account(w, frames, n);
		at[5] = bench_cycles();
		for (int i = 0; i < STAGES; i++)
			spent[i] += at[i + 1] - at[i];
	}
	for (int i = 0; i < STAGES; i++)
		stages->cycles[i][stages->laps] = (double)spent[i] / f->n;
	stages->laps++;
}

static void
stages_print(struct stages *stages)
{
	static const char *const names[STAGES] = {"rtp_stage_frame_cycles", "rtp_stage_decode_cycles", "rtp_stage_lookup_cycles",
		"rtp_stage_update_cycles", "rtp_stage_account_cycles"};

	for (int i = 0; i < STAGES; i++)
		bench_print(names[i], bench_median(stages->cycles[i], stages->laps), "cycles");
}

void
bench_rtp(uint32_t streams, uint32_t laps)
{
	streams &= ~1u;
	struct bench_frames f = bench_frames_new(streams, 0, 1); /* in order of the streams: each begins */
	struct bare bare = bare_new(streams);
	struct ours ours = ours_new(streams);
	struct worker_set *set = bench_engine_new(streams / 2, 1);
	struct worker *w = worker_set_worker(set, 0);
	struct bench_laps bare_laps = {.n = 0}, media_laps = {.n = 0}, worker_laps = {.n = 0};
	static struct stages stages;
	int64_t ts_ns = BENCH_BEGAN_NS;
	uint64_t hits = 0, media_hits = ours_lap(&ours, &f, ts_ns), all = streams;

	for (uint32_t i = 0; i < streams; i++)
		bare_add(&bare, bench_frames_slot(&f, i), f.len);
	hits += bare_lap(&bare, &f, ts_ns);
	bench_engine_calls(set, streams / 2, ts_ns);
	engine_lap(w, &f, ts_ns);
	const struct metrics_core *m = worker_set_metrics(set, 0);
	uint64_t scans = m->values[METRICS_HYPERSCAN_SCANS];
	bench_frames_shuffle(&f);
	for (uint32_t lap = 0; lap < WARM_LAPS; lap++) {
		bench_frames_advance(&f);
		ts_ns += BENCH_STEP_NS;
		hits += bare_lap(&bare, &f, ts_ns);
		media_hits += ours_lap(&ours, &f, ts_ns);
		engine_lap(w, &f, ts_ns);
		all += streams;
	}
	laps = laps < STAGED_LAPS_MAX ? laps : STAGED_LAPS_MAX;
	for (uint32_t lap = 0; lap < laps; lap++, all += 2 * (uint64_t)streams) {
		bench_frames_advance(&f);
		ts_ns += BENCH_STEP_NS;
		bench_lap_begin(&bare_laps);
		hits += bare_lap(&bare, &f, ts_ns);
		bench_lap_end(&bare_laps, streams);
		bench_lap_begin(&media_laps);
		media_hits += ours_lap(&ours, &f, ts_ns);
		bench_lap_end(&media_laps, streams);
		bench_lap_begin(&worker_laps);
		engine_lap(w, &f, ts_ns);
		bench_lap_end(&worker_laps, streams);
		bench_frames_advance(&f); /* once more, for the stages */
		ts_ns += BENCH_STEP_NS;
		hits += bare_lap(&bare, &f, ts_ns);
		media_hits += ours_lap(&ours, &f, ts_ns);
		staged_lap(w, &f, ts_ns, &stages);
	}
	bench_check("packets of the bare loop", hits, all);
	bench_check("packets of media", media_hits, all);
	bench_check("streams of media", ours.metrics->values[METRICS_STREAMS], streams);
	bench_check("RTP packets of the engine", m->verdicts[PACKET_VERDICT_RTP], all);
	bench_print("rtp_scans_percent", 100.0 * (double)(m->values[METRICS_HYPERSCAN_SCANS] - scans) / (double)(all - streams), "%");
	worker_set_finish(set, ts_ns);
	struct bench_told truth = {.calls = streams / 2, .streams = streams, .packets = all};
	bench_engine_check(&truth);
	bench_laps_print(&bare_laps, "rtp_bare");
	bench_laps_print(&media_laps, "rtp_media");
	bench_laps_print(&worker_laps, "rtp_worker");
	stages_print(&stages);
}
