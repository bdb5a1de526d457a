#include "store_private.h"

#include <stdlib.h>

static struct store_day_ring *
ring_add(struct store_day *day, struct base_span probe, uint32_t core)
{
	if (probe.len > STORE_PROBE_MAX)
		probe.len = STORE_PROBE_MAX;
	if (day->n_rings == day->cap_rings) {
		uint32_t cap = day->cap_rings ? day->cap_rings * 2 : 16;
		struct store_day_ring *rings = realloc(day->rings, cap * sizeof(*rings));
		if (rings == NULL)
			return NULL;
		day->rings = rings;
		day->cap_rings = cap;
	}
	struct store_day_ring *r = &day->rings[day->n_rings++];
	*r = (struct store_day_ring){.core = core, .probe_len = probe.len};
	if (probe.len)
		memcpy(r->probe, probe.p, probe.len);
	return r;
}

static int
rings_read(struct store_day *day, struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int rc;
	int error = store_sql_prepare(
		day->db, &stmt, "SELECT probe, core, seq, first, last, count FROM rings", e);

	if (error)
		return error;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		const unsigned char *probe = sqlite3_column_text(stmt, 0);
		struct store_day_ring *r = ring_add(day,
			base_span_of(probe, probe ? (uint32_t)sqlite3_column_bytes(stmt, 0) : 0),
			(uint32_t)sqlite3_column_int64(stmt, 1));
		if (r == NULL)
			break;
		r->seq = (uint64_t)sqlite3_column_int64(stmt, 2);
		r->first = (uint64_t)sqlite3_column_int64(stmt, 3);
		r->last = (uint64_t)sqlite3_column_int64(stmt, 4);
		r->count = (uint64_t)sqlite3_column_int64(stmt, 5);
	}
	error = rc == SQLITE_DONE  ? 0
		: rc == SQLITE_ROW ? sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory")
				   : store_sql_fail(day->db, e, "cannot read");
	sqlite3_finalize(stmt);
	day->rings_read = error == 0;
	return error;
}

struct store_day_ring *
store_day_ring(struct store_day *day, struct base_span probe, uint32_t core, struct sys_error *e)
{
	if (!day->rings_read && rings_read(day, e))
		return NULL;
	if (probe.len > STORE_PROBE_MAX)
		probe.len = STORE_PROBE_MAX;
	for (uint32_t i = 0; i < day->n_rings; i++) {
		struct store_day_ring *r = &day->rings[i];
		if (r->core == core && base_span_eq(base_span_of(r->probe, r->probe_len), probe))
			return r;
	}
	struct store_day_ring *r = ring_add(day, probe, core);
	if (r == NULL)
		sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	return r;
}

int
store_day_rings_save(struct store_day *day, struct sys_error *e)
{
	sqlite3_stmt *stmt = NULL;
	int error = 0;

	for (uint32_t i = 0; i < day->n_rings && error == 0; i++) {
		const struct store_day_ring *r = &day->rings[i];
		if (!r->changed)
			continue;
		if (stmt == NULL)
			error = store_sql_prepare(day->db, &stmt,
				"INSERT OR REPLACE INTO rings(probe, core, seq, first, last, count)"
				" VALUES(?,?,?,?,?,?)",
				e);
		if (error)
			break;
		sqlite3_bind_text(stmt, 1, r->probe, (int)r->probe_len, SQLITE_STATIC);
		sqlite3_bind_int64(stmt, 2, r->core);
		sqlite3_bind_int64(stmt, 3, (int64_t)r->seq);
		sqlite3_bind_int64(stmt, 4, (int64_t)r->first);
		sqlite3_bind_int64(stmt, 5, (int64_t)r->last);
		sqlite3_bind_int64(stmt, 6, (int64_t)r->count);
		error = store_sql_run(stmt, NULL, e);
	}
	sqlite3_finalize(stmt);
	for (uint32_t i = 0; i < day->n_rings && error == 0; i++)
		day->rings[i].changed = false;
	return error;
}

void
store_day_rings_forget(struct store_day *day)
{
	day->n_rings = 0;
	day->rings_read = false;
}

int
store_day_rings_make(sqlite3 *db, struct sys_error *e)
{
	return store_sql_exec(db,
		"INSERT OR REPLACE INTO rings SELECT probe, core, max(seq), min(seq), max(seq),"
		" count(*) FROM (SELECT probe, core, seq FROM calls WHERE seq > 0"
		" UNION ALL SELECT probe, core, seq FROM registrations WHERE seq > 0"
		" UNION ALL SELECT probe, core, seq FROM transactions WHERE seq > 0"
		" UNION ALL SELECT probe, core, seq FROM messages WHERE seq > 0"
		" UNION ALL SELECT probe, core, seq FROM streams WHERE seq > 0)"
		" GROUP BY probe, core",
		e);
}
