#include <errno.h>
#include <stdlib.h>

#include "cli_private.h"

#define OUTPUT_HELD_MAX 500 /* rows of a table behind the first */
#define OUTPUT_TEXT_BYTES (256u << 10)

static const char *const dispositions[] = {
	"answered", "busy", "no_answer", "cancelled", "redirected", "rejected", "failed",
	"incomplete",
};
_Static_assert(
	base_count_of(dispositions) + 1 == base_count_of(((struct cli_output *)0)->dispositions),
	"and one for others");

static void
csv_columns(struct cli_output *out)
{
	for (unsigned f = 0; f < RECORD_F_COUNT; f++)
		if (record_field_in((enum record_field)f, out->stream_kind) &&
			(!record_field_is_detail((enum record_field)f) || out->flow))
			out->columns[out->n_columns++] = (enum record_field)f;
}

/* A write failed: the first reason counts.  False: the output is lost and somebody wants it. */
static bool
output_failed(struct cli_output *out, int reason)
{
	if (!out->cli->write_errno)
		out->cli->write_errno = reason ? reason : EIO;
	out->muted = true;
	return out->cli->write_errno == EPIPE;
}

static void
output_text(struct cli_output *out, const struct base_text *t)
{
	errno = 0;
	if (!out->muted && fwrite(t->p, 1, t->len, out->cli->out) != t->len)
		output_failed(out, errno);
}

int
cli_output_open(struct cli_output *out, struct cli *cli, const struct cli_options *o)
{
	*out = (struct cli_output){.cli = cli, .format = o->format, .kinds = o->kinds};
	out->flow = o->flow;
	out->stream_kind = (enum record_kind)__builtin_ctz(o->kinds);
	if (o->format == CLI_CSV && (o->kinds & (o->kinds - 1)))
		return cli_misuse(cli, "CSV has one kind of record a file: choose one with --kind");
	out->text_bytes = OUTPUT_TEXT_BYTES;
	out->text = cli_memory(NULL, out->text_bytes);
	if (o->format == CLI_CSV) {
		struct base_text t = base_text_of(out->text, out->text_bytes);
		csv_columns(out);
		record_csv_header(&t, out->stream_kind, out->columns, out->n_columns);
		output_text(out, &t);
	}
	return CLI_OK;
}

/* ---- texts ---- */

static void
text_row(struct cli_output *out, const struct record_row *row)
{
	struct base_text t;

	do {
		t = base_text_of(out->text, out->text_bytes);
		if (out->format == CLI_JSONL) {
			record_json(&t, row, out->flow);
			base_text_char(&t, '\n');
		} else {
			record_csv_row(&t, row, out->columns, out->n_columns);
		}
		if (t.overflow) {
			out->text_bytes *= 2;
			out->text = cli_memory(out->text, out->text_bytes);
		}
	} while (t.overflow);
	output_text(out, &t);
}

/* ---- tables ---- */

/* A line with the date, where it is another than the row's before. */
static void
table_day(struct cli_output *out, struct cli_table *t, const struct record_row *row)
{
	int64_t ts_ns = cli_summary_time(row), day = ts_ns / (86400 * BASE_NS_PER_SEC);
	char line[CLI_CELL + 32], date[CLI_CELL];

	if (ts_ns == 0 || day == out->day[row->kind])
		return;
	out->day[row->kind] = day;
	int len = snprintf(line, sizeof(line), "%s%s%s\n", cli_colour_on(out->cli, CLI_DIM),
		cli_cell_date(date, ts_ns), cli_colour_off(out->cli));
	cli_table_block(t, line, (size_t)len);
}

static void
table_ladder(struct cli_output *out, struct cli_table *t, const struct record_row *row)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	cli_ladder(out->cli, f, &out->nested, row);
	if (fclose(f) == 0)
		cli_table_block(t, text, len);
	free(text);
}

static void
table_row(struct cli_output *out, const struct record_row *row)
{
	struct cli_table **t = &out->tables[row->kind];
	const struct cli_column *columns;
	unsigned n;

	if (row->kind != out->stream_kind && out->held[row->kind] == OUTPUT_HELD_MAX)
		return;
	out->held[row->kind]++;
	if (!*t) {
		columns = cli_summary_columns(row->kind, &n);
		*t = cli_table_new(out->cli, columns, n);
	}
	table_day(out, *t, row);
	cli_summary_row(*t, &out->nested, row);
	if (out->flow)
		table_ladder(out, *t, row);
}

