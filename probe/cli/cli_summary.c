#include <math.h>

#include "cli_private.h"

/* ---- columns: 13 are a telephone number ---- */

static const struct cli_column call_columns[] = {
	{"TIME UTC", false, 0, 0},
	{"FROM", false, 13, 0},
	{"TO", false, 13, 0},
	{"OUTCOME", false, 0, 0},
	{"CODE", true, 0, 0},
	{"PDD ms", true, 0, 2},
	{"DURATION", true, 0, 0},
	{"ENDED BY", false, 6, 3},
	{"CODEC", false, 4, 4},
	{"LOSS %", true, 0, 1},
	{"JITTER ms", true, 0, 5},
	{"UID", false, 0, 0},
};
static const struct cli_column registration_columns[] = {
	{"TIME UTC", false, 0, 0},
	{"ADDRESS OF RECORD", false, 10, 0},
	{"ACTION", false, 0, 3},
	{"CODE", true, 0, 0},
	{"REASON", false, 4, 2},
	{"EXPIRES s", true, 0, 0},
	{"SOURCE", false, 15, 0},
	{"DESTINATION", false, 15, 1},
	{"UID", false, 0, 0},
};
static const struct cli_column transaction_columns[] = {
	{"TIME UTC", false, 0, 0},
	{"METHOD", false, 0, 0},
	{"EVENT", false, 4, 4},
	{"FROM", false, 13, 0},
	{"TO", false, 13, 0},
	{"CODE", true, 0, 0},
	{"REASON", false, 4, 3},
	{"SOURCE", false, 15, 1},
	{"DESTINATION", false, 15, 2},
	{"UID", false, 0, 0},
};
static const struct cli_column stream_columns[] = {
	{"TIME UTC", false, 0, 0},
	{"SOURCE", false, 15, 0},
	{"DESTINATION", false, 15, 0},
	{"SSRC", false, 0, 1},
	{"CODEC", false, 4, 5},
	{"DURATION", true, 0, 4},
	{"PACKETS", true, 0, 0},
	{"LOST", true, 0, 3},
	{"LOSS %", true, 0, 0},
	{"JITTER ms", true, 0, 2},
	{"UID", false, 0, 0},
};
static const struct cli_column message_columns[] = {
	{"TIME UTC", false, 0, 0},
	{"MESSAGE", false, 0, 0},
	{"CSEQ", false, 0, 1},
	{"SOURCE", false, 15, 0},
	{"DESTINATION", false, 15, 0},
	{"BYTES", true, 0, 2},
	{"CALL-ID", false, 16, 0},
};

static const struct {
	const char *title;
	const struct cli_column *columns;
	unsigned n;
} summaries[RECORD_KIND_COUNT] = {
	[RECORD_CALL] = {"Calls", call_columns, base_count_of(call_columns)},
	[RECORD_REGISTRATION] = {"Registrations", registration_columns,
		base_count_of(registration_columns)},
	[RECORD_TRANSACTION] = {"Transactions", transaction_columns,
		base_count_of(transaction_columns)},
	[RECORD_MESSAGE] = {"Messages", message_columns, base_count_of(message_columns)},
	[RECORD_STREAM] = {"Streams without a call", stream_columns, base_count_of(stream_columns)},
};

const struct cli_column *
cli_summary_columns(enum record_kind kind, unsigned *n)
{
	*n = summaries[kind].n;
	return summaries[kind].columns;
}

const char *
cli_summary_title(enum record_kind kind)
{
	return summaries[kind].title;
}

/* ---- values ---- */

int64_t
cli_summary_time(const struct record_row *row)
{
	static const enum record_field first[RECORD_KIND_COUNT] = {
		[RECORD_CALL] = RECORD_F_INVITE_TIME,
		[RECORD_REGISTRATION] = RECORD_F_REQUEST_TIME,
		[RECORD_TRANSACTION] = RECORD_F_REQUEST_TIME,
		[RECORD_MESSAGE] = RECORD_F_TIME,
		[RECORD_STREAM] = RECORD_F_FIRST_TIME,
	};
	const struct record_value *v = &row->values[first[row->kind]];

	/* A capture that starts mid-call has no INVITE. */
	if (!v->present && row->kind == RECORD_CALL)
		v = row->values[RECORD_F_ANSWER_TIME].present ? &row->values[RECORD_F_ANSWER_TIME]
							      : &row->values[RECORD_F_END_TIME];
	return v->present ? v->time_ns : 0;
}

static bool
is(const struct record_row *row, enum record_field f, const char *text)
{
	return base_span_eq(cli_row_str(row, f), base_span_cstr(text));
}

