#include "store_private.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_BYTES 21 /* ringtap-YYYY-MM-DD.db */

int64_t
store_day_of(const struct record_row *row)
{
	static const enum record_field last[] = {[RECORD_CALL] = RECORD_F_END_TIME,
		[RECORD_REGISTRATION] = RECORD_F_RESPONSE_TIME,
		[RECORD_TRANSACTION] = RECORD_F_RESPONSE_TIME,
		[RECORD_MESSAGE] = RECORD_F_TIME,
		[RECORD_STREAM] = RECORD_F_LAST_TIME};
	const struct record_value *v = &row->values[last[row->kind]];

	if (!v->present)
		v = &row->values[store_first_time(row->kind)];
	return v->present && v->time_ns > 0 ? v->time_ns / STORE_DAY_NS : 0;
}

const char *
store_day_path(const struct store *store, int64_t day, const char *suffix, struct base_text *t)
{
	char date[40];
	struct base_text d = base_text_of(date, sizeof(date));

	base_text_time(&d, day * STORE_DAY_NS);
	t->len = 0;
	base_text_str(t, store->dir);
	base_text_str(t, "/ringtap-");
	base_text_bytes(t, date, 10);
	base_text_str(t, ".db");
	base_text_str(t, suffix);
	return base_text_cstr(t);
}

/* The day that a file name stands for; -1: none. */
static int64_t
day_of_name(const char *name)
{
	char time[] = "0000-00-00T00:00:00.000000Z";

	if (strlen(name) != NAME_BYTES || memcmp(name, "ringtap-", 8) ||
		memcmp(name + 18, ".db", 4))
		return -1;
	memcpy(time, name + 8, 10);
	if (memcmp(time, "1970-01-01", 10) == 0)
		return 0;
	int64_t ts_ns = store_time_parse(time, sizeof(time) - 1);
	return ts_ns > 0 ? ts_ns / STORE_DAY_NS : -1;
}

int
store_day_note(struct store *store, int64_t day, int64_t position, struct sys_error *e)
{
	uint32_t i = store->n_files;

	while (i > 0 && store->files[i - 1].day > day)
		i--;
	if (i > 0 && store->files[i - 1].day == day) {
		if (store->files[i - 1].position < position)
			store->files[i - 1].position = position;
		return 0;
	}
	if (store->n_files == store->cap_files) {
		uint32_t cap = store->cap_files ? store->cap_files * 2 : 64;
		struct store_day_file *files = realloc(store->files, cap * sizeof(*files));
		if (files == NULL)
			return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
		store->files = files;
		store->cap_files = cap;
	}
	memmove(store->files + i + 1, store->files + i,
		(store->n_files - i) * sizeof(*store->files));
	store->files[i] = (struct store_day_file){day, position};
	store->n_files++;
	return 0;
}

static void
days_forget_absent(struct store *store)
{
	char buffer[STORE_PATH_BYTES];
	struct base_text path = base_text_of(buffer, sizeof(buffer));
	uint32_t kept = 0;

	for (uint32_t i = 0; i < store->n_files; i++)
		if (access(store_day_path(store, store->files[i].day, "", &path), F_OK) == 0)
			store->files[kept++] = store->files[i];
	store->n_files = kept;
}

int
store_days_scan(struct store *store, struct sys_error *e)
{
	DIR *d = opendir(store->dir);
	struct dirent *entry;
	int error = 0;

	if (d == NULL)
		return sys_fail(e, sys_error_of_errno(errno), "cannot read %s: %s", store->dir,
			strerror(errno));
	while (error == 0 && (entry = readdir(d)) != NULL) {
		int64_t day = day_of_name(entry->d_name);
		if (day >= 0)
			error = store_day_note(store, day, store->read_only ? INT64_MAX : 0, e);
	}
	closedir(d);
	if (error == 0)
		days_forget_absent(store);
	return error;
}

static void
day_close(struct store_day *day)
{
	for (int i = 0; i < RECORD_KIND_COUNT; i++) {
		sqlite3_finalize(day->insert[i]);
		sqlite3_finalize(day->known[i]);
	}
	sqlite3_finalize(day->gap);
	sqlite3_close(day->db);
	store_list_forget(day);
	store_keys_forget(day);
	free(day->rings);
	free(day);
}

