#include "sys.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char captured[8192];

/* Runs event() with stderr on a temporary file; what it wrote is in captured. */
static void
capture(void (*event)(void))
{
	FILE *f = tmpfile();
	int saved = dup(STDERR_FILENO);

	assert_non_null(f);
	dup2(fileno(f), STDERR_FILENO);
	event();
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	captured[fread(captured, 1, sizeof(captured) - 1, f)] = 0;
	fclose(f);
}

static void
event_plain(void)
{
	unsetenv("JOURNAL_STREAM");
	sys_log_init("prog", SYS_LOG_WARNING);
	sys_log(SYS_LOG_ERROR, "disk %d", 7);
	sys_log(SYS_LOG_INFO, "not shown");
	sys_log(SYS_LOG_WARNING, "low");
}

static void
one_line_an_event_and_the_level_bounds(void **state)
{
	capture(event_plain);
	assert_string_equal(captured, "prog: error: disk 7\nprog: warning: low\n");
}

static void
event_hostile(void)
{
	sys_log_init("prog", SYS_LOG_DEBUG);
	sys_log(SYS_LOG_DEBUG, "a\nprog: error: forged\x1b[2J\x7f");
}

static void
control_bytes_forge_nothing(void **state)
{
	capture(event_hostile);
	assert_string_equal(captured, "prog: debug: a prog: error: forged [2J \n");
}

static void
event_long(void)
{
	char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	errno = 77;
	sys_log(SYS_LOG_ERROR, "%s", text);
	assert_int_equal(errno, 77);
}

static void
a_long_event_is_cut_and_still_a_line(void **state)
{
	capture(event_long);
	assert_true(strlen(captured) < 1100);
	assert_ptr_equal(strchr(captured, '\n'), captured + strlen(captured) - 1);
}

static void
event_journal(void)
{
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	sys_log_init("prog", SYS_LOG_INFO);
	sys_log(SYS_LOG_ERROR, "x");
	sys_log(SYS_LOG_INFO, "y");
	setenv("JOURNAL_STREAM", "1:1", 1);
	sys_log_init("prog", SYS_LOG_INFO);
	sys_log(SYS_LOG_ERROR, "z");
	unsetenv("JOURNAL_STREAM");
}

static void
the_journal_gets_priorities_and_others_do_not(void **state)
{
	capture(event_journal);
	assert_string_equal(captured, "<3>error: x\n<6>info: y\nprog: error: z\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_an_event_and_the_level_bounds),
		cmocka_unit_test(control_bytes_forge_nothing),
		cmocka_unit_test(a_long_event_is_cut_and_still_a_line),
		cmocka_unit_test(the_journal_gets_priorities_and_others_do_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
