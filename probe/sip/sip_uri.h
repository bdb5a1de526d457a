/* sip_uri: URIs (RFC 3261 19.1, RFC 3966) and name-addr (RFC 3261 20.10) taken apart, zero copy. */
#pragma once

#include "sip.h"

/* True and *uri (with text set), or false where it does not parse; then as much as could be told is
 * set. */
bool sip_uri_parse(struct base_span text, struct sip_uri *uri);
bool sip_name_addr_parse(struct base_span value, struct sip_name_addr *out);
bool sip_via_parse(struct base_span value, struct sip_via *out);

/* The same of a part of m, faster: bytes of m behind it may be looked at. */
bool sip_uri_parse_in(const struct sip_message *m, struct base_span text, struct sip_uri *uri);
bool sip_name_addr_parse_in(
	const struct sip_message *m, struct base_span value, struct sip_name_addr *out);
struct sip_authority {
	struct base_span user, host; /* as in struct sip_uri */
	uint16_t port;               /* 0: none */
};
/* True and *out where value, of a header of m, is <URI> and no more, of the usual form: so it has
 * one element.  False: it may be anything. */
bool sip_bare_uri_in(
	const struct sip_message *m, struct base_span value, struct sip_authority *out);
