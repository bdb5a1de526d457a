#include "config_private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

struct config_place
config_place_of(const char *section, const char *key, int entry, int element)
{
	const struct config_section *s = config_section_named(base_span_cstr(section));

	return (struct config_place){s, config_row_named(s, base_span_cstr(key)), entry, element};
}

static int
check_no_memory(const struct config_job *job)
{
	return sys_fail(job->e, -BASE_ERR_NO_MEMORY, "%s: out of memory", job->path);
}

bool
config_char_is_alnum(uint8_t c)
{
	return (uint8_t)(c - '0') <= 9 || (uint8_t)((c | 0x20) - 'a') < 26;
}

/* Characters that need no quoting in a file name, a billing file or a label. */
static bool
char_is_name(uint8_t c)
{
	return config_char_is_alnum(c) || c == '.' || c == '_' || c == '-';
}

/* token of RFC 3261 25.1. */
static bool
char_is_token(uint8_t c)
{
	return config_char_is_alnum(c) || (c && strchr("-.!%*_+`'~", c));
}

bool
config_text_is_all(const char *text, bool (*is)(uint8_t))
{
	for (; *text; text++)
		if (!is((uint8_t)*text))
			return false;
	return true;
}

/* Replaces an empty text by what the format gives. */
static int
derive_text(const struct config_job *job, char **text, const char *format, const char *argument)
{
	char buffer[PATH_MAX];

	if (**text)
		return 0;
	snprintf(buffer, sizeof(buffer), format, argument);
	char *copy = strdup(buffer);
	if (!copy)
		return check_no_memory(job);
	free(*text);
	*text = copy;
	return 0;
}

static int
derive_name(const struct config_job *job)
{
	char host[65] = "";

	if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
		snprintf(host, sizeof(host), "ringtap");
	for (char *p = host; *p; p++)
		if (!char_is_name((uint8_t)*p))
			*p = '-';
	return derive_text(job, &job->config->probe.name, "%s", host);
}

static int
derive_segments(const struct config_job *job)
{
	struct config *c = job->config;
	struct config_place place = config_place_of("collector", "segments", -1, -1);

	if (c->collector.segments_count)
		return 0;
	if (config_yaml_has_list(job->yaml, &place))
		return config_refuse(job, &place, "must not be empty");
	free(c->collector.segments);
	c->collector.segments = calloc(1, sizeof(char *));
	if (!c->collector.segments || !(c->collector.segments[0] = strdup(c->probe.segment)))
		return check_no_memory(job);
	c->collector.segments_count = 1;
	return 0;
}

static int
check_probe(const struct config_job *job)
{
	struct config *c = job->config;
	struct config_place name = config_place_of("probe", "name", -1, -1),
			    ring = config_place_of("probe", "ring_bytes", -1, -1);
	struct config_place group = config_place_of("probe", "group", -1, -1);
	int result;

	if ((result = derive_name(job)) < 0)
		return result;
	if (!config_text_is_all(c->probe.name, char_is_name))
		return config_refuse(job, &name,
			"'%s' may have letters, digits, '.', '_' and '-' only", c->probe.name);
	if (c->probe.ring_bytes & (c->probe.ring_bytes - 1))
		return config_refuse(job, &ring, "%llu is not a power of two",
			(unsigned long long)c->probe.ring_bytes);
	if (*c->probe.group && !*c->probe.user)
		return config_refuse(job, &group, "needs probe.user");
	if ((result = derive_text(job, &c->probe.segment, "/dev/shm/ringtap-%s", c->probe.name)) <
		0)
		return result;
	return derive_segments(job);
}

static void
derive_tables(struct config *c)
{
	if (!c->tables.streams)
		c->tables.streams = 2 * c->tables.calls;
	if (!c->tables.endpoints)
		c->tables.endpoints = 4 * c->tables.calls;
}

static int
check_headers(const struct config_job *job, const char *key, char **names, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct config_place place = config_place_of("sip", key, -1, (int)i);
		if (!config_text_is_all(names[i], char_is_token))
			return config_refuse(
				job, &place, "'%.64s' is not the name of a header", names[i]);
	}
	return 0;
}

static int
check_sip(const struct config_job *job)
{
	const struct config *c = job->config;
	int result = check_headers(
		job, "extra_headers", c->sip.extra_headers, c->sip.extra_headers_count);

	return result < 0 ? result
			  : check_headers(job, "link_headers", c->sip.link_headers,
				    c->sip.link_headers_count);
}

bool
config_port_range(const char *text, uint16_t *first, uint16_t *last)
{
	size_t len = strcspn(text, "-");
	uint64_t a, b;

	if (!base_span_u64(base_span_of(text, (uint32_t)len), &a))
		return false;
	b = a;
	if (text[len] && !base_span_u64(base_span_cstr(text + len + 1), &b))
		return false;
	if (a < 1 || b < a || b > UINT16_MAX)
		return false;
	*first = (uint16_t)a;
	*last = (uint16_t)b;
	return true;
}

static int
check_steer(const struct config_job *job)
{
	const struct config *c = job->config;
	uint16_t first, last;

	for (unsigned i = 0; i < c->steer.rtp_ports_count; i++) {
		struct config_place place = config_place_of("steer", "rtp_ports", -1, (int)i);
		if (!config_port_range(c->steer.rtp_ports[i], &first, &last))
			return config_refuse(job, &place, "'%.32s' is no port nor FIRST-LAST",
				c->steer.rtp_ports[i]);
	}
	return 0;
}

