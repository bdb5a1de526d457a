#include "sip.h"

/* RFC 3261 21, and those of its extensions that are met. */
#define PHRASES(P) \
	P(100, "Trying") \
	P(180, "Ringing") \
	P(181, "Call Is Being Forwarded") \
	P(182, "Queued") \
	P(183, "Session Progress") \
	P(200, "OK") \
	P(202, "Accepted") \
	P(300, "Multiple Choices") \
	P(301, "Moved Permanently") \
	P(302, "Moved Temporarily") \
	P(400, "Bad Request") \
	P(401, "Unauthorized") \
	P(403, "Forbidden") \
	P(404, "Not Found") \
	P(405, "Method Not Allowed") \
	P(406, "Not Acceptable") \
	P(407, "Proxy Authentication Required") \
	P(408, "Request Timeout") \
	P(410, "Gone") \
	P(422, "Session Interval Too Small") \
	P(423, "Interval Too Brief") \
	P(480, "Temporarily Unavailable") \
	P(481, "Call/Transaction Does Not Exist") \
	P(484, "Address Incomplete") \
	P(486, "Busy Here") \
	P(487, "Request Terminated") \
	P(488, "Not Acceptable Here") \
	P(491, "Request Pending") \
	P(500, "Server Internal Error") \
	P(501, "Not Implemented") \
	P(502, "Bad Gateway") \
	P(503, "Service Unavailable") \
	P(504, "Server Time-out") \
	P(600, "Busy Everywhere") \
	P(603, "Decline") \
	P(604, "Does Not Exist Anywhere")

enum {
	PHRASE_NONE,
#define P(status, text) PHRASE_##status,
	PHRASES(P)
#undef P
};

static const struct base_span phrases[] = {
	[PHRASE_NONE] = {(const uint8_t *)"", 0},
#define P(status, text) [PHRASE_##status] = {(const uint8_t *)(text), sizeof(text) - 1},
	PHRASES(P)
#undef P
};

/* Which one a status has. */
static const uint8_t phrase_of[] = {
#define P(status, text) [status - 100] = PHRASE_##status,
	PHRASES(P)
#undef P
};

struct base_span
sip_phrase(uint16_t status)
{
	uint32_t at = status - 100u;

	return phrases[at < sizeof(phrase_of) ? phrase_of[at] : PHRASE_NONE];
}
