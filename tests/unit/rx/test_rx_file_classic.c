#include "rx_testing.h"

#define US 0xa1b2c3d4u
#define NS 0xa1b23c4du

static struct reading r, piped;

/* One packet with these header words. */
static void
read_one(uint32_t magic, bool big, uint32_t snaplen, uint32_t linktype, uint32_t seconds, uint32_t fraction,
	uint32_t captured, uint32_t original)
{
	static struct capture c;

	c = (struct capture){.big = big};
	classic_header(&c, magic, snaplen, linktype);
	classic_packet(&c, seconds, fraction, captured, original);
	read_file(&r, c.p, c.len, 64);
	read_pipe(&piped, c.p, c.len, 64);
	assert_same_reading(&r, &piped);
}

static void
times_are_ns_in_any_order_and_unit(void **state)
{
	static const struct {
		uint32_t magic, seconds, fraction;
		int64_t ts_ns;
	} rows[] = {
		{US, 0, 0, 0},
		{US, 1, 1, 1000001000},
		{NS, 1, 1, 1000000001},
		{US, 1700000000, 999999, 1700000000999999000},
		{NS, 1700000000, 999999999, 1700000000999999999},
		{US, 0x80000000u, 0, 2147483648000000000},  /* 2038 */
		{US, 0xffffffffu, 5, 4294967295000005000},  /* 2106 */
		{US, 10, 1000000, 11000000000},             /* a writer that does not carry */
		{US, 10, 2000000, 10000000000},             /* no fraction of any clock */
		{US, 10, 0xffffffffu, 10000000000},
		{NS, 10, 0x90000000u, 10000000000},
	};

	for (size_t i = 0; i < base_count_of(rows); i++)
		for (int big = 0; big < 2; big++) {
			read_one(rows[i].magic, big, 65535, 1, rows[i].seconds, rows[i].fraction, 20, 20);
			assert_int_equal(r.n, 1);
			assert_int_equal(r.frames[0].ts_ns, rows[i].ts_ns);
		}
}

static void
lengths_are_bounded(void **state)
{
	static const struct {
		uint32_t snaplen, captured, original, len, wire_len;
	} rows[] = {
		{65535, 60, 60, 60, 60},
		{65535, 60, 1500, 60, 1500},
		{65535, 60, 10, 60, 60},      /* an original length that lies */
		{65535, 0, 0, 0, 0},
		{65535, 0, 70, 0, 70},
		{40, 60, 60, 40, 60},         /* beyond the snap length, cut as libpcap does */
		{0, 60, 60, 60, 60},          /* no snap length */
		{0xffffffff, 60, 60, 60, 60},
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		read_one(US, i & 1, rows[i].snaplen, 1, 1, 1, rows[i].captured, rows[i].original);
		assert_int_equal(r.n, 1);
		assert_int_equal(r.frames[0].len, rows[i].len);
		assert_int_equal(r.frames[0].wire_len, rows[i].wire_len);
	}
}

static void
link_types_become_links(void **state)
{
	static const struct {
		uint32_t linktype;
		enum packet_link link;
	} rows[] = {
		{1, PACKET_LINK_ETHERNET}, {101, PACKET_LINK_RAW}, {0, PACKET_LINK_NULL}, {113, PACKET_LINK_SLL},
		{276, PACKET_LINK_SLL2}, {228, PACKET_LINK_RAW}, {0x24000001, PACKET_LINK_ETHERNET}, /* with FCS length */
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		read_one(US, false, 65535, rows[i].linktype, 1, 1, 40, 40);
		assert_int_equal(r.n, 1);
		assert_int_equal(r.frames[0].link, rows[i].link);
	}
}

static void
a_length_that_cannot_be_is_damage(void **state)
{
	static struct capture c;

	c = (struct capture){.big = true};
	classic_header(&c, US, 65535, 1);
	classic_packet(&c, 1, 1, 100, 100);
	put(&c, 1, 4), put(&c, 1, 4), put(&c, 262145, 4), put(&c, 262145, 4), put_zeros(&c, 5000);
	read_file(&r, c.p, c.len, 64);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.error, -BASE_ERR_FORMAT);
	assert_non_null(strstr(r.text.text, "packet 2 claims 262145 bytes"));
	read_pipe(&piped, c.p, c.len, 64);
	assert_same_reading(&r, &piped);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_ns_in_any_order_and_unit),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(link_types_become_links),
		cmocka_unit_test(a_length_that_cannot_be_is_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
