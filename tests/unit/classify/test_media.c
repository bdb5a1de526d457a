#include "classify_testing.h"

#include "classify_private.h"

/* A payload of len bytes (zero-filled) that begins with head, in a buffer of exactly that size. */
static bool
holds(bool (*is)(const struct packet_view *), const char *head, size_t head_len, uint32_t len,
	uint32_t wire_len)
{
	uint8_t *p = calloc(1, len + 1);

	memcpy(p, head, head_len < len ? head_len : len);
	uint8_t *exact = malloc(len ? len : 1);
	memcpy(exact, p, len);
	struct packet_view view = testing_view(exact, len, PACKET_UDP, 40002);
	view.payload_wire_len = wire_len;
	bool result = is(&view);
	free(exact);
	free(p);
	return result;
}

#define YES(is, head, len) assert_true(holds(is, head, sizeof(head) - 1, len, len))
#define NO(is, head, len) assert_false(holds(is, head, sizeof(head) - 1, len, len))

static void
rtp(void **state)
{
	YES(classify_is_rtp, "\x80\x00", 172);
	YES(classify_is_rtp, "\x80\x88", 172);
	YES(classify_is_rtp, "\x80\x60", 12);
	NO(classify_is_rtp, "\x80\x60", 11);
	NO(classify_is_rtp, "\x40\x00", 172);
	NO(classify_is_rtp, "\xc0\x00", 172);
	NO(classify_is_rtp, "\x00\x00", 172);
	for (unsigned pt = 72; pt <= 76; pt++) {
		char head[2] = {(char)0x80, (char)pt}, marked[2] = {(char)0x80, (char)(pt | 0x80)};
		assert_false(holds(classify_is_rtp, head, 2, 172, 172));
		assert_false(holds(classify_is_rtp, marked, 2, 172, 172));
	}
	YES(classify_is_rtp, "\x80\x47", 172);
	YES(classify_is_rtp, "\x80\x4d", 172);
}

static void
rtp_csrcs_and_extension_fit(void **state)
{
	YES(classify_is_rtp, "\x8f\x00", 72);
	NO(classify_is_rtp, "\x8f\x00", 71);
	YES(classify_is_rtp, "\x90\x00zzzzzzzzzz\xbe\xde\x00\x02", 24);
	NO(classify_is_rtp, "\x90\x00zzzzzzzzzz\xbe\xde\x00\x02", 23);
	NO(classify_is_rtp, "\x90\x00zzzzzzzzzz\xbe\xde\xff\xff", 1400);
	NO(classify_is_rtp, "\x90\x00", 15);
	YES(classify_is_rtp, "\x9f\x00",
		76); /* the extension's length lies behind the 64 bytes: believed */
	NO(classify_is_rtp, "\x9f\x00", 75);
}

static void
rtcp(void **state)
{
	YES(classify_is_rtcp, "\x80\xc9\x00\x01", 8);
	YES(classify_is_rtcp, "\x81\xc8\x00\x0c", 52);
	NO(classify_is_rtcp, "\x81\xc8\x00\x0c", 48);
	NO(classify_is_rtcp, "\x81\xc8\x00\x0c", 56); /* a second packet of zeros is none */
	NO(classify_is_rtcp, "\x80\xc9\x00\x00", 4);
	NO(classify_is_rtcp, "\x40\xc9\x00\x01", 8);
	for (unsigned type = 0; type < 256; type++) {
		char head[4] = {(char)0x80, (char)type, 0, 1};
		bool want = (type >= 192 && type <= 195) || (type >= 200 && type <= 211);
		assert_int_equal(holds(classify_is_rtcp, head, 4, 8, 8), want);
	}
}

static void
rtcp_compounds_add_up(void **state)
{
	YES(classify_is_rtcp, "\x80\xc9\x00\x01SSRC\x81\xca\x00\x02SSRCxxxx", 20);
	NO(classify_is_rtcp, "\x80\xc9\x00\x01SSRC\x81\xca\x00\x02SSRCxxxx", 21);
	NO(classify_is_rtcp, "\x80\xc9\x00\x01SSRC\x81\xca\x00\x03SSRCxxxx", 20);
	NO(classify_is_rtcp, "\x80\xc9\x00\x01SSRC\x81\x00\x00\x02SSRCxxxx", 20);
	YES(classify_is_rtcp, "\x81\xc8\x00\x0f",
		100); /* the second packet lies behind the 64 bytes: believed */
}

static void
a_snap_length_hides_no_candidate(void **state)
{
	assert_true(holds(classify_is_rtp, "\x80\x00", 2, 54, 172));
	assert_true(holds(classify_is_rtp, "\x8f\x00", 2, 14, 172));
	assert_true(holds(classify_is_rtcp, "\x81\xc8\x00\x0c", 4, 20, 52));
	assert_false(holds(classify_is_rtcp, "\x81\xc8\x00\x0c", 4, 20, 51));
	assert_true(holds(classify_is_stun, "\x00\x01\x00\x08\x21\x12\xa4\x42", 8, 20, 28));
	assert_false(holds(classify_is_keepalive, "\r\n", 2, 2, 500));
}

static void
stun(void **state)
{
	YES(classify_is_stun, "\x00\x01\x00\x00\x21\x12\xa4\x42", 20);
	YES(classify_is_stun, "\x01\x01\x00\x0c\x21\x12\xa4\x42", 32);
	NO(classify_is_stun, "\x01\x01\x00\x0c\x21\x12\xa4\x42", 36);
	NO(classify_is_stun, "\x01\x01\x00\x0b\x21\x12\xa4\x42", 31);
	NO(classify_is_stun, "\x41\x01\x00\x00\x21\x12\xa4\x42", 20);
	NO(classify_is_stun, "\x00\x01\x00\x00\x21\x12\xa4\x43", 20);
	NO(classify_is_stun, "\x00\x01\x00\x00\x21\x12\xa4\x42", 19);
}

static void
keepalives(void **state)
{
	YES(classify_is_keepalive, "", 0);
	YES(classify_is_keepalive, "\r\n", 2);
	YES(classify_is_keepalive, "\r\n\r\n", 4);
	YES(classify_is_keepalive, "", 4);
	YES(classify_is_keepalive, " ", 1);
	YES(classify_is_keepalive, "", 64);
	NO(classify_is_keepalive, "", 65);
	NO(classify_is_keepalive, "\r\nx", 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rtp),
		cmocka_unit_test(rtp_csrcs_and_extension_fit),
		cmocka_unit_test(rtcp),
		cmocka_unit_test(rtcp_compounds_add_up),
		cmocka_unit_test(a_snap_length_hides_no_candidate),
		cmocka_unit_test(stun),
		cmocka_unit_test(keepalives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
