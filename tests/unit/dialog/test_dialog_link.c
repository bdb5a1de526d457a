/* Legs of one call are linked, whichever comes first and wherever they are kept; never merged. */
#include "dialog_testing.h"

#define CAROL 5

/* INVITE of a leg: from src to dst, by the user alice or another to bob or another. */
static void
leg(struct fixture *f, const char *call_id, int64_t ms, uint8_t src, uint8_t dst, const char *extra)
{
	f->call_id = call_id;
	f->extra = extra;
	say(f, ms, src, dst, "INVITE", "1 INVITE", "a1", "", NULL);
	f->extra = NULL;
}

/* Each of the two records names the other. */
static void
linked(struct fixture *f, const char *reason, const char *confidence)
{
	char want[128];

	assert_int_equal(f->n_records, 2);
	for (uint32_t i = 0; i < 2; i++) {
		const char *other = strstr(f->json[!i], "\"uid\":\"");
		has(f, i, "\"linked\":[{\"uid\":");
		const char *list = strstr(f->json[i], "\"linked\":[{\"uid\":");
		assert_memory_equal(list + strlen("\"linked\":[{"), other, 39);
		snprintf(want, sizeof(want), "\"reason\":\"%s\",\"confidence\":%s}]", reason, confidence);
		has(f, i, want);
	}
	fixture_free(f);
}

static void
not_linked(struct fixture *f)
{
	for (uint32_t i = 0; i < f->n_records; i++)
		has_not(f, i, "\"linked\"");
	fixture_free(f);
}

static void
a_b2bua_is_known_by_what_it_carries_over(void **state)
{
	static const struct {
		const char *first, *second, *reason, *confidence;
	} cases[] = {{NULL, "X-Call-ID: leg1\r\n", "x-call-id", "0.950"},
		{"X-Call-ID: same;x\r\n", "X-Call-ID: same\r\n", "x-call-id", "0.950"},
		{"Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000\r\n",
			"Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000\r\n", "session-id", "0.950"},
		{"P-Charging-Vector: icid-value=\"i1\";orig-ioi=a\r\n", "P-Charging-Vector: icid-value=i1\r\n", "icid", "0.900"},
		{NULL, "Replaces: leg1;to-tag=1;from-tag=2\r\n", "replaces", "1.000"}};

	for (size_t i = 0; i < base_count_of(cases); i++) {
		for (int swapped = 0; swapped <= 1; swapped++) {
			struct fixture *f = fixture_new(16);
			for (int k = 0; k <= 1; k++)
				if (k == swapped)
					leg(f, "leg1", k * 5000, ALICE, PROXY, cases[i].first);
				else /* another address, and late: the numbers do not speak */
					leg(f, "leg2", k * 5000, CAROL, BOB, cases[i].second);
			finish(f, 9000);
			linked(f, cases[i].reason, cases[i].confidence);
		}
	}
}

static void
numbers_link_what_goes_into_an_address_and_soon_out_of_it(void **state)
{
	struct fixture *f = fixture_new(16);

	leg(f, "leg1", 0, ALICE, PROXY, NULL);
	leg(f, "leg2", 200, PROXY, BOB, NULL);
	finish(f, 1000);
	has(f, 0, "{\"ip\":\"10.0.0.3\",\"port\":5060,\"role\":\"b2bua\",\"evidence\":\"leg\"}");
	has(f, 1, "{\"ip\":\"10.0.0.3\",\"port\":5060,\"role\":\"b2bua\",\"evidence\":\"leg\"}");
	linked(f, "numbers", "0.600");
}

