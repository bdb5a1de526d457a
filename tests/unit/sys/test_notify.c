#include "sys.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A manager's socket of the given name ('@': abstract), which NOTIFY_SOCKET then names. */
static int
manager(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(address.sun_path, name, strlen(name));
	if (name[0] == '@')
		address.sun_path[0] = 0;
	assert_int_equal(
		bind(fd, (struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void
hears(int fd, const char *want)
{
	char text[128] = "";
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	assert_int_equal(n, strlen(want));
	assert_string_equal(text, want);
}

static void
the_manager_hears_on_a_path_and_on_an_abstract_name(void **state)
{
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "@ringtap-notify-%d", (int)getpid());
	fd = manager(name);
	sys_notify("READY=1");
	hears(fd, "READY=1");
	sys_notify("STATUS=12 calls");
	hears(fd, "STATUS=12 calls");
	close(fd);
	snprintf(name, sizeof(name), "/tmp/ringtap-notify-%d", (int)getpid());
	fd = manager(name);
	sys_notify("STOPPING=1");
	hears(fd, "STOPPING=1");
	close(fd);
	unlink(name);
}

static void
nobody_listening_is_no_error(void **state)
{
	static char name[300];

	memset(name, 'a', sizeof(name) - 1);
	name[0] = '/';
	setenv("NOTIFY_SOCKET", name, 1);
	sys_notify("READY=1");
	setenv("NOTIFY_SOCKET", "/tmp/ringtap-there-is-none", 1);
	sys_notify("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	sys_notify("READY=1");
	setenv("NOTIFY_SOCKET", "relative", 1);
	sys_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	sys_notify("READY=1");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manager_hears_on_a_path_and_on_an_abstract_name),
		cmocka_unit_test(nobody_listening_is_no_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
