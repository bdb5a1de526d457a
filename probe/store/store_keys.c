#include "store_keys.h"

#include <stdlib.h>

const struct store_key_info store_keys[STORE_KEYS_COUNT] = {
	{RECORD_CALL, RECORD_F_UID, STORE_KEY_HASH},
	{RECORD_CALL, RECORD_F_CALL_ID, STORE_KEY_HASH},
	{RECORD_CALL, RECORD_F_INVITE_TIME, STORE_KEY_TIME},
	{RECORD_CALL, RECORD_F_FROM_USER, STORE_KEY_TEXT},
	{RECORD_CALL, RECORD_F_TO_USER, STORE_KEY_TEXT},
	{RECORD_REGISTRATION, RECORD_F_UID, STORE_KEY_HASH},
	{RECORD_REGISTRATION, RECORD_F_CALL_ID, STORE_KEY_HASH},
	{RECORD_REGISTRATION, RECORD_F_REQUEST_TIME, STORE_KEY_TIME},
	{RECORD_REGISTRATION, RECORD_F_AOR, STORE_KEY_TEXT},
	{RECORD_TRANSACTION, RECORD_F_UID, STORE_KEY_HASH},
	{RECORD_TRANSACTION, RECORD_F_CALL_ID, STORE_KEY_HASH},
	{RECORD_TRANSACTION, RECORD_F_REQUEST_TIME, STORE_KEY_TIME},
	{RECORD_STREAM, RECORD_F_UID, STORE_KEY_HASH},
	{RECORD_STREAM, RECORD_F_CALL_ID, STORE_KEY_HASH},
	{RECORD_STREAM, RECORD_F_FIRST_TIME, STORE_KEY_TIME},
	{RECORD_MESSAGE, RECORD_F_UID, STORE_KEY_HASH},
	{RECORD_MESSAGE, RECORD_F_CALL_ID, STORE_KEY_HASH},
	{RECORD_MESSAGE, RECORD_F_TIME, STORE_KEY_TIME},
};

#define TAIL_PREFIX 5 /* u8 key, u32 position */
#define DELTA 4
#define BLOB_MAX (256u << 20)

/* ---- key bytes ---- */