void
store_days_trim(struct store_day **list, unsigned keep)
{
	for (;;) {
		struct store_day **oldest = NULL;
		unsigned n = 0;
		for (struct store_day **at = list; *at; at = &(*at)->next, n++)
			if (!(*at)->in_transaction &&
				(oldest == NULL || (*at)->used < (*oldest)->used))
				oldest = at;
		if (n <= keep || oldest == NULL)
			return;
		struct store_day *day = *oldest;
		*oldest = day->next;
		day_close(day);
	}
}

void
store_readers_trim(struct store *store)
{
	if (store->scans == 0)
		store_days_trim(&store->readers, STORE_DAYS_OPEN);
}

static void
day_drop(struct store_day **list, int64_t number)
{
	for (struct store_day **at = list; *at; at = &(*at)->next) {
		if ((*at)->day != number)
			continue;
		struct store_day *day = *at;
		*at = day->next;
		day_close(day);
		return;
	}
}

static struct store_day *
day_find(struct store *store, struct store_day *list, int64_t number)
{
	while (list && list->day != number)
		list = list->next;
	if (list)
		list->used = ++store->clock;
	return list;
}

static struct store_day *
day_new(struct store *store, int64_t number, struct sys_error *e)
{
	struct store_day *day = calloc(1, sizeof(*day));

	if (day == NULL) {
		sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
		return NULL;
	}
	day->day = number;
	day->used = ++store->clock;
	return day;
}

int
store_day_writer(struct store *store, int64_t number, struct store_day **out, struct sys_error *e)
{
	char buffer[STORE_PATH_BYTES];
	struct base_text path = base_text_of(buffer, sizeof(buffer));

	if (store_is_memory(store))
		number = 0;
	*out = day_find(store, store->writers, number);
	if (*out)
		return 0;
	struct store_day *day = day_new(store, number, e);
	if (day == NULL)
		return -BASE_ERR_NO_MEMORY;
	int error = store_sql_open(&day->db,
		store_is_memory(store) ? ":memory:" : store_day_path(store, number, "", &path),
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
	if (error == 0)
		error = store_schema_make(store, day, e);
	for (enum record_kind kind = RECORD_CALL; error == 0 && kind <= RECORD_STREAM; kind++) {
		error = store_schema_insert(store, day, kind, e);
		if (error == 0)
			error = store_schema_known(day, kind, e);
	}
	if (error == 0)
		error = store_sql_prepare(day->db, &day->gap,
			"INSERT INTO gaps(position, probe, core, first, last) VALUES(?,?,?,?,?)",
			e);
	if (error == 0)
		error = store_day_note(store, number, 0, e);
	if (error) {
		day_close(day);
		return error;
	}
	if (store->scans == 0)
		day_drop(
			&store->readers, number); /* it may have learned that columns were absent */
	day->next = store->writers;
	store->writers = day;
	*out = day;
	return 0;
}

/* What a reader's statements may do: read, compute.  A condition is the user's words. */
static int
authorize(void *context, int action, const char *a, const char *b, const char *c, const char *d)
{
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE: return SQLITE_OK;
	case SQLITE_FUNCTION:
		return b && strcmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	default: return SQLITE_DENY;
	}
}

/* A file without writers has no log; where the directory is not ours to write in, SQLite cannot
 * make one: read as it stands. */
