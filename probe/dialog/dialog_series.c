/* A registration and its refreshes are one series: same address of record, same Call-ID (RFC 3261
 * 10.2.4), each before the one before has expired.  What is kept between them, for each dialog has
 * its record and is gone by then, is one entry of a table; the least recent of four gives way. */
#include "dialog_private.h"

#define SERIES_WAYS 4
#define SERIES_EXPIRES_S 3600 /* where nobody says (RFC 3261 10.2.1.1) */

struct series_entry {
	uint64_t key;            /* 0: none */
	uint64_t uid[2];         /* of the first registration */
	int64_t last_ns, until_ns;
	uint32_t count;
};

static uint32_t
set_count(uint32_t max_series)
{
	return max_series ? base_power_of_two_at_least((max_series + SERIES_WAYS - 1) / SERIES_WAYS)
			  : 0;
}

size_t
series_footprint(uint32_t max_series)
{
	return (size_t)set_count(max_series) * SERIES_WAYS * sizeof(struct series_entry);
}

void
series_table_init(struct dialog *d, void *mem)
{
	d->series = mem;
	d->n_series_sets = set_count(d->options.max_series);
	if (!d->options.zeroed)
		base_zero(mem, series_footprint(d->options.max_series));
}

/* The entry of key, or with make the one to take for it. */
static struct series_entry *
entry_of(struct dialog *d, uint64_t key, bool make)
{
	struct series_entry *set, *oldest;

	if (d->n_series_sets == 0)
		return NULL;
	set = &d->series[(size_t)((uint32_t)(base_hash_mix(key) >> 32) & (d->n_series_sets - 1)) *
			 SERIES_WAYS];
	oldest = set;
	for (uint32_t i = 0; i < SERIES_WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].key == 0 ? oldest->key != 0
				    : oldest->key && set[i].last_ns < oldest->last_ns)
			oldest = &set[i];
	}
	return make ? oldest : NULL;
}

static int64_t
expiry_ns(const struct exchange_state *x)
{
	uint32_t seconds = x->has_granted     ? x->granted_expires
			   : x->has_requested ? x->requested_expires
					      : SERIES_EXPIRES_S;

	return x->response_ns + (int64_t)seconds * BASE_NS_PER_SEC;
}

static void
entry_begin(struct dialog *d, const struct slot *s, struct series_entry *e, uint64_t key)
{
	metrics_add(d->options.metrics, METRICS_SERIES_EVICTED,
		e->key && e->key != key && e->until_ns > s->first_ns);
	*e = (struct series_entry){.key = key};
	slot_uid(d, s, e->uid);
}

bool
series_take(struct dialog *d, const struct slot *s, struct base_span aor, bool removes,
	struct series *out)
{
	const struct exchange_state *x = &s->exchange;
	bool success = s->final.status >= 200 && s->final.status < 300;
	uint64_t key = base_hash_short(&d->options.key, aor.p, aor.len) ^ base_hash_mix(s->hash);
	struct series_entry *e = entry_of(d, key, success && !removes);

	/* It may be late by what an exchange may take. */
	bool goes_on = e && e->key == key &&
		       s->first_ns <= e->until_ns + d->options.registration_ns;
	if (e == NULL || (!goes_on && (!success || removes)))
		return false;
	if (!goes_on)
		entry_begin(d, s, e, key);
	e->count += success;
	e->last_ns = s->last_ns;
	if (success)
		e->until_ns = expiry_ns(x);
	memcpy(out->uid, e->uid, sizeof(out->uid));
	out->ordinal = success ? e->count : 0;
	if (success && removes)
		e->key = 0;
	return true;
}
