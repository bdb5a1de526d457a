#include "dialog_private.h"

void
flow_put_endpoint(const struct dialog *d, const struct slot *s, struct record_writer *w,
	uint8_t host, bool source)
{
	static const enum record_field fields[2][2] = {
		{RECORD_F_DST_IP, RECORD_F_DST_PORT}, {RECORD_F_SRC_IP, RECORD_F_SRC_PORT}};
	const union host_short *place = &s->hosts[host % DIALOG_HOSTS_SLOT];
	struct base_endpoint at;

	if (host < s->n_hosts && host < DIALOG_HOSTS_SLOT && !(s->hosts_wide >> host & 1)) {
		record_put_ipv4(w, fields[source], place->v4.ip, base_load_be16(place->v4.port));
		return;
	}
	if (flow_host(d, s, host, &at) == NULL)
		return;
	record_put_ip(w, fields[source][0], &at.ip);
	record_put_u64(w, fields[source][1], at.port);
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

struct base_span
flow_branch_text(const struct dialog *d, chain_ref word, uint8_t *scratch)
{
	struct base_span rest = chain_text(&d->pool, word, scratch, FLOW_WORDS_MAX);

	line_next(&rest);
	return rest;
}

struct flow_words
flow_words(const struct dialog *d, const struct flow_entry *e, uint8_t *scratch)
{
	uint32_t most = 2 * FLOW_WORD_MAX + 1;
	struct base_span rest = chain_text(&d->pool, e->word, scratch, most);
	struct flow_words words = {.word = line_next(&rest)};

	words.branch = rest;
	if (e->flags & FLOW_USUAL)
		words.word = base_span_cstr(sip_phrase(e->status));
	words.sdp = chain_text(&d->pool, e->line, scratch + most, LINE_BYTES_MAX);
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
	const struct flow_entry *entry;
	struct base_span tag_text;
	uint16_t tag;
	uint8_t tag_bytes[256];
};

static void
put_flow_tag(
	struct dialog *d, const struct slot *s, struct record_writer *w, struct flow_row *row)
{
	uint16_t tag = row->entry->tag;

	if (tag == 0)
		return;
	if (tag != row->tag)
		row->tag_text = flow_tag_text(d, s, tag, row->tag_bytes, sizeof(row->tag_bytes));
	row->tag = tag;
	record_put_str(w, RECORD_F_TO_TAG, row->tag_text);
}

static void
put_flow_entry(
	struct dialog *d, const struct slot *s, struct record_writer *w, struct flow_row *row)
{
	const struct flow_entry *e = row->entry;
	uint8_t scratch[FLOW_WORDS_MAX];
	char line[LINE_TEXT_BYTES];
	struct flow_words words = flow_words(d, e, scratch);

	if (e->status)
		record_put_u64(w, RECORD_F_SIP_CODE, e->status),
			record_put_str(w, RECORD_F_SIP_REASON, words.word);
	else if (e->method == SIP_METHOD_OTHER)
		record_put_str(w, RECORD_F_METHOD, words.word);
	else
		record_put_cstr(w, RECORD_F_METHOD, sip_method_name((enum sip_method)e->method));
	record_put_u64(w, RECORD_F_CSEQ, e->cseq);
	record_put_cstr(w, RECORD_F_CSEQ_METHOD, sip_method_name((enum sip_method)e->cseq_method));
	if (e->transaction != TRANSACTION_NONE)
		record_put_u64(w, RECORD_F_TRANSACTION, e->transaction);
	put_flow_tag(d, s, w, row);
	flow_put_endpoint(d, s, w, e->src, true);
	flow_put_endpoint(d, s, w, e->dst, false);
	record_put_time(w, RECORD_F_TIME, e->ts_ns);
	if (e->flags & FLOW_DUPLICATE)
		record_put_cstr(w, RECORD_F_REPEAT, "duplicate");
	else if (e->flags & FLOW_RETRANSMISSION)
		record_put_cstr(w, RECORD_F_REPEAT, "retransmission");
	record_put_bool(w, RECORD_F_FORWARDED, e->flags & FLOW_HOP);
	if (words.sdp.len)
		record_put_str(w, RECORD_F_SDP, line_text(words.sdp, line));
}

void
flow_put(struct dialog *d, const struct slot *s, struct record_writer *w,
	const struct transactions *all)
{
	struct flow_cursor at = {.texts = true};
	const struct flow_entry *e;
	struct flow_row entry = {.tag = 0};
	bool truncated = s->flow_truncated, before = w->overflow;

	w->overflow = false; /* of flow[] alone */
	while ((e = flow_next(d, s, &at))) {
		uint32_t row = record_list_open(w, RECORD_F_FLOW);
		entry.entry = e;
		put_flow_entry(d, s, w, &entry);
		if (e->transaction < all->n)
			transaction_branch_put(d, w, &all->t[e->transaction]);
		record_list_close(w, row);
		truncated |= w->overflow;
	}
	w->overflow |= before;
	record_put_bool(w, RECORD_F_FLOW_TRUNCATED, truncated);
}
