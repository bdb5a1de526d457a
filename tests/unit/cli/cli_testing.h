/* cli_testing: a command line whose terminal is two strings, records by the line, and a capture
 * file of our own making. */
#pragma once

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli_private.h"

#define TESTING_T0 (1700000000 * BASE_NS_PER_SEC) /* 2023-11-14T22:13:20Z */
#define TESTING_UNUSED __attribute__((unused))

/* ---- the terminal ---- */

struct terminal {
	struct cli cli;
	char *out, *err;
	size_t out_len, err_len;
};

static TESTING_UNUSED void
terminal_open(struct terminal *t)
{
	memset(t, 0, sizeof(*t));
	t->cli.out = open_memstream(&t->out, &t->out_len);
	t->cli.err = open_memstream(&t->err, &t->err_len);
	t->cli.width = 120;
	t->cli.utf8 = true;
	assert_non_null(t->cli.out);
	assert_non_null(t->cli.err);
}

static TESTING_UNUSED const char *
terminal_out(struct terminal *t)
{
	fflush(t->cli.out);
	return t->out;
}

static TESTING_UNUSED void
terminal_close(struct terminal *t)
{
	fclose(t->cli.out);
	fclose(t->cli.err);
	free(t->out);
	free(t->err);
}

/* Runs ringtap with arguments up to a NULL; out and err are left in *t until terminal_end. */
static TESTING_UNUSED int
terminal_run(struct terminal *t, ...)
{
	char *argv[24] = {(char *)"ringtap"};
	int argc = 1;
	va_list list;

	memset(t, 0, sizeof(*t));
	va_start(list, t);
	while ((argv[argc] = va_arg(list, char *)) != NULL)
		argc++;
	va_end(list);
	FILE *out = open_memstream(&t->out, &t->out_len),
	     *err = open_memstream(&t->err, &t->err_len);
	int rc = cli_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
	return rc;
}

static TESTING_UNUSED void
terminal_end(struct terminal *t)
{
	free(t->out);
	free(t->err);
	memset(t, 0, sizeof(*t));
}

#define assert_has(text, part) \
	do { \
		if (!strstr((text), (part))) \
			fail_msg("'%s' is not in:\n%s", (part), (text)); \
	} while (0)
#define assert_has_not(text, part) \
	do { \
		if (strstr((text), (part))) \
			fail_msg("'%s' is in:\n%s", (part), (text)); \
	} while (0)

static TESTING_UNUSED unsigned
count_of(const char *text, const char *part)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, part)) != NULL; p += strlen(part))
		n++;
	return n;
}

static TESTING_UNUSED unsigned
count_lines(const char *text)
{
	return count_of(text, "\n");
}

/* ---- a directory of our own ---- */

static TESTING_UNUSED char *
directory_new(char path[256])
{
	const char *base = getenv("TMPDIR");

	snprintf(path, 256, "%s/ringtap-cli-XXXXXX", base ? base : "/tmp");
	assert_non_null(mkdtemp(path));
	return path;
}

