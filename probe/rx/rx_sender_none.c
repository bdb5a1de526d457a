/* A build without DPDK has no ports. */
#include "rx_sender.h"

int
rx_sender_open(struct rx_sender **sender, const struct rx_sender_options *o, struct sys_error *e)
{
	*sender = NULL;
	return sys_fail(e, -BASE_ERR_UNSUPPORTED,
		"port %s: this ringtap was built without DPDK (-Ddpdk)", o->port);
}

void
rx_sender_put(struct rx_sender *sender, const uint8_t *frame, uint32_t len)
{
}

void
rx_sender_flush(struct rx_sender *sender)
{
}

struct rx_sender_counters
rx_sender_counters(const struct rx_sender *sender)
{
	return (struct rx_sender_counters){0, 0};
}

void
rx_sender_close(struct rx_sender *sender)
{
}
