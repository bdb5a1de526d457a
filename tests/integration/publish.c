/* publish: plays a probe's part for the collector's tests: makes a segment, or goes on with it, and
 * publishes synthetic call records.
 *
 *   publish SEGMENT PROBE RECORDS RATE [CORES [RING_BYTES [drop]]]
 *
 * RATE: records a second, 0: as fast as the ring takes them.  Waits for room; with 'drop' it does
 * not, and what does not fit is lost as a probe would lose it.  Prints 'published N dropped M'. The
 * records of core c and sequence s have the uid PROBE.c.s; their ends are spread around a midnight,
 * so that commits touch two days. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base.h"
#include "record.h"
#include "shm.h"
#include "sys.h"

#define MIDNIGHT (1700006400 * BASE_NS_PER_SEC) /* 2023-11-15T00:00:00Z */

struct publisher {
	struct sys_mapping mapping;
	struct shm shm;
	const char *probe;
	uint64_t published, dropped;
	bool drop;
};

static void
put_stream(struct record_writer *w, uint64_t seq, const struct base_ip *ip)
{
	uint32_t began = record_list_open(w, RECORD_F_STREAMS);

	record_put_ip(w, RECORD_F_SRC_IP, ip);
	record_put_u64(w, RECORD_F_SRC_PORT, 10000 + seq % 10000 * 2);
	record_put_hex32(w, RECORD_F_SSRC, (uint32_t)base_hash_mix(seq));
	record_put_cstr(w, RECORD_F_CODEC, "PCMA");
	record_put_u64(w, RECORD_F_PACKETS, 3000 + seq % 100);
	record_put_u64(w, RECORD_F_LOST, seq % 7);
	record_put_f64(w, RECORD_F_JITTER_MS_MEAN, (double)(seq % 100) / 10);
	record_list_close(w, began);
}

static void
put_message(struct record_writer *w, int64_t time_ns, int i)
{
	static const char *const methods[] = {"INVITE", "", "", "", "ACK", "BYE", ""};
	uint32_t began = record_list_open(w, RECORD_F_FLOW);

	record_put_time(w, RECORD_F_TIME, time_ns + i * BASE_NS_PER_SEC);
	record_put_cstr(w, RECORD_F_METHOD, methods[i]);
	if (!methods[i][0])
		record_put_u64(w, RECORD_F_SIP_CODE, i < 3 ? 100 + 80 * (uint64_t)(i - 1) : 200);
	record_put_u64(w, RECORD_F_CSEQ, 1);
	record_list_close(w, began);
}

static uint32_t
record_make(const struct publisher *p, uint32_t core, uint8_t *buffer)
{
	uint64_t seq = shm_core(&p->shm, core)->next_seq, hash = base_hash_mix(seq * 64 + core);
	struct record_writer w = record_writer_begin(buffer, RECORD_BYTES_MAX, RECORD_CALL);
	int64_t invite = MIDNIGHT - 60 * BASE_NS_PER_SEC + (int64_t)(hash % 90000) * BASE_NS_PER_MS;
	struct base_ip ip = base_ip_v4(
		(const uint8_t[4]){10, (uint8_t)core, (uint8_t)(hash >> 8), (uint8_t)hash});
	char text[128];

	snprintf(text, sizeof(text), "%s.%u.%llu", p->probe, core, (unsigned long long)seq);
	record_put_cstr(&w, RECORD_F_UID, text);
	record_put_cstr(&w, RECORD_F_STATUS, "final");
	snprintf(text, sizeof(text), "%016llx@sip.example.net", (unsigned long long)hash);
	record_put_cstr(&w, RECORD_F_CALL_ID, text);
	snprintf(text, sizeof(text), "+4930%08llu", (unsigned long long)hash % 100000000);
	record_put_cstr(&w, RECORD_F_FROM_USER, text);
	record_put_cstr(&w, RECORD_F_FROM_NAME, "Doe, \"Jane\"");
	snprintf(text, sizeof(text), "+4940%08llu", (unsigned long long)(hash >> 20) % 100000000);
	record_put_cstr(&w, RECORD_F_TO_USER, text);
	record_put_ip(&w, RECORD_F_SRC_IP, &ip);
	record_put_u64(&w, RECORD_F_SRC_PORT, 5060);
	record_put_time(&w, RECORD_F_INVITE_TIME, invite);
	record_put_time(&w, RECORD_F_END_TIME, invite + 30 * BASE_NS_PER_SEC);
	record_put_f64(&w, RECORD_F_DURATION_MS, 25000);
	record_put_cstr(&w, RECORD_F_DISPOSITION, "answered");
	record_put_u64(&w, RECORD_F_SIP_CODE, 200);
	put_stream(&w, seq, &ip);
	put_stream(&w, seq + 1, &ip);
	for (int i = 0; i < 7; i++)
		put_message(&w, invite, i);
	return w.len;
}

