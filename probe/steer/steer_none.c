#include "steer.h"

/* Without clang, bpftool and libbpf. */

uint32_t
steer_clean(void)
{
	return 0;
}

int
steer_open(struct steer **steer, enum steer_mode mode, struct sys_error *e)
{
	*steer = NULL;
	return sys_fail(e, -BASE_ERR_UNSUPPORTED,
		"steer.enabled: this ringtap was built without libbpf, clang or bpftool");
}

const char *
steer_object(const struct steer *steer)
{
	return "";
}

int
steer_take_interface(struct steer *steer, const char *interface, struct sys_error *e)
{
	return -BASE_ERR_UNSUPPORTED;
}

int
steer_filter_socket(struct steer *steer, int fd, struct sys_error *e)
{
	return -BASE_ERR_UNSUPPORTED;
}

void
steer_rules_set(struct steer *steer, const struct steer_rules *rules)
{
}

int
steer_counters(const struct steer *steer, struct steer_counters *counters)
{
	return -BASE_ERR_UNSUPPORTED;
}

void
steer_close(struct steer *steer)
{
}
