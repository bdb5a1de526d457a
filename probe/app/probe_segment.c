#include "probe_segment.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define STATE_BYTES_MAX (64 + SHM_CORES_MAX * 48)
#define PROBE_LOCK_OFFSET ((off_t)offsetof(struct shm_header, probe_pid))

struct probe_owner {
	uid_t uid; /* -1: as is */
	gid_t gid;
};

/* What config's user and group are as numbers; names that do not exist are refused later, by
 * sys_privileges_drop. */
static struct probe_owner
probe_owner_of(const struct config *config)
{
	struct probe_owner owner = {(uid_t)-1, (gid_t)-1};
	const struct passwd *user = config->probe.user[0] ? getpwnam(config->probe.user) : NULL;
	const struct group *group = config->probe.group[0] ? getgrnam(config->probe.group) : NULL;

	if (user)
		owner = (struct probe_owner){user->pw_uid, user->pw_gid};
	if (group)
		owner.gid = group->gr_gid;
	return owner;
}

/* ---- the state file ---- */

static int
probe_state_read(struct probe_segment *s, struct sys_error *e)
{
	char line[128];
	unsigned core, version;
	unsigned long long value;
	FILE *f = fopen(s->state_path, "re");

	if (!f)
		return errno == ENOENT ? 0
				       : sys_fail(e, sys_error_of_errno(errno), "%s: %s",
						 s->state_path, strerror(errno));
	int rc = 0;
	if (!fgets(line, sizeof(line), f) || sscanf(line, "ringtap-seq %u", &version) != 1 ||
		version != 1)
		rc = -BASE_ERR_FORMAT;
	while (rc == 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "core %u next %llu", &core, &value) != 2)
			rc = -BASE_ERR_FORMAT;
		else if (core < SHM_CORES_MAX)
			s->found[core] = value;
	}
	fclose(f);
	return rc == 0 ? 0
		       : sys_fail(e, rc,
				 "%s: damaged: it holds the record sequence; restore it, or remove "
				 "it if numbers"
				 " may start again from 1",
				 s->state_path);
}

static int
probe_state_write(struct probe_segment *s, uint64_t reserve, struct sys_error *e)
{
	char text[STATE_BYTES_MAX];
	struct base_text t = base_text_of(text, sizeof(text));

	base_text_str(&t, "ringtap-seq 1\n");
	for (uint32_t core = 0; core < SHM_CORES_MAX; core++) {
		uint64_t next = s->found[core];
		if (core < s->shm.cores)
			next = __atomic_load_n(
				       &shm_core(&s->shm, core)->next_seq, __ATOMIC_RELAXED) +
			       reserve;
		if (next == 0)
			continue;
		base_text_str(&t, "core ");
		base_text_u64(&t, core);
		base_text_str(&t, " next ");
		base_text_u64(&t, next);
		base_text_char(&t, '\n');
		s->promised[core] = next;
	}
	return sys_file_replace(s->state_path, t.p, t.len, 0640, e);
}

void
probe_segment_promise(struct probe_segment *s)
{
	struct sys_error e = {""};
	bool due = false;

	for (uint32_t core = 0; core < s->shm.cores; core++)
		due |= __atomic_load_n(&shm_core(&s->shm, core)->next_seq, __ATOMIC_RELAXED) +
			       PROBE_SEQUENCE_RESERVE / 2 >
		       s->promised[core];
	if (!due)
		return;
	int rc = probe_state_write(s, PROBE_SEQUENCE_RESERVE, &e);
	if (rc < 0 && !s->warned)
		sys_log(SYS_LOG_ERROR, "%s; a lost segment may now repeat record numbers", e.text);
	s->warned = rc < 0;
}

static int
probe_state_open(struct probe_segment *s, const struct config *config, struct sys_error *e)
{
	struct probe_owner owner = probe_owner_of(config);
	bool existed = access(config->probe.state_dir, F_OK) == 0;

	int rc = sys_directory_make(config->probe.state_dir, 0750, e);
	if (rc < 0)
		return rc;
	if (!existed && owner.uid != (uid_t)-1 &&
		chown(config->probe.state_dir, owner.uid, owner.gid) < 0)
		return sys_fail(e, sys_error_of_errno(errno), "%s: cannot be given to user %s: %s",
			config->probe.state_dir, config->probe.user, strerror(errno));
	if (asprintf(&s->state_path, "%s/%s.seq", config->probe.state_dir, config->probe.name) <
		0) {
		s->state_path = NULL;
		return sys_fail(
			e, -BASE_ERR_NO_MEMORY, "%s: out of memory", config->probe.state_dir);
	}
	for (char *p = s->state_path + strlen(config->probe.state_dir) + 1; *p; p++)
		if (*p == '/')
			*p = '_';
	return 0;
}

/* ---- the segment ---- */

static int
probe_segment_in_use(const struct probe_segment *s, const char *path, struct sys_error *e)
{
	const struct shm_header *h = s->mapping.p;
	unsigned long long pid =
		s->mapping.bytes >= sizeof(*h) ? (unsigned long long)h->probe_pid : 0;

	return sys_fail(e, -BASE_ERR_EXISTS,
		"%s: another ringtap-probe (process %llu) writes this segment: stop it, or give "
		"this"
		" one another probe.name or probe.segment",
		path, pid);
}

