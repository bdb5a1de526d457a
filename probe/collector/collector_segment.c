#include "collector_private.h"

#include <errno.h>
#include <unistd.h>

/* Says why a segment cannot be used, once until that changes. */
static void
say_once(struct collector_segment *s, enum sys_log_level level, const char *text)
{
	uint64_t what = base_hash(&BASE_HASH_KEY_REPLAY, text, strlen(text));

	if (!s->said || s->said_what != what)
		sys_log(level, "%s", text);
	s->said = true;
	s->said_what = what;
}

/* Another attached segment whose probe has this one's name: records of both would carry the same
 * numbers and be taken for each other's. */
static const struct collector_segment *
segment_namesake(const struct collector_segment *s)
{
	for (unsigned i = 0; i < s->n_all; i++) {
		const struct collector_segment *other = &s->all[i];
		if (other != s && other->attached &&
			strncmp(other->probe, s->shm.header->probe, sizeof(other->probe) - 1) == 0)
			return other;
	}
	return NULL;
}

/* Says why a segment that is there is not taken. */
static void
segment_refuse(struct collector_segment *s, int error)
{
	char text[640];
	struct base_text t = base_text_of(text, sizeof(text));
	uint32_t layout = ((const struct shm_header *)s->mapping.p)->layout_version;

	base_text_str(&t, s->path);
	if (error == -BASE_ERR_EXISTS) {
		base_text_str(&t, ": its probe has the name of the one of ");
		base_text_str(&t, segment_namesake(s)->path);
		base_text_str(&t, ", and their records could not be told apart: give one another "
				  "probe.name; it is not taken");
	} else if (error == -BASE_ERR_VERSION) {
		base_text_str(&t, ": made by another version of ringtap (layout ");
		base_text_u64(&t, layout);
		base_text_str(&t, ", this one reads ");
		base_text_u64(&t, SHM_LAYOUT_VERSION);
		base_text_str(&t, "): run probe and collector of one version");
	} else {
		base_text_str(&t, ": not a whole segment (yet)");
	}
	say_once(s, SYS_LOG_WARNING, base_text_cstr(&t));
}

static int
segment_attach(struct collector_segment *s, struct sys_error *e)
{
	struct stat st;
	char text[640];
	struct base_text t = base_text_of(text, sizeof(text));
	int error = sys_mapping_open(&s->mapping, s->path, true, e);

	if (error) {
		base_text_str(&t, "waiting for a segment: ");
		base_text_str(&t, e->text);
		say_once(s, SYS_LOG_INFO, base_text_cstr(&t));
		return 0;
	}
	error = sys_mapping_lock(&s->mapping, COLLECTOR_LOCK_OFFSET);
	if (error) {
		sys_fail(e, error, "%s: %s", s->path,
			error == -BASE_ERR_EXISTS ? "another collector has this segment"
						  : base_error_text(error));
		goto fail;
	}
	error = shm_attach(&s->shm, s->mapping.p, s->mapping.bytes);
	if (error == 0 && fstat(s->mapping.fd, &st))
		error = -BASE_ERR_IO;
	if (error == 0 && segment_namesake(s))
		error = -BASE_ERR_EXISTS;
	if (error) {
		segment_refuse(s, error);
		error = 0;
		goto fail;
	}
	s->device = st.st_dev;
	s->inode = st.st_ino;
	memcpy(s->probe, s->shm.header->probe, sizeof(s->probe));
	s->probe[sizeof(s->probe) - 1] = 0;
	s->probe_starts = s->shm.header->probe_starts;
	s->attached = true;
	s->replaced = s->said = false;
	s->records = s->corrupt = 0;
	collector_segment_rewind(s);
	__atomic_store_n(&s->shm.header->collector_pid, (uint64_t)getpid(), __ATOMIC_RELAXED);
	sys_log(SYS_LOG_INFO, "%s: attached to probe '%s', %u cores", s->path, s->probe,
		s->shm.cores);
	return 0;
fail:
	sys_mapping_close(&s->mapping);
	return error;
}

void
collector_segment_detach(struct collector_segment *s)
{
	if (!s->attached)
		return;
	__atomic_store_n(&s->shm.header->collector_pid, 0, __ATOMIC_RELAXED);
	sys_mapping_close(&s->mapping);
	s->attached = false;
}

static bool
segment_is_empty(const struct collector_segment *s)
{
	for (uint32_t core = 0; core < s->shm.cores; core++)
		if (shm_backlog(&s->shm, core))
			return false;
	return true;
}

