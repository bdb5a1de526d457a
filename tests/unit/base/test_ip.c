/* base_ip_parse (RFC 4291 2.2) and base_text_ip (RFC 5952): what is an address, and how it is
 * written back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base.h"

/* written: NULL where text is no address. */
static const struct {
	const char *text, *written;
} rows[] = {
	/* IPv4 */
	{"0.0.0.0", "0.0.0.0"},
	{"192.0.2.33", "192.0.2.33"},
	{"255.255.255.255", "255.255.255.255"},
	{"010.001.000.009", "10.1.0.9"},
	{"256.0.0.1", NULL},
	{"1.2.3", NULL},
	{"1.2.3.", NULL},
	{"1.2.3.4.", NULL},
	{"1.2.3.4.5", NULL},
	{"1..3.4", NULL},
	{".1.2.3.4", NULL},
	{"0001.2.3.4", NULL},
	{"1.2.3.4 ", NULL},
	{"1.2.3.4:5060", NULL},
	{"[1.2.3.4]", NULL},
	{"+1.2.3.4", NULL},
	/* IPv6 */
	{"::", "::"},
	{"::1", "::1"},
	{"1::", "1::"},
	{"[2001:db8::10]", "2001:db8::10"},
	{"2001:0DB8:0000:0000:0008:0800:200C:417A", "2001:db8::8:800:200c:417a"},
	{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	{"0:0:0:0:0:0:0:2", "::2"},
	{"1:0:0:0:0:0:0:0", "1::"},
	{"0:1:0:0:0:0:0:0", "0:1::"},
	{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
	{"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
	{"fe80::1:2:3:4", "fe80::1:2:3:4"},
	{"::ffff:192.0.2.1", "192.0.2.1"},
	{"::FFFF:c000:201", "192.0.2.1"},
	{"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
	{"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
	{"", NULL},
	{"[]", NULL},
	{"[", NULL},
	{":", NULL},
	{":::", NULL},
	{"1::2::3", NULL},
	{":1", NULL},
	{"1:", NULL},
	{"::1:", NULL},
	{"1:2:3:4:5:6:7", NULL},
	{"1:2:3:4:5:6:7:8:", NULL},
	{"1:2:3:4:5:6:7:8::", NULL},
	{"1:2:3:4:5:6:7:8:9", NULL},
	{"1:2:3:4:5:6:7:1.2.3.4", NULL},
	{"::1.2.3.4:1", NULL},
	{"::1.2.3", NULL},
	{"12345::", NULL},
	{"g::", NULL},
	{"fe80::1%eth0", NULL},
	{"[::1", NULL},
	{"[[::1]]", NULL},
};

static struct base_span
written(char *buffer, size_t cap, const struct base_ip *ip)
{
	struct base_text t = base_text_of(buffer, cap);

	base_text_ip(&t, ip);
	assert_false(t.overflow);
	return base_span_of(buffer, (uint32_t)t.len);
}

static void
table(void **state)
{
	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct base_ip ip, before;
		char buffer[64];
		memset(&ip, 0x5a, sizeof(ip));
		before = ip;
		bool is = base_ip_parse(base_span_cstr(rows[i].text), &ip);
		if (is != (rows[i].written != NULL))
			fail_msg("%s", rows[i].text);
		if (!is)
			assert_true(base_ip_eq(&ip, &before));
		else if (!base_span_eq(written(buffer, sizeof(buffer), &ip),
				 base_span_cstr(rows[i].written)))
			fail_msg("%s is not written as %s", rows[i].text, rows[i].written);
	}
	struct base_ip ip;
	assert_false(base_ip_parse((struct base_span){NULL, 0}, &ip)); /* a header that is not there */
}

/* Whatever the address, its text is read back as the same, in brackets too, and is never longer
 * than 39 bytes. */
static void
there_and_back(void **state)
{
	uint64_t x = 1;

	for (int i = 0; i < 20000; i++) {
		struct base_ip ip, back;
		char buffer[64] = "[";
		for (int k = 0; k < 16; k += 2) {
			x = base_hash_mix(x + 1);
			/* many zero groups, so that every shape of :: comes up */
			base_store_be16(
				ip.b + k, x & 0x700 ? 0 : (uint16_t)(x >> (x & 3) * 4 >> 40));
		}
		if (i % 5 == 0)
			ip = base_ip_v4(ip.b);
		struct base_span s = written(buffer + 1, sizeof(buffer) - 1, &ip);
		assert_true(s.len <= 39);
		assert_true(base_ip_parse(s, &back) && base_ip_eq(&ip, &back));
		buffer[1 + s.len] = ']';
		assert_int_equal(
			base_ip_parse(base_span_of(buffer, s.len + 2), &back), !base_ip_is_v4(&ip));
	}
}

/* A text cut at any byte is read within its bounds (the sanitizers watch). */
static void
cut_anywhere(void **state)
{
	for (size_t i = 0; i < base_count_of(rows); i++) {
		for (uint32_t len = 0; len <= strlen(rows[i].text); len++) {
			struct base_ip ip;
			char exact[64];
			memcpy(exact + sizeof(exact) - len, rows[i].text, len);
			base_ip_parse(base_span_of(exact + sizeof(exact) - len, len), &ip);
		}
	}
}

static void
predicates(void **state)
{
	struct base_ip any4 = base_ip_v4((const uint8_t[]){0, 0, 0, 0}), any6 = {{0}},
		       one = {{[15] = 1}};

	assert_true(base_ip_is_any(&any4) && base_ip_is_any(&any6));
	assert_false(base_ip_is_any(&one));
	assert_true(base_ip_is_v4(&any4));
	assert_false(base_ip_is_v4(&any6) || base_ip_is_v4(&one));
	assert_false(base_ip_eq(&any4, &any6));
}

static void
endpoints(void **state)
{
	static const struct {
		const char *text;
		int port; /* 0: none */
	} ends[] = {{"127.0.0.1:9464", 9464}, {"[::1]:1", 1}, {"[2001:db8::1]:65535", 65535},
		{"::1:80", 0}, {"127.0.0.1", 0}, {"127.0.0.1:", 0}, {"127.0.0.1:0", 0},
		{"127.0.0.1:65536", 0}, {":80", 0}, {"", 0}, {":", 0}, {"localhost:80", 0},
		{"[::1]", 0}, {"[127.0.0.1]:80", 0}, {"127.0.0.1:80 ", 0}, {"[]:80", 0}};

	for (size_t i = 0; i < base_count_of(ends); i++) {
		struct base_endpoint e = {.port = 0};
		bool is = base_endpoint_parse(base_span_cstr(ends[i].text), &e);
		if (is != (ends[i].port != 0) || (is && e.port != ends[i].port))
			fail_msg("%s: %d", ends[i].text, e.port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(predicates),
		cmocka_unit_test(endpoints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