/* Takes what stands at path.  1: it is continued; 0: there is none (any longer), found[] has its
 * sequences. */
static int
probe_segment_take(struct probe_segment *s, const char *path, const struct shm_layout *layout,
	struct base_span name, struct sys_error *e)
{
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	int rc = sys_mapping_open(&s->mapping, path, true, e);
	if (rc < 0)
		/* FORMAT: no bytes yet, its maker died early. */
		return rc == -BASE_ERR_NOT_FOUND || rc == -BASE_ERR_FORMAT ? 0 : rc;
	if (sys_mapping_lock(&s->mapping, PROBE_LOCK_OFFSET) < 0) {
		rc = probe_segment_in_use(s, path, e);
		goto close;
	}
	bool sound = shm_attach(&s->shm, s->mapping.p, s->mapping.bytes) == 0;
	/* The segment knows exactly what the state file only promises. */
	if (sound &&
		base_span_eq(name, base_span_of(s->shm.header->probe,
					   (uint32_t)strnlen(s->shm.header->probe, SHM_NAME_MAX))))
		for (uint32_t core = 0; core < s->shm.cores; core++)
			s->found[core] = shm_core(&s->shm, core)->next_seq;
	if (sound && shm_matches(&s->shm, layout, name))
		return 1;
	sys_log(SYS_LOG_WARNING, "%s: %s: made anew", path,
		sound ? "of another layout or probe" : "damaged or never finished");
	if (unlink(path) < 0)
		rc = sys_fail(e, sys_error_of_errno(errno), "%s: cannot be replaced: %s", path,
			strerror(errno));
close:
	sys_mapping_close(&s->mapping);
	return rc;
}

static int
probe_segment_make(struct probe_segment *s, const char *path, const struct shm_layout *layout,
	const struct config *config, struct sys_error *e)
{
	struct probe_owner owner = probe_owner_of(config);

	int rc = sys_mapping_create(&s->mapping, path, shm_segment_bytes(layout), owner.gid, e);
	if (rc < 0)
		return rc;
	if (sys_mapping_lock(&s->mapping, PROBE_LOCK_OFFSET) < 0) {
		rc = probe_segment_in_use(s, path, e);
		goto fail;
	}
	if (owner.uid != (uid_t)-1 && geteuid() == 0 &&
		fchown(s->mapping.fd, owner.uid, owner.gid) < 0) {
		rc = sys_fail(e, sys_error_of_errno(errno), "%s: cannot be given to user %s: %s",
			path, config->probe.user, strerror(errno));
		goto fail;
	}
	rc = shm_create(&s->shm, s->mapping.p, s->mapping.bytes, layout,
		base_span_cstr(config->probe.name), sys_clock_wall_ns());
	if (rc == 0)
		return 0;
	sys_fail(e, rc, "%s: no segment of %u cores with rings of %llu bytes can be made", path,
		layout->cores, (unsigned long long)layout->ring_bytes);
fail:
	sys_mapping_close(&s->mapping);
	return rc;
}

int
probe_segment_open(struct probe_segment *s, const struct config *config, struct sys_error *e)
{
	struct shm_layout layout = {config->probe.cores, config->probe.ring_bytes};

	*s = (struct probe_segment){.mapping.fd = -1};
	int rc = probe_state_open(s, config, e);
	if (rc == 0)
		rc = probe_state_read(s, e);
	if (rc == 0)
		rc = probe_segment_take(
			s, config->probe.segment, &layout, base_span_cstr(config->probe.name), e);
	if (rc == 0) {
		rc = probe_segment_make(s, config->probe.segment, &layout, config, e);
		for (uint32_t core = 0; rc == 0 && core < s->shm.cores; core++)
			if (s->found[core] > shm_core(&s->shm, core)->next_seq)
				shm_core(&s->shm, core)->next_seq = s->found[core];
	}
	if (rc >= 0)
		rc = probe_state_write(s, PROBE_SEQUENCE_RESERVE, e);
	if (rc < 0)
		probe_segment_close(s);
	return rc;
}

void
probe_segment_begin(struct probe_segment *s, const char *clock_source)
{
	struct shm_header *h = s->shm.header;

	for (uint32_t core = 0; core < s->shm.cores; core++)
		memset(&shm_core(&s->shm, core)->metrics, 0, sizeof(struct metrics_core));
	memset(h->clock_source, 0, sizeof(h->clock_source));
	memcpy(h->clock_source, clock_source, strnlen(clock_source, sizeof(h->clock_source) - 1));
	h->probe_pid = (uint64_t)getpid();
	h->probe_heartbeat_ns = sys_clock_wall_ns();
	h->probe_starts++;
	h->probe_state = SHM_STATE_RUNNING;
}

void
probe_segment_finish(struct probe_segment *s)
{
	struct sys_error e = {""};

	s->shm.header->probe_heartbeat_ns = sys_clock_wall_ns();
	__atomic_store_n(&s->shm.header->probe_state, SHM_STATE_STOPPED, __ATOMIC_RELEASE);
	if (probe_state_write(s, 0, &e) < 0)
		sys_log(SYS_LOG_ERROR, "%s", e.text);
}

void
probe_segment_close(struct probe_segment *s)
{
	if (s->mapping.p)
		sys_mapping_close(&s->mapping);
	free(s->state_path);
	*s = (struct probe_segment){.mapping.fd = -1};
}
