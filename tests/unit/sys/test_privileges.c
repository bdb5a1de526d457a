#include "sys.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Runs check in a child process, whose privileges are its own; 0 is success. */
static int
in_a_child(int (*check)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(check());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The capability sets of this process as /proc tells them: all zero? */
static bool
has_no_capabilities(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	bool none = true, seen = false;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Cap", 3) != 0)
			continue;
		seen = true;
		none = none && strtoull(line + 7, NULL, 16) == 0;
	}
	if (f)
		fclose(f);
	return seen && none;
}

static int
drop_to_nobody(void)
{
	struct passwd *nobody = getpwnam("nobody");
	struct sys_error e;

	if (!nobody)
		return 0;
	uid_t uid = nobody->pw_uid;
	gid_t gid = nobody->pw_gid;
	if (sys_privileges_drop("nobody", NULL, &e) != 0)
		return 1;
	if (getuid() != uid || geteuid() != uid || getgid() != gid || getegid() != gid)
		return 2;
	if (!has_no_capabilities())
		return 3;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 4;
	if (setuid(0) == 0 || setgid(0) == 0)
		return 5;
	gid_t groups[64];
	int n = getgroups(64, groups);
	for (int i = 0; i < n; i++)
		if (groups[i] == 0)
			return 6;
	return sys_privileges_drop("nobody", NULL, &e) == 0
		       ? 0
		       : 7; /* again: he is that user already */
}

static int
drop_to_numbers(void)
{
	struct sys_error e;

	if (sys_privileges_drop("54321", "54322", &e) != 0)
		return 1;
	return getuid() == 54321 && getgid() == 54322 && has_no_capabilities() ? 0 : 2;
}

static int
refuse_without_root(void)
{
	struct sys_error e;

	if (setresgid(54322, 54322, 54322) < 0 || setresuid(54321, 54321, 54321) < 0)
		return 1;
	if (sys_privileges_drop("54320", "54322", &e) != -BASE_ERR_PERMISSION)
		return 2;
	return strstr(e.text, "54320") ? 0 : 3;
}

static int
refuse_unknown_names(void)
{
	struct sys_error e;

	if (sys_privileges_drop("no-such-user-x", NULL, &e) != -BASE_ERR_NOT_FOUND ||
		!strstr(e.text, "no-such-user-x"))
		return 1;
	if (sys_privileges_drop("root", "no-such-group-x", &e) != -BASE_ERR_NOT_FOUND ||
		!strstr(e.text, "no-such-group-x"))
		return 2;
	if (sys_privileges_drop("54321", "", &e) != -BASE_ERR_INVALID)
		return 3;
	return sys_privileges_drop("4294967295", "0", &e) < 0 ? 0 : 4;
}

static void
root_becomes_the_user_for_good(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_a_child(drop_to_nobody), 0);
}

static void
numbers_without_an_entry_serve(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_a_child(drop_to_numbers), 0);
}

static void
who_is_not_root_is_refused(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(in_a_child(refuse_without_root), 0);
}

static void
unknown_names_are_named(void **state)
{
	assert_int_equal(in_a_child(refuse_unknown_names), 0);
}

static void
names_are_looked_up_without_becoming_them(void **state)
{
	struct sys_error e = {""};

	assert_int_equal(sys_privileges_check("root", NULL, &e), 0);
	assert_true(sys_privileges_check("no-such-user", NULL, &e) < 0);
	assert_non_null(strstr(e.text, "no-such-user"));
	assert_true(sys_privileges_check("root", "no-such-group", &e) < 0);
	assert_non_null(strstr(e.text, "no-such-group"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_becomes_the_user_for_good),
		cmocka_unit_test(numbers_without_an_entry_serve),
		cmocka_unit_test(who_is_not_root_is_refused),
		cmocka_unit_test(unknown_names_are_named),
		cmocka_unit_test(names_are_looked_up_without_becoming_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
