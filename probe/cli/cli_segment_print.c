#include <math.h>

#include "cli_private.h"
#include "packet.h"

#define STALE_NS (5 * BASE_NS_PER_SEC)
#define LEDGER_CORES_MAX CONFIG_CORES_MAX
#define LEDGER_FIXED 46 /* columns of name, sum, share and rate */
#define LEDGER_CORE 15  /* and of a core */

struct view {
	struct cli *cli;
	const struct cli_segment *now, *before; /* before: NULL where there are no rates */
	double seconds;
};

static void
put_count(struct cli_table *t, uint64_t n, enum cli_colour colour)
{
	char cell[CLI_CELL];

	cli_table_cell(t, cli_cell_count(cell, n), colour);
}

static void
put_rate(struct cli_table *t, const struct view *v, uint64_t now, uint64_t before)
{
	if (v->before && now >= before)
		put_count(t, (uint64_t)llround((double)(now - before) / v->seconds), CLI_PLAIN);
	else
		cli_table_cell(t, "", CLI_PLAIN);
}

static void
put_share(struct cli_table *t, uint64_t part, uint64_t whole, enum cli_colour colour)
{
	char cell[CLI_CELL];

	cli_table_cell(t, cli_cell_fixed(cell, whole ? 100 * (double)part / (double)whole : NAN, 1),
		colour);
}

/* The core in the reading before, or NULL. */
static const struct metrics_core *
core_before(const struct view *v, uint32_t core)
{
	return v->before && core < v->before->cores ? &v->before->core[core].metrics : NULL;
}

/* ---- who is there ---- */

static void
print_age(const struct view *v, const char *what, int64_t heartbeat_ns, bool alive)
{
	int64_t age_ns = v->now->wall_ns - heartbeat_ns;
	char cell[CLI_CELL];

	if (heartbeat_ns <= 0) {
		fprintf(v->cli->out, ", no %s yet", what);
		return;
	}
	if (age_ns < 0)
		age_ns = 0;
	bool stale = alive && age_ns > STALE_NS;
	fprintf(v->cli->out, ", %s%s %s ago%s%s",
		cli_colour_on(v->cli, stale ? CLI_BAD : CLI_PLAIN), what,
		cli_cell_age(cell, age_ns), stale ? ": dead or stuck" : "",
		stale ? cli_colour_off(v->cli) : "");
}

static void
print_processes(const struct view *v)
{
	const struct cli_segment *s = v->now;
	FILE *f = v->cli->out;
	char cell[CLI_CELL];

	fprintf(f, "%sProbe ", cli_colour_on(v->cli, CLI_BOLD));
	cli_text_print(v->cli, f, base_span_cstr(s->probe));
	fprintf(f, "%s  %s, pid %llu, start %llu, clock ", cli_colour_off(v->cli),
		s->running ? "running" : "stopped", (unsigned long long)s->probe_pid,
		(unsigned long long)s->probe_starts);
	cli_text_print(v->cli, f, base_span_cstr(s->clock_source));
	print_age(v, "heartbeat", s->probe_heartbeat_ns, s->running);
	fputs("\nSegment ", f);
	cli_text_print(v->cli, f, base_span_cstr(s->path));
	fprintf(f, "\nCollector ");
	if (s->collector_pid)
		fprintf(f, "pid %llu", (unsigned long long)s->collector_pid);
	else
		fputs("none", f);
	print_age(v, "heartbeat", s->collector_heartbeat_ns, s->collector_pid != 0);
	fprintf(f, ", %s records", cli_cell_count(cell, s->collector_records));
	fprintf(f, " in %s commits", cli_cell_count(cell, s->collector_commits));
	if (s->collector_corrupt)
		fprintf(f, ", %s%s corrupt%s", cli_colour_on(v->cli, CLI_BAD),
			cli_cell_count(cell, s->collector_corrupt), cli_colour_off(v->cli));
	fputc('\n', f);
}

