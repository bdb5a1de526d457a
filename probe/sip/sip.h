/* sip: SIP messages (RFC 3261), zero copy.  Pure: bytes in, spans out.
 *
 * sip_parse makes one pass over a message, indexes every header (long and compact names, any case,
 * folded, repeated, CR LF or LF alone) and decodes those that a dialog is told by: start line,
 * Call-ID, From tag, To tag, top Via branch, CSeq, Content-Length, Content-Type.  Everything else
 * is decoded on demand from the index (sip_details_parse, sip_header_find, sip_*_parse).
 *
 * All spans borrow from the message; a value's span is trimmed; folded values keep their line
 * breaks (sip_unfold copies without).  Lenient in what it takes, exact in what it says: flags tell
 * what an RFC 3261 parser would refuse, so that the message can be recorded all the same: sip_parse
 * sets those of structure, sip_details_parse finds those of grammar too.  A message cut at any byte
 * parses the same once whole.
 *
 * sip_uri.h: URIs and name-addr.  sip_sdp.h: SDP (RFC 8866).  sip_frame.h: messages out of a byte
 * stream. */
#pragma once

#include "base.h"

enum sip_method {
	SIP_METHOD_NONE, /* a response */
#define SIP_METHOD(name) SIP_METHOD_##name,
#include "sip_method.def"
#undef SIP_METHOD
	SIP_METHOD_OTHER,
	SIP_METHOD_COUNT
};

enum sip_header_id {
#define SIP_HEADER(id, name, compact) SIP_HDR_##id,
#include "sip_header.def"
#undef SIP_HEADER
	SIP_HDR_OTHER,
	SIP_HDR_COUNT
};

#define SIP_HEADERS_MAX 128 /* beyond: indexed no more, SIP_FLAG_TOO_MANY_HEADERS */
#define SIP_NO_HEADER 0xff

/* What sip_parse returns besides the bytes consumed (> 0). */
/* not whole: the header's end or, by Content-Length, the body's end is missing */
#define SIP_PARTIAL (-2)
#define SIP_MALFORMED (-1) /* not SIP: no start line, or no way to read on */

/* What an RFC 3261 implementation would refuse or answer with 400/505; the message is parsed as far
 * as it goes. */
enum sip_flag {
	/* extra spaces, bad status code, escaped or bad Request-URI */
	SIP_FLAG_BAD_START_LINE = 1 << 0,
	SIP_FLAG_BAD_VERSION = 1 << 1,         /* not SIP/2.0 */
	/* one of Via, From, To, Call-ID, CSeq is absent (Max-Forwards is not counted) */
	SIP_FLAG_MISSING_HEADER = 1 << 2,
	/* a mandatory or decoded header whose value does not parse */
	SIP_FLAG_BAD_HEADER = 1 << 3,
	/* a header that may stand once stands twice with different values */
	SIP_FLAG_REPEATED_HEADER = 1 << 4,
	/* Content-Length negative, not a number, or larger than the datagram */
	SIP_FLAG_BAD_LENGTH = 1 << 5,
	SIP_FLAG_TOO_MANY_HEADERS = 1 << 6,
	SIP_FLAG_CSEQ_MISMATCH = 1 << 7,       /* CSeq method differs from the request's */
	SIP_FLAG_TRUNCATED = 1 << 8,           /* datagram: headers or body end early */
	SIP_FLAG_LF_ONLY = 1 << 9,             /* line ends without CR: lenient, not an error */
	SIP_FLAG_BAD_URI = 1 << 10,            /* Request-URI, From or To URI does not parse */
	/* Request-URI of a scheme other than sip, sips, tel: not an error of syntax */
	SIP_FLAG_UNKNOWN_SCHEME = 1 << 11,
	SIP_FLAG_BAD_DATE = 1 << 12, SIP_FLAG_BAD_WARNING = 1 << 13, SIP_FLAG_BAD_CONTACT = 1 << 14,
};
/* Those that make a message invalid by RFC 3261's grammar or rules. */
#define SIP_FLAGS_INVALID \
	(SIP_FLAG_BAD_START_LINE | SIP_FLAG_BAD_VERSION | SIP_FLAG_MISSING_HEADER | \
	SIP_FLAG_BAD_HEADER | SIP_FLAG_REPEATED_HEADER | SIP_FLAG_BAD_LENGTH | \
	SIP_FLAG_CSEQ_MISMATCH | SIP_FLAG_TRUNCATED | SIP_FLAG_BAD_URI | SIP_FLAG_BAD_DATE | \
	SIP_FLAG_BAD_WARNING | SIP_FLAG_BAD_CONTACT)

/* "missing_header", ... of one flag; "" of none of SIP_FLAGS_INVALID. */
const char *sip_fault_name(enum sip_flag flag);

struct sip_header {
	struct base_span name;  /* as it stands */
	struct base_span value; /* trimmed; a folded value keeps its line breaks */
	uint8_t id;             /* enum sip_header_id */
	uint8_t next;           /* next header of the same id (known ids only), or SIP_NO_HEADER */
};

/* A URI, taken apart.  kind SIP_URI_OTHER: only scheme and text are set. */
enum sip_uri_kind { SIP_URI_NONE, SIP_URI_SIP, SIP_URI_SIPS, SIP_URI_TEL, SIP_URI_OTHER };
struct sip_uri {
	struct base_span text;   /* whole URI */
	struct base_span scheme;
	/* without password and user parameters; tel: the number without parameters */
	struct base_span user;
	struct base_span user_params; /* behind ';' within the user part */
	struct base_span host;   /* IPv6 with its brackets */
	struct base_span params; /* behind the first ';', without it */
	struct base_span headers; /* behind '?' */
	uint16_t port;           /* 0: none */
	uint8_t kind;            /* enum sip_uri_kind */
};

