/* sinks_fixture: a store and a billing directory of their own, for the tests of this room. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "sinks_private.h"

#define T0 (1700000000 * BASE_NS_PER_SEC) /* 2023-11-14T22:13:20Z */
#define DAY (86400 * BASE_NS_PER_SEC)
#define PROBE BASE_SPAN("p-1")

struct fixture {
	char root[200], store_dir[240], dir[240];
	struct store *store;
	struct sinks_billing *b;
	struct sinks_billing_options options;
	struct sys_error e;
	uint64_t seq;
	int64_t now_ns;
};

static const char *const seq_and_uid[] = {"seq", "uid"};

static inline void
fixture_put(struct fixture *f, enum record_kind kind, uint64_t seq, int64_t time_ns)
{
	uint8_t buffer[1024];
	char uid[32];
	struct record_writer w = record_writer_begin(buffer, sizeof(buffer), kind);

	snprintf(uid, sizeof(uid), "u%llu", (unsigned long long)seq);
	record_put_cstr(&w, RECORD_F_UID, uid);
	record_put_time(
		&w, kind == RECORD_CALL ? RECORD_F_INVITE_TIME : RECORD_F_REQUEST_TIME, time_ns);
	record_put_u64(&w, RECORD_F_CAPTURE_LOSS, seq % 10);
	record_set_seq(buffer, seq);
	assert_int_equal(store_put(f->store, PROBE, 2, buffer, w.len, &f->e), 0);
}

/* n calls more, in one commit; their days alternate. */
static inline void
fixture_calls(struct fixture *f, uint64_t n)
{
	assert_int_equal(store_begin(f->store, &f->e), 0);
	for (uint64_t i = 0; i < n; i++, f->seq++)
		fixture_put(f, RECORD_CALL, f->seq + 1, T0 + (int64_t)(f->seq % 2) * DAY);
	assert_int_equal(store_commit(f->store, &f->e), 0);
}

static inline void
fixture_open(struct fixture *f)
{
	if (sinks_billing_open(&f->b, f->store, &f->options, &f->e))
		fail_msg("%s", f->e.text);
}

/* The process dies and starts again, store and all. */
static inline void
fixture_restart(struct fixture *f)
{
	struct store_options options = {.dir = f->store_dir};

	sinks_billing_close(f->b);
	store_close(f->store);
	assert_int_equal(store_open(&f->store, &options, &f->e), 0);
	fixture_open(f);
}

static inline void
fixture_step(struct fixture *f, bool stop)
{
	if (sinks_billing_step(f->b, f->now_ns, stop, &f->e))
		fail_msg("%s", f->e.text);
}

/* A file of the billing directory, whole, NUL-terminated, to be freed; NULL: there is none. */
static inline char *
fixture_read(const struct fixture *f, const char *name, size_t *len)
{
	char path[600];
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	FILE *file = fopen(path, "r");
	if (file == NULL)
		return NULL;
	char *p = calloc(1, 1 << 20);
	n = fread(p, 1, (1 << 20) - 1, file);
	fclose(file);
	if (len)
		*len = n;
	return p;
}

/* The string or number behind "key": in a manifest line. */
static inline const char *
fixture_value(const char *line, const char *key, char *out, size_t out_bytes)
{
	char pattern[64];
	size_t n = 0;

	snprintf(pattern, sizeof(pattern), "\"%s\":", key);
	const char *p = strstr(line, pattern), *end = strchr(line, '\n');
	assert_true(p && end && p < end);
	p += strlen(pattern);
	p += *p == '"';
	while (p[n] != '"' && p[n] != ',' && p[n] != '}' && n + 1 < out_bytes)
		out[n] = p[n], n++;
	out[n] = 0;
	return out;
}

static inline long long
fixture_number(const char *line, const char *key)
{
	char text[64];
	return strtoll(fixture_value(line, key, text, sizeof(text)), NULL, 10);
}

static inline void
fixture_check_sha256(const char *data, size_t len, const char *line)
{
	struct sha256_ctx sha256;
	uint8_t digest[32];
	char hex[65], want[80];

	sha256_init(&sha256);
	sha256_update(&sha256, len, (const uint8_t *)data);
	sha256_digest(&sha256, sizeof(digest), digest);
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(hex, fixture_value(line, "sha256", want, sizeof(want)));
}

/* The whole delivery: each file is as its manifest line says, sequences have no hole, and the csv
 * rows (columns seq, uid) are the calls first..last in order, each once.  Returns the number of
 * files. */
static inline long long
fixture_check(const struct fixture *f, uint64_t first, uint64_t last)
{
	char *manifest = fixture_read(f, "manifest.jsonl", NULL), name[300], want[100];
	long long files = 0, billing_seq = 0, position = 0;

	for (char *line = manifest; line && *line; line = strchr(line, '\n') + 1, files++) {
		size_t len;
		char *data = fixture_read(f, fixture_value(line, "file", name, sizeof(name)), &len),
		     *at = data;
		assert_non_null(data);
		assert_int_equal(fixture_number(line, "file_sequence"), files + 1);
		assert_int_equal(fixture_number(line, "bytes"), len);
		assert_int_equal(fixture_number(line, "first_billing_seq"), billing_seq + 1);
		assert_true(fixture_number(line, "from_position") >= position);
		position = fixture_number(line, "to_position");
		fixture_check_sha256(data, len, line);
		assert_memory_equal(at, "billing_seq,seq,uid\r\n", 21);
		at += 21;
		for (long long i = fixture_number(line, "records"); i > 0; i--, first++) {
			int n = snprintf(want, sizeof(want), "%lld,%llu,u%llu\r\n", ++billing_seq,
				(unsigned long long)first, (unsigned long long)first);
			assert_memory_equal(at, want, (size_t)n);
			at += n;
		}
		assert_int_equal(at - data, len);
		assert_int_equal(fixture_number(line, "last_billing_seq"), billing_seq);
		free(data);
	}
	assert_int_equal(first, last + 1);
	free(manifest);
	return files;
}

static inline int
fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	snprintf(f->root, sizeof(f->root), "%s/ringtap-sinks-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(f->root) == NULL)
		return -1;
	sys_log_init("test", SYS_LOG_ERROR);
	snprintf(f->store_dir, sizeof(f->store_dir), "%s/store", f->root);
	snprintf(f->dir, sizeof(f->dir), "%s/billing", f->root);
	f->options = (struct sinks_billing_options){.dir = f->dir,
		.columns = seq_and_uid,
		.n_columns = 2,
		.rotate_s = 300,
		.rotate_bytes = 1 << 20,
		.rotate_records = 100};
	f->now_ns = T0;
	struct store_options options = {.dir = f->store_dir};
	if (store_open(&f->store, &options, &f->e))
		return -1;
	fixture_open(f);
	*state = f;
	return 0;
}

static inline int
fixture_teardown(void **state)
{
	struct fixture *f = *state;
	char command[300];

	sinks_billing_close(f->b);
	store_close(f->store);
	snprintf(command, sizeof(command), "rm -rf '%s'", f->root);
	int rc = system(command);
	free(f);
	return rc;
}

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
