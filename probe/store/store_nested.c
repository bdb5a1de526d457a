#include "store_private.h"

static int
nested_prepare(struct store *store, enum record_kind kind, struct sys_error *e)
{
	char buffer[STORE_SQL_BYTES];
	struct base_text t = base_text_of(buffer, sizeof(buffer));
	int error = 0;

	if (store->scratch == NULL)
		error = store_sql_open(
			&store->scratch, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
	if (error)
		return error;
	base_text_str(&t, "SELECT key");
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, kind))
			continue;
		base_text_str(&t, ",json_extract(value,'$.");
		base_text_str(&t, record_fields[f].key);
		base_text_str(&t, "')");
	}
	base_text_str(&t, " FROM json_each(?)");
	return store_sql_prepare(store->scratch, &store->nested[kind], base_text_cstr(&t), e);
}

int
store_nested(struct store *store, struct base_span json, enum record_kind kind, store_row_fn fn,
	void *context, struct sys_error *e)
{
	struct record_row row;
	int rc = SQLITE_DONE, stop = 0;

	if (!record_kind_is_nested(kind))
		return sys_fail(e, -BASE_ERR_INVALID, "no list has rows of this kind");
	if (json.len == 0)
		return 0;
	int error = store->nested[kind] ? 0 : nested_prepare(store, kind, e);
	if (error)
		return error;
	sqlite3_stmt *stmt = store->nested[kind];
	sqlite3_bind_text(stmt, 1, (const char *)json.p, (int)json.len, SQLITE_STATIC);
	while (stop == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		store_row_read(
			&(struct store_row_source){.stmt = stmt, .first = 1, .kind = kind}, &row);
		stop = fn(context, &row, sqlite3_column_int64(stmt, 0));
	}
	if (stop == 0 && rc != SQLITE_DONE)
		stop = sys_fail(e, -BASE_ERR_FORMAT, "a nested list is damaged: %s",
			sqlite3_errmsg(store->scratch));
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return stop;
}
