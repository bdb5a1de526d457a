#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli_private.h"

#define OPTIONS_MAX 96

/* ---- getopt ---- */

/* ":" and the letters of longs, so that -c is --config. */
static void
short_options(const struct option *longs, char text[2 * OPTIONS_MAX + 2])
{
	char *p = text;

	*p++ = ':';
	for (unsigned i = 0; longs[i].name && i < OPTIONS_MAX; i++) {
		if (longs[i].val >= CLI_OPTION_LONG)
			continue;
		*p++ = (char)longs[i].val;
		if (longs[i].has_arg == required_argument)
			*p++ = ':';
	}
	*p = 0;
}

static int
unknown_option(const struct cli *cli, char **argv, const struct option *longs)
{
	const char *names[OPTIONS_MAX + 1] = {NULL}, *word = argv[optind - 1];
	char name[64];

	for (unsigned i = 0; longs[i].name && i < OPTIONS_MAX; i++)
		names[i] = longs[i].name;
	if (optopt && strncmp(word, "--", 2) != 0) {
		cli_misuse(cli, "unknown option '-%c'",
			optopt >= 0x20 && optopt < 0x7f ? optopt : '?');
		return '?';
	}
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	const char *near = cli_nearest(name, names);
	if (near)
		cli_misuse(cli, "unknown option '--%s'; did you mean '--%s'?", name, near);
	else
		cli_misuse(cli, "unknown option '--%s'", name);
	return '?';
}

static const char *
option_name(const struct option *longs, int val)
{
	for (; longs->name; longs++)
		if (longs->val == val)
			return longs->name;
	return "?";
}

int
cli_option_next(const struct cli *cli, int argc, char **argv, const struct option *longs)
{
	char shorts[2 * OPTIONS_MAX + 2];

	short_options(longs, shorts);
	opterr = 0;
	int c = getopt_long(argc, argv, shorts, longs, NULL);
	if (c == ':') {
		cli_misuse(cli, "option '--%s' needs a value", option_name(longs, optopt));
		return '?';
	}
	/* A value given to an option that takes none has the option's val in optopt. */
	if (c == '?' && optopt && strchr(argv[optind - 1], '=') &&
		strncmp(argv[optind - 1], "--", 2) == 0) {
		cli_misuse(cli, "option '--%s' takes no value", option_name(longs, optopt));
		return '?';
	}
	return c == '?' ? unknown_option(cli, argv, longs) : c;
}

/* ---- values ---- */

bool
cli_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t v;

	if (!base_span_u64(base_span_cstr(text), &v) || v > max)
		return false;
	*out = v;
	return true;
}

static int
take_format(const struct cli *cli, struct cli_options *o, const char *text)
{
	static const char *const names[] = {
		[CLI_TABLE] = "table", [CLI_JSONL] = "jsonl", [CLI_CSV] = "csv"};

	for (size_t i = 0; i < base_count_of(names); i++)
		if (strcmp(text, names[i]) == 0) {
			o->format = (enum cli_format)i;
			return CLI_OK;
		}
	if (strcmp(text, "json") == 0) {
		o->format = CLI_JSONL;
		return CLI_OK;
	}
	return cli_misuse(cli, "format '%s' is none of table, jsonl, csv", text);
}

/* "call,stream"; a plural or "all" will do. */
static int
take_kinds(const struct cli *cli, struct cli_options *o, const char *text)
{
	while (*text) {
		uint32_t len = (uint32_t)strcspn(text, ",");
		struct base_span name = base_span_of(text, len);
		if (base_span_eq(name, BASE_SPAN("all"))) {
			o->kinds |= CLI_KINDS_ALL;
		} else {
			enum record_kind kind = record_kind_of(name);
			if (kind == RECORD_NONE && len && text[len - 1] == 's')
				kind = record_kind_of(base_span_of(text, len - 1));
			if (kind == RECORD_NONE)
				return cli_misuse(cli,
					"kind '%.*s' is none of " CLI_KIND_NAMES ", all", (int)len,
					text);
			o->kinds |= 1u << kind;
		}
		text += len + (text[len] == ',');
	}
	return o->kinds ? CLI_OK : cli_misuse(cli, "--kind needs one of " CLI_KIND_NAMES ", all");
}

static int
take_time(const struct cli *cli, const struct cli_options *o, const char *name, int64_t *ts_ns)
{
	if (sys_time_parse(optarg, o->now_ns, ts_ns))
		return CLI_OK;
	return cli_misuse(cli,
		"--%s '%s' is no time: 15m, 2h, 7d (ago), 2026-11-23, '2026-11-23 01:02:03' (UTC)",
		name, optarg);
}

