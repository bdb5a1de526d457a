/* Laws: what a sink could not work with is refused with file, line and key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_testing.h"

static void
clickhouse(void **state)
{
	testing_refused("clickhouse:\n  url: ch:8123\n",
		":2: clickhouse.url: 'ch:8123' is no http://HOST:PORT or https://HOST:PORT");
	testing_refused("clickhouse:\n  url: \"http://ch:8123/?x=1\"\n",
		":2: clickhouse.url: 'http://ch:8123/?x=1' is no http://HOST:PORT or "
		"https://HOST:PORT");
	testing_refused("clickhouse:\n  database: a`b\n",
		":2: clickhouse.database: 'a`b' may have letters, digits and '_' only");
	testing_refused("clickhouse:\n\n  table_prefix: a.b\n",
		":3: clickhouse.table_prefix: 'a.b' may have letters, digits and '_' only");
	testing_refused("clickhouse:\n  kinds: [cdr]\n",
		":2: clickhouse.kinds[0]: 'cdr' is none of call, registration, transaction, "
		"stream");
	config_free(testing_load("clickhouse: {url: \"https://ch:8443\"}\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clickhouse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
