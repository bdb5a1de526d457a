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

/* Columns beside the fields: the part of the indexes that a row belongs to; the number of the field
 * list that its lists were written with; whether a later record of the same call is there. */
#define OWN_COLUMNS "segment INTEGER, list INTEGER, superseded INTEGER"

static const char own_tables[] =
	"CREATE TABLE IF NOT EXISTS gaps(position INTEGER PRIMARY KEY, probe TEXT, core INTEGER,"
	" first INTEGER, last INTEGER);"
	"CREATE TABLE IF NOT EXISTS rings(probe TEXT, core INTEGER, seq INTEGER, first INTEGER,"
	" last INTEGER, count INTEGER, PRIMARY KEY(probe, core)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS interims(uid TEXT PRIMARY KEY, position INTEGER) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS field_lists(list INTEGER, id INTEGER, key TEXT NOT NULL,"
	" PRIMARY KEY(list, id)) WITHOUT ROWID;";

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
		base_text_str(&own, "position INTEGER PRIMARY KEY, " OWN_COLUMNS ", ");
		base_text_str(&own, open + 1);
		int error = store_sql_exec(db, base_text_cstr(&own), e);
		if (error)
			return error;
	}
	return store_sql_exec(db, own_tables, e);
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
		base_text_str(t, "(segment, ");
		base_text_str(t, record_fields[indexes[i].field].key);
		base_text_char(t, ')');
		int error = store_sql_exec(db, base_text_cstr(t), e);
		if (error)
			return error;
	}
	return 0;
}

/* Tells the planner what a large day looks like: few segments, of many rows, each with many keys.
 * ANALYZE on its empty tables makes the table of statistics. */
static int
schema_statistics(struct base_text *t, sqlite3 *db, struct sys_error *e)
{
	int error = store_sql_exec(db, "ANALYZE", e);

	for (uint32_t i = 0; i < base_count_of(indexes) && error == 0; i++) {
		t->len = 0;
		base_text_str(t, "INSERT INTO sqlite_stat1 SELECT '");
		base_text_str(t, record_kind_table(indexes[i].kind));
		base_text_str(t, "', '");
		base_text_str(t, record_kind_table(indexes[i].kind));
		base_text_char(t, '_');
		base_text_str(t, record_fields[indexes[i].field].key);
		base_text_str(t, "', '16777216 65536 4'");
		error = store_sql_exec(db, base_text_cstr(t), e);
	}
	return error ? error : store_sql_exec(db, "ANALYZE sqlite_schema", e);
}

static bool
has_column(sqlite3 *db, const char *table, const char *column)
{
	return sqlite3_table_column_metadata(
		       db, NULL, table, column, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

void
store_schema_look(struct store_day *day)
{
	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM; kind++)
		for (int f = 0; f < RECORD_F_COUNT; f++)
			day->has[kind][f] =
				record_field_in(f, kind) &&
				has_column(day->db, record_kind_table(kind), record_fields[f].key);
	day->has_own = has_column(day->db, "calls", "superseded");
}

/* A file of layout 1 becomes one of layout 2: its rows stay as they are (lists in JSON are told
 * from bytes by their type), its indexes too (what is in them is found; new rows lie in them as
 * well). */
static int
schema_migrate(struct base_text *t, struct store_day *day, struct sys_error *e)
{
	static const char *const columns[] = {"segment", "list", "superseded"};

	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM; kind++) {
		for (uint32_t i = 0; i < base_count_of(columns); i++) {
			t->len = 0;
			base_text_str(t, "ALTER TABLE ");
			base_text_str(t, record_kind_table(kind));
			base_text_str(t, " ADD COLUMN ");
			base_text_str(t, columns[i]);
			base_text_str(t, " INTEGER");
			int error = store_sql_exec(day->db, base_text_cstr(t), e);
			if (error)
				return error;
		}
	}
	return store_day_rings_make(day->db, e);
}

