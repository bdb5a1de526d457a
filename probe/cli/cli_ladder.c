#include "cli_ladder.h"

#include <math.h>
#include <stdlib.h>

void
cli_ladder_open(struct cli_ladder *l, const struct cli *cli)
{
	*l = (struct cli_ladder){.cli = cli};
}

void
cli_ladder_close(struct cli_ladder *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].detail);
		free(l->items[i].raw);
	}
	free(l->items);
	l->items = NULL;
	l->n = l->max = 0;
}

static struct ladder_item *
item_add(struct cli_ladder *l, enum ladder_item_kind kind, int64_t ts_ns)
{
	if (l->n == l->max) {
		l->max = l->max ? l->max * 2 : 32;
		l->items = cli_memory(l->items, l->max * sizeof(*l->items));
	}
	struct ladder_item *item = &l->items[l->n];
	*item = (struct ladder_item){.kind = kind,
		.ts_ns = ts_ns,
		.order_ns = ts_ns,
		.leg = l->legs,
		.dialog = -1,
		.index = (unsigned)l->n++};
	return item;
}

static char *
copy_of(struct base_span s)
{
	char *p = cli_memory(NULL, s.len + 1);

	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = 0;
	return p;
}

static int64_t
time_of(const struct record_row *row, enum record_field f)
{
	return row->values[f].present ? row->values[f].time_ns : 0;
}

/* ---- messages ---- */

static enum cli_colour
message_colour(const struct record_row *row)
{
	static const enum cli_colour classes[] = {CLI_PLAIN, CLI_INFO, CLI_GOOD, CLI_WARN};
	const struct record_value *code = &row->values[RECORD_F_SIP_CODE];
	struct base_span method = cli_row_str(row, RECORD_F_METHOD);

	if (code->present)
		return code->u64 < 400 ? classes[code->u64 / 100] : CLI_BAD;
	if (base_span_eq(method, BASE_SPAN("ACK")) || base_span_eq(method, BASE_SPAN("PRACK")))
		return CLI_PLAIN;
	if (base_span_eq(method, BASE_SPAN("BYE")) || base_span_eq(method, BASE_SPAN("CANCEL")))
		return CLI_END;
	return CLI_BOLD;
}

static void
message_label(struct ladder_item *item, const struct record_row *row)
{
	const struct record_value *code = &row->values[RECORD_F_SIP_CODE];
	const struct record_value *cseq = &row->values[RECORD_F_CSEQ];
	struct base_span method = cli_row_str(row, RECORD_F_METHOD);
	struct base_span cseq_method = cli_row_str(row, RECORD_F_CSEQ_METHOD);
	struct base_span reason = cli_row_str(row, RECORD_F_SIP_REASON);
	struct base_text t = base_text_of(item->label, sizeof(item->label) - 1);

	if (code->present) {
		base_text_u64(&t, code->u64);
		if (reason.len)
			base_text_char(&t, ' ');
		base_text_bytes(&t, reason.p, reason.len < 48 ? reason.len : 48);
	} else {
		base_text_bytes(&t, method.p, method.len < 32 ? method.len : 32);
	}
	base_text_str(&t, " [");
	if (cseq->present)
		base_text_u64(&t, cseq->u64);
	if (code->present && cseq_method.len) {
		base_text_char(&t, ' ');
		base_text_bytes(&t, cseq_method.p, cseq_method.len < 32 ? cseq_method.len : 32);
	}
	base_text_char(&t, ']');
	base_text_cstr(&t);
}

/* Responses that make or end early dialogs tell them apart by their To tag. */
static int
dialog_of(struct cli_ladder *l, const struct record_row *row)
{
	struct base_span tag = cli_row_str(row, RECORD_F_TO_TAG);
	double code = cli_row_number(row, RECORD_F_SIP_CODE);

	if (tag.len == 0 || !(code > 100 && code < 300) ||
		!base_span_eq(cli_row_str(row, RECORD_F_CSEQ_METHOD), BASE_SPAN("INVITE")))
		return -1;
	for (int i = 0; i < l->n_tags; i++)
		if (base_span_eq(tag, base_span_cstr(l->tags[i])))
			return i;
	if (l->n_tags == LADDER_DIALOGS)
		return -1;
	l->tags[l->n_tags] = copy_of(tag);
	return l->n_tags++;
}

