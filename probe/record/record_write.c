#include "record.h"

/* { u64 seq, u8 version, u8 kind, u16 zero, u32 zero } */
#define SEQ_AT 0
#define VERSION_AT 8
#define KIND_AT 9

struct record_writer
record_writer_begin(uint8_t *p, uint32_t cap, enum record_kind kind)
{
	struct record_writer w = {p, RECORD_HEADER_BYTES,
		cap < RECORD_BYTES_MAX ? cap : RECORD_BYTES_MAX, false, false};

	if (cap < RECORD_HEADER_BYTES) {
		w.len = w.cap = 0;
		w.overflow = true;
		return w;
	}
	memset(p, 0, RECORD_HEADER_BYTES);
	p[VERSION_AT] = RECORD_VERSION;
	p[KIND_AT] = (uint8_t)kind;
	return w;
}

void
record_set_seq(uint8_t *record, uint64_t seq)
{
	memcpy(record + SEQ_AT, &seq, sizeof(seq));
}

void
record_uid(uint64_t uid[2], const void *identity, uint32_t len)
{
	static const struct base_hash_key keys[] = {
		{0x7569642d68696768ull, 1}, {0x7569642d6c6f7721ull, 2}};

	for (uint32_t i = 0; i < base_count_of(keys); i++)
		uid[i] = base_hash(&keys[i], identity, len);
}

void
record_put_uid(struct record_writer *w, const void *identity, uint32_t len)
{
	uint64_t uid[2];

	record_uid(uid, identity, len);
	record_put_uid_of(w, RECORD_F_UID, uid);
}
