#include "store_private.h"

static void
bind_text(sqlite3_stmt *stmt, int i, const struct base_text *t, size_t from)
{
	sqlite3_bind_text(stmt, i, t->p + from, (int)(t->len - from), SQLITE_STATIC);
}

int
store_row_bind(sqlite3_stmt *stmt, int i, const struct record_row *row, enum record_field f,
	struct base_text *t)
{
	const struct record_value *v = &row->values[f];
	size_t from = t->len;

	if (!v->present)
		return 0;
	switch (record_fields[f].type) {
	case RECORD_STR:
		sqlite3_bind_text(
			stmt, i, (const char *)v->text.p, (int)v->text.len, SQLITE_STATIC);
		return 0;
	case RECORD_U64: sqlite3_bind_int64(stmt, i, (int64_t)v->u64); return 0;
	case RECORD_F64: sqlite3_bind_double(stmt, i, v->f64); return 0;
	case RECORD_BOOL: sqlite3_bind_int64(stmt, i, v->boolean); return 0;
	case RECORD_TIME: base_text_time(t, v->time_ns); break;
	case RECORD_HEX32:
		base_text_str(t, "0x");
		base_text_hex(t, v->u64 & UINT32_MAX, 8);
		break;
	case RECORD_IP: base_text_ip(t, &v->ip); break;
	case RECORD_LIST:
		if (!v->json) {
			sqlite3_bind_blob(stmt, i, v->text.p, (int)v->text.len, SQLITE_STATIC);
			return 0;
		} /* fall through */
	default: record_json_list(t, row, f); break;
	}
	if (t->overflow)
		return -BASE_ERR_FORMAT;
	bind_text(stmt, i, t, from);
	return 0;
}

/* The number in n digits at p; negative where one is none. */
static int64_t
digits(const char *p, int n)
{
	int64_t v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return INT64_MIN / 100000000;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

/* Days since the epoch of a date of the Gregorian calendar: years from 1 March, in eras of 400 (146
 * 097 days). */
static int64_t
days_of_date(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400, of_era = year % 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t
store_time_parse(const char *p, uint32_t len)
{
	if (len != 27 || p[4] != '-' || p[7] != '-' || p[10] != 'T' || p[13] != ':' ||
		p[16] != ':' || p[19] != '.' || p[26] != 'Z')
		return 0;
	int64_t year = digits(p, 4), month = digits(p + 5, 2), day = digits(p + 8, 2);
	int64_t seconds = digits(p + 11, 2) * 3600 + digits(p + 14, 2) * 60 + digits(p + 17, 2),
		us = digits(p + 20, 6);
	/* 2262-04-11 is the last day that ns in 63 bits reach. */
	if (year < 1970 || year > 2261 || month < 1 || month > 12 || day < 1 || day > 31 ||
		seconds < 0 || us < 0)
		return 0;
	return (days_of_date(year, month, day) * 86400 + seconds) * BASE_NS_PER_SEC +
	       us * BASE_NS_PER_US;
}

int64_t
store_time_bound(struct base_span text, bool latest)
{
	static const char lowest[] = "1970-01-01T00:00:00.000000Z",
			  highest[] = "2261-12-31T23:59:59.999999Z",
			  form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
	char time[sizeof(form)];
	uint32_t n = 0;

	while (n < text.len && n < sizeof(form) - 1 &&
		(form[n] == 'd' ? text.p[n] >= '0' && text.p[n] <= '9' : text.p[n] == form[n]))
		n++;
	/* Half a number says no more than its beginning. */
	while (n > 0 && n < sizeof(form) - 1 && form[n] == 'd')
		n--;
	memcpy(time, latest ? highest : lowest, sizeof(time));
	memcpy(time, text.p ? (const char *)text.p : "", n);
	int64_t ts_ns = store_time_parse(time, sizeof(time) - 1);
	if (ts_ns == 0)
		return latest ? INT64_MAX : 0;
	return latest ? ts_ns + BASE_NS_PER_US - 1 : ts_ns;
}

static bool
hex32_parse(struct base_span s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len != 10 || s.p[0] != '0' || s.p[1] != 'x')
		return false;
	for (uint32_t i = 2; i < s.len; i++) {
		uint8_t c = base_lower(s.p[i]), d = (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
		if (d > 15)
			return false;
		v = v << 4 | d;
	}
	*out = v;
	return true;
}

/* A column's value into *v, which is zeroed; a text that is not what the type wants is left out. */
static void
value_read(sqlite3_stmt *stmt, int i, enum record_type type, struct record_value *v)
{
	if (sqlite3_column_type(stmt, i) == SQLITE_NULL)
		return;
	v->present = true;
	switch (type) {
	case RECORD_U64: v->u64 = (uint64_t)sqlite3_column_int64(stmt, i); return;
	case RECORD_F64: v->f64 = sqlite3_column_double(stmt, i); return;
	case RECORD_BOOL: v->boolean = sqlite3_column_int64(stmt, i) != 0; return;
	default: break;
	}
	const unsigned char *p = sqlite3_column_text(stmt, i);
	struct base_span text = base_span_of(p, p ? (uint32_t)sqlite3_column_bytes(stmt, i) : 0);
	switch (type) {
	case RECORD_TIME:
		v->time_ns = store_time_parse((const char *)text.p, text.len);
		v->present = v->time_ns != 0;
		break;
	case RECORD_HEX32: v->present = hex32_parse(text, &v->u64); break;
	case RECORD_IP: v->present = base_ip_parse(text, &v->ip); break;
	case RECORD_LIST:
	case RECORD_TEXTS: v->json = true; /* fall through */
	default: v->text = text; break;
	}
}

void
store_row_read(struct store_row_source *source, struct record_row *row)
{
	int i = source->first;

	memset(row, 0, sizeof(*row));
	row->kind = source->kind;
	for (int f = 0; f < RECORD_F_COUNT; f++) {
		if (!record_field_in(f, source->kind))
			continue;
		struct record_value *v = &row->values[f];
		if (record_fields[f].type == RECORD_LIST && source->day &&
			sqlite3_column_type(source->stmt, i) == SQLITE_BLOB) {
			const uint8_t *p = sqlite3_column_blob(source->stmt, i);
			v->present = true;
			v->text = store_list_ours(source->day, source->list,
				base_span_of(p, (uint32_t)sqlite3_column_bytes(source->stmt, i)),
				&source->text);
		} else {
			value_read(source->stmt, i, record_fields[f].type, v);
		}
		i++;
	}
}