static int
take_color(struct cli *cli, const char *text)
{
	if (strcmp(text, "always") == 0)
		cli->colour = true;
	else if (strcmp(text, "never") == 0)
		cli->colour = false;
	else if (strcmp(text, "auto") != 0)
		return cli_misuse(cli, "--color '%s' is none of auto, always, never", text);
	return CLI_OK;
}

int
cli_option_common(struct cli *cli, struct cli_options *o, int val)
{
	uint64_t n;

	if (cli_filter_is(val))
		return cli_filter_take(cli, &o->filters, val, optarg);
	switch (val) {
	case 'f': return take_format(cli, o, optarg);
	case 'C': return take_color(cli, optarg);
	case 'k': return take_kinds(cli, o, optarg);
	case 'F': o->flow = true; return CLI_OK;
	case 'w': o->where = optarg; return CLI_OK;
	case 'c': o->config = optarg; return CLI_OK;
	case 's': o->store = optarg; return CLI_OK;
	case 'h': o->help = true; return CLI_OK;
	case 'S': return take_time(cli, o, "since", &o->since_ns);
	case 'U': return take_time(cli, o, "until", &o->until_ns);
	case 'n':
		if (!cli_number(optarg, UINT32_MAX, &n))
			return cli_misuse(cli, "--limit '%s' is no number", optarg);
		o->limit = (uint32_t)n;
		o->limit_given = true;
		return CLI_OK;
	default: return CLI_USAGE; /* the sentence is out already */
	}
}

bool
cli_is_condition(const char *argument)
{
	return strpbrk(argument, " =<>") != NULL;
}

/* ---- what the options lead to ---- */

struct config *
cli_config(const struct cli *cli, const char *path)
{
	struct config *config = NULL;
	struct sys_error e = {""};
	int rc;

	if (!path && access(CLI_CONFIG_PATH, R_OK) == 0)
		path = CLI_CONFIG_PATH;
	rc = path ? config_load(&config, path, &e) : config_defaults(&config, &e);
	if (rc != 0) {
		cli_fail(cli, "%s", e.text);
		return NULL;
	}
	return config;
}

unsigned
cli_segments(const struct config *config, const char **paths)
{
	unsigned n = 0;

	for (unsigned i = 0; i < config->collector.segments_count && n < CLI_SEGMENTS_MAX; i++)
		paths[n++] = config->collector.segments[i];
	if (n == 0)
		paths[n++] = config->probe.segment;
	return n;
}

struct store *
cli_store(const struct cli *cli, const struct cli_options *o)
{
	struct store *store = NULL;
	struct sys_error e = {""};
	struct config *config = o->store ? NULL : cli_config(cli, o->config);

	if (!o->store && !config)
		return NULL;
	const char *dir = o->store ? o->store : config->store.dir;
	const struct store_options options = {.dir = dir, .read_only = true};
	if (access(dir, R_OK | X_OK) != 0)
		cli_fail(cli, "cannot read the store %s: %s%s", dir, strerror(errno),
			errno == ENOENT ? "; name it with --store DIR or -c CONFIG" : "");
	else if (store_open(&store, &options, &e) != 0)
		store = NULL, cli_fail(cli, "%s", e.text);
	config_free(config);
	return store;
}

static int
ignore_row(void *context, const struct record_row *row, int64_t position)
{
	return 1;
}

struct store_query
cli_query(const struct cli_options *o)
{
	return (struct store_query){.kinds = o->kinds,
		.where = o->where,
		.where_of = (const char *const *)o->filters.where,
		.since_ns = o->since_ns,
		.until_ns = o->until_ns,
		.limit = o->limit};
}

int
cli_conditions(const struct cli *cli, struct store *store, struct cli_options *o)
{
	char first[sizeof(((struct sys_error *)0)->text)] = "";
	uint32_t good = 0;
	struct sys_error e;

	if (cli_filters_make(cli, &o->filters, &o->kinds) != CLI_OK)
		return CLI_USAGE;
	for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		struct store_query query = cli_query(o);
		if (!(o->kinds >> kind & 1))
			continue;
		query.kinds = 1u << kind;
		query.limit = 1;
		e.text[0] = 0;
		if (store_query(store, &query, ignore_row, NULL, &e) >= 0)
			good |= 1u << kind;
		else if (!first[0])
			memcpy(first, e.text, sizeof(first));
	}
	o->kinds = good;
	return good ? CLI_OK
		    : cli_misuse(
			      cli, "%s ('ringtap fields' lists what a condition can use)", first);
}
