/* sys: the operating system, for the cold paths: log, clocks, memory, files, privileges, signals.
 *
 * May allocate, lock and print; is never called on the packet path.  Thread: each function says so
 * where it matters. */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "base.h"

/* ---- errors for people: one sentence, what, where and what to do ---- */

struct sys_error {
	char text[512];
};
/* Writes the sentence (printf format) and returns code, for: return sys_fail(e, -BASE_ERR_IO,
 * "..."). e may be NULL. */
int sys_fail(struct sys_error *e, int code, const char *format, ...) __attribute__((format(printf,
	3, 4)));
/* -BASE_ERR_x for an errno. */
int sys_error_of_errno(int error_number);

/* ---- log: to stderr, one line an event: 'program: level: text'; with journald's <N> prefix where
 * stderr is the journal ---- */

enum sys_log_level { SYS_LOG_ERROR, SYS_LOG_WARNING, SYS_LOG_INFO, SYS_LOG_DEBUG };
void sys_log_init(const char *program, enum sys_log_level max);
void sys_log(enum sys_log_level level, const char *format, ...) __attribute__((format(printf, 2,
	3)));

/* ---- time ---- */

int64_t sys_clock_wall_ns(void);
int64_t sys_clock_monotonic_ns(void);
/* Reads RFC 3339, 'YYYY-MM-DD[ HH:MM[:SS]]' (UTC), seconds since the epoch, or a span back from
 * now_ns: 15m, 2h, 7d.  False: none. */
bool sys_time_parse(const char *text, int64_t now_ns, int64_t *ts_ns);

/* ---- memory ---- */

/* Zeroed, page-aligned memory for good, on huge pages where there are any (MAP_HUGETLB first, then
 * transparent). NULL: none. */
void *sys_memory_new(size_t bytes);
/* Gives every page of such memory its place now, so that first touches do not fault later.
 * -BASE_ERR_NO_MEMORY: the system has not that much. */
int sys_memory_populate(void *p, size_t bytes);
/* Bytes of its pages that have been touched. */
uint64_t sys_memory_resident(const void *p, size_t bytes);
void sys_memory_free(void *p, size_t bytes);
/* n unpredictable bytes. */
void sys_random(void *p, size_t n);

/* ---- files shared between processes, and durable files ---- */

struct sys_mapping {
	void *p;
	size_t bytes;
	int fd;        /* kept open: the lock lives on it */
	bool created;
};
/* Maps a file of exactly bytes, made with mode 0640 (and group, -1: as is) where absent; an
 * existing one of another size is
 * -BASE_ERR_VERSION.  read-write, shared. */
int sys_mapping_create(struct sys_mapping *m, const char *path, size_t bytes, gid_t group,
	struct sys_error *e);
int sys_mapping_open(struct sys_mapping *m, const char *path, bool writable, struct sys_error *e);
/* An exclusive lock on the byte at offset of the file (open-file-description lock):
 * -BASE_ERR_EXISTS where another holds it. */
int sys_mapping_lock(struct sys_mapping *m, off_t offset);
void sys_mapping_close(struct sys_mapping *m);

/* with its parents; 0 where it stands already */
int sys_directory_make(const char *path, mode_t mode, struct sys_error *e);
/* fsync of a directory */
int sys_directory_sync(const char *path, struct sys_error *e);
/* Writes a small file durably: temporary name, fsync, rename, fsync of the directory. */
int sys_file_replace(const char *path, const void *data, size_t len, mode_t mode,
	struct sys_error *e);

/* ---- privileges and signals ---- */

/* Becomes user (name or number; group: the user's, or the one given), drops every capability, sets
 * no_new_privs.  0 also where the process is that user already; fails where it is not root. */
int sys_privileges_drop(const char *user, const char *group, struct sys_error *e);
/* 0 where there are such a user and group. */
int sys_privileges_check(const char *user, const char *group, struct sys_error *e);

/* SIGINT, SIGTERM: stop; SIGHUP: reload.  The flags are read with sys_signal_*; the handler only
 * sets them. */
void sys_signals_init(void);
bool sys_signal_stop(void);
bool sys_signal_take_reload(void); /* true once a SIGHUP */
void sys_signal_raise_stop(void);  /* as if SIGTERM had come */

/* Tells systemd (NOTIFY_SOCKET) READY=1, WATCHDOG=1, STOPPING=1, STATUS=...; nothing where there is
 * none. */
void sys_notify(const char *state);
