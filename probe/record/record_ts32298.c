#include "record.h"

#define TEXT_BYTES_MAX 4096 /* of each text, so that a CDR stays below the 65 535 of its header */
#define RECORD_TYPE_IBCF 82
#define CLASS_CONTEXT 0x80
#define CONSTRUCTED 0x20

/* Fields of IBCFRecord (TS 32.298 5.2.4), and of what is in them. */
enum tag {
	TAG_RECORD_TYPE = 0,
	TAG_SIP_METHOD = 2,
	TAG_NODE_ADDRESS = 4,
	TAG_SESSION_ID = 5,
	TAG_CALLING_PARTIES = 6,
	TAG_CALLED_PARTY = 7,
	TAG_SERVICE_REQUEST = 9,
	TAG_SERVICE_START = 10,
	TAG_SERVICE_END = 11,
	TAG_OPENING = 12,
	TAG_CLOSURE = 13,
	TAG_LOCAL_SEQUENCE = 15,
	TAG_CAUSE = 17,
	TAG_INCOMPLETE = 18,
	TAG_CHARGING_IDENTIFIER = 19,
	TAG_REASON_CODE = 23,
	TAG_REQUEST_FRACTION = 37,
	TAG_START_FRACTION = 38,
	TAG_END_FRACTION = 39,

	TAG_SIP_URI = 0,     /* of InvolvedParty */
	TAG_DOMAIN_NAME = 1, /* of NodeAddress */
	TAG_START_LOST = 0,  /* of Incomplete-CDR-Indication */
	TAG_INTERIM_LOST = 1,
	TAG_STOP_LOST = 2,
};

/* CauseForRecordClosing */
enum cause {
	CAUSE_SUCCESS = 0,
	CAUSE_UNSUCCESSFUL = 1,
	CAUSE_TIME_LIMIT = 3,
	CAUSE_MANAGEMENT = 5
};

/* ---- BER (X.690): tag, definite length, content ---- */

static void
ber_tag(struct base_text *t, uint8_t bits, uint32_t tag)
{
	if (tag < 31) {
		base_text_char(t, (char)(bits | tag));
		return;
	}
	base_text_char(t, (char)(bits | 31));
	if (tag >= 128)
		base_text_char(t, (char)(0x80 | tag >> 7));
	base_text_char(t, (char)(tag & 127));
}

/* A tag; returns where its content begins, for ber_close. */
static size_t
ber_open(struct base_text *t, uint8_t bits, uint32_t tag)
{
	ber_tag(t, bits, tag);
	base_text_char(t, 0); /* the length's first byte */
	return t->len;
}

/* The length before the content since start, which makes room for a long one. */
static void
ber_close(struct base_text *t, size_t start)
{
	size_t len = t->len - start;
	unsigned more = len < 128 ? 0 : len < 256 ? 1 : len < 65536 ? 2 : 3;
	static const char room[3];

	base_text_bytes(t, room, more);
	if (t->overflow)
		return;
	uint8_t *p = (uint8_t *)t->p + start;
	memmove(p + more, p, len);
	p[-1] = more ? (uint8_t)(0x80 | more) : (uint8_t)len;
	for (unsigned i = 0; i < more; i++)
		p[i] = (uint8_t)(len >> 8 * (more - 1 - i));
}

/* INTEGER and ENUMERATED, not negative, in as few bytes as hold it. */
static void
ber_integer(struct base_text *t, uint32_t tag, uint64_t v)
{
	size_t start = ber_open(t, CLASS_CONTEXT, tag);
	int bytes = 1;

	while (bytes < 9 && (bytes == 8 ? v >> 63 : v >> (8 * bytes - 1)) != 0)
		bytes++;
	for (int i = bytes - 1; i >= 0; i--)
		base_text_char(t, i == 8 ? 0 : (char)(v >> 8 * i));
	ber_close(t, start);
}

static void
ber_boolean(struct base_text *t, uint32_t tag, bool v)
{
	size_t start = ber_open(t, CLASS_CONTEXT, tag);

	base_text_char(t, v ? (char)0xff : 0);
	ber_close(t, start);
}

