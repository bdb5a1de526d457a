/* record: finished records as bytes, and every text made of them.  Pure.
 *
 * record.def names each field once.  A record travels as a record_header and then fields, all
 * little-endian, no alignment:
 *
 *     { u64 seq, u8 version, u8 kind, u16 zero, u32 zero }   RECORD_HEADER_BYTES
 *     { u16 field, u16 len, len bytes } ...
 *
 *   STR     the bytes
 *   TIME    8 bytes
 *   U64     as few bytes as hold it, 0 to 8
 *   F64     8 bytes, IEEE 754
 *   BOOL    1 byte, 0 or 1
 *   HEX32   4 bytes
 *   IP      4 or 16 bytes, network order
 *   LIST    one { field, len } per element, its bytes the fields of the nested row; in order
 *   TEXTS   one { field, len } per string
 *
 * An absent field is empty: JSON null is left out, CSV cell empty, SQL NULL.  Unknown fields are
 * skipped by a reader, so an older collector reads a newer probe.  A writer works on the caller's
 * buffer and never writes past it: what does not fit is left out and the writer says overflow; a
 * reader takes hostile bytes.
 *
 * Thread: everything here is a function of its arguments. */
#pragma once

#include "base.h"

enum record_kind {
	RECORD_NONE,
	RECORD_CALL,
	RECORD_REGISTRATION,
	RECORD_TRANSACTION,
	RECORD_MESSAGE, /* a SIP message as it came, where they are kept */
	RECORD_STREAM,
	RECORD_FLOW, /* from here on: rows in lists only */
	RECORD_CALL_TRANSACTION,
	RECORD_CALL_DIALOG,
	RECORD_ROLE,
	RECORD_LINK,
	RECORD_DIGIT,
	RECORD_KIND_COUNT
};
enum record_type {
	RECORD_STR,
	RECORD_TIME,
	RECORD_U64,
	RECORD_F64,
	RECORD_BOOL,
	RECORD_HEX32,
	RECORD_IP,
	RECORD_LIST,
	RECORD_TEXTS
};

enum record_field {
#define RECORD_FIELD(id, key, type, kinds, unit, meaning) RECORD_F_##id,
#include "record.def"
#undef RECORD_FIELD
	RECORD_F_COUNT
};

struct record_field_info {
	const char *key, *unit, *meaning;
	uint32_t kinds; /* bit per enum record_kind */
	uint8_t type;   /* enum record_type */
	uint8_t len_min, len_more; /* a value's bytes: len_min to len_min + len_more */
};
#define RECORD_LEN_ANY 255 /* as len_more */
extern const struct record_field_info record_fields[RECORD_F_COUNT];

#define RECORD_VERSION 1
#define RECORD_HEADER_BYTES 16
#define RECORD_BYTES_MAX 65536 /* no record is larger, header included */

/* "call", "registration", ...; and the SQL table: "calls", "registrations", ... */
const char *record_kind_name(enum record_kind kind);
const char *record_kind_table(enum record_kind kind);
enum record_kind record_kind_of(struct base_span name); /* RECORD_NONE where unknown */
int record_field_of(struct base_span key);             /* enum record_field, or -1 */
/* What the elements of a LIST field are. */
enum record_kind record_list_kind(enum record_field f);
/* A kind of rows that stand in such lists. */
bool record_kind_is_nested(enum record_kind kind);
/* A call's messages one by one: left out of outputs where nobody asks for them. */
static inline bool
record_field_is_detail(enum record_field f)
{
	return f == RECORD_F_FLOW || f == RECORD_F_TRANSACTIONS;
}
static inline bool
record_field_in(enum record_field f, enum record_kind k)
{
	return record_fields[f].kinds >> k & 1;
}

/* ---- writing ---- */

struct record_writer {
	uint8_t *p;
	uint32_t len, cap;
	bool overflow;     /* a field was left out */
	bool row_overflow; /* since record_list_open */
};

/* Starts a record in p[0..cap): writes the header.  More than RECORD_BYTES_MAX of cap is not used.
 * */
struct record_writer record_writer_begin(uint8_t *p, uint32_t cap, enum record_kind kind);
/* record_put_str, _cstr, _time, _u64, _f64, _bool, _hex32, _ip, record_list_open, _close: see
 * record_put.h, which this header brings. */

/* The uid: two keyed hashes, in hexadecimal, of what makes the record's subject the same one on
 * every probe and in every replay. */
void record_put_uid(struct record_writer *w, const void *identity, uint32_t len);
/* The same in two steps, for whoever names another record. */
void record_uid(uint64_t uid[2], const void *identity, uint32_t len);
/* record_put_uid_of: record_put.h */
/* record: a whole record, RECORD_HEADER_BYTES at least. */
void record_set_seq(uint8_t *record, uint64_t seq);

/* ---- reading ---- */

/* One field's value.  Which member counts follows from the field's type; present says whether there
 * is one at all. */
