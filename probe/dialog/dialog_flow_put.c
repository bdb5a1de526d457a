#include "dialog_ends.h"

void
flow_put_wide_host(const struct dialog *d, const struct slot *s, struct record_writer *w,
	uint8_t host, const enum record_field fields[2])
{
	struct base_endpoint at;

	if (flow_host(d, s, host, &at) == NULL)
		return;
	record_put_ip(w, fields[0], &at.ip);
	record_put_u64(w, fields[1], at.port);
}

/* The first line of *rest, which goes on behind it. */
static struct base_span
line_next(struct base_span *rest)
{
	const uint8_t *end = rest->len ? memchr(rest->p, '\n', rest->len) : NULL;
	struct base_span line = *rest;

	*rest = (struct base_span){NULL, 0};
	if (end == NULL)
		return line;
	*rest = base_span_of(end + 1, (uint32_t)(line.p + line.len - end - 1));
	return base_span_of(line.p, (uint32_t)(end - line.p));
}

/* Of flow_entry.word or line. */
static inline struct base_span
entry_text(const struct dialog *d, chain_ref at, uint8_t *scratch, uint32_t cap)
{
	return base_likely(at - 1 < FOUND_FLOW) ? d->found->flow[at - 1]
						: chain_text(&d->pool, at, scratch, cap);
}

struct flow_words
flow_words(const struct dialog *d, chain_ref word, uint8_t *scratch)
{
	struct base_span rest = entry_text(d, word, scratch, FLOW_WORDS_MAX);
	struct flow_words words = {.word = line_next(&rest)};

	words.branch = rest;
	return words;
}

/* The text of a tag of which an entry has kept the low half of the hash. */
struct base_span
flow_tag_text(const struct dialog *d, const struct slot *s, uint16_t tag, uint8_t *scratch,
	uint32_t cap)
{
	struct base_span text = slot_text(d, s, TEXT_TO_TAG, scratch, cap);
	struct chain_cursor at = {0};
	const struct note *item;

	if (tag == 0 || (uint16_t)dialog_text_hash(d, text) == tag)
		return tag ? text : (struct base_span){NULL, 0};
	while ((item = slot_note_next(d, s, NOTE_TO_TAG, &at)))
		if ((uint16_t)item->value == tag)
			return chain_text(&d->pool, item->text, scratch, cap);
	return (struct base_span){NULL, 0};
}

/* An entry, and the tag of one before it: as a rule they all have the same. */
struct flow_row {
	const struct flow_facts *facts;
	const struct flow_entry *entry;
	struct base_span tag_text;
	uint16_t tag;
	uint8_t tag_bytes[256];
};

static struct base_span
row_tag(struct dialog *d, const struct slot *s, struct flow_row *row)
{
	uint16_t tag = row->entry->tag;

	if (tag && tag != row->tag) {
		row->tag_text = flow_tag_text(d, s, tag, row->tag_bytes, sizeof(row->tag_bytes));
		row->tag = tag;
	}
	return tag ? row->tag_text : (struct base_span){NULL, 0};
}

_Static_assert(2 * FLOW_WORD_MAX + sizeof(((struct flow_row *)0)->tag_bytes) + LINE_TEXT_BYTES +
				256 <= RECORD_ROW_MAX,
	"two words, tag, line, and the fields of fixed lengths");

/* Status and reason, or method. */
static inline void
put_start_line(const struct dialog *d, struct record_writer *w, const struct flow_entry *e)
{
	uint8_t scratch[FLOW_WORDS_MAX];

	if (e->status) {
		record_put_u64(w, RECORD_F_SIP_CODE, e->status);
		record_put_str(w, RECORD_F_SIP_REASON,
			e->flags & FLOW_USUAL ? sip_phrase(e->status)
					      : flow_words(d, e->word, scratch).word);
	} else if (base_unlikely(e->method == SIP_METHOD_OTHER)) {
		record_put_str(w, RECORD_F_METHOD, flow_words(d, e->word, scratch).word);
	} else {
		record_put_word(
			w, RECORD_F_METHOD, sip_method_word((enum sip_method)e->method));
	}
}

/* Written where it stays. */
static inline void
put_line(const struct dialog *d, struct record_writer *w, const struct flow_entry *e)
{
	uint8_t scratch[LINE_BYTES_MAX];
	struct base_span line = entry_text(d, e->line, scratch, sizeof(scratch));
	uint32_t n = line_text(line, (char *)w->p + w->len + RECORD_PREFIX_BYTES).len;

	if (n)
		record_put_room(w, RECORD_F_SDP, n);
}

/* True: it has been left out. */
static bool
put_row(struct dialog *d, const struct slot *s, struct record_writer *to, struct flow_row *row)
{
	const struct flow_entry *e = row->entry;
	const struct transactions *all = &row->facts->transactions;
	struct base_span tag = row_tag(d, s, row);
	uint8_t branch[FLOW_WORDS_MAX];

	struct record_writer w = record_row_open(to, RECORD_F_FLOW);
	put_start_line(d, &w, e);
	record_put_u64(&w, RECORD_F_CSEQ, e->cseq);
	record_put_word(
		&w, RECORD_F_CSEQ_METHOD, sip_method_word((enum sip_method)e->cseq_method));
	if (e->transaction != TRANSACTION_NONE)
		record_put_u64(&w, RECORD_F_TRANSACTION, e->transaction);
	record_put_str(&w, RECORD_F_TO_TAG, tag);
	flow_put_ready_ends(d, s, &w, row->facts, (const uint8_t[]){e->src, e->dst});
	record_put_time(&w, RECORD_F_TIME, e->ts_ns);
	if (e->flags & FLOW_DUPLICATE)
		record_put_cstr(&w, RECORD_F_REPEAT, "duplicate");
	else if (e->flags & FLOW_RETRANSMISSION)
		record_put_cstr(&w, RECORD_F_REPEAT, "retransmission");
	record_put_bool(&w, RECORD_F_FORWARDED, e->flags & FLOW_HOP);
	if (e->line)
		put_line(d, &w, e);
	if (base_unlikely(d->options.keep_branches) && e->transaction < all->n)
		record_put_str(&w, RECORD_F_BRANCH,
			flow_words(d, all->t[e->transaction].word, branch).branch);
	return !record_row_close(to, &w);
}

void
flow_put(struct dialog *d, const struct slot *s, struct record_writer *w, struct flow_facts *facts)
{
	struct flow_row row = {.facts = facts, .tag = 0};
	bool truncated = s->flow_truncated;

	for (uint32_t i = 0; i < facts->n_ready; i++) {
		row.entry = &facts->ready[i];
		truncated |= put_row(d, s, w, &row);
	}
	while (facts->n_ready == FLOW_READY && (row.entry = flow_next(d, s, &facts->rest)))
		truncated |= put_row(d, s, w, &row);
	record_put_bool(w, RECORD_F_FLOW_TRUNCATED, truncated);
}

void
flow_ends_ready(const struct dialog *d, const struct slot *s, struct flow_facts *facts)
{
	bool short_ones = s->n_hosts >= DIALOG_HOSTS_SLOT && !s->hosts_wide;

	memset(facts->ends, 0, sizeof(facts->ends));
	for (uint8_t src = 0; short_ones && src < DIALOG_HOSTS_SLOT; src++) {
		struct flow_ends *ends = &facts->ends[src];
		struct record_writer w = {ends->bytes, 0, FLOW_ENDS_BYTES, false, false};
		flow_put_ends(d, s, &w, src, 1 - src);
		ends->len = w.len;
	}
}
