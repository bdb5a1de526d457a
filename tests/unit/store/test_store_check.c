/* Laws: a whole store has nothing wrong; damage to pages, to keys and to a cursor is found, each
 * beside what is whole; repair leaves nothing wrong, and keeps what can be read. */
#include "store_fixture.h"

#include <fcntl.h>

#include "store_private.h"

struct told {
	char text[4096];
	size_t len;
};

static void
take(void *context, const char *what, bool bad, const char *text)
{
	struct told *t = context;
	const char *name = strrchr(what, '/');

	t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len, "%s%s: %s\n",
		bad ? "! " : "", name ? name + 1 : what, text);
}

static int
check(struct fixture *f, struct told *t)
{
	t->len = 0;
	t->text[0] = 0;
	return store_check(f->store, take, t, &f->e);
}

static void
fill(struct fixture *f)
{
	for (uint64_t seq = 1; seq <= 40; seq++)
		fixture_commit_one(f, &(struct want){.seq = seq,
					      .first = T0 + (int64_t)(seq % 3) * DAY,
					      .from = "alice",
					      .kind = seq % 7 ? 0 : RECORD_STREAM});
	assert_int_equal(store_cursor_set(f->store, "billing", 30, &f->e), 0);
}

static void
test_whole(void **state)
{
	struct fixture *f = *state;
	struct told t;

	fill(f);
	assert_int_equal(check(f, &t), 0);
	assert_string_equal(t.text, "ringtap-2023-11-14.db: 13 rows\n"
				    "ringtap-2023-11-15.db: 14 rows\n"
				    "ringtap-2023-11-16.db: 13 rows\n"
				    "billing: has taken what is there but the last 10 positions\n");
}

static void
test_keys(void **state)
{
	struct fixture *f = *state;
	struct store_day *day;
	struct told t;

	fill(f);
	assert_int_equal(store_day_writer(f->store, T0 / DAY, &day, &f->e), 0);
	assert_int_equal(
		store_sql_exec(day->db, "DELETE FROM key_tail WHERE position < 10", &f->e), 0);
	assert_int_equal(check(f, &t), 1);
	assert_non_null(
		strstr(t.text, "! ringtap-2023-11-14.db: 3 rows are not found by their keys"));
	assert_int_equal(store_repair(f->store, &f->e), 0);
	assert_int_equal(check(f, &t), 0);
	fixture_expect(f, &(struct store_query){.where = "uid = 'u3'"}, "u3");
	fixture_commit_one(f, &(struct want){.seq = 41, .first = T0});
	fixture_expect(f, &(struct store_query){.where = "uid IN ('u3','u41')"}, "u3 u41");
	assert_int_equal(check(f, &t), 0);
}

static void
test_cursor(void **state)
{
	struct fixture *f = *state;
	struct told t;

	fill(f);
	assert_int_equal(store_cursor_set(f->store, "kafka", 41, &f->e), 0);
	assert_int_equal(check(f, &t), 1);
	assert_non_null(
		strstr(t.text, "! kafka: its cursor (41) is beyond the last record (40)\n"));
}

/* A reader says so; the next writer salvages. */
static void
test_pages(void **state)
{
	struct fixture *f = *state;
	struct store_options options = {.dir = f->dir, .read_only = true};
	struct fixture reader = {.store = NULL};
	char path[400], bytes[3000];
	struct told t;

	fill(f);
	fixture_close(f);
	snprintf(path, sizeof(path), "%s/ringtap-2023-11-14.db", f->dir);
	int fd = open(path, O_RDWR);
	off_t size = lseek(fd, 0, SEEK_END);
	memset(bytes, 0xa5, sizeof(bytes));
	for (off_t at = 3 * STORE_PAGE_BYTES; at + (off_t)sizeof(bytes) < size;
		at += STORE_PAGE_BYTES)
		assert_int_equal(pwrite(fd, bytes, sizeof(bytes), at), sizeof(bytes));
	close(fd);
	assert_int_equal(store_open(&reader.store, &options, &f->e), 0);
	assert_int_equal(check(&reader, &t), 1);
	assert_int_equal(store_repair(reader.store, &f->e), -BASE_ERR_INVALID);
	store_close(reader.store);
	assert_non_null(strstr(t.text, "! ringtap-2023-11-14.db: "));
	assert_non_null(strstr(t.text, "\nringtap-2023-11-15.db: 14 rows\n"));
	fixture_open(f, 0);
	assert_int_equal(store_repair(f->store, &f->e), 0);
	assert_int_equal(check(f, &t), 0);
	assert_non_null(strstr(t.text, "ringtap-2023-11-14.db.corrupt: set aside as damaged"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_whole),
		FIXTURE_TEST(test_keys),
		FIXTURE_TEST(test_cursor),
		FIXTURE_TEST(test_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
