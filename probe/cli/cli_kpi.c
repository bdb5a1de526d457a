#include <math.h>
#include <stdlib.h>

#include "cli_private.h"
#include "cli_rfc6076.h"

/* calls --summary: groups of calls, in the order of their keys, and all of them. */

#define KPI_BY_MAX 4
#define KPI_GROUPS_MAX 1000000
#define KPI_KEY 64 /* bytes of one key's text, cut */

enum by { BY_INTERVAL, BY_FIELD, BY_PREFIX };

struct kpi_by {
	enum by by;
	enum record_field field;
	int64_t interval_ns;
	unsigned digits; /* of a prefix; 0: the list */
	const char *prefixes;
	const char *title; /* of its column */
};

struct group {
	char keys[KPI_BY_MAX][KPI_KEY];
	struct rfc6076 metrics;
};

struct cli_kpi {
	struct cli *cli;
	struct kpi_by by[KPI_BY_MAX];
	unsigned n_by;
	struct group **groups;
	size_t n, max;
	uint32_t *table; /* index into groups + 1; 0: free */
	size_t slots;
	struct rfc6076 all;
	bool full;
};

/* ---- --by ---- */

static bool
take_interval(struct kpi_by *by, const char *text)
{
	static const struct {
		char unit;
		int64_t s;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t len = strlen(text);
	uint64_t n;

	for (size_t i = 0; len > 1 && i < base_count_of(units); i++) {
		if (text[len - 1] != units[i].unit ||
			!base_span_u64(base_span_of(text, (uint32_t)len - 1), &n) || n == 0 ||
			n > 100000)
			continue;
		*by = (struct kpi_by){.by = BY_INTERVAL,
			.interval_ns = (int64_t)n * units[i].s * BASE_NS_PER_SEC,
			.title = "interval"};
		return true;
	}
	return false;
}

static bool
take_prefix(struct kpi_by *by, const char *text)
{
	uint64_t digits;

	if (strncmp(text, "prefix=", 7) != 0 || text[7] == 0)
		return false;
	*by = (struct kpi_by){.by = BY_PREFIX, .prefixes = text + 7, .title = "prefix"};
	if (cli_number(text + 7, 9, &digits) && digits)
		by->digits = (unsigned)digits; /* one digit alone is a length */
	return strspn(text + 7, "0123456789,") == strlen(text + 7);
}

static bool
take_field(struct kpi_by *by, const char *text)
{
	static const struct {
		const char *word, *key;
	} words[] = {{"source", "src_ip"}, {"destination", "dst_ip"}, {"trunk", "src_ip"}};

	for (size_t i = 0; i < base_count_of(words); i++)
		if (strcmp(text, words[i].word) == 0)
			text = words[i].key;
	int f = record_field_of(base_span_cstr(text));
	if (f < 0 || !record_field_in((enum record_field)f, RECORD_CALL) ||
		record_fields[f].type == RECORD_LIST || record_fields[f].type == RECORD_TEXTS)
		return false;
	*by = (struct kpi_by){
		.by = BY_FIELD, .field = (enum record_field)f, .title = record_fields[f].key};
	return true;
}

struct cli_kpi *
cli_kpi_new(struct cli *cli)
{
	struct cli_kpi *k = cli_memory(NULL, sizeof(*k));

	*k = (struct cli_kpi){.cli = cli};
	return k;
}

void
cli_kpi_free(struct cli_kpi *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->n; i++) {
		rfc6076_free(&k->groups[i]->metrics);
		free(k->groups[i]);
	}
	rfc6076_free(&k->all);
	free((void *)k->groups);
	free(k->table);
	free(k);
}

int
cli_kpi_by(struct cli_kpi *k, const char *text)
{
	if (k->n_by == KPI_BY_MAX)
		return cli_misuse(k->cli, "--by: at most %d keys", KPI_BY_MAX);
	struct kpi_by *by = &k->by[k->n_by];
	if (!take_interval(by, text) && !take_prefix(by, text) && !take_field(by, text))
		return cli_misuse(k->cli,
			"--by '%s' is none of 5m, 1h, 1d (an interval), source, destination, "
			"prefix=2 "
			"(digits), prefix=49,33 (a list), or a field of a call",
			text);
	k->n_by++;
	return CLI_OK;
}

/* ---- keys ---- */

static void
interval_key(char key[KPI_KEY], const struct kpi_by *by, const struct record_row *row)
{
	struct base_text t = base_text_of(key, KPI_KEY - 1);
	int64_t ts_ns = row->values[RECORD_F_INVITE_TIME].time_ns;

	base_text_time(&t, ts_ns - ts_ns % by->interval_ns);
	if (t.len > 19)
		t.len = 19; /* no fraction of a second */
	base_text_char(&t, 'Z');
	base_text_cstr(&t);
}