/* Where a leg has several dialogs (forks), each gets a letter. */
static void
mark_dialogs(struct cli_ladder *l)
{
	for (size_t i = 0; l->n_tags > 1 && i < l->n; i++) {
		struct ladder_item *item = &l->items[i];
		if (item->leg == l->legs && item->dialog >= 0)
			snprintf(item->note, sizeof(item->note), "dialog %c%s%s",
				'a' + item->dialog, item->repeat ? ", " : "",
				item->repeat ? "repeated" : "");
	}
	while (l->n_tags)
		free(l->tags[--l->n_tags]);
}

static void
add_role(void *context, const struct record_row *row)
{
	struct cli_ladder *l = context;
	struct base_span role = cli_row_str(row, RECORD_F_ROLE);

	if (l->n_roles == LADDER_ROLES || !row->values[RECORD_F_IP].present)
		return;
	struct ladder_role *r = &l->roles[l->n_roles++];
	r->address = cli_row_endpoint(row, RECORD_F_IP, RECORD_F_PORT);
	snprintf(r->role, sizeof(r->role), "%.*s", (int)role.len, (const char *)role.p);
}

static const char *
repeat_note(struct base_span repeat, bool forwarded)
{
	static const struct {
		const char *value, *note;
	} notes[] = {{"duplicate", "captured again"}};

	for (size_t i = 0; i < base_count_of(notes); i++)
		if (base_span_eq(repeat, base_span_cstr(notes[i].value)))
			return notes[i].note;
	return repeat.len ? "retransmission" : forwarded ? "next hop" : "";
}

static void
add_message(void *context, const struct record_row *row)
{
	struct cli_ladder *l = context;
	struct base_span sdp = cli_row_str(row, RECORD_F_SDP);
	struct base_span repeat = cli_row_str(row, RECORD_F_REPEAT);
	struct ladder_item *item = item_add(l, LADDER_MESSAGE, time_of(row, RECORD_F_TIME));

	item->message = l->messages++;
	l->order_ns = item->ts_ns > l->order_ns ? item->ts_ns : l->order_ns;
	item->order_ns = l->order_ns;
	item->src = cli_row_endpoint(row, RECORD_F_SRC_IP, RECORD_F_SRC_PORT);
	item->dst = cli_row_endpoint(row, RECORD_F_DST_IP, RECORD_F_DST_PORT);
	message_label(item, row);
	if (sdp.len)
		item->detail = copy_of(sdp);
	item->dialog = dialog_of(l, row);
	item->repeat = repeat.len != 0;
	item->colour = item->repeat ? CLI_DIM : message_colour(row);
	snprintf(item->note, sizeof(item->note), "%s",
		repeat_note(repeat, cli_row_number(row, RECORD_F_FORWARDED) > 0));
	if (base_ip_eq(&item->src.ip, &item->dst.ip))
		l->by_port = true;
}

/* ---- media ---- */

static void
media_label(struct ladder_item *item, const struct record_row *s, const char *behind)
{
	struct base_span codec = cli_row_str(s, RECORD_F_CODEC);
	struct base_text t = base_text_of(item->label, sizeof(item->label) - 1);

	base_text_str(&t, "RTP ");
	if (codec.len)
		base_text_bytes(&t, codec.p, codec.len < 32 ? codec.len : 32);
	else if (s->values[RECORD_F_PAYLOAD_TYPE].present)
		base_text_str(&t, "type "), base_text_u64(&t, s->values[RECORD_F_PAYLOAD_TYPE].u64);
	base_text_str(&t, behind);
	base_text_cstr(&t);
}

static void
put_figure(struct base_text *t, const char *before, double v, unsigned decimals, const char *unit)
{
	if (isnan(v))
		return;
	base_text_str(t, before);
	base_text_fixed(t, v, decimals);
	base_text_str(t, unit);
}

