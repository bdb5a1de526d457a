#include "store_private.h"

static const struct {
	enum record_kind kind;
	enum record_field field;
} indexes[] = {
	{RECORD_CALL, RECORD_F_UID},
	{RECORD_CALL, RECORD_F_CALL_ID},
	{RECORD_CALL, RECORD_F_INVITE_TIME},
	{RECORD_CALL, RECORD_F_FROM_USER},
	{RECORD_CALL, RECORD_F_TO_USER},
	{RECORD_REGISTRATION, RECORD_F_UID},
	{RECORD_REGISTRATION, RECORD_F_CALL_ID},
	{RECORD_REGISTRATION, RECORD_F_REQUEST_TIME},
	{RECORD_REGISTRATION, RECORD_F_AOR},
	{RECORD_TRANSACTION, RECORD_F_UID},
	{RECORD_TRANSACTION, RECORD_F_CALL_ID},
	{RECORD_TRANSACTION, RECORD_F_REQUEST_TIME},
	{RECORD_STREAM, RECORD_F_UID},
	{RECORD_STREAM, RECORD_F_CALL_ID},
	{RECORD_STREAM, RECORD_F_FIRST_TIME},
};

static int
schema_tables(struct base_text *t, sqlite3 *db, struct sys_error *e)
{
	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM; kind++) {
		const char *table = record_kind_table(kind);
		t->len = 0;
		record_sql_create(t, kind);
		const char *sql = base_text_cstr(t), *open = strchr(sql, '(');
		if (open == NULL)
			return sys_fail(e, -BASE_ERR_FORMAT, "no columns in table %s", table);
		struct base_text own = base_text_of(t->p + t->len + 1, t->cap - t->len - 1);
		base_text_bytes(&own, sql, (size_t)(open - sql) + 1);
		base_text_str(&own, "position INTEGER PRIMARY KEY, ");
		base_text_str(&own, open + 1);
		int error = store_sql_exec(db, base_text_cstr(&own), e);
		if (error)
			return error;
		own.len = 0;
		base_text_str(&own, "CREATE UNIQUE INDEX IF NOT EXISTS ");
		base_text_str(&own, table);
		base_text_str(&own, "_ring ON ");
		base_text_str(&own, table);
		base_text_str(&own, "(probe, core, seq, uid) WHERE seq > 0");
		error = store_sql_exec(db, base_text_cstr(&own), e);
		if (error)
			return error;
	}
	return store_sql_exec(db,
		"CREATE TABLE IF NOT EXISTS gaps(position INTEGER PRIMARY KEY, probe TEXT, core "
		"INTEGER,"
		" first INTEGER, last INTEGER)",
		e);
}

static int
schema_indexes(struct base_text *t, sqlite3 *db, struct sys_error *e)
{
	for (uint32_t i = 0; i < base_count_of(indexes); i++) {
		t->len = 0;
		base_text_str(t, "CREATE INDEX IF NOT EXISTS ");
		base_text_str(t, record_kind_table(indexes[i].kind));
		base_text_char(t, '_');
		base_text_str(t, record_fields[indexes[i].field].key);
		base_text_str(t, " ON ");
		base_text_str(t, record_kind_table(indexes[i].kind));
		base_text_char(t, '(');
		base_text_str(t, record_fields[indexes[i].field].key);
		base_text_char(t, ')');
		int error = store_sql_exec(db, base_text_cstr(t), e);
		if (error)
			return error;
	}
	return 0;
}

void
store_schema_look(struct store_day *day)
{
	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM; kind++) {
		for (int f = 0; f < RECORD_F_COUNT; f++)
			day->has[kind][f] = record_field_in(f, kind) &&
					    sqlite3_table_column_metadata(day->db, NULL,
						    record_kind_table(kind), record_fields[f].key,
						    NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
	}
}

