#include "rx_testing.h"

static struct capture c;
static struct reading r, piped;

static void
begin(bool big)
{
	c = (struct capture){.big = big};
	ng_section(&c);
}

static void
read_both(void)
{
	read_file(&r, c.p, c.len, 64);
	read_pipe(&piped, c.p, c.len, 64);
	assert_same_reading(&r, &piped);
}

static void
times_follow_resolution_and_offset(void **state)
{
	static const struct {
		int tsresol;
		int64_t offset_s;
		uint64_t ticks;
		int64_t ts_ns;
	} rows[] = {
		{-1, 0, 1700000000123456, 1700000000123456000},
		{6, 0, 1700000000123456, 1700000000123456000},
		{9, 0, 1700000000123456789, 1700000000123456789},
		{3, 0, 1700000000123, 1700000000123000000},
		{0, 0, 1700000000, 1700000000000000000},
		{7, 0, 17000000001234567, 1700000000123456700},
		{6, 3600, 1700000000123456, 1700003600123456000},
		{6, -3600, 1700000000123456, 1699996400123456000},
		{0x80 | 1, 0, 3, 1500000000},
		{0x80 | 10, 0, 1700000000ull << 10 | 512, 1700000000500000000},
		{0x80 | 32, 0, 1ull << 32 | 1ull << 31, 1500000000},
	};

	for (size_t i = 0; i < base_count_of(rows); i++)
		for (int big = 0; big < 2; big++) {
			begin(big);
			ng_interface(&c, 1, 0, rows[i].tsresol, rows[i].offset_s);
			ng_packet(&c, 0, rows[i].ticks, 20, 20);
			read_both();
			assert_int_equal(r.n, 1);
			assert_int_equal(r.frames[0].ts_ns, rows[i].ts_ns);
		}
}

static void
times_that_no_clock_shows_do_no_harm(void **state)
{
	static const int resolutions[] = {0, 6, 9, 10, 18, 19, 20, 127, 0x80, 0x80 | 63, 0x80 | 64, 0xff};
	static const int64_t offsets[] = {0, -1, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < base_count_of(resolutions); i++)
		for (size_t k = 0; k < base_count_of(offsets); k++) {
			begin(false);
			ng_interface(&c, 1, 0, resolutions[i], offsets[k]);
			ng_packet(&c, 0, UINT64_MAX, 20, 20);
			ng_packet(&c, 0, 0, 20, 20);
			read_file(&r, c.p, c.len, 64);
			assert_int_equal(r.n, 2);
			assert_true(r.frames[0].ts_ns >= 0 && r.frames[1].ts_ns >= 0);
		}
}

static void
each_interface_has_its_link(void **state)
{
	begin(false);
	ng_interface(&c, 0, 262144, -1, 0);
	ng_interface(&c, 1, 65535, 9, 0);
	ng_interface(&c, 101, 0, -1, 0);
	ng_interface(&c, 189, 0, -1, 0);
	for (uint32_t i = 0; i < 4; i++)
		ng_packet(&c, i, 0, 20 + i, 20 + i);
	read_file(&r, c.p, c.len, 64);
	assert_int_equal(r.n, 4);
	assert_int_equal(r.error, 0);
	assert_int_equal(r.frames[0].link, PACKET_LINK_NULL);
	assert_int_equal(r.frames[1].link, PACKET_LINK_ETHERNET);
	assert_int_equal(r.frames[2].link, PACKET_LINK_RAW);
	/* One that cannot be decoded beside others that can: a verdict, not the end. */
	assert_int_equal(r.frames[3].link, PACKET_LINK_UNKNOWN);
	assert_int_equal(r.frames[3].port, 3);
	/* libpcap cannot, and a pipe says so. */
	read_pipe(&piped, c.p, c.len, 64);
	assert_true(!piped.opened || piped.error == -BASE_ERR_UNSUPPORTED);
	assert_non_null(strstr(piped.text.text, "interface"));
}

static void
a_capture_of_unknown_links_only_is_refused(void **state)
{
	begin(false);
	ng_interface(&c, 189, 0, -1, 0);
	ng_packet(&c, 0, 0, 20, 20);
	read_file(&r, c.p, c.len, 64);
	assert_false(r.opened);
	assert_non_null(strstr(r.text.text, "USB_LINUX"));
}