static int
reader_open(struct store *store, struct store_day *day, struct sys_error *e)
{
	char buffer[STORE_PATH_BYTES], uri_buffer[4096 * 3 + 64];
	struct base_text path = base_text_of(buffer, sizeof(buffer)),
			 uri = base_text_of(uri_buffer, sizeof(uri_buffer));
	int64_t version;
	int error = store_sql_open(
		&day->db, store_day_path(store, day->day, "", &path), SQLITE_OPEN_READONLY, e);

	if (error == 0)
		error = store_schema_version(day->db, &version, e);
	if ((error == -BASE_ERR_NOT_FOUND || error == -BASE_ERR_PERMISSION) &&
		access(store_day_path(store, day->day, "-wal", &path), F_OK) != 0) {
		sqlite3_close(day->db);
		base_text_str(&uri, "file:");
		store_day_path(store, day->day, "", &path);
		for (size_t i = 0; i < path.len; i++) {
			if (strchr("%?#", path.p[i])) {
				base_text_char(&uri, '%');
				base_text_hex(&uri, (uint8_t)path.p[i], 2);
			} else {
				base_text_char(&uri, path.p[i]);
			}
		}
		base_text_str(&uri, "?immutable=1");
		error = store_sql_open(&day->db, base_text_cstr(&uri), SQLITE_OPEN_READONLY, e);
		if (error == 0)
			error = store_schema_version(day->db, &version, e);
	}
	if (error)
		return error;
	sqlite3_db_config(day->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	/* Their first use declares them, which looks to the authorizer like a write. */
	sqlite3_exec(day->db, "SELECT 1 FROM json_each('[]'), json_tree('[]')", NULL, NULL, NULL);
	day->is_empty = version == 0;
	store_schema_look(day);
	day->keyed = version > 2;
	error = store_list_learn(day, e);
	if (error == 0)
		error = store_keyed_learn(day, e);
	if (error)
		return error;
	sqlite3_set_authorizer(day->db, authorize, NULL);
	return 0;
}

int
store_day_reader(struct store *store, int64_t number, struct store_day **out, struct sys_error *e)
{
	if (store_is_memory(store))
		return store_day_writer(store, 0, out, e);
	*out = day_find(store, store->readers, number);
	if (*out && !(*out)->is_empty)
		return 0;
	if (*out)
		day_drop(&store->readers, number); /* was empty: look again */
	struct store_day *day = day_new(store, number, e);
	if (day == NULL)
		return -BASE_ERR_NO_MEMORY;
	int error = reader_open(store, day, e);
	if (error) {
		day_close(day);
		return error;
	}
	day->next = store->readers;
	store->readers = day;
	*out = day;
	return 0;
}

int
store_day_position(struct store *store, int64_t number, int64_t *position, struct sys_error *e)
{
	char sql[512];
	struct base_text t = base_text_of(sql, sizeof(sql));
	struct store_day *day;
	sqlite3_stmt *stmt;
	int error = store_day_reader(store, number, &day, e);

	*position = 0;
	if (error || day->is_empty)
		return error;
	base_text_str(&t, "SELECT max(0");
	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM; kind++) {
		if (!store_day_has(day, kind))
			continue;
		base_text_str(&t, ",(SELECT ifnull(max(position),0) FROM ");
		base_text_str(&t, record_kind_table(kind));
		base_text_char(&t, ')');
	}
	base_text_char(&t, ')');
	error = store_sql_prepare(day->db, &stmt, base_text_cstr(&t), e);
	if (error == 0)
		error = store_sql_run(stmt, position, e);
	sqlite3_finalize(stmt);
	return error;
}

void
store_day_drop(struct store *store, int64_t number)
{
	day_drop(&store->writers, number);
	day_drop(&store->readers, number);
}

uint64_t
store_day_bytes(const struct store *store, int64_t number)
{
	char buffer[STORE_PATH_BYTES];
	struct base_text path = base_text_of(buffer, sizeof(buffer));
	uint64_t bytes = 0;
	struct stat st;

	for (int wal = 0; wal < 2; wal++)
		if (stat(store_day_path(store, number, wal ? "-wal" : "", &path), &st) == 0)
			bytes += (uint64_t)st.st_size;
	return bytes;
}

int
store_day_remove(struct store *store, int64_t number, struct sys_error *e)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char buffer[STORE_PATH_BYTES];
	struct base_text path = base_text_of(buffer, sizeof(buffer));

	store_day_drop(store, number);
	for (uint32_t i = 0; i < base_count_of(suffixes); i++)
		if (unlink(store_day_path(store, number, suffixes[i], &path)) && errno != ENOENT)
			return sys_fail(e, sys_error_of_errno(errno), "cannot delete %s: %s",
				path.p, strerror(errno));
	days_forget_absent(store);
	return 0;
}
