/* sip_info: a digit in the body of an INFO request: application/dtmf-relay ("Signal=5" and
 * "Duration=160" in ms, one a line) and application/dtmf (the digit alone).  No RFC has them; this
 * is what gateways send. */
#pragma once

#include "sip.h"

struct sip_info_digit {
	uint8_t digit;         /* 0..9 * # A..D, ! flash */
	uint32_t duration_ms;  /* 0: not given */
};
/* True and *out where m is an INFO request with one digit. */
bool sip_info_digit(struct sip_info_digit *out, const struct sip_message *m);
