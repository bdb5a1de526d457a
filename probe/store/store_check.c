#include "store_keys.h"

#include <dirent.h>
#include <errno.h>

/* What looks through a store tells. */
struct check {
	struct store *store;
	store_check_fn fn;
	void *context;
	int bad;
	int64_t last; /* position */
};

static void
tell(struct check *c, const char *what, bool bad, const char *text)
{
	c->bad += bad;
	c->fn(c->context, what, bad, text);
}

static int
number_of(sqlite3 *db, const char *sql, int64_t *n, struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int error = store_sql_prepare(db, &stmt, sql, e);

	*n = 0;
	if (error == 0)
		error = store_sql_run(stmt, n, e);
	sqlite3_finalize(stmt);
	return error;
}

/* Entries of a key in the tail's rows. */
static int
tail_count(struct store_day *day, uint32_t key, int64_t *n, struct sys_error *e)
{
	struct store_key_found found;
	sqlite3_stmt *stmt;
	int rc = SQLITE_DONE;
	int error = store_sql_prepare(day->db, &stmt, "SELECT keys FROM key_tail", e);

	while (error == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const void *p = sqlite3_column_blob(stmt, 0);
		struct base_span bytes =
			base_span_of(p, p ? (uint32_t)sqlite3_column_bytes(stmt, 0) : 0);
		while (store_key_tail_next(&bytes, &found))
			*n += found.key == key;
	}
	if (error == 0 && rc != SQLITE_DONE)
		error = store_sql_fail(day->db, e, "cannot read");
	sqlite3_finalize(stmt);
	return error;
}

/* Each row has a uid, and so a key; within one read transaction. *missing: rows without, or keys
 * without a row. */
static int
keys_check(struct store_day *day, int64_t *rows, int64_t *missing, struct sys_error *e)
{
	char sql[200];
	int error = 0;

	*missing = 0;
	for (uint32_t k = 0; k < STORE_KEYS_COUNT && error == 0; k++) {
		int64_t n = 0, keys = 0, tail = 0;
		if (store_keys[k].field != RECORD_F_UID ||
			!store_day_has(day, store_keys[k].kind))
			continue;
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s",
			record_kind_table(store_keys[k].kind));
		error = number_of(day->db, sql, &n, e);
		*rows += n;
		if (error || !day->keyed)
			continue;
		snprintf(sql, sizeof(sql),
			"SELECT total(length(keys)) / %u FROM key_parts WHERE key = %u",
			store_key_bytes(k) + 4, k);
		error = number_of(day->db, sql, &keys, e);
		if (error == 0)
			error = tail_count(day, k, &tail, e);
		*missing += n > keys + tail ? n - keys - tail : keys + tail - n;
	}
	return error;
}

static void
day_tell(struct check *c, int64_t number)
{
	char buffer[STORE_PATH_BYTES], text[400];
	struct base_text path = base_text_of(buffer, sizeof(buffer));
	struct sys_error e = {""};
	struct store_day *day;
	int64_t rows = 0, missing = 0, position = 0;

	store_day_path(c->store, number, "", &path);
	int error = store_day_check(c->store, number, &e);
	if (error == 0)
		error = store_day_position(c->store, number, &position, &e);
	if (error == 0)
		error = store_day_reader(c->store, number, &day, &e);
	if (error == 0 && !day->is_empty) {
		sqlite3_set_authorizer(day->db, NULL, NULL);
		error = store_sql_exec(day->db, "BEGIN", &e);
		if (error == 0)
			error = keys_check(day, &rows, &missing, &e);
		sqlite3_exec(day->db, "COMMIT", NULL, NULL, NULL);
		store_day_drop(c->store, number);
	}
	c->last = position > c->last ? position : c->last;
	if (error)
		snprintf(text, sizeof(text), "%.390s", e.text);
	else if (missing)
		snprintf(text, sizeof(text),
			"%lld rows are not found by their keys, or keys by their rows",
			(long long)missing);
	else
		snprintf(text, sizeof(text), "%lld rows", (long long)rows);
	tell(c, path.p, error || missing, text);
}

