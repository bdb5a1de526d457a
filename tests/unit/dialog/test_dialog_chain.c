/* Blocks: texts of any length come back whole, items in order, and a freed chain's blocks serve again. */
#include "dialog_testing.h"

#define BLOCKS 64

static struct chain_block blocks[2 * BLOCKS]; /* and what says which follows which */

static void
texts_of_every_length_come_back(void **state)
{
	uint8_t text[600], scratch[600];
	struct chain_pool p;
	struct chain c;

	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + 1);
	for (uint32_t len = 1; len < sizeof(text); len++) {
		chain_pool_init(&p, blocks, BLOCKS);
		chain_init(&c);
		chain_ref first = chain_text_add(&p, &c, base_span_of(text, 5)), ref = chain_text_add(&p, &c, base_span_of(text, len));
		assert_true(first && ref);
		struct base_span back = chain_text(&p, ref, scratch, sizeof(scratch));
		assert_int_equal(back.len, len);
		assert_memory_equal(back.p, text, len);
		assert_int_equal(chain_text(&p, first, scratch, sizeof(scratch)).len, 5);
		assert_true(chain_text_is(&p, ref, base_span_of(text, len)) && !chain_text_is(&p, ref, base_span_of(text, len - 1)));
		scratch[len - 1] = (uint8_t)(text[len - 1] + 1);
		memcpy(scratch, text, len - 1);
		assert_false(chain_text_is(&p, ref, base_span_of(scratch, len)));
	}
}

static void
an_empty_text_is_reference_zero(void **state)
{
	struct chain_pool p;
	struct chain c;
	uint8_t scratch[8];

	chain_pool_init(&p, blocks, BLOCKS);
	chain_init(&c);
	assert_int_equal(chain_text_add(&p, &c, base_span_of(NULL, 0)), 0);
	assert_true(chain_text_is(&p, 0, base_span_of(NULL, 0)) && !chain_text_is(&p, 0, base_span_of("a", 1)));
	assert_int_equal(chain_text(&p, 0, scratch, sizeof(scratch)).len, 0);
}

static void
a_text_that_meets_the_pool_end_is_cut(void **state)
{
	uint8_t text[500] = {1}, scratch[500];
	struct chain_pool p;
	struct chain c;

	chain_pool_init(&p, blocks, 3); /* two blocks to give */
	chain_init(&c);
	chain_ref ref = chain_text_add(&p, &c, base_span_of(text, sizeof(text)));
	assert_int_equal(chain_text(&p, ref, scratch, sizeof(scratch)).len, 2 * CHAIN_BLOCK - 2);
	assert_int_equal(chain_text_add(&p, &c, base_span_of(text, 4)), 0);
	assert_null(chain_item_add(&p, &c, 8));
}

static void
items_come_in_order_over_blocks(void **state)
{
	static const uint32_t sizes[] = {4, 18, 32, 40, CHAIN_BLOCK};
	struct chain_pool p;
	struct chain c;

	for (size_t k = 0; k < base_count_of(sizes); k++) {
		chain_pool_init(&p, blocks, BLOCKS);
		chain_init(&c);
		for (uint32_t i = 0; i < 30; i++) {
			uint8_t *item = chain_item_add(&p, &c, sizes[k]);
			item[0] = (uint8_t)i;
		}
		struct chain_cursor at = {0};
		const uint8_t *item;
		uint32_t n = 0;
		while ((item = chain_item_next(&p, &c, sizes[k], &at)))
			assert_int_equal(item[0], n++);
		assert_int_equal(n, 30);
	}
}

static void
freed_blocks_serve_again(void **state)
{
	struct chain_pool p;
	struct chain c;
	uint8_t text[200] = {2};

	chain_pool_init(&p, blocks, 8);
	for (int i = 0; i < 1000; i++) {
		chain_init(&c);
		assert_true(chain_text_add(&p, &c, base_span_of(text, sizeof(text))));
		chain_free(&p, &c);
	}
	assert_true(p.used <= 5);
}

static void
a_text_with_a_chain_of_its_own_is_freed_by_its_reference(void **state)
{
	struct chain_pool p;
	uint8_t text[200] = {2};

	chain_pool_init(&p, blocks, 16);
	for (uint32_t i = 0; i < 1000; i++) {
		struct chain a = {0}, b = {0};
		chain_ref first = chain_text_add(&p, &a, base_span_of(text, i % 200 + 1));
		chain_ref second = chain_text_add(&p, &b, base_span_of(text, 199 - i % 200));
		assert_true(first && (second || i % 200 == 199));
		chain_text_free(&p, first);
		chain_text_free(&p, second);
	}
	assert_true(p.used <= 9);
}