static int
directory_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static TESTING_UNUSED void
directory_remove(const char *path)
{
	nftw(path, directory_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- records ---- */

struct call {
	unsigned n;              /* makes uid, Call-ID and times; 0: the first */
	const char *from, *to, *disposition, *call_id, *status;
	unsigned code;
	unsigned lost;           /* of 100 packets, in one of two streams */
	bool no_media, no_flow;
	uint64_t seq;
	const unsigned *linked;  /* n of the legs that linked[] names, ending in UINT_MAX */
};

static TESTING_UNUSED void
put_endpoints(struct record_writer *w, unsigned src, unsigned dst, unsigned port)
{
	const uint8_t a[4] = {10, 0, 0, (uint8_t)src}, b[4] = {10, 0, 0, (uint8_t)dst};
	struct base_ip src_ip = base_ip_v4(a), dst_ip = base_ip_v4(b);

	record_put_ip(w, RECORD_F_SRC_IP, &src_ip);
	record_put_u64(w, RECORD_F_SRC_PORT, port);
	record_put_ip(w, RECORD_F_DST_IP, &dst_ip);
	record_put_u64(w, RECORD_F_DST_PORT, port);
}

struct message {
	unsigned src, dst, code;
	const char *method, *reason, *sdp, *repeat;
	int64_t after_ms;
};

static TESTING_UNUSED void
put_message(struct record_writer *w, int64_t start_ns, const struct message *m)
{
	uint32_t row = record_list_open(w, RECORD_F_FLOW);

	record_put_time(w, RECORD_F_TIME, start_ns + m->after_ms * BASE_NS_PER_MS);
	if (!m->code)
		record_put_cstr(w, RECORD_F_METHOD, m->method);
	record_put_u64(w, RECORD_F_CSEQ, 1);
	record_put_cstr(w, RECORD_F_CSEQ_METHOD, m->method);
	put_endpoints(w, m->src, m->dst, 5060);
	if (m->code) {
		record_put_u64(w, RECORD_F_SIP_CODE, m->code);
		record_put_cstr(w, RECORD_F_SIP_REASON, m->reason);
	}
	if (m->repeat)
		record_put_cstr(w, RECORD_F_REPEAT, m->repeat);
	if (m->sdp)
		record_put_cstr(w, RECORD_F_SDP, m->sdp);
	record_list_close(w, row);
}

static TESTING_UNUSED void
put_stream(struct record_writer *w, unsigned src, unsigned dst, unsigned lost)
{
	uint32_t row = record_list_open(w, RECORD_F_STREAMS);

	put_endpoints(w, src, dst, 4000);
	record_put_cstr(w, RECORD_F_SENDER, src == 1 ? "caller" : "callee");
	record_put_hex32(w, RECORD_F_SSRC, 0xabcd0000 + src);
	record_put_cstr(w, RECORD_F_CODEC, "PCMA");
	record_put_u64(w, RECORD_F_PACKETS, 100 - lost);
	record_put_u64(w, RECORD_F_EXPECTED, 100);
	record_put_u64(w, RECORD_F_LOST, lost);
	record_put_f64(w, RECORD_F_JITTER_MS_MEAN, 1.25);
	record_list_close(w, row);
}

/* A record of a call that rings after 500 ms, is answered after 2 s and ends after 10 s. */
static TESTING_UNUSED uint32_t
make_call(uint8_t *p, uint32_t cap, const struct call *c)
{
	struct record_writer w = record_writer_begin(p, cap, RECORD_CALL);
	int64_t t = TESTING_T0 + c->n * 60 * BASE_NS_PER_SEC;
	char text[64];

	snprintf(text, sizeof(text), "%08x0123456789abcdef01234567", 0xca110000 + c->n);
	record_put_cstr(&w, RECORD_F_UID, text);
	record_put_cstr(&w, RECORD_F_STATUS, c->status ? c->status : "final");
	snprintf(text, sizeof(text), "call-%u@test", c->n);
	record_put_cstr(&w, RECORD_F_CALL_ID, c->call_id ? c->call_id : text);
	record_put_cstr(&w, RECORD_F_FROM_USER, c->from ? c->from : "alice");
	record_put_cstr(&w, RECORD_F_TO_USER, c->to ? c->to : "bob");
	put_endpoints(&w, 1, 2, 5060);
	record_put_time(&w, RECORD_F_INVITE_TIME, t);
	record_put_time(&w, RECORD_F_ANSWER_TIME, t + 2 * BASE_NS_PER_SEC);
	record_put_time(&w, RECORD_F_END_TIME, t + 10 * BASE_NS_PER_SEC);
	record_put_f64(&w, RECORD_F_PDD_MS, 500);
	record_put_f64(&w, RECORD_F_SETUP_MS, 2000);
	record_put_f64(&w, RECORD_F_DURATION_MS, 8000);
	record_put_cstr(&w, RECORD_F_DISPOSITION, c->disposition ? c->disposition : "answered");
	record_put_u64(&w, RECORD_F_SIP_CODE, c->code ? c->code : 200);
	record_put_cstr(&w, RECORD_F_SIP_REASON, "OK");
	record_put_cstr(&w, RECORD_F_ENDED_BY, "caller");
	record_put_cstr(&w, RECORD_F_END_CAUSE, "bye");
	for (const unsigned *n = c->linked; n && *n != UINT_MAX; n++) {
		uint32_t row = record_list_open(&w, RECORD_F_LINKED);
		snprintf(text, sizeof(text), "%08x0123456789abcdef01234567", 0xca110000 + *n);
		record_put_cstr(&w, RECORD_F_UID, text);
		record_put_cstr(&w, RECORD_F_REASON, "numbers");
		record_put_f64(&w, RECORD_F_CONFIDENCE, 0.6);
		record_list_close(&w, row);
	}
	if (!c->no_media) {
		put_stream(&w, 1, 2, c->lost);
		put_stream(&w, 2, 1, 0);
	}
	if (!c->no_flow) {
		put_message(&w, t,
			&(struct message){1, 2, 0, "INVITE", NULL,
				"audio 10.0.0.1:4000 PCMA sendrecv", NULL, 0});
		put_message(&w, t,
			&(struct message){1, 2, 0, "INVITE", NULL, NULL, "retransmission", 500});
		put_message(
			&w, t, &(struct message){2, 1, 180, "INVITE", "Ringing", NULL, NULL, 600});
		put_message(&w, t, &(struct message){2, 1, 200, "INVITE", "OK", NULL, NULL, 2000});
	}
	assert_false(w.overflow);
	record_set_seq(p, c->seq ? c->seq : c->n + 1);
	return w.len;
}

/* A row of a record as it comes from the engine; p keeps its bytes. */
static TESTING_UNUSED void
make_row(struct record_row *row, uint8_t *p, uint32_t cap, const struct call *c)
{
	uint32_t len = make_call(p, cap, c);

	assert_int_equal(record_row_read(row, p, len), 0);
}

static TESTING_UNUSED void
make_options(uint8_t *p, uint32_t cap, uint32_t *len, uint64_t seq)
{
	struct record_writer w = record_writer_begin(p, cap, RECORD_TRANSACTION);

	record_put_cstr(&w, RECORD_F_UID, "0b7109570123456789abcdef01234567");
	record_put_cstr(&w, RECORD_F_STATUS, "final");
	record_put_cstr(&w, RECORD_F_METHOD, "OPTIONS");
	record_put_cstr(&w, RECORD_F_CALL_ID, "ping@test");
	record_put_cstr(&w, RECORD_F_FROM_USER, "probe");
	record_put_time(&w, RECORD_F_REQUEST_TIME, TESTING_T0);
	record_put_u64(&w, RECORD_F_SIP_CODE, 200);
	put_endpoints(&w, 1, 2, 5060);
	record_set_seq(p, seq);
	*len = w.len;
}

/* A store of n calls (every third one busy, 486) and an OPTIONS in dir. */
static TESTING_UNUSED void
make_store(const char *dir, unsigned n)
{
	static uint8_t record[RECORD_BYTES_MAX];
	struct sys_error e = {""};
	struct store *store = NULL;
	uint32_t len;

	if (store_open(&store, &(struct store_options){.dir = dir}, &e) != 0 ||
		store_begin(store, &e) != 0)
		fail_msg("%s", e.text);
	for (unsigned i = 0; i < n; i++) {
		bool busy = i % 3 == 2;
		len = make_call(record, sizeof(record),
			&(struct call){.n = i,
				.disposition = busy ? "busy" : NULL,
				.code = busy ? 486 : 0});
		if (store_put(store, BASE_SPAN("edge"), 0, record, len, &e) != 0)
			fail_msg("%s", e.text);
	}
	make_options(record, sizeof(record), &len, n + 1);
	if (store_put(store, BASE_SPAN("edge"), 0, record, len, &e) != 0 ||
		store_commit(store, &e) != 0)
		fail_msg("%s", e.text);
	store_close(store);
}

/* ---- a capture file: pcap, Ethernet, UDP ---- */

static TESTING_UNUSED FILE *
capture_new(const char *path)
{
	const uint32_t header[6] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, 65535, 1};
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fwrite(header, sizeof(header), 1, f);
	return f;
}

static TESTING_UNUSED void
capture_message(FILE *f, int64_t ts_ns, unsigned src, unsigned dst, const char *text)
{
	uint32_t len = (uint32_t)strlen(text);
	uint8_t head[42] = {0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 0, 0, 0, 0, 0, 64,
		17, 0, 0, 10, 0, 0, (uint8_t)src, 10, 0, 0, (uint8_t)dst, 0x13, 0xc4, 0x13, 0xc4};
	uint32_t frame = 42 + len;
	const uint32_t record[4] = {(uint32_t)(ts_ns / BASE_NS_PER_SEC),
		(uint32_t)(ts_ns % BASE_NS_PER_SEC), frame, frame};

	base_store_be16(head + 16, (uint16_t)(28 + len));
	base_store_be16(head + 38, (uint16_t)(8 + len));
	fwrite(record, sizeof(record), 1, f);
	fwrite(head, sizeof(head), 1, f);
	fwrite(text, len, 1, f);
}

/* INVITE, 486, ACK. */
static TESTING_UNUSED void
capture_busy_call(FILE *f, unsigned n, int64_t ts_ns)
{
	static const struct {
		const char *start, *cseq, *tag;
		bool back;
	} lines[] = {
		{"INVITE sip:bob@10.0.0.2 SIP/2.0", "1 INVITE", "", false},
		{"SIP/2.0 486 Busy Here", "1 INVITE", ";tag=b", true},
		{"ACK sip:bob@10.0.0.2 SIP/2.0", "1 ACK", ";tag=b", false},
	};
	char text[1024];

	for (unsigned i = 0; i < base_count_of(lines); i++) {
		snprintf(text, sizeof(text),
			"%s\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n"
			"From: <sip:alice%u@10.0.0.1>;tag=a%u\r\nTo: <sip:bob@10.0.0.2>%s\r\nCall-ID: busy-%u@test\r\nCSeq: %s\r\n"
			"Contact: <sip:alice@10.0.0.1>\r\nContent-Length: 0\r\n\r\n",
			lines[i].start, n, n, n, lines[i].tag, n, lines[i].cseq);
		capture_message(f, ts_ns + i * 100 * BASE_NS_PER_MS, lines[i].back ? 2 : 1,
			lines[i].back ? 1 : 2, text);
	}
}

static TESTING_UNUSED void
make_capture(const char *path, unsigned calls)
{
	FILE *f = capture_new(path);

	for (unsigned i = 0; i < calls; i++)
		capture_busy_call(f, i, TESTING_T0 + i * BASE_NS_PER_SEC);
	assert_int_equal(fclose(f), 0);
}
