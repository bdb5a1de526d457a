#include "store_private.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const char *const suffixes[] = {"", "-wal", "-shm"};
static const char *const tables[] = {
	"calls", "registrations", "transactions", "messages", "streams", "gaps"};

int
store_day_check(struct store *store, int64_t number, struct sys_error *e)
{
	struct store_day *day;
	sqlite3_stmt *stmt;
	int error = store_day_reader(store, number, &day, e);

	if (error || day->is_empty)
		return error;
	/* The reader's authorizer refuses pragmas. */
	sqlite3_set_authorizer(day->db, NULL, NULL);
	error = store_sql_prepare(day->db, &stmt, "PRAGMA quick_check(1)", e);
	if (error == 0 && sqlite3_step(stmt) == SQLITE_ROW) {
		const char *says = (const char *)sqlite3_column_text(stmt, 0);
		if (says && strcmp(says, "ok") != 0)
			error = sys_fail(e, -BASE_ERR_FORMAT, "%s is damaged: %.200s",
				sqlite3_db_filename(day->db, "main"), says);
	} else if (error == 0) {
		error = store_sql_fail(day->db, e, "cannot read");
	}
	sqlite3_finalize(stmt);
	store_day_drop(store, number);
	return error;
}

/* The name that is free for the damaged file: NAME.corrupt, NAME.corrupt-2, ... */
static void
free_suffix(const struct store *store, int64_t number, char *suffix, size_t bytes)
{
	char buffer[STORE_PATH_BYTES];
	struct base_text path = base_text_of(buffer, sizeof(buffer));

	snprintf(suffix, bytes, ".corrupt");
	for (int i = 2; i < 1000; i++) {
		if (access(store_day_path(store, number, suffix, &path), F_OK) != 0)
			return;
		snprintf(suffix, bytes, ".corrupt.%d", i);
	}
}

static int
files_rename(const struct store *store, int64_t number, const char *suffix, struct sys_error *e)
{
	char from_buffer[STORE_PATH_BYTES], to_buffer[STORE_PATH_BYTES], to_suffix[64];

	for (uint32_t i = 0; i < base_count_of(suffixes); i++) {
		struct base_text from = base_text_of(from_buffer, sizeof(from_buffer)),
				 to = base_text_of(to_buffer, sizeof(to_buffer));
		snprintf(to_suffix, sizeof(to_suffix), "%s%s", suffix, suffixes[i]);
		if (rename(store_day_path(store, number, suffixes[i], &from),
			    store_day_path(store, number, to_suffix, &to)) &&
			errno != ENOENT)
			return sys_fail(e, sys_error_of_errno(errno), "cannot rename %s: %s",
				from.p, strerror(errno));
	}
	return sys_directory_sync(store->dir, e);
}

/* The INSERT for the columns that stmt has and the new table too. */
static sqlite3_stmt *
insert_for(sqlite3 *db, const char *table, sqlite3_stmt *from, struct base_text *t)
{
	sqlite3_stmt *insert = NULL;
	int n = sqlite3_column_count(from);

	t->len = 0;
	base_text_str(t, "INSERT OR IGNORE INTO ");
	base_text_str(t, table);
	for (int i = 0; i < n; i++) {
		base_text_str(t, i ? ",\"" : "(\"");
		base_text_str(t, sqlite3_column_name(from, i));
		base_text_char(t, '"');
	}
	for (int i = 0; i < n; i++)
		base_text_str(t, i ? ",?" : ") VALUES(?");
	base_text_char(t, ')');
	sqlite3_prepare_v2(db, base_text_cstr(t), -1, &insert, NULL);
	return insert;
}

/* The rows of a table from one end until the end or the damage.  True: to the end. */
static bool
rows_copy(struct store *store, const struct store_salvage *from, struct store_day *to,
	const char *table, bool back)
{
	struct base_text t = base_text_of(store->text, STORE_TEXT_BYTES);
	sqlite3_stmt *stmt = NULL, *insert = NULL;
	int rc = SQLITE_ERROR;

	base_text_str(&t, "SELECT * FROM ");
	base_text_str(&t, table);
	base_text_str(&t, " WHERE ");
	base_text_str(&t, strcmp(table, "gaps") ? from->where : "1");
	base_text_str(&t, back ? " ORDER BY position DESC" : " ORDER BY position");
	if (sqlite3_prepare_v2(from->db, base_text_cstr(&t), -1, &stmt, NULL) == SQLITE_OK)
		insert = insert_for(to->db, table, stmt, &t);
	while (insert && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(stmt); i++)
			sqlite3_bind_value(insert, i + 1, sqlite3_column_value(stmt, i));
		sqlite3_step(insert);
		sqlite3_reset(insert);
		/* From behind, what is there already was read from the front. */
		if (back && sqlite3_changes(to->db) == 0)
			break;
	}
	sqlite3_finalize(stmt);
	sqlite3_finalize(insert);
	return rc == SQLITE_DONE;
}