/* Looks whether the path still names the file that is mapped. */
static void
segment_look(struct collector_segment *s)
{
	struct stat st;

	if (stat(s->path, &st)) {
		if (errno == ENOENT && !s->said)
			sys_log(SYS_LOG_WARNING,
				"%s: the segment's file is gone; what it holds is kept until there "
				"is another",
				s->path);
		s->said = true;
		return;
	}
	bool other = st.st_dev != s->device || st.st_ino != s->inode;
	if (other && !s->replaced)
		sys_log(SYS_LOG_INFO,
			"%s: the segment was replaced; taking what the old one still holds",
			s->path);
	s->replaced = other;
	s->said = false;
}

int
collector_segment_check(struct collector_segment *s, struct sys_error *e)
{
	if (s->attached)
		segment_look(s);
	/* A new file means that the old one's probe is gone: nothing comes after the rings are
	 * empty. */
	if (s->attached && s->replaced && segment_is_empty(s))
		collector_segment_detach(s);
	if (!s->attached)
		return segment_attach(s, e);
	struct shm_header *h = s->shm.header;
	uint64_t starts = __atomic_load_n(&h->probe_starts, __ATOMIC_RELAXED);
	if (starts != s->probe_starts)
		sys_log(SYS_LOG_INFO, "%s: probe '%s' has started again", s->path, s->probe);
	s->probe_starts = starts;
	__atomic_store_n(&h->collector_heartbeat_ns, sys_clock_wall_ns(), __ATOMIC_RELAXED);
	return 0;
}

static void
say_corrupt(struct collector_segment *s, uint32_t core, const char *what)
{
	/* The first one of a group: a damaged ring must not fill the log. */
	if (s->corrupt++ == 0)
		sys_log(SYS_LOG_ERROR, "%s core %u: %s", s->path, core, what);
}

/* One core's records.  Returns how many messages, or negative. */
static int
core_drain(struct collector_segment *s, uint32_t core, struct store *store, uint32_t max,
	struct sys_error *e)
{
	struct base_ring_message message;
	uint32_t n = 0;

	while (n < max) {
		uint64_t cursor = s->cursors[core];
		enum base_ring_result result = shm_next(&s->shm, core, &cursor, &message);
		if (result == BASE_RING_EMPTY)
			break;
		if (result == BASE_RING_CORRUPT) {
			s->cursors[core] = cursor;
			say_corrupt(s, core,
				"the ring is damaged; what it held is lost and will show as a gap "
				"in the sequence");
			n++;
			continue;
		}
		int error =
			store_put(store, base_span_cstr(s->probe), core, message.p, message.len, e);
		if (error == -BASE_ERR_FORMAT || error == -BASE_ERR_VERSION)
			say_corrupt(s, core, e->text);
		else if (error)
			return error;
		else
			collector_tally_take(&s->tally, message.p, message.len);
		s->cursors[core] = cursor;
		n++;
	}
	return (int)n;
}

int
collector_segment_drain(
	struct collector_segment *s, struct store *store, uint32_t max, struct sys_error *e)
{
	uint32_t n = 0;

	for (uint32_t core = 0; s->attached && core < s->shm.cores && n < max; core++) {
		/* A fair part each, so that a busy core does not starve the others. */
		uint32_t part = (max - n + s->shm.cores - core - 1) / (s->shm.cores - core);
		int taken = core_drain(s, core, store, part, e);
		if (taken < 0)
			return taken;
		n += (uint32_t)taken;
	}
	s->records += n;
	return (int)n;
}

void
collector_segment_release(struct collector_segment *s)
{
	if (!s->attached || s->records == 0)
		return;
	for (uint32_t core = 0; core < s->shm.cores; core++)
		shm_release(&s->shm, core, s->cursors[core]);
	collector_tally_commit(&s->tally, sys_clock_wall_ns());
	struct shm_header *h = s->shm.header;
	__atomic_store_n(&h->collector_commits, h->collector_commits + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&h->collector_records, h->collector_records + s->records - s->corrupt,
		__ATOMIC_RELAXED);
	__atomic_store_n(
		&h->collector_corrupt, h->collector_corrupt + s->corrupt, __ATOMIC_RELAXED);
	s->records = s->corrupt = 0;
}

void
collector_segment_rewind(struct collector_segment *s)
{
	for (uint32_t core = 0; s->attached && core < s->shm.cores; core++)
		s->cursors[core] = shm_cursor(&s->shm, core);
	collector_tally_rollback(&s->tally);
	s->records = s->corrupt = 0;
}

bool
collector_segment_is_crowded(const struct collector_segment *s)
{
	for (uint32_t core = 0; s->attached && core < s->shm.cores; core++)
		if (shm_backlog(&s->shm, core) > s->shm.ring_bytes / 4)
			return true;
	return false;
}
