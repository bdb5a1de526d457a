#include "collector_tally.h"

const char *const collector_dispositions[COLLECTOR_DISPOSITIONS] = {"answered", "busy", "no_answer",
	"cancelled", "redirected", "rejected", "failed", "incomplete", "other"};
const uint32_t collector_pdd_bounds[COLLECTOR_PDD_BUCKETS] = {
	100, 250, 500, 1000, 1500, 2000, 3000, 5000, 7500, 10000, 15000, 30000};
const uint32_t collector_mos_bounds[COLLECTOR_MOS_BUCKETS] = {
	1500, 2000, 2500, 3000, 3500, 3800, 4000, 4200, 4400};

_Static_assert(sizeof(struct collector_counts) % sizeof(uint64_t) == 0, "an array of u64");

static unsigned
bucket_of(const uint32_t *bounds, unsigned n, double v)
{
	unsigned i = 0;

	while (i < n && v > bounds[i])
		i++;
	return i;
}

static void
take_mos(struct collector_tally *t, const struct record_row *stream)
{
	struct collector_counts *c = &t->pending;
	const struct record_value *mos = &stream->values[RECORD_F_MOS];

	if (!mos->present || !(mos->f64 >= 1 && mos->f64 <= 5))
		return;
	c->mos[bucket_of(collector_mos_bounds, COLLECTOR_MOS_BUCKETS, mos->f64 * 1000)]++;
	c->mos_sum += (uint64_t)(mos->f64 * 1000);
}

static void
take_call(struct collector_tally *t, const struct record_row *row)
{
	struct collector_counts *c = &t->pending;
	const struct record_value *pdd = &row->values[RECORD_F_PDD_MS];
	struct base_span text = row->values[RECORD_F_DISPOSITION].text;
	struct base_span element;
	struct record_row stream;
	unsigned i = 0;
	uint32_t at = 0;

	while (i < COLLECTOR_OTHER &&
		!base_span_eq(text, base_span_cstr(collector_dispositions[i])))
		i++;
	c->dispositions[i]++;
	if (pdd->present && pdd->f64 >= 0 && pdd->f64 < 1e9) {
		c->pdd[bucket_of(collector_pdd_bounds, COLLECTOR_PDD_BUCKETS, pdd->f64)]++;
		c->pdd_sum_us += (uint64_t)(pdd->f64 * 1000);
	}
	while (record_row_element(row, RECORD_F_STREAMS, &at, &element))
		if (record_nested_read(&stream, RECORD_STREAM, element) == 0)
			take_mos(t, &stream);
}

void
collector_tally_take(struct collector_tally *t, const uint8_t *record, uint32_t len)
{
	struct record_row row;

	if (record_row_read(&row, record, len) || row.kind >= RECORD_KIND_COUNT)
		return;
	t->pending.kinds[row.kind]++;
	if (base_span_eq(row.values[RECORD_F_STATUS].text, BASE_SPAN("interim")))
		return;
	if (row.kind == RECORD_CALL)
		take_call(t, &row);
	else if (row.kind == RECORD_STREAM)
		take_mos(t, &row);
}

static int64_t
window_clock(int64_t now_ns)
{
	return now_ns / (COLLECTOR_WINDOW_S / COLLECTOR_WINDOW_PARTS * BASE_NS_PER_SEC);
}

/* The part that now is in; those that passed meanwhile begin at nothing. */
static unsigned
window_part(struct collector_tally *t, int64_t now_ns)
{
	int64_t part = window_clock(now_ns), passed = part - t->part;

	if (passed < 0 || passed > COLLECTOR_WINDOW_PARTS)
		passed = COLLECTOR_WINDOW_PARTS;
	for (; passed > 0; passed--) {
		unsigned i = (unsigned)((part - passed + 1) % COLLECTOR_WINDOW_PARTS);
		t->calls[i] = t->answers[i] = 0;
	}
	t->part = part;
	return (unsigned)(part % COLLECTOR_WINDOW_PARTS);
}

void
collector_tally_commit(struct collector_tally *t, int64_t now_ns)
{
	uint64_t *sum = (uint64_t *)&t->counts;
	const uint64_t *from = (const uint64_t *)&t->pending;
	unsigned part = window_part(t, now_ns);

	for (size_t i = 0; i < sizeof(t->counts) / sizeof(*sum); i++)
		sum[i] += from[i];
	for (int i = 0; i < COLLECTOR_DISPOSITIONS; i++)
		t->calls[part] += t->pending.dispositions[i];
	t->answers[part] += t->pending.dispositions[COLLECTOR_ANSWERED];
	collector_tally_rollback(t);
}

void
collector_tally_rollback(struct collector_tally *t)
{
	memset(&t->pending, 0, sizeof(t->pending));
}

void
collector_tally_window(
	const struct collector_tally *t, int64_t now_ns, uint64_t *calls, uint64_t *answers)
{
	int64_t oldest = window_clock(now_ns) - COLLECTOR_WINDOW_PARTS + 1;

	if (oldest < t->part - COLLECTOR_WINDOW_PARTS + 1)
		oldest = t->part - COLLECTOR_WINDOW_PARTS + 1;
	*calls = *answers = 0;
	for (int64_t part = oldest < 0 ? 0 : oldest; part <= t->part; part++) {
		*calls += t->calls[part % COLLECTOR_WINDOW_PARTS];
		*answers += t->answers[part % COLLECTOR_WINDOW_PARTS];
	}
}
