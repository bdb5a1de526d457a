#include "store_private.h"

/* What a day has of a ring. */
static int
sequence_of_day(struct store_day *day, const struct store_ring *ring, struct store_sequence *s,
	struct sys_error *e)
{
	/* A reader may meet a file of layout 1, which has no table of rings. */
	static const char of_rows[] =
		"SELECT min(seq), max(seq), count(*) FROM"
		" (SELECT seq FROM calls WHERE probe = ?1 AND core = ?2 AND seq > 0"
		" UNION ALL SELECT seq FROM registrations WHERE probe = ?1 AND core = ?2 AND seq > "
		"0"
		" UNION ALL SELECT seq FROM transactions WHERE probe = ?1 AND core = ?2 AND seq > 0"
		" UNION ALL SELECT seq FROM streams WHERE probe = ?1 AND core = ?2 AND seq > 0)";
	sqlite3_stmt *stmt;
	int error = store_sql_prepare(day->db, &stmt,
		day->has_own ? "SELECT first, last, count FROM rings WHERE probe = ?1 AND core = ?2"
			     : of_rows,
		e);

	if (error)
		return error;
	sqlite3_bind_text(stmt, 1, ring->probe, (int)ring->probe_len, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, ring->core);
	int rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW && sqlite3_column_int64(stmt, 2) != 0) {
		uint64_t first = (uint64_t)sqlite3_column_int64(stmt, 0),
			 last = (uint64_t)sqlite3_column_int64(stmt, 1);
		s->first = s->first == 0 || first < s->first ? first : s->first;
		s->last = last > s->last ? last : s->last;
		s->count += (uint64_t)sqlite3_column_int64(stmt, 2);
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		error = store_sql_fail(day->db, e, "cannot read");
	sqlite3_finalize(stmt);
	return error;
}

/* The days as a caller should see them now: a reader's list is read anew, an in-memory store has
 * one. */
static int
days_refresh(struct store *store, struct sys_error *e)
{
	return store->read_only ? store_days_scan(store, e) : 0;
}

int
store_sequence_get(struct store *store, struct base_span probe, uint32_t core,
	struct store_sequence *s, struct sys_error *e)
{
	struct store_ring ring = {.core = core, .probe_len = probe.len};
	int error = days_refresh(store, e);

	*s = (struct store_sequence){0};
	if (error || probe.len > sizeof(ring.probe))
		return error;
	memcpy(ring.probe, probe.p, probe.len);
	for (uint32_t i = 0; i < store->n_files && error == 0; i++) {
		struct store_day *day;
		error = store_day_reader(store, store->files[i].day, &day, e);
		if (error == 0 && !day->is_empty)
			error = sequence_of_day(day, &ring, s, e);
		store_readers_trim(store);
	}
	return error;
}

int
store_sequence_last(
	struct store *store, const struct store_ring *ring, uint64_t *last, struct sys_error *e)
{
	struct store_sequence s = {0};
	int error = 0;

	for (uint32_t i = 0; i < store->n_files && error == 0; i++) {
		struct store_day *day;
		error = store_day_reader(store, store->files[i].day, &day, e);
		if (error == 0 && !day->is_empty)
			error = sequence_of_day(day, ring, &s, e);
		/* As at opening: a damaged old day must not stop those of today. */
		if (error == -BASE_ERR_FORMAT || error == -BASE_ERR_VERSION)
			error = 0;
		store_readers_trim(store);
	}
	*last = s.last;
	return error;
}

static int
gaps_of_day(struct store_day *day, struct store_range range, store_gap_fn fn, void *context,
	struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int rc, stop = 0;
	int error = store_sql_prepare(day->db, &stmt,
		"SELECT position, probe, core, first, last FROM gaps WHERE position > ? AND "
		"position <= ? ORDER BY position",
		e);

	if (error)
		return error;
	sqlite3_bind_int64(stmt, 1, range.after);
	sqlite3_bind_int64(stmt, 2, range.to);
	while (stop == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const unsigned char *probe = sqlite3_column_text(stmt, 1);
		struct store_gap gap = {
			.probe = base_span_of(
				probe, probe ? (uint32_t)sqlite3_column_bytes(stmt, 1) : 0),
			.core = (uint32_t)sqlite3_column_int64(stmt, 2),
			.first = (uint64_t)sqlite3_column_int64(stmt, 3),
			.last = (uint64_t)sqlite3_column_int64(stmt, 4),
			.position = sqlite3_column_int64(stmt, 0),
		};
		stop = fn(context, &gap);
	}
	if (stop == 0 && rc != SQLITE_DONE)
		stop = store_sql_fail(day->db, e, "cannot read");
	sqlite3_finalize(stmt);
	return stop;
}

int
store_gaps(struct store *store, struct store_range range, store_gap_fn fn, void *context,
	struct sys_error *e)
{
	int error = days_refresh(store, e);

	for (uint32_t i = 0; i < store->n_files && error == 0; i++) {
		struct store_day *day;
		if (store->files[i].position <= range.after)
			continue;
		error = store_day_reader(store, store->files[i].day, &day, e);
		if (error == 0 && !day->is_empty)
			error = gaps_of_day(day, range, fn, context, e);
		store_readers_trim(store);
	}
	return error;
}
