/* Laws over whole flows: each one seen whole, with each message removed, each two neighbours swapped, each message repeated,
 * and from one side only.  What is not known is left empty; what is said stays true. */
#include "dialog_testing.h"

struct line {
	int64_t ms;
	uint8_t src, dst;
	const char *first, *cseq, *from_tag, *to_tag, *sdp, *branch;
};

struct flow {
	const char *name;
	const char *disposition, *ended_by; /* of the whole */
	uint32_t code;
	struct line lines[20];
};

#define A ALICE
#define B BOB
#define P PROXY

static const struct flow flows[] = {
	{"basic call", "answered", "caller", 200,
		{{0, A, B, "INVITE", "1 INVITE", "a1", "", SDP_ALICE, NULL}, {10, B, A, "100 Trying", "1 INVITE", "a1", "", NULL, NULL},
			{20, B, A, "180 Ringing", "1 INVITE", "a1", "b1", NULL, NULL},
			{30, B, A, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB, NULL},
			{40, A, B, "ACK", "1 ACK", "a1", "b1", NULL, "ack"}, {50, A, B, "BYE", "2 BYE", "a1", "b1", NULL, NULL},
			{60, B, A, "200 OK", "2 BYE", "a1", "b1", NULL, NULL}}},
	{"callee hangs up", "answered", "callee", 200,
		{{0, A, B, "INVITE", "1 INVITE", "a1", "", SDP_ALICE, NULL},
			{30, B, A, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB, NULL},
			{40, A, B, "ACK", "1 ACK", "a1", "b1", NULL, "ack"}, {50, B, A, "BYE", "7 BYE", "b1", "a1", NULL, NULL},
			{60, A, B, "200 OK", "7 BYE", "b1", "a1", NULL, NULL}}},
	{"busy", "busy", "callee", 486,
		{{0, A, B, "INVITE", "1 INVITE", "a1", "", SDP_ALICE, NULL}, {10, B, A, "100 Trying", "1 INVITE", "a1", "", NULL, NULL},
			{20, B, A, "486 Busy Here", "1 INVITE", "a1", "b1", NULL, NULL},
			{30, A, B, "ACK", "1 ACK", "a1", "b1", NULL, "1 INVITE"}}},
	{"cancelled", "cancelled", "caller", 487,
		{{0, A, B, "INVITE", "1 INVITE", "a1", "", SDP_ALICE, NULL},
			{20, B, A, "180 Ringing", "1 INVITE", "a1", "b1", NULL, NULL},
			{30, A, B, "CANCEL", "1 CANCEL", "a1", "", NULL, "1 INVITE"},
			{40, B, A, "200 OK", "1 CANCEL", "a1", "b1", NULL, "1 INVITE"},
			{50, B, A, "487 Request Terminated", "1 INVITE", "a1", "b1", NULL, NULL},
			{60, A, B, "ACK", "1 ACK", "a1", "b1", NULL, "1 INVITE"}}},
	{"authenticated", "answered", "caller", 200,
		{{0, A, B, "INVITE", "1 INVITE", "a1", "", SDP_ALICE, NULL},
			{10, B, A, "407 Proxy Authentication Required", "1 INVITE", "a1", "p1", NULL, NULL},
			{20, A, B, "ACK", "1 ACK", "a1", "p1", NULL, "1 INVITE"},
			{30, A, B, "INVITE", "2 INVITE", "a1", "", SDP_ALICE, NULL},
			{40, B, A, "200 OK", "2 INVITE", "a1", "b1", SDP_BOB, NULL},
			{50, A, B, "ACK", "2 ACK", "a1", "b1", NULL, "ack"}, {60, A, B, "BYE", "3 BYE", "a1", "b1", NULL, NULL},
			{70, B, A, "200 OK", "3 BYE", "a1", "b1", NULL, NULL}}},
	{"hold and resume", "answered", "caller", 200,
		{{0, A, B, "INVITE", "1 INVITE", "a1", "", SDP_ALICE, NULL},
			{30, B, A, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB, NULL},
			{40, A, B, "ACK", "1 ACK", "a1", "b1", NULL, "ack"},
			{50, A, B, "INVITE", "2 INVITE", "a1", "b1", SDP_HOLD, NULL},
			{60, B, A, "200 OK", "2 INVITE", "a1", "b1", SDP_BOB, NULL},
			{70, A, B, "ACK", "2 ACK", "a1", "b1", NULL, "ack2"},
			{80, A, B, "INVITE", "3 INVITE", "a1", "b1", SDP_ALICE, NULL},
			{90, B, A, "491 Request Pending", "3 INVITE", "a1", "b1", NULL, NULL},
			{95, A, B, "ACK", "3 ACK", "a1", "b1", NULL, "3 INVITE"},
			{100, A, B, "BYE", "4 BYE", "a1", "b1", NULL, NULL}, {110, B, A, "200 OK", "4 BYE", "a1", "b1", NULL, NULL}}},
	{"through a proxy that record-routes", "answered", "caller", 200,
		{{0, A, P, "INVITE", "1 INVITE", "a1", "", SDP_ALICE, "h1"}, {5, P, B, "INVITE", "1 INVITE", "a1", "", SDP_ALICE, "h2"},
			{20, B, P, "180 Ringing", "1 INVITE", "a1", "b1", NULL, "h2"},
			{25, P, A, "180 Ringing", "1 INVITE", "a1", "b1", NULL, "h1"},
			{30, B, P, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB, "h2"},
			{35, P, A, "200 OK", "1 INVITE", "a1", "b1", SDP_BOB, "h1"},
			{40, A, P, "ACK", "1 ACK", "a1", "b1", NULL, "h3"}, {45, P, B, "ACK", "1 ACK", "a1", "b1", NULL, "h4"},
			{50, A, P, "BYE", "2 BYE", "a1", "b1", NULL, "h5"}, {55, P, B, "BYE", "2 BYE", "a1", "b1", NULL, "h6"},
			{60, B, P, "200 OK", "2 BYE", "a1", "b1", NULL, "h6"}, {65, P, A, "200 OK", "2 BYE", "a1", "b1", NULL, "h5"}}},
};

