/* udptl: T.38 fax over UDPTL (ITU-T T.38 section 9 and annex A): the sequence number, the first
 * octet of the primary IFP packet, and what goes along to repair losses.  Pure: bytes in, struct
 * out. */
#pragma once

#include "base.h"

#define UDPTL_REPEATS_MAX 64 /* more than any sender sends: not UDPTL */

struct udptl_packet {
	uint16_t seq;
	uint16_t primary_len;
	uint8_t repeats;     /* IFP packets sent before and carried again; FEC: its data blocks */
	bool fec;            /* parity instead of copies */
	bool is_data;        /* the primary one: T.30 data, else an indicator */
	uint8_t value;       /* its type: of indicator or of data */
};
/* True where p[0..len) is a whole UDPTL packet with a primary IFP packet, lengths that add up and
 * nothing behind but padding of up to 3 zero octets. */
bool udptl_parse(struct udptl_packet *packet, const uint8_t *p, uint32_t len);
