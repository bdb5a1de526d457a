/* The RTP step: a bare loop over 64-byte states as the floor, the media room's burst, and the whole worker_step, on the same frames;
 * then the step once more with its stages timed one by one.
 *
 * The frames lie in memory one behind the other; the streams they belong to are in random order, so that states are not met in
 * the order in which they were made.  Between laps (not timed) each frame gets its next sequence number and timestamp. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_bare.h"
#include "media.h"
#include "packet.h"
#include "worker_private.h"

#define WARM_LAPS 40 /* a stream's first packets are looked at more closely (media_quality_look) */
#define STAGED_LAPS_MAX 64

/* ---- the floor ---- */

static const uint8_t *
slot_at(const void *slots, uint32_t i)
{
	return (const uint8_t *)slots + (size_t)i * BENCH_FRAME_BYTES;
}

/* All frames once. */
static uint64_t
bare_lap(struct bare *b, const struct bench_frames *f, int64_t ts_ns)
{
	uint64_t hits = 0;

	for (uint32_t first = 0; first < f->n; first += BENCH_BURST) {
		uint32_t n = f->n - first < BENCH_BURST ? f->n - first : BENCH_BURST;
		hits += bare_burst(b, &(struct bare_frames){bench_frames_slot(f, first), slot_at, n, n + 8, f->len}, ts_ns);
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
