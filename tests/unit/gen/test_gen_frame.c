/* Laws: no IP packet is longer than the MTU; checksums hold; the fragments of a message put together
 * are the message. */
#include "gen_testing.h"

struct seen {
	uint32_t fragments, bad_sums, too_long;
	uint8_t bytes[16384];
	uint32_t len, whole;
};

/* With its own sum in it, a header or a datagram with its pseudo header sums up to all ones. */
static uint32_t
folded(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void
check_datagram(struct seen *s, const struct packet_view *v, const uint8_t *p, uint32_t len)
{
	uint32_t sum = folded(folded(17 + len, v->src.ip.b, 16), v->dst.ip.b, 16);

	/* ::ffff:0:0/96 of a mapped address adds 0xffff, which is 0 here. */
	s->bad_sums += base_load_be16(p + 6) != 0 && folded(sum, p, len) != 0xffff;
}

static void
look(struct run *r, const struct gen_frame *f, const struct packet_view *view)
{
	struct seen *s = r->context;
	bool v4 = base_ip_is_v4(&view->src.ip);

	s->too_long += f->len - 14 > 1500;
	if (v4)
		s->bad_sums += folded(0, f->bytes + 14, 20) != 0xffff;
	if (view->transport == PACKET_UDP) {
		check_datagram(s, view, view->payload - 8, view->payload_len + 8);
		return;
	}
	s->fragments++;
	assert_int_equal(view->fragment_offset, s->len);
	assert_true(s->len + view->payload_len <= sizeof(s->bytes));
	memcpy(s->bytes + s->len, view->payload, view->payload_len);
	s->len += view->payload_len;
	if (view->fragment_more)
		return;
	assert_int_equal(base_load_be16(s->bytes + 4), s->len);
	assert_memory_equal(s->bytes + 8, "INVITE sip:", 11);
	check_datagram(s, view, s->bytes, s->len);
	s->len = 0;
	s->whole++;
}

static void
fragments_are_the_message(void **state)
{
	struct gen_options o = gen_options_default();
	struct seen s = {0};
	struct run r = {.frame = look, .context = &s};

	o.duration_ns = 2 * BASE_NS_PER_SEC;
	o.hold_ns = BASE_NS_PER_SEC;
	o.ipv6 = 0.5;
	o.large = 1;
	run_all(&r, o);
	assert_int_equal(s.whole, r.counters.calls);
	assert_true(s.fragments >= 2 * s.whole);
	assert_int_equal(s.bad_sums, 0);
	assert_int_equal(s.too_long, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(fragments_are_the_message)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
