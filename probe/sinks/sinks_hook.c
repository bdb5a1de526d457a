#include "sinks_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HANDED_FILE "/handed_over"
#define RETRY_NS_MAX (3600 * BASE_NS_PER_SEC)
#define ARGUMENT_BYTES 8192
#define LINES_MAX 10000 /* of the manifest looked through in one step */

int
sinks_hook_take(
	struct sinks_billing *b, const struct sinks_billing_options *options, struct sys_error *e)
{
	struct sinks_hook *h = &b->hook;

	h->timeout_s = options->hook_timeout_s ? options->hook_timeout_s : 60;
	h->retry_s = options->hook_retry_s ? options->hook_retry_s : 10;
	if (options->n_hook == 0)
		return 0;
	h->argv = calloc(options->n_hook + 1, sizeof(*h->argv));
	for (uint32_t i = 0; h->argv && i < options->n_hook; i++)
		if ((h->argv[i] = strdup(options->hook[i])) == NULL)
			return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	return h->argv ? 0 : sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
}

static const char *
dir_path(const struct sinks_billing *b, const char *name, char path[SINKS_PATH_BYTES])
{
	struct base_text t = base_text_of(path, SINKS_PATH_BYTES);

	base_text_str(&t, b->dir);
	base_text_str(&t, name);
	return base_text_cstr(&t);
}

int
sinks_handed_read(struct sinks_billing *b, struct sys_error *e)
{
	char path[SINKS_PATH_BYTES], text[32];
	uint64_t v;

	b->handed = 0;
	int fd = open(dir_path(b, HANDED_FILE, path), O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (fd >= 0)
		close(fd);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	if (n < 0 || !base_span_u64(base_span_of(text, (uint32_t)n), &v) || v > INT64_MAX)
		return sys_fail(e, -BASE_ERR_FORMAT,
			"%s: is to hold the number of the last file that was handed over", path);
	b->handed = (int64_t)v;
	return 0;
}

static int
handed_write(struct sinks_billing *b, struct sys_error *e)
{
	char path[SINKS_PATH_BYTES], text[32];
	struct base_text t = base_text_of(text, sizeof(text));

	base_text_i64(&t, b->hook.sequence);
	base_text_char(&t, '\n');
	int error = sys_file_replace(dir_path(b, HANDED_FILE, path), t.p, t.len, 0640, e);
	if (error == 0)
		b->handed = b->hook.sequence;
	return error;
}

/* The name in a line of the manifest: it has no character that JSON escapes. */
static bool
line_name(const char *line, char *name, size_t name_bytes)
{
	static const char before[] = "{\"file\":\"";
	size_t n;

	if (strncmp(line, before, sizeof(before) - 1) != 0)
		return false;
	line += sizeof(before) - 1;
	n = strcspn(line, "\"\\/");
	if (line[n] != '"' || n == 0 || n >= name_bytes)
		return false;
	memcpy(name, line, n);
	name[n] = 0;
	return true;
}

/* The next file that is not handed over, from the manifest; false: there is none. */
static bool
hook_next(struct sinks_billing *b)
{
	struct sinks_hook *h = &b->hook;
	char path[SINKS_PATH_BYTES], *line = NULL;
	size_t cap = 0;
	bool found = false;

	sinks_manifest_path(b->dir, path);
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fseeko(f, 0, SEEK_END) == 0 && ftello(f) < h->offset)
		h->offset = 0; /* another manifest */
	fseeko(f, h->offset, SEEK_SET);
	for (int i = 0; i < LINES_MAX && !found; i++) {
		ssize_t n = getline(&line, &cap, f);
		if (n <= 0 || line[n - 1] != '\n')
			break;
		found = sinks_manifest_number(line, "\"file_sequence\":", &h->sequence) &&
			h->sequence > b->handed && line_name(line, h->name, sizeof(h->name));
		if (!found)
			h->offset += n;
	}
	free(line);
	fclose(f);
	return found;
}

/* template with its braces filled in. */
static void
argument_fill(const struct sinks_billing *b, const char *template, struct base_text *t)
{
	static const char *const names[] = {"{file}", "{name}", "{sequence}", "{manifest}"};
	char manifest[SINKS_PATH_BYTES];
	size_t which;

	while (*template) {
		for (which = 0; which < base_count_of(names); which++)
			if (strncmp(template, names[which], strlen(names[which])) == 0)
				break;
		if (which == base_count_of(names)) {
			base_text_char(t, *template++);
			continue;
		}
		template += strlen(names[which]);
		if (which == 0) {
			base_text_str(t, b->dir);
			base_text_char(t, '/');
		}
		if (which <= 1)
			base_text_str(t, b->hook.name);
		else if (which == 2)
			base_text_i64(t, b->hook.sequence);
		else
			sinks_manifest_path(b->dir, manifest), base_text_str(t, manifest);
	}
}

/* Its own process group, so that what it starts ends with it; nothing on its input; its output goes
 * where the collector's log goes. */
static int
hook_spawn(char **argv, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes,
		POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	int number = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return number;
}

