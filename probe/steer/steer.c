#include "steer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "steer_private.h"
#define STEER_LAYOUT_ONLY
#include "steer_decide.h"
/* Made by bpftool from bpf/. */
#include <steer_socket.skel.h>
#include <steer_xdp.skel.h>

#define STEER_PROGRAM "ringtap_steer" /* as in bpf/steer_xdp.bpf.c */
#define STEER_MAPS_MAX 16
#define STEER_TAKEN_MAX 64

/* One program with its maps: of an interface, or of all sockets. */
struct steer_taken {
	int link, counters;
	struct steer_table *table;
};

struct steer {
	enum steer_mode mode;
	int object;
	char object_path[40];
	int cpus;
	uint64_t *values;    /* of one counter, by CPU */
	struct steer_socket *socket;
	struct steer_taken taken[STEER_TAKEN_MAX];
	uint32_t n_taken;
};

/* libbpf explains failures at length; the first line of a warning goes to the debug log. */
static int
steer_print(enum libbpf_print_level level, const char *format, va_list args)
{
	char text[256];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(text, sizeof(text), format, args);
	text[strcspn(text, "\n")] = '\0';
	sys_log(SYS_LOG_DEBUG, "%s", text);
	return 0;
}

static const char *
steer_hint(int error)
{
	return error == EPERM || error == EACCES
		       ? ": this needs root, or CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW"
		       : "";
}

static int
steer_fail(struct sys_error *e, const char *what, const char *where, int error)
{
	return sys_fail(e, sys_error_of_errno(error), "steer: %s%s%s: %s%s", what,
		where[0] ? " " : "", where, strerror(error), steer_hint(error));
}

/* ---- what a dead probe left ---- */

/* The id of our program on interface, 0: none, or none of ours. */
static uint32_t
steer_program_on(unsigned interface)
{
	struct bpf_prog_info info = {0};
	uint32_t id = 0, len = sizeof(info);

	if (bpf_xdp_query_id((int)interface, 0, &id) < 0 || id == 0)
		return 0;
	int fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return 0;
	int rc = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	return rc == 0 && strcmp(info.name, STEER_PROGRAM) == 0 ? id : 0;
}

uint32_t
steer_clean(void)
{
	struct if_nameindex *all = if_nameindex();
	uint32_t n = 0;

	libbpf_set_print(steer_print);
	for (struct if_nameindex *i = all; i && i->if_index; i++) {
		/* A living probe's is held by a link, and netlink may not touch that. */
		if (steer_program_on(i->if_index) == 0 ||
			bpf_xdp_detach((int)i->if_index, 0, NULL) < 0)
			continue;
		sys_log(SYS_LOG_WARNING,
			"steer: %s: took away the XDP program of a probe that was killed",
			i->if_name);
		n++;
	}
	if (all)
		if_freenameindex(all);
	return n;
}

/* ---- open ---- */

