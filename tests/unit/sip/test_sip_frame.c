#include "sip_testing.h"

#define MESSAGE_A "OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 4\r\n\r\nbody"
#define MESSAGE_B "SIP/2.0 200 OK\r\nl \t:\r\n 3\r\nCall-ID: 1\r\n\r\nxyz"
#define MESSAGE_C "NEWMETHOD sip:a@b SIP/2.0\nCall-ID: 2\n\n"
#define JUNK "this is no SIP at all\r\nnor this: one\r\n"

#define MESSAGE SIP_FRAME_MESSAGE
#define MORE SIP_FRAME_NEED_MORE
#define KEEPALIVE SIP_FRAME_KEEPALIVE
#define GARBAGE SIP_FRAME_GARBAGE

static void
F(const char *text, bool resync, enum sip_frame_result want, uint32_t skip)
{
	struct sip_frame frame;
	uint32_t len = (uint32_t)strlen(text);
	uint8_t *copy = heap_copy(text, len);
	enum sip_frame_result got = sip_frame_next(copy, len, resync, &frame);

	if (got != want || frame.skip != skip)
		fail_msg("%s: got %d, skip %u, expected %d, %u", text, got, frame.skip, want, skip);
	free(copy);
}

static void
test_frames(void **state)
{
	F("", false, MORE, 0);
	F(MESSAGE_A, false, MESSAGE, sizeof(MESSAGE_A) - 1);
	F(MESSAGE_A MESSAGE_B, false, MESSAGE, sizeof(MESSAGE_A) - 1);
	F(MESSAGE_B, false, MESSAGE, sizeof(MESSAGE_B) - 1);
	F(MESSAGE_C "rest", false, MESSAGE,
		sizeof(MESSAGE_C) - 1); /* no Content-Length: no body in a stream */
	F("\r\n\r\n", false, KEEPALIVE, 4);
	F("\r\n" MESSAGE_A, false, KEEPALIVE, 2);
	F("\r\n", true, KEEPALIVE, 2);
	F("OPTIONS sip:a@b SIP/2.0\r\nl: 131072\r\n\r\n", false, GARBAGE, 38);
	F("OPTIONS sip:a@b SIP/2.0\r\nl: 131000\r\n\r\n", false, MORE, 0);
	F("OPTIONS sip:a@b SIP/2.0\r\nl: -1\r\nl: 5\r\n\r\n", false, MESSAGE, 40);
}

static void
test_garbage(void **state)
{
	F(JUNK MESSAGE_A, false, GARBAGE, sizeof(JUNK) - 1);
	F(JUNK MESSAGE_A, true, GARBAGE, sizeof(JUNK) - 1);
	F(JUNK "OPTI", true, GARBAGE, sizeof(JUNK) - 1);
	F(JUNK, true, GARBAGE, sizeof(JUNK) - 1);
	F(MESSAGE_A, true, MESSAGE, sizeof(MESSAGE_A) - 1);
	F("tag=1\r\n" MESSAGE_B, true, GARBAGE, 7);
	F("tag=1", true, MORE, 0);
	F("GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, GARBAGE, 27);
	F("0123456789012345678901234567890123456789012345678901234567890123456789", false, GARBAGE,
		70);
}

/* The messages of a stream that comes in pieces of any size are the same. */
static void
test_every_cut(void **state)
{
	static const char text[] = MESSAGE_A "\r\n\r\n" MESSAGE_B JUNK MESSAGE_C MESSAGE_A;
	static const uint32_t lengths[] = {sizeof(MESSAGE_A) - 1, sizeof(MESSAGE_B) - 1,
		sizeof(MESSAGE_C) - 1, sizeof(MESSAGE_A) - 1};
	uint32_t whole = sizeof(text) - 1;

	for (uint32_t step = 1; step <= whole; step++) {
		uint32_t at = 0, have = 0, n = 0;
		while (at < whole) {
			struct sip_frame frame;
			uint8_t *copy = heap_copy(text + at, have - at);
			enum sip_frame_result result =
				sip_frame_next(copy, have - at, false, &frame);
			assert_true(frame.skip <= have - at);
			at += frame.skip;
			free(copy);
			if (result == SIP_FRAME_MESSAGE)
				assert_int_equal(frame.len, lengths[n++]);
			if (result != SIP_FRAME_NEED_MORE)
				continue;
			assert_true(have < whole);
			have = have + step < whole ? have + step : whole;
		}
		assert_int_equal(n, base_count_of(lengths));
	}
}

/* What never ends is given up beyond SIP_FRAME_MAX, and the next message is found. */
static void
test_bound(void **state)
{
	uint32_t len = SIP_FRAME_MAX + 1000;
	uint8_t *p = malloc(len);
	struct sip_frame frame;
	const char start[] = "OPTIONS sip:a@b SIP/2.0\r\nX: ";

	memset(p, 'x', len);
	memcpy(p, start, sizeof(start) - 1);
	assert_int_equal(sip_frame_next(p, SIP_FRAME_MAX, false, &frame), SIP_FRAME_NEED_MORE);
	assert_int_equal(sip_frame_next(p, len, false, &frame), SIP_FRAME_GARBAGE);
	memcpy(p + len - sizeof(MESSAGE_A) - 1, "\r\n" MESSAGE_A, sizeof(MESSAGE_A) + 1);
	assert_int_equal(sip_frame_next(p, len, false, &frame), SIP_FRAME_GARBAGE);
	assert_int_equal(frame.skip, len - (sizeof(MESSAGE_A) - 1));
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