struct record_value {
	/* STR; LIST and TEXTS: from the first element's prefix to the last one's end, or JSON text
	 * */
	struct base_span text;
	union {
		uint64_t u64;
		int64_t time_ns;
		double f64;
		bool boolean;
	};
	struct base_ip ip;
	uint16_t count;   /* LIST, TEXTS: elements */
	bool present;
	bool json;        /* LIST, TEXTS: text is finished JSON (a row that comes from the store) */
};

struct record_row {
	enum record_kind kind;
	struct base_span raw;    /* the whole record, or empty (row from the store) */
	struct record_value values[RECORD_F_COUNT];
};

/* Reads a record (with header) into *row, borrowing from it.  0, or -BASE_ERR_FORMAT /
 * -BASE_ERR_VERSION.  Nested rows are checked too.  Of a scalar that stands twice the last one
 * counts; a field that the kind does not have is skipped. */
int record_row_read(struct record_row *row, const uint8_t *p, uint32_t len);

/* The elements of a LIST or TEXTS field in order: start with *at = 0; true and the element's bytes,
 * false at the end (at once where the value is finished JSON). */
bool record_row_element(const struct record_row *row, enum record_field f, uint32_t *at,
	struct base_span *element);
/* A nested row's fields, from an element of a LIST of that kind (record_list_kind).  0, or
 * -BASE_ERR_FORMAT. */
int record_nested_read(struct record_row *row, enum record_kind kind, struct base_span element);

/* A LIST value's bytes (record_value.text, not json) again, with every field of its rows as edit
 * writes it to out; where edit says false the field is left out, and out takes nothing of it.  Rows
 * that grow too long for their prefix are left out. */
typedef bool (*record_edit_fn)(void *context, enum record_field f, struct base_span bytes,
	struct base_text *out);
void record_list_edit(struct base_text *out, struct base_span list, record_edit_fn edit,
	void *context);

/* ---- texts ---- */

/* One JSON object without a line end: "kind" first, then the fields in record.def order, absent
 * ones left out. with_flow: the details included. */
void record_json(struct base_text *t, const struct record_row *row, bool with_flow);
/* The JSON array of a LIST or TEXTS field alone ("[]" where absent): what the store keeps in its
 * column. */
void record_json_list(struct base_text *t, const struct record_row *row, enum record_field f);
/* One value as text.  JSON scalar, string or array, null where absent; CSV cell (RFC 4180 quoting),
 * empty where absent, TEXTS joined with "; ", LIST as JSON; plain for tables and terminals: as the
 * cell, unquoted, control bytes as U+FFFD.  CSV and plain text are UTF-8: bytes that are not, and
 * NUL, become U+FFFD. */
void record_json_value(struct base_text *t, const struct record_row *row, enum record_field f);
void record_csv_cell(struct base_text *t, const struct record_row *row, enum record_field f);
void record_plain_value(struct base_text *t, const struct record_row *row, enum record_field f);
/* CSV of a kind: header line and row, with CR LF, all fields of the kind in order but LIST fields
 * as JSON in one cell. fields: chosen columns or NULL for all of the kind. */
void record_csv_header(struct base_text *t, enum record_kind kind, const enum record_field *fields,
	uint32_t n);
void record_csv_row(struct base_text *t, const struct record_row *row,
	const enum record_field *fields, uint32_t n);
/* A call as IMSRecord of 3GPP TS 32.298 in BER: an iBCFRecord [82], as the IBCF is the node at the
 * border between networks, where a probe listens, and sees signalling alone.  It does not claim
 * what the probe does not know (role-Of-Node).  sequence: localRecordSequenceNumber, its low 32
 * bits.  At most 65 535 bytes: texts are cut.  Characters that no URI holds are %XX. */
void record_ts32298(struct base_text *t, const struct record_row *row, uint64_t sequence);
/* SQL: CREATE TABLE IF NOT EXISTS <table> (...) with a column per field of the kind: TEXT for STR,
 * IP, HEX32, LIST and TEXTS (JSON); INTEGER for U64, BOOL; REAL for F64; TIME is TEXT in RFC 3339
 * so that SQL conditions read naturally and compare as text. */
void record_sql_create(struct base_text *t, enum record_kind kind);
/* ClickHouse, from 18.16 on: the columns of a table of the kind, one a line, as they stand between
 * the brackets of CREATE TABLE; what an INSERT names, in order; and a row of format TabSeparated
 * for these names.  A TIME is KEY_us, Int64 microseconds, with KEY as an alias in seconds; STR, IP
 * and lists (JSON) are empty where absent, the rest NULL; record_time is the first time present. */
void record_clickhouse_columns(struct base_text *t, enum record_kind kind);
void record_clickhouse_names(struct base_text *t, enum record_kind kind);
void record_clickhouse_row(struct base_text *t, const struct record_row *row);
/* The manual: one line a field of the kind: key, type, unit, meaning (Markdown table rows). */
void record_manual(struct base_text *t, enum record_kind kind);

#include "record_put.h"
