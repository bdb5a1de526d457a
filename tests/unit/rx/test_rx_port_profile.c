/* Laws: a port gets the profile of its driver, or the one for all, or none's; arguments that the
 * operator gave stand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rx_port_private.h"

static void
a_port_gets_the_profile_of_its_driver(void **state)
{
	static const char *const ice[] = {"net_ice", "net_iavf"}, *const memif[] = {"net_memif"};
	struct rx_port_profile profiles[] = {
		{.name = "ice", .drivers = ice, .n_drivers = 2, .devargs = ""},
		{.name = "memif", .drivers = memif, .n_drivers = 1, .devargs = ""},
	};
	struct rx_ports_options options = {.profiles = profiles, .n_profiles = 2};

	assert_string_equal(rx_port_profile_of(&options, "net_ice")->name, "ice");
	assert_string_equal(rx_port_profile_of(&options, "net_iavf")->name, "ice");
	assert_string_equal(rx_port_profile_of(&options, "net_memif")->name, "memif");
	assert_string_equal(rx_port_profile_of(&options, "net_ice_vf")->name, "none");
	assert_string_equal(rx_port_profile_of(&options, "")->name, "none");
	assert_string_equal(rx_port_profile_of(&options, NULL)->name, "none");
	profiles[0].for_all = true;
	assert_string_equal(rx_port_profile_of(&options, "net_memif")->name, "ice");
	options.n_profiles = 0;
	assert_string_equal(rx_port_profile_of(&options, "net_ice")->name, "none");
	/* What the NIC offers, tunnels within where it can. */
	assert_true(rx_port_profile_of(&options, "net_ice")->rss_inner);
}

static void
arguments_of_the_operator_stand(void **state)
{
	static const struct {
		const char *args, *devargs, *both;
	} rows[] = {
		{"", "", ""},
		{"", "a=1", "a=1"},
		{"a=2", "a=1", "a=2"},
		{"a=2", "a=1,b=3", "a=2,b=3"},
		{"aa=2", "a=1,b", "aa=2,a=1,b"},
		{"b", "b=1,,c=", "b,c="},
	};

	for (size_t i = 0; i < base_count_of(rows); i++) {
		struct rx_port_profile profile = {.devargs = rows[i].devargs};
		struct rx_port_name name = {0};
		memcpy(name.args, rows[i].args, strlen(rows[i].args));
		rx_port_profile_args(&name, &profile);
		assert_string_equal(name.args, rows[i].both);
	}
}

static void
arguments_that_do_not_fit_are_left_out(void **state)
{
	char devargs[RX_PORT_ARGS_MAX + 8];
	struct rx_port_profile profile = {.devargs = devargs};
	struct rx_port_name name = {.args = "iface=x"};

	memset(devargs, 'k', sizeof(devargs));
	devargs[sizeof(devargs) - 1] = '\0';
	rx_port_profile_args(&name, &profile);
	assert_string_equal(name.args, "iface=x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_gets_the_profile_of_its_driver),
		cmocka_unit_test(arguments_of_the_operator_stand),
		cmocka_unit_test(arguments_that_do_not_fit_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
