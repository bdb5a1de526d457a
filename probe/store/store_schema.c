#include "store_private.h"

/* Columns beside the fields: the number of the field list that a row's lists were written with;
 * whether a later record of the same call is there. */
#define OWN_COLUMNS "position INTEGER PRIMARY KEY, list INTEGER, superseded INTEGER, "

static const char own_tables[] =
	"CREATE TABLE IF NOT EXISTS gaps(position INTEGER PRIMARY KEY, probe TEXT, core INTEGER,"
	" first INTEGER, last INTEGER);"
	"CREATE TABLE IF NOT EXISTS rings(probe TEXT, core INTEGER, seq INTEGER, first INTEGER,"
	" last INTEGER, count INTEGER, PRIMARY KEY(probe, core)) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS interims(uid TEXT PRIMARY KEY, position INTEGER) WITHOUT ROWID;"
	"CREATE TABLE IF NOT EXISTS field_lists(list INTEGER, id INTEGER, key TEXT NOT NULL,"
	" PRIMARY KEY(list, id)) WITHOUT ROWID;";

static const char key_tables[] =
	"CREATE TABLE key_tail(position INTEGER PRIMARY KEY, rows INTEGER, keys BLOB);"
	"CREATE TABLE key_runs(position INTEGER PRIMARY KEY);"
	"CREATE TABLE key_parts(key INTEGER, run INTEGER, first BLOB, part INTEGER, keys BLOB,"
	" PRIMARY KEY(key, run, first, part)) WITHOUT ROWID;";

int
store_schema_create(struct base_text *t, const char *name, const char *own, enum record_kind kind,
	struct sys_error *e)
{
	base_text_str(t, "CREATE TABLE ");
	base_text_str(t, name);
	base_text_char(t, '(');
	base_text_str(t, own);
	size_t begin = t->len;
	record_sql_create(t, kind);
	if (t->overflow)
		return sys_fail(e, -BASE_ERR_FORMAT, "no room for table %s", name);
	/* Its own beginning, up to the parenthesis, goes. */
	const char *open = memchr(t->p + begin, '(', t->len - begin);
	if (open == NULL)
		return sys_fail(e, -BASE_ERR_FORMAT, "no columns in table %s", name);
	size_t rest = (size_t)(t->p + t->len - open - 1);
	memmove(t->p + begin, open + 1, rest);
	t->len = begin + rest;
	return 0;
}

static bool
has_column(sqlite3 *db, const char *table, const char *column)
{
	return sqlite3_table_column_metadata(
		       db, NULL, table, column, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
}

/* Those of kinds that the file does not know: in a new one all. */
static int
schema_tables(struct base_text *t, sqlite3 *db, const char *own, struct sys_error *e)
{
	int error = store_sql_exec(db, own_tables, e);

	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM && error == 0; kind++) {
		if (has_column(db, record_kind_table(kind), "position"))
			continue;
		t->len = 0;
		error = store_schema_create(t, record_kind_table(kind), own, kind, e);
		if (error == 0)
			error = store_sql_exec(db, base_text_cstr(t), e);
	}
	return error;
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
			if (has_column(day->db, record_kind_table(kind), columns[i]))
				continue;
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
	bool segments = version == 1 || version == 2;
	int error = schema_tables(
		&t, day->db, segments ? OWN_COLUMNS "segment INTEGER, " : OWN_COLUMNS, e);

	if (version == 0 && error == 0)
		error = store_sql_exec(day->db, key_tables, e);
	if (version == 1 && error == 0)
		error = schema_migrate(&t, day, e);
	store_schema_look(day);
	if (error == 0 && version != 0)
		error = schema_extend(&t, day, e);
	store_schema_look(day);
	day->keyed = (version == 0 || version > 2) && !store_is_memory(store);
	return error ? error
		     : store_sql_exec(day->db,
			       segments
				       ? "PRAGMA user_version=2"
				       : SET_PRAGMA(application_id, STORE_APPLICATION_ID)
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
	if (error == 0)
		error = store_list_note(day, e);
	return error ? error : store_keyed_learn(day, e);
}

/* Layout 2: the part of the indexes that a row belongs to. */
static bool
has_segment(const struct store_day *day)
{
	return has_column(day->db, "calls", "segment");
}

int
store_schema_insert(
	struct store *store, struct store_day *day, enum record_kind kind, struct sys_error *e)
{
	struct base_text t = base_text_of(store->text, STORE_TEXT_BYTES);

	base_text_str(&t, "INSERT INTO ");
	base_text_str(&t, record_kind_table(kind));
	base_text_str(&t, has_segment(day) ? "(position,list,segment" : "(position,list");
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, kind))
			continue;
		base_text_str(&t, ",\"");
		base_text_str(&t, record_fields[f].key);
		base_text_char(&t, '"');
	}
	base_text_str(&t, has_segment(day) ? ") VALUES(?1,?2,?1 >> " STRING_OF(STORE_SEGMENT_BITS)
					   : ") VALUES(?1,?2");
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
	base_text_str(&t, day->keyed ? STORE_KEYED_PREFIX : "");
	base_text_str(&t, record_kind_table(kind));
	base_text_str(&t,
		" WHERE uid = ? AND seq = ? AND core = ? AND probe = ? ORDER BY position DESC"
		" LIMIT 1");
	return store_sql_prepare(day->db, &day->known[kind], base_text_cstr(&t), e);
}
