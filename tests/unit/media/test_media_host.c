/* The table of hosts beside a naive one; what readers see of a host. */
#include "media_testing.h"

#include "media_host.h"

#define HOSTS 24

static struct base_ip
ip_of(uint32_t i)
{
	return base_ip_v4((uint8_t[]){203, 0, (uint8_t)(i >> 8), (uint8_t)i});
}

static void
counts_as_a_list_does(void **state)
{
	static const struct base_hash_key key = {1, 2};
	struct media_hosts h;
	uint32_t counts[HOSTS] = {0}, all = 0;
	uint64_t random = 3;
	void *mem = malloc(media_hosts_footprint(512)); /* 32 slots, 24 of them to be used */

	media_hosts_init(&h, mem, 512, &key);
	for (uint32_t lap = 0; lap < 200000; lap++) {
		uint32_t i = (uint32_t)(test_random(&random) % HOSTS);
		struct base_ip ip = ip_of(i);
		if (test_random(&random) % 2 && counts[i] < 3) {
			assert_int_equal(media_hosts_add(&h, &ip), ++counts[i]);
			all++;
		} else if (counts[i]) {
			assert_int_equal(media_hosts_remove(&h, &ip), --counts[i]);
			all--;
		}
	}
	for (uint32_t i = 0; i < HOSTS; i++) {
		struct base_ip ip = ip_of(i);
		for (; counts[i]; all--)
			assert_int_equal(media_hosts_remove(&h, &ip), --counts[i]);
	}
	assert_true(all == 0 && h.used == 0);
	free(mem);
}

/* Who found no room was not counted: until all are gone, one seen alone may have company. */
static void
full_knows_nobody_alone(void **state)
{
	static const struct base_hash_key key = {1, 2};
	struct media_hosts h;
	void *mem = malloc(media_hosts_footprint(1));
	uint32_t n = 0;

	media_hosts_init(&h, mem, 1, &key);
	for (uint32_t i = 0; i < 100; i++) {
		struct base_ip ip = ip_of(i);
		n += media_hosts_add(&h, &ip) == 1;
	}
	assert_true(n > 10 && n < 100 && h.full);
	for (uint32_t i = 0; i < 100; i++) {
		struct base_ip ip = ip_of(i);
		assert_int_equal(media_hosts_remove(&h, &ip), 0);
	}
	assert_false(h.full);
	free(mem);
}

static bool
host_is_seen(const struct rig *r, uint64_t call)
{
	struct base_endpoint host = {ip_of(1), 0};
	struct media_announce a;

	return media_directory_find(r->d, &host, &a) && a.call == call && a.guess;
}

static void
host_publish(struct rig *r, uint64_t call, uint8_t side, bool again)
{
	struct base_endpoint host = {ip_of(1), 0};
	struct media_announce a = {.call = call, .side = side, .guess = true, .again = again};

	assert_true(media_directory_publish(r->d, &host, &a));
}

static void
a_host_is_seen_while_one_side_of_one_call_is_behind_it(void **state)
{
	struct base_endpoint host = {ip_of(1), 0};
	struct rig *r = rig_new(8);

	host_publish(r, 7, MEDIA_SIDE_CALLER, false);
	host_publish(r, 7, MEDIA_SIDE_CALLER, true);
	assert_true(host_is_seen(r, 7));
	host_publish(r, 8, MEDIA_SIDE_CALLER, false);
	host_publish(r, 7, MEDIA_SIDE_CALLER, true);
	assert_false(host_is_seen(r, 7) || host_is_seen(r, 8));
	media_directory_withdraw(r->d, &host, 8);
	assert_false(host_is_seen(r, 7)); /* alone again, but nobody remembers what it announced */
	assert_true(host_is_seen(r, 0));
	media_directory_withdraw(r->d, &host, 7);
	assert_false(host_is_seen(r, 0));
	host_publish(r, 9, MEDIA_SIDE_CALLER, false);
	assert_true(host_is_seen(r, 9));
	host_publish(r, 9, MEDIA_SIDE_CALLEE, true); /* both ends behind one NAT */
	assert_false(host_is_seen(r, 9));
	media_directory_withdraw(r->d, &host, 9);
	assert_false(host_is_seen(r, 0));
	rig_free(r);
}

