/* Helpers of the classify tests. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "classify.h"

static inline struct packet_view
testing_view(const void *payload, uint32_t len, uint8_t transport, uint16_t port)
{
	return (struct packet_view){.payload = payload,
		.payload_len = len,
		.payload_wire_len = len,
		.transport = transport,
		.src.port = 40000,
		.dst.port = port};
}

static inline struct classify *
testing_classify(bool any_port, const struct classify_watch_list *watch, uint32_t n_watch)
{
	static const uint16_t ports[] = {5060, 5080};
	struct classify_options options = {ports, base_count_of(ports), any_port, watch, n_watch, false};
	struct classify *c;
	struct sys_error e;

	if (classify_new(&c, &options, &e) < 0)
		fail_msg("%s", e.text);
	return c;
}

static inline struct classify_core *
testing_core(const struct classify *c)
{
	struct classify_core *core;
	struct sys_error e;

	if (classify_core_new(&core, c, &e) < 0)
		fail_msg("%s", e.text);
	return core;
}

/* A generator for mutations: fixed seed, every run the same. */
static inline uint32_t
testing_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15ull;
	return (uint32_t)(base_hash_mix(*state) >> 16);
}

static inline struct sip_message *
testing_message(const char *text)
{
	static struct sip_message m;

	if (sip_parse(&m, (const uint8_t *)text, (uint32_t)strlen(text), true) <= 0)
		fail_msg("not SIP: %s", text);
	return &m;
}
