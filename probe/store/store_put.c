#include "store_private.h"

#include <stdlib.h>

/* The calls in progress, of all days. */
static int
interims_read(struct store *store, struct sys_error *e)
{
	int error = 0;

	store_interims_forget(store);
	for (uint32_t i = 0; i < store->n_files && error == 0; i++) {
		struct store_day *day;
		error = store_day_reader(store, store->files[i].day, &day, e);
		if (error == 0)
			error = store_interims_read(store, day, e);
		if (error == -BASE_ERR_FORMAT || error == -BASE_ERR_VERSION) /* said elsewhere */
			error = 0;
		store_readers_trim(store);
	}
	store->interims_known = error == 0;
	return error;
}

int
store_begin(struct store *store, struct sys_error *e)
{
	if (store->read_only)
		return sys_fail(e, -BASE_ERR_PERMISSION, "the store was opened for reading");
	if (store->in_transaction)
		return sys_fail(e, -BASE_ERR_INVALID, "a store transaction is open already");
	store_suspects_settle(store);
	int error = store->interims_known ? 0 : interims_read(store, e);
	if (error)
		return error;
	store->in_transaction = true;
	store->failed = false;
	return 0;
}

int
store_day_begin(struct store_day *day, struct sys_error *e)
{
	if (day->in_transaction)
		return 0;
	int error = store_sql_exec(day->db, "BEGIN IMMEDIATE", e);
	day->in_transaction = error == 0;
	return error;
}

int
store_day_commit(struct store_day *day, struct sys_error *e)
{
	int error = store_day_rings_save(day, e);

	if (error == 0)
		error = store_keys_save(day, e);
	if (error == 0)
		error = store_sql_exec(day->db, "COMMIT", e);
	day->in_transaction = error != 0;
	return error;
}

static struct store_ring *
ring_find(struct store *store, struct base_span probe, uint32_t core)
{
	for (uint32_t i = 0; i < store->n_rings; i++) {
		struct store_ring *r = &store->rings[i];
		if (r->core == core && base_span_eq(base_span_of(r->probe, r->probe_len), probe))
			return r;
	}
	return NULL;
}

/* The ring as this session follows it; the first time from the highest sequence stored.  NULL and
 * 0: too many rings, gaps are not looked for. */
static int
ring_get(struct store *store, struct base_span probe, uint32_t core, struct store_ring **ring,
	struct sys_error *e)
{
	*ring = ring_find(store, probe, core);
	if (*ring || store->n_rings == STORE_SESSION_MAX || probe.len > STORE_PROBE_MAX)
		return 0;
	struct store_ring *r = &store->rings[store->n_rings];
	uint64_t saved = 0;
	*r = (struct store_ring){.core = core, .probe_len = probe.len};
	memcpy(r->probe, probe.p, probe.len);
	int error = store_sequence_last(store, r, &r->seq, e);
	if (error == 0)
		error = store_state_sequence(store, probe, core, &saved, e);
	if (error)
		return error;
	if (r->seq < saved)
		r->seq = saved;
	store->n_rings++;
	*ring = r;
	return 0;
}

static int
put_row(struct store *store, struct store_day *day, struct sys_error *e)
{
	struct record_row *row = &store->row;
	struct base_text t = base_text_of(store->text, STORE_TEXT_BYTES);
	sqlite3_stmt *insert = day->insert[row->kind];
	int i = 1, error = 0;

	sqlite3_clear_bindings(insert);
	sqlite3_bind_int64(insert, i++, store->position + 1);
	sqlite3_bind_int64(insert, i++, day->list);
	for (int f = 0; f < RECORD_F_COUNT && error == 0; f++)
		if (record_field_in(f, row->kind))
			error = store_row_bind(insert, i++, row, f, &t);
	if (error)
		return sys_fail(e, error, "a record's texts are too long");
	if (sqlite3_step(insert) != SQLITE_DONE) {
		error = store_sql_fail(day->db, e, "cannot write");
		store->failed = true;
	}
	sqlite3_reset(insert);
	return error;
}

static int
put_gap(struct store *store, struct store_day *day, const struct store_ring *ring, uint64_t seq,
	struct sys_error *e)
{
	sqlite3_bind_int64(day->gap, 1, store->position);
	sqlite3_bind_text(day->gap, 2, ring->probe, (int)ring->probe_len, SQLITE_STATIC);
	sqlite3_bind_int64(day->gap, 3, ring->core);
	sqlite3_bind_int64(day->gap, 4, (int64_t)(ring->seq + 1));
	sqlite3_bind_int64(day->gap, 5, (int64_t)(seq - 1));
	int error = store_sql_run(day->gap, NULL, e);
	store->failed |= error != 0;
	return error;
}

/* Whether the row is in the day already. */
static int
row_is_known(struct store *store, struct store_day *day, bool *known, struct sys_error *e)
{
	const struct record_value *values = store->row.values;
	sqlite3_stmt *stmt = day->known[store->row.kind];
	int64_t position = 0;
	int error = store_keys_save(day, e);

	store->failed |= error != 0;
	if (error)
		return error;
	sqlite3_bind_text(stmt, 1, (const char *)values[RECORD_F_UID].text.p,
		(int)values[RECORD_F_UID].text.len, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, (int64_t)values[RECORD_F_SEQ].u64);
	sqlite3_bind_int64(stmt, 3, (int64_t)values[RECORD_F_CORE].u64);
	sqlite3_bind_text(stmt, 4, (const char *)values[RECORD_F_PROBE].text.p,
		(int)values[RECORD_F_PROBE].text.len, SQLITE_STATIC);
	error = store_sql_run(stmt, &position, e);
	store->failed |= error != 0;
	*known = position != 0;
	return error;
}

