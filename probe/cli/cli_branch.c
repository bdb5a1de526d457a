#include <stdlib.h>

#include "cli_private.h"

/* * stands for any bytes, ? for one. */
static bool
glob(struct base_span pattern, struct base_span text)
{
	uint32_t p = 0, t = 0, star = UINT32_MAX, again = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			again = t;
		} else if (p < pattern.len && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
			p++, t++;
		} else if (star != UINT32_MAX) {
			p = star + 1; /* the star takes one more */
			t = ++again;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

/* Never 0.  Two Call-IDs of one hash are one in 2^64 / their number. */
static uint64_t
hash_of(struct base_span call_id)
{
	const struct base_hash_key key = BASE_HASH_KEY_REPLAY;

	return base_hash(&key, call_id.p, call_id.len) | 1;
}

/* The place of hash, or the free one where it belongs. */
static uint64_t *
place_of(const struct cli_branch *b, uint64_t hash)
{
	uint64_t i = hash >> 1 & (b->slots - 1);

	while (b->calls[i] && b->calls[i] != hash)
		i = (i + 1) & (b->slots - 1);
	return &b->calls[i];
}

static void
grow(struct cli_branch *b)
{
	struct cli_branch more = {.slots = b->slots ? b->slots * 2 : 1024};

	more.calls = cli_memory(NULL, more.slots * sizeof(*more.calls));
	memset(more.calls, 0, more.slots * sizeof(*more.calls));
	for (uint64_t i = 0; i < b->slots; i++)
		if (b->calls[i])
			*place_of(&more, b->calls[i]) = b->calls[i];
	free(b->calls);
	b->calls = more.calls;
	b->slots = more.slots;
}

void
cli_branch_message(struct cli_branch *b, const struct worker_message *m)
{
	const char *list = b->patterns;
	struct base_span pattern;
	bool found = false;

	while (!found && cli_filter_next(&list, &pattern))
		found = glob(pattern, m->branch);
	if (!found)
		return;
	if (2 * b->n >= b->slots)
		grow(b);
	uint64_t hash = hash_of(m->call_id), *place = place_of(b, hash);
	b->n += *place == 0;
	*place = hash;
}

bool
cli_branch_passes(const struct cli_branch *b, struct base_span call_id)
{
	return !b->patterns || (b->slots && *place_of(b, hash_of(call_id)) != 0);
}

void
cli_branch_free(struct cli_branch *b)
{
	free(b->calls);
	b->calls = NULL;
}