/* name-addr or addr-spec with header parameters: From, To, Contact, P-Asserted-Identity, Diversion,
 * Refer-To ... */
struct sip_name_addr {
	struct base_span display; /* without quotes, escapes kept */
	struct sip_uri uri;
	struct base_span params;  /* header parameters, behind the first ';' */
	struct base_span tag;     /* of params */
};

struct sip_via {
	struct base_span transport, host, branch, received; /* host: IPv6 with brackets */
	struct base_span params;
	uint16_t port, rport;
};

/* What every message is asked of its From, its To and its top Via; the rest: sip_details_parse. */
struct sip_party {
	struct base_span value; /* the header's, whole */
	struct base_span tag;
};
struct sip_hop {
	struct base_span value; /* of the first Via header, which may hold several */
	struct base_span branch; /* of the first element */
};

struct sip_message {
	const uint8_t *start;
	uint32_t len;              /* bytes of the whole message, as sip_parse returned */
	uint32_t flags;            /* enum sip_flag */
	uint8_t method;            /* enum sip_method; SIP_METHOD_NONE in a response */
	uint8_t cseq_method;       /* enum sip_method */
	uint16_t status;           /* 100..999 in a response, else 0 */
	uint32_t cseq;             /* 0 where absent or bad (then SIP_FLAG_BAD_HEADER) */
	struct base_span start_line;
	struct base_span method_text, ruri_text, reason;
	struct base_span cseq_method_text;
	struct base_span call_id;
	struct sip_party from, to;
	struct sip_hop via;        /* top */
	struct base_span content_type;
	struct base_span body;     /* by Content-Length, else the rest of the datagram */
	uint8_t n_headers;
	uint8_t first[SIP_HDR_COUNT]; /* index of the first header of an id, or SIP_NO_HEADER */
	struct sip_header headers[SIP_HEADERS_MAX];
};

/* sip_parse: the message at p.  datagram: the bytes end with the datagram (a body longer than that
 * is cut and flagged, a missing end of headers is taken as the end); otherwise a stream, where
 * PARTIAL asks for more.  Leading CR LF are skipped. Returns bytes consumed (> 0), SIP_PARTIAL or
 * SIP_MALFORMED. *m is defined only when > 0. */
int32_t sip_parse(struct sip_message *m, const uint8_t *p, uint32_t len, bool datagram);

/* The Request-URI, the parties and the top Via taken apart, and every check of grammar: what a
 * first request is asked and the other messages of its dialog are not. */
struct sip_details {
	struct sip_uri ruri; /* request */
	struct sip_name_addr from, to;
	struct sip_via via;
	uint32_t flags; /* m->flags and all others of enum sip_flag that hold */
};
void sip_details_parse(const struct sip_message *m, struct sip_details *out);

/* The first header of a known id, or NULL; then the next one, or NULL. */
static inline const struct sip_header *
sip_header_find(const struct sip_message *m, enum sip_header_id id)
{
	if ((unsigned)id >= SIP_HDR_OTHER || m->first[id] == SIP_NO_HEADER)
		return NULL;
	return &m->headers[m->first[id]];
}

static inline const struct sip_header *
sip_header_next(const struct sip_message *m, const struct sip_header *h)
{
	return h->next == SIP_NO_HEADER ? NULL : &m->headers[h->next];
}

/* The value of the first header of a known id, or an empty span. */
static inline struct base_span
sip_header_value(const struct sip_message *m, enum sip_header_id id)
{
	const struct sip_header *h = sip_header_find(m, id);

	return h ? h->value : (struct base_span){0};
}

/* The first header named so (any case), known or not, or NULL: for configured extra headers. */
const struct sip_header *sip_header_named(const struct sip_message *m, struct base_span name);
/* Elements of a comma-separated header value, honouring quotes and <>: takes the next off *rest.
 * False at the end. */
bool sip_value_next(struct base_span *rest, struct base_span *element);
/* The parameter named so (any case) in ';'-separated params: true and its value (empty without '=',
 * quotes removed). */
bool sip_param_find(struct base_span params, struct base_span name, struct base_span *value);

enum sip_method sip_method_of(struct base_span token);
struct base_span sip_method_name(enum sip_method method); /* INVITE, ...; of NONE and OTHER empty */
const struct base_word *sip_method_word(enum sip_method method); /* the same */
/* The reason phrase that RFC 3261 and its extensions give a status; "": it has none here. */
struct base_span sip_phrase(uint16_t status);
const char *sip_header_name(enum sip_header_id id);
/* long or compact, any case; else SIP_HDR_OTHER */
enum sip_header_id sip_header_id_of(struct base_span name);

/* A value without its line folds (each fold and the white space around it becomes one space): true,
 * or false where it does not fit in cap (then *len is what fits). */
bool sip_unfold(struct base_span value, uint8_t *out, uint32_t cap, uint32_t *len);

/* The cheap gate: do these bytes start like a SIP message ("SIP/2.0 ", a registered method and any
 * URI but RTSP's, or any token and a sip:, sips: or tel: URI)?  Reads at most 64 bytes; 32 do for
 * registered methods. */
bool sip_looks_like(const uint8_t *p, uint32_t len);

#include "sip_frame.h"
#include "sip_sdp.h"
#include "sip_uri.h"
#include "sip_ws.h"
