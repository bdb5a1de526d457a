/* SIP over WebSocket (RFC 7118): frames in, messages out, however the stream is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sip.h"

#define FIN 0x80
#define TEXT 1
#define BINARY 2
#define PING 9
#define CLOSE 8

static uint8_t stream[200000], scratch[SIP_WS_MAX];
static uint32_t stream_len;

static void
put(uint8_t first, bool masked, const char *payload, uint32_t len)
{
	static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
	uint8_t *p = stream + stream_len;

	*p++ = first;
	*p++ = (uint8_t)((masked ? 0x80 : 0) | (len < 126 ? len : len < 65536 ? 126 : 127));
	if (len >= 65536)
		base_store_be32(p, 0), p += 4, base_store_be32(p, len), p += 4;
	else if (len >= 126)
		base_store_be16(p, (uint16_t)len), p += 2;
	if (masked)
		memcpy(p, mask, 4), p += 4;
	for (uint32_t i = 0; i < len; i++)
		*p++ = (uint8_t)payload[i] ^ (masked ? mask[i & 3] : 0);
	stream_len = (uint32_t)(p - stream);
}

static void
put_text(uint8_t first, bool masked, const char *payload)
{
	put(first, masked, payload, (uint32_t)strlen(payload));
}

/* Reads the stream as it would come in pieces of step bytes; what comes out, a line for each message. */
static const char *
read_by(uint32_t step, bool resync)
{
	static char out[8192];
	uint32_t at = 0, n = 0;
	struct sip_frame f;

	out[0] = 0;
	for (uint32_t have = step; at < stream_len; have += step) {
		uint32_t end = have < stream_len ? have : stream_len;
		enum sip_frame_result r = SIP_FRAME_KEEPALIVE;
		while (at < end && r != SIP_FRAME_NEED_MORE) {
			r = sip_ws_next(stream + at, end - at, resync, scratch, &f);
			assert_true(f.skip <= end - at);
			assert_true(r == SIP_FRAME_NEED_MORE || f.skip > 0);
			resync = r == SIP_FRAME_NEED_MORE ? resync : r == SIP_FRAME_GARBAGE;
			at += f.skip;
			if (r == SIP_FRAME_MESSAGE && f.len < 100)
				n += (uint32_t)snprintf(out + n, sizeof(out) - n, "%.*s|", (int)f.len, (const char *)f.p);
			else if (r == SIP_FRAME_MESSAGE)
				n += (uint32_t)snprintf(out + n, sizeof(out) - n, "%u bytes|", f.len);
		}
		if (end == stream_len)
			break;
	}
	return out;
}

static void
reads(bool resync, const char *want)
{
	for (uint32_t step = 1; step < 40; step++)
		assert_string_equal(read_by(step, resync), want);
	assert_string_equal(read_by(stream_len, resync), want);
}

static void
frames_of_both_sides(void **state)
{
	stream_len = 0;
	put_text(FIN | TEXT, true, "OPTIONS sip:a SIP/2.0");
	put_text(FIN | TEXT, false, "SIP/2.0 200 OK");
	put_text(FIN | BINARY, true, "ACK sip:b SIP/2.0");
	reads(false, "OPTIONS sip:a SIP/2.0|SIP/2.0 200 OK|ACK sip:b SIP/2.0|");
}

static void
a_message_in_several_frames(void **state)
{
	for (int masked = 0; masked < 2; masked++) {
		stream_len = 0;
		put_text(TEXT, masked, "OPT");
		put_text(FIN | PING, masked, "are you there");
		put_text(0, masked, "IONS sip:a SI");
		put_text(0, masked, "");
		put_text(FIN | 0, masked, "P/2.0");
		put_text(FIN | TEXT, masked, "BYE sip:a SIP/2.0");
		reads(false, "OPTIONS sip:a SIP/2.0|BYE sip:a SIP/2.0|");
	}
}

static void
lengths_of_all_three_forms(void **state)
{
	static char long_one[70000] = "INVITE sip:a SIP/2.0\r\n";

	memset(long_one + 22, 'a', sizeof(long_one) - 22);
	stream_len = 0;
	put(FIN | TEXT, true, long_one, 125);
	put(FIN | TEXT, true, long_one, 126);
	put(FIN | TEXT, false, long_one, 65535);
	put(FIN | TEXT, true, long_one, 65536);
	assert_string_equal(read_by(stream_len, false), "125 bytes|126 bytes|65535 bytes|65536 bytes|");
	assert_string_equal(read_by(1448, false), "125 bytes|126 bytes|65535 bytes|65536 bytes|");
	/* what is longer is none, and what follows is found */
	stream_len = 0;
	put(FIN | TEXT, false, long_one, 65537);
	put_text(FIN | TEXT, true, "BYE sip:a SIP/2.0");
	assert_string_equal(read_by(stream_len, false), "BYE sip:a SIP/2.0|");
}

