/* Laws: a port has the bits of the rules and no others; another set of rules leaves nothing of the
 * one before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "steer_private.h"
#define STEER_LAYOUT_ONLY
#include "steer_decide.h"

static void
every_port(void **state)
{
	static struct steer_table table;
	const uint16_t sip[] = {5060, 20000};
	const struct steer_range rtp[] = {{10000, 20000}, {65535, 65535}};
	struct steer_rules rules = {sip, rtp, 2, 2, true};

	steer_rules_store(&table, &rules);
	for (uint32_t port = 0; port < 65536; port++) {
		int expected = port == 5060 || port == 20000 ? STEER_PORT_SIP : 0;
		expected |= (port >= 10000 && port <= 20000) || port == 65535 ? STEER_PORT_RTP : 0;
		assert_int_equal(table.ports[port], expected);
	}
	assert_int_equal(table.tunnels, 1);
}

static void
rules_replaced(void **state)
{
	static struct steer_table table;
	const uint16_t sip[] = {5060}, other[] = {5080};
	const struct steer_range rtp[] = {{1, 65535}};
	struct steer_rules rules = {sip, rtp, 1, 1, true}, next = {other, NULL, 1, 0, false};

	steer_rules_store(&table, &rules);
	steer_rules_store(&table, &next);
	for (uint32_t port = 0; port < 65536; port++)
		assert_int_equal(table.ports[port], port == 5080 ? STEER_PORT_SIP : 0);
	assert_int_equal(table.tunnels, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_port),
		cmocka_unit_test(rules_replaced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