/* "5.2 s, 261 packets, loss 0.00 %, jitter 0.1 ms, MOS 4.41" */
static char *
media_figures(const struct record_row *s)
{
	char text[512];
	struct base_text t = base_text_of(text, sizeof(text) - 1);
	double expected = cli_row_number(s, RECORD_F_EXPECTED);
	double lost = cli_row_number(s, RECORD_F_LOST);
	int64_t first_ns = time_of(s, RECORD_F_FIRST_TIME),
		last_ns = time_of(s, RECORD_F_LAST_TIME);

	base_text_fixed(&t, (double)(last_ns - first_ns) / 1e9, 1);
	base_text_str(&t, " s");
	put_figure(&t, ", ", cli_row_number(s, RECORD_F_PACKETS), 0, " packets");
	put_figure(&t, ", loss ", expected > 0 ? 100 * lost / expected : NAN, 2, " %");
	put_figure(&t, ", jitter ", cli_row_number(s, RECORD_F_JITTER_MS_MEAN), 1, " ms");
	int mos = record_field_of(BASE_SPAN("mos"));
	if (mos >= 0 && record_field_in((enum record_field)mos, RECORD_STREAM))
		put_figure(&t, ", MOS ", cli_row_number(s, (enum record_field)mos), 2, "");
	return copy_of(base_span_of(text, (uint32_t)t.len));
}

static bool
is_interrupted(const struct cli_ladder *l, unsigned leg, int64_t first_ns, int64_t last_ns)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].leg == leg && l->items[i].kind == LADDER_MESSAGE &&
			l->items[i].order_ns > first_ns && l->items[i].order_ns <= last_ns)
			return true;
	return false;
}

static void
add_stream(void *context, const struct record_row *s)
{
	struct cli_ladder *l = context;
	int64_t first_ns = time_of(s, RECORD_F_FIRST_TIME),
		last_ns = time_of(s, RECORD_F_LAST_TIME);
	bool parts = is_interrupted(l, l->legs, first_ns, last_ns);

	if (!first_ns)
		return;
	for (int end = 0; end <= parts; end++) {
		struct ladder_item *item = item_add(l,
			!parts ? LADDER_MEDIA
			: end  ? LADDER_MEDIA_END
			       : LADDER_MEDIA_BEGIN,
			end ? last_ns : first_ns);
		item->stream = l->streams;
		item->until_ns = last_ns;
		item->src = cli_row_endpoint(s, RECORD_F_SRC_IP, RECORD_F_SRC_PORT);
		item->dst = cli_row_endpoint(s, RECORD_F_DST_IP, RECORD_F_DST_PORT);
		item->colour = CLI_MEDIA;
		media_label(item, s, end ? " ends" : "");
		if (end == (int)parts)
			item->detail = media_figures(s);
	}
	l->streams++;
}

void
cli_ladder_add(struct cli_ladder *l, struct cli_nested *nested, const struct record_row *row)
{
	const struct record_value *truncated = &row->values[RECORD_F_FLOW_TRUNCATED];

	l->messages = 0;
	l->order_ns = 0;
	cli_nested_each(nested, row, add_message, l, RECORD_F_FLOW);
	if (l->messages)
		cli_nested_each(nested, row, add_stream, l, RECORD_F_STREAMS);
	mark_dialogs(l);
	cli_nested_each(nested, row, add_role, l, RECORD_F_ROLES);
	l->truncated |= truncated->present && truncated->boolean;
	l->legs++;
}

/* ---- hosts ---- */

const char *
cli_ladder_host_name(const struct ladder_host *h, char cell[CLI_CELL])
{
	struct base_endpoint e = h->address;

	if (h->several_ports)
		e.port = 0;
	return cli_cell_endpoint(cell, &e);
}

static int
host_find(const struct cli_ladder *l, const struct base_endpoint *address)
{
	for (int i = 0; i < l->n_hosts; i++) {
		const struct ladder_host *h = &l->hosts[i];
		if (base_ip_eq(&h->address.ip, &address->ip) &&
			(!l->by_port || h->address.port == address->port))
			return i;
	}
	return -1;
}