/* ---- store and sinks: who is behind, and why ---- */

static void
put_state(struct cli_table *t, const struct view *v, int64_t failing_ns, const char *why)
{
	char cell[CLI_CELL], text[SHM_WHY_BYTES + 64];
	int64_t age_ns = v->now->wall_ns - failing_ns;

	snprintf(text, sizeof(text), "fails for %s: %s",
		cli_cell_age(cell, age_ns > 0 ? age_ns : 0), why);
	cli_table_cell(t, failing_ns ? text : "ok", failing_ns ? CLI_BAD : CLI_PLAIN);
}

static void
print_health(const struct view *v)
{
	static const struct cli_column columns[] = {{"SINK", false, 0, 0}, {"WAITING", true, 0, 0},
		{"HANDED OVER", true, 0, 0}, {"FAILED TRIES", true, 0, 0}, {"STATE", false, 10, 0}};
	const struct shm_health *h = &v->now->health;
	struct cli_table *t = cli_table_new(v->cli, columns, base_count_of(columns));
	char cell[CLI_CELL];

	cli_table_cell(t, "(store)", CLI_PLAIN);
	cli_table_cell(t, "", CLI_PLAIN);
	cli_table_cell(t, cli_cell_count(cell, h->position), CLI_PLAIN);
	cli_table_cell(t, "", CLI_PLAIN);
	put_state(t, v, h->store_failing_ns, h->store_why);
	for (uint64_t i = 0; i < h->sinks_count; i++) {
		const struct shm_sink *s = &h->sinks[i];
		cli_table_cell(t, s->name, CLI_PLAIN);
		cli_table_cell(t, cli_cell_count(cell, s->lag), CLI_PLAIN);
		cli_table_cell(t, cli_cell_count(cell, s->records), CLI_PLAIN);
		put_count(t, s->retries, s->retries ? CLI_BAD : CLI_PLAIN);
		put_state(t, v, s->failing_ns, s->why);
	}
	fputc('\n', v->cli->out);
	cli_table_flush(t);
	cli_table_free(t);
	if (h->corrupt_days)
		fprintf(v->cli->out,
			"%s%llu day%s of the store set aside as damaged (*.corrupt)%s\n",
			cli_colour_on(v->cli, CLI_BAD), (unsigned long long)h->corrupt_days,
			h->corrupt_days == 1 ? " was" : "s were", cli_colour_off(v->cli));
}

/* ---- a line a core ---- */

#define CORE_COLUMN_RATE 2 /* only where there is an earlier reading */

static const struct cli_column core_columns[] = {
	{"CORE", false, 0, 0},
	{"FRAMES", true, 0, 0},
	{"/s", true, 0, 0},
	{"CYC/FRAME", true, 0, 6},
	{"IDLE %", true, 0, 5},
	{"CALLS", true, 0, 0},
	{"of %", true, 0, 4},
	{"STREAMS", true, 0, 0},
	{"of %", true, 0, 3},
	{"RECORDS", true, 0, 2},
	{"DROPPED", true, 0, 0},
	{"RING %", true, 0, 0},
	{"HEARTBEAT", true, 0, 1},
};

/* Of the interval where there is one, else since the start: cycles of a burst's frames, shared by
 * them, and the share of empty polls. */
static void
put_cycles(struct cli_table *t, const struct metrics_core *m, const struct metrics_core *before)
{
	uint64_t frames = m->values[METRICS_FRAMES];
	uint64_t busy = m->values[METRICS_BUSY_CYCLES], idle = m->values[METRICS_IDLE_CYCLES];

	if (before && busy >= before->values[METRICS_BUSY_CYCLES] &&
		idle >= before->values[METRICS_IDLE_CYCLES]) {
		busy -= before->values[METRICS_BUSY_CYCLES];
		frames -= before->values[METRICS_FRAMES];
		idle -= before->values[METRICS_IDLE_CYCLES];
	}
	if (frames && busy)
		put_count(t, busy / frames, CLI_PLAIN);
	else
		cli_table_cell(t, "", CLI_PLAIN);
	put_share(t, idle, busy + idle, CLI_PLAIN);
}

