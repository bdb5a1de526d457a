/* T.38 is a stream of the call whose SDP announced udptl, and nothing else is. */
#include "media_testing.h"

static bool
fax(struct rig *r, uint16_t seq, uint8_t repeats, int64_t ts_ns)
{
	uint8_t bytes[16] = {0, 0, 1, 6, 0, repeats};
	struct test_packet t;

	test_packet_make(&t, &(struct rtp){.src = 1, .dst = 2, .ts_ns = ts_ns});
	base_store_be16(bytes, seq);
	for (uint32_t i = 0; i < repeats; i++)
		bytes[6 + 2 * i] = 1, bytes[7 + 2 * i] = 4;
	t.view.payload = bytes;
	t.view.payload_len = t.view.payload_wire_len = 6u + 2 * repeats;
	t.packet.view = &t.view;
	return media_fax(r->m, &t.packet);
}

static void
announce(struct rig *r, uint8_t host, bool t38)
{
	struct media_announce a = {.call = 7, .side = host == 1 ? MEDIA_SIDE_CALLER : MEDIA_SIDE_CALLEE, .t38 = t38};
	struct base_endpoint at = endpoint(host, port_of(host));
	assert_true(media_directory_publish(r->d, &at, &a));
}

static void
packets_losses_and_redundancy_are_told(void **state)
{
	struct rig *r = rig_new(8);

	announce(r, 1, true);
	announce(r, 2, true);
	for (uint16_t i = 0; i < 20; i++)
		if (i != 5 && i != 6)
			assert_true(fax(r, (uint16_t)(65530 + i), i > 2 ? 2 : 0, SEC + i * 20 * MS));
	assert_true(fax(r, 65530, 0, 2 * SEC)); /* again */
	media_collect(r->m, 7, rig_take, r);
	assert_int_equal(r->n_got, 1);
	assert_int_equal(r->got[0].codec, RTP_CODEC_T38);
	assert_int_equal(r->got[0].packets, 19);
	assert_int_equal(r->got[0].lost, 2);
	assert_int_equal(r->got[0].duplicates, 1);
	assert_int_equal(r->got[0].redundant, 15);
	assert_int_equal(r->got[0].sender, MEDIA_SIDE_CALLER);
	rig_free(r);
}

static void
without_an_announcement_of_udptl_there_is_no_fax(void **state)
{
	struct rig *r = rig_new(8);
	struct base_endpoint at = endpoint(2, port_of(2));

	assert_false(fax(r, 1, 0, SEC));
	announce(r, 2, false);
	assert_false(fax(r, 2, 0, SEC));
	announce(r, 2, true);
	announce(r, 2, false); /* back to audio */
	assert_false(fax(r, 3, 0, SEC));
	announce(r, 2, true);
	assert_true(fax(r, 4, 0, SEC));
	media_directory_withdraw(r->d, &at, 7);
	media_collect(r->m, 7, rig_take, r);
	assert_false(fax(r, 5, 0, SEC));
	rig_free(r);
}

static void
what_is_no_udptl_is_no_fax(void **state)
{
	struct rig *r = rig_new(8);

	announce(r, 2, true);
	rig_packet(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC});
	struct test_packet t;
	test_packet_make(&t, &(struct rtp){.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC, .payload_type = 8});
	t.packet.view = &t.view;
	t.view.payload = t.bytes;
	assert_false(media_fax(r->m, &t.packet));
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(packets_losses_and_redundancy_are_told),
		cmocka_unit_test(without_an_announcement_of_udptl_there_is_no_fax), cmocka_unit_test(what_is_no_udptl_is_no_fax)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
