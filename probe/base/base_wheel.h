/* base_wheel: many timers, one owner, no allocation: a hierarchical timing wheel (Varghese, Lauck
 * 1987).
 *
 * Timers are numbered 0..max-1 by the owner (its own slot numbers).  Four levels of 256 slots: with
 * a tick of 10 ms they reach 497 days; later expiries wait in the last slot and are placed anew.
 * Arming, re-arming and cancelling are O(1). Memory: the caller gives base_wheel_footprint(max)
 * bytes.  Thread: one owner. Order: timers fire in order of tick; within a tick in the order they
 * were armed, so a replay fires the same way.  (Two for one tick beyond the reach may change
 * places.) */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct base_wheel;

size_t base_wheel_footprint(uint32_t max);

/* mem: cache-line aligned, base_wheel_footprint(max) bytes.  tick_ns > 0.  The clock starts with
 * the first base_wheel_advance; timers armed before wait for it, and those that are late by then
 * fire in the order they were armed. */
struct base_wheel *base_wheel_new(void *mem, uint32_t max, int64_t tick_ns);

/* Arms (or re-arms) timer id for expiry_ns, rounded up to a tick; an expiry in the past fires at
 * the next advance. */
void base_wheel_arm(struct base_wheel *w, uint32_t id, int64_t expiry_ns);
void base_wheel_cancel(struct base_wheel *w, uint32_t id);
bool base_wheel_is_armed(const struct base_wheel *w, uint32_t id);

/* Moves the clock to now_ns (never back) and writes up to max_ids expired timers, disarmed, to ids.
 * Returns how many; call again while it returns max_ids. */
uint32_t base_wheel_advance(struct base_wheel *w, int64_t now_ns, uint32_t *ids, uint32_t max_ids);
