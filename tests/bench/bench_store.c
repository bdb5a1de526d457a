/* Calls made durable by the store, each with seven messages and two streams, against the same record bytes written and
 * synced in the same groups by write and fdatasync. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "record.h"
#include "store.h"

#define GROUP 20000 /* calls a commit: collector.commit_records */
#define START_NS (1700006400 * BASE_NS_PER_SEC + 3600 * BASE_NS_PER_SEC)
#define CALL_NS (BASE_NS_PER_SEC / 50000) /* 50 k calls a second */

struct calls {
	uint8_t *bytes;
	uint32_t *lens;
	uint64_t whole;
};

static void
put_parties(struct record_writer *w, uint64_t hash)
{
	struct base_ip a = base_ip_v4((const uint8_t[4]){10, 1, (uint8_t)(hash >> 8), 7}),
		       b = base_ip_v4((const uint8_t[4]){10, 2, (uint8_t)(hash >> 16), 9});
	char text[64];

	snprintf(text, sizeof(text), "+49301%08llu", (unsigned long long)(hash % 100000000));
	record_put_cstr(w, RECORD_F_FROM_USER, text);
	record_put_cstr(w, RECORD_F_FROM_HOST, "carrier-a.example.net");
	snprintf(text, sizeof(text), "+49401%08llu", (unsigned long long)(hash >> 32) % 100000000);
	record_put_cstr(w, RECORD_F_TO_USER, text);
	record_put_cstr(w, RECORD_F_TO_HOST, "carrier-b.example.net");
	record_put_cstr(w, RECORD_F_RURI_USER, text);
	record_put_cstr(w, RECORD_F_RURI_HOST, "carrier-b.example.net");
	record_put_cstr(w, RECORD_F_CALLER_UA, "Softswitch A 7.2.1");
	record_put_cstr(w, RECORD_F_CALLEE_UA, "Gateway B 12.4");
	record_put_ip(w, RECORD_F_SRC_IP, &a);
	record_put_u64(w, RECORD_F_SRC_PORT, 5060);
	record_put_ip(w, RECORD_F_DST_IP, &b);
	record_put_u64(w, RECORD_F_DST_PORT, 5060);
	record_put_cstr(w, RECORD_F_TRANSPORT, "udp");
}

static void
put_times(struct record_writer *w, int64_t invite_ns, int64_t end_ns)
{
	record_put_time(w, RECORD_F_INVITE_TIME, invite_ns);
	record_put_time(w, RECORD_F_TRYING_TIME, invite_ns + 5 * BASE_NS_PER_MS);
	record_put_time(w, RECORD_F_RINGING_TIME, invite_ns + 300 * BASE_NS_PER_MS);
	record_put_time(w, RECORD_F_ANSWER_TIME, invite_ns + 900 * BASE_NS_PER_MS);
	record_put_time(w, RECORD_F_ACK_TIME, invite_ns + 950 * BASE_NS_PER_MS);
	record_put_time(w, RECORD_F_END_TIME, end_ns);
	record_put_f64(w, RECORD_F_PDD_MS, 300);
	record_put_f64(w, RECORD_F_SETUP_MS, 900);
	record_put_f64(w, RECORD_F_DURATION_MS, (double)(end_ns - invite_ns) / 1e6 - 900);
	record_put_cstr(w, RECORD_F_DURATION_BASIS, "bye");
	record_put_cstr(w, RECORD_F_DISPOSITION, "answered");
	record_put_u64(w, RECORD_F_SIP_CODE, 200);
	record_put_cstr(w, RECORD_F_SIP_REASON, "OK");
	record_put_cstr(w, RECORD_F_ENDED_BY, "caller");
	record_put_cstr(w, RECORD_F_END_CAUSE, "bye");
	record_put_u64(w, RECORD_F_MESSAGES, 7);
	record_put_u64(w, RECORD_F_INVITES, 1);
	record_put_cstr(w, RECORD_F_METHODS, "INVITE:1,ACK:1,BYE:1");
}