static uint32_t
flow_length(const struct flow *flow)
{
	uint32_t n = 0;

	while (n < base_count_of(flow->lines) && flow->lines[n].first)
		n++;
	return n;
}

/* Plays n lines in the order given; each at the time of its place, so that time never goes back. */
static struct fixture *
play(const struct flow *flow, const uint8_t *order, uint32_t n)
{
	struct fixture *f = fixture_new(16);

	for (uint32_t i = 0; i < n; i++) {
		const struct line *l = &flow->lines[order[i]];
		f->branch = l->branch;
		f->ip_id = 1 + i;
		say(f, (int64_t)i * 10, l->src, l->dst, l->first, l->cseq, l->from_tag, l->to_tag, l->sdp);
	}
	finish(f, 10000);
	return f;
}

static void
says_the_whole(const struct flow *flow, struct fixture *f, const char *how)
{
	char want[128];

	if (f->n_records != 1)
		print_error("%s, %s: %u records\n", flow->name, how, f->n_records);
	assert_int_equal(f->n_records, 1);
	snprintf(want, sizeof(want), "\"disposition\":\"%s\",\"sip_code\":%u,", flow->disposition, flow->code);
	has(f, 0, want);
	snprintf(want, sizeof(want), "\"ended_by\":\"%s\"", flow->ended_by);
	has(f, 0, want);
	fixture_free(f);
}

static uint32_t
whole(const struct flow *flow, uint8_t order[40])
{
	uint32_t n = flow_length(flow);

	for (uint32_t i = 0; i < n; i++)
		order[i] = (uint8_t)i;
	return n;
}

static void
the_whole_flow(void **state)
{
	uint8_t order[40];

	for (size_t k = 0; k < base_count_of(flows); k++) {
		uint32_t n = whole(&flows[k], order);
		says_the_whole(&flows[k], play(&flows[k], order, n), "whole");
	}
}

