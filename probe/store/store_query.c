#include "store_private.h"

#include <stdlib.h>

/* One statement over one table of one day, standing at its next row. */
struct scan {
	sqlite3_stmt *stmt;
	sqlite3 *db;
	const struct store_day *day;
	enum record_kind kind;
	bool done;
	struct base_span time; /* empty where NULL, which sorts first */
	int64_t position;
};

/* A query being run: the statements of all days and kinds, merged in order. */
struct merge {
	struct store *store;
	const struct store_query *query;
	bool by_position, descending, keys_only;
	bool keyed; /* conditions are asked of the tables that are found by key */
	bool all;   /* for sinks: superseded rows too */
	bool from;  /* by time, only rows from (from_time, from_position) on */
	char from_time[40];
	uint32_t from_time_len;
	int64_t from_position;
	int64_t bound_ns; /* by time, only rows from here on; 0: none */
	struct scan *scans;
	uint32_t n_scans;
	char *sql;
	size_t sql_bytes;
};

static void
sql_column(struct base_text *t, enum record_field f)
{
	base_text_char(t, '"');
	base_text_str(t, record_fields[f].key);
	base_text_char(t, '"');
}

/* A field as a condition sees it: a list is JSON however it is kept. */
static void
sql_field(struct base_text *t, const struct store_day *day, enum record_kind kind,
	enum record_field f)
{
	bool list = record_fields[f].type == RECORD_LIST && day->has_own;

	if (!day->has[kind][f]) {
		base_text_str(t, "NULL");
	} else if (list) {
		base_text_str(t, STORE_LIST_FUNCTION "(");
		sql_column(t, f);
		base_text_char(t, ',');
		base_text_u64(t, (uint64_t)f);
		base_text_str(t, ",list)");
	} else {
		sql_column(t, f);
	}
	base_text_str(t, " AS ");
	sql_column(t, f);
	if (list && day->has[kind][f]) {
		base_text_char(t, ',');
		sql_column(t, f);
	} else if (record_fields[f].type == RECORD_LIST) {
		base_text_str(t, day->has[kind][f] ? "," : ",NULL");
		if (day->has[kind][f])
			sql_column(t, f);
	} else {
		return;
	}
	base_text_str(t, " AS \"#");
	base_text_str(t, record_fields[f].key);
	base_text_char(t, '"');
}

/* The table with all its fields, whatever an older day lacks, a list also as it is kept: "#flow".
 */
static void
sql_source(struct base_text *t, const struct store_day *day, enum record_kind kind)
{
	base_text_str(t, day->has_own ? "(SELECT position,list AS \"#list\",superseded"
				      : "(SELECT position,NULL AS \"#list\",NULL");
	base_text_str(t, " AS \"#superseded\"");
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, kind))
			continue;
		base_text_char(t, ',');
		sql_field(t, day, kind, f);
	}
	base_text_str(t, " FROM ");
	base_text_str(t, record_kind_table(kind));
	base_text_str(t, ") AS ");
	base_text_str(t, record_kind_table(kind));
}

/* Where the conditions look. */
static void
sql_searched(struct base_text *t, const struct merge *m, const struct store_day *day,
	enum record_kind kind)
{
	if (!m->keyed) {
		sql_source(t, day, kind);
		return;
	}
	base_text_str(t, STORE_KEYED_PREFIX);
	base_text_str(t, record_kind_table(kind));
	base_text_str(t, " AS ");
	base_text_str(t, record_kind_table(kind));
}

static void
sql_condition(struct base_text *t, const char *where)
{
	if (where == NULL)
		return;
	base_text_str(t, " AND (\n");
	base_text_str(t, where);
	base_text_str(t, "\n)");
}