static int
steer_object_make(struct steer *s, struct sys_error *e)
{
	size_t bytes, done = 0;
	const uint8_t *elf = steer_xdp__elf_bytes(&bytes);

	s->object = memfd_create("ringtap_steer", MFD_CLOEXEC);
	while (s->object >= 0 && done < bytes) {
		ssize_t n = write(s->object, elf + done, bytes - done);
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (s->object < 0 || done < bytes)
		return steer_fail(e, "object file", "", errno);
	snprintf(s->object_path, sizeof(s->object_path), "/proc/self/fd/%d", s->object);
	return 0;
}

/* Takes over the descriptors. */
static int
steer_take(struct steer *s, const struct steer_taken *taken, int table, struct sys_error *e)
{
	struct steer_taken *next = &s->taken[s->n_taken];

	void *map = mmap(
		NULL, sizeof(struct steer_table), PROT_READ | PROT_WRITE, MAP_SHARED, table, 0);
	if (map == MAP_FAILED)
		return steer_fail(e, "map of ports", "", errno);
	*next = *taken;
	next->table = map;
	s->n_taken++;
	return 0;
}

static int
steer_socket_make(struct steer *s, struct sys_error *e)
{
	s->socket = steer_socket__open_and_load();
	if (!s->socket)
		return steer_fail(e, "the filter does not load", "", errno);
	const struct steer_taken taken = {
		.link = -1, .counters = dup(bpf_map__fd(s->socket->maps.steer_counters))};
	return steer_take(s, &taken, bpf_map__fd(s->socket->maps.steer_table), e);
}

int
steer_open(struct steer **out, enum steer_mode mode, struct sys_error *e)
{
	struct steer *s = calloc(1, sizeof(*s));

	*out = NULL;
	libbpf_set_print(steer_print);
	if (!s)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "steer: out of memory");
	s->mode = mode;
	s->object = -1;
	s->cpus = libbpf_num_possible_cpus();
	s->values = s->cpus > 0 ? calloc((size_t)s->cpus, sizeof(*s->values)) : NULL;
	int rc = !s->values ? sys_fail(e, -BASE_ERR_NO_MEMORY, "steer: out of memory")
		 : mode == STEER_REDIRECT ? steer_object_make(s, e)
					  : steer_socket_make(s, e);
	if (rc < 0) {
		steer_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

const char *
steer_object(const struct steer *s)
{
	return s->object_path;
}

/* ---- an interface ---- */

static int
steer_map_named(const struct bpf_prog_info *info, const uint32_t *ids, const char *name)
{
	for (uint32_t i = 0; i < info->nr_map_ids; i++) {
		struct bpf_map_info map = {0};
		uint32_t len = sizeof(map);
		int fd = bpf_map_get_fd_by_id(ids[i]);
		if (fd < 0)
			return -errno;
		if (bpf_obj_get_info_by_fd(fd, &map, &len) == 0 && strcmp(map.name, name) == 0)
			return fd;
		close(fd);
	}
	return -ENOENT;
}

/* A link in place of the attachment by netlink; where the kernel refuses, the attachment stays and
 * steer_clean of the next start is what takes it away. */
static int
steer_link(unsigned interface, int program, const char *name)
{
	bpf_xdp_detach((int)interface, 0, NULL);
	int link = bpf_link_create(program, (int)interface, BPF_XDP, NULL);
	if (link >= 0)
		return link;
	sys_log(SYS_LOG_WARNING, "steer: %s: no bpf_link: %s", name, strerror(-link));
	(void)bpf_xdp_attach((int)interface, program, 0, NULL);
	return -1;
}

static int
steer_take_program(struct steer *s, int program, const char *interface, struct sys_error *e)
{
	uint32_t ids[STEER_MAPS_MAX];
	struct bpf_prog_info info = {
		.nr_map_ids = STEER_MAPS_MAX, .map_ids = (uint64_t)(uintptr_t)ids};
	uint32_t len = sizeof(info);

	if (bpf_obj_get_info_by_fd(program, &info, &len) < 0)
		return steer_fail(e, "the program of", interface, errno);
	if (info.nr_map_ids > STEER_MAPS_MAX)
		info.nr_map_ids = STEER_MAPS_MAX;
	int table = steer_map_named(&info, ids, "steer_table");
	int counters = steer_map_named(&info, ids, "steer_counters");
	int rc = table < 0 || counters < 0
			 ? steer_fail(e, "the maps of", interface, table < 0 ? -table : -counters)
			 : 0;
	if (rc == 0) {
		struct steer_taken taken = {.link = -1, .counters = counters};
		rc = steer_take(s, &taken, table, e);
	}
	if (table >= 0)
		close(table);
	if (rc == 0)
		s->taken[s->n_taken - 1].link =
			steer_link(if_nametoindex(interface), program, interface);
	else if (counters >= 0)
		close(counters);
	return rc;
}

int
steer_take_interface(struct steer *s, const char *interface, struct sys_error *e)
{
	uint32_t id = steer_program_on(if_nametoindex(interface));

	if (s->n_taken == STEER_TAKEN_MAX)
		return sys_fail(
			e, -BASE_ERR_INVALID, "steer: at most %d interfaces", STEER_TAKEN_MAX);
	int program = id ? bpf_prog_get_fd_by_id(id) : -ENOENT;
	if (program < 0)
		return steer_fail(e, "our program is not on", interface, -program);
	int rc = steer_take_program(s, program, interface, e);
	close(program);
	return rc;
}

int
steer_filter_socket(struct steer *s, int fd, struct sys_error *e)
{
	int program = bpf_program__fd(s->socket->progs.ringtap_mirror);

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program)) < 0)
		return steer_fail(e, "the filter on a packet socket", "", errno);
	return 0;
}

/* ---- running ---- */

void
steer_rules_set(struct steer *s, const struct steer_rules *rules)
{
	for (uint32_t i = 0; i < s->n_taken; i++)
		steer_rules_store(s->taken[i].table, rules);
}

int
steer_counters(const struct steer *s, struct steer_counters *counters)
{
	uint64_t *const sums[STEER_REASON_COUNT] = {[STEER_PASSED] = &counters->passed,
		[STEER_SIP] = &counters->sip,
		[STEER_RTP] = &counters->rtp,
		[STEER_FRAGMENT] = &counters->fragments,
		[STEER_TUNNEL] = &counters->tunnels,
		[STEER_UNQUEUED] = &counters->unqueued};

	*counters = (struct steer_counters){0};
	for (uint32_t i = 0; i < s->n_taken; i++)
		for (uint32_t reason = 0; reason < STEER_REASON_COUNT; reason++) {
			if (bpf_map_lookup_elem(s->taken[i].counters, &reason, s->values) < 0)
				return sys_error_of_errno(errno);
			for (int cpu = 0; cpu < s->cpus; cpu++)
				*sums[reason] += s->values[cpu];
		}
	return 0;
}

void
steer_close(struct steer *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->n_taken; i++) {
		munmap(s->taken[i].table, sizeof(*s->taken[i].table));
		close(s->taken[i].counters);
		if (s->taken[i].link >= 0)
			close(s->taken[i].link);
	}
	if (s->socket)
		steer_socket__destroy(s->socket);
	if (s->object >= 0)
		close(s->object);
	free(s->values);
	free(s);
}
