/* An engine of n workers fed with frames made here, on one thread: what a test says happens in the order it says. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record.h"
#include "worker_private.h"

#define T0 1700000000000000000LL
#define FRAME_MAX 2048
#define RECORDS_MAX 1024
#define TEST_UNUSED __attribute__((unused))

struct engine {
	struct config *config;
	struct worker_set *set;
	uint32_t cores, n_records;
	char *json[RECORDS_MAX];
	uint64_t frames;
	int64_t now_ns;
};

/* Keeps the record's JSON without the core, which depends on the number of workers. */
static bool
engine_record(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	static struct record_row row;
	static char text[1 << 17];
	struct engine *e = context;
	struct base_text t = base_text_of(text, sizeof(text));

	assert_int_equal(record_row_read(&row, record, len), 0);
	record_json(&t, &row, true);
	assert_true(e->n_records < RECORDS_MAX);
	e->json[e->n_records++] = strdup(base_text_cstr(&t));
	return true;
}

TEST_UNUSED static struct engine *
engine_new(uint32_t cores)
{
	struct engine *e = calloc(1, sizeof(*e));
	struct sys_error error;

	assert_int_equal(config_defaults(&e->config, &error), 0);
	e->config->tables.calls = 1000;
	e->config->tables.streams = 2000;
	e->config->tables.endpoints = 4000;
	e->config->tables.tcp_flows = 16;
	e->config->tables.fragments = 16;
	e->cores = cores;
	e->now_ns = T0;
	struct worker_options o = {.config = e->config, .cores = cores, .replay = true, .clock_source = "capture",
		.record = engine_record, .context = e};
	assert_int_equal(worker_set_new(&e->set, &o, &error), 0);
	return e;
}

TEST_UNUSED static void
engine_free(struct engine *e)
{
	for (uint32_t i = 0; i < e->n_records; i++)
		free(e->json[i]);
	worker_set_free(e->set);
	config_free(e->config);
	free(e);
}

/* One frame to one worker, then every worker keeps house. */
TEST_UNUSED static void
engine_frame(struct engine *e, uint32_t core, const uint8_t *frame, uint32_t len)
{
	uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees the end */
	struct rx_frame f = {.data = exact, .len = len, .wire_len = len, .ts_ns = e->now_ns, .link = PACKET_LINK_ETHERNET};

	memcpy(exact, frame, len);
	worker_step(worker_set_worker(e->set, core), &f, 1);
	free(exact);
	e->frames++;
	for (uint32_t c = 0; c < e->cores; c++)
		worker_house(worker_set_worker(e->set, c), e->now_ns);
}

/* Ethernet, IPv4 and UDP (6: TCP with seq) around payload; hosts 10.0.0.src and 10.0.0.dst. */
struct wire {
	uint8_t src, dst;
	uint16_t src_port, dst_port;
	uint8_t protocol;
	uint8_t tcp_flags;
	uint32_t seq;
};

TEST_UNUSED static uint32_t
wire_frame(uint8_t *out, const struct wire *w, const void *payload, uint32_t len)
{
	uint32_t l4 = w->protocol == 6 ? 20 : 8;

	assert_true(34 + l4 + len <= FRAME_MAX);
	memset(out, 0, 34 + l4);
	out[12] = 8;
	uint8_t *ip = out + 14, *t = ip + 20;
	ip[0] = 0x45;
	base_store_be16(ip + 2, (uint16_t)(20 + l4 + len));
	ip[8] = 64;
	ip[9] = w->protocol == 6 ? 6 : 17;
	ip[12] = ip[16] = 10;
	ip[15] = w->src;
	ip[19] = w->dst;
	base_store_be16(t, w->src_port);
	base_store_be16(t + 2, w->dst_port);
	if (w->protocol == 6) {
		base_store_be32(t + 4, w->seq);
		t[12] = 5 << 4;
		t[13] = w->tcp_flags ? w->tcp_flags : PACKET_TCP_ACK;
	} else {
		base_store_be16(t + 4, (uint16_t)(8 + len));
	}
	if (len)
		memcpy(t + l4, payload, len);
	return 34 + l4 + len;
}

/* A message of call n: first is "INVITE" or "200 OK". The caller is host 1, the callee host 2; media at port. */
TEST_UNUSED static uint32_t
sip_text(char *out, size_t cap, int n, const char *first, const char *cseq, uint16_t media_port)
{
	bool response = first[0] >= '0' && first[0] <= '9';
	char sdp[256] = "";

	if (media_port)
		snprintf(sdp, sizeof(sdp), "v=0\r\no=- 1 1 IN IP4 10.0.0.%d\r\ns=-\r\nc=IN IP4 10.0.0.%d\r\nt=0 0\r\nm=audio %u RTP/AVP 8\r\n",
			response ? 2 : 1, response ? 2 : 1, media_port);
	int len = snprintf(out, cap,
		"%s%s%s\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK%d%.3s\r\nFrom: <sip:a%d@x>;tag=f%d\r\nTo: <sip:b%d@x>%s%d\r\n"
		"Call-ID: call-%d\r\nCSeq: %s\r\n%sContent-Length: %zu\r\n\r\n%s",
		response ? "SIP/2.0 " : first, response ? first : " sip:b@x", response ? "" : " SIP/2.0", n, cseq, n, n, n,
		response || strncmp(first, "INVITE", 6) ? ";tag=t" : ";x=", n, n, cseq,
		media_port ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
	assert_true(len > 0 && (size_t)len < cap);
	return (uint32_t)len;
}

TEST_UNUSED static void
sip_frame_to(struct engine *e, uint32_t core, int n, const char *first, const char *cseq, uint16_t media_port)
{
	bool response = first[0] >= '0' && first[0] <= '9';
	struct wire w = {response ? 2 : 1, response ? 1 : 2, 5060, 5060, 17, 0, 0};
	uint8_t frame[FRAME_MAX];
	char text[1500];
	uint32_t len = sip_text(text, sizeof(text), n, first, cseq, media_port);

	engine_frame(e, core, frame, wire_frame(frame, &w, text, len));
}

/* An RTP packet of 160 bytes of PCMA from 10.0.0.src:src_port to 10.0.0.dst:dst_port. */
TEST_UNUSED static void
rtp_frame_to(struct engine *e, uint32_t core, const struct wire *w, uint16_t seq, uint32_t ssrc)
{
	uint8_t rtp[172] = {0x80, 8}, frame[FRAME_MAX];

	base_store_be16(rtp + 2, seq);
	base_store_be32(rtp + 4, seq * 160u);
	base_store_be32(rtp + 8, ssrc);
	engine_frame(e, core, frame, wire_frame(frame, w, rtp, sizeof(rtp)));
}

/* Law 1: every frame in exactly one verdict. */
TEST_UNUSED static void
engine_ledger(const struct engine *e)
{
	uint64_t verdicts = 0, frames = 0;

	for (uint32_t c = 0; c < e->cores; c++) {
		verdicts += metrics_verdicts_total(worker_set_metrics(e->set, c));
		frames += worker_set_metrics(e->set, c)->values[METRICS_FRAMES];
	}
	assert_int_equal(frames, e->frames);
	assert_int_equal(verdicts, e->frames);
}