/* The called number in international form without its sign: +4930 and 004930 are 4930. */
static struct base_span
called_number(const struct record_row *row)
{
	struct base_span n = cli_row_str(row, RECORD_F_RURI_USER);

	if (n.len == 0)
		n = cli_row_str(row, RECORD_F_TO_USER);
	if (n.len && n.p[0] == '+')
		return base_span_of(n.p + 1, n.len - 1);
	if (n.len > 2 && n.p[0] == '0' && n.p[1] == '0')
		return base_span_of(n.p + 2, n.len - 2);
	return n;
}

static void
prefix_key(char key[KPI_KEY], const struct kpi_by *by, const struct record_row *row)
{
	struct base_span number = called_number(row), prefix, best = base_span_of("other", 5);
	const char *list = by->prefixes;
	uint32_t digits = 0;

	while (digits < number.len && number.p[digits] >= '0' && number.p[digits] <= '9')
		digits++;
	if (by->digits && digits >= by->digits)
		best = base_span_of(number.p, by->digits);
	/* Of the list the longest one. */
	for (uint32_t longest = 0; !by->digits && cli_filter_next(&list, &prefix);)
		if (prefix.len > longest && prefix.len <= digits && prefix.len < KPI_KEY &&
			memcmp(prefix.p, number.p, prefix.len) == 0) {
			best = prefix;
			longest = prefix.len;
		}
	memcpy(key, best.p, best.len);
	key[best.len] = 0;
}

static void
make_keys(const struct cli_kpi *k, char keys[KPI_BY_MAX][KPI_KEY], const struct record_row *row)
{
	char cell[CLI_CELL];

	memset(keys, 0, sizeof(keys[0]) * KPI_BY_MAX);
	for (unsigned i = 0; i < k->n_by; i++)
		switch (k->by[i].by) {
		case BY_INTERVAL: interval_key(keys[i], &k->by[i], row); break;
		case BY_PREFIX: prefix_key(keys[i], &k->by[i], row); break;
		case BY_FIELD:
			snprintf(keys[i], KPI_KEY, "%s", cli_cell_value(cell, row, k->by[i].field));
			break;
		}
}

/* ---- groups ---- */

static size_t
place_of(const struct cli_kpi *k, const char keys[KPI_BY_MAX][KPI_KEY])
{
	const struct base_hash_key secret = BASE_HASH_KEY_REPLAY;
	size_t i = base_hash(&secret, keys, KPI_BY_MAX * KPI_KEY) & (k->slots - 1);

	while (k->table[i] &&
		memcmp(k->groups[k->table[i] - 1]->keys, keys, KPI_BY_MAX * KPI_KEY) != 0)
		i = (i + 1) & (k->slots - 1);
	return i;
}

static void
grow(struct cli_kpi *k)
{
	k->slots = k->slots ? k->slots * 2 : 1024;
	k->table = cli_memory(k->table, k->slots * sizeof(*k->table));
	memset(k->table, 0, k->slots * sizeof(*k->table));
	k->max = k->slots / 2;
	k->groups = cli_memory((void *)k->groups, k->max * sizeof(*k->groups));
	for (size_t i = 0; i < k->n; i++)
		k->table[place_of(k, (const char(*)[KPI_KEY])k->groups[i]->keys)] = (uint32_t)i + 1;
}

static struct group *
group_of(struct cli_kpi *k, const char keys[KPI_BY_MAX][KPI_KEY])
{
	if (k->n == k->max)
		grow(k);
	size_t i = place_of(k, keys);
	if (k->table[i])
		return k->groups[k->table[i] - 1];
	if (k->n == KPI_GROUPS_MAX) {
		k->full = true;
		return NULL;
	}
	struct group *g = cli_memory(NULL, sizeof(*g));
	*g = (struct group){.metrics = {0}};
	memcpy(g->keys, keys, sizeof(g->keys));
	k->groups[k->n] = g;
	k->table[i] = (uint32_t)++k->n;
	return g;
}

void
cli_kpi_row(struct cli_kpi *k, const struct record_row *row)
{
	char keys[KPI_BY_MAX][KPI_KEY];

	if (!rfc6076_add(&k->all, row) || k->n_by == 0)
		return;
	make_keys(k, keys, row);
	struct group *g = group_of(k, (const char(*)[KPI_KEY])keys);
	if (g)
		rfc6076_add(&g->metrics, row);
}

static int
compare(const void *a, const void *b)
{
	const struct group *x = *(struct group *const *)a, *y = *(struct group *const *)b;

	return memcmp(x->keys, y->keys, sizeof(x->keys));
}

