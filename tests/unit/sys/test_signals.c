#include "sys.h"

#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void
a_reload_is_taken_once(void **state)
{
	sys_signals_init();
	assert_false(sys_signal_take_reload());
	raise(SIGHUP);
	raise(SIGHUP);
	assert_true(sys_signal_take_reload());
	assert_false(sys_signal_take_reload());
	assert_false(sys_signal_stop());
}

static void
a_stop_stays(void **state)
{
	raise(SIGTERM);
	assert_true(sys_signal_stop());
	assert_true(sys_signal_stop());
	raise(SIGINT);
	sys_signal_raise_stop();
	assert_true(sys_signal_stop());
	assert_false(sys_signal_take_reload());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reload_is_taken_once),
		cmocka_unit_test(a_stop_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