static void
neighbours_swapped_say_the_same(void **state)
{
	uint8_t order[40];

	for (size_t k = 0; k < base_count_of(flows); k++) {
		uint32_t n = whole(&flows[k], order);
		for (uint32_t i = 0; i + 1 < n; i++) {
			order[i] = (uint8_t)(i + 1), order[i + 1] = (uint8_t)i;
			says_the_whole(&flows[k], play(&flows[k], order, n), "swapped");
			order[i] = (uint8_t)i, order[i + 1] = (uint8_t)(i + 1);
		}
	}
}

static void
a_repeated_message_changes_only_the_count(void **state)
{
	uint8_t order[40];

	for (size_t k = 0; k < base_count_of(flows); k++) {
		uint32_t n = whole(&flows[k], order);
		for (uint32_t i = 0; i < n; i++) {
			memmove(order + i + 1, order + i, n - i);
			struct fixture *f = play(&flows[k], order, n + 1);
			has(f, 0, "\"retransmissions\":1,");
			says_the_whole(&flows[k], f, "repeated");
			memmove(order + i, order + i + 1, n - i);
		}
	}
}

/* What may be said without one message: the truth, or that it is not known. */
static void
says_nothing_wrong(const struct flow *flow, struct fixture *f)
{
	char truth[64];
	bool right, unknown;

	for (uint32_t r = 0; r < f->n_records; r++) {
		snprintf(truth, sizeof(truth), "\"disposition\":\"%s\"", flow->disposition);
		right = strstr(f->json[r], truth) != NULL;
		unknown = strstr(f->json[r], "\"disposition\":\"incomplete\"") != NULL ||
			(flow->lines[1].first[0] == '4' && strstr(f->json[r], "\"sip_code\":407"));
		if (!right && !unknown)
			print_error("%s: %s\n", flow->name, f->json[r]);
		assert_true(right || unknown);
		snprintf(truth, sizeof(truth), "\"ended_by\":\"%s\"", flow->ended_by);
		right = strstr(f->json[r], truth) != NULL;
		unknown = strstr(f->json[r], "\"ended_by\":\"none\"") != NULL ||
			strstr(f->json[r], "\"from_tag\":\"b1\"") || /* begun by Bob's BYE: the caller told is Bob */
			(flow->code >= 300 && strstr(f->json[r], "\"ended_by\":\"callee\"")) ||
			strstr(f->json[r], "\"sip_code\":407");
		if (!right && !unknown)
			print_error("%s: %s\n", flow->name, f->json[r]);
		assert_true(right || unknown);
	}
	assert_true(f->n_records >= 1);
	fixture_free(f);
}

static void
a_missing_message_makes_nothing_wrong(void **state)
{
	uint8_t order[40];

	for (size_t k = 0; k < base_count_of(flows); k++) {
		uint32_t n = whole(&flows[k], order);
		for (uint32_t i = 0; i < n; i++) {
			memmove(order + i, order + i + 1, n - i - 1);
			says_nothing_wrong(&flows[k], play(&flows[k], order, n - 1));
			whole(&flows[k], order);
		}
	}
}

static void
one_side_alone_makes_nothing_wrong(void **state)
{
	uint8_t order[40];

	for (size_t k = 0; k < base_count_of(flows); k++) {
		for (uint8_t side = ALICE; side <= BOB; side++) {
			uint32_t n = 0;
			for (uint32_t i = 0; i < flow_length(&flows[k]); i++)
				if (flows[k].lines[i].src == side)
					order[n++] = (uint8_t)i;
			says_nothing_wrong(&flows[k], play(&flows[k], order, n));
		}
	}
}

static void
cut_at_any_message_makes_nothing_wrong(void **state)
{
	uint8_t order[40];

	for (size_t k = 0; k < base_count_of(flows); k++) {
		uint32_t n = whole(&flows[k], order);
		for (uint32_t i = 1; i < n; i++) {
			says_nothing_wrong(&flows[k], play(&flows[k], order, i));
			says_nothing_wrong(&flows[k], play(&flows[k], order + i, n - i));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_whole_flow), cmocka_unit_test(neighbours_swapped_say_the_same),
		cmocka_unit_test(a_repeated_message_changes_only_the_count),
		cmocka_unit_test(a_missing_message_makes_nothing_wrong), cmocka_unit_test(one_side_alone_makes_nothing_wrong),
		cmocka_unit_test(cut_at_any_message_makes_nothing_wrong)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