static enum cli_colour
fill_colour(uint64_t part, uint64_t whole)
{
	if (whole && part * 10 >= whole * 9)
		return CLI_BAD;
	return whole && part * 4 >= whole * 3 ? CLI_WARN : CLI_PLAIN;
}

static void
core_row(struct cli_table *t, const struct view *v, uint32_t i)
{
	const struct cli_segment_core *c = &v->now->core[i];
	const struct metrics_core *m = &c->metrics, *before = core_before(v, i);
	uint64_t calls = m->values[METRICS_CALLS_ACTIVE], calls_max = m->values[METRICS_CALLS_MAX];
	uint64_t streams = m->values[METRICS_STREAMS_ACTIVE];
	uint64_t streams_max = m->values[METRICS_STREAMS_MAX];
	uint64_t dropped = m->values[METRICS_RECORDS_DROPPED];
	int64_t age_ns = v->now->wall_ns - c->heartbeat_ns;
	char cell[CLI_CELL];

	put_count(t, i, CLI_BOLD);
	put_count(t, m->values[METRICS_FRAMES], CLI_PLAIN);
	if (v->before)
		put_rate(t, v, m->values[METRICS_FRAMES],
			before ? before->values[METRICS_FRAMES] : UINT64_MAX);
	put_cycles(t, m, before);
	put_count(t, calls, CLI_PLAIN);
	put_share(t, calls, calls_max, fill_colour(calls, calls_max));
	put_count(t, streams, CLI_PLAIN);
	put_share(t, streams, streams_max, fill_colour(streams, streams_max));
	put_count(t, m->values[METRICS_RECORDS], CLI_PLAIN);
	put_count(t, dropped, dropped ? CLI_BAD : CLI_PLAIN);
	put_share(t, c->backlog, v->now->ring_bytes, fill_colour(c->backlog, v->now->ring_bytes));
	cli_table_cell(t,
		c->heartbeat_ns > 0 ? cli_cell_age(cell, age_ns < 0 ? 0 : age_ns) : "none",
		v->now->running && age_ns > STALE_NS ? CLI_BAD : CLI_PLAIN);
}

static void
print_cores(const struct view *v)
{
	struct cli_column columns[base_count_of(core_columns)];
	unsigned n = 0;

	for (unsigned i = 0; i < base_count_of(core_columns); i++)
		if (i != CORE_COLUMN_RATE || v->before)
			columns[n++] = core_columns[i];
	struct cli_table *t = cli_table_new(v->cli, columns, n);
	fputc('\n', v->cli->out);
	for (uint32_t i = 0; i < v->now->cores; i++)
		core_row(t, v, i);
	cli_table_flush(t);
	cli_table_free(t);
}

/* ---- the ledger: verdicts down, cores across ---- */

struct ledger {
	const struct view *view;
	struct cli_table *table;
	struct metrics_core sum, sum_before;
	uint32_t first, n; /* cores in this block */
	bool totals;       /* the block has the sums */
};

static const uint64_t *
value_of(const struct metrics_core *m, bool verdict, int i)
{
	return verdict ? &m->verdicts[i] : &m->values[i];
}

static void
ledger_row(struct ledger *l, const char *name, bool verdict, int i)
{
	uint64_t total = *value_of(&l->sum, verdict, i);

	cli_table_cell(l->table, name, CLI_PLAIN);
	if (l->totals) {
		put_count(l->table, total, CLI_BOLD);
		put_share(l->table, verdict ? total : 0,
			verdict ? l->sum.values[METRICS_FRAMES] : 0, CLI_PLAIN);
		bool gauge = !verdict && metrics_infos[i].gauge;
		if (l->view->before)
			put_rate(l->table, l->view, total,
				gauge ? UINT64_MAX : *value_of(&l->sum_before, verdict, i));
	}
	for (uint32_t c = l->first; c < l->first + l->n; c++)
		put_count(
			l->table, *value_of(&l->view->now->core[c].metrics, verdict, i), CLI_PLAIN);
}