static void
a_new_section_forgets_interfaces_and_byte_order(void **state)
{
	begin(false);
	ng_interface(&c, 1, 0, 9, 0);
	ng_packet(&c, 0, 7, 20, 20);
	c.big = true;
	ng_section(&c);
	ng_interface(&c, 1, 0, 6, 0);
	ng_packet(&c, 0, 7, 21, 21);
	read_file(&r, c.p, c.len, 64); /* more than libpcap can */
	assert_int_equal(r.n, 2);
	assert_int_equal(r.frames[0].ts_ns, 7);
	assert_int_equal(r.frames[1].ts_ns, 7000);
	ng_section(&c);
	ng_packet(&c, 0, 7, 21, 21);
	read_file(&r, c.p, c.len, 64);
	assert_int_equal(r.n, 2);
	assert_non_null(strstr(r.text.text, "does not describe"));
}

static void
other_blocks_are_walked_over_and_old_packet_kinds_read(void **state)
{
	struct capture b = {.big = false};

	begin(false);
	ng_interface(&c, 1, 30, -1, 0);
	put_data(&b, 33, 1);
	ng_block(&c, 4, &b);           /* name resolution */
	ng_block(&c, 0x80001234, &b);  /* somebody's own */
	ng_packet(&c, 0, 5000, 20, 20);
	b = (struct capture){.big = false};
	put(&b, 50, 4), put_data(&b, 30, 2);
	ng_block(&c, 3, &b);           /* simple: cut at the snap length, no time of its own */
	b = (struct capture){.big = false};
	put(&b, 0, 2), put(&b, 9, 2), put(&b, 0, 4), put(&b, 6000, 4), put(&b, 22, 4), put(&b, 99, 4), put_data(&b, 22, 3);
	ng_block(&c, 2, &b);           /* obsolete packet block */
	read_file(&r, c.p, c.len, 64);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.error, 0);
	assert_int_equal(r.frames[1].len, 30);
	assert_int_equal(r.frames[1].wire_len, 50);
	assert_int_equal(r.frames[1].ts_ns, 5000000);
	assert_int_equal(r.frames[2].len, 22);
	assert_int_equal(r.frames[2].wire_len, 99);
	assert_int_equal(r.frames[2].ts_ns, 6000000);
}

/* Every byte of a capture replaced: never a read beyond it, and what is delivered lies within it. */
static void
damage_anywhere_is_survived(void **state)
{
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};

	begin(false);
	ng_interface(&c, 1, 0, 9, 60);
	ng_packet(&c, 0, 7, 21, 21);
	ng_packet(&c, 0, 8, 4, 4);
	for (uint32_t at = 0; at < c.len; at++)
		for (size_t v = 0; v < base_count_of(values); v++) {
			uint8_t kept = c.p[at];
			c.p[at] = values[v];
			read_file(&r, c.p, c.len, 64);
			assert_true(r.n <= 2);
			assert_true(r.error == 0 || r.error == -BASE_ERR_FORMAT);
			c.p[at] = kept;
		}
	read_both();
	assert_int_equal(r.n, 2);
}

static void
a_cut_capture_says_so(void **state)
{
	begin(false);
	ng_interface(&c, 1, 0, -1, 0);
	ng_packet(&c, 0, 7, 21, 21);
	uint32_t first = c.len;
	ng_packet(&c, 0, 8, 40, 40);
	for (uint32_t cut = first + 1; cut < c.len; cut++) {
		read_file(&r, c.p, cut, 64);
		assert_int_equal(r.n, 1);
		assert_non_null(strstr(r.text.text, "the last packet (number 2) is cut short"));
		read_pipe(&piped, c.p, cut, 64);
		assert_same_reading(&r, &piped);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_follow_resolution_and_offset),
		cmocka_unit_test(times_that_no_clock_shows_do_no_harm),
		cmocka_unit_test(each_interface_has_its_link),
		cmocka_unit_test(a_capture_of_unknown_links_only_is_refused),
		cmocka_unit_test(a_new_section_forgets_interfaces_and_byte_order),
		cmocka_unit_test(other_blocks_are_walked_over_and_old_packet_kinds_read),
		cmocka_unit_test(damage_anywhere_is_survived),
		cmocka_unit_test(a_cut_capture_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
