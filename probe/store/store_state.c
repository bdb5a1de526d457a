#include "store_private.h"

#include <errno.h>
#include <unistd.h>

#define FLOOR "#position" /* a name that no consumer has */

static const char schema[] = "CREATE TABLE IF NOT EXISTS cursors(consumer TEXT PRIMARY KEY, "
			     "position INTEGER NOT NULL) WITHOUT ROWID;"
			     "CREATE TABLE IF NOT EXISTS numbers(name TEXT PRIMARY KEY, value "
			     "INTEGER NOT NULL) WITHOUT ROWID;"
			     "CREATE TABLE IF NOT EXISTS sequences(probe TEXT, core INTEGER, seq "
			     "INTEGER NOT NULL, PRIMARY KEY(probe, core)) WITHOUT ROWID;";

int
store_state_open(struct store *store, struct sys_error *e)
{
	char buffer[4200];
	struct base_text path = base_text_of(buffer, sizeof(buffer));

	if (store_is_memory(store)) {
		base_text_str(&path, ":memory:");
	} else {
		base_text_str(&path, store->dir);
		base_text_str(&path, "/state.db");
	}
	if (store->read_only && access(base_text_cstr(&path), F_OK) != 0)
		return 0;
	int error = store_sql_open(&store->state, base_text_cstr(&path),
		store->read_only ? SQLITE_OPEN_READONLY
				 : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		e);
	if (error || store->read_only)
		return error;
	if (!store_is_memory(store))
		error = store_sql_exec(
			store->state, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", e);
	if (error == 0)
		error = store_sql_exec(store->state, schema, e);
	return error;
}

/* One statement with a text and up to two numbers bound; *out as in store_sql_run. */
struct state_call {
	const char *sql;
	struct base_span text;
	int64_t numbers[2];
};

static int
state_run(struct store *store, const struct state_call *call, int64_t *out, struct sys_error *e)
{
	sqlite3_stmt *stmt;

	if (store->state == NULL)
		return 0;
	int error = store_sql_prepare(store->state, &stmt, call->sql, e);
	if (error)
		return error;
	int parameters = sqlite3_bind_parameter_count(stmt);
	if (parameters > 0)
		sqlite3_bind_text(
			stmt, 1, (const char *)call->text.p, (int)call->text.len, SQLITE_STATIC);
	for (int i = 2; i <= parameters; i++)
		sqlite3_bind_int64(stmt, i, call->numbers[i - 2]);
	error = store_sql_run(stmt, out, e);
	sqlite3_finalize(stmt);
	return error;
}

int
store_state_floor(struct store *store, int64_t *position, struct sys_error *e)
{
	return state_run(store,
		&(struct state_call){"SELECT max(position) FROM cursors", {NULL, 0}, {0, 0}},
		position, e);
}

static int
state_transaction(
	struct store *store, const struct state_call *calls, uint32_t n, struct sys_error *e)
{
	int error = store_sql_exec(store->state, "BEGIN IMMEDIATE", e);

	for (uint32_t i = 0; i < n && error == 0; i++)
		error = state_run(store, &calls[i], NULL, e);
	if (error == 0)
		error = store_sql_exec(store->state, "COMMIT", e);
	if (error && !sqlite3_get_autocommit(store->state))
		sqlite3_exec(store->state, "ROLLBACK", NULL, NULL, NULL);
	return error;
}

static const char set_cursor[] = "INSERT INTO cursors VALUES(?,?) ON CONFLICT(consumer) DO UPDATE "
				 "SET position = excluded.position";
static const char set_sequence[] =
	"INSERT INTO sequences(probe, core, seq) VALUES(?,?,?) ON CONFLICT(probe, core)"
	" DO UPDATE SET seq = excluded.seq";
static const char set_number[] =
	"INSERT INTO numbers VALUES(?,?) ON CONFLICT(name) DO UPDATE SET value = excluded.value";

int
store_state_save(struct store *store, struct sys_error *e)
{
	struct state_call calls[STORE_SESSION_MAX + 1];
	uint32_t n = 0;

	calls[n++] = (struct state_call){set_cursor, BASE_SPAN(FLOOR), {store->position, 0}};
	for (uint32_t i = 0; i < store->n_rings; i++) {
		const struct store_ring *r = &store->rings[i];
		calls[n++] = (struct state_call){set_sequence, base_span_of(r->probe, r->probe_len),
			{r->core, (int64_t)r->seq}};
	}
	return state_transaction(store, calls, n, e);
}

int
store_state_sequence(struct store *store, struct base_span probe, uint32_t core, uint64_t *seq,
	struct sys_error *e)
{
	int64_t value = 0;
	int error = state_run(store,
		&(struct state_call){
			"SELECT seq FROM sequences WHERE probe = ? AND core = ?", probe, {core, 0}},
		&value, e);

	*seq = (uint64_t)value;
	return error;
}

/* Remembers a consumer's cursor: its days stay until it has taken them. */
static void
consumer_note(struct store *store, const char *consumer, int64_t position)
{
	uint32_t i = 0;

	while (i < store->n_consumers && strcmp(store->consumers[i].name, consumer) != 0)
		i++;
	if (i == STORE_CONSUMERS_MAX || strlen(consumer) >= sizeof(store->consumers[i].name))
		return;
	if (i == store->n_consumers) {
		memcpy(store->consumers[i].name, consumer, strlen(consumer) + 1);
		store->n_consumers++;
	}
	store->consumers[i].position = position;
}

int
store_cursor_get(struct store *store, const char *consumer, int64_t *position, struct sys_error *e)
{
	*position = 0;
	int error = state_run(store,
		&(struct state_call){"SELECT position FROM cursors WHERE consumer = ?",
			base_span_cstr(consumer), {0, 0}},
		position, e);
	if (error == 0)
		consumer_note(store, consumer, *position);
	return error;
}

int
store_cursor_set(struct store *store, const char *consumer, int64_t position, struct sys_error *e)
{
	if (store->read_only || consumer[0] == '#')
		return sys_fail(
			e, -BASE_ERR_INVALID, "the cursor of %s cannot be moved here", consumer);
	int error = state_run(store,
		&(struct state_call){set_cursor, base_span_cstr(consumer), {position, 0}}, NULL, e);
	if (error)
		return error;
	consumer_note(store, consumer, position);
	if (store->position < position)
		store->position = position;
	return 0;
}

int
store_numbers_get(
	struct store *store, struct store_number *numbers, uint32_t n, struct sys_error *e)
{
	int error = 0;

	for (uint32_t i = 0; i < n && error == 0; i++) {
		numbers[i].value = 0;
		error = state_run(store,
			&(struct state_call){"SELECT value FROM numbers WHERE name = ?",
				base_span_cstr(numbers[i].name), {0, 0}},
			&numbers[i].value, e);
	}
	return error;
}

int
store_numbers_set(
	struct store *store, const struct store_number *numbers, uint32_t n, struct sys_error *e)
{
	struct state_call calls[STORE_NUMBERS_MAX];

	if (store->read_only || n > base_count_of(calls))
		return sys_fail(e, -BASE_ERR_INVALID, "the store's numbers cannot be set here");
	for (uint32_t i = 0; i < n; i++)
		calls[i] = (struct state_call){
			set_number, base_span_cstr(numbers[i].name), {numbers[i].value, 0}};
	return state_transaction(store, calls, n, e);
}
