/* Frames in memory: Ethernet, IPv4, UDP around RTP and around the seven messages of a call. */
#include <stdio.h>
#include <string.h>

#include "base.h"
#include "bench.h"

static uint8_t *
put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static uint8_t *
put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v);
}

/* RFC 1071 over an IPv4 header whose sum is zero. */
static uint32_t
ip_checksum(const uint8_t *p)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
}

static void
put_headers(uint8_t *p, const struct bench_addresses *at, uint32_t len)
{
	memset(p, 2, 12);
	uint8_t *ip = put16(p + 12, 0x0800), *q = ip;
	q = put16(q, 0x4500);
	q = put16(q, 28 + len);
	q = put32(q, 0x00014000);
	q = put32(q, 0x40110000);
	q = put32(q, at->src);
	q = put32(q, at->dst);
	put16(ip + 10, ip_checksum(ip));
	q = put16(q, at->src_port);
	q = put16(q, at->dst_port);
	q = put16(q, 8 + len);
	put16(q, 0); /* no checksum */
}

uint32_t
bench_frame_udp(uint8_t *p, const struct bench_addresses *at, const void *payload, uint32_t len)
{
	put_headers(p, at, len);
	memcpy(p + BENCH_UDP_HEADERS, payload, len);
	return BENCH_UDP_HEADERS + len;
}

struct bench_addresses
bench_media_of(uint32_t call, bool from_callee)
{
	struct bench_addresses at = {0x0a000001u + call, 0x0b000001u + call, 20000, 30000};

	return from_callee ? (struct bench_addresses){at.dst, at.src, at.dst_port, at.src_port} : at;
}

struct bench_addresses
bench_signalling_of(uint32_t call, bool from_callee)
{
	struct bench_addresses at = {0x0a000001u + call, 0x0c000001u, 5060, 5060};

	return from_callee ? (struct bench_addresses){at.dst, at.src, at.dst_port, at.src_port} : at;
}

uint32_t
bench_ssrc_of(uint32_t stream)
{
	return (uint32_t)base_hash_mix(stream + 1) | 1;
}

uint32_t
bench_frame_rtp(uint8_t *p, const struct bench_addresses *at, const struct bench_rtp *rtp, uint32_t payload_len)
{
	put_headers(p, at, 12 + payload_len);
	uint8_t *q = p + BENCH_UDP_HEADERS;
	q = put16(q, 0x8000u | rtp->payload_type);
	q = put16(q, rtp->seq);
	q = put32(q, rtp->timestamp);
	q = put32(q, rtp->ssrc);
	memset(q, 0xd5, payload_len);
	return BENCH_UDP_HEADERS + 12 + payload_len;
}

/* What a carrier's calls have in common: so many peers, so many kinds of device at either end, and of these some say the same in SDP. */
#define HOSTS 300
#define AGENTS 200
#define AGENTS_ALIKE 8

static uint32_t
agent_of(uint32_t call, bool callee)
{
	return (callee ? call / AGENTS : call) % AGENTS;
}

static int
put_sdp(char *text, size_t cap, uint32_t call, bool callee)
{
	uint32_t ip = bench_media_of(call, callee).src;

	return snprintf(text, cap,
		"v=0\r\no=- %u 1 IN IP4 %u.%u.%u.%u\r\ns=-\r\nc=IN IP4 %u.%u.%u.%u\r\nt=0 0\r\n"
		"m=audio %u RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
		"a=fmtp:101 0-%u\r\na=ptime:20\r\na=sendrecv\r\n",
		call, ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255, ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255,
		bench_media_of(call, callee).src_port, 11 + agent_of(call, callee) / AGENTS_ALIKE);
}

uint32_t
bench_sip_text(char *text, uint32_t call, enum bench_message message)
{
	static const char *const statuses[BENCH_MESSAGES] = {[BENCH_TRYING] = "100 Trying",
		[BENCH_RINGING] = "180 Ringing", [BENCH_OK] = "200 OK", [BENCH_BYE_OK] = "200 OK"};
	bool bye = message >= BENCH_BYE, sdp = message == BENCH_INVITE || message == BENCH_OK;
	const char *method = bye ? "BYE" : message == BENCH_ACK ? "ACK" : "INVITE";
	uint32_t ip = bench_signalling_of(call, false).src;
	char body[512], start[128], host[32], more[256] = "", tag[32] = "";
	int body_len = sdp ? put_sdp(body, sizeof(body), call, message == BENCH_OK) : 0;

	snprintf(host, sizeof(host), "sbc%03u.example.net", (uint32_t)base_hash_mix(call) % HOSTS);
	if (message == BENCH_INVITE)
		snprintf(more, sizeof(more), "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE\r\nSupported: 100rel, timer\r\n"
			"User-Agent: Trunk Gateway 7.%u\r\nContent-Type: application/sdp\r\n", agent_of(call, false));
	else if (sdp)
		snprintf(more, sizeof(more), "Server: Trunk Gateway 7.%u\r\nContent-Type: application/sdp\r\n", agent_of(call, true));
	if (statuses[message])
		snprintf(start, sizeof(start), "SIP/2.0 %s", statuses[message]);
	else
		snprintf(start, sizeof(start), "%s sip:+4930%08u@%s;user=phone SIP/2.0", method, call, host);
	if (message > BENCH_TRYING)
		snprintf(tag, sizeof(tag), ";tag=b%08x", call);
	int len = snprintf(text, BENCH_SIP_MAX,
		"%s\r\n"
		"Via: SIP/2.0/UDP %u.%u.%u.%u:5060;branch=z9hG4bK%08x%s;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: \"Subscriber %u\" <sip:+4989%08u@%s;user=phone>;tag=a%08x\r\n"
		"To: <sip:+4930%08u@%s;user=phone>%s\r\n"
		"Call-ID: %08x-%08x@trunk.carrier.example.net\r\n"
		"CSeq: %u %s\r\n"
		"Contact: <sip:gw@%u.%u.%u.%u:5060>\r\n"
		"%sContent-Length: %d\r\n\r\n",
		start, ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255, call, method, call, call, host, call, call, host, tag,
		(uint32_t)base_hash_mix(call), call, bye ? 2u : 1u, method, ip >> 24, ip >> 16 & 255, ip >> 8 & 255,
		ip & 255, more, body_len);
	if (sdp)
		memcpy(text + len, body, (size_t)body_len);
	return (uint32_t)(len + body_len);
}

uint32_t
bench_frame_sip(uint8_t *p, uint32_t call, enum bench_message message)
{
	bool from_callee = message == BENCH_TRYING || message == BENCH_RINGING || message == BENCH_OK || message == BENCH_BYE_OK;
	struct bench_addresses at = bench_signalling_of(call, from_callee);
	char text[BENCH_SIP_MAX];

	return bench_frame_udp(p, &at, text, bench_sip_text(text, call, message));
}
