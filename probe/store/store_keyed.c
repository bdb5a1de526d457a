#include "store_keys.h"

#include <stdio.h>
#include <stdlib.h>

/* What is asked of a key: for each argument how it bounds. */
enum bound { BOUND_NONE, BOUND_EQ, BOUND_LOW, BOUND_HIGH, BOUND_GLOB, BOUND_LIKE, BOUND_COUNT };

/* idxNum: 0: nothing; else key + 1, direction, and the bounds of up to two arguments. */
#define PLAN_KEY(plan) (((plan)&0xff) - 1)
#define PLAN_DESCENDING 0x100
#define PLAN_BOUND(plan, i) ((enum bound)((plan) >> (12 + 4 * (i)) & 0xf))
#define PLAN_OF(bound, i) ((int)(bound) << (12 + 4 * (i)))
#define ARGUMENTS_MAX 2

#define OWN_COLUMNS 2 /* position, "#superseded" */

struct source { /* given to the module; SQLite frees it */
	struct store_day *day;
	enum record_kind kind;
};

struct table {
	sqlite3_vtab base;
	sqlite3 *db;
	const struct store_day *day;
	enum record_kind kind;
	enum record_field fields[RECORD_F_COUNT];
	int n_fields;
};

struct place { /* a row that may fit */
	int64_t position;
	uint64_t key; /* its upper half */
};

struct cursor {
	sqlite3_vtab_cursor base;
	struct store_key low, high;
	uint32_t key;
	bool descending, runs_done, tail_done, nothing;
	sqlite3_stmt *runs, *parts, *tail, *row, *superseded;
	struct place *places; /* of one run or the tail, in order of position */
	uint32_t n, cap, at;
	int64_t row_position; /* where row stands; 0: nowhere */
};

static int
table_connect(
	sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **out, char **why)
{
	const struct source *source = aux;
	struct table *table = sqlite3_malloc(sizeof(*table));
	struct base_text t = base_text_of(sqlite3_malloc(STORE_SQL_BYTES), STORE_SQL_BYTES);
	struct sys_error e;
	int rc = SQLITE_NOMEM;

	if (table && t.p &&
		store_schema_create(&t, "x", "position INTEGER, \"#superseded\" INTEGER, ",
			source->kind, &e) == 0)
		rc = sqlite3_declare_vtab(db, base_text_cstr(&t));
	sqlite3_free(t.p);
	if (rc != SQLITE_OK) {
		sqlite3_free(table);
		return rc;
	}
	*table = (struct table){.db = db, .day = source->day, .kind = source->kind};
	for (int f = 0; f < RECORD_F_COUNT; f++)
		if (record_field_in(f, source->kind))
			table->fields[table->n_fields++] = f;
	*out = &table->base;
	return SQLITE_OK;
}

static int
table_disconnect(sqlite3_vtab *base)
{
	sqlite3_free(base);
	return SQLITE_OK;
}

/* ---- planning ---- */

/* How far the pattern says how the text begins: of LIKE only what has no letters, which it takes in
 * either case. */
static uint32_t
pattern_prefix(struct base_span pattern, bool like)
{
	uint32_t n = 0;

	for (; n < pattern.len; n++) {
		uint8_t c = pattern.p[n];
		if (like ? c == '%' || c == '_' || c >= 128 || base_lower(c) != c ||
					(c >= 'a' && c <= 'z')
			 : c == '*' || c == '?' || c == '[')
			break;
	}
	return n;
}

static struct base_span
value_text(sqlite3_value *value)
{
	const unsigned char *p = sqlite3_value_text(value);

	return base_span_of(p, p ? (uint32_t)sqlite3_value_bytes(value) : 0);
}

/* How constraint i bounds a key of this sort. */
static enum bound
bound_of(sqlite3_index_info *info, int i, enum store_key_sort sort)
{
	sqlite3_value *pattern = NULL;
	enum bound bound = BOUND_NONE;

	switch (info->aConstraint[i].op) {
	case SQLITE_INDEX_CONSTRAINT_EQ: bound = BOUND_EQ; break;
	case SQLITE_INDEX_CONSTRAINT_GT:
	case SQLITE_INDEX_CONSTRAINT_GE: bound = BOUND_LOW; break;
	case SQLITE_INDEX_CONSTRAINT_LT:
	case SQLITE_INDEX_CONSTRAINT_LE: bound = BOUND_HIGH; break;
	case SQLITE_INDEX_CONSTRAINT_GLOB: bound = BOUND_GLOB; break;
	case SQLITE_INDEX_CONSTRAINT_LIKE: bound = BOUND_LIKE; break;
	default: return BOUND_NONE;
	}
	if (sort == STORE_KEY_HASH && bound != BOUND_EQ)
		return BOUND_NONE;
	if (bound == BOUND_GLOB || bound == BOUND_LIKE) {
		if (sort == STORE_KEY_TIME ||
			sqlite3_vtab_rhs_value(info, i, &pattern) != SQLITE_OK || !pattern ||
			pattern_prefix(value_text(pattern), bound == BOUND_LIKE) == 0)
			return BOUND_NONE;
		return bound;
	}
	return sqlite3_stricmp(sqlite3_vtab_collation(info, i), "BINARY") ? BOUND_NONE : bound;
}

