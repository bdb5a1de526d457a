#include "record.h"

/* The letters of record.def's column of kinds. */
#define C (1u << RECORD_CALL)
#define R (1u << RECORD_REGISTRATION)
#define T (1u << RECORD_TRANSACTION)
#define M (1u << RECORD_MESSAGE)
#define S (1u << RECORD_STREAM)
#define F (1u << RECORD_FLOW)
#define X (1u << RECORD_CALL_TRANSACTION)
#define D (1u << RECORD_CALL_DIALOG)
#define O (1u << RECORD_ROLE)
#define L (1u << RECORD_LINK)
#define K (1u << RECORD_DIGIT)

/* Bytes of a value: at least, and how many more. */
#define LEN_STR 0, RECORD_LEN_ANY
#define LEN_TIME 8, 0
#define LEN_U64 0, 8
#define LEN_F64 8, 0
#define LEN_BOOL 1, 0
#define LEN_HEX32 4, 0
#define LEN_IP 4, 12
#define LEN_LIST 0, RECORD_LEN_ANY
#define LEN_TEXTS 0, RECORD_LEN_ANY

const struct record_field_info record_fields[RECORD_F_COUNT] = {
#define RECORD_FIELD(id, key, type, kinds, unit, meaning)                                          \
	{key, unit, meaning, kinds, RECORD_##type, LEN_##type},
#include "record.def"
#undef RECORD_FIELD
};

#undef C
#undef R
#undef T
#undef M
#undef S
#undef F
#undef X
#undef D
#undef O
#undef L
#undef K

_Static_assert(RECORD_KIND_COUNT <= 32, "record_field_info.kinds has a bit each");

static const struct {
	const char *name, *table;
} kind_names[RECORD_KIND_COUNT] = {
	[RECORD_NONE] = {"", ""},
	[RECORD_CALL] = {"call", "calls"},
	[RECORD_REGISTRATION] = {"registration", "registrations"},
	[RECORD_TRANSACTION] = {"transaction", "transactions"},
	[RECORD_MESSAGE] = {"message", "messages"},
	[RECORD_STREAM] = {"stream", "streams"},
	[RECORD_FLOW] = {"flow", ""},
	[RECORD_CALL_TRANSACTION] = {"transactions", ""},
	[RECORD_CALL_DIALOG] = {"dialogs", ""},
	[RECORD_ROLE] = {"roles", ""},
	[RECORD_LINK] = {"linked", ""},
	[RECORD_DIGIT] = {"digit", ""},
};

const char *
record_kind_name(enum record_kind kind)
{
	return kind_names[kind < RECORD_KIND_COUNT ? kind : RECORD_NONE].name;
}

const char *
record_kind_table(enum record_kind kind)
{
	return kind_names[kind < RECORD_KIND_COUNT ? kind : RECORD_NONE].table;
}

enum record_kind
record_kind_of(struct base_span name)
{
	for (enum record_kind k = RECORD_CALL; k <= RECORD_STREAM; k++)
		if (base_span_eq(name, base_span_cstr(kind_names[k].name)))
			return k;
	return RECORD_NONE;
}

enum record_kind
record_list_kind(enum record_field f)
{
	switch (f) {
	case RECORD_F_FLOW: return RECORD_FLOW;
	case RECORD_F_STREAMS: return RECORD_STREAM;
	case RECORD_F_TRANSACTIONS: return RECORD_CALL_TRANSACTION;
	case RECORD_F_DIALOGS: return RECORD_CALL_DIALOG;
	case RECORD_F_ROLES: return RECORD_ROLE;
	case RECORD_F_LINKED: return RECORD_LINK;
	case RECORD_F_DTMF: return RECORD_DIGIT;
	default: return RECORD_NONE;
	}
}

bool
record_kind_is_nested(enum record_kind kind)
{
	return kind >= RECORD_STREAM && kind < RECORD_KIND_COUNT;
}

int
record_field_of(struct base_span key)
{
	for (int f = 0; f < RECORD_F_COUNT; f++)
		if (base_span_eq(key, base_span_cstr(record_fields[f].key)))
			return f;
	return -1;
}
