#include "store_private.h"

#include <stdlib.h>

/* The place of a uid's entry, or the free one where it would go. */
static uint32_t
place_of(const struct store_interims *t, uint64_t hash)
{
	uint32_t i = (uint32_t)hash & (t->cap - 1);

	while (t->entries[i].hash && t->entries[i].hash != hash)
		i = (i + 1) & (t->cap - 1);
	return i;
}

static bool
table_grow(struct store_interims *t)
{
	struct store_interims old = *t;

	if (t->n * 2 < t->cap)
		return true;
	t->cap = old.cap ? old.cap * 2 : 256;
	t->entries = calloc(t->cap, sizeof(*t->entries));
	if (t->entries == NULL) {
		*t = old;
		return false;
	}
	for (uint32_t i = 0; i < old.cap; i++)
		if (old.entries[i].hash)
			t->entries[place_of(t, old.entries[i].hash)] = old.entries[i];
	free(old.entries);
	return true;
}

/* Those behind a freed place move up, so that no chain is broken. */
static void
table_remove(struct store_interims *t, uint32_t i)
{
	t->n--;
	for (uint32_t j = (i + 1) & (t->cap - 1); t->entries[j].hash; j = (j + 1) & (t->cap - 1)) {
		uint32_t home = (uint32_t)t->entries[j].hash & (t->cap - 1);
		if (((j - home) & (t->cap - 1)) < ((j - i) & (t->cap - 1)))
			continue;
		t->entries[i] = t->entries[j];
		i = j;
	}
	t->entries[i] = (struct store_interim){0};
}

static uint64_t
hash_of(struct base_span uid)
{
	/* A key that is known: a uid is itself a hash with the probe's key. */
	uint64_t hash = base_hash(&BASE_HASH_KEY_REPLAY, uid.p, uid.len);

	return hash ? hash : 1;
}

static int
table_put(struct store_interims *t, const struct store_interim *entry, struct sys_error *e)
{
	if (!table_grow(t))
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	uint32_t i = place_of(t, entry->hash);
	t->n += t->entries[i].hash == 0;
	if (t->entries[i].hash == 0 || t->entries[i].position < entry->position)
		t->entries[i] = *entry;
	return 0;
}

int
store_interims_read(struct store *store, struct store_day *day, struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int rc, error = 0;

	if (day->is_empty || !day->has_own)
		return 0;
	error = store_sql_prepare(day->db, &stmt, "SELECT uid, position FROM interims", e);
	if (error)
		return error;
	while (error == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const unsigned char *uid = sqlite3_column_text(stmt, 0);
		struct store_interim entry = {
			.hash = hash_of(base_span_of(
				uid, uid ? (uint32_t)sqlite3_column_bytes(stmt, 0) : 0)),
			.day = day->day,
			.position = sqlite3_column_int64(stmt, 1)};
		error = table_put(&store->interims, &entry, e);
	}
	if (error == 0 && rc != SQLITE_DONE)
		error = store_sql_fail(day->db, e, "cannot read");
	sqlite3_finalize(stmt);
	return error;
}

void
store_interims_forget(struct store *store)
{
	free(store->interims.entries);
	store->interims = (struct store_interims){.entries = NULL};
}

/* One statement with a uid and a position. */
static int
run(struct store_day *day, const char *sql, struct base_span uid, int64_t position,
	struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int error = store_sql_prepare(day->db, &stmt, sql, e);

	if (error)
		return error;
	sqlite3_bind_text(stmt, 1, (const char *)uid.p, (int)uid.len, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, position);
	error = store_sql_run(stmt, NULL, e);
	sqlite3_finalize(stmt);
	return error;
}

static bool
day_exists(const struct store *store, int64_t day)
{
	for (uint32_t i = 0; i < store->n_files; i++)
		if (store->files[i].day == day)
			return true;
	return false;
}

/* The earlier interim record of a call is superseded. */
static int
supersede(struct store *store, const struct store_interim *old, struct base_span uid,
	struct sys_error *e)
{
	struct store_day *day;

	if (!day_exists(store, old->day)) /* deleted with its day */
		return 0;
	int error = store_day_writer(store, old->day, &day, e);
	if (error == 0)
		error = store_day_begin(day, e);
	if (error == 0)
		error = run(day, "UPDATE calls SET superseded = 1 WHERE position = ?2 AND uid = ?1",
			uid, old->position, e);
	return error ? error : run(day, "DELETE FROM interims WHERE uid = ?1", uid, 0, e);
}

int
store_interim_note(
	struct store *store, struct store_day *day, int64_t position, struct sys_error *e)
{
	const struct record_value *values = store->row.values;
	struct base_span uid = values[RECORD_F_UID].text;
	struct store_interims *t = &store->interims;
	bool interim = base_span_eq(values[RECORD_F_STATUS].text, BASE_SPAN("interim"));

	if (uid.len == 0 || (!interim && t->n == 0))
		return 0;
	struct store_interim entry = {hash_of(uid), day->day, position};
	uint32_t i = t->cap ? place_of(t, entry.hash) : 0;
	bool found = t->cap && t->entries[i].hash;
	int error = 0;
	if (found && position && t->entries[i].position >= position)
		return 0;
	/* Put again, an interim is not news; a final one may find what a crash left undone. */
	if (interim && position == 0)
		return 0;
	if (found)
		error = supersede(store, &t->entries[i], uid, e);
	if (error == 0 && found && !interim)
		table_remove(t, i);
	if (error || !interim)
		return error;
	error = run(day, "INSERT OR REPLACE INTO interims(uid, position) VALUES(?1, ?2)", uid,
		position, e);
	return error ? error : table_put(t, &entry, e);
}
