#include "store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int
lock_take(struct store *store, struct sys_error *e)
{
	char buffer[4200];
	struct base_text path = base_text_of(buffer, sizeof(buffer));

	base_text_str(&path, store->dir);
	base_text_str(&path, "/store.lock");
	int error = sys_mapping_create(&store->lock, base_text_cstr(&path), 4096, (gid_t)-1, e);
	if (error)
		return error;
	store->locked = true;
	error = sys_mapping_lock(&store->lock, 0);
	if (error == -BASE_ERR_EXISTS)
		return sys_fail(e, error, "%s: another process writes this store", store->dir);
	return error ? sys_fail(e, error, "%s: %s", path.p, base_error_text(error)) : 0;
}

/* A day that the writer finds at its start: looked through where it is one of the newest, which the
 * end of the last writer may have caught at work; set aside where it is damaged.  One damaged day
 * must not stop the probes of today. */
static int
day_take(struct store *store, uint32_t i, struct sys_error *e)
{
	int64_t day = store->files[i].day, position = 0;
	int error = 0;

	if (i + 2 >= store->n_files && store_day_bytes(store, day) <= STORE_CHECK_BYTES)
		error = store_day_check(store, day, e);
	if (error == 0)
		error = store_day_position(store, day, &position, e);
	if (error == -BASE_ERR_FORMAT) {
		if (e->text[0])
			sys_log(SYS_LOG_ERROR, "%s", e->text);
		error = store_day_set_aside(store, day, e);
		return error;
	}
	if (error == -BASE_ERR_VERSION) {
		sys_log(SYS_LOG_WARNING, "%s", e->text);
		error = 0;
	}
	store->files[i].position = position;
	if (position > store->position)
		store->position = position;
	return error;
}

/* The last position given: behind every row, every cursor and the floor. */
static int
position_find(struct store *store, struct sys_error *e)
{
	int error = store_state_floor(store, &store->position, e);

	for (uint32_t i = 0; i < store->n_files && error == 0; i++) {
		error = day_take(store, i, e);
		store_readers_trim(store);
	}
	return error;
}

static int
directory_open(struct store *store, struct sys_error *e)
{
	int error;

	if (store->read_only && access(store->dir, R_OK | X_OK) != 0)
		return sys_fail(e, sys_error_of_errno(errno), "cannot read the store %s: %s",
			store->dir, strerror(errno));
	if (!store->read_only) {
		error = sys_directory_make(store->dir, 0750, e);
		if (error == 0)
			error = lock_take(store, e);
		if (error)
			return error;
	}
	error = store_days_scan(store, e);
	if (error == 0)
		error = store_state_open(store, e);
	if (error == 0 && !store->read_only)
		error = position_find(store, e);
	return error;
}

int
store_open(struct store **out, const struct store_options *options, struct sys_error *e)
{
	struct store *store = calloc(1, sizeof(*store));
	struct sys_error local;
	struct store_day *day;
	int error;

	e = e ? e : &local;
	*out = store;
	if (store == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	store->read_only = options->read_only && options->dir;
	store->retention_days = options->retention_days;
	store->retention_bytes = options->retention_bytes;
	store->bad_day = -1;
	store->text = malloc(STORE_TEXT_BYTES);
	store->rings = calloc(STORE_SESSION_MAX, sizeof(*store->rings));
	store->dir = options->dir ? strdup(options->dir) : NULL;
	if (store->text == NULL || store->rings == NULL || (options->dir && store->dir == NULL))
		error = sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	else if (store->dir && strlen(store->dir) > 4000)
		error = sys_fail(e, -BASE_ERR_INVALID, "the store's path is too long");
	else if (store->dir)
		error = directory_open(store, e);
	else
		error = store_state_open(store, e);
	if (error == 0 && store_is_memory(store))
		error = store_day_writer(store, 0, &day, e);
	if (error == 0)
		return 0;
	store_close(store);
	*out = NULL;
	return error;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	bool had_rings = store->n_rings != 0 && !store->in_transaction;
	if (store->in_transaction)
		store_rollback(store);
	if (store->state && !store->read_only && had_rings)
		store_state_save(store, NULL);
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		sqlite3_finalize(store->nested[kind]);
	sqlite3_close(store->scratch);
	/* Readers first: the last connection, which may write, empties the log. */
	store_days_trim(&store->readers, 0);
	store_days_trim(&store->writers, 0);
	sqlite3_close(store->state);
	if (store->locked)
		sys_mapping_close(&store->lock);
	store_interims_forget(store);
	free(store->files);
	free(store->rings);
	free(store->text);
	free(store->dir);
	free(store);
}

int64_t
store_position_last(const struct store *store)
{
	return store->position;
}

static int64_t
consumers_position(const struct store *store)
{
	int64_t lowest = INT64_MAX;

	for (uint32_t i = 0; i < store->n_consumers; i++)
		if (store->consumers[i].position < lowest)
			lowest = store->consumers[i].position;
	return lowest;
}

/* Whether the oldest day that is left is one too many. */
static bool
day_is_due(const struct store *store, const struct store_day_file *file, int64_t now_ns,
	uint64_t bytes)
{
	int64_t today = now_ns / STORE_DAY_NS;

	if (store->retention_days && file->day + store->retention_days < today)
		return true;
	/* By size: never the last one, which is being written. */
	return store->retention_bytes && bytes > store->retention_bytes &&
	       file != &store->files[store->n_files - 1];
}

int
store_expire(struct store *store, int64_t now_ns, struct sys_error *e)
{
	int64_t taken = consumers_position(store);
	uint64_t bytes = 0;
	bool saved = false;
	int error = 0;

	if ((store->retention_days == 0 && store->retention_bytes == 0) || store_is_memory(store))
		return 0;
	if (store->in_transaction || store->read_only)
		return sys_fail(e, -BASE_ERR_INVALID, "days cannot be deleted now");
	for (uint32_t i = 0; i < store->n_files; i++)
		bytes += store_day_bytes(store, store->files[i].day);
	for (uint32_t i = 0; i < store->n_files && error == 0;) {
		struct store_day_file file = store->files[i];
		if (!day_is_due(store, &store->files[i], now_ns, bytes))
			break;
		if (file.position > taken) {
			i++;
			continue;
		}
		if (!saved)
			error = store_state_save(store, e);
		saved = true;
		bytes -= store_day_bytes(store, file.day);
		if (error == 0)
			error = store_day_remove(store, file.day, e);
	}
	return error;
}

int
store_clear(struct store *store, struct sys_error *e)
{
	struct store_day *day;

	if (!store_is_memory(store) || store->in_transaction)
		return sys_fail(e, -BASE_ERR_INVALID, "only a store in memory can be cleared");
	int error = store_day_writer(store, 0, &day, e);
	if (error)
		return error;
	store_day_rings_forget(day);
	store_interims_forget(store);
	return store_sql_exec(day->db,
		"DELETE FROM calls; DELETE FROM registrations; DELETE FROM transactions;"
		"DELETE FROM messages; DELETE FROM streams; DELETE FROM gaps; DELETE FROM rings;"
		"DELETE FROM interims",
		e);
}