int
config_check_kinds(
	const struct config_job *job, const char *section, const struct config_kinds *list)
{
	*list->bits = 0;
	for (unsigned i = 0; i < list->n; i++) {
		struct config_place place = config_place_of(section, "kinds", -1, (int)i);
		enum record_kind kind = record_kind_of(base_span_cstr(list->names[i]));
		if (kind == RECORD_NONE || kind >= RECORD_FLOW)
			return config_refuse(job, &place,
				"'%.64s' is none of call, registration, transaction, stream, "
				"message",
				list->names[i]);
		if (*list->bits >> kind & 1)
			return config_refuse(
				job, &place, "'%s' stands there twice", list->names[i]);
		*list->bits |= 1u << kind;
	}
	struct config_place place = config_place_of(section, "kinds", -1, -1);
	return *list->bits ? 0 : config_refuse(job, &place, "must not be empty");
}

static int
check_columns(const struct config_job *job, uint32_t kinds)
{
	bool seen[RECORD_F_COUNT] = {false};

	for (unsigned i = 0; i < job->config->billing.columns_count; i++) {
		struct config_place place = config_place_of("billing", "columns", -1, (int)i);
		const char *key = job->config->billing.columns[i];
		int field = record_field_of(base_span_cstr(key));
		if (field < 0 || field >= RECORD_F_COUNT)
			return config_refuse(
				job, &place, "'%.64s' is not the key of a record field", key);
		if (!(record_fields[field].kinds & kinds))
			return config_refuse(job, &place,
				"'%s' is not a field of the kinds in billing.kinds", key);
		if (seen[field])
			return config_refuse(job, &place, "'%s' stands there twice", key);
		seen[field] = true;
	}
	return 0;
}

/* The absolute name of a watch list's file; that it can be read now is part of the check. */
static int
resolve_file(
	const struct config_job *job, struct config_watch *watch, const struct config_place *place)
{
	char *dir = strdup(job->path), *slash = dir ? strrchr(dir, '/') : NULL, *resolved;
	char joined[PATH_MAX];
	int n;

	if (!dir)
		return check_no_memory(job);
	if (slash)
		slash[1] = 0;
	n = snprintf(joined, sizeof(joined), "%s%s", watch->file[0] == '/' || !slash ? "" : dir,
		watch->file);
	free(dir);
	if (n < 0 || (size_t)n >= sizeof(joined))
		return config_refuse(job, place, "the name is too long");
	resolved = realpath(joined, NULL);
	if (!resolved || access(resolved, R_OK) < 0) {
		int error = errno;
		free(resolved);
		return config_refuse(
			job, place, "cannot read '%.128s': %s", joined, strerror(error));
	}
	free(watch->file);
	watch->file = resolved;
	return 0;
}

static int
check_watch_one(const struct config_job *job, unsigned i)
{
	struct config_watch *watch = &job->config->watch[i];
	struct config_place name = config_place_of("watch", "name", (int)i, -1),
			    header = config_place_of("watch", "header", (int)i, -1);
	struct config_place file = config_place_of("watch", "file", (int)i, -1);

	for (unsigned k = 0; k < i; k++)
		if (strcmp(job->config->watch[k].name, watch->name) == 0)
			return config_refuse(job, &name, "'%s' is the name of watch[%u] already",
				watch->name, k);
	if (watch->kind == CONFIG_WATCH_HEADER && !*watch->header)
		return config_refuse(job, &header, "must be given for kind header");
	if (watch->kind != CONFIG_WATCH_HEADER && *watch->header)
		return config_refuse(job, &header, "is for kind header only");
	if (!config_text_is_all(watch->header, char_is_token))
		return config_refuse(
			job, &header, "'%s' is not the name of a header", watch->header);
	return resolve_file(job, watch, &file);
}

/* A profile has its section alone, a configuration has all but that. */
static int
check_document(const struct config_job *job)
{
	for (uint32_t i = 0; i < CONFIG_SECTION_COUNT; i++) {
		struct config_place place = {&config_sections[i], NULL, -1, -1};
		if ((i == CONFIG_INDEX_profile) != job->is_profile &&
			config_yaml_line(job->yaml, &place))
			return config_refuse(job, &place,
				job->is_profile ? "does not belong in a profile"
						: "belongs in a file of its own (probe.profile)");
	}
	return 0;
}

/* all, watched, or the name of a watch list. */
static int
check_tones(const struct config_job *job)
{
	const struct config *c = job->config;

	for (unsigned i = 0; i < c->tones.calls_count; i++) {
		struct config_place place = config_place_of("tones", "calls", -1, (int)i);
		const char *name = c->tones.calls[i];
		bool known = !strcmp(name, "all") || !strcmp(name, "watched");
		for (unsigned k = 0; !known && k < c->watch_count; k++)
			known = !strcmp(name, c->watch[k].name);
		if (!known)
			return config_refuse(job, &place,
				"'%.64s' is none of all, watched, the names in watch", name);
	}
	return 0;
}

int
config_check(const struct config_job *job)
{
	uint32_t kinds;
	int result;

	if ((result = check_document(job)) < 0)
		return result;
	if ((result = check_probe(job)) < 0 || (result = check_sip(job)) < 0 ||
		(result = check_steer(job)) < 0)
		return result;
	const struct config_kinds billing = {
		job->config->billing.kinds, job->config->billing.kinds_count, &kinds};
	if ((result = config_check_kinds(job, "billing", &billing)) < 0 ||
		(result = check_columns(job, kinds)) < 0 || (result = config_check_sinks(job)) < 0)
		return result;
	derive_tables(job->config);
	for (unsigned i = 0; i < job->config->watch_count; i++)
		if ((result = check_watch_one(job, i)) < 0)
			return result;
	return check_tones(job);
}