enum cli_colour
cli_summary_colour(const struct record_row *row)
{
	double code = cli_row_number(row, RECORD_F_SIP_CODE);

	if (row->kind == RECORD_STREAM || row->kind == RECORD_MESSAGE)
		return CLI_PLAIN;
	if (row->kind != RECORD_CALL)
		return isnan(code) ? CLI_DIM : code < 300 ? CLI_GOOD : CLI_BAD;
	if (is(row, RECORD_F_DISPOSITION, "answered"))
		return CLI_GOOD;
	if (is(row, RECORD_F_DISPOSITION, "rejected") || is(row, RECORD_F_DISPOSITION, "failed"))
		return CLI_BAD;
	return is(row, RECORD_F_DISPOSITION, "incomplete") ? CLI_DIM : CLI_WARN;
}

static enum cli_colour
loss_colour(double percent)
{
	return isnan(percent) || percent < 0.5 ? CLI_PLAIN : percent < 3 ? CLI_WARN : CLI_BAD;
}

static double
loss_percent(const struct record_row *stream)
{
	double expected = cli_row_number(stream, RECORD_F_EXPECTED),
	       lost = cli_row_number(stream, RECORD_F_LOST);

	return expected > 0 ? 100 * lost / expected : NAN;
}

/* The worst of a call's streams, and their codecs. */
struct media {
	double loss, jitter_ms;
	char codecs[CLI_CELL];
};

static void
media_codec(struct media *m, struct base_span codec)
{
	size_t len = strlen(m->codecs);

	if (codec.len == 0 || len + codec.len + 2 > sizeof(m->codecs))
		return;
	for (const char *p = m->codecs; *p;) {
		size_t n = strcspn(p, "+");
		if (n == codec.len && memcmp(p, codec.p, n) == 0)
			return;
		p += n + (p[n] == '+');
	}
	if (len)
		m->codecs[len++] = '+';
	memcpy(m->codecs + len, codec.p, codec.len);
	m->codecs[len + codec.len] = 0;
}

static void
media_stream(void *context, const struct record_row *stream)
{
	struct media *m = context;

	m->loss = fmax(m->loss, loss_percent(stream)); /* fmax: the one that is a number */
	m->jitter_ms = fmax(m->jitter_ms, cli_row_number(stream, RECORD_F_JITTER_MS_MEAN));
	media_codec(m, cli_row_str(stream, RECORD_F_CODEC));
}

/* ---- cells ---- */

static void
put_value(struct cli_table *t, const struct record_row *row, enum record_field f,
	enum cli_colour colour)
{
	char cell[CLI_CELL];

	cli_table_cell(t, cli_cell_value(cell, row, f), colour);
}

static void
put_time(struct cli_table *t, const struct record_row *row)
{
	char cell[CLI_CELL];
	int64_t ts_ns = cli_summary_time(row);

	cli_table_cell(t, ts_ns ? cli_cell_time(cell, ts_ns) : "", CLI_PLAIN);
}

/* The user, else the host, else where it came from. */
static void
put_party(struct cli_table *t, const struct record_row *row, const enum record_field names[3],
	enum record_field ip)
{
	for (unsigned i = 0; i < 3; i++)
		if (cli_row_str(row, names[i]).len) {
			cli_table_span(t, cli_row_str(row, names[i]), CLI_PLAIN);
			return;
		}
	put_value(t, row, ip, CLI_PLAIN);
}

static void
put_parties(struct cli_table *t, const struct record_row *row)
{
	put_party(t, row,
		(enum record_field[]){RECORD_F_FROM_USER, RECORD_F_FROM_NAME, RECORD_F_FROM_HOST},
		RECORD_F_SRC_IP);
	put_party(t, row,
		(enum record_field[]){RECORD_F_TO_USER, RECORD_F_RURI_USER, RECORD_F_TO_HOST},
		RECORD_F_DST_IP);
}

static void
put_endpoints(struct cli_table *t, const struct record_row *row)
{
	char cell[CLI_CELL];
	struct base_endpoint src = cli_row_endpoint(row, RECORD_F_SRC_IP, RECORD_F_SRC_PORT);
	struct base_endpoint dst = cli_row_endpoint(row, RECORD_F_DST_IP, RECORD_F_DST_PORT);

	cli_table_cell(t, cli_cell_endpoint(cell, &src), CLI_PLAIN);
	cli_table_cell(t, cli_cell_endpoint(cell, &dst), CLI_PLAIN);
}

static void
put_fixed(struct cli_table *t, double v, unsigned decimals, enum cli_colour colour)
{
	char cell[CLI_CELL];

	cli_table_cell(t, cli_cell_fixed(cell, v, decimals), colour);
}

/* Eight digits are enough to find a record again: show takes a beginning. */
static void
put_uid(struct cli_table *t, const struct record_row *row)
{
	struct base_span uid = cli_row_str(row, RECORD_F_UID);

	cli_table_span(t, base_span_of(uid.p, uid.len < 8 ? uid.len : 8), CLI_DIM);
}