static int
host_of(struct cli_ladder *l, const struct base_endpoint *address)
{
	int i = host_find(l, address);

	if (i >= 0) {
		l->hosts[i].several_ports |= l->hosts[i].address.port != address->port;
		return i;
	}
	if (l->n_hosts == LADDER_HOSTS)
		return -1;
	l->hosts[l->n_hosts] = (struct ladder_host){.address = *address};
	return l->n_hosts++;
}

/* The host that first announced the address in its SDP; -1: nobody. */
static int
announcer(const struct cli_ladder *l, const struct base_endpoint *address)
{
	char text[CLI_CELL];

	cli_cell_endpoint(text, address);
	size_t len = strlen(text);
	for (size_t i = 0; i < l->n; i++) {
		const struct ladder_item *item = &l->items[i];
		const char *at = item->kind == LADDER_MESSAGE && item->detail
					 ? strstr(item->detail, text)
					 : NULL;
		if (at && (at == item->detail || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0))
			return item->from;
	}
	return -1;
}

static int
media_host(struct cli_ladder *l, const struct base_endpoint *address)
{
	int i = host_find(l, address);

	if (i < 0 && l->by_port)
		i = announcer(l, address);
	/* Signalling and media come from different ports: those of media do not count. */
	return i >= 0 ? i : host_of(l, address);
}

static void
find_hosts(struct cli_ladder *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].kind == LADDER_MESSAGE) {
			l->items[i].from = host_of(l, &l->items[i].src);
			l->items[i].to = host_of(l, &l->items[i].dst);
		}
	for (size_t i = 0; i < l->n; i++)
		if (ladder_is_media(&l->items[i])) {
			l->items[i].from = media_host(l, &l->items[i].src);
			l->items[i].to = media_host(l, &l->items[i].dst);
		}
}

/* Who only sends the first request is the caller, who only gets it a callee, who does both is
 * between. */
static void
find_roles(struct cli_ladder *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ladder_item *item = &l->items[i];
		bool first = item->kind == LADDER_MESSAGE &&
			     (strncmp(item->label, "INVITE [", 8) == 0 ||
				     strncmp(item->label, "REGISTER [", 10) == 0);
		if (!first || item->from < 0 || item->to < 0 || l->hosts[item->to].invites)
			continue; /* one who has called before: a re-INVITE of the callee */
		l->hosts[item->from].invites = true;
		l->hosts[item->to].invited = true;
	}
	for (int i = 0; i < l->n_hosts; i++) {
		struct ladder_host *h = &l->hosts[i];
		for (unsigned r = 0; r < l->n_roles && !h->role[0]; r++)
			if (base_ip_eq(&l->roles[r].address.ip, &h->address.ip) &&
				(!l->by_port || l->roles[r].address.port == h->address.port) &&
				strcmp(l->roles[r].role, "ua") != 0)
				snprintf(h->role, sizeof(h->role), "%s", l->roles[r].role);
		if (!h->role[0] && (h->invites || h->invited))
			snprintf(h->role, sizeof(h->role), "%s",
				!h->invited  ? "caller"
				: h->invites ? "between"
					     : "callee");
	}
}

/* ---- order ---- */

static int
compare(const void *a, const void *b)
{
	const struct ladder_item *x = a, *y = b;

	if (x->order_ns != y->order_ns)
		return x->order_ns < y->order_ns ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

void
cli_ladder_arrange(struct cli_ladder *l)
{
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), compare);
	find_hosts(l);
	find_roles(l);
}

void
cli_ladder(const struct cli *cli, FILE *f, struct cli_nested *nested, const struct record_row *row)
{
	struct cli_ladder l;

	cli_ladder_open(&l, cli);
	cli_ladder_add(&l, nested, row);
	cli_ladder_arrange(&l);
	cli_ladder_draw(&l, f);
	cli_ladder_close(&l);
}