/* ---- streams ---- */

struct scene {
	uint8_t payload_type;
	int64_t sdp_ns;         /* after the first packet */
	uint32_t packets;
	bool second_call, gone, other_stream;
};

/* Packets of host 1, port 10002, to host 2; nobody announced these. How it is tied. */
static enum media_tied
tied(struct scene s)
{
	struct rig *r = rig_new(8);
	struct base_endpoint host = endpoint(1, 0), other = endpoint(3, port_of(3));
	struct media_announce a = {.call = 7, .since_ns = 10 * SEC + s.sdp_ns, .side = MEDIA_SIDE_CALLER, .guess = true, .n_codecs = 1,
		.codecs = {{8000, 8, RTP_CODEC_PCMA}}};

	media_directory_publish(r->d, &host, &a);
	if (s.second_call) {
		a.call = 8;
		media_directory_publish(r->d, &host, &a);
		a.call = 7;
	}
	if (s.gone)
		media_directory_withdraw(r->d, &host, 7);
	if (s.other_stream) {
		a.guess = false;
		media_directory_publish(r->d, &other, &a);
	}
	for (uint32_t i = 0; i < s.packets; i++) {
		struct rtp p = {.src = 1, .dst = 2, .ssrc = 5, .seq = (uint16_t)i, .timestamp = i * 160, .payload_type = s.payload_type, .ts_ns = 10 * SEC + i * 20 * MS};
		rig_packet(r, p);
		p.src = 3;
		p.ssrc = 6;
		if (s.other_stream)
			rig_packet(r, p);
		media_advance(r->m, p.ts_ns, NULL, NULL);
	}
	media_finish(r->m, rig_take, r);
	enum media_tied how = MEDIA_TIED_NOT;
	for (uint32_t i = 0; i < r->n_got; i++) {
		if (r->got[i].ssrc != 5)
			continue;
		how = (enum media_tied)r->got[i].tie;
		assert_true(r->got[i].packets == s.packets);
		assert_true(how == MEDIA_TIED_NOT || (r->got[i].call == 7 && r->got[i].sender == MEDIA_SIDE_CALLER));
	}
	rig_free(r);
	return how;
}

static void
a_stream_is_tied_by_its_host_where_the_evidence_is_clear(void **state)
{
	assert_int_equal(tied((struct scene){8, 0, 200, false, false, false}), MEDIA_TIED_GUESS);
	assert_int_equal(tied((struct scene){8, SEC, 200, false, false, false}), MEDIA_TIED_GUESS);
	assert_int_equal(tied((struct scene){8, 3 * SEC, 200, false, false, false}), MEDIA_TIED_NOT); /* was there long before */
	assert_int_equal(tied((struct scene){8, 0, 40, false, false, false}), MEDIA_TIED_NOT);        /* not a second yet */
	assert_int_equal(tied((struct scene){0, 0, 200, false, false, false}), MEDIA_TIED_NOT);       /* not of its codecs */
	assert_int_equal(tied((struct scene){8, 0, 200, true, false, false}), MEDIA_TIED_NOT);        /* two calls behind the host */
	assert_int_equal(tied((struct scene){8, 0, 200, false, true, false}), MEDIA_TIED_NOT);        /* over */
	assert_int_equal(tied((struct scene){8, 0, 200, false, false, true}), MEDIA_TIED_NOT);        /* its media are elsewhere */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_as_a_list_does),
		cmocka_unit_test(full_knows_nobody_alone),
		cmocka_unit_test(a_host_is_seen_while_one_side_of_one_call_is_behind_it),
		cmocka_unit_test(a_stream_is_tied_by_its_host_where_the_evidence_is_clear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