/* What no URI and no GraphicString holds as it is becomes %XX (RFC 3986 2.1). */
static void
text_escaped(struct base_text *t, struct base_span s)
{
	static const char digits[] = "0123456789ABCDEF";

	for (uint32_t i = 0; i < s.len && i < TEXT_BYTES_MAX / 3; i++) {
		uint8_t c = (uint8_t)s.p[i];
		if (c > 0x20 && c < 0x7f) {
			base_text_char(t, (char)c);
			continue;
		}
		base_text_char(t, '%');
		base_text_char(t, digits[c >> 4]);
		base_text_char(t, digits[c & 15]);
	}
}

static void
ber_text(struct base_text *t, uint32_t tag, const struct record_value *v)
{
	if (!v->present || v->text.len == 0)
		return;
	size_t start = ber_open(t, CLASS_CONTEXT, tag);
	text_escaped(t, v->text);
	ber_close(t, start);
}

/* ---- TS 32.298 ---- */

/* "2026-11-23T01:02:03.456..." as TimeStamp: YYMMDDhhmmss in BCD, '+', hhmm from UTC. */
static void
put_time(struct base_text *t, uint32_t tag, const struct record_value *v)
{
	static const uint8_t places[] = {2, 5, 8, 11, 14, 17};
	char text[40];
	struct base_text clock = base_text_of(text, sizeof(text));

	if (!v->present)
		return;
	base_text_time(&clock, v->time_ns);
	size_t start = ber_open(t, CLASS_CONTEXT, tag);
	for (size_t i = 0; i < base_count_of(places); i++)
		base_text_char(
			t, (char)((text[places[i]] - '0') << 4 | (text[places[i] + 1] - '0')));
	base_text_bytes(t, "+\0\0", 3);
	ber_close(t, start);
}

static void
put_fraction(struct base_text *t, uint32_t tag, const struct record_value *v)
{
	if (v->present && v->time_ns >= 0)
		ber_integer(t, tag,
			(uint64_t)(v->time_ns % BASE_NS_PER_SEC / BASE_NS_PER_MS));
}

/* InvolvedParty: sip:user@host. */
static void
put_party(struct base_text *t, const struct record_value *user, const struct record_value *host)
{
	bool has_user = user->present && user->text.len, has_host = host->present && host->text.len;
	size_t start = ber_open(t, CLASS_CONTEXT, TAG_SIP_URI);

	base_text_str(t, "sip:");
	if (has_user)
		text_escaped(t, user->text);
	if (has_user && has_host)
		base_text_char(t, '@');
	if (has_host)
		text_escaped(t, host->text);
	ber_close(t, start);
}

static void
put_parties(struct base_text *t, const struct record_value *v)
{
	size_t start;

	if (v[RECORD_F_FROM_USER].present || v[RECORD_F_FROM_HOST].present) {
		start = ber_open(t, CLASS_CONTEXT | CONSTRUCTED, TAG_CALLING_PARTIES);
		put_party(t, &v[RECORD_F_FROM_USER], &v[RECORD_F_FROM_HOST]);
		ber_close(t, start);
	}
	if (v[RECORD_F_RURI_USER].present || v[RECORD_F_RURI_HOST].present) {
		start = ber_open(t, CLASS_CONTEXT | CONSTRUCTED, TAG_CALLED_PARTY);
		put_party(t, &v[RECORD_F_RURI_USER], &v[RECORD_F_RURI_HOST]);
		ber_close(t, start);
	}
}

static bool
text_is(const struct record_value *v, const char *text)
{
	return v->present && base_span_eq(v->text, base_span_cstr(text));
}

/* The probe did not see it to its end. */
static bool
end_is_lost(const struct record_value *v)
{
	const struct record_value *cause = &v[RECORD_F_END_CAUSE];

	return text_is(cause, "evicted") || text_is(cause, "capture_end") ||
	       (text_is(cause, "timeout") && v[RECORD_F_ANSWER_TIME].present);
}