/* Who has taken how much. */
static int
cursors_tell(struct check *c, struct sys_error *e)
{
	sqlite3_stmt *stmt;
	char text[200];
	int rc = SQLITE_DONE;

	if (c->store->state == NULL)
		return 0;
	int error = store_sql_prepare(c->store->state, &stmt,
		"SELECT consumer, position FROM cursors WHERE consumer NOT LIKE '#%' ORDER BY 1",
		e);
	while (error == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int64_t position = sqlite3_column_int64(stmt, 1);
		bool beyond = position > c->last;
		if (beyond)
			snprintf(text, sizeof(text),
				"its cursor (%lld) is beyond the last record (%lld)",
				(long long)position, (long long)c->last);
		else
			snprintf(text, sizeof(text),
				"has taken what is there but the last %lld positions",
				(long long)(c->last - position));
		tell(c, (const char *)sqlite3_column_text(stmt, 0), beyond, text);
	}
	if (error == 0 && rc != SQLITE_DONE)
		error = store_sql_fail(c->store->state, e, "cannot read");
	sqlite3_finalize(stmt);
	return error;
}

static void
aside_tell(struct check *c)
{
	DIR *d = opendir(c->store->dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)) != NULL) {
		size_t len = strlen(entry->d_name);
		if (strncmp(entry->d_name, "ringtap-", 8) == 0 &&
			strstr(entry->d_name, ".db.corrupt") &&
			strcmp(entry->d_name + len - 4, "-wal") != 0 &&
			strcmp(entry->d_name + len - 4, "-shm") != 0)
			tell(c, entry->d_name, false, "set aside as damaged, kept as it was");
	}
	if (d)
		closedir(d);
}

int
store_check(struct store *store, store_check_fn fn, void *context, struct sys_error *e)
{
	struct check c = {.store = store, .fn = fn, .context = context};
	int error = store_days_scan(store, e);

	for (uint32_t i = 0; i < store->n_files && error == 0; i++)
		day_tell(&c, store->files[i].day);
	if (error == 0)
		error = cursors_tell(&c, e);
	if (error == 0)
		aside_tell(&c);
	return error ? error : c.bad;
}

/* The keys of a day anew where they do not fit. */
static int
keys_repair(struct store *store, int64_t number, struct sys_error *e)
{
	int64_t rows = 0, missing = 0;
	struct store_day *day;
	int error = store_day_writer(store, number, &day, e);

	if (error == 0)
		error = keys_check(day, &rows, &missing, e);
	if (error || missing == 0)
		return error;
	error = store_day_begin(day, e);
	if (error == 0)
		error = store_keys_make(day, e);
	if (error == 0)
		error = store_day_commit(day, e);
	if (error == 0)
		sys_log(SYS_LOG_WARNING, "%s: %lld keys were wrong; they are made anew",
			sqlite3_db_filename(day->db, "main"), (long long)missing);
	else if (day->in_transaction)
		store_rollback(store);
	return error;
}

int
store_repair(struct store *store, struct sys_error *e)
{
	int error = 0;

	if (store->read_only || store_is_memory(store) || store->in_transaction)
		return sys_fail(e, -BASE_ERR_INVALID, "this store cannot be repaired now");
	for (uint32_t i = 0; i < store->n_files && error == 0; i++) {
		int64_t day = store->files[i].day;
		error = store_day_check(store, day, e);
		if (error == -BASE_ERR_FORMAT)
			error = store_day_set_aside(store, day, e);
		else if (error == 0)
			error = keys_repair(store, day, e);
		if (error == -BASE_ERR_VERSION)
			error = 0;
		store_days_trim(&store->writers, STORE_DAYS_OPEN);
	}
	return error;
}