static void
sleep_us(long us)
{
	nanosleep(&(struct timespec){us / 1000000, us % 1000000 * 1000}, NULL);
}

static void
publish(struct publisher *p, uint64_t records, uint64_t rate)
{
	static uint8_t buffer[RECORD_BYTES_MAX];
	int64_t started = sys_clock_monotonic_ns();

	for (uint64_t i = 0; i < records; i++) {
		uint32_t core = (uint32_t)(i % p->shm.cores);
		while (!p->drop && shm_backlog(&p->shm, core) > p->shm.ring_bytes / 2)
			sleep_us(500);
		uint32_t len = record_make(p, core, buffer);
		if (shm_publish(&p->shm, core, buffer, len))
			p->published++;
		else
			p->dropped++;
		int64_t due = rate ? started + (int64_t)((double)i * 1e9 / (double)rate) : 0;
		int64_t early_us = rate ? (due - sys_clock_monotonic_ns()) / BASE_NS_PER_US : 0;
		if (early_us > 1000)
			sleep_us((long)early_us);
		p->shm.header->probe_heartbeat_ns = sys_clock_wall_ns();
	}
}

static int
segment_take(
	struct publisher *p, const char *path, const struct shm_layout *layout, struct sys_error *e)
{
	int error = sys_mapping_create(&p->mapping, path, shm_segment_bytes(layout), (gid_t)-1, e);

	if (error)
		return error;
	if (shm_attach(&p->shm, p->mapping.p, p->mapping.bytes) == 0)
		error = shm_matches(&p->shm, layout, base_span_cstr(p->probe))
				? 0
				: sys_fail(e, -BASE_ERR_VERSION, "another layout");
	else
		error = shm_create(&p->shm, p->mapping.p, p->mapping.bytes, layout,
			base_span_cstr(p->probe), sys_clock_wall_ns());
	if (error)
		return error;
	p->shm.header->probe_pid = (uint64_t)getpid();
	p->shm.header->probe_starts++;
	p->shm.header->probe_state = SHM_STATE_RUNNING;
	return 0;
}

int
main(int argc, char **argv)
{
	struct shm_layout layout = {1, 1 << 20};
	struct publisher p = {.dropped = 0};
	struct sys_error e = {""};

	if (argc < 5 || argc > 8) {
		fputs("usage: publish SEGMENT PROBE RECORDS RATE [CORES [RING_BYTES [drop]]]\n",
			stderr);
		return 2;
	}
	p.probe = argv[2];
	p.drop = argc > 7;
	if (argc > 5)
		layout.cores = (uint32_t)strtoul(argv[5], NULL, 10);
	if (argc > 6)
		layout.ring_bytes = strtoull(argv[6], NULL, 10);
	if (segment_take(&p, argv[1], &layout, &e)) {
		fprintf(stderr, "publish: %s\n", e.text);
		return 1;
	}
	publish(&p, strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	p.shm.header->probe_state = SHM_STATE_STOPPED;
	printf("published %llu dropped %llu\n", (unsigned long long)p.published,
		(unsigned long long)p.dropped);
	sys_mapping_close(&p.mapping);
	return 0;
}