static enum cause
cause_of(const struct record_value *v)
{
	if (text_is(&v[RECORD_F_STATUS], "interim"))
		return CAUSE_TIME_LIMIT;
	if (text_is(&v[RECORD_F_END_CAUSE], "evicted") ||
		text_is(&v[RECORD_F_END_CAUSE], "capture_end"))
		return CAUSE_MANAGEMENT;
	return text_is(&v[RECORD_F_DISPOSITION], "answered") ? CAUSE_SUCCESS : CAUSE_UNSUCCESSFUL;
}

/* Where nothing is lost there is none. */
static void
put_incomplete(struct base_text *t, const struct record_value *v)
{
	bool start_lost = text_is(&v[RECORD_F_DISPOSITION], "incomplete"),
	     stop_lost = end_is_lost(v);
	bool unknown = v[RECORD_F_CAPTURE_LOSS].present && v[RECORD_F_CAPTURE_LOSS].u64 > 0;

	if (!start_lost && !stop_lost && !unknown)
		return;
	size_t start = ber_open(t, CLASS_CONTEXT | CONSTRUCTED, TAG_INCOMPLETE);
	ber_boolean(t, TAG_START_LOST, start_lost);
	ber_integer(t, TAG_INTERIM_LOST, unknown ? 2 : 0); /* no (0), yes (1), unknown (2) */
	ber_boolean(t, TAG_STOP_LOST, stop_lost);
	ber_close(t, start);
}

static void
put_node(struct base_text *t, const struct record_value *probe)
{
	if (!probe->present || probe->text.len == 0)
		return;
	size_t start = ber_open(t, CLASS_CONTEXT | CONSTRUCTED, TAG_NODE_ADDRESS);
	ber_text(t, TAG_DOMAIN_NAME, probe);
	ber_close(t, start);
}

static void
put_outcome(struct base_text *t, const struct record_value *v)
{
	ber_integer(t, TAG_CAUSE, cause_of(v));
	put_incomplete(t, v);
	ber_text(t, TAG_CHARGING_IDENTIFIER, &v[RECORD_F_ICID]);
	if (v[RECORD_F_SIP_CODE].present) {
		size_t start = ber_open(t, CLASS_CONTEXT, TAG_REASON_CODE);
		base_text_u64(t, v[RECORD_F_SIP_CODE].u64);
		ber_close(t, start);
	}
}

void
record_ts32298(struct base_text *t, const struct record_row *row, uint64_t sequence)
{
	const struct record_value *v = row->values, invite = {
		.text = BASE_SPAN("INVITE"), .present = true};
	size_t start = ber_open(t, CLASS_CONTEXT | CONSTRUCTED, RECORD_TYPE_IBCF);

	ber_integer(t, TAG_RECORD_TYPE, RECORD_TYPE_IBCF);
	ber_text(t, TAG_SIP_METHOD, &invite);
	put_node(t, &v[RECORD_F_PROBE]);
	ber_text(t, TAG_SESSION_ID, &v[RECORD_F_CALL_ID]);
	put_parties(t, v);
	put_time(t, TAG_SERVICE_REQUEST, &v[RECORD_F_INVITE_TIME]);
	put_time(t, TAG_SERVICE_START, &v[RECORD_F_ANSWER_TIME]);
	if (v[RECORD_F_ANSWER_TIME].present)
		put_time(t, TAG_SERVICE_END, &v[RECORD_F_END_TIME]);
	put_time(t, TAG_OPENING, &v[RECORD_F_INVITE_TIME]);
	put_time(t, TAG_CLOSURE, &v[RECORD_F_END_TIME]);
	ber_integer(t, TAG_LOCAL_SEQUENCE, sequence & UINT32_MAX);
	put_outcome(t, v);
	put_fraction(t, TAG_REQUEST_FRACTION, &v[RECORD_F_INVITE_TIME]);
	put_fraction(t, TAG_START_FRACTION, &v[RECORD_F_ANSWER_TIME]);
	if (v[RECORD_F_ANSWER_TIME].present)
		put_fraction(t, TAG_END_FRACTION, &v[RECORD_F_END_TIME]);
	ber_close(t, start);
}