/* Parameters: 1 since, 2 until, 3 after_position, 4 from_time, 5 from_position, 6 bound_time. */
static void
sql_conditions(struct base_text *t, const struct merge *m, enum record_kind kind)
{
	const struct store_query *q = m->query;
	enum record_field time = store_first_time(kind);

	base_text_str(t, " WHERE 1");
	if (q->since_ns > 0) {
		base_text_str(t, " AND ");
		sql_column(t, time);
		base_text_str(t, " >= ?1");
	}
	if (q->until_ns > 0) {
		base_text_str(t, " AND ");
		sql_column(t, time);
		base_text_str(t, " < ?2");
	}
	if (m->by_position)
		base_text_str(t, " AND position > ?3");
	if (!m->all)
		base_text_str(t, " AND \"#superseded\" IS NOT 1");
	if (m->bound_ns > 0) {
		base_text_str(t, " AND ");
		sql_column(t, time);
		base_text_str(t, " >= ?6");
	}
	if (m->from && m->from_time_len) {
		base_text_str(t, " AND (");
		sql_column(t, time);
		base_text_str(t, ", position) >= (?4, ?5)");
	} else if (m->from) {
		base_text_str(t, " AND (");
		sql_column(t, time);
		base_text_str(t, " IS NOT NULL OR position >= ?5)");
	}
	sql_condition(t, q->where);
	sql_condition(t, q->where_of ? q->where_of[kind] : NULL);
}

static void
sql_order(struct base_text *t, const struct merge *m, enum record_kind kind)
{
	base_text_str(t, " ORDER BY ");
	if (!m->by_position) {
		sql_column(t, store_first_time(kind));
		base_text_str(t, m->descending ? " DESC, " : ", ");
	}
	base_text_str(t, m->descending ? "position DESC" : "position");
}

/* By time the keys are put in order first, and whole rows fetched one by one: rows are large.  The
 * limit of -1 keeps the inner order. */
static void
sql_write(struct base_text *t, const struct merge *m, const struct store_day *day,
	enum record_kind kind)
{
	bool keys_first = !m->keys_only && !m->by_position;
	enum record_field time = store_first_time(kind);

	base_text_str(t, "SELECT position,");
	sql_column(t, time);
	base_text_str(t, m->keys_only ? ",0" : ",\"#list\"");
	for (int f = 0; f < RECORD_F_COUNT && !m->keys_only; f++) {
		if (!record_field_in(f, kind))
			continue;
		base_text_str(t, record_fields[f].type == RECORD_LIST ? ",\"#" : ",\"");
		base_text_str(t, record_fields[f].key);
		base_text_char(t, '"');
	}
	base_text_str(t, " FROM ");
	if (keys_first) {
		base_text_str(t, "(SELECT position AS \"#position\" FROM ");
		sql_searched(t, m, day, kind);
		sql_conditions(t, m, kind);
		sql_order(t, m, kind);
		base_text_str(t, " LIMIT -1) CROSS JOIN ");
		sql_source(t, day, kind);
		base_text_str(t, " ON position = \"#position\"");
		return;
	}
	sql_searched(t, m, day, kind);
	sql_conditions(t, m, kind);
	sql_order(t, m, kind);
}

/* The statement for a day, by key where all that it looks for is found so. */
static const char *
sql_choose(struct base_text *t, struct merge *m, const struct store_day *day, enum record_kind kind)
{
	const struct store_query *q = m->query;
	bool asks =
		q->where || q->where_of || q->since_ns > 0 || q->until_ns > 0 || m->bound_ns > 0;

	m->keyed = day->keyed && asks && (m->keys_only || !m->by_position);
	sql_write(t, m, day, kind);
	if (!m->keyed || t->overflow || store_keyed_serves(day->db, base_text_cstr(t), kind) == 1)
		return base_text_cstr(t);
	m->keyed = false;
	t->len = 0;
	sql_write(t, m, day, kind);
	return base_text_cstr(t);
}

static int
scan_fail(const struct merge *m, const struct scan *s, struct sys_error *e)
{
	int rc = sqlite3_errcode(s->db) & 0xff;

	if ((m->query->where || m->query->where_of) &&
		(rc == SQLITE_ERROR || rc == SQLITE_AUTH || rc == SQLITE_RANGE ||
			rc == SQLITE_TOOBIG))
		return sys_fail(e, -BASE_ERR_INVALID, "condition on %s: %s",
			record_kind_table(s->kind),
			rc == SQLITE_AUTH ? "only reading is allowed" : sqlite3_errmsg(s->db));
	return store_day_suspect(m->store, s->day->day, store_sql_fail(s->db, e, "cannot read"));
}

