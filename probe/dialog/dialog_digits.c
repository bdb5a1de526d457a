#include "dialog_private.h"

#include "sip_info.h"

/* A digit as it lies in text_chain. */
struct digit_item {
	int64_t start_ns;
	uint32_t length_ms;
	chain_ref before;
	uint8_t digit, source, sender;
};

static uint8_t
fax_of(uint8_t digit)
{
	switch (digit) {
	case MEDIA_DIGIT_CNG: return FAX_CNG;
	case MEDIA_DIGIT_CED: return FAX_CED;
	case MEDIA_DIGIT_V21: return FAX_V21;
	default: return 0;
	}
}

static void
digit_keep(struct dialog *d, struct slot *s, const struct media_digit *digit)
{
	struct slot_more *more = slot_more_for(d, s);
	struct digit_item item = {digit->start_ns, digit->length_ms, more->last_digit,
		d->options.mask_digits ? '*' : digit->digit, digit->source, digit->sender};

	more->fax |= fax_of(digit->digit);
	if (s->kind != SLOT_CALL || fax_of(digit->digit))
		return;
	metrics_add(d->options.metrics, METRICS_DIGITS, 1);
	chain_ref ref = more->n_digits == DIALOG_DIGITS_MAX
				? 0
				: chain_text_add(&d->pool, &s->text_chain,
					  base_span_of(&item, sizeof(item)));
	if (ref == 0) {
		metrics_add(d->options.metrics, METRICS_DIGITS_LEFT_OUT, 1);
		return;
	}
	more->last_digit = ref;
	more->n_digits++;
}

void
dialog_add_digit(struct dialog *d, const struct media_digit *digit)
{
	struct slot *s = slot_of_handle(d, digit->call);

	if (s)
		digit_keep(d, s, digit);
}

void
digits_info(struct dialog *d, struct slot *s, const struct dialog_message *m, uint8_t sender)
{
	struct sip_info_digit info;

	if (sip_info_digit(&info, m->sip))
		digit_keep(d, s,
			&(struct media_digit){.start_ns = m->ts_ns,
				.length_ms = info.duration_ms,
				.digit = info.digit,
				.source = MEDIA_DIGIT_INFO,
				.sender = sender});
}

/* In order of time: they are told of when they end, and by several cores. */
static uint32_t
digits_in_order(const struct dialog *d, const struct slot *s, struct digit_item *items)
{
	uint8_t scratch[sizeof(*items)];
	chain_ref at = slot_more_of(d, s)->last_digit;
	uint32_t n = 0;

	while (at && n < DIALOG_DIGITS_MAX) {
		struct digit_item item = {0};
		struct base_span bytes = chain_text(&d->pool, at, scratch, sizeof(scratch));
		memcpy(&item, bytes.p, bytes.len);
		uint32_t i = n++;
		for (; i && items[i - 1].start_ns >= item.start_ns; i--)
			items[i] = items[i - 1];
		items[i] = item;
		at = item.before;
	}
	return n;
}

static void
put_fax(uint8_t fax, struct record_writer *w)
{
	static const char *const names[] = {"cng", "ced", "v21"};
	char text[32];
	struct base_text t = base_text_of(text, sizeof(text));

	for (uint32_t i = 0; i < base_count_of(names); i++) {
		if (!(fax >> i & 1))
			continue;
		if (t.len)
			base_text_char(&t, ',');
		base_text_str(&t, names[i]);
	}
	record_put_str(w, RECORD_F_FAX, base_span_of(text, (uint32_t)t.len));
}

void
digits_put(struct dialog *d, const struct slot *s, struct record_writer *w)
{
	static const char *const sources[] = {"rfc4733", "info", "inband"};
	static const char *const sides[] = {"", "caller", "callee"};
	struct digit_item items[DIALOG_DIGITS_MAX];
	uint32_t n = digits_in_order(d, s, items);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = record_list_open(w, RECORD_F_DTMF);
		record_put_cstr(w, RECORD_F_SENDER, sides[items[i].sender % 3]);
		record_put_time(w, RECORD_F_TIME, items[i].start_ns);
		record_put_str(w, RECORD_F_DIGIT, base_span_of(&items[i].digit, 1));
		if (items[i].length_ms)
			record_put_u64(w, RECORD_F_LENGTH_MS, items[i].length_ms);
		record_put_cstr(w, RECORD_F_SOURCE, sources[items[i].source % 3]);
		record_list_close(w, row);
	}
	put_fax(slot_more_of(d, s)->fax, w);
}
