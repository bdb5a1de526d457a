#include "base_wheel.h"

#include <string.h>

#include "base.h"

#define LEVELS 4
#define LEVEL_BITS 8
#define SLOTS (1u << LEVEL_BITS)
#define NIL UINT32_MAX
#define UNARMED 0xffffu
#define TICK_MAX ((int64_t)1 << 46)

struct timer {
	uint32_t next, prev;
	uint64_t list : 16;       /* level * SLOTS + slot, or UNARMED */
	int64_t expiry_tick : 48; /* ticks of 10 ms: 44 000 years */
};
_Static_assert(sizeof(struct timer) == 16, "four in a line");

struct list {
	uint32_t head, tail;
};

struct base_wheel {
	int64_t tick_ns;
	int64_t tick; /* every timer due at or before it has fired or stands in due */
	bool started; /* the clock has been told; until then armed timers wait in due */
	uint32_t max, armed;
	uint32_t fresh; /* timers from here on were never armed, and stand for nothing */
	uint32_t level_armed[LEVELS + 1];      /* the last: due */
	struct list lists[LEVELS * SLOTS + 1]; /* the last: due now */
	struct timer timers[];
};

#define DUE (LEVELS * SLOTS)

size_t
base_wheel_footprint(uint32_t max)
{
	return base_align_up(
		sizeof(struct base_wheel) + (size_t)max * sizeof(struct timer), BASE_CACHE_LINE);
}

struct base_wheel *
base_wheel_new(void *mem, uint32_t max, int64_t tick_ns)
{
	struct base_wheel *w = mem;

	memset(w, 0, sizeof(*w));
	w->tick_ns = tick_ns;
	w->max = max;
	for (uint32_t i = 0; i <= DUE; i++)
		w->lists[i] = (struct list){NIL, NIL};
	return w;
}

static void
list_append(struct base_wheel *w, uint32_t list, uint32_t id)
{
	struct list *l = &w->lists[list];
	struct timer *t = &w->timers[id];

	w->level_armed[list / SLOTS]++;
	t->list = list & UNARMED;
	t->next = NIL;
	t->prev = l->tail;
	if (l->tail == NIL)
		l->head = id;
	else
		w->timers[l->tail].next = id;
	l->tail = id;
}

static void
list_prepend(struct base_wheel *w, uint32_t list, uint32_t id)
{
	struct list *l = &w->lists[list];
	struct timer *t = &w->timers[id];

	w->level_armed[list / SLOTS]++;
	t->list = list & UNARMED;
	t->prev = NIL;
	t->next = l->head;
	if (l->head == NIL)
		l->tail = id;
	else
		w->timers[l->head].prev = id;
	l->head = id;
}

static void
list_remove(struct base_wheel *w, uint32_t id)
{
	struct timer *t = &w->timers[id];
	struct list *l = &w->lists[t->list];

	if (t->prev == NIL)
		l->head = t->next;
	else
		w->timers[t->prev].next = t->next;
	if (t->next == NIL)
		l->tail = t->prev;
	else
		w->timers[t->next].prev = t->prev;
	w->level_armed[t->list / SLOTS]--;
	t->list = UNARMED;
}

/* The list where a timer's distance from the clock puts it. */
static inline uint32_t
wheel_list(const struct base_wheel *w, int64_t expiry)
{
	int64_t distance = expiry - w->tick, reach = SLOTS;
	uint32_t level = 0;

	if (distance <= 0 || !w->started)
		return DUE;
	while (distance >= reach && level + 1 < LEVELS)
		level++, reach <<= LEVEL_BITS;
	int64_t at = distance < reach ? expiry : w->tick + reach - 1;
	return level * SLOTS + ((uint32_t)(at >> (LEVEL_BITS * level)) & (SLOTS - 1));
}

/* Up to id: they were never armed before. */
static base_cold void
timers_ready(struct base_wheel *w, uint32_t id)
{
	for (; w->fresh <= id; w->fresh++)
		w->timers[w->fresh] = (struct timer){.next = NIL, .prev = NIL, .list = UNARMED};
}

void
base_wheel_arm(struct base_wheel *w, uint32_t id, int64_t expiry_ns)
{
	if (base_unlikely(w->fresh <= id))
		timers_ready(w, id);
	struct timer *t = &w->timers[id];
	int64_t tick = expiry_ns / w->tick_ns + (expiry_ns % w->tick_ns > 0);
	if (base_unlikely((uint64_t)tick + TICK_MAX > 2 * TICK_MAX))
		tick = tick > 0 ? TICK_MAX : -TICK_MAX;
	t->expiry_tick = tick;
	uint32_t list = wheel_list(w, tick);
	if (t->list == list && t->next == NIL)
		return; /* it would come to stand where it stands, last of this list */
	base_wheel_cancel(w, id);
	w->armed++;
	list_append(w, list, id);
}

bool
base_wheel_is_armed(const struct base_wheel *w, uint32_t id)
{
	return id < w->fresh && w->timers[id].list != UNARMED;
}

void
base_wheel_cancel(struct base_wheel *w, uint32_t id)
{
	if (!base_wheel_is_armed(w, id))
		return;
	list_remove(w, id);
	w->armed--;
}

/* Places every timer of a list anew, before those that stand there already: of two timers for one
 * tick, the one that waits farther out was armed earlier. */
static void
wheel_cascade(struct base_wheel *w, uint32_t list)
{
	uint32_t id = w->lists[list].tail;

	w->lists[list] = (struct list){NIL, NIL};
	while (id != NIL) {
		uint32_t prev = w->timers[id].prev;
		w->level_armed[list / SLOTS]--;
		list_prepend(w, wheel_list(w, w->timers[id].expiry_tick), id);
		id = prev;
	}
}

static void
wheel_tick(struct base_wheel *w)
{
	w->tick++;
	wheel_cascade(w, (uint32_t)w->tick & (SLOTS - 1));
	for (uint32_t level = 1; level < LEVELS; level++) {
		if (w->tick & (((int64_t)1 << (LEVEL_BITS * level)) - 1))
			break;
		uint32_t slot = (uint32_t)(w->tick >> (LEVEL_BITS * level)) & (SLOTS - 1);
		wheel_cascade(w, level * SLOTS + slot);
	}
}

/* Over ticks at which nothing can happen: to just before the next slot of the lowest level in use,
 * or to target.  So a clock that jumps (a capture whose first frames have no date) costs no more
 * than the slots it passes. */
static void
wheel_skip(struct base_wheel *w, int64_t target)
{
	uint32_t level = 0;

	while (level + 1 < LEVELS && w->level_armed[level] == 0)
		level++;
	int64_t slot = (int64_t)1 << (LEVEL_BITS * level), next = (w->tick / slot + 1) * slot;
	w->tick = next > target ? target : next - 1;
}

static void
wheel_start(struct base_wheel *w, int64_t tick)
{
	if (w->started)
		return;
	w->started = true;
	w->tick = tick;
	wheel_cascade(w, DUE);
}

uint32_t
base_wheel_advance(struct base_wheel *w, int64_t now_ns, uint32_t *ids, uint32_t max_ids)
{
	int64_t target = now_ns / w->tick_ns;
	uint32_t n = 0;

	wheel_start(w, target);
	while (n < max_ids) {
		uint32_t id = w->lists[DUE].head;
		if (id != NIL) {
			list_remove(w, id);
			w->armed--;
			ids[n++] = id;
		} else if (w->tick >= target) {
			break;
		} else if (w->armed == 0) {
			w->tick = target;
		} else {
			wheel_skip(w, target);
			if (w->tick < target)
				wheel_tick(w);
		}
	}
	return n;
}