static int
scan_next(const struct merge *m, struct scan *s, struct sys_error *e)
{
	int rc = sqlite3_step(s->stmt);

	s->done = rc != SQLITE_ROW;
	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return scan_fail(m, s, e);
	s->position = sqlite3_column_int64(s->stmt, 0);
	const unsigned char *time = sqlite3_column_text(s->stmt, 1);
	s->time = base_span_of(time, time ? (uint32_t)sqlite3_column_bytes(s->stmt, 1) : 0);
	return 0;
}

static void
bind_time(sqlite3_stmt *stmt, int i, int64_t ts_ns)
{
	char buffer[40];
	struct base_text t = base_text_of(buffer, sizeof(buffer));

	base_text_time(&t, ts_ns);
	sqlite3_bind_text(stmt, i, buffer, (int)t.len, SQLITE_TRANSIENT);
}

static int
scan_open(struct merge *m, struct store_day *day, enum record_kind kind, struct sys_error *e)
{
	struct base_text t = base_text_of(m->sql, m->sql_bytes);
	struct scan *s = &m->scans[m->n_scans];

	*s = (struct scan){.db = day->db, .day = day, .kind = kind};
	const char *sql = sql_choose(&t, m, day, kind);
	if (t.overflow)
		return sys_fail(e, -BASE_ERR_INVALID, "condition: too long");
	if (sqlite3_prepare_v2(day->db, sql, -1, &s->stmt, NULL) != SQLITE_OK)
		return scan_fail(m, s, e);
	m->n_scans++;
	/* A parameter that the statement does not have is out of range, which is fine. */
	bind_time(s->stmt, 1, m->query->since_ns);
	bind_time(s->stmt, 2, m->query->until_ns);
	sqlite3_bind_int64(s->stmt, 3, m->query->after_position);
	sqlite3_bind_text(s->stmt, 4, m->from_time, (int)m->from_time_len, SQLITE_STATIC);
	sqlite3_bind_int64(s->stmt, 5, m->from_position);
	bind_time(s->stmt, 6, m->bound_ns);
	return scan_next(m, s, e);
}

static void
merge_close(struct merge *m)
{
	for (uint32_t i = 0; i < m->n_scans; i++)
		sqlite3_finalize(m->scans[i].stmt);
	m->n_scans = 0;
}

static int
merge_open(struct merge *m, struct sys_error *e)
{
	struct store *store = m->store;
	uint32_t kinds = m->query->kinds ? m->query->kinds : 1u << RECORD_CALL;
	int64_t since_ns = m->query->since_ns > m->bound_ns ? m->query->since_ns : m->bound_ns;
	int error = 0;

	for (uint32_t i = 0; i < store->n_files && error == 0; i++) {
		struct store_day_file *file = &store->files[i];
		struct store_day *day;
		/* A record's first time is not later than its day. */
		if ((since_ns > 0 && !store_is_memory(store) &&
			    (file->day + 1) * STORE_DAY_NS <= since_ns) ||
			(m->by_position && file->position <= m->query->after_position))
			continue;
		error = store_day_reader(store, file->day, &day, e);
		for (enum record_kind kind = RECORD_CALL;
			error == 0 && !day->is_empty && kind <= RECORD_STREAM; kind++)
			if (kinds >> kind & 1 && store_day_has(day, kind))
				error = scan_open(m, day, kind, e);
	}
	return error;
}

/* <0, 0, >0 as a stands before b in ascending order. */
static int
scan_compare(const struct merge *m, const struct scan *a, const struct scan *b)
{
	if (!m->by_position) {
		uint32_t len = a->time.len < b->time.len ? a->time.len : b->time.len;
		int order = len ? memcmp(a->time.p, b->time.p, len) : 0;
		if (order == 0 && a->time.len != b->time.len)
			order = a->time.len < b->time.len ? -1 : 1;
		if (order)
			return order;
	}
	return a->position < b->position ? -1 : a->position > b->position;
}

/* The scan whose row is next; NULL: all are done. */
static struct scan *
merge_next(struct merge *m)
{
	struct scan *best = NULL;

	for (uint32_t i = 0; i < m->n_scans; i++) {
		struct scan *s = &m->scans[i];
		if (s->done)
			continue;
		if (best == NULL || (m->descending ? scan_compare(m, s, best) > 0
						   : scan_compare(m, s, best) < 0))
			best = s;
	}
	return best;
}