/* ---- printing ---- */

static const char *
figure_text(char cell[CLI_CELL], struct rfc6076 *m, unsigned f)
{
	return cli_cell_fixed(
		cell, rfc6076_figure(m, (enum rfc6076_figure)f), rfc6076_infos[f].decimals);
}

static void
table_row(struct cli_kpi *k, struct cli_table *t, const struct group *g, struct rfc6076 *m)
{
	char cell[CLI_CELL];

	for (unsigned i = 0; i < k->n_by; i++)
		cli_table_cell(t, g ? g->keys[i] : i ? "" : "all", g ? CLI_PLAIN : CLI_BOLD);
	for (unsigned f = 0; f < RFC6076_FIGURES; f++)
		cli_table_cell(t, figure_text(cell, m, f), g ? CLI_PLAIN : CLI_BOLD);
}

static void
print_table(struct cli_kpi *k)
{
	struct cli_column columns[KPI_BY_MAX + RFC6076_FIGURES];
	char titles[KPI_BY_MAX][KPI_KEY];
	unsigned n = 0;

	for (unsigned i = 0; i < k->n_by; i++) {
		snprintf(titles[i], KPI_KEY, "%s", k->by[i].title);
		for (char *p = titles[i]; *p; p++)
			*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p == '_' ? ' ' : *p);
		columns[n++] = (struct cli_column){titles[i], false, 0, 0};
	}
	for (unsigned f = 0; f < RFC6076_FIGURES; f++)
		columns[n++] =
			(struct cli_column){rfc6076_infos[f].title, true, 0, rfc6076_infos[f].drop};
	struct cli_table *t = cli_table_new(k->cli, columns, n);
	for (size_t i = 0; i < k->n; i++)
		table_row(k, t, k->groups[i], &k->groups[i]->metrics);
	table_row(k, t, NULL, &k->all);
	cli_table_flush(t);
	cli_table_free(t);
}

static void
print_json(struct cli_kpi *k, const struct group *g, struct rfc6076 *m)
{
	char text[4096], cell[CLI_CELL];
	struct base_text t = base_text_of(text, sizeof(text));

	base_text_char(&t, '{');
	for (unsigned i = 0; i < k->n_by; i++) {
		base_text_json(&t, base_span_cstr(k->by[i].title));
		base_text_char(&t, ':');
		base_text_json(&t, base_span_cstr(g->keys[i]));
		base_text_char(&t, ',');
	}
	for (unsigned f = 0; f < RFC6076_FIGURES; f++) {
		const char *value = figure_text(cell, m, f);
		if (!*value)
			continue; /* what is empty is left out, as in a record */
		base_text_str(&t, f ? ",\"" : "\"");
		base_text_str(&t, rfc6076_infos[f].key);
		base_text_str(&t, "\":");
		base_text_str(&t, value);
	}
	base_text_str(&t, "}\n");
	fwrite(text, 1, t.len, k->cli->out);
}

static void
csv_cell(FILE *f, const char *text)
{
	bool quote = strpbrk(text, ",\"\r\n") != NULL;

	if (quote)
		fputc('"', f);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', f);
		fputc(*text, f);
	}
	if (quote)
		fputc('"', f);
}

static void
print_csv(struct cli_kpi *k, const struct group *g, struct rfc6076 *m)
{
	FILE *f = k->cli->out;
	char cell[CLI_CELL];

	for (unsigned i = 0; i < k->n_by; i++)
		csv_cell(f, g ? g->keys[i] : k->by[i].title), fputc(',', f);
	for (unsigned i = 0; i < RFC6076_FIGURES; i++) {
		fputs(i ? "," : "", f);
		fputs(m ? figure_text(cell, m, i) : rfc6076_infos[i].key, f);
	}
	fputs("\r\n", f);
}

int
cli_kpi_print(struct cli_kpi *k, enum cli_format format)
{
	static const struct group none;

	if (k->n)
		qsort((void *)k->groups, k->n, sizeof(*k->groups), compare);
	if (format == CLI_TABLE) {
		print_table(k);
	} else {
		void (*print)(struct cli_kpi *, const struct group *, struct rfc6076 *) =
			format == CLI_CSV ? print_csv : print_json;
		if (format == CLI_CSV)
			print_csv(k, NULL, NULL);
		for (size_t i = 0; i < k->n; i++)
			print(k, k->groups[i], &k->groups[i]->metrics);
		if (k->n_by == 0)
			print(k, &none, &k->all);
	}
	return k->full ? cli_fail(k->cli, "more than %d groups: the rest is only in the sum",
				 KPI_GROUPS_MAX)
		       : CLI_OK;
}