/* A day made by an older version gets the columns that it lacks. */
static int
schema_extend(struct base_text *t, struct store_day *day, struct sys_error *e)
{
	store_schema_look(day);
	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM; kind++) {
		for (int f = 0; f < RECORD_F_COUNT; f++) {
			if (!record_field_in(f, kind) || day->has[kind][f])
				continue;
			uint8_t type = record_fields[f].type;
			t->len = 0;
			base_text_str(t, "ALTER TABLE ");
			base_text_str(t, record_kind_table(kind));
			base_text_str(t, " ADD COLUMN \"");
			base_text_str(t, record_fields[f].key);
			base_text_str(t, type == RECORD_F64                          ? "\" REAL"
					 : type == RECORD_U64 || type == RECORD_BOOL ? "\" INTEGER"
										     : "\" TEXT");
			int error = store_sql_exec(day->db, base_text_cstr(t), e);
			if (error)
				return error;
		}
	}
	return 0;
}

int
store_schema_version(sqlite3 *db, int64_t *version, struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int error = store_sql_prepare(db, &stmt, "PRAGMA user_version", e);

	*version = 0;
	if (error == 0)
		error = store_sql_run(stmt, version, e);
	sqlite3_finalize(stmt);
	if (error == 0 && *version > STORE_LAYOUT_VERSION)
		error = sys_fail(e, -BASE_ERR_VERSION, "%s: made by a newer ringtap",
			sqlite3_db_filename(db, "main"));
	return error;
}

#define TEXT_OF(x) #x
#define STRING_OF(x) TEXT_OF(x)
#define SET_PRAGMA(name, value) "PRAGMA " #name "=" STRING_OF(value) ";"

static int
wal_grown(void *context, sqlite3 *db, const char *name, int pages)
{
	struct store_day *day = context;
	day->wal_pages = pages;
	return SQLITE_OK;
}

int
store_schema_make(struct store *store, struct store_day *day, struct sys_error *e)
{
	struct base_text t = base_text_of(store->text, STORE_TEXT_BYTES);
	bool memory = store_is_memory(store);
	int64_t version;
	int error = store_sql_exec(day->db,
		memory ? "PRAGMA synchronous=OFF"
		       : "PRAGMA page_size=" STRING_OF(
				 STORE_PAGE_BYTES) "; PRAGMA journal_mode=WAL; PRAGMA "
						   "synchronous=FULL;"
						   "PRAGMA wal_autocheckpoint=0; PRAGMA "
						   "cache_size=-131072; PRAGMA "
						   "journal_size_limit=67108864",
		e);

	sqlite3_wal_hook(day->db, wal_grown, day);
	sqlite3_db_config(day->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	if (error == 0)
		error = store_schema_version(day->db, &version, e);
	if (error)
		return error;
	if (version == STORE_LAYOUT_VERSION)
		return schema_extend(&t, day, e);
	error = store_sql_exec(day->db, "BEGIN IMMEDIATE", e);
	if (error == 0)
		error = schema_tables(&t, day->db, e);
	if (error == 0 && !memory)
		error = schema_indexes(&t, day->db, e);
	if (error == 0)
		error = store_sql_exec(day->db,
			SET_PRAGMA(application_id, STORE_APPLICATION_ID)
				SET_PRAGMA(user_version, STORE_LAYOUT_VERSION) "COMMIT",
			e);
	if (error == 0 && !memory)
		error = sys_directory_sync(store->dir, e);
	return error;
}

/* INSERT of a kind: position, then every field of the kind in order. */
int
store_schema_insert(
	struct store *store, struct store_day *day, enum record_kind kind, struct sys_error *e)
{
	struct base_text t = base_text_of(store->text, STORE_TEXT_BYTES);

	base_text_str(&t, "INSERT INTO ");
	base_text_str(&t, record_kind_table(kind));
	base_text_str(&t, "(position");
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, kind))
			continue;
		base_text_str(&t, ",\"");
		base_text_str(&t, record_fields[f].key);
		base_text_char(&t, '"');
	}
	base_text_str(&t, ") VALUES(?");
	for (int f = 0; f < RECORD_F_COUNT; f++)
		if (record_field_in(f, kind))
			base_text_str(&t, ",?");
	base_text_str(&t, ") ON CONFLICT DO NOTHING");
	return store_sql_prepare(day->db, &day->insert[kind], base_text_cstr(&t), e);
}