/* The best that the constraints ask of one key: by_bound gets each bound's constraint + 1. Returns
 * how many rows that may be; 0: nothing of use. */
static double
key_plan(const struct table *table, sqlite3_index_info *info, uint32_t key, int *by_bound)
{
	memset(by_bound, 0, BOUND_COUNT * sizeof(*by_bound));
	for (int i = 0; i < info->nConstraint; i++) {
		int column = info->aConstraint[i].iColumn - OWN_COLUMNS;
		if (!info->aConstraint[i].usable || column < 0 ||
			table->fields[column] != store_keys[key].field)
			continue;
		by_bound[bound_of(info, i, store_keys[key].sort)] = i + 1;
	}
	double whole = store_keys[key].sort == STORE_KEY_HASH ? 4 : 64;
	if (by_bound[BOUND_EQ])
		return whole;
	if (by_bound[BOUND_GLOB] || by_bound[BOUND_LIKE])
		return 4096;
	if (by_bound[BOUND_LOW] && by_bound[BOUND_HIGH])
		return 65536;
	return by_bound[BOUND_LOW] || by_bound[BOUND_HIGH] ? 1048576 : 0;
}

static int
plan_take(sqlite3_index_info *info, const int *by_bound)
{
	static const enum bound order[] = {BOUND_EQ, BOUND_GLOB, BOUND_LIKE, BOUND_LOW, BOUND_HIGH};
	int plan = 0, n = 0;

	for (size_t i = 0; i < base_count_of(order) && n < ARGUMENTS_MAX; i++) {
		if (by_bound[order[i]] == 0)
			continue;
		info->aConstraintUsage[by_bound[order[i]] - 1].argvIndex = n + 1;
		plan |= PLAN_OF(order[i], n++);
	}
	return plan;
}

static int
table_plan(sqlite3_vtab *base, sqlite3_index_info *info)
{
	const struct table *table = (const struct table *)base;
	int by_bound[BOUND_COUNT], best[BOUND_COUNT], best_key = -1;
	double rows, best_rows = 1e12;

	for (uint32_t key = 0; key < STORE_KEYS_COUNT; key++) {
		if (store_keys[key].kind != table->kind)
			continue;
		rows = key_plan(table, info, key, by_bound);
		if (rows == 0 || rows >= best_rows)
			continue;
		best_rows = rows;
		best_key = (int)key;
		memcpy(best, by_bound, sizeof(best));
	}
	info->idxNum = 0;
	info->estimatedRows = (sqlite3_int64)best_rows;
	info->estimatedCost = best_rows * 10;
	if (best_key < 0)
		return SQLITE_OK;
	info->idxNum = (best_key + 1) | plan_take(info, best);
	if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn <= 0) { /* position, or the rowid */
		info->orderByConsumed = 1;
		info->idxNum |= info->aOrderBy[0].desc ? PLAN_DESCENDING : 0;
	}
	return SQLITE_OK;
}

/* ---- walking ---- */

static int
cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	struct cursor *c = sqlite3_malloc(sizeof(*c));

	if (c == NULL)
		return SQLITE_NOMEM;
	*c = (struct cursor){.nothing = true};
	*out = &c->base;
	return SQLITE_OK;
}

static int
cursor_close(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	sqlite3_finalize(c->runs);
	sqlite3_finalize(c->parts);
	sqlite3_finalize(c->tail);
	sqlite3_finalize(c->row);
	sqlite3_finalize(c->superseded);
	free(c->places);
	sqlite3_free(c);
	return SQLITE_OK;
}

static void
cursor_narrow(struct cursor *c, struct store_key low, struct store_key high)
{
	if (store_key_compare(&low, &c->low) > 0)
		c->low = low;
	if (store_key_compare(&high, &c->high) < 0)
		c->high = high;
}

static const struct store_key key_min = {0, 0}, key_max = {UINT64_MAX, UINT64_MAX};

