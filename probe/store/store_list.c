#include "store_private.h"

#include <stdlib.h>

/* A list's bytes: { u16 field, u16 len, bytes } per element, and the same within (record.h). */
#define PREFIX 4

static uint16_t
u16_at(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* Rewrites the ids of the fields in p[0..len); depth 0: of the elements, and then within them. A
 * field that is no more gets an id that no reader knows. */
static void
ids_rewrite(const struct store_list_map *map, uint8_t *p, uint32_t len, int depth)
{
	uint32_t at = 0;

	while (len - at >= PREFIX) {
		uint16_t id = u16_at(p + at), n = u16_at(p + at + 2);
		if (n > len - at - PREFIX)
			return;
		uint16_t to = id < map->n && map->to[id] >= 0 ? (uint16_t)map->to[id] : UINT16_MAX;
		p[at] = (uint8_t)to;
		p[at + 1] = (uint8_t)(to >> 8);
		if (depth == 0)
			ids_rewrite(map, p + at + PREFIX, n, 1);
		at += PREFIX + n;
	}
}

struct base_span
store_list_ours(
	const struct store_day *day, int64_t list, struct base_span bytes, struct base_text *t)
{
	const struct store_list_map *map = NULL;

	for (uint32_t i = 0; i < day->n_maps && map == NULL; i++)
		if (day->maps[i].list == list)
			map = &day->maps[i];
	if (map && map->same)
		return bytes;
	if (map == NULL || t->cap - t->len < bytes.len)
		return base_span_of(bytes.p, 0);
	uint8_t *copy = (uint8_t *)t->p + t->len;
	if (bytes.len)
		memcpy(copy, bytes.p, bytes.len);
	t->len += bytes.len;
	ids_rewrite(map, copy, bytes.len, 0);
	return base_span_of(copy, bytes.len);
}

void
store_list_result(sqlite3_context *context, const struct store_day *day, enum record_field f,
	sqlite3_value *value, int64_t list)
{
	size_t bytes = (size_t)sqlite3_value_bytes(value);

	if (sqlite3_value_type(value) != SQLITE_BLOB) {
		sqlite3_result_value(context, value);
		return;
	}
	/* Both the copy and its JSON, which is at most sixfold and has keys for its ids. */
	size_t cap = bytes * 41 + 64;
	char *p = sqlite3_malloc64(cap);
	struct record_row *row = sqlite3_malloc64(sizeof(*row));
	if (p == NULL || row == NULL) {
		sqlite3_free(p);
		sqlite3_free(row);
		sqlite3_result_error_nomem(context);
		return;
	}
	struct base_text t = base_text_of(p, cap);
	struct base_span ours = store_list_ours(
		day, list, base_span_of(sqlite3_value_blob(value), (uint32_t)bytes), &t);
	size_t from = t.len;
	memset(row, 0, sizeof(*row));
	row->values[f] = (struct record_value){.text = ours, .present = true};
	record_json_list(&t, row, f);
	sqlite3_free(row);
	sqlite3_result_text64(context, p + from, t.len - from, SQLITE_TRANSIENT, SQLITE_UTF8);
	sqlite3_free(p);
}

static void
function_list(sqlite3_context *context, int n, sqlite3_value **values)
{
	int field = sqlite3_value_int(values[1]);

	if (field < 0 || field >= RECORD_F_COUNT)
		sqlite3_result_value(context, values[0]);
	else
		store_list_result(context, sqlite3_user_data(context), (enum record_field)field,
			values[0], sqlite3_value_int64(values[2]));
}

void
store_list_forget(struct store_day *day)
{
	for (uint32_t i = 0; i < day->n_maps; i++)
		free(day->maps[i].to);
	free(day->maps);
	day->maps = NULL;
	day->n_maps = 0;
}

/* The map of list, made where there is none; NULL: out of memory. */
static struct store_list_map *
map_of(struct store_day *day, int64_t list)
{
	if (day->n_maps && day->maps[day->n_maps - 1].list == list)
		return &day->maps[day->n_maps - 1];
	struct store_list_map *maps = realloc(day->maps, (day->n_maps + 1) * sizeof(*day->maps));
	if (maps == NULL)
		return NULL;
	day->maps = maps;
	maps[day->n_maps] = (struct store_list_map){.list = list, .same = true};
	return &maps[day->n_maps++];
}

static bool
map_add(struct store_day *day, int64_t list, int64_t id, struct base_span key)
{
	struct store_list_map *map = map_of(day, list);

	if (map == NULL || id != (int64_t)map->n || id >= INT16_MAX)
		return false;
	int16_t *to = realloc(map->to, (map->n + 1) * sizeof(*to));
	if (to == NULL)
		return false;
	map->to = to;
	to[map->n++] = (int16_t)record_field_of(key);
	map->same &= to[id] == id;
	return true;
}

int
store_list_learn(struct store_day *day, struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int rc;

	store_list_forget(day);
	if (sqlite3_create_function(day->db, STORE_LIST_FUNCTION, 3,
		    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, day, function_list, NULL,
		    NULL) != SQLITE_OK)
		return store_sql_fail(day->db, e, "cannot use");
	if (sqlite3_prepare_v2(day->db, "SELECT list, id, key FROM field_lists ORDER BY list, id",
		    -1, &stmt, NULL) != SQLITE_OK)
		return 0; /* layout 1 has none, and no bytes */
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		if (!map_add(day, sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
			    base_span_cstr((const char *)sqlite3_column_text(stmt, 2))))
			break;
	int error = rc == SQLITE_DONE ? 0
		    : rc == SQLITE_ROW
			    ? sys_fail(e, -BASE_ERR_FORMAT, "%s: its field list is damaged",
				      sqlite3_db_filename(day->db, "main"))
			    : store_sql_fail(day->db, e, "cannot read");
	sqlite3_finalize(stmt);
	return error;
}

static int
list_write(struct store_day *day, struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int error = store_sql_prepare(
		day->db, &stmt, "INSERT INTO field_lists(list, id, key) VALUES(?,?,?)", e);

	for (int f = 0; f < RECORD_F_COUNT && error == 0; f++) {
		sqlite3_bind_int64(stmt, 1, day->list);
		sqlite3_bind_int64(stmt, 2, f);
		sqlite3_bind_text(stmt, 3, record_fields[f].key, -1, SQLITE_STATIC);
		error = store_sql_run(stmt, NULL, e);
	}
	sqlite3_finalize(stmt);
	return error;
}

int
store_list_note(struct store_day *day, struct sys_error *e)
{
	int error = store_list_learn(day, e);

	day->list = 1;
	for (uint32_t i = 0; i < day->n_maps && error == 0; i++) {
		day->list = day->maps[i].list;
		if (day->maps[i].same && day->maps[i].n == RECORD_F_COUNT)
			return 0;
		day->list++;
	}
	if (error == 0)
		error = store_sql_exec(day->db, "BEGIN IMMEDIATE", e);
	if (error)
		return error;
	error = list_write(day, e);
	if (error == 0)
		error = store_sql_exec(day->db, "COMMIT", e);
	if (error)
		sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
	return error ? error : store_list_learn(day, e);
}
