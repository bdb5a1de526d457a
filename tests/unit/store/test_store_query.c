/* Law: a query over many days and kinds gives what one table sorted in one go would give. */
#include "store_fixture.h"

#define CALLS (1u << RECORD_CALL)
#define STREAMS (1u << RECORD_STREAM)
#define S BASE_NS_PER_SEC

static const struct want rows[] = {
	{.seq = 1, .uid = "b", .first = T0 + 2 * S, .last = T0 + DAY, .from = "bob"},
	{.seq = 2, .uid = "a", .first = T0 + 1 * S, .last = T0 + 3 * DAY, .from = "alice"},
	{.seq = 3, .uid = "s", .first = T0 + 3 * S, .last = T0 + DAY, .kind = RECORD_STREAM},
	{.seq = 4, .uid = "d", .first = T0 + DAY, .last = T0 + DAY, .from = "alice"},
	{.seq = 5, .uid = "n", .from = "nobody"},
	{.seq = 6, .uid = "c", .first = T0 + 4 * S, .last = T0 + 4 * S, .from = "carol"},
	{.seq = 7, .uid = "e", .first = T0 + DAY, .last = T0 + 2 * DAY, .from = "alice"},
};

static void
fill(struct fixture *f)
{
	for (size_t i = 0; i < base_count_of(rows); i++)
		fixture_commit_one(f, &rows[i]);
}

static void
test_table(void **state)
{
	static const struct {
		struct store_query q;
		const char *uids;
	} table[] = {
		{{0}, "n a b c d e"},
		{{.kinds = CALLS | STREAMS}, "n a b s c d e"},
		{{.kinds = STREAMS}, "s"},
		{{.kinds = 1u << RECORD_REGISTRATION}, ""},
		{{.kinds = CALLS | STREAMS, .by_position = true}, "b a s d n c e"},
		{{.kinds = CALLS | STREAMS, .after_position = 3}, "d n c e"},
		{{.kinds = CALLS | STREAMS, .after_position = 3, .limit = 2}, "d n"},
		{{.kinds = CALLS, .by_position = true, .limit = 2}, "b a"},
		{{.after_position = 7}, ""},
		{{.limit = 1}, "e"},
		{{.limit = 2}, "d e"},
		{{.limit = 5}, "a b c d e"},
		{{.limit = 6}, "n a b c d e"},
		{{.limit = 7}, "n a b c d e"},
		{{.kinds = CALLS | STREAMS, .limit = 4}, "s c d e"},
		{{.since_ns = T0 + 2 * S}, "b c d e"},
		{{.since_ns = T0 + 2 * S, .until_ns = T0 + 4 * S}, "b"},
		{{.until_ns = T0 + 4 * S + 1000}, "a b c"},
		{{.until_ns = T0 + DAY, .limit = 2}, "b c"},
		{{.since_ns = T0 + DAY}, "d e"},
		{{.since_ns = T0 + 5 * DAY}, ""},
		{{.where = "from_user = 'alice'"}, "a d e"},
		{{.where = "from_user = 'alice'", .limit = 2}, "d e"},
		{{.where = "from_user = 'alice' AND seq < 7 -- the last one not"}, "a d"},
		{{.where = "from_user LIKE 'c%' OR from_user = 'bob'"}, "b c"},
		{{.where = "invite_time < '2023-11-14T22:13:22'"}, "a"},
		{{.where = "invite_time IS NULL"}, "n"},
		{{.where = "invite_time IS NULL", .limit = 1}, "n"},
		{{.where = "position = 4"}, "d"},
		{{.where = "probe = 'p1' AND core = 3 AND status = 'final'", .limit = 1}, "e"},
		{{.where = "0"}, ""},
	};
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir, .read_only = true};
	struct fixture reader = {.store = NULL};

	fill(f);
	assert_int_equal(store_open(&reader.store, &options, &f->e), 0);
	for (size_t i = 0; i < base_count_of(table); i++) {
		fixture_expect(f, &table[i].q, table[i].uids);
		fixture_expect(&reader, &table[i].q, table[i].uids);
	}
	store_close(reader.store);
}

static int
stop_at_second(void *context, const struct record_row *row, int64_t position)
{
	return ++*(int *)context == 2 ? 42 : 0;
}

static void
test_stop(void **state)
{
	struct fixture *f = *state;
	int n = 0;

	fill(f);
	assert_int_equal(
		store_query(f->store, &(struct store_query){0}, stop_at_second, &n, &f->e), 42);
	assert_int_equal(n, 2);
}

/* Against a sort of our own: random times over ten days, every limit. */
static void
test_against_sort(void **state)
{
	struct fixture *f = *state;
	struct {
		int64_t first;
		uint64_t seq;
	} model[120], swap;
	struct seen want, got;

	assert_int_equal(store_begin(f->store, &f->e), 0);
	for (uint64_t i = 0; i < base_count_of(model); i++) {
		uint64_t x = base_hash_mix(i + 99);
		model[i].first = T0 + (int64_t)(x % 40) * 3600 * S;
		model[i].seq = i + 1;
		assert_int_equal(fixture_put(f, &(struct want){.seq = i + 1,
							.first = model[i].first,
							.last = model[i].first +
								(int64_t)(x >> 32) % (3 * DAY)}),
			0);
	}
	assert_int_equal(store_commit(f->store, &f->e), 0);
	for (size_t i = 1; i < base_count_of(model); i++)
		for (size_t j = i; j > 0 && model[j].first < model[j - 1].first; j--)
			swap = model[j], model[j] = model[j - 1], model[j - 1] = swap;
	for (uint32_t limit = 1; limit <= base_count_of(model); limit += 17) {
		want.len = got.len = got.n = 0;
		got.positions = false;
		for (size_t i = base_count_of(model) - limit; i < base_count_of(model); i++)
			want.len += (size_t)snprintf(want.text + want.len,
				sizeof(want.text) - want.len, "%su%llu", want.len ? " " : "",
				(unsigned long long)model[i].seq);
		assert_int_equal(store_query(f->store, &(struct store_query){.limit = limit},
					 fixture_see, &got, &f->e),
			0);
		assert_string_equal(got.text, want.text);
	}
}

/* A query asked for within another one's row. */
static int
query_within(void *context, const struct record_row *row, int64_t position)
{
	fixture_expect(context, &(struct store_query){.where = "uid = 'c'"}, "c");
	return 0;
}

static void
test_query_within_query(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_int_equal(
		store_query(f->store, &(struct store_query){.limit = 4}, query_within, f, &f->e),
		0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_table),
		FIXTURE_TEST(test_stop),
		FIXTURE_TEST(test_against_sort),
		FIXTURE_TEST(test_query_within_query),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