static void
count_disposition(struct cli_output *out, const struct record_row *row)
{
	struct base_span d = cli_row_str(row, RECORD_F_DISPOSITION);
	size_t i = 0;

	while (i < base_count_of(dispositions) && !base_span_eq(d, base_span_cstr(dispositions[i])))
		i++;
	out->dispositions[i]++;
}

void
cli_output_row(struct cli_output *out, const struct record_row *row)
{
	if (!(out->kinds >> row->kind & 1))
		return;
	out->counts[row->kind]++;
	if (row->kind == RECORD_CALL)
		count_disposition(out, row);
	if (out->muted)
		return;
	if (out->format == CLI_TABLE)
		table_row(out, row);
	else
		text_row(out, row);
}

bool
cli_output_flush(struct cli_output *out)
{
	if (out->muted)
		return out->cli->write_errno == EPIPE;
	if (out->tables[out->stream_kind])
		cli_table_flush(out->tables[out->stream_kind]);
	errno = 0;
	if (fflush(out->cli->out) == 0 && !ferror(out->cli->out))
		return true;
	return output_failed(out, errno);
}

/* ---- the end ---- */

static void
print_others(struct cli_output *out)
{
	char cell[CLI_CELL];

	for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		if (!out->tables[kind] || kind == out->stream_kind)
			continue;
		fprintf(out->cli->out, "\n%s%s%s\n", cli_colour_on(out->cli, CLI_BOLD),
			cli_summary_title((enum record_kind)kind), cli_colour_off(out->cli));
		cli_table_flush(out->tables[kind]);
		if (out->counts[kind] > out->held[kind])
			fprintf(out->cli->out, "%s more: --kind %s\n",
				cli_cell_count(cell, out->counts[kind] - out->held[kind]),
				record_kind_name((enum record_kind)kind));
	}
}

static void
print_count(struct cli_output *out, const char *between, enum record_kind kind, const char *one,
	const char *many)
{
	char cell[CLI_CELL];

	fprintf(out->cli->out, "%s%s %s", between, cli_cell_count(cell, out->counts[kind]),
		out->counts[kind] == 1 ? one : many);
}

static void
print_totals(struct cli_output *out)
{
	static const struct {
		enum record_kind kind;
		const char *one, *many;
	} others[] = {
		{RECORD_REGISTRATION, "registration", "registrations"},
		{RECORD_TRANSACTION, "transaction", "transactions"},
		{RECORD_MESSAGE, "message", "messages"},
		{RECORD_STREAM, "stream without a call", "streams without a call"},
	};
	FILE *f = out->cli->out;
	const char *between = "";

	if (out->tables[out->stream_kind])
		fputc('\n', f);
	if (out->kinds >> RECORD_CALL & 1) {
		print_count(out, "", RECORD_CALL, "call", "calls");
		const char *comma = ": ";
		for (size_t i = 0; i < base_count_of(out->dispositions); i++) {
			if (out->dispositions[i] == 0)
				continue;
			char cell[CLI_CELL];
			const char *name =
				i < base_count_of(dispositions) ? dispositions[i] : "other";
			fprintf(f, "%s%s %s", comma, cli_cell_count(cell, out->dispositions[i]),
				name);
			comma = ", ";
		}
		between = "; ";
	}
	for (size_t i = 0; i < base_count_of(others); i++)
		if (out->counts[others[i].kind] || out->kinds == 1u << others[i].kind) {
			print_count(out, between, others[i].kind, others[i].one, others[i].many);
			between = "; ";
		}
	fputc('\n', f);
}

void
cli_output_finish(struct cli_output *out)
{
	cli_output_flush(out);
	if (out->format != CLI_TABLE || out->muted)
		return;
	print_others(out);
	print_totals(out);
}

void
cli_output_close(struct cli_output *out)
{
	for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++)
		cli_table_free(out->tables[kind]);
	cli_nested_close(&out->nested);
	free(out->text);
}