static void
put_stream(struct record_writer *w, uint64_t hash, int64_t first_ns, int64_t last_ns)
{
	uint32_t began = record_list_open(w, RECORD_F_STREAMS);
	struct base_ip ip = base_ip_v4((const uint8_t[4]){10, 3, (uint8_t)hash, 7});

	record_put_ip(w, RECORD_F_SRC_IP, &ip);
	record_put_u64(w, RECORD_F_SRC_PORT, 10000 + hash % 20000);
	record_put_ip(w, RECORD_F_DST_IP, &ip);
	record_put_u64(w, RECORD_F_DST_PORT, 30000 + hash % 20000);
	record_put_cstr(w, RECORD_F_SENDER, hash & 1 ? "caller" : "callee");
	record_put_hex32(w, RECORD_F_SSRC, (uint32_t)hash);
	record_put_u64(w, RECORD_F_PAYLOAD_TYPE, 8);
	record_put_cstr(w, RECORD_F_CODEC, "PCMA");
	record_put_u64(w, RECORD_F_CLOCK_RATE, 8000);
	record_put_time(w, RECORD_F_FIRST_TIME, first_ns);
	record_put_time(w, RECORD_F_LAST_TIME, last_ns);
	record_put_u64(w, RECORD_F_PACKETS, (uint64_t)(last_ns - first_ns) / 20000000);
	record_put_u64(w, RECORD_F_BYTES, (uint64_t)(last_ns - first_ns) / 125000);
	record_put_u64(w, RECORD_F_EXPECTED, (uint64_t)(last_ns - first_ns) / 20000000 + hash % 5);
	record_put_u64(w, RECORD_F_LOST, hash % 5);
	record_put_f64(w, RECORD_F_JITTER_MS_MEAN, (double)(hash % 1000) / 300);
	record_put_f64(w, RECORD_F_JITTER_MS_MAX, (double)(hash % 1000) / 100);
	record_put_f64(w, RECORD_F_DELTA_MS_MAX, 20 + (double)(hash % 1000) / 50);
	record_list_close(w, began);
}

static void
put_message(struct record_writer *w, int i, int64_t time_ns)
{
	static const struct {
		const char *method, *cseq_method, *reason, *sdp;
		uint64_t code;
	} messages[] = {
		{"INVITE", "INVITE", NULL, "offer 10.3.0.7:10000 PCMA,PCMU,telephone-event sendrecv", 0},
		{NULL, "INVITE", "Trying", NULL, 100},
		{NULL, "INVITE", "Ringing", NULL, 180},
		{NULL, "INVITE", "OK", "answer 10.3.0.9:30000 PCMA,telephone-event sendrecv", 200},
		{"ACK", "ACK", NULL, NULL, 0},
		{"BYE", "BYE", NULL, NULL, 0},
		{NULL, "BYE", "OK", NULL, 200},
	};
	uint32_t began = record_list_open(w, RECORD_F_FLOW);
	struct base_ip ip = base_ip_v4((const uint8_t[4]){10, 1, 0, 7});

	if (messages[i].method)
		record_put_cstr(w, RECORD_F_METHOD, messages[i].method);
	record_put_u64(w, RECORD_F_CSEQ, 1 + (i > 4));
	record_put_cstr(w, RECORD_F_CSEQ_METHOD, messages[i].cseq_method);
	record_put_ip(w, RECORD_F_SRC_IP, &ip);
	record_put_u64(w, RECORD_F_SRC_PORT, 5060);
	record_put_ip(w, RECORD_F_DST_IP, &ip);
	record_put_u64(w, RECORD_F_DST_PORT, 5060);
	if (messages[i].code) {
		record_put_u64(w, RECORD_F_SIP_CODE, messages[i].code);
		record_put_cstr(w, RECORD_F_SIP_REASON, messages[i].reason);
	}
	record_put_time(w, RECORD_F_TIME, time_ns);
	if (messages[i].sdp)
		record_put_cstr(w, RECORD_F_SDP, messages[i].sdp);
	record_list_close(w, began);
}