static void
hook_failed(struct sinks_billing *b)
{
	struct sinks_hook *h = &b->hook;
	int64_t wait_ns = h->retry_s * BASE_NS_PER_SEC;

	for (uint32_t i = 0; i < h->failures && wait_ns < RETRY_NS_MAX; i++)
		wait_ns *= 2;
	wait_ns = wait_ns < RETRY_NS_MAX ? wait_ns : RETRY_NS_MAX;
	if (h->failures++ == 0)
		h->failing_ns = b->now_ns;
	h->retries++;
	h->retry_ns = b->now_ns + wait_ns;
	sys_log(SYS_LOG_WARNING, "%s; again in %lld s", h->why.text,
		(long long)(wait_ns / BASE_NS_PER_SEC));
}

static void
hook_start(struct sinks_billing *b)
{
	struct sinks_hook *h = &b->hook;
	char *argv[65] = {NULL}, *text = malloc(ARGUMENT_BYTES * 4);
	struct base_text t = base_text_of(text, text ? ARGUMENT_BYTES * 4 : 0);

	for (uint32_t i = 0; text && h->argv[i] && i < base_count_of(argv) - 1; i++) {
		argv[i] = t.p + t.len;
		argument_fill(b, h->argv[i], &t);
		base_text_char(&t, 0);
	}
	int number = text == NULL ? ENOMEM : t.overflow ? E2BIG : hook_spawn(argv, &h->pid);
	free(text);
	h->started_ns = b->now_ns;
	h->timed_out = false;
	if (number == 0)
		return;
	h->pid = 0;
	sys_fail(&h->why, 0, "billing.hook: cannot run '%s': %s", h->argv[0], strerror(number));
	hook_failed(b);
}

/* What became of the command under way; h->pid is 0 then. */
static void
hook_look(struct sinks_billing *b)
{
	struct sinks_hook *h = &b->hook;
	int status = 0;

	pid_t pid = waitpid(h->pid, &status, WNOHANG);
	if (pid == 0) {
		if (!h->timed_out &&
			(b->now_ns - h->started_ns > h->timeout_s * BASE_NS_PER_SEC)) {
			h->timed_out = true;
			kill(-h->pid, SIGKILL);
		}
		return;
	}
	bool known = pid == h->pid;
	h->pid = 0;
	if (known && !h->timed_out && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		h->done = true;
		return;
	}
	if (h->timed_out)
		sys_fail(&h->why, 0, "billing.hook: '%s' for %s took more than %u s", h->argv[0],
			h->name, h->timeout_s);
	else
		sys_fail(&h->why, 0, "billing.hook: '%s' for %s failed (%s %d)", h->argv[0],
			h->name, WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	hook_failed(b);
}

/* The file is handed over: that is made durable before the next one. */
static void
hook_note(struct sinks_billing *b)
{
	struct sinks_hook *h = &b->hook;
	uint32_t failures = h->failures;

	if (handed_write(b, &h->why)) {
		hook_failed(b);
		return;
	}
	h->done = false;
	h->failures = 0;
	h->retry_ns = 0;
	if (failures)
		sys_log(SYS_LOG_INFO, "billing.hook: %s is handed over", h->name);
}

static bool
hook_waits(const struct sinks_billing *b)
{
	/* A clock that was put back is not waited for. */
	return b->now_ns < b->hook.retry_ns && b->hook.retry_ns - b->now_ns <= RETRY_NS_MAX;
}

/* False: nothing to do now. */
static bool
hook_round(struct sinks_billing *b)
{
	struct sinks_hook *h = &b->hook;
	char path[SINKS_PATH_BYTES];

	if (h->pid)
		hook_look(b);
	if (h->pid)
		return true;
	if (hook_waits(b))
		return false;
	if (h->done) {
		hook_note(b);
		return true;
	}
	/* Whoever carried files away by hand may have written the number. */
	if (sinks_handed_read(b, &h->why)) {
		hook_failed(b);
		return false;
	}
	if (!hook_next(b))
		return false;
	struct base_text t = base_text_of(path, sizeof(path));
	base_text_str(&t, b->dir);
	base_text_char(&t, '/');
	base_text_str(&t, h->name);
	if (access(base_text_cstr(&t), F_OK) != 0 && errno == ENOENT) {
		sys_log(SYS_LOG_WARNING, "%s is gone and taken for handed over", path);
		h->done = true;
		return true;
	}
	hook_start(b);
	return h->pid != 0;
}

void
sinks_hook_step(struct sinks_billing *b, bool stop)
{
	int64_t begin_ns = sys_clock_monotonic_ns(), now_ns = b->now_ns;

	if (b->hook.argv == NULL)
		return;
	bool more = hook_round(b);
	while (stop && more && sys_clock_monotonic_ns() - begin_ns < SINKS_HOOK_STOP_NS) {
		if (b->hook.pid)
			nanosleep(&(struct timespec){0, BASE_NS_PER_MS}, NULL);
		b->now_ns = now_ns + sys_clock_monotonic_ns() - begin_ns;
		more = hook_round(b);
	}
	b->now_ns = now_ns;
}

void
sinks_hook_close(struct sinks_billing *b)
{
	struct sinks_hook *h = &b->hook;

	if (h->pid) {
		kill(-h->pid, SIGKILL);
		waitpid(h->pid, NULL, 0);
	}
	for (char **argument = h->argv; argument && *argument; argument++)
		free(*argument);
	free(h->argv);
}
