/* A dialog table with hooks that keep what they are told, and messages written in one line:
 *     say(&f, 20, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE)
 * at 20 ms, from Alice's host to Bob's: request INVITE (or response "180 Ringing"), CSeq, From tag, To tag, SDP or NULL. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dialog_private.h"

#define TEST_UNUSED __attribute__((unused))
#define T0 1700000000000000000LL
#define ALICE 1
#define BOB 2
#define PROXY 3
#define SDP_ALICE "v=0\r\no=a 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 101\r\n" \
	"a=rtpmap:101 telephone-event/8000\r\n"
#define SDP_BOB "v=0\r\no=b 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\nm=audio 5000 RTP/AVP 8\r\n"
#define SDP_HOLD "v=0\r\no=a 1 2 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=sendonly\r\n"

#define RECORDS_MAX 64
#define JSON_MAX (256 * 1024)

struct fixture {
	struct dialog_options options;
	struct metrics_core metrics;
	struct dialog *dialog;
	void *mem;
	char json[RECORDS_MAX][JSON_MAX]; /* each record as written */
	uint32_t n_records;
	struct base_endpoint published[32];
	struct media_announce announced[32];
	uint32_t n_published, n_withdrawn, n_collected, n_peeked;
	int64_t ended_ns;                 /* as told last */
	uint32_t n_fetched[3];            /* streams, by nth */
	bool answer_later;                /* collect is answered by the test */
	uint64_t asked;                   /* the last call asked for */
	int64_t peek_answer_ns;
	struct media_summary stream;      /* given to every call that is collected, where packets is not 0 */
	const char *call_id, *branch, *extra, *body_type; /* NULL: SDP */
	uint32_t ip_id;
	uint8_t transport;                /* 0: UDP */
};

static void
fixture_publish(void *context, const struct base_endpoint *at, const struct media_announce *announce)
{
	struct fixture *f = context;
	f->published[f->n_published % 32] = *at;
	f->announced[f->n_published++ % 32] = *announce;
}

static void
fixture_withdraw(void *context, const struct base_endpoint *at, uint64_t call)
{
	struct fixture *f = context;
	f->n_withdrawn++;
}

static void
fixture_ended(void *context, uint64_t call, int64_t end_ns)
{
	struct fixture *f = context;
	f->ended_ns = end_ns;
}

static void
fixture_collect(void *context, uint64_t call)
{
	struct fixture *f = context;
	f->asked = call;
	f->n_collected++;
	if (f->answer_later)
		return;
	if (f->stream.packets) {
		f->stream.call = call;
		dialog_add_stream(f->dialog, &f->stream);
	}
	dialog_collected(f->dialog, call);
}

static void
fixture_peek(void *context, uint64_t call)
{
	struct fixture *f = context;
	f->asked = call;
	f->n_peeked++;
	if (f->answer_later)
		return;
	if (f->peek_answer_ns) {
		struct media_summary so_far = {.call = call, .packets = 7, .first_ns = T0 + 1,
			.last_ns = f->peek_answer_ns, .so_far = true};
		dialog_add_stream(f->dialog, &so_far);
	}
	dialog_peeked(f->dialog, call);
}

static void
fixture_fetch_streams(void *context, uint64_t call, uint32_t nth)
{
	struct fixture *f = context;
	assert_true(call != 0);
	assert_true(nth < base_count_of(f->n_fetched));
	f->n_fetched[nth]++;
}

static void
fixture_record(void *context, uint8_t *record, uint32_t len)
{
	struct fixture *f = context;
	static struct record_row row;
	struct base_text t = base_text_of(f->json[f->n_records % RECORDS_MAX], JSON_MAX);

	assert_int_equal(record_row_read(&row, record, len), 0);
	record_json(&t, &row, true);
	base_text_cstr(&t);
	assert_false(t.overflow);
	f->n_records++;
}

static uint64_t
fixture_watch(void *context, const struct sip_message *m)
{
	struct sip_details details;

	sip_details_parse(m, &details);
	return base_span_eq(details.from.uri.user, BASE_SPAN("watched")) ? 2 : 0;
}

static const char *
fixture_watch_name(void *context, uint32_t list)
{
	return list == 1 ? "second list" : "?";
}

