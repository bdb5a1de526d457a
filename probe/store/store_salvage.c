#include "store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* A file whose schema cannot be read any more still has its tables, at roots that are nowhere said.
 * A new day has the same tables at the same roots, as it is made by the same statements: its pages
 * of the schema, laid over a copy of the damaged file, make that readable, where both are of one
 * version.  Rows that are none of ours then (another version's columns) are left out. */

#define HEADER_PAGES_AT 28    /* of the file: its size in pages, big-endian */
#define HEADER_FREELIST_AT 32 /* first page, number of pages */

/* What a row of the new day's columns looks like. */
#define ROW_IS_OURS                                                                                \
	"typeof(uid) = 'text' AND typeof(seq) = 'integer' AND typeof(core) = 'integer'"            \
	" AND typeof(probe) = 'text'"

static bool
page_copy(int to, int from, int64_t page)
{
	uint8_t bytes[STORE_PAGE_BYTES];
	off_t at = (off_t)(page - 1) * STORE_PAGE_BYTES;

	return pread(from, bytes, sizeof(bytes), at) == (ssize_t)sizeof(bytes) &&
	       pwrite(to, bytes, sizeof(bytes), at) == (ssize_t)sizeof(bytes);
}

static bool
file_copy(int to, int from, int64_t *pages)
{
	*pages = 0;
	while (page_copy(to, from, *pages + 1))
		++*pages;
	return *pages > 0;
}

/* Page 1 says how many pages there are, and that none is free. */
static bool
header_mend(int fd, int64_t pages)
{
	uint8_t bytes[12] = {(uint8_t)(pages >> 24), (uint8_t)(pages >> 16), (uint8_t)(pages >> 8),
		(uint8_t)pages};

	_Static_assert(HEADER_FREELIST_AT == HEADER_PAGES_AT + 4, "zeroes behind the size");
	return pwrite(fd, bytes, sizeof(bytes), HEADER_PAGES_AT) == (ssize_t)sizeof(bytes);
}

/* Lays the pages of the new day's schema, those that are no table's root, over the copy. */
static int
schema_lay(sqlite3 *db, int to, int from, struct sys_error *e)
{
	sqlite3_stmt *stmt;
	int64_t pages = 0, is_root = 0;
	int error = store_sql_prepare(db, &stmt, "PRAGMA page_count", e);

	if (error == 0)
		error = store_sql_run(stmt, &pages, e);
	sqlite3_finalize(stmt);
	stmt = NULL;
	if (error == 0)
		error = store_sql_prepare(
			db, &stmt, "SELECT count(*) FROM sqlite_schema WHERE rootpage = ?", e);
	for (int64_t page = 1; page <= pages && error == 0; page++) {
		sqlite3_bind_int64(stmt, 1, page);
		error = store_sql_run(stmt, &is_root, e);
		if (error == 0 && !is_root && !page_copy(to, from, page))
			error = sys_fail(
				e, -BASE_ERR_IO, "cannot copy the schema: %s", strerror(errno));
	}
	sqlite3_finalize(stmt);
	return error;
}

static bool
schema_is_readable(sqlite3 *db)
{
	sqlite3_stmt *stmt = NULL;
	bool readable = sqlite3_prepare_v2(db, "SELECT position, uid FROM calls LIMIT 1", -1, &stmt,
				NULL) == SQLITE_OK;

	sqlite3_finalize(stmt);
	return readable;
}

int
store_salvage_open(struct store_salvage *salvage, const char *path, struct store_day *fresh,
	struct sys_error *e)
{
	int64_t pages;
	int error = store_sql_open(&salvage->db, path, SQLITE_OPEN_READWRITE, e);

	salvage->copy[0] = 0;
	salvage->where = "1";
	if (error == 0 && schema_is_readable(salvage->db))
		return 0;
	sqlite3_close(salvage->db);
	salvage->db = NULL;
	/* The new day's pages into its file, without its log. */
	sqlite3_wal_checkpoint_v2(fresh->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	snprintf(salvage->copy, sizeof(salvage->copy), "%s.salvage", path);
	int damaged = open(path, O_RDONLY | O_CLOEXEC),
	    template = open(sqlite3_db_filename(fresh->db, "main"), O_RDONLY | O_CLOEXEC),
	    copy = open(salvage->copy, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	error = damaged >= 0 && template >= 0 && copy >= 0 && file_copy(copy, damaged, &pages)
			? schema_lay(fresh->db, copy, template, e)
			: sys_fail(e, -BASE_ERR_IO, "cannot copy %s: %s", path, strerror(errno));
	if (error == 0 && !header_mend(copy, pages))
		error = sys_fail(
			e, -BASE_ERR_IO, "cannot write %s: %s", salvage->copy, strerror(errno));
	if (damaged >= 0)
		close(damaged);
	if (template >= 0)
		close(template);
	if (copy >= 0)
		close(copy);
	salvage->where = ROW_IS_OURS;
	if (error == 0)
		error = store_sql_open(&salvage->db, salvage->copy, SQLITE_OPEN_READWRITE, e);
	if (error)
		store_salvage_close(salvage);
	return error;
}

void
store_salvage_close(struct store_salvage *salvage)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char path[STORE_PATH_BYTES + 64];

	sqlite3_close(salvage->db);
	salvage->db = NULL;
	for (size_t i = 0; i < base_count_of(suffixes) && salvage->copy[0]; i++) {
		snprintf(path, sizeof(path), "%s%s", salvage->copy, suffixes[i]);
		unlink(path);
	}
}
