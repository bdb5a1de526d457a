/* collector_fixture: probes' segments, a store and a billing directory of their own, for the tests
 * of this room. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "collector_private.h"

#define T0 (1700000000 * BASE_NS_PER_SEC)
#define SEGMENTS 2

struct fixture {
	char root[200], store_dir[240], billing_dir[240], paths[SEGMENTS][240];
	char *segments[SEGMENTS];
	struct config config;
	struct collector *c;
	struct sys_mapping mappings[SEGMENTS];
	struct shm shm[SEGMENTS];
	struct sys_error e;
};

/* A probe starts: makes its segment, or finds it. */
static inline void
fixture_probe(struct fixture *f, unsigned i, uint32_t cores)
{
	static const char *const names[SEGMENTS] = {"p0", "p1"};
	struct shm_layout layout = {cores, 65536};

	if (sys_mapping_create(
		    &f->mappings[i], f->paths[i], shm_segment_bytes(&layout), (gid_t)-1, &f->e))
		fail_msg("%s", f->e.text);
	assert_int_equal(shm_create(&f->shm[i], f->mappings[i].p, f->mappings[i].bytes, &layout,
				 base_span_cstr(names[i]), T0),
		0);
}

static inline void
fixture_publish(struct fixture *f, unsigned i, uint32_t core, unsigned n)
{
	uint8_t buffer[512];
	char uid[64];

	while (n--) {
		struct record_writer w = record_writer_begin(buffer, sizeof(buffer), RECORD_CALL);
		snprintf(uid, sizeof(uid), "%u.%u.%llu", i, core,
			(unsigned long long)shm_core(&f->shm[i], core)->next_seq);
		record_put_cstr(&w, RECORD_F_UID, uid);
		record_put_time(&w, RECORD_F_INVITE_TIME, T0);
		shm_publish(&f->shm[i], core, buffer, w.len);
	}
}

static inline void
fixture_start(struct fixture *f)
{
	if (collector_new(&f->c, &f->config, &f->e))
		fail_msg("%s", f->e.text);
}

/* kill -9: nothing is committed or released any more. */
static inline void
fixture_kill(struct fixture *f)
{
	collector_free(f->c);
	f->c = NULL;
}

/* As if a second had gone by, for what is looked at once a second. */
static inline void
fixture_second(struct fixture *f)
{
	f->c->check_ns = 0;
	assert_int_equal(collector_step(f->c, &f->e), 0);
}

struct rows {
	uint64_t n, sum_seq;
};

static inline int
fixture_count(void *context, const struct record_row *row, int64_t position)
{
	struct rows *rows = context;
	rows->n++;
	rows->sum_seq += row->values[RECORD_F_SEQ].u64;
	return 0;
}

/* The rows of the store that meet a condition. */
static inline uint64_t
fixture_rows(struct fixture *f, const char *where)
{
	struct store_options options = {.dir = f->store_dir, .read_only = true};
	struct store_query query = {.where = where};
	struct rows rows = {0};
	struct store *store;

	assert_int_equal(store_open(&store, &options, &f->e), 0);
	assert_int_equal(store_query(store, &query, fixture_count, &rows, &f->e), 0);
	store_close(store);
	return rows.n;
}

static inline uint64_t
fixture_backlog(const struct fixture *f, unsigned i)
{
	uint64_t bytes = 0;

	for (uint32_t core = 0; core < f->shm[i].cores; core++)
		bytes += shm_backlog(&f->shm[i], core);
	return bytes;
}

static inline int
fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	snprintf(f->root, sizeof(f->root), "%s/ringtap-collector-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(f->root) == NULL)
		return -1;
	sys_log_init("test", getenv("VERBOSE") ? SYS_LOG_DEBUG : SYS_LOG_ERROR);
	snprintf(f->store_dir, sizeof(f->store_dir), "%s/store", f->root);
	snprintf(f->billing_dir, sizeof(f->billing_dir), "%s/billing", f->root);
	for (unsigned i = 0; i < SEGMENTS; i++) {
		snprintf(f->paths[i], sizeof(f->paths[i]), "%s/segment%u", f->root, i);
		f->segments[i] = f->paths[i];
	}
	f->config.collector.segments = f->segments;
	f->config.collector.segments_count = SEGMENTS;
	f->config.collector.commit_ms = 1;
	f->config.collector.commit_records = 100;
	f->config.store.dir = f->store_dir;
	f->config.billing.enabled = true;
	f->config.billing.dir = f->billing_dir;
	f->config.billing.rotate_s = 300;
	f->config.billing.rotate_bytes = 1 << 20;
	f->config.billing.rotate_records = 1000;
	*state = f;
	return 0;
}

static inline int
fixture_teardown(void **state)
{
	struct fixture *f = *state;
	char command[300];

	collector_free(f->c);
	for (unsigned i = 0; i < SEGMENTS; i++)
		if (f->mappings[i].p)
			sys_mapping_close(&f->mappings[i]);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->root);
	int rc = system(command);
	free(f);
	return rc;
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
