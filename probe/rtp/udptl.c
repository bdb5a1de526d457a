#include "udptl.h"

#define PADDING_MAX 3

struct reader {
	const uint8_t *p, *end;
	bool bad;
};

static uint8_t
read_octet(struct reader *r)
{
	if (r->p == r->end) {
		r->bad = true;
		return 0;
	}
	return *r->p++;
}

/* A length of the packed encoding rules (ITU-T X.691 10.9): 0..127 in one octet, 128..16383 in two;
 * fragments are for longer ones, which no datagram holds. */
static uint32_t
read_length(struct reader *r)
{
	uint8_t first = read_octet(r);

	if (first < 0x80)
		return first;
	if (first & 0x40)
		r->bad = true;
	return (uint32_t)(first & 0x3f) << 8 | read_octet(r);
}

static const uint8_t *
read_octets(struct reader *r, uint32_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || (uint32_t)(r->end - r->p) < n) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

/* The copies, or the parity blocks. */
static void
read_repair(struct reader *r, struct udptl_packet *packet)
{
	packet->fec = read_octet(r) & 0x80;
	if (packet->fec)
		read_octets(r, read_length(r)); /* fec-npackets: an integer */
	uint32_t n = read_length(r);
	if (n > UDPTL_REPEATS_MAX)
		r->bad = true;
	for (uint32_t i = 0; i < n && !r->bad; i++)
		read_octets(r, read_length(r));
	packet->repeats = (uint8_t)n;
}

bool
udptl_parse(struct udptl_packet *packet, const uint8_t *p, uint32_t len)
{
	struct reader r = {p, p + len, false};

	if (len < 4)
		return false;
	*packet = (struct udptl_packet){.seq = base_load_be16(p)};
	r.p += 2;
	packet->primary_len = (uint16_t)read_length(&r);
	const uint8_t *primary = read_octets(&r, packet->primary_len);
	if (r.bad || packet->primary_len == 0)
		return false;
	/* data-field-present, then the choice of type, its extension bit, and 4 bits of it */
	packet->is_data = primary[0] & 0x40;
	packet->value = primary[0] >> 1 & 0x0f;
	read_repair(&r, packet);
	for (uint32_t i = 0; !r.bad && r.p < r.end; i++)
		if (i == PADDING_MAX || *r.p++ != 0)
			r.bad = true;
	return !r.bad;
}