static void
numbers_alone_link_nothing(void **state)
{
	struct fixture *f = fixture_new(16);

	leg(f, "leg1", 0, ALICE, PROXY, NULL);
	leg(f, "leg2", 200, CAROL, BOB, NULL); /* from elsewhere */
	finish(f, 1000);
	not_linked(f);
	f = fixture_new(16);
	leg(f, "leg1", 0, ALICE, PROXY, NULL);
	leg(f, "leg2", 4000, PROXY, BOB, NULL); /* late */
	finish(f, 5000);
	not_linked(f);
	f = fixture_new(16);
	leg(f, "leg2", 0, PROXY, BOB, NULL); /* out before in */
	leg(f, "leg1", 500, ALICE, PROXY, NULL);
	finish(f, 5000);
	not_linked(f);
	f = fixture_new(16);
	leg(f, "leg1", 0, ALICE, PROXY, NULL); /* forwarded by a proxy: the same leg */
	leg(f, "leg1", 10, PROXY, BOB, "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\r\n");
	finish(f, 5000);
	assert_int_equal(f->n_records, 1);
	not_linked(f);
	f = fixture_new(16);
	leg(f, "leg1", 0, ALICE, ALICE, NULL); /* all on one host */
	leg(f, "leg2", 10, ALICE, ALICE, NULL);
	finish(f, 5000);
	not_linked(f);
}

static void
a_nil_session_id_links_nothing(void **state)
{
	struct fixture *f = fixture_new(16);

	leg(f, "leg1", 0, ALICE, PROXY, "Session-ID: 00000000000000000000000000000000\r\n");
	leg(f, "leg2", 4000, CAROL, BOB, "Session-ID: 00000000000000000000000000000000\r\n");
	finish(f, 5000);
	not_linked(f);
}

/* The transferee's INVITE: by the number, or with Replaces the leg that it takes over. */
static void
a_transfer_links_its_calls(void **state)
{
	struct fixture *f = fixture_new(16);

	f->call_id = "leg1";
	answered_call(f);
	f->extra = "Refer-To: <sip:bob@x.test>\r\n";
	say(f, 4000, BOB, ALICE, "REFER", "5 REFER", "b1", "a1", NULL);
	leg(f, "leg2", 4100, ALICE, CAROL, NULL);
	finish(f, 5000);
	has_not(f, 0, "b2bua"); /* a user agent begins the second call too */
	linked(f, "refer", "0.800");
	f = fixture_new(16);
	leg(f, "leg2", 0, CAROL, PROXY, NULL);
	f->call_id = "leg1";
	answered_call(f);
	f->extra = "Refer-To: <sip:dave@x.test?Accept=x&Replaces=%6ceg2%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n";
	say(f, 4000, BOB, ALICE, "REFER", "5 REFER", "b1", "a1", NULL);
	finish(f, 5000);
	linked(f, "refer", "1.000");
}

static void
a_leg_that_is_written_is_named_by_the_later_one_alone(void **state)
{
	struct fixture *f = fixture_new(16);

	leg(f, "leg1", 0, ALICE, PROXY, "X-Call-ID: same\r\n");
	f->call_id = "leg1";
	say(f, 10, PROXY, ALICE, "486 Busy Here", "1 INVITE", "a1", "p1", NULL);
	dialog_advance(f->dialog, T0 + 20 * BASE_NS_PER_SEC);
	assert_int_equal(f->n_records, 1);
	leg(f, "leg2", 25000, CAROL, BOB, "X-Call-ID: same\r\n");
	finish(f, 26000);
	has_not(f, 0, "linked");
	has(f, 1, "\"call_id\":\"leg1\",\"reason\":\"x-call-id\"");
	fixture_free(f);
}

/* The uid is made where a leg is told of; one whose texts are long takes it along. */
static void
legs_are_told_however_long_their_call_ids_are(void **state)
{
	char call_ids[2][128], want[256];

	for (int len = 60; len < 100; len++) {
		struct fixture *f = fixture_new(16);
		for (int i = 0; i <= 1; i++) {
			memset(call_ids[i], 'a' + i, sizeof(call_ids[i]));
			call_ids[i][len] = 0;
			leg(f, call_ids[i], i * 200, i ? PROXY : ALICE, i ? BOB : PROXY, NULL);
		}
		finish(f, 1000);
		for (uint32_t i = 0; i <= 1; i++) {
			snprintf(want, sizeof(want), "\"call_id\":\"%s\",\"reason\"", call_ids[!i]);
			if (len <= 93)
				has(f, i, want);
			else
				has_not(f, i, want);
		}
		linked(f, "numbers", "0.600");
	}
}

