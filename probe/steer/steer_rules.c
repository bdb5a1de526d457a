#include "steer_private.h"

/* Of steer_decide.h only the layout is wanted here, none of its functions. */
#define STEER_LAYOUT_ONLY
#include "steer_decide.h"

static uint8_t
steer_port_bits(const struct steer_rules *rules, uint32_t port)
{
	uint8_t bits = 0;

	for (uint32_t i = 0; i < rules->n_sip_ports; i++)
		if (rules->sip_ports[i] == port)
			bits |= STEER_PORT_SIP;
	for (uint32_t i = 0; i < rules->n_rtp; i++)
		if (port >= rules->rtp[i].first && port <= rules->rtp[i].last)
			bits |= STEER_PORT_RTP;
	return bits;
}

static void
steer_store(uint8_t *at, uint8_t value)
{
	if (*at != value)
		__atomic_store_n(at, value, __ATOMIC_RELAXED);
}

void
steer_rules_store(struct steer_table *table, const struct steer_rules *rules)
{
	for (uint32_t port = 0; port < base_count_of(table->ports); port++)
		steer_store(&table->ports[port], steer_port_bits(rules, port));
	steer_store(&table->tunnels, rules->tunnels);
}
