/* classify_private: how the decision is taken, step by step.
 *
 * A start line is looked for in a window: the first 64 bytes behind leading CR and LF (at most 16
 * of them).  Two grades:
 *
 *   STRONG  SIP/d.d ddd, any case;  TOKEN SP sip: sips: tel:  (scheme in any case, '<' before it
 *   tolerated);
 *           known METHOD SP urn: im: pres:            SIP, wherever it stands
 *   WEAK    known METHOD SP any printable character   SIP on a SIP port only: RTSP, HTTP and SSDP
 *   share the names of methods
 *
 * The grades are written down twice, as patterns in classify_scan.c and as code in
 * classify_start.c; test_differential holds them together. */
#pragma once

#include "classify.h"

#define CLASSIFY_WINDOW 64
#define CLASSIFY_SKIP_MAX 16
enum { CLASSIFY_START_STRONG = 1 << 0, CLASSIFY_START_WEAK = 1 << 1 };

/* ---- classify_start: the start line in plain C ---- */

/* The window of a payload: without leading line ends, bounded. */
struct base_span classify_start_window(const struct packet_view *view);
/* The gate: false where no start line can stand here.  Necessary, not sufficient. */
bool classify_start_gate(struct base_span window);
/* The spelling of nearly all, STRONG by the first bytes: "SIP/2.0 2", "METHOD sip:".  Sufficient,
 * not necessary. */
bool classify_start_sure(struct base_span window);
/* The grades as bits. */
unsigned classify_start_plain(struct base_span window);

/* ---- classify_media: everything but start lines, in at most 64 bytes ---- */

bool classify_is_keepalive(const struct packet_view *view);
bool classify_is_stun(const struct packet_view *view);
bool classify_is_rtcp(const struct packet_view *view);
bool classify_is_rtp(const struct packet_view *view);

/* ---- classify_scan: hyperscan, and nothing of it anywhere else ---- */

/* a compiled database; NULL where hyperscan is not built in or the CPU is too old for it */
struct classify_scan;

struct classify_literal {
	const char *text; /* lower case */
	uint32_t len;
	uint32_t list;
};

int classify_scan_start_new(struct classify_scan **scan, struct sys_error *e);
/* literals: found anywhere, in any case. */
int classify_scan_literals_new(
	struct classify_scan **scan, const struct classify_literal *literals, uint32_t n,
	struct sys_error *e);
void classify_scan_free(struct classify_scan *scan);
/* Bits of what matches: grades of start lines, or lists.  False where it could not be scanned. */
bool classify_scan_run(
	const struct classify_scan *scan, struct classify_core *core, struct base_span text,
	uint64_t *bits);
/* scan may be NULL. */
int classify_scan_fit(struct classify_core *core, const struct classify_scan *scan,
	struct sys_error *e);

/* ---- classify_set: short strings to lists, exact ---- */

struct classify_set_slot {
	uint64_t hash, lists; /* lists 0: free */
	uint32_t offset, len;
};
struct classify_set {
	struct classify_set_slot *slots;
	char *bytes;
	uint32_t mask, n;
	size_t bytes_len;
	uint64_t lengths; /* bit n: a key of n bytes is there; bit 63: 63 and more */
};
/* Room for n keys of bytes altogether. */
int classify_set_new(struct classify_set *set, uint32_t n, size_t bytes);
void classify_set_free(struct classify_set *set);
/* Within the room that was asked for. */
void classify_set_add(struct classify_set *set, struct base_span key, uint32_t list);
uint64_t classify_set_find(const struct classify_set *set, struct base_span key);
static inline bool
classify_set_has_length(const struct classify_set *set, uint32_t len)
{
	return set->lengths >> (len < 63 ? len : 63) & 1;
}

/* ---- classify_party: numbers and hosts in one spelling ---- */

#define CLASSIFY_NUMBER_MAX 40
#define CLASSIFY_HOST_MAX 256 /* a name has 253 (RFC 1035); whole vectors */
/* Number: %HH decoded, visual separators (RFC 3966: - . ( ) and blanks) dropped, one leading +
 * dropped, lower case; cut at CLASSIFY_NUMBER_MAX.  Returns its length. */
uint32_t classify_number_normalize(struct base_span user, uint8_t out[CLASSIFY_NUMBER_MAX]);
/* Host: lower case, without brackets and final dots; 0 where it is too long. */
uint32_t classify_host_normalize(struct base_span host, uint8_t out[CLASSIFY_HOST_MAX]);

/* ---- classify_watch ---- */

struct classify_watch_header {
	char *name;
	uint8_t id;       /* enum sip_header_id */
	uint64_t lists;
};
struct classify_watches {
	uint32_t n;
	char *names[CLASSIFY_WATCH_MAX];
	struct classify_set numbers, domains;
	uint64_t user_agents;  /* lists */
	struct classify_watch_header headers[CLASSIFY_WATCH_MAX];
	uint32_t n_headers;
	struct classify_literal *literals; /* of user-agents and header values */
	char *literal_bytes;
	uint32_t n_literals;
	struct classify_scan *scan; /* over the literals */
};
int classify_watches_new(struct classify_watches *w, const struct classify_options *options,
	struct sys_error *e);
void classify_watches_free(struct classify_watches *w);

struct classify {
	uint8_t sip_ports[65536 / 8];
	bool any_port;
	struct classify_scan *start;
	struct classify_watches watches;
};