/* A frame is counted before its verdict is: while the probe runs, a few are under way. */
static void
put_check(const struct ledger *l, const struct metrics_core *m)
{
	int64_t difference = (int64_t)(metrics_verdicts_total(m) - m->values[METRICS_FRAMES]);
	char cell[CLI_CELL];

	if (difference == 0) {
		cli_table_cell(l->table, "equal", CLI_GOOD);
		return;
	}
	snprintf(cell, sizeof(cell), "%+lld", (long long)difference);
	cli_table_cell(l->table, cell, l->view->now->running ? CLI_WARN : CLI_BAD);
}

/* Share and rate of what has none. */
static void
put_nothing(struct ledger *l)
{
	cli_table_cell(l->table, "", CLI_PLAIN);
	if (l->view->before)
		cli_table_cell(l->table, "", CLI_PLAIN);
}

static void
ledger_check(struct ledger *l)
{
	cli_table_cell(l->table, "sum of verdicts", CLI_BOLD);
	if (l->totals) {
		put_count(l->table, metrics_verdicts_total(&l->sum), CLI_BOLD);
		put_nothing(l);
	}
	for (uint32_t c = l->first; c < l->first + l->n; c++)
		put_count(l->table, metrics_verdicts_total(&l->view->now->core[c].metrics),
			CLI_PLAIN);
	cli_table_cell(l->table, "  against frames", CLI_BOLD);
	if (l->totals) {
		put_check(l, &l->sum);
		put_nothing(l);
	}
	for (uint32_t c = l->first; c < l->first + l->n; c++)
		put_check(l, &l->view->now->core[c].metrics);
}

static void
ledger_block(struct ledger *l)
{
	struct cli_column columns[4 + LEDGER_CORES_MAX] = {{"LEDGER", false, 0, 0}};
	char titles[LEDGER_CORES_MAX][16];
	unsigned n = 1;

	if (l->totals) {
		columns[n++] = (struct cli_column){"ALL CORES", true, 0, 0};
		columns[n++] = (struct cli_column){"%", true, 0, 0};
		if (l->view->before)
			columns[n++] = (struct cli_column){"/s", true, 0, 0};
	}
	for (uint32_t c = 0; c < l->n; c++) {
		snprintf(titles[c], sizeof(titles[c]), "CORE %u", (unsigned)(l->first + c));
		columns[n++] = (struct cli_column){titles[c], true, 0, 0};
	}
	l->table = cli_table_new(l->view->cli, columns, n);
	ledger_row(l, metrics_infos[METRICS_FRAMES].key, false, METRICS_FRAMES);
	for (int i = 0; i < PACKET_VERDICT_COUNT; i++)
		if (l->sum.verdicts[i])
			ledger_row(l, packet_verdict_key((enum packet_verdict)i), true, i);
	ledger_check(l);
	for (int i = 0; i < METRICS_COUNT; i++)
		if (i != METRICS_FRAMES && i != METRICS_BUSY_CYCLES && i != METRICS_IDLE_CYCLES)
			ledger_row(l, metrics_infos[i].key, false, i);
	cli_table_flush(l->table);
	cli_table_free(l->table);
}

/* ---- what was lost, by reason ---- */

