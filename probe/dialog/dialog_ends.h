/* Where the messages of a row come from, and where they go to, into a record. */
#pragma once

#include "dialog_private.h"

/* It stands in the slot. */
static inline bool
flow_host_is_short(const struct slot *s, uint8_t host)
{
	return host < s->n_hosts && host < DIALOG_HOSTS_SLOT && !(s->hosts_wide >> host & 1);
}
/* One of hosts[] into these two fields. */
void flow_put_wide_host(const struct dialog *d, const struct slot *s, struct record_writer *w,
	uint8_t host, const enum record_field fields[2]);
static inline void
flow_put_host(const struct dialog *d, const struct slot *s, struct record_writer *w, uint8_t host,
	const enum record_field fields[2])
{
	const union host_short *at = &s->hosts[host % DIALOG_HOSTS_SLOT];

	if (base_likely(flow_host_is_short(s, host))) {
		record_put_ipv4(w, fields, at->v4.ip, base_load_be16(at->v4.port));
	} else {
		struct record_writer copy = *w; /* so that w may stay in registers */
		flow_put_wide_host(d, s, &copy, host, fields);
		record_writer_take(w, &copy);
	}
}
/* Where a message comes from, and where it goes to. */
static inline void
flow_put_ends(const struct dialog *d, const struct slot *s, struct record_writer *w, uint8_t src,
	uint8_t dst)
{
	static const enum record_field from[] = {RECORD_F_SRC_IP, RECORD_F_SRC_PORT},
				       to[] = {RECORD_F_DST_IP, RECORD_F_DST_PORT};

	flow_put_host(d, s, w, src, from);
	flow_put_host(d, s, w, dst, to);
}
/* The same, of rows whose facts have been gathered; and of those that it does not know. */
void flow_put_other_ends(const struct dialog *d, const struct slot *s, struct record_writer *w,
	const uint8_t hosts[2]);
static inline void
flow_put_ready_ends(const struct dialog *d, const struct slot *s, struct record_writer *w,
	const struct flow_facts *facts, const uint8_t hosts[2])
{
	const struct flow_ends *ends = &facts->ends[hosts[0] % DIALOG_HOSTS_SLOT];

	if (base_likely(hosts[0] + hosts[1] == 1 && ends->len &&
			w->len + FLOW_ENDS_BYTES <= w->cap)) {
		memcpy(w->p + w->len, ends->bytes, FLOW_ENDS_BYTES);
		w->len += ends->len;
	} else {
		struct record_writer copy = *w;
		flow_put_other_ends(d, s, &copy, hosts);
		record_writer_take(w, &copy);
	}
}
