#include "gen_private.h"

#define PER_BUCKET 32.0      /* events, so that sorting one is cheap */
#define SHIFT_MIN 9          /* 512 ns */
#define SHIFT_MAX 22         /* 4 ms */
#define REACH_NS (256 * BASE_NS_PER_MS) /* packets stay within it */

static uint32_t
shift_of(const struct gen_agenda_options *o)
{
	double width = PER_BUCKET * 1e9 / (o->events_per_second > 1 ? o->events_per_second : 1);
	uint32_t shift = SHIFT_MIN;

	while (shift < SHIFT_MAX && (double)(2ull << shift) <= width)
		shift++;
	return shift;
}

static uint32_t
buckets_of(const struct gen_agenda_options *o)
{
	return base_power_of_two_at_least((uint32_t)(REACH_NS >> shift_of(o)) + 16);
}

size_t
gen_agenda_footprint(const struct gen_agenda_options *o)
{
	return base_wheel_footprint(o->events) + base_align_up(o->events * sizeof(int64_t), 64) +
		base_align_up(o->events * sizeof(uint32_t), 64) +
		base_align_up(buckets_of(o) * sizeof(uint32_t), 64);
}

void
gen_agenda_init(struct gen_agenda *a, void *mem, const struct gen_agenda_options *o)
{
	uint32_t n = buckets_of(o);
	uint8_t *p = mem;

	*a = (struct gen_agenda){.shift = shift_of(o), .mask = n - 1, .begin_ns = o->begin_ns};
	a->tick_ns = ((int64_t)n << a->shift) / 8;
	a->wheel = base_wheel_new(p, o->events, a->tick_ns);
	p += base_wheel_footprint(o->events);
	a->at_ns = (int64_t *)p;
	p += base_align_up(o->events * sizeof(int64_t), 64);
	a->next = (uint32_t *)p;
	p += base_align_up(o->events * sizeof(uint32_t), 64);
	a->buckets = (uint32_t *)p;
	for (uint32_t i = 0; i < n; i++)
		a->buckets[i] = GEN_NONE;
	a->current = GEN_NONE;
	a->wheel_ns = -1;
}

/* ---- sorted lists ---- */

static bool
before(const struct gen_agenda *a, uint32_t x, uint32_t y)
{
	return a->at_ns[x] != a->at_ns[y] ? a->at_ns[x] < a->at_ns[y] : x < y;
}

static uint32_t
merge(struct gen_agenda *a, uint32_t x, uint32_t y)
{
	uint32_t head = GEN_NONE, *tail = &head;

	while (x != GEN_NONE && y != GEN_NONE) {
		uint32_t *least = before(a, x, y) ? &x : &y;
		*tail = *least;
		tail = &a->next[*least];
		*least = *tail;
	}
	*tail = x != GEN_NONE ? x : y;
	return head;
}

/* Merges lists of 1, 2, 4, ... as a binary counter does. */
static uint32_t
sort(struct gen_agenda *a, uint32_t list)
{
	uint32_t parts[32], n = 0, sorted = GEN_NONE;

	while (list != GEN_NONE) {
		uint32_t one = list, i = 0;
		list = a->next[one];
		a->next[one] = GEN_NONE;
		for (; i < n && parts[i] != GEN_NONE; i++) {
			one = merge(a, parts[i], one);
			parts[i] = GEN_NONE;
		}
		if (i == n)
			n++;
		parts[i] = one;
	}
	for (uint32_t i = 0; i < n; i++)
		sorted = merge(a, parts[i], sorted);
	return sorted;
}

static void
insert_sorted(struct gen_agenda *a, uint32_t id)
{
	uint32_t *at = &a->current;

	while (*at != GEN_NONE && before(a, *at, id))
		at = &a->next[*at];
	a->next[id] = *at;
	*at = id;
}

/* ---- the calendar ---- */

static void
put_near(struct gen_agenda *a, uint32_t id)
{
	uint64_t bucket = (uint64_t)(a->at_ns[id] - a->begin_ns) >> a->shift;
	uint32_t *head = &a->buckets[bucket & a->mask];

	a->near++;
	if (bucket <= a->position) {
		insert_sorted(a, id);
		return;
	}
	a->next[id] = *head;
	*head = id;
}

void
gen_agenda_put(struct gen_agenda *a, uint32_t id, int64_t at_ns)
{
	uint64_t bucket = (uint64_t)(at_ns - a->begin_ns) >> a->shift;

	a->at_ns[id] = at_ns;
	if (bucket <= a->position + a->mask) {
		put_near(a, id);
		return;
	}
	base_wheel_arm(a->wheel, id, at_ns - a->begin_ns);
	a->far++;
}

/* What comes within two ticks of the position goes into the calendar, which reaches for eight. */
static void
fetch(struct gen_agenda *a)
{
	int64_t now_ns = (int64_t)(a->position << a->shift);
	uint32_t ids[64], n;

	if (a->far == 0 || (a->wheel_ns >= 0 && now_ns < a->wheel_ns + a->tick_ns / 2))
		return;
	a->wheel_ns = now_ns;
	do {
		n = base_wheel_advance(a->wheel, now_ns + 3 * a->tick_ns, ids, base_count_of(ids));
		for (uint32_t i = 0; i < n; i++)
			put_near(a, ids[i]);
		a->far -= n;
	} while (n == base_count_of(ids));
}

uint32_t
gen_agenda_take(struct gen_agenda *a, int64_t *at_ns)
{
	while (a->current == GEN_NONE) {
		if (a->near + a->far == 0)
			return GEN_NONE;
		fetch(a);
		a->position++;
		uint32_t *head = &a->buckets[a->position & a->mask];
		/* put_near may have filled current */
		a->current = merge(a, a->current, sort(a, *head));
		*head = GEN_NONE;
	}
	uint32_t id = a->current;
	a->current = a->next[id];
	a->near--;
	*at_ns = a->at_ns[id];
	return id;
}
