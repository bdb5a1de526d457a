/* store_keys: what a day's rows are found by without walking through all of them.
 *
 * An index of SQLite's over keys in no order costs more than the row itself: each call would change
 * six trees.  Here a commit appends the keys of its rows, as they come, to the table key_tail, in
 * the same transaction; once the tail has STORE_RUN_ROWS rows it is sorted and written as a run,
 * which never changes again:
 *
 *   key_tail(position, rows, keys)            position: of the first row; keys: { u8 key, u32
 *                                             position - first, key bytes } per entry
 *   key_runs(position)                        position: of its first row
 *   key_parts(key, run, first, part, keys)    keys: { key bytes, u32 position - run } in order,
 *                                             some 2000 bytes; first: the first one's key bytes
 *
 * Numbers are little-endian, key bytes compare as memcmp does: 8 bytes of a text's hash (equality
 * only), the first 16 bytes of a text, or 8 bytes of a time.  A key may name rows that do not fit
 * (a hash, a cut text): who looks compares the row.  A row without the field has no key.
 *
 * Reading: store_keyed.c. */
#pragma once

#include "store_private.h"

#define STORE_RUN_ROWS 65536
#define STORE_PART_BYTES 2000 /* four to a page, none overflows */
#define STORE_KEY_BYTES_MAX 16

enum store_key_sort { STORE_KEY_HASH, STORE_KEY_TEXT, STORE_KEY_TIME };

/* The number of a key is its place in the list, and stands in the files: new ones at the end. */
struct store_key_info {
	enum record_kind kind;
	enum record_field field;
	enum store_key_sort sort;
};
extern const struct store_key_info store_keys[STORE_KEYS_COUNT];

/* Both halves as big-endian bytes are the key bytes; lo: of a text only. */
struct store_key {
	uint64_t hi, lo;
};

static inline uint32_t
store_key_bytes(uint32_t key)
{
	return store_keys[key].sort == STORE_KEY_TEXT ? 16 : 8;
}

static inline int
store_key_compare(const struct store_key *a, const struct store_key *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

/* The first 16 bytes, filled up. */
struct store_key
store_key_text(struct base_span text, uint8_t fill);
struct store_key
store_key_hash(struct base_span text);
/* Key bytes of n (8 or 16), and back. */
void
store_key_write(uint8_t *p, const struct store_key *key, uint32_t n);
struct store_key
store_key_read(const uint8_t *p, uint32_t n);

/* An entry of key_tail, or of key_parts (of which the reader knows the key). */
struct store_key_found {
	uint32_t key, delta;
	struct store_key value;
};
/* Takes the next entry off the bytes; false at their end, or where they are damaged. */
bool
store_key_tail_next(struct base_span *bytes, struct store_key_found *found);
bool
store_key_part_next(struct base_span *bytes, uint32_t key, struct store_key_found *found);
