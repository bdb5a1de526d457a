#include "dialog_private.h"

#define STREAMS_MAX 128 /* in a record */

/* A stream, in a chain of its own. */
struct stream_item {
	chain_ref before;
	struct media_summary summary;
};

/* What a call in progress is told of while it is peeked is no part of its end, and the other way
 * round: an answer that comes late is not taken for the other one. */
void
dialog_add_stream(struct dialog *d, const struct media_summary *summary)
{
	struct slot *s = slot_of_handle(d, summary->call);

	if (s == NULL || (summary->so_far ? !s->peeking : s->list != LIST_COLLECTING))
		return;
	struct stream_item item = {s->call.last_stream, *summary};
	struct chain own = {0};
	chain_ref ref = chain_text_add(&d->pool, &own, base_span_of(&item, sizeof(item)));
	s->call.stream_count = (uint16_t)(s->call.stream_count +
					   (s->call.stream_count < UINT16_MAX));
	if (ref)
		s->call.last_stream = ref;
	else
		metrics_add(d->options.metrics, METRICS_RECORDS_OVERFLOW, 1);
}

void
streams_reset(struct dialog *d, struct slot *s)
{
	if (s->kind != SLOT_CALL)
		return;
	for (chain_ref at = s->call.last_stream, ref = at; ref; ref = at) {
		struct media_summary stream;
		streams_next(d, &at, &stream);
		chain_text_free(&d->pool, ref);
	}
	s->call.last_stream = 0;
	s->call.stream_count = 0;
	s->peeking = PEEK_NONE;
}

bool
streams_next(const struct dialog *d, chain_ref *at, struct media_summary *out)
{
	struct stream_item item;

	if (*at == 0)
		return false;
	/* gathered in place, and whole but where the pool was empty */
	struct base_span bytes = chain_text(&d->pool, *at, (uint8_t *)&item, sizeof(item));
	if (bytes.p != (uint8_t *)&item)
		memcpy(&item, bytes.p, bytes.len);
	memset((uint8_t *)&item + bytes.len, 0, sizeof(item) - bytes.len);
	*at = item.before;
	*out = item.summary;
	return true;
}

int64_t
streams_last_ns(const struct dialog *d, const struct slot *s)
{
	chain_ref at = s->call.last_stream;
	struct media_summary stream;
	int64_t last = 0;

	while (streams_next(d, &at, &stream))
		last = stream.last_ns > last ? stream.last_ns : last;
	return last;
}

struct stream_place {
	int64_t first_ns;
	uint32_t ssrc;
	chain_ref ref;
};

static bool
is_before(const struct stream_place *a, const struct stream_place *b)
{
	return a->first_ns != b->first_ns ? a->first_ns < b->first_ns : a->ssrc < b->ssrc;
}

/* Those that came last are met first: of equal ones the one that came first stays first. */
static uint32_t
streams_in_order(
	const struct dialog *d, const struct slot *s, struct stream_place *places, uint32_t max)
{
	chain_ref at = s->call.last_stream, ref = at;
	struct media_summary stream;
	uint32_t n = 0;

	for (; n < max && streams_next(d, &at, &stream); ref = at) {
		struct stream_place place = {stream.first_ns, stream.ssrc, ref};
		uint32_t i = n++;
		for (; i && !is_before(&places[i - 1], &place); i--)
			places[i] = places[i - 1];
		places[i] = place;
	}
	return n;
}

void
streams_put(struct dialog *d, const struct slot *s, struct record_writer *w)
{
	struct stream_place places[STREAMS_MAX];
	uint32_t n = streams_in_order(d, s, places, STREAMS_MAX);
	double mos = __builtin_nan(""), mos_min = mos;

	w->overflow |= s->call.stream_count > n; /* the record says less than there was: counted */
	for (uint32_t i = 0; i < n; i++) {
		struct media_summary stream;
		chain_ref ref = places[i].ref;
		streams_next(d, &ref, &stream);
		uint32_t row = record_list_open(w, RECORD_F_STREAMS);
		media_summary_write(w, &stream);
		record_list_close(w, row);
		mos = __builtin_fmin(mos, stream.mos); /* of a NaN and a number: the number */
		mos_min = __builtin_fmin(mos_min, stream.mos_min);
	}
	record_put_f64(w, RECORD_F_MOS, mos);
	record_put_f64(w, RECORD_F_MOS_MIN, mos_min);
}
