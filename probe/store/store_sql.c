#include "store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int
code_of(int sqlite)
{
	switch (sqlite & 0xff) {
	case SQLITE_NOMEM: return -BASE_ERR_NO_MEMORY;
	case SQLITE_FULL: return -BASE_ERR_FULL;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY: return -BASE_ERR_PERMISSION;
	case SQLITE_CANTOPEN: return -BASE_ERR_NOT_FOUND;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return -BASE_ERR_EXISTS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return -BASE_ERR_FORMAT;
	case SQLITE_INTERRUPT: return -BASE_ERR_INTERRUPTED;
	default: return -BASE_ERR_IO;
	}
}

int
store_sql_fail(sqlite3 *db, struct sys_error *e, const char *what)
{
	const char *path = sqlite3_db_filename(db, "main");

	return sys_fail(e, code_of(sqlite3_errcode(db)), "%s %s: %s", what,
		path && path[0] ? path : "(memory)", sqlite3_errmsg(db));
}

int
store_sql_exec(sqlite3 *db, const char *sql, struct sys_error *e)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK
		       ? 0
		       : store_sql_fail(db, e, "cannot write");
}

int
store_sql_prepare(sqlite3 *db, sqlite3_stmt **stmt, const char *sql, struct sys_error *e)
{
	*stmt = NULL;
	return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) == SQLITE_OK
		       ? 0
		       : store_sql_fail(db, e, "cannot use");
}

int
store_sql_run(sqlite3_stmt *stmt, int64_t *out, struct sys_error *e)
{
	sqlite3 *db = sqlite3_db_handle(stmt);
	bool first = true;
	int rc, error = 0;

	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (first && out && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
			*out = sqlite3_column_int64(stmt, 0);
		first = false;
	}
	if (rc != SQLITE_DONE)
		error = store_sql_fail(db, e, "cannot use");
	sqlite3_reset(stmt);
	return error;
}

int
store_sql_open(sqlite3 **db, const char *path, int flags, struct sys_error *e)
{
	if (flags & SQLITE_OPEN_CREATE && path[0] != ':') {
		/* SQLite would make it readable by all; its log takes the mode of the database. */
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
		if (fd < 0)
			return sys_fail(e, sys_error_of_errno(errno), "cannot make %s: %s", path,
				strerror(errno));
		close(fd);
	}
	if (sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL) ==
		SQLITE_OK) {
		sqlite3_extended_result_codes(*db, 1);
		sqlite3_busy_timeout(*db, 5000);
		store_network_learn(*db); /* without it a condition that names it is refused */
		return 0;
	}
	int error = *db ? store_sql_fail(*db, e, "cannot open")
			: sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	sqlite3_close(*db);
	*db = NULL;
	return error;
}