/* The field lists of the damaged file, without which its lists cannot be read; ours behind them. */
static void
lists_copy(sqlite3 *from, struct store_day *to)
{
	sqlite3_stmt *stmt = NULL, *insert = NULL;
	bool first = true;

	sqlite3_prepare_v2(from, "SELECT list, id, key FROM field_lists", -1, &stmt, NULL);
	sqlite3_prepare_v2(
		to->db, "INSERT OR REPLACE INTO field_lists VALUES(?,?,?)", -1, &insert, NULL);
	while (stmt && insert && sqlite3_step(stmt) == SQLITE_ROW) {
		if (first)
			sqlite3_exec(to->db, "DELETE FROM field_lists", NULL, NULL, NULL);
		first = false;
		for (int i = 0; i < 3; i++)
			sqlite3_bind_value(insert, i + 1, sqlite3_column_value(stmt, i));
		sqlite3_step(insert);
		sqlite3_reset(insert);
	}
	sqlite3_finalize(stmt);
	sqlite3_finalize(insert);
}

/* Copies what can be read; returns how many rows are in the new file. */
static int64_t
salvage(struct store *store, int64_t number, const char *suffix, struct sys_error *e)
{
	char buffer[STORE_PATH_BYTES];
	struct base_text path = base_text_of(buffer, sizeof(buffer));
	struct store_day *to;
	struct store_salvage from;
	int64_t position = 0;
	int changes = 0;

	if (store_day_writer(store, number, &to, e))
		return -1;
	if (store_salvage_open(&from, store_day_path(store, number, suffix, &path), to, e))
		return 0;
	changes = sqlite3_total_changes(to->db);
	if (sqlite3_exec(to->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK) {
		lists_copy(from.db, to);
		changes = sqlite3_total_changes(to->db);
		for (uint32_t i = 0; i < base_count_of(tables); i++)
			if (!rows_copy(store, &from, to, tables[i], false))
				rows_copy(store, &from, to, tables[i], true);
		changes = sqlite3_total_changes(to->db) - changes;
		store_day_rings_make(to->db, e);
		if (to->keyed)
			store_keys_make(to, e);
		sqlite3_exec(to->db,
			"INSERT OR REPLACE INTO interims SELECT uid, max(position) FROM calls"
			" WHERE status = 'interim' AND superseded IS NOT 1 GROUP BY uid;"
			"COMMIT",
			NULL, NULL, NULL);
	}
	store_salvage_close(&from);
	store_day_drop(store, number); /* opened anew it learns the field lists */
	if (store_day_position(store, number, &position, e) == 0)
		store_day_note(store, number, position, e);
	if (store->position < position)
		store->position = position;
	return changes;
}

int
store_day_set_aside(struct store *store, int64_t number, struct sys_error *e)
{
	struct store_number count = {.name = "store.corrupt_days"};
	char buffer[STORE_PATH_BYTES], suffix[32];
	struct base_text path = base_text_of(buffer, sizeof(buffer));

	store_day_drop(store, number);
	free_suffix(store, number, suffix, sizeof(suffix));
	int error = files_rename(store, number, suffix, e);
	if (error)
		return error;
	int64_t rows = salvage(store, number, suffix, e);
	store->interims_known = false;
	store->n_rings = 0;
	sys_log(SYS_LOG_ERROR,
		"%s is damaged and set aside as it stands; %lld rows of it could be read and are "
		"kept",
		store_day_path(store, number, suffix, &path), (long long)rows);
	if (store_numbers_get(store, &count, 1, e) == 0) {
		count.value++;
		store_numbers_set(store, &count, 1, e);
	}
	return 0;
}

int
store_day_suspect(struct store *store, int64_t day, int error)
{
	if (error == -BASE_ERR_FORMAT && !store->read_only && !store_is_memory(store))
		store->bad_day = day;
	return error;
}

void
store_suspects_settle(struct store *store)
{
	struct sys_error e = {""};
	int64_t day = store->bad_day;

	if (day < 0 || store->in_transaction || store->scans)
		return;
	store->bad_day = -1;
	if (store_day_set_aside(store, day, &e))
		sys_log(SYS_LOG_ERROR, "a damaged day cannot be set aside: %s", e.text);
}