/* A day made by an older version gets the columns that it lacks. */
static int
schema_extend(struct base_text *t, struct store_day *day, struct sys_error *e)
{
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

static const char file_pragmas[] = SET_PRAGMA(
	page_size, STORE_PAGE_BYTES) "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
				     "wal_autocheckpoint=0;"
				     "PRAGMA cache_size=-131072; PRAGMA "
				     "journal_size_limit=67108864; PRAGMA secure_delete=OFF";

static int
wal_grown(void *context, sqlite3 *db, const char *name, int pages)
{
	struct store_day *day = context;
	day->wal_pages = pages;
	return SQLITE_OK;
}

/* A day as it stands, or an empty file, becomes one of our layout and fields: all of it or nothing.
 */
static int
schema_bring(struct store *store, struct store_day *day, int64_t version, struct sys_error *e)
{
	struct base_text t = base_text_of(store->text, STORE_TEXT_BYTES);
	bool memory = store_is_memory(store);
	int error = 0;

	error = version == 0 ? schema_tables(&t, day->db, e)
			     : store_sql_exec(day->db, own_tables, e);
	if (version == 0 && error == 0 && !memory)
		error = schema_indexes(&t, day->db, e);
	if (version == 0 && error == 0 && !memory)
		error = schema_statistics(&t, day->db, e);
	if (version == 1 && error == 0)
		error = schema_migrate(&t, day, e);
	store_schema_look(day);
	if (error == 0 && version != 0)
		error = schema_extend(&t, day, e);
	return error ? error
		     : store_sql_exec(day->db,
			       SET_PRAGMA(application_id, STORE_APPLICATION_ID)
				       SET_PRAGMA(user_version, STORE_LAYOUT_VERSION),
			       e);
}

int
store_schema_make(struct store *store, struct store_day *day, struct sys_error *e)
{
	bool memory = store_is_memory(store);
	int64_t version;
	int error = store_sql_exec(day->db, memory ? "PRAGMA synchronous=OFF" : file_pragmas, e);

	sqlite3_wal_hook(day->db, wal_grown, day);
	sqlite3_db_config(day->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	if (error == 0)
		error = store_schema_version(day->db, &version, e);
	if (error == 0)
		error = store_sql_exec(day->db, "BEGIN IMMEDIATE", e);
	if (error)
		return error;
	error = schema_bring(store, day, version, e);
	if (error == 0)
		error = store_sql_exec(day->db, "COMMIT", e);
	if (error) {
		sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
		return error;
	}
	if (version == 0 && !memory)
		error = sys_directory_sync(store->dir, e);
	return error ? error : store_list_note(day, e);
}

int
store_schema_insert(
	struct store *store, struct store_day *day, enum record_kind kind, struct sys_error *e)
{
	struct base_text t = base_text_of(store->text, STORE_TEXT_BYTES);

	base_text_str(&t, "INSERT INTO ");
	base_text_str(&t, record_kind_table(kind));
	base_text_str(&t, "(position,segment,list");
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, kind))
			continue;
		base_text_str(&t, ",\"");
		base_text_str(&t, record_fields[f].key);
		base_text_char(&t, '"');
	}
	base_text_str(&t, ") VALUES(?,?,?");
	for (int f = 0; f < RECORD_F_COUNT; f++)
		if (record_field_in(f, kind))
			base_text_str(&t, ",?");
	base_text_str(&t, ") ON CONFLICT DO NOTHING");
	return store_sql_prepare(day->db, &day->insert[kind], base_text_cstr(&t), e);
}

int
store_schema_known(struct store_day *day, enum record_kind kind, struct sys_error *e)
{
	char buffer[256];
	struct base_text t = base_text_of(buffer, sizeof(buffer));

	base_text_str(&t, "SELECT position FROM ");
	base_text_str(&t, record_kind_table(kind));
	base_text_str(&t, " WHERE uid = ? AND seq = ? AND core = ? AND probe = ?");
	return store_sql_prepare(day->db, &day->known[kind], base_text_cstr(&t), e);
}
