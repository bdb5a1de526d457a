/* dialogs[]: the early and confirmed dialogs of a call that has several (RFC 3261 12.1, 13.2.2.4),
 * each by the callee's tag. */
#include "dialog_private.h"

struct fork {
	int64_t first_ns, answer_ns, end_ns;
	uint16_t tag, code;
	bool early_over; /* the INVITE had its final response, of another dialog or a failure */
};

static struct fork *
fork_of(struct fork *forks, uint32_t *n, uint16_t tag, bool make)
{
	for (uint32_t i = 0; i < *n; i++)
		if (forks[i].tag == tag)
			return &forks[i];
	if (!make || *n == SET_MAX)
		return NULL;
	forks[*n] = (struct fork){.tag = tag};
	return &forks[(*n)++];
}

/* Only what establishes a dialog begins one: 101..299 to the INVITE with a tag. */
static void
take_response(struct fork *forks, uint32_t *n, const struct flow_entry *e, int64_t ts_ns)
{
	bool begins = e->status > 100 && e->status < 300 && e->tag;
	struct fork *f = fork_of(forks, n, e->tag, begins);

	if (f == NULL && e->status < 300)
		return;
	if (f) {
		if (f->first_ns == 0)
			f->first_ns = ts_ns;
		if (e->status >= 200 && e->status < 300 && f->answer_ns == 0)
			f->answer_ns = ts_ns;
		f->code = e->status;
	}
	for (uint32_t i = 0; e->status >= 200 && i < *n; i++)
		forks[i].early_over = true;
}

static uint32_t
forks_of(const struct dialog *d, const struct slot *s, struct fork *forks)
{
	struct flow_cursor at = {.left = 0};
	const struct flow_entry *e;
	uint32_t n = 0;

	while ((e = flow_next(d, s, &at))) {
		if (flow_is_repeat(e))
			continue;
		if (e->status && e->cseq_method == SIP_METHOD_INVITE && e->status >= 101) {
			take_response(forks, &n, e, e->ts_ns);
			continue;
		}
		struct fork *f = e->method == SIP_METHOD_BYE ? fork_of(forks, &n, e->tag, false)
							     : NULL;
		if (f && f->end_ns == 0)
			f->end_ns = e->ts_ns;
	}
	return n;
}

static const char *
state_of(const struct fork *f)
{
	if (f->end_ns || (f->early_over && f->answer_ns == 0))
		return "terminated";
	return f->answer_ns ? "confirmed" : "early";
}

void
forks_put(const struct dialog *d, const struct slot *s, struct record_writer *w)
{
	struct fork forks[SET_MAX];
	uint8_t scratch[256];

	if (slot_set_count(s, SET_FORK_TAG) < 2)
		return;
	uint32_t n = forks_of(d, s, forks);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t row = record_list_open(w, RECORD_F_DIALOGS);
		record_put_str(w, RECORD_F_TO_TAG,
			flow_tag_text(d, s, forks[i].tag, scratch, sizeof(scratch)));
		record_put_time(w, RECORD_F_ANSWER_TIME, forks[i].answer_ns);
		record_put_time(w, RECORD_F_END_TIME, forks[i].end_ns);
		record_put_cstr(w, RECORD_F_STATE, state_of(&forks[i]));
		record_put_u64(w, RECORD_F_SIP_CODE, forks[i].code);
		record_put_time(w, RECORD_F_FIRST_TIME, forks[i].first_ns);
		record_list_close(w, row);
	}
}
