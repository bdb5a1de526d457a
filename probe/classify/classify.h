/* classify: what a transport payload is, where the media table did not know its addresses.
 *
 * One hyperscan database in block mode, compiled at start (or at reload, beside the running one)
 * from the SIP start-line patterns, anchored; scratch per core.  The port map alone is never
 * believed.  classify_plain is the same decision in plain C: the test oracle, and the fallback
 * where hyperscan is not built in.
 *
 * Watch lists (number prefixes, domains, user-agents, header values; tens of thousands of entries)
 * are asked once per dialog with the values of its first request, never per packet.  Prefixes and
 * domains are exact lookups in a hash set, built in milliseconds (hyperscan took 9 s to compile 3
 * 000 anchored prefixes, minutes for 10 000).  User-agents and header values, which may stand
 * anywhere in the text, are a second hyperscan database of literals (20 000 of them compile in some
 * 2 s).
 *
 * Memory: classify_new allocates, cold; classify_core is per worker.  Thread: the database is
 * shared and read only; a classify_core has one user. */
#pragma once

#include "base.h"
#include "packet.h"
#include "sip.h"
#include "sys.h"

enum classify_kind {
	CLASSIFY_IGNORE,
	CLASSIFY_SIP,        /* a start line stands here: parse */
	CLASSIFY_SIP_PORT,   /* on a SIP port without a start line: TCP continuation, or garbage */
	/* CR LF, zero bytes, blanks, nothing, or STUN (RFC 5626), on a SIP port */
	CLASSIFY_KEEPALIVE,
	CLASSIFY_RTP,        /* version 2, plausible RTP: candidate */
	CLASSIFY_RTCP,       /* version 2, RTCP packet types and lengths that add up: candidate */
	CLASSIFY_STUN,       /* on any other port */
	CLASSIFY_KIND_COUNT
};

struct classify_watch_list {
	const char *name;      /* appears in records */
	const char *header;    /* kind header: its name */
	const char *const *entries; /* borrowed for classify_new */
	uint32_t n_entries;
	enum {
		CLASSIFY_WATCH_NUMBER, CLASSIFY_WATCH_DOMAIN, CLASSIFY_WATCH_USER_AGENT,
		CLASSIFY_WATCH_HEADER
	} kind;
};

struct classify_options {
	const uint16_t *sip_ports;
	uint32_t n_sip_ports;
	bool any_port;               /* SIP on ports that are not listed too */
	const struct classify_watch_list *watch;
	uint32_t n_watch;            /* at most CLASSIFY_WATCH_MAX */
	/* start lines in plain C: a short job is over sooner than their database is compiled */
	bool plain_start;
};
#define CLASSIFY_WATCH_MAX 64

struct classify;      /* databases: shared, read only */
struct classify_core; /* scratch of one worker */

/* Compiles.  0, or negative with the sentence in e. */
int classify_new(struct classify **c, const struct classify_options *options, struct sys_error *e);
void classify_free(struct classify *c);
int classify_core_new(struct classify_core **core, const struct classify *c, struct sys_error *e);
/* Makes the scratch fit another database (after a reload); cold. */
int classify_core_fit(struct classify_core *core, const struct classify *c, struct sys_error *e);
void classify_core_free(struct classify_core *core);

struct classify_result {
	uint8_t kind;   /* enum classify_kind */
	bool scanned;   /* hyperscan saw it */
};

/* The decision.  Looks at no more than the first 64 bytes.  A hand-written gate on the first bytes
 * spares hyperscan what cannot be SIP.  RTP, RTCP and STUN only over UDP; lengths are those of the
 * wire, so a snap length does not hide a candidate. */
struct classify_result classify_payload(
	const struct classify *c, struct classify_core *core, const struct packet_view *view);
/* What it says of nearly all SIP, by the first bytes alone: that it is CLASSIFY_SIP and was not
 * scanned.  False: ask it. */
bool classify_is_sure(const struct classify *c, uint16_t src_port, uint16_t dst_port,
	struct base_span payload);
/* classify_payload in plain C. */
enum classify_kind classify_plain(const struct classify *c, const struct packet_view *view);
bool classify_is_sip_port(const struct classify *c, uint16_t port);

/* Which watch lists match a request: bit i for list i of the options.  Numbers: prefix of the user
 * part of From, To, Request-URI, P-Asserted-Identity (leading + ignored, visual separators
 * skipped); domains: whole host or a parent domain; user-agents: substring, any case; header
 * values: substring, any case, of that header. */
uint64_t classify_watch(const struct classify *c, struct classify_core *core,
	const struct sip_message *m);
/* The same in plain C. */
uint64_t classify_watch_plain(const struct classify *c, const struct sip_message *m);
const char *classify_watch_name(const struct classify *c, uint32_t list);