static void
print_losses(const struct view *v)
{
	static const enum metrics_id reasons[] = {METRICS_NIC_MISSED, METRICS_NIC_NO_MBUF,
		METRICS_NIC_ERRORS, METRICS_SHARD_FULL, METRICS_CALLS_EVICTED,
		METRICS_CALLS_REFUSED, METRICS_STREAMS_EVICTED, METRICS_STREAMS_REFUSED,
		METRICS_RECORDS_DROPPED, METRICS_RECORDS_OVERFLOW, METRICS_FLOW_TRUNCATED,
		METRICS_MESSAGES_LEFT_OUT,
		METRICS_FRAGMENTS_LOST, METRICS_TCP_GAPS, METRICS_STEER_UNQUEUED,
		METRICS_SERIES_EVICTED, METRICS_LINKS_LOST, METRICS_STREAM_BLOCKS_REFUSED,
		METRICS_DIGITS_LEFT_OUT, METRICS_TONES_STREAMS_REFUSED,
		METRICS_RTCP_NOT_HANDED_OVER};
	const struct cli_column columns[] = {{"LOST", false, 0, 0}, {"ALL CORES", true, 0, 0},
		{"/s", true, 0, 0}, {"WHAT", false, 10, 0}};
	struct metrics_core sum = cli_segment_sum(v->now), before = {.values = {0}};
	struct cli_table *t = cli_table_new(v->cli, columns, base_count_of(columns));

	if (v->before)
		before = cli_segment_sum(v->before);
	if (sum.verdicts[PACKET_VERDICT_SHED]) {
		cli_table_cell(t, packet_verdict_key(PACKET_VERDICT_SHED), CLI_BAD);
		put_count(t, sum.verdicts[PACKET_VERDICT_SHED], CLI_BAD);
		put_rate(t, v, sum.verdicts[PACKET_VERDICT_SHED],
			before.verdicts[PACKET_VERDICT_SHED]);
		cli_table_cell(t, packet_verdict_text(PACKET_VERDICT_SHED), CLI_DIM);
	}
	for (unsigned i = 0; i < base_count_of(reasons); i++) {
		uint64_t n = sum.values[reasons[i]];
		if (n == 0)
			continue;
		cli_table_cell(t, metrics_infos[reasons[i]].key, CLI_BAD);
		put_count(t, n, CLI_BAD);
		put_rate(t, v, n, before.values[reasons[i]]);
		cli_table_cell(t, metrics_infos[reasons[i]].meaning, CLI_DIM);
	}
	if (cli_table_rows(t))
		fputc('\n', v->cli->out);
	else
		fputs("\nNothing was lost.\n", v->cli->out);
	cli_table_flush(t);
	cli_table_free(t);
}

static void
print_ledger(const struct view *v)
{
	struct ledger l = {.view = v, .sum = cli_segment_sum(v->now), .totals = true};
	unsigned room = v->cli->width > LEDGER_FIXED ? v->cli->width - LEDGER_FIXED : 0;
	uint32_t cores = v->now->cores == 1 ? 0 : v->now->cores; /* one core is all cores */

	if (v->before)
		l.sum_before = cli_segment_sum(v->before);
	do {
		l.n = room / LEDGER_CORE ? room / LEDGER_CORE : 1;
		if (l.n > cores - l.first)
			l.n = cores - l.first;
		fputc('\n', v->cli->out);
		ledger_block(&l);
		l.first += l.n;
		l.totals = false;
		room = v->cli->width > 24 ? v->cli->width - 24 : 0;
	} while (l.first < cores);
}

void
cli_segment_print(struct cli *cli, const struct cli_segment *s, const struct cli_segment *before)
{
	struct view v = {.cli = cli, .now = s};

	/* Another probe's segment may have taken the place of the one before. */
	if (before && before->cores == s->cores && before->created_ns == s->created_ns &&
		s->monotonic_ns > before->monotonic_ns) {
		v.before = before;
		v.seconds = (double)(s->monotonic_ns - before->monotonic_ns) / 1e9;
	}
	print_processes(&v);
	if (s->has_health)
		print_health(&v);
	print_cores(&v);
	print_losses(&v);
	print_ledger(&v);
}