/* The keys from where on, and up to where, a value bounds. */
static void
cursor_bound(struct cursor *c, enum bound bound, sqlite3_value *value)
{
	enum store_key_sort sort = store_keys[c->key].sort;
	struct base_span text = value_text(value);
	struct store_key low, high;

	/* No row equals NULL, or lies above or below it; what is no text nor number bounds
	 * nothing. */
	if (sqlite3_value_type(value) == SQLITE_NULL) {
		c->nothing = true;
		return;
	}
	if (sqlite3_value_type(value) == SQLITE_BLOB)
		return;
	if (bound == BOUND_GLOB || bound == BOUND_LIKE) {
		text.len = pattern_prefix(text, bound == BOUND_LIKE);
		cursor_narrow(c, store_key_text(text, 0), store_key_text(text, 0xff));
		return;
	}
	if (sort == STORE_KEY_HASH) {
		low = high = store_key_hash(text);
	} else if (sort == STORE_KEY_TEXT) {
		low = high = store_key_text(text, 0);
	} else {
		low = (struct store_key){(uint64_t)store_time_bound(text, false), 0};
		high = (struct store_key){(uint64_t)store_time_bound(text, true), UINT64_MAX};
	}
	cursor_narrow(c, bound == BOUND_HIGH ? key_min : low, bound == BOUND_LOW ? key_max : high);
}

static int
place_add(struct cursor *c, int64_t position, uint64_t key)
{
	if (c->n == c->cap) {
		uint32_t cap = c->cap ? c->cap * 2 : 64;
		struct place *places = realloc(c->places, cap * sizeof(*places));
		if (places == NULL)
			return SQLITE_NOMEM;
		c->places = places;
		c->cap = cap;
	}
	c->places[c->n++] = (struct place){position, key};
	return SQLITE_OK;
}

static int
by_position(const void *a, const void *b)
{
	int64_t x = ((const struct place *)a)->position, y = ((const struct place *)b)->position;

	return (x > y) - (x < y);
}

static void
places_sort(struct cursor *c)
{
	uint32_t i = 1;

	while (i < c->n && c->places[i - 1].position < c->places[i].position)
		i++;
	if (i < c->n)
		qsort(c->places, c->n, sizeof(*c->places), by_position);
}

static int
prepare(struct cursor *c, sqlite3_stmt **stmt, const char *sql)
{
	const struct table *table = (const struct table *)c->base.pVtab;

	if (*stmt)
		return sqlite3_reset(*stmt);
	return sqlite3_prepare_v2(table->db, sql, -1, stmt, NULL);
}

static bool
key_fits(const struct cursor *c, const struct store_key_found *found)
{
	return found->key == c->key && store_key_compare(&found->value, &c->low) >= 0 &&
	       store_key_compare(&found->value, &c->high) <= 0;
}

static struct base_span
column_bytes(sqlite3_stmt *stmt, int i)
{
	const void *p = sqlite3_column_blob(stmt, i);

	return base_span_of(p, p ? (uint32_t)sqlite3_column_bytes(stmt, i) : 0);
}