static void
links_are_bounded(void **state)
{
	struct fixture *f = fixture_new(256);
	char call_id[32];

	for (int i = 0; i < 40; i++) {
		snprintf(call_id, sizeof(call_id), "leg%d", i);
		leg(f, call_id, i, ALICE, PROXY, "Replaces: leg0;to-tag=1;from-tag=2\r\n");
	}
	assert_true(f->metrics.values[METRICS_LINKS_LOST] > 0);
	finish(f, 1000);
	const char *at = f->json[0];
	uint32_t n = 0;
	while ((at = strstr(at + 1, "\"reason\":\"")))
		n++;
	assert_int_equal(n, LINKS_MAX);
	fixture_free(f);
}

static void
without_a_table_a_named_call_id_still_links(void **state)
{
	struct fixture *f = fixture_new(16);

	free(f->mem);
	f->options.max_links = 0;
	f->mem = aligned_alloc(BASE_CACHE_LINE, base_align_up(dialog_footprint(&f->options), BASE_CACHE_LINE));
	memset(f->mem, 0, dialog_footprint(&f->options));
	f->dialog = dialog_new(f->mem, &f->options);
	leg(f, "leg1", 0, ALICE, PROXY, NULL);
	leg(f, "leg2", 200, PROXY, BOB, "X-Call-ID: leg1\r\n");
	finish(f, 1000);
	linked(f, "x-call-id", "0.950");
}

/* A B2BUA that keeps the Call-ID: tags of its own tell its leg; a client that calls again does so from where it did before. */
static void
one_call_id_with_tags_of_its_own_is_a_leg(void **state)
{
	struct fixture *f = fixture_new(16);

	say(f, 0, ALICE, PROXY, "INVITE", "1 INVITE", "a1", "", NULL);
	f->branch = "leg2";
	say(f, 20, PROXY, BOB, "INVITE", "1 INVITE", "p1", "", NULL);
	finish(f, 1000);
	has(f, 0, "\"call_id\":\"c1\",\"reason\":\"call-id\",\"confidence\":0.950");
	has(f, 1, "\"call_id\":\"c1\",\"reason\":\"call-id\",\"confidence\":0.950");
	fixture_free(f);
	f = fixture_new(16);
	say(f, 0, ALICE, BOB, "INVITE", "1 INVITE", "a1", "", NULL);
	f->branch = "again";
	say(f, 900, ALICE, BOB, "INVITE", "1 INVITE", "a2", "", NULL);
	say(f, 9000, CAROL, BOB, "INVITE", "1 INVITE", "a3", "", NULL); /* late */
	finish(f, 10000);
	assert_int_equal(f->n_records, 3);
	for (uint32_t i = 0; i < 3; i++)
		has_not(f, i, "call-id");
	fixture_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_b2bua_is_known_by_what_it_carries_over),
		cmocka_unit_test(numbers_link_what_goes_into_an_address_and_soon_out_of_it),
		cmocka_unit_test(numbers_alone_link_nothing), cmocka_unit_test(a_nil_session_id_links_nothing),
		cmocka_unit_test(a_transfer_links_its_calls),
		cmocka_unit_test(a_leg_that_is_written_is_named_by_the_later_one_alone), cmocka_unit_test(legs_are_told_however_long_their_call_ids_are),
		cmocka_unit_test(links_are_bounded),
		cmocka_unit_test(one_call_id_with_tags_of_its_own_is_a_leg),
		cmocka_unit_test(without_a_table_a_named_call_id_still_links)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