TEST_UNUSED static struct fixture *
fixture_new(uint32_t max_dialogs)
{
	struct fixture *f = calloc(1, sizeof(*f));
	size_t bytes;

	f->options = (struct dialog_options){.max_dialogs = max_dialogs, .flow_entries = 16, .max_links = 64, .max_series = 64, .core = 3,
		.key = BASE_HASH_KEY_REPLAY, .setup_ns = 300 * BASE_NS_PER_SEC, .linger_ns = 5 * BASE_NS_PER_SEC,
		.call_idle_ns = 7200 * BASE_NS_PER_SEC, .transaction_ns = 32 * BASE_NS_PER_SEC,
		.registration_ns = 32 * BASE_NS_PER_SEC, .extra_headers = {BASE_SPAN("X-Trunk")}, .n_extra_headers = 1, .link_headers = {BASE_SPAN("X-Call-ID")}, .n_link_headers = 1,
		.clock_source = "capture", .metrics = &f->metrics,
		.hooks = {f, fixture_publish, fixture_withdraw, fixture_ended, fixture_collect, fixture_peek, fixture_record, fixture_watch,
			fixture_watch_name, .fetch_streams = fixture_fetch_streams}};
	f->call_id = "c1";
	bytes = dialog_footprint(&f->options);
	f->mem = aligned_alloc(BASE_CACHE_LINE, base_align_up(bytes, BASE_CACHE_LINE));
	memset(f->mem, 0, bytes);
	f->dialog = dialog_new(f->mem, &f->options);
	return f;
}

TEST_UNUSED static void
fixture_free(struct fixture *f)
{
	free(f->mem);
	free(f);
}

TEST_UNUSED static struct base_endpoint
host(uint8_t n)
{
	uint8_t v4[4] = {10, 0, 0, n};
	return (struct base_endpoint){base_ip_v4(v4), 5060};
}

/* first: a method, or "180 Ringing".  Returns nothing: what came of it shows in the records. */
TEST_UNUSED static void
say(struct fixture *f, int64_t ms, uint8_t src, uint8_t dst, const char *first, const char *cseq, const char *from_tag,
	const char *to_tag, const char *sdp)
{
	static struct sip_message m;
	char text[4096], branch[64], type[128];
	bool response = first[0] >= '0' && first[0] <= '9';
	bool from_alice = from_tag[0] != 'b';

	snprintf(branch, sizeof(branch), "z9hG4bK%s", f->branch ? f->branch : cseq);
	for (char *p = branch; *p; p++)
		*p = *p == ' ' ? '-' : *p;
	snprintf(type, sizeof(type), "Content-Type: %s\r\n", f->body_type ? f->body_type : "application/sdp");
	int n = snprintf(text, sizeof(text),
		"%s%s%s\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=%s\r\nFrom: \"%s\" <sip:%s@x.test>%s%s\r\nTo: <sip:%s@x.test>%s%s\r\n"
		"Call-ID: %s\r\nCSeq: %s\r\n%s%sContent-Length: %zu\r\n\r\n%s",
		response ? "SIP/2.0 " : first, response ? first : " sip:bob@x.test", response ? "" : " SIP/2.0", branch,
		from_alice ? "Al\\\"ice" : "Bob", from_alice ? "alice" : "bob", from_tag[0] ? ";tag=" : "", from_tag,
		from_alice ? "bob" : "alice", to_tag[0] ? ";tag=" : "", to_tag, f->call_id, cseq, f->extra ? f->extra : "",
		sdp ? type : "", sdp ? strlen(sdp) : 0, sdp ? sdp : "");
	assert_true(n > 0 && n < (int)sizeof(text));
	assert_int_equal(sip_parse(&m, (const uint8_t *)text, (uint32_t)n, true), n);
	dialog_receive(f->dialog, &(struct dialog_message){.sip = &m, .ts_ns = T0 + ms * BASE_NS_PER_MS, .src = host(src),
		.dst = host(dst), .ip_id = f->ip_id, .vlan = PACKET_VLAN_NONE, .transport = f->transport ? f->transport : PACKET_UDP});
}

TEST_UNUSED static void
finish(struct fixture *f, int64_t ms)
{
	dialog_finish(f->dialog, T0 + ms * BASE_NS_PER_MS);
}

TEST_UNUSED static void
has(const struct fixture *f, uint32_t record, const char *what)
{
	assert_true(record < f->n_records);
	if (strstr(f->json[record], what) == NULL) {
		print_error("no %s in %s\n", what, f->json[record]);
		fail();
	}
}

TEST_UNUSED static void
has_not(const struct fixture *f, uint32_t record, const char *what)
{
	assert_true(record < f->n_records);
	if (strstr(f->json[record], what)) {
		print_error("%s in %s\n", what, f->json[record]);
		fail();
	}
}

/* A call as it should be, answered at 3 s; the BYE is left to the test. */
TEST_UNUSED static void
answered_call(struct fixture *f)
{
	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", SDP_ALICE);
	say(f, 10, BOB, ALICE, "100 Trying", "1 INVITE", "a1", "", NULL);
	say(f, 500, BOB, ALICE, "180 Ringing", "1 INVITE", "a1", "b1", NULL);
	say(f, 3000, BOB, ALICE, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB);
	say(f, 3010, ALICE, BOB, "ACK", "1 ACK", "a1", "b1", NULL);
}