/* The entries of a run that fit, in order of position. */
static int
run_take(struct cursor *c, int64_t run)
{
	uint8_t low[STORE_KEY_BYTES_MAX], high[STORE_KEY_BYTES_MAX];
	uint32_t width = store_key_bytes(c->key);
	struct store_key_found found;
	int rc = prepare(c, &c->parts,
		"SELECT keys FROM key_parts WHERE key = ?1 AND run = ?2 AND first <= ?4 AND first "
		">= ifnull((SELECT max(first) FROM key_parts WHERE key = ?1 AND run = ?2 AND first "
		"< ?3), x'')");

	if (rc != SQLITE_OK)
		return rc;
	store_key_write(low, &c->low, width);
	store_key_write(high, &c->high, width);
	sqlite3_bind_int64(c->parts, 1, c->key);
	sqlite3_bind_int64(c->parts, 2, run);
	sqlite3_bind_blob(c->parts, 3, low, (int)width, SQLITE_STATIC);
	sqlite3_bind_blob(c->parts, 4, high, (int)width, SQLITE_STATIC);
	c->n = c->at = 0;
	while ((rc = sqlite3_step(c->parts)) == SQLITE_ROW) {
		struct base_span bytes = column_bytes(c->parts, 0);
		while (store_key_part_next(&bytes, c->key, &found))
			if (key_fits(c, &found) && place_add(c, run + found.delta, found.value.hi))
				return SQLITE_NOMEM;
	}
	places_sort(c);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
tail_take(struct cursor *c)
{
	struct store_key_found found;
	int rc = prepare(c, &c->tail, "SELECT position, keys FROM key_tail");

	c->tail_done = true;
	c->n = c->at = 0;
	if (rc != SQLITE_OK)
		return rc;
	while ((rc = sqlite3_step(c->tail)) == SQLITE_ROW) {
		int64_t first = sqlite3_column_int64(c->tail, 0);
		struct base_span bytes = column_bytes(c->tail, 1);
		while (store_key_tail_next(&bytes, &found))
			if (key_fits(c, &found) &&
				place_add(c, first + found.delta, found.value.hi))
				return SQLITE_NOMEM;
	}
	places_sort(c);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* To the next run that has something, the tail as the last one, or the first where it goes down. */
static int
cursor_settle(struct cursor *c)
{
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && c->at >= c->n && !c->nothing) {
		if (!c->tail_done && (c->descending || c->runs_done)) {
			rc = tail_take(c);
			continue;
		}
		if (c->runs_done) {
			c->nothing = true;
			break;
		}
		int step = sqlite3_step(c->runs);
		c->runs_done = step == SQLITE_DONE;
		if (step == SQLITE_ROW)
			rc = run_take(c, sqlite3_column_int64(c->runs, 0));
		else if (step != SQLITE_DONE)
			rc = step;
	}
	return rc;
}

static int
cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *name, int argc, sqlite3_value **argv)
{
	struct cursor *c = (struct cursor *)base;

	c->nothing = plan == 0;
	c->key = plan ? (uint32_t)PLAN_KEY(plan) : 0;
	c->descending = plan & PLAN_DESCENDING;
	c->tail_done = c->runs_done = false;
	c->low = key_min;
	c->high = key_max;
	c->n = c->at = 0;
	c->row_position = 0;
	for (int i = 0; i < argc && i < ARGUMENTS_MAX; i++)
		cursor_bound(c, PLAN_BOUND(plan, i), argv[i]);
	sqlite3_finalize(c->runs);
	c->runs = NULL;
	int rc = prepare(c, &c->runs,
		c->descending ? "SELECT position FROM key_runs ORDER BY position DESC"
			      : "SELECT position FROM key_runs ORDER BY position");
	return rc == SQLITE_OK ? cursor_settle(c) : rc;
}

static int
cursor_next(sqlite3_vtab_cursor *base)
{
	struct cursor *c = (struct cursor *)base;

	c->at++;
	return cursor_settle(c);
}

static int
cursor_eof(sqlite3_vtab_cursor *base)
{
	return ((const struct cursor *)base)->nothing;
}

static const struct place *
cursor_place(const struct cursor *c)
{
	return &c->places[c->descending ? c->n - 1 - c->at : c->at];
}

static int
cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
	*rowid = cursor_place((const struct cursor *)base)->position;
	return SQLITE_OK;
}

/* ---- the row ---- */

static int
row_prepare(struct cursor *c)
{
	const struct table *table = (const struct table *)c->base.pVtab;
	struct base_text t = base_text_of(sqlite3_malloc(STORE_SQL_BYTES), STORE_SQL_BYTES);

	if (t.p == NULL)
		return SQLITE_NOMEM;
	base_text_str(&t, "SELECT list");
	for (int i = 0; i < table->n_fields; i++) {
		bool has = table->day->has[table->kind][table->fields[i]];
		base_text_str(&t, has ? ",\"" : ",NULL");
		if (has)
			base_text_str(&t, record_fields[table->fields[i]].key);
		base_text_str(&t, has ? "\"" : "");
	}
	base_text_str(&t, " FROM ");
	base_text_str(&t, record_kind_table(table->kind));
	base_text_str(&t, " WHERE position = ?");
	int rc = sqlite3_prepare_v2(table->db, base_text_cstr(&t), -1, &c->row, NULL);
	sqlite3_free(t.p);
	return rc;
}

/* SQLITE_ROW, SQLITE_DONE: a key without a row (the file is damaged). */
static int
seek(sqlite3_stmt *stmt, int64_t position)
{
	sqlite3_reset(stmt);
	sqlite3_bind_int64(stmt, 1, position);
	return sqlite3_step(stmt);
}

static int
column_superseded(struct cursor *c, sqlite3_context *context)
{
	const struct table *table = (const struct table *)c->base.pVtab;
	char sql[96];
	int rc;

	if (c->superseded == NULL) {
		snprintf(sql, sizeof(sql), "SELECT superseded FROM %s WHERE position = ?",
			record_kind_table(table->kind));
		rc = sqlite3_prepare_v2(table->db, sql, -1, &c->superseded, NULL);
		if (rc != SQLITE_OK)
			return rc;
	}
	rc = seek(c->superseded, cursor_place(c)->position);
	if (rc == SQLITE_ROW)
		sqlite3_result_value(context, sqlite3_column_value(c->superseded, 0));
	else if (rc == SQLITE_DONE)
		sqlite3_result_int(context, 1); /* no row: not to be seen */
	else
		return rc;
	return SQLITE_OK;
}