static void
call_row(struct cli_table *t, struct cli_nested *nested, const struct record_row *row)
{
	struct media m = {.loss = NAN, .jitter_ms = NAN};
	bool interim = is(row, RECORD_F_STATUS, "interim");
	char cell[CLI_CELL];

	cli_nested_each(nested, row, media_stream, &m, RECORD_F_STREAMS);
	put_time(t, row);
	put_parties(t, row);
	put_value(t, row, RECORD_F_DISPOSITION, cli_summary_colour(row));
	put_value(t, row, RECORD_F_SIP_CODE, cli_summary_colour(row));
	put_fixed(t, cli_row_number(row, RECORD_F_PDD_MS), 0, CLI_PLAIN);
	cli_table_cell(
		t, cli_cell_duration(cell, cli_row_number(row, RECORD_F_DURATION_MS)), CLI_PLAIN);
	if (interim)
		cli_table_cell(t, "in progress", CLI_BOLD);
	else
		cli_table_span(t,
			is(row, RECORD_F_ENDED_BY, "none") ? base_span_of(NULL, 0)
							   : cli_row_str(row, RECORD_F_ENDED_BY),
			CLI_PLAIN);
	cli_table_cell(t, m.codecs, CLI_PLAIN);
	put_fixed(t, m.loss, 2, loss_colour(m.loss));
	put_fixed(t, m.jitter_ms, 1, CLI_PLAIN);
	put_uid(t, row);
}

static void
registration_row(struct cli_table *t, const struct record_row *row)
{
	enum cli_colour colour = cli_summary_colour(row);

	put_time(t, row);
	cli_table_span(t, cli_row_str(row, RECORD_F_AOR), CLI_PLAIN);
	put_value(t, row, RECORD_F_ACTION, CLI_PLAIN);
	put_value(t, row, RECORD_F_SIP_CODE, colour);
	put_value(t, row, RECORD_F_SIP_REASON, colour);
	put_value(t, row, RECORD_F_GRANTED_EXPIRES, CLI_PLAIN);
	put_endpoints(t, row);
	put_uid(t, row);
}

static void
transaction_row(struct cli_table *t, const struct record_row *row)
{
	enum cli_colour colour = cli_summary_colour(row);

	put_time(t, row);
	put_value(t, row, RECORD_F_METHOD, CLI_PLAIN);
	put_value(t, row, RECORD_F_EVENT, CLI_PLAIN);
	put_parties(t, row);
	put_value(t, row, RECORD_F_SIP_CODE, colour);
	put_value(t, row, RECORD_F_SIP_REASON, colour);
	put_endpoints(t, row);
	put_uid(t, row);
}

static void
stream_row(struct cli_table *t, const struct record_row *row)
{
	const struct record_value *first = &row->values[RECORD_F_FIRST_TIME],
				  *last = &row->values[RECORD_F_LAST_TIME];
	double loss = loss_percent(row);
	char cell[CLI_CELL];

	put_time(t, row);
	put_endpoints(t, row);
	put_value(t, row, RECORD_F_SSRC, CLI_PLAIN);
	put_value(t, row, RECORD_F_CODEC, CLI_PLAIN);
	bool timed = first->present && last->present;
	cli_table_cell(t,
		cli_cell_duration(
			cell, timed ? (double)(last->time_ns - first->time_ns) / 1e6 : NAN),
		CLI_PLAIN);
	put_value(t, row, RECORD_F_PACKETS, CLI_PLAIN);
	put_value(t, row, RECORD_F_LOST, loss_colour(loss));
	put_fixed(t, loss, 2, loss_colour(loss));
	put_fixed(t, cli_row_number(row, RECORD_F_JITTER_MS_MEAN), 1, CLI_PLAIN);
	put_uid(t, row);
}

static void
message_row(struct cli_table *t, const struct record_row *row)
{
	bool request = row->values[RECORD_F_METHOD].present;

	put_time(t, row);
	put_value(t, row, request ? RECORD_F_METHOD : RECORD_F_SIP_CODE, CLI_PLAIN);
	put_value(t, row, RECORD_F_CSEQ_METHOD, CLI_PLAIN);
	put_endpoints(t, row);
	put_value(t, row, RECORD_F_LENGTH, CLI_PLAIN);
	put_value(t, row, RECORD_F_CALL_ID, CLI_PLAIN);
}

void
cli_summary_row(struct cli_table *t, struct cli_nested *nested, const struct record_row *row)
{
	switch (row->kind) {
	case RECORD_CALL: call_row(t, nested, row); break;
	case RECORD_REGISTRATION: registration_row(t, row); break;
	case RECORD_TRANSACTION: transaction_row(t, row); break;
	case RECORD_MESSAGE: message_row(t, row); break;
	case RECORD_STREAM: stream_row(t, row); break;
	default: break;
	}
}
