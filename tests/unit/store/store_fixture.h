/* store_fixture: a directory of its own and records made to measure, for the tests of this room. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

#define T0 (1700000000 * BASE_NS_PER_SEC) /* 2023-11-14T22:13:20Z */
#define DAY (86400 * BASE_NS_PER_SEC)
#define PROBE BASE_SPAN("p1")

struct fixture {
	char dir[256];
	struct store *store;
	struct sys_error e;
};

/* What a record is made of; zero: left out. */
struct want {
	enum record_kind kind; /* 0: call */
	uint64_t seq;
	int64_t first, last;
	const char *from, *uid, *status;
};

static inline uint32_t
fixture_record(uint8_t *buffer, const struct want *w)
{
	enum record_kind kind = w->kind ? w->kind : RECORD_CALL;
	struct record_writer writer = record_writer_begin(buffer, RECORD_BYTES_MAX, kind);
	char uid[32];
	bool call = kind == RECORD_CALL, stream = kind == RECORD_STREAM;

	snprintf(uid, sizeof(uid), "u%llu", (unsigned long long)w->seq);
	record_put_cstr(&writer, RECORD_F_UID, w->uid ? w->uid : uid);
	record_put_cstr(&writer, RECORD_F_STATUS, w->status ? w->status : "final");
	record_put_time(&writer,
		call     ? RECORD_F_INVITE_TIME
		: stream ? RECORD_F_FIRST_TIME
		: kind == RECORD_MESSAGE ? RECORD_F_TIME
			 : RECORD_F_REQUEST_TIME,
		w->first);
	record_put_time(&writer,
		call     ? RECORD_F_END_TIME
		: stream ? RECORD_F_LAST_TIME
			 : RECORD_F_RESPONSE_TIME,
		w->last);
	if (!stream && kind != RECORD_MESSAGE)
		record_put_cstr(&writer, RECORD_F_FROM_USER, w->from);
	record_set_seq(buffer, w->seq);
	return writer.len;
}

static inline int
fixture_put(struct fixture *f, const struct want *w)
{
	static uint8_t buffer[RECORD_BYTES_MAX];
	uint32_t len = fixture_record(buffer, w);

	return store_put(f->store, PROBE, 3, buffer, len, &f->e);
}

static inline void
fixture_open(struct fixture *f, uint32_t retention_days)
{
	struct store_options options = {.dir = f->dir, .retention_days = retention_days};

	if (store_open(&f->store, &options, &f->e))
		fail_msg("%s", f->e.text);
}

static inline void
fixture_close(struct fixture *f)
{
	store_close(f->store);
	f->store = NULL;
}

/* As after kill -9: what was not committed is gone. */
static inline void
fixture_restart(struct fixture *f)
{
	fixture_close(f);
	fixture_open(f, 0);
}

static inline void
fixture_commit_one(struct fixture *f, const struct want *w)
{
	assert_int_equal(store_begin(f->store, &f->e), 0);
	assert_int_equal(fixture_put(f, w), 0);
	assert_int_equal(store_commit(f->store, &f->e), 0);
}

/* The rows of a query as text: 'uid@position ' each, positions only where asked for. */
struct seen {
	char text[4096];
	size_t len;
	uint32_t n;
	int64_t last_position;
	bool positions;
};

static inline int
fixture_see(void *context, const struct record_row *row, int64_t position)
{
	struct seen *s = context;
	struct base_span uid = row->values[RECORD_F_UID].text;

	s->n++;
	s->last_position = position;
	if (s->len + uid.len + 32 > sizeof(s->text))
		return 0;
	s->len += (size_t)snprintf(s->text + s->len, sizeof(s->text) - s->len, "%s%.*s",
		s->len ? " " : "", (int)uid.len, uid.p);
	if (s->positions)
		s->len += (size_t)snprintf(
			s->text + s->len, sizeof(s->text) - s->len, "@%lld", (long long)position);
	return 0;
}

static inline void
fixture_expect(struct fixture *f, const struct store_query *q, const char *uids)
{
	struct seen seen = {.len = 0};

	if (store_query(f->store, q, fixture_see, &seen, &f->e))
		fail_msg("%s", f->e.text);
	assert_string_equal(seen.text, uids);
}

static inline int
fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	snprintf(f->dir, sizeof(f->dir), "%s/ringtap-store-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	sys_log_init("test", SYS_LOG_ERROR);
	fixture_open(f, 0);
	*state = f;
	return 0;
}

static inline int
fixture_teardown(void **state)
{
	struct fixture *f = *state;
	char command[300];

	store_close(f->store);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
	int rc = system(command);
	free(f);
	return rc;
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