static int
column_field(struct cursor *c, sqlite3_context *context, int i)
{
	const struct table *table = (const struct table *)c->base.pVtab;
	int64_t position = cursor_place(c)->position;
	enum record_field f = table->fields[i];
	int rc = c->row ? SQLITE_OK : row_prepare(c);

	if (rc != SQLITE_OK)
		return rc;
	if (c->row_position != position) {
		rc = seek(c->row, position);
		if (rc != SQLITE_ROW && rc != SQLITE_DONE)
			return rc;
		c->row_position = rc == SQLITE_ROW ? position : 0;
	}
	if (c->row_position == 0)
		return SQLITE_OK; /* NULL */
	sqlite3_value *value = sqlite3_column_value(c->row, 1 + i);
	if (record_fields[f].type == RECORD_LIST)
		store_list_result(context, table->day, f, value, sqlite3_column_int64(c->row, 0));
	else
		sqlite3_result_value(context, value);
	return SQLITE_OK;
}

/* What the key itself says, or else what the row does; the small part of it, which a walk by time
 * asks of each, without the rest. */
static int
cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
	struct cursor *c = (struct cursor *)base;
	const struct table *table = (const struct table *)c->base.pVtab;
	const struct store_key_info *info = &store_keys[c->key];
	char buffer[40];
	struct base_text t = base_text_of(buffer, sizeof(buffer));

	if (column == 0) {
		sqlite3_result_int64(context, cursor_place(c)->position);
		return SQLITE_OK;
	}
	if (column == 1)
		return column_superseded(c, context);
	if (info->sort != STORE_KEY_TIME || table->fields[column - OWN_COLUMNS] != info->field)
		return column_field(c, context, column - OWN_COLUMNS);
	base_text_time(&t, (int64_t)cursor_place(c)->key);
	sqlite3_result_text(context, buffer, (int)t.len, SQLITE_TRANSIENT);
	return SQLITE_OK;
}

/* xCreate NULL: the table is there by its name alone. */
static const sqlite3_module module = {
	.xConnect = table_connect,
	.xBestIndex = table_plan,
	.xDisconnect = table_disconnect,
	.xOpen = cursor_open,
	.xClose = cursor_close,
	.xFilter = cursor_filter,
	.xNext = cursor_next,
	.xEof = cursor_eof,
	.xColumn = cursor_column,
	.xRowid = cursor_rowid,
};

int
store_keyed_learn(struct store_day *day, struct sys_error *e)
{
	char name[64], use[96];

	for (enum record_kind kind = RECORD_CALL; day->keyed && kind <= RECORD_STREAM; kind++) {
		if (!store_day_has(day, kind))
			continue;
		struct source *source = sqlite3_malloc(sizeof(*source));
		if (source == NULL)
			return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
		*source = (struct source){day, kind};
		snprintf(name, sizeof(name), STORE_KEYED_PREFIX "%s", record_kind_table(kind));
		if (sqlite3_create_module_v2(day->db, name, &module, source, sqlite3_free) !=
			SQLITE_OK)
			return store_sql_fail(day->db, e, "cannot use");
		/* The first use declares it, which looks to a reader's authorizer like a write. */
		snprintf(use, sizeof(use), "SELECT 1 FROM %s WHERE 0", name);
		int error = store_sql_exec(day->db, use, e);
		if (error)
			return error;
	}
	return 0;
}

int
store_keyed_serves(sqlite3 *db, const char *sql, enum record_kind kind)
{
	sqlite3_stmt *stmt;
	char walk[64];
	int serves = 1;
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	int rc = explain ? sqlite3_prepare_v2(db, explain, -1, &stmt, NULL) : SQLITE_NOMEM;

	sqlite3_free(explain);
	if (rc != SQLITE_OK)
		return -1;
	snprintf(walk, sizeof(walk), "SCAN %s VIRTUAL TABLE INDEX 0:", record_kind_table(kind));
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const char *line = (const char *)sqlite3_column_text(stmt, 3);
		if (line && strncmp(line, walk, strlen(walk)) == 0)
			serves = 0;
	}
	sqlite3_finalize(stmt);
	return rc == SQLITE_DONE ? serves : -1;
}
