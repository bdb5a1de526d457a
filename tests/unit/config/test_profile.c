/* Laws: every profile of drivers-conf loads, and no driver stands in two; a profile holds its
 * section alone, a configuration all but that; a mistake is named with file, line and key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "config_testing.h"

static void
the_profiles_of_the_source(void **state)
{
	const char *source = getenv("RINGTAP_SOURCE"), *names[256];
	char pattern[PATH_MAX], *kept[256];
	unsigned n = 0;
	glob_t found;

	if (!source)
		skip();
	snprintf(pattern, sizeof(pattern), "%s/drivers-conf/profiles/*.yaml", source);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 10);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct sys_error e = {""};
		struct config *c;
		if (config_profile_load(&c, found.gl_pathv[i], &e) < 0)
			fail_msg("%s", e.text);
		assert_true(c->profile.drivers_count > 0 && c->profile.limits_count > 0);
		for (unsigned k = 0; k < c->profile.drivers_count; k++) {
			for (unsigned j = 0; j < n; j++)
				assert_string_not_equal(kept[j], c->profile.drivers[k]);
			names[n] = c->profile.drivers[k];
			kept[n] = strdup(names[n]);
			n++;
		}
		config_free(c);
	}
	for (unsigned j = 0; j < n; j++)
		free(kept[j]);
	globfree(&found);
}

static void
profile_refused(const char *text, const char *sentence)
{
	char path[] = "/tmp/ringtap-profile-XXXXXX", expected[512];
	struct sys_error e = {""};
	struct config *c;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_true(config_profile_load(&c, path, &e) < 0);
	unlink(path);
	snprintf(expected, sizeof(expected), "%s%s", path, sentence);
	assert_string_equal(e.text, expected);
}

static void
mistakes_are_named(void **state)
{
	profile_refused("profile:\n  rss: [ip, mac]\n",
		":2: profile.rss[1]: 'mac' is none of ip, udp, tcp, sctp");
	profile_refused("profile: {}\nprobe:\n  cores: 2\n", ":2: probe: does not belong in a profile");
	testing_refused("profile:\n  mtu: 1500\n",
		":1: profile: belongs in a file of its own (probe.profile)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_profiles_of_the_source),
		cmocka_unit_test(mistakes_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
