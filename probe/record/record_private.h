/* record_private: what the files of this room tell each other. */
#pragma once

#include "record.h"

/* The fields of a row as they stand in its bytes: at from 0.  bad: they end in something that is no
 * field. */
struct record_walk {
	struct base_span bytes;
	uint32_t at;
	bool bad;
};

/* The next field that kind has, into *f and *v (present or not).  False at the end, or where bad.
 * For nested rows: no lists. */
bool
record_walk_next(struct record_walk *walk, enum record_kind kind, enum record_field *f,
	struct record_value *v);

/* A present TIME, U64, F64, BOOL, HEX32 or IP as text, without quotes. */
void
record_scalar_text(struct base_text *t, enum record_type type, const struct record_value *v);