static void
day_ring_note(struct store_day_ring *r, uint64_t seq)
{
	r->seq = seq;
	r->first = r->first == 0 || seq < r->first ? seq : r->first;
	r->last = seq > r->last ? seq : r->last;
	r->count++;
	r->changed = true;
}

/* The row is whole and its day is open: insert, and declare what is missing before it. */
static int
put_sequenced(
	struct store *store, struct store_day *day, struct store_ring *ring, struct sys_error *e)
{
	const struct record_value *values = store->row.values;
	uint64_t seq = values[RECORD_F_SEQ].u64;
	struct store_day_ring *r = NULL;
	bool known = false;
	int error = 0;

	if (seq != 0) {
		r = store_day_ring(
			day, values[RECORD_F_PROBE].text, (uint32_t)values[RECORD_F_CORE].u64, e);
		store->failed |= r == NULL;
		if (r == NULL)
			return -BASE_ERR_IO;
		if (seq <= r->seq)
			error = row_is_known(store, day, &known, e);
	}
	if (error == 0 && known && store->row.kind == RECORD_CALL)
		error = store_interim_note(store, day, 0, e);
	if (error == 0 && !known) {
		error = put_row(store, day, e);
		known = error || sqlite3_changes(day->db) == 0;
	}
	if (error)
		return error;
	if (!known) {
		store->position++;
		if (r)
			day_ring_note(r, seq);
		error = store_keys_put(day, &store->row, store->position, e);
		if (error == 0 && store->row.kind == RECORD_CALL)
			error = store_interim_note(store, day, store->position, e);
		store->failed |= error != 0;
		if (error)
			return error;
		error = store_day_note(store, day->day, store->position, e);
		if (error == 0 && ring && seq != 0 && ring->seq != 0 && seq > ring->seq + 1)
			error = put_gap(store, day, ring, seq, e);
	}
	if (ring && seq != 0)
		ring->seq = seq;
	return error;
}

int
store_put(struct store *store, struct base_span probe, uint32_t core, const uint8_t *record,
	uint32_t len, struct sys_error *e)
{
	struct record_row *row = &store->row;
	struct store_ring *ring = NULL;
	struct store_day *day;

	if (!store->in_transaction || store->failed)
		return sys_fail(e, -BASE_ERR_INVALID,
			store->failed ? "the store transaction has failed"
				      : "no store transaction");
	int error = record_row_read(row, record, len);
	if (error)
		return sys_fail(e, error, "not a record: %s", base_error_text(error));
	row->values[RECORD_F_PROBE] = (struct record_value){.text = probe, .present = true};
	row->values[RECORD_F_CORE] = (struct record_value){.u64 = core, .present = true};
	if (!row->values[RECORD_F_UID].present) /* NULLs are all different in a unique index */
		row->values[RECORD_F_UID] =
			(struct record_value){.text = BASE_SPAN(""), .present = true};
	/* First what may read other days, then the day's transaction. */
	if (row->values[RECORD_F_SEQ].u64 != 0)
		error = ring_get(store, probe, core, &ring, e);
	if (error == 0)
		error = store_day_writer(store, store_day_of(row), &day, e);
	if (error == 0)
		error = store_day_begin(day, e);
	if (error == 0)
		error = put_sequenced(store, day, ring, e);
	else
		store->failed = true;
	if (!store->failed)
		return error;
	store_day_suspect(store, store_day_of(row), error);
	return error == -BASE_ERR_FORMAT || error == -BASE_ERR_VERSION ? -BASE_ERR_IO : error;
}

/* Writes the log into the database once it is long; what readers still need stays in the log until
 * the next time.  A failure is no loss: the log keeps everything. */
static void
day_checkpoint(struct store_day *day)
{
	if (day->wal_pages < STORE_WAL_PAGES)
		return;
	sqlite3_wal_checkpoint_v2(day->db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	day->wal_pages = 0;
}

int
store_commit(struct store *store, struct sys_error *e)
{
	int error = store->failed || !store->in_transaction
			    ? sys_fail(e, -BASE_ERR_INVALID, "the store transaction has failed")
			    : 0;

	for (struct store_day *day = store->writers; day && error == 0; day = day->next) {
		if (!day->in_transaction)
			continue;
		error = store_day_commit(day, e);
		store_day_suspect(store, day->day, error);
	}
	if (error) {
		store_rollback(store);
		return error;
	}
	store->in_transaction = false;
	for (struct store_day *day = store->writers; day && !store_is_memory(store);
		day = day->next)
		day_checkpoint(day);
	store_days_trim(&store->writers, STORE_DAYS_OPEN);
	return 0;
}

void
store_rollback(struct store *store)
{
	for (struct store_day *day = store->writers; day; day = day->next) {
		if (day->in_transaction && !sqlite3_get_autocommit(day->db))
			sqlite3_exec(day->db, "ROLLBACK", NULL, NULL, NULL);
		day->in_transaction = false;
		store_day_rings_forget(day);
		store_keys_forget(day);
	}
	store->interims_known = false;
	store->n_rings = 0; /* the next put starts from what is stored */
	store->in_transaction = store->failed = false;
	store_days_trim(&store->writers, STORE_DAYS_OPEN);
}