static void
put_be64(uint8_t *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

static uint64_t
be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

struct store_key
store_key_text(struct base_span text, uint8_t fill)
{
	uint8_t bytes[STORE_KEY_BYTES_MAX];

	memset(bytes, fill, sizeof(bytes));
	if (text.len)
		memcpy(bytes, text.p, text.len < sizeof(bytes) ? text.len : sizeof(bytes));
	return (struct store_key){be64(bytes), be64(bytes + 8)};
}

struct store_key
store_key_hash(struct base_span text)
{
	return (struct store_key){base_hash(&BASE_HASH_KEY_REPLAY, text.p, text.len), 0};
}

void
store_key_write(uint8_t *p, const struct store_key *key, uint32_t n)
{
	put_be64(p, key->hi);
	if (n > 8)
		put_be64(p + 8, key->lo);
}

struct store_key
store_key_read(const uint8_t *p, uint32_t n)
{
	return (struct store_key){be64(p), n > 8 ? be64(p + 8) : 0};
}

static void
put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

bool
store_key_tail_next(struct base_span *bytes, struct store_key_found *found)
{
	if (bytes->len < TAIL_PREFIX || bytes->p[0] >= STORE_KEYS_COUNT)
		return false;
	uint32_t n = store_key_bytes(bytes->p[0]);
	if (bytes->len - TAIL_PREFIX < n)
		return false;
	*found = (struct store_key_found){
		bytes->p[0], le32(bytes->p + 1), store_key_read(bytes->p + TAIL_PREFIX, n)};
	*bytes = base_span_of(bytes->p + TAIL_PREFIX + n, bytes->len - TAIL_PREFIX - n);
	return true;
}

bool
store_key_part_next(struct base_span *bytes, uint32_t key, struct store_key_found *found)
{
	uint32_t n = store_key_bytes(key);

	if (bytes->len < n + DELTA)
		return false;
	*found = (struct store_key_found){key, le32(bytes->p + n), store_key_read(bytes->p, n)};
	*bytes = base_span_of(bytes->p + n + DELTA, bytes->len - n - DELTA);
	return true;
}

/* ---- the tail in memory ---- */

void
store_keys_forget(struct store_day *day)
{
	for (uint32_t k = 0; k < STORE_KEYS_COUNT; k++)
		free(day->keys.lists[k].entries);
	memset(&day->keys, 0, sizeof(day->keys));
}

static int
list_add(struct store_key_list *list, struct store_key key, int64_t position, struct sys_error *e)
{
	if (list->n == list->cap) {
		uint32_t cap = list->cap ? list->cap * 2 : 1024;
		struct store_key_entry *entries = realloc(list->entries, cap * sizeof(*entries));
		if (entries == NULL)
			return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
		list->entries = entries;
		list->cap = cap;
	}
	list->entries[list->n++] = (struct store_key_entry){key.hi, key.lo, position};
	return 0;
}

/* The entries of one row of the table key_tail. */
static int
tail_take(struct store_day *day, int64_t first, struct base_span blob, struct sys_error *e)
{
	struct store_key_found found;
	int error = 0;

	while (error == 0 && store_key_tail_next(&blob, &found))
		error = list_add(&day->keys.lists[found.key], found.value, first + found.delta, e);
	return error;
}

/* What the file's tail has: after the start, or a rollback. */
static int
tail_read(struct store_day *day, struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int rc = SQLITE_DONE;

	store_keys_forget(day);
	int error = store_sql_prepare(
		day->db, &stmt, "SELECT position, keys, rows FROM key_tail ORDER BY position", e);
	while (error == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int64_t first = sqlite3_column_int64(stmt, 0);
		const void *p = sqlite3_column_blob(stmt, 1);
		if (day->keys.rows == 0)
			day->keys.first = first;
		day->keys.rows += (uint32_t)sqlite3_column_int64(stmt, 2);
		error = tail_take(day, first,
			base_span_of(p, p ? (uint32_t)sqlite3_column_bytes(stmt, 1) : 0), e);
	}
	if (error == 0 && rc != SQLITE_DONE)
		error = store_sql_fail(day->db, e, "cannot read");
	sqlite3_finalize(stmt);
	for (uint32_t k = 0; k < STORE_KEYS_COUNT; k++)
		day->keys.lists[k].saved = day->keys.lists[k].n;
	day->keys.rows_saved = day->keys.rows;
	day->keys.known = error == 0;
	return error;
}

/* ---- a run ---- */

/* By key bytes, entries of one key by position as they are: byte after byte from the last one,
 * bytes that all have in common left out. */
static void
entries_sort(struct store_key_entry *a, struct store_key_entry *b, uint32_t n)
{
	struct store_key_entry *from = a, *to = b, *swap;

	for (uint32_t byte = 0; byte < STORE_KEY_BYTES_MAX; byte++) {
		uint32_t counts[256] = {0}, at = 0, shift = byte % 8 * 8;
		size_t word = byte < 8 ? offsetof(struct store_key_entry, lo)
				       : offsetof(struct store_key_entry, hi);
#define BYTE_OF(entry) (*(const uint64_t *)((const char *)(entry) + word) >> shift & 0xff)
		for (uint32_t i = 0; i < n; i++)
			counts[BYTE_OF(&from[i])]++;
		if (counts[BYTE_OF(&from[0])] == n)
			continue;
		for (uint32_t v = 0; v < 256; v++) {
			uint32_t count = counts[v];
			counts[v] = at;
			at += count;
		}
		for (uint32_t i = 0; i < n; i++)
			to[counts[BYTE_OF(&from[i])]++] = from[i];
#undef BYTE_OF
		swap = from;
		from = to;
		to = swap;
	}
	if (from != a)
		memcpy(a, from, n * sizeof(*a));
}

/* The sorted entries of a key into parts. */
static int
parts_write(struct store_day *day, uint32_t key, sqlite3_stmt *stmt, struct sys_error *e)
{
	const struct store_key_list *list = &day->keys.lists[key];
	uint32_t width = store_key_bytes(key), part = 0;
	uint8_t blob[STORE_PART_BYTES];
	int error = 0;

	for (uint32_t i = 0; i < list->n && error == 0; part++) {
		uint32_t len = 0;
		for (; i < list->n && len + width + DELTA <= sizeof(blob); i++) {
			const struct store_key_entry *entry = &list->entries[i];
			store_key_write(
				blob + len, &(struct store_key){entry->hi, entry->lo}, width);
			put_le32(blob + len + width, (uint32_t)(entry->position - day->keys.first));
			len += width + DELTA;
		}
		sqlite3_bind_int64(stmt, 1, key);
		sqlite3_bind_int64(stmt, 2, day->keys.first);
		sqlite3_bind_blob(stmt, 3, blob, (int)width, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 4, part);
		sqlite3_bind_blob(stmt, 5, blob, (int)len, SQLITE_STATIC);
		error = store_sql_run(stmt, NULL, e);
	}
	return error;
}

static int
run_mark(struct store_day *day, struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int error =
		store_sql_prepare(day->db, &stmt, "INSERT INTO key_runs(position) VALUES(?)", e);

	sqlite3_bind_int64(stmt, 1, day->keys.first);
	if (error == 0)
		error = store_sql_run(stmt, NULL, e);
	sqlite3_finalize(stmt);
	return error ? error : store_sql_exec(day->db, "DELETE FROM key_tail", e);
}

/* The tail becomes a run. */
static int
tail_seal(struct store_day *day, struct sys_error *e)
{
	struct store_key_entry *scratch = NULL;
	sqlite3_stmt *stmt;
	uint32_t most = 0;
	int error = store_sql_prepare(day->db, &stmt,
		"INSERT INTO key_parts(key, run, first, part, keys) VALUES(?,?,?,?,?)", e);

	for (uint32_t k = 0; k < STORE_KEYS_COUNT; k++)
		most = day->keys.lists[k].n > most ? day->keys.lists[k].n : most;
	if (error == 0 && (scratch = malloc((most + 1) * sizeof(*scratch))) == NULL)
		error = sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	for (uint32_t k = 0; k < STORE_KEYS_COUNT && error == 0; k++) {
		if (day->keys.lists[k].n == 0)
			continue;
		entries_sort(day->keys.lists[k].entries, scratch, day->keys.lists[k].n);
		error = parts_write(day, k, stmt, e);
	}
	free(scratch);
	sqlite3_finalize(stmt);
	if (error == 0)
		error = run_mark(day, e);
	if (error)
		return error;
	for (uint32_t k = 0; k < STORE_KEYS_COUNT; k++)
		day->keys.lists[k].n = day->keys.lists[k].saved = 0;
	day->keys.rows = day->keys.rows_saved = 0;
	return 0;
}

/* ---- writing ---- */

/* The new entries as one row of the table. */
static int
tail_append(struct store_day *day, struct sys_error *e)
{
	int64_t first = day->keys.unsaved_first;
	uint64_t bytes = 0;
	uint32_t len = 0;
	sqlite3_stmt *stmt;

	for (uint32_t k = 0; k < STORE_KEYS_COUNT; k++)
		bytes += (uint64_t)(day->keys.lists[k].n - day->keys.lists[k].saved) *
			 (TAIL_PREFIX + store_key_bytes(k));
	uint8_t *blob = bytes <= BLOB_MAX ? malloc(bytes + 1) : NULL;
	if (blob == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	for (uint32_t k = 0; k < STORE_KEYS_COUNT; k++) {
		struct store_key_list *list = &day->keys.lists[k];
		for (; list->saved < list->n; list->saved++) {
			const struct store_key_entry *entry = &list->entries[list->saved];
			blob[len] = (uint8_t)k;
			put_le32(blob + len + 1, (uint32_t)(entry->position - first));
			store_key_write(blob + len + TAIL_PREFIX,
				&(struct store_key){entry->hi, entry->lo}, store_key_bytes(k));
			len += TAIL_PREFIX + store_key_bytes(k);
		}
	}
	int error = store_sql_prepare(
		day->db, &stmt, "INSERT INTO key_tail(position, keys, rows) VALUES(?,?,?)", e);
	if (error == 0) {
		sqlite3_bind_int64(stmt, 1, first);
		sqlite3_bind_blob(stmt, 2, blob, (int)len, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 3, day->keys.rows - day->keys.rows_saved);
		error = store_sql_run(stmt, NULL, e);
	}
	sqlite3_finalize(stmt);
	free(blob);
	day->keys.rows_saved = day->keys.rows;
	return error;
}

int
store_keys_save(struct store_day *day, struct sys_error *e)
{
	if (!day->keyed || !day->keys.known || day->keys.rows == day->keys.rows_saved)
		return 0;
	return day->keys.rows >= STORE_RUN_ROWS ? tail_seal(day, e) : tail_append(day, e);
}

static bool
key_of(const struct record_row *row, const struct store_key_info *info, struct store_key *key)
{
	const struct record_value *v = &row->values[info->field];

	if (!v->present)
		return false;
	*key = info->sort == STORE_KEY_HASH   ? store_key_hash(v->text)
	       : info->sort == STORE_KEY_TEXT ? store_key_text(v->text, 0)
					      : (struct store_key){(uint64_t)v->time_ns, 0};
	return true;
}

int
store_keys_put(
	struct store_day *day, const struct record_row *row, int64_t position, struct sys_error *e)
{
	struct store_key key;
	int error = 0;

	if (!day->keyed)
		return 0;
	if (!day->keys.known)
		error = tail_read(day, e);
	/* A run names its rows in 32 bits; one save of the tail too. */
	if (error == 0 && day->keys.rows && position - day->keys.first > UINT32_MAX)
		error = tail_seal(day, e);
	if (error)
		return error;
	if (day->keys.rows == 0)
		day->keys.first = position;
	if (day->keys.rows == day->keys.rows_saved)
		day->keys.unsaved_first = position;
	day->keys.rows++;
	for (uint32_t k = 0; k < STORE_KEYS_COUNT && error == 0; k++)
		if (store_keys[k].kind == row->kind && key_of(row, &store_keys[k], &key))
			error = list_add(&day->keys.lists[k], key, position, e);
	return error;
}

/* ---- made anew from the rows ---- */

/* The keys of a kind's rows; columns: position, then the kind's keys in order. */
static int
kind_make(struct store_day *day, sqlite3_stmt *stmt, enum record_kind kind, struct sys_error *e)
{
	struct record_row row = {.kind = kind};
	int rc = SQLITE_DONE, error = 0;

	while (error == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		int column = 1;
		for (uint32_t k = 0; k < STORE_KEYS_COUNT; k++) {
			const struct store_key_info *info = &store_keys[k];
			if (info->kind != kind)
				continue;
			struct record_value *v = &row.values[info->field];
			const unsigned char *p = sqlite3_column_text(stmt, column);
			v->present = p != NULL;
			v->text = base_span_of(
				p, p ? (uint32_t)sqlite3_column_bytes(stmt, column) : 0);
			if (p && info->sort == STORE_KEY_TIME)
				v->time_ns = store_time_parse((const char *)p, v->text.len);
			column++;
		}
		error = store_keys_put(day, &row, sqlite3_column_int64(stmt, 0), e);
		if (error == 0 && day->keys.rows >= STORE_RUN_ROWS)
			error = tail_seal(day, e);
	}
	return error ? error : rc == SQLITE_DONE ? 0 : store_sql_fail(day->db, e, "cannot read");
}

int
store_keys_make(struct store_day *day, struct sys_error *e)
{
	char buffer[512];
	int error = store_sql_exec(
		day->db, "DELETE FROM key_tail; DELETE FROM key_runs; DELETE FROM key_parts", e);

	store_keys_forget(day);
	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM && error == 0; kind++) {
		struct base_text t = base_text_of(buffer, sizeof(buffer));
		sqlite3_stmt *stmt;
		base_text_str(&t, "SELECT position");
		for (uint32_t k = 0; k < STORE_KEYS_COUNT; k++) {
			if (store_keys[k].kind != kind)
				continue;
			base_text_char(&t, ',');
			base_text_str(&t, record_fields[store_keys[k].field].key);
		}
		base_text_str(&t, " FROM ");
		base_text_str(&t, record_kind_table(kind));
		base_text_str(&t, " ORDER BY position");
		error = store_sql_prepare(day->db, &stmt, base_text_cstr(&t), e);
		if (error == 0)
			error = kind_make(day, stmt, kind, e);
		sqlite3_finalize(stmt);
		/* Runs of different kinds would lie across each other. */
		if (error == 0 && day->keys.rows)
			error = tail_seal(day, e);
	}
	return error;
}
