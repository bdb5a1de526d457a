/* Laws: a network is an address or a prefix of one; in_network holds for the addresses that share
 * its bits and for no other, of its own family; of no address it is NULL. */
#include <sqlite3.h>

#include "store_private.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
test_is(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {{"10.0.0.1", true}, {"10.0.0.0/8", true}, {"10.0.0.0/0", true},
		{"10.0.0.0/32", true}, {"10.0.0.0/33", false}, {"10.0.0/8", false}, {"", false},
		{"/8", false}, {"10.0.0.0/", false}, {"10.0.0.0/x", false}, {"2001:db8::/32", true},
		{"2001:db8::1", true}, {"::/128", true}, {"::/129", false}, {"10.0.0.0/-1", false}};

	for (unsigned i = 0; i < base_count_of(cases); i++)
		assert_int_equal(store_network_is(base_span_cstr(cases[i].text)), cases[i].good);
}

/* 1, 0; -1: NULL; -2: an error */
static int
ask(sqlite3 *db, const char *address, const char *network)
{
	sqlite3_stmt *stmt;
	int result = -2;

	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT in_network(?1, ?2)", -1, &stmt, NULL), SQLITE_OK);
	if (address)
		sqlite3_bind_text(stmt, 1, address, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, network, -1, SQLITE_STATIC);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		result = sqlite3_column_type(stmt, 0) == SQLITE_NULL ? -1
								     : sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return result;
}

static void
test_in(void **state)
{
	static const struct {
		const char *address, *network;
		int result;
	} cases[] = {{"10.1.2.3", "10.0.0.0/8", 1}, {"11.1.2.3", "10.0.0.0/8", 0},
		{"10.0.0.3", "10.0.0.2/31", 1}, {"10.0.0.4", "10.0.0.2/31", 0},
		{"10.0.0.4", "10.0.0.4", 1}, {"10.0.0.5", "10.0.0.4", 0},
		{"255.0.0.1", "0.0.0.0/0", 1}, {"2001:db8::1", "0.0.0.0/0", 0},
		{"2001:db8:ffff::1", "2001:db8::/32", 1}, {"2001:db9::", "2001:db8::/32", 0},
		{"10.0.0.1", "::/0", 1}, /* all addresses are mapped into it */
		{NULL, "10.0.0.0/8", -1}, {"here", "10.0.0.0/8", -1}, {"10.0.0.1", "there", -2}};
	sqlite3 *db;
	struct sys_error e;

	assert_int_equal(
		store_sql_open(&db, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &e), 0);
	for (unsigned i = 0; i < base_count_of(cases); i++)
		assert_int_equal(ask(db, cases[i].address, cases[i].network), cases[i].result);
	sqlite3_close(db);
}

/* One bit after the other, against counting. */
static void
test_every_prefix(void **state)
{
	sqlite3 *db;
	struct sys_error e;
	char network[32], inside[32], outside[32];

	assert_int_equal(
		store_sql_open(&db, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &e), 0);
	for (unsigned bits = 1; bits <= 32; bits++) {
		const uint32_t address = 0xc0a8a5c3, last = 1u << (32 - bits);
		const uint32_t in = address ^ (last - 1), out = address ^ last;
		snprintf(network, sizeof(network), "192.168.165.195/%u", bits);
		snprintf(inside, sizeof(inside), "%u.%u.%u.%u", in >> 24, in >> 16 & 255,
			in >> 8 & 255, in & 255);
		snprintf(outside, sizeof(outside), "%u.%u.%u.%u", out >> 24, out >> 16 & 255,
			out >> 8 & 255, out & 255);
		assert_int_equal(ask(db, inside, network), 1);
		assert_int_equal(ask(db, outside, network), 0);
	}
	sqlite3_close(db);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_is), cmocka_unit_test(test_in),
		cmocka_unit_test(test_every_prefix)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