/* As far as its copy goes; and what is not whole there is said to be the next one. */
static void
a_flat_copy_has_the_texts_that_a_walk_meets(void **state)
{
	static struct chain_flat flat;
	uint8_t text[600], scratch[600];
	struct chain_place place;
	struct chain_pool p;
	struct chain c;
	uint32_t random = 1, most = 0;

	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 5 + 3);
	for (uint32_t round = 0; round < 400; round++) {
		chain_pool_init(&p, blocks, BLOCKS);
		chain_init(&c);
		for (uint32_t n = round % 60; n; n--) {
			random = random * 1103515245 + 12345;
			uint32_t len = 1 + (random >> 8) % (n % 16 ? 70 : sizeof(text));
			struct chain_head head = {len, (uint8_t)((random >> 20) % CHAIN_ID_NONE), random >> 30 & 1};
			chain_text_add_as(&p, &c, head, text);
		}
		struct chain_walk walk = {.started = false};
		uint32_t at = 0;
		chain_flatten(&p, &c, &flat);
		for (uint32_t begin = 0; chain_flat_text(&flat, &at, &place); begin = at) {
			assert_true(chain_text_walk(&p, &c, &walk));
			assert_int_equal(walk.ref, chain_flat_ref(&flat, begin));
			assert_int_equal(walk.head.len, place.head.len);
			assert_true(walk.head.id == place.head.id && walk.head.alias == place.head.alias);
			assert_memory_equal(chain_text(&p, walk.ref, scratch, sizeof(scratch)).p, place.bytes, place.head.len);
		}
		bool more = chain_text_walk(&p, &c, &walk);
		assert_int_equal(more ? walk.ref : 0, at < flat.len ? chain_flat_ref(&flat, at) : flat.rest);
		most = flat.len > most ? flat.len : most;
	}
	assert_int_equal(most, CHAIN_FLAT_BLOCKS * CHAIN_BLOCK);
}

/* Over pools that are new, have been used, and have no room. */
static void
a_run_leaves_what_its_texts_do_one_by_one(void **state)
{
	static struct chain_block twin_blocks[2 * BLOCKS];
	struct chain_pool pools[2];
	struct chain chains[2];
	uint8_t text[CHAIN_RUN_BYTES], scratch[CHAIN_RUN_BYTES];
	uint64_t seed = 11;
	uint32_t refused = 0;

	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 13 + 5);
	for (int round = 0; round < 3000; round++) {
		struct chain_head heads[12];
		struct chain_run run;
		uint64_t random = base_hash_mix(++seed);
		uint32_t n = (uint32_t)(random % 12), bytes = 0, max = 20 + (uint32_t)(random >> 8) % (BLOCKS - 20);
		chain_pool_init(&pools[0], blocks, max);
		chain_pool_init(&pools[1], twin_blocks, max);
		for (int k = 0; k < 2; k++) {
			struct chain used = {0};
			chain_init(&chains[k]);
			chain_text_add(&pools[k], &used, base_span_of(text, random >> 20 & 511));
			chain_free(&pools[k], &used);
			chain_text_add(&pools[k], &chains[k], base_span_of(text, random >> 40 & 127));
		}
		for (uint32_t i = 0; i < n; i++) {
			random = base_hash_mix(++seed);
			heads[i] = (struct chain_head){1 + (uint32_t)random % (random >> 60 ? 50 : 300), (uint8_t)(random >> 40) % CHAIN_ID_NONE, random >> 50 & 1};
			bytes += CHAIN_HEAD_SHORT + heads[i].len;
		}
		if (!chain_run_begin(&run, &pools[1], &chains[1], bytes)) {
			refused++;
			continue;
		}
		for (uint32_t i = 0; i < n; i++)
			assert_int_equal(chain_run_add(&run, heads[i], text), chain_text_add_as(&pools[0], &chains[0], heads[i], text));
		chain_run_end(&run);
		assert_memory_equal(&chains[0], &chains[1], sizeof(chains[0]));
		assert_int_equal(pools[0].free_head, pools[1].free_head);
		assert_int_equal(pools[0].used, pools[1].used);
		struct chain_walk walks[2] = {{.started = false}, {.started = false}};
		while (chain_text_walk(&pools[0], &chains[0], &walks[0])) {
			assert_true(chain_text_walk(&pools[1], &chains[1], &walks[1]) && walks[0].ref == walks[1].ref);
			assert_true(walks[0].head.id == walks[1].head.id && walks[0].head.alias == walks[1].head.alias);
			assert_true(chain_text_is(&pools[1], walks[1].ref, chain_text(&pools[0], walks[0].ref, scratch, sizeof(scratch))));
		}
		assert_false(chain_text_walk(&pools[1], &chains[1], &walks[1]));
	}
	assert_in_range(refused, 1, 1500);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(texts_of_every_length_come_back),
		cmocka_unit_test(an_empty_text_is_reference_zero), cmocka_unit_test(a_text_that_meets_the_pool_end_is_cut),
		cmocka_unit_test(items_come_in_order_over_blocks), cmocka_unit_test(freed_blocks_serve_again),
		cmocka_unit_test(a_run_leaves_what_its_texts_do_one_by_one),
		cmocka_unit_test(a_flat_copy_has_the_texts_that_a_walk_meets),
		cmocka_unit_test(a_text_with_a_chain_of_its_own_is_freed_by_its_reference)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
