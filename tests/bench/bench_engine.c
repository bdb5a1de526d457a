/* Streams as frames in memory, the whole engine, and what its records say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "record.h"
#include "worker.h"

struct bench_frames
bench_frames_new(uint32_t streams, uint32_t share, uint32_t shares)
{
	struct bench_frames f = {bench_memory((size_t)streams * BENCH_FRAME_BYTES), bench_memory((size_t)streams * 4), streams, 0, 1};

	for (uint32_t i = 0; i < streams; i++)
		f.order[i] = 2 * (i / 2 * shares + share) + (i & 1);
	bench_frames_advance(&f);
	return f;
}

void
bench_frames_free(struct bench_frames *f)
{
	free(f->slots);
	free(f->order);
}

void
bench_frames_shuffle(struct bench_frames *f)
{
	uint64_t random = 1;

	for (uint32_t i = f->n - 1; i; i--) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		uint32_t k = (uint32_t)((random >> 32) * (i + 1) >> 32), kept = f->order[i];
		f->order[i] = f->order[k];
		f->order[k] = kept;
	}
}

void
bench_frames_advance(struct bench_frames *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		uint32_t stream = f->order[i];
		struct bench_addresses at = bench_media_of(stream / 2, stream & 1);
		struct bench_rtp rtp = {bench_ssrc_of(stream), f->laps * 160, (uint16_t)f->laps, 8};
		f->len = bench_frame_rtp(bench_frames_slot(f, i), &at, &rtp, BENCH_PAYLOAD_BYTES);
	}
	f->laps++;
}

/* ---- the engine ---- */

static struct bench_told told;

static uint64_t
text_hash(struct base_span text)
{
	static const struct base_hash_key key = BASE_HASH_KEY_REPLAY;

	return base_hash(&key, text.p, text.len);
}

void
bench_told_add(struct bench_told *t, const uint8_t *record, uint32_t len)
{
	static struct record_row row, stream;
	struct base_span element;
	uint32_t at = 0;

	if (record_row_read(&row, record, len) < 0)
		bench_die("a record that cannot be read");
	if (row.kind != RECORD_CALL)
		bench_die("a record that is none of a call");
	if (!row.values[RECORD_F_ANSWER_TIME].present)
		return;
	uint64_t sum = text_hash(row.values[RECORD_F_CALL_ID].text) + row.values[RECORD_F_MESSAGES].u64;
	t->calls++;
	t->messages += row.values[RECORD_F_MESSAGES].u64;
	while (record_row_element(&row, RECORD_F_STREAMS, &at, &element)) {
		if (record_nested_read(&stream, RECORD_STREAM, element) < 0)
			bench_die("a stream that cannot be read");
		t->streams++;
		t->packets += stream.values[RECORD_F_PACKETS].u64;
		t->lost += stream.values[RECORD_F_LOST].u64;
		sum += base_hash_mix(stream.values[RECORD_F_SSRC].u64 ^ stream.values[RECORD_F_PACKETS].u64 << 32);
	}
	t->sum += base_hash_mix(sum);
}

static bool
record_told(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	bench_told_add(&told, record, len);
	return true;
}

struct worker_set *
bench_engine_sized(struct bench_tables tables, uint32_t cores)
{
	struct config *config;
	struct worker_set *set;
	struct sys_error e;

	if (config_defaults(&config, &e) < 0)
		bench_die(e.text);
	config->tables.calls = tables.calls;
	config->tables.streams = tables.streams;
	config->tables.endpoints = tables.endpoints;
	config->timers.interim_s = 0;
	struct worker_options options = {.config = config, .cores = cores, .replay = true, .clock_source = "bench", .record = record_told};
	if (worker_set_new(&set, &options, &e) < 0)
		bench_die(e.text);
	return set;
}

struct worker_set *
bench_engine_new(uint32_t calls, uint32_t cores)
{
	/* The owner of a call is drawn by its Call-ID: not all have the same number; and the last sixteenth is kept free. */
	uint32_t share = calls / cores, room = share + share / 4 + 1000;

	return bench_engine_sized((struct bench_tables){room, 2 * share + 1000, 2 * room}, cores);
}

void
bench_engine_calls(struct worker_set *set, uint32_t calls, int64_t ts_ns)
{
	static const enum bench_message messages[] = {BENCH_INVITE, BENCH_OK, BENCH_ACK};
	static uint8_t bytes[3][BENCH_SIP_MAX + BENCH_UDP_HEADERS];
	uint32_t cores = 0;

	while (worker_set_worker(set, cores))
		cores++;
	for (uint32_t call = 0; call < calls; call++) {
		struct rx_frame frames[3];
		for (uint32_t i = 0; i < 3; i++) {
			uint32_t len = bench_frame_sip(bytes[i], call, messages[i]);
			frames[i] = (struct rx_frame){.data = bytes[i], .len = len, .wire_len = len, .ts_ns = ts_ns, .link = PACKET_LINK_ETHERNET};
		}
		worker_step(worker_set_worker(set, call % cores), frames, 3);
		for (uint32_t core = 0; core < cores; core++)
			worker_house(worker_set_worker(set, core), ts_ns);
	}
}

const struct bench_told *
bench_engine_told(void)
{
	return &told;
}

void
bench_engine_check(const struct bench_told *truth)
{
	bench_check("calls in records", told.calls, truth->calls);
	bench_check("streams in records", told.streams, truth->streams);
	bench_check("packets in records", told.packets, truth->packets);
	bench_check("packets lost in records", told.lost, truth->lost);
}