/* Call number n of those in the order of their ends: lasts up to two minutes. */
static uint32_t
call_make(uint8_t *p, uint32_t n)
{
	struct record_writer w = record_writer_begin(p, 4096, RECORD_CALL);
	uint64_t hash = base_hash_mix(n + 1);
	int64_t end_ns = START_NS + n * CALL_NS,
		invite_ns = end_ns - (int64_t)(hash % 120000) * BASE_NS_PER_MS - BASE_NS_PER_SEC;
	char text[64];

	record_put_uid(&w, &hash, sizeof(hash));
	record_put_cstr(&w, RECORD_F_STATUS, "final");
	snprintf(text, sizeof(text), "%016llx@10.1.0.7", (unsigned long long)base_hash_mix(hash));
	record_put_cstr(&w, RECORD_F_CALL_ID, text);
	snprintf(text, sizeof(text), "%08llx", (unsigned long long)(hash >> 32));
	record_put_cstr(&w, RECORD_F_FROM_TAG, text);
	record_put_cstr(&w, RECORD_F_TO_TAG, text);
	put_parties(&w, hash);
	put_times(&w, invite_ns, end_ns);
	put_stream(&w, hash | 1, invite_ns + 900 * BASE_NS_PER_MS, end_ns);
	put_stream(&w, (hash >> 3) & ~1ull, invite_ns + 900 * BASE_NS_PER_MS, end_ns);
	for (int i = 0; i < 7; i++)
		put_message(&w, i, i < 5 ? invite_ns + i * 250 * BASE_NS_PER_MS : end_ns);
	record_put_cstr(&w, RECORD_F_CLOCK_SOURCE, "nic");
	record_set_seq(p, n + 1);
	return w.len;
}

static struct calls
calls_make(uint32_t n)
{
	struct calls c = {bench_memory((size_t)n * 2560), bench_memory(n * sizeof(uint32_t)), 0};

	for (uint32_t i = 0; i < n; i++) {
		c.lens[i] = call_make(c.bytes + c.whole, i);
		c.whole += c.lens[i];
	}
	return c;
}

/* The floor: the bytes alone, in one file. */
static double
plain_write(const char *dir, const struct calls *c, uint32_t n)
{
	char path[512];
	const uint8_t *p = c->bytes;

	snprintf(path, sizeof(path), "%s/plain", dir);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	uint64_t began = bench_ns();
	for (uint32_t i = 0; i < n;) {
		uint64_t bytes = 0;
		for (uint32_t end = i + GROUP < n ? i + GROUP : n; i < end; i++)
			bytes += c->lens[i];
		if (fd < 0 || write(fd, p, bytes) != (ssize_t)bytes || fdatasync(fd))
			bench_die("cannot write");
		p += bytes;
	}
	uint64_t ns = bench_ns() - began;
	close(fd);
	unlink(path);
	return n * 1e9 / (double)ns;
}

/* Of the whole process: what a call costs wherever the disk is not the bound. */
static uint64_t
cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int
count_row(void *context, const struct record_row *row, int64_t position)
{
	uint64_t *sums = context;

	sums[0]++;
	sums[1] += row->values[RECORD_F_SEQ].u64;
	sums[2] += row->values[RECORD_F_STREAMS].present && row->values[RECORD_F_FLOW].present;
	return 0;
}

static double
store_write(const char *dir, const struct calls *c, uint32_t n)
{
	struct store_options options = {.dir = dir};
	struct sys_error e = {""};
	struct store *store;
	const uint8_t *p = c->bytes;
	uint64_t sums[3] = {0};

	if (store_open(&store, &options, &e))
		bench_die(e.text);
	uint64_t began = bench_ns(), cpu_began = cpu_now();
	for (uint32_t i = 0; i < n;) {
		if (store_begin(store, &e))
			bench_die(e.text);
		for (uint32_t end = i + GROUP < n ? i + GROUP : n; i < end; p += c->lens[i++])
			if (store_put(store, BASE_SPAN("bench"), i % 2, p, c->lens[i], &e))
				bench_die(e.text);
		if (store_commit(store, &e))
			bench_die(e.text);
	}
	uint64_t ns = bench_ns() - began, cpu_ns = cpu_now() - cpu_began;
	bench_print("store_cpu", (double)cpu_ns / n, "ns/call");
	struct store_query all = {.by_position = true};
	if (store_query(store, &all, count_row, sums, &e))
		bench_die(e.text);
	store_close(store);
	bench_check("calls in the store", sums[0], n);
	bench_check("their sequence numbers", sums[1], (uint64_t)n * (n + 1) / 2);
	bench_check("calls with flow and streams", sums[2], n);
	return n * 1e9 / (double)ns;
}

void
bench_store(uint32_t n, const char *parent)
{
	struct calls c = calls_make(n);
	char dir[256], command[300];

	snprintf(dir, sizeof(dir), "%s/ringtap-bench-XXXXXX", parent);
	if (mkdtemp(dir) == NULL)
		bench_die("cannot make a directory");
	bench_print("store_record_bytes", (double)c.whole / n, "bytes");
	bench_print("store_floor", plain_write(dir, &c, n), "calls/s");
	bench_print("store_durable", store_write(dir, &c, n), "calls/s");
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command))
		bench_die("cannot remove the directory");
}
