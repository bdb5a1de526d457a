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

base_cold void
flow_put_other_ends(const struct dialog *d, const struct slot *s, struct record_writer *w,
	const uint8_t hosts[2])
{
	flow_put_ends(d, s, w, hosts[0], hosts[1]);
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

_Static_assert(2 * FLOW_WORD_MAX + sizeof(((struct flow_row *)0)->tag_bytes) + LINE_TEXT_BYTES +
				256 <= RECORD_ROW_MAX,
	"two words, tag, line, and the fields of fixed lengths");

/* Texts of an entry that few rows have, written where they stay: their bytes.  They take the place,
 * not the writer, which would have to leave its registers. */
static base_cold uint32_t
word_write(const struct dialog *d, chain_ref word, uint8_t *to)
{
	uint8_t scratch[FLOW_WORDS_MAX];
	struct base_span text = flow_words(d, word, scratch).word;

	if (text.len)
		memcpy(to, text.p, text.len);
	return text.len;
}

static base_cold uint32_t
branch_write(const struct dialog *d, chain_ref word, uint8_t *to)
{
	uint8_t scratch[FLOW_WORDS_MAX];
	struct base_span text = flow_words(d, word, scratch).branch;

	if (text.len)
		memcpy(to, text.p, text.len);
	return text.len;
}

static __attribute__((noinline)) uint32_t
line_write(const struct dialog *d, chain_ref line, uint8_t *to)
{
	uint8_t scratch[LINE_BYTES_MAX];

	return line_text(entry_text(d, line, scratch, sizeof(scratch)), (char *)to).len;
}

static inline uint8_t *
text_place(const struct record_writer *w)
{
	return w->p + w->len + RECORD_PREFIX_BYTES;
}

static inline void
text_written(struct record_writer *w, enum record_field f, uint32_t n)
{
	if (n)
		record_put_room(w, f, n);
}

/* Status and reason, or method. */
static inline void
put_start_line(const struct dialog *d, struct record_writer *w, const struct flow_entry *e)
{
	if (base_unlikely(e->status == 0 && e->method == SIP_METHOD_OTHER)) {
		text_written(w, RECORD_F_METHOD, word_write(d, e->word, text_place(w)));
	} else if (e->status == 0) {
		record_put_word(
			w, RECORD_F_METHOD, sip_method_word((enum sip_method)e->method));
	} else {
		record_put_u64(w, RECORD_F_SIP_CODE, e->status);
		if (base_likely(e->flags & FLOW_USUAL))
			record_put_text(w, RECORD_F_SIP_REASON, sip_phrase(e->status));
		else
			text_written(w, RECORD_F_SIP_REASON,
				word_write(d, e->word, text_place(w)));
	}
}

/* As a rule it is that of the row before. */
static inline void
put_tag(const struct dialog *d, const struct slot *s, struct record_writer *w, struct flow_row *row)
{
	uint16_t tag = row->entry->tag;

	if (tag == 0)
		return;
	if (base_unlikely(tag != row->tag)) {
		row->tag_text =
			flow_tag_text(d, s, tag, row->tag_bytes, sizeof(row->tag_bytes));
		row->tag = tag;
	}
	record_put_text(w, RECORD_F_TO_TAG, row->tag_text);
}

/* True: it has been left out. */
static inline bool
put_row(struct dialog *d, const struct slot *s, struct record_writer *to, struct flow_row *row)
{
	static const struct base_word repeats[] = {BASE_WORD("retransmission"),
		BASE_WORD("duplicate")};
	const struct flow_entry *e = row->entry;
	const struct transactions *all = &row->facts->transactions;
	struct record_writer w = record_row_open(to, RECORD_F_FLOW);

	put_start_line(d, &w, e);
	record_put_u64(&w, RECORD_F_CSEQ, e->cseq);
	record_put_word(
		&w, RECORD_F_CSEQ_METHOD, sip_method_word((enum sip_method)e->cseq_method));
	if (e->transaction != TRANSACTION_NONE)
		record_put_u64(&w, RECORD_F_TRANSACTION, e->transaction);
	put_tag(d, s, &w, row);
	flow_put_ready_ends(d, s, &w, row->facts, (const uint8_t[]){e->src, e->dst});
	record_put_time(&w, RECORD_F_TIME, e->ts_ns);
	if (base_unlikely(flow_is_repeat(e)))
		record_put_word(&w, RECORD_F_REPEAT, &repeats[(e->flags & FLOW_DUPLICATE) != 0]);
	record_put_bool(&w, RECORD_F_FORWARDED, e->flags & FLOW_HOP);
	if (e->line)
		text_written(&w, RECORD_F_SDP, line_write(d, e->line, text_place(&w)));
	if (base_unlikely(d->options.keep_branches) && e->transaction < all->n)
		text_written(&w, RECORD_F_BRANCH,
			branch_write(d, all->t[e->transaction].word, text_place(&w)));
	return !record_row_close(to, &w);
}

void
flow_put(struct dialog *d, const struct slot *s, struct record_writer *to, struct flow_facts *facts)
{
	struct record_writer w = *to;
	bool truncated = s->flow_truncated;
	struct flow_row row;

	row.facts = facts;
	row.tag = 0;
	for (uint32_t i = 0;; i++) {
		if (i < facts->n_ready)
			row.entry = &facts->ready[i];
		else if (i < FLOW_READY || !(row.entry = flow_next(d, s, &facts->rest)))
			break;
		truncated |= put_row(d, s, &w, &row);
	}
	record_put_bool(&w, RECORD_F_FLOW_TRUNCATED, truncated);
	*to = w;
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