/* The last rows by position, as many as the limit: no row of the result begins before the earliest
 * of them.  Records come about in the order of their ends, so this is close, and lets the walk by
 * time look at the last segments only.  *enough: there are that many. */
static int
merge_find_bound(struct merge *m, bool *enough, struct sys_error *e)
{
	int64_t earliest_ns = INT64_MAX;
	uint32_t n = 0;
	struct scan *s;

	m->by_position = m->descending = m->keys_only = true;
	int error = merge_open(m, e);
	while (error == 0 && n < m->query->limit && (s = merge_next(m)) != NULL) {
		int64_t time_ns = store_time_parse((const char *)s->time.p, s->time.len);
		earliest_ns = time_ns < earliest_ns ? time_ns : earliest_ns;
		n++;
		error = scan_next(m, s, e);
	}
	merge_close(m);
	m->by_position = m->descending = m->keys_only = false;
	*enough = n == m->query->limit;
	if (*enough && earliest_ns > 0)
		m->bound_ns = earliest_ns;
	return error;
}

/* Walks back from the end to the limit-th row, where the forward walk then begins. */
static int
merge_find_from(struct merge *m, struct sys_error *e)
{
	bool enough;
	uint32_t n = 0;
	struct scan *s;
	int error = merge_find_bound(m, &enough, e);

	if (error || !enough)
		return error;
	m->descending = m->keys_only = true;
	error = merge_open(m, e);
	while (error == 0 && (s = merge_next(m)) != NULL) {
		if (++n == m->query->limit) {
			m->from_time_len = s->time.len < sizeof(m->from_time) ? s->time.len : 0;
			memcpy(m->from_time, s->time.p ? (const char *)s->time.p : "",
				m->from_time_len);
			m->from_position = s->position;
			m->from = true;
			break;
		}
		error = scan_next(m, s, e);
	}
	merge_close(m);
	m->descending = m->keys_only = false;
	return error;
}

static int
merge_run(struct merge *m, store_row_fn fn, void *context, struct sys_error *e)
{
	struct store_row_source source;
	struct record_row row;
	uint32_t n = 0;
	struct scan *s;
	int stop = merge_open(m, e);

	while (stop == 0 && (s = merge_next(m)) != NULL) {
		source = (struct store_row_source){s->stmt, 3, s->kind, s->day,
			sqlite3_column_int64(s->stmt, 2),
			base_text_of(m->store->text, STORE_TEXT_BYTES)};
		store_row_read(&source, &row);
		stop = fn(context, &row, s->position);
		/* By time, rows that came since the limit was found are left out too. */
		if (m->query->limit && ++n == m->query->limit)
			break;
		if (stop == 0)
			stop = scan_next(m, s, e);
	}
	merge_close(m);
	return stop;
}

int
store_query(struct store *store, const struct store_query *query, store_row_fn fn, void *context,
	struct sys_error *e)
{
	struct merge m = {.store = store,
		.query = query,
		.by_position = query->by_position || query->after_position > 0};

	m.all = m.by_position;
	int error = query->where ? store_condition_check(query->where, e) : 0;

	if (error == 0 && store->read_only)
		error = store_days_scan(store, e);
	if (error)
		return error;
	m.sql_bytes = 2 * STORE_SQL_BYTES + (query->where ? strlen(query->where) : 0);
	for (int kind = 0; query->where_of && kind < RECORD_KIND_COUNT; kind++)
		m.sql_bytes += query->where_of[kind] ? 2 * strlen(query->where_of[kind]) : 0;
	m.sql = malloc(m.sql_bytes);
	m.scans = calloc((size_t)store->n_files * RECORD_KIND_COUNT + 1, sizeof(*m.scans));
	store->scans++;
	if (m.sql == NULL || m.scans == NULL)
		error = sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	if (error == 0 && query->limit && !m.by_position)
		error = merge_find_from(&m, e);
	if (error == 0)
		error = merge_run(&m, fn, context, e);
	store->scans--;
	store_readers_trim(store);
	free(m.scans);
	free(m.sql);
	return error;
}