static void
control_frames_and_line_ends_are_keepalives(void **state)
{
	struct sip_frame f;

	stream_len = 0;
	put_text(FIN | PING, true, "x");
	assert_int_equal(sip_ws_next(stream, stream_len, false, scratch, &f), SIP_FRAME_KEEPALIVE);
	assert_int_equal(f.skip, stream_len);
	stream_len = 0;
	put_text(FIN | TEXT, true, "\r\n\r\n");
	assert_int_equal(sip_ws_next(stream, stream_len, false, scratch, &f), SIP_FRAME_KEEPALIVE);
	assert_int_equal(f.skip, stream_len);
	stream_len = 0;
	put_text(FIN | CLOSE, false, "");
	assert_int_equal(sip_ws_next(stream, stream_len, false, scratch, &f), SIP_FRAME_KEEPALIVE);
}

static void
garbage_is_skipped_up_to_the_next_message(void **state)
{
	/* compressed; an unknown opcode; a continuation of nothing; a ping of 126 bytes; no SIP */
	static const uint8_t bad[][4] = {{0xc1, 2, 'a', 'b'}, {0x83, 2, 'a', 'b'}, {0x80, 2, 'a', 'b'}, {0x89, 126, 0, 126}, {0x81, 2, '{', '}'}};

	for (size_t i = 0; i < base_count_of(bad); i++) {
		stream_len = 0;
		put_text(FIN | TEXT, true, "ACK sip:a SIP/2.0");
		memcpy(stream + stream_len, bad[i], 4);
		stream_len += 4;
		put_text(FIN | TEXT, true, "OPTIONS sip:alice@example.com SIP/2.0");
		put_text(FIN | TEXT, false, "SIP/2.0 200 OK, that is what it is");
		reads(false, "ACK sip:a SIP/2.0|OPTIONS sip:alice@example.com SIP/2.0|SIP/2.0 200 OK, that is what it is|");
	}
}

static void
behind_a_gap_the_next_message_is_found(void **state)
{
	stream_len = 0;
	put_text(FIN | TEXT, true, "OPTIONS sip:lost@example.com SIP/2.0");
	memmove(stream, stream + 20, stream_len - 20);
	stream_len -= 20;
	put_text(FIN | TEXT, true, "OPTIONS sip:alice@example.com SIP/2.0");
	put_text(FIN | TEXT, false, "SIP/2.0 200 OK, that is what it is");
	reads(true, "OPTIONS sip:alice@example.com SIP/2.0|SIP/2.0 200 OK, that is what it is|");
}

static void
connections_are_told_by_their_begin(void **state)
{
#define GET "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
	static const struct {
		const char *bytes;
		enum sip_ws_begin begin;
	} rows[] = {{GET "Sec-WebSocket-Protocol: sip\r\n\r\n", SIP_WS_HANDSHAKE},
		{GET "sec-websocket-protocol: xmpp, SIP\r\n\r\n", SIP_WS_HANDSHAKE},
		{GET "Sec-WebSocket-Protocol: sipx\r\n\r\n", SIP_WS_NO}, {GET "\r\n", SIP_WS_NO}, {GET "Sec-WebSocket-Pro", SIP_WS_MAYBE},
		{"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Protocol: sip\r\n\r\n", SIP_WS_HANDSHAKE},
		{"HTTP/1.1 200 OK\r\nSec-WebSocket-Protocol: sip\r\n\r\n", SIP_WS_NO}, {"INVITE sip:a SIP/2.0\r\n\r\n", SIP_WS_NO},
		{"", SIP_WS_NO}, {"\x81\x0eSIP/2.0 200 OK", SIP_WS_FRAME}, {"\x81\x7e\x01\x10SIP/2.0 200 OK\r\nVia: 1", SIP_WS_FRAME},
		{"\x81\x02{}", SIP_WS_NO}, {"\x81", SIP_WS_NO}};
	uint32_t skip;

	for (size_t i = 0; i < base_count_of(rows); i++) {
		uint32_t len = (uint32_t)strlen(rows[i].bytes);
		assert_int_equal(sip_ws_begins((const uint8_t *)rows[i].bytes, len, &skip), rows[i].begin);
		assert_int_equal(skip, rows[i].begin == SIP_WS_HANDSHAKE ? len : 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(frames_of_both_sides), cmocka_unit_test(a_message_in_several_frames),
		cmocka_unit_test(lengths_of_all_three_forms), cmocka_unit_test(control_frames_and_line_ends_are_keepalives),
		cmocka_unit_test(garbage_is_skipped_up_to_the_next_message), cmocka_unit_test(behind_a_gap_the_next_message_is_found),
		cmocka_unit_test(connections_are_told_by_their_begin)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
