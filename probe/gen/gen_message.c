#include "gen_private.h"

#define DOMAIN "carrier.example.net"
#define NUMBER_DIGITS 12
#define LARGE_LINES 24 /* that make a message longer than a frame */

const struct gen_message_info gen_messages[GEN_M_COUNT] = {
#define GEN_MESSAGE(id, method, status, flags) {method, status, flags},
#include "gen_message.def"
#undef GEN_MESSAGE
};

const char *
gen_reason(uint16_t code)
{
	static const struct {
		uint16_t code;
		const char *text;
	} reasons[] = {{100, "Trying"}, {180, "Ringing"}, {183, "Session Progress"}, {200, "OK"},
		{301, "Moved Permanently"}, {302, "Moved Temporarily"}, {401, "Unauthorized"},
		{403, "Forbidden"}, {404, "Not Found"}, {407, "Proxy Authentication Required"},
		{408, "Request Timeout"}, {480, "Temporarily Unavailable"}, {486, "Busy Here"},
		{487, "Request Terminated"}, {488, "Not Acceptable Here"},
		{500, "Server Internal Error"}, {503, "Service Unavailable"},
		{600, "Busy Everywhere"}, {603, "Decline"}};

	for (uint32_t i = 0; i < base_count_of(reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].text;
	return "";
}

/* ---- what identifies ---- */

void
gen_put_call_id(const struct gen_call *c, struct base_text *t)
{
	base_text_hex(t, c->hash, 16);
	base_text_char(t, '-');
	base_text_u64(t, c->serial);
	base_text_str(t, "@gen." DOMAIN);
}

void
gen_put_tag(const struct gen_call *c, struct base_text *t, bool callee)
{
	base_text_char(t, callee ? 'b' : 'a');
	base_text_hex(t, (uint32_t)base_hash_mix(c->hash + callee), 8);
}

/* The prefix and digits that only this call has there. */
void
gen_put_number(const struct gen *g, const struct gen_call *c, struct base_text *t, bool callee)
{
	const char *prefix = callee ? g->options.to[c->to].text : g->options.from[c->from].text;
	uint64_t digits = base_hash_mix(c->hash + 2 + callee);

	base_text_str(t, prefix);
	for (size_t n = strlen(prefix) - (prefix[0] == '+'); n < NUMBER_DIGITS; n++) {
		base_text_char(t, (char)('0' + digits % 10));
		digits /= 10;
	}
}

uint8_t
gen_digit_event(const struct gen_call *c, uint32_t i)
{
	return (uint8_t)(base_hash_mix(c->hash ^ (i + 77)) % 12);
}

char
gen_digit(const struct gen_call *c, uint32_t i)
{
	return "0123456789*#"[gen_digit_event(c, i)];
}

/* ---- SDP ---- */

bool
gen_message_has_sdp(const struct gen_call *c, enum gen_message_id id, uint32_t cseq)
{
	bool late = (c->flags & GEN_CALL_LATE_OFFER) != 0;

	/* Late: the 200 offers, its ACK answers. */
	switch (id) {
	case GEN_M_INVITE:
	case GEN_M_INVITE_AGAIN:
	case GEN_M_PROGRESS: return !late;
	case GEN_M_ACK: return late && cseq == 1u + ((c->flags & GEN_CALL_AUTHORIZED) != 0);
	default: return (gen_messages[id].flags & (GEN_OFFERS | GEN_ANSWERS)) != 0;
	}
}

static void
put_ip(struct base_text *t, const struct base_ip *ip)
{
	base_text_str(t, base_ip_is_v4(ip) ? "IP4 " : "IP6 ");
	base_text_ip(t, ip);
}

static void
put_rtpmap(struct base_text *t, uint32_t payload_type, const char *name, uint32_t clock_hz)
{
	base_text_str(t, "a=rtpmap:");
	base_text_u64(t, payload_type);
	base_text_char(t, ' ');
	base_text_str(t, name);
	base_text_char(t, '/');
	base_text_u64(t, clock_hz);
	base_text_str(t, strcmp(name, "opus") == 0 ? "/2\r\n" : "\r\n");
}

static void
put_sdp(const struct gen *g, const struct gen_call *c, struct base_text *t,
	const struct gen_said *said)
{
	enum gen_message_id id = (enum gen_message_id)said->message;
	bool callee = gen_message_from_callee(c, id);
	bool still = (gen_messages[id].flags & GEN_STILL) != 0;
	const struct gen_codec_info *codec = &g->codecs[c->codec];
	struct base_endpoint at = gen_media_at(g, c, callee, true);

	base_text_str(t, "v=0\r\no=- ");
	base_text_u64(t, c->serial);
	base_text_char(t, ' ');
	base_text_u64(t, said->cseq);
	base_text_str(t, " IN ");
	put_ip(t, &at.ip);
	base_text_str(t, "\r\ns=-\r\nc=IN ");
	put_ip(t, &at.ip);
	base_text_str(t, "\r\nt=0 0\r\nm=audio ");
	base_text_u64(t, at.port);
	base_text_str(t, " RTP/AVP ");
	base_text_u64(t, codec->payload_type);
	base_text_str(t, " 101\r\n");
	put_rtpmap(t, codec->payload_type, rtp_codec_name((enum rtp_codec)codec->codec),
		codec->clock_hz);
	put_rtpmap(t, 101, "telephone-event", codec->clock_hz);
	base_text_str(t, "a=fmtp:101 0-15\r\na=ptime:");
	base_text_u64(t, (uint64_t)(codec->packet_ns / BASE_NS_PER_MS));
	base_text_str(t, still ? "\r\na=inactive\r\n" : "\r\na=sendrecv\r\n");
}

/* ---- headers ---- */

static void
put_socket(struct base_text *t, const struct base_endpoint *at)
{
	bool v6 = !base_ip_is_v4(&at->ip);

	base_text_str(t, v6 ? "[" : "");
	base_text_ip(t, &at->ip);
	base_text_str(t, v6 ? "]:" : ":");
	base_text_u64(t, at->port);
}

static void
put_party(const struct gen *g, const struct gen_call *c, struct base_text *t, bool callee)
{
	base_text_str(t, "<sip:");
	gen_put_number(g, c, t, callee);
	base_text_str(t, "@" DOMAIN ";user=phone>");
}

static void
put_start_line(const struct gen *g, const struct gen_call *c, struct base_text *t,
	enum gen_message_id id)
{
	const struct gen_message_info *info = &gen_messages[id];
	uint16_t code = info->status == 1 ? c->code : info->status;

	if (code) {
		base_text_str(t, "SIP/2.0 ");
		base_text_u64(t, code);
		base_text_char(t, ' ');
		base_text_str(t, gen_reason(code));
	} else if (c->flags & GEN_CALL_REGISTRATION) {
		base_text_str(t, "REGISTER sip:" DOMAIN " SIP/2.0");
	} else {
		base_text_str(t, info->method);
		base_text_str(t, " sip:");
		gen_put_number(g, c, t, !gen_message_from_callee(c, id));
		base_text_str(t, "@" DOMAIN ";user=phone SIP/2.0");
	}
	base_text_str(t, "\r\n");
}

/* Of the one who asks; ACK to a refusal, CANCEL: the branch of their INVITE. */
static void
put_via(const struct gen *g, const struct gen_call *c, struct base_text *t,
	const struct gen_said *said)
{
	const struct gen_message_info *info = &gen_messages[said->message];
	bool callee = info->flags & GEN_ENDER && c->flags & GEN_CALL_CALLEE_ENDS;
	struct base_endpoint at = gen_signalling_at(g, c, callee);
	uint64_t own = (info->flags & GEN_OWN_BRANCH ? 1000 : 0) + 2000u * callee;

	base_text_str(t, c->flags & GEN_CALL_TCP ? "Via: SIP/2.0/TCP " : "Via: SIP/2.0/UDP ");
	put_socket(t, &at);
	base_text_str(t, ";branch=z9hG4bK");
	base_text_hex(t, base_hash_mix(c->hash ^ (own + said->cseq)), 16);
	base_text_str(t, info->status ? "\r\n" : ";rport\r\nMax-Forwards: 70\r\n");
}

/* From and To turn round where the callee asks. */
static void
put_parties(const struct gen *g, const struct gen_call *c, struct base_text *t,
	enum gen_message_id id)
{
	const struct gen_message_info *info = &gen_messages[id];
	bool turned = info->flags & GEN_ENDER && c->flags & GEN_CALL_CALLEE_ENDS;
	bool own = (c->flags & GEN_CALL_REGISTRATION) != 0; /* the party registers itself */

	base_text_str(t, "From: ");
	if (!turned && !own)
		base_text_str(t, "\"Subscriber\" ");
	put_party(g, c, t, turned);
	base_text_str(t, ";tag=");
	gen_put_tag(c, t, turned);
	base_text_str(t, "\r\nTo: ");
	put_party(g, c, t, !turned && !own);
	if (info->flags & GEN_TAGGED) {
		base_text_str(t, ";tag=");
		gen_put_tag(c, t, !turned);
	}
	base_text_str(t, "\r\nCall-ID: ");
	gen_put_call_id(c, t);
	base_text_str(t, "\r\n");
}

static void
put_credentials(const struct gen_call *c, struct base_text *t, const struct gen_said *said)
{
	const struct gen_message_info *info = &gen_messages[said->message];
	bool proxy = !(c->flags & GEN_CALL_REGISTRATION);

	if (info->flags & GEN_DEMANDS) {
		base_text_str(t, proxy ? "Proxy-Authenticate" : "WWW-Authenticate");
		base_text_str(t, ": Digest realm=\"" DOMAIN "\", nonce=\"");
		base_text_hex(t, base_hash_mix(c->hash + 9), 16);
		base_text_str(t, "\", algorithm=MD5\r\n");
	} else if (info->flags & GEN_BEGINS && c->flags & GEN_CALL_AUTHORIZED && said->cseq > 1) {
		base_text_str(t, proxy ? "Proxy-Authorization" : "Authorization");
		base_text_str(t, ": Digest username=\"gen\", realm=\"" DOMAIN "\", nonce=\"");
		base_text_hex(t, base_hash_mix(c->hash + 9), 16);
		base_text_str(t, "\", uri=\"sip:" DOMAIN "\", response=\"");
		base_text_hex(t, base_hash_mix(c->hash + 10), 32);
		base_text_str(t, "\"\r\n");
	}
}

/* What IMS puts into its INVITEs. */
static void
put_large(const struct gen_call *c, struct base_text *t)
{
	for (uint32_t i = 0; i < LARGE_LINES; i++) {
		base_text_str(t, "P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=");
		base_text_hex(t, base_hash_mix(c->hash + i + 100), 16);
		base_text_str(t, "\r\n");
	}
}

static void
put_contact(const struct gen *g, const struct gen_call *c, struct base_text *t,
	const struct gen_said *said)
{
	enum gen_message_id id = (enum gen_message_id)said->message;
	bool callee = gen_message_from_callee(c, id);
	uint16_t status = gen_messages[id].status;
	struct base_endpoint at = gen_signalling_at(g, c, callee);

	if (status == 1 && c->fate == GEN_REDIRECTED) {
		base_text_str(t, "Contact: <sip:voicemail@" DOMAIN ">\r\n");
	} else if (c->flags & GEN_CALL_REGISTRATION) {
		if (id == GEN_M_REGISTER_AUTH)
			return;
		at = gen_signalling_at(g, c, false);
		base_text_str(t, "Contact: <sip:gen@");
		put_socket(t, &at);
		base_text_str(t, ">;expires=3600\r\n");
	} else if (gen_message_has_sdp(c, id, said->cseq) || id == GEN_M_RINGING) {
		base_text_str(t, "Contact: <sip:gen@");
		put_socket(t, &at);
		base_text_str(t, ">\r\n");
		base_text_str(t, callee ? "Server: Trunk Gateway 7.2\r\n"
					: "User-Agent: Trunk Gateway 7.2\r\n");
	}
}

/* ---- the whole ---- */

static void
put_body(const struct gen *g, const struct gen_call *c, struct base_text *body,
	const struct gen_said *said)
{
	if (gen_message_has_sdp(c, said->message, said->cseq)) {
		put_sdp(g, c, body, said);
	} else if (gen_messages[said->message].flags & GEN_DIGIT) {
		/* The CSeq counts INVITEs before, then a digit each. */
		uint32_t i = said->cseq - 2 - ((c->flags & GEN_CALL_AUTHORIZED) != 0);
		base_text_str(body, "Signal=");
		base_text_char(body, gen_digit(c, i));
		base_text_str(body, "\r\nDuration=");
		base_text_u64(body, GEN_INFO_MS);
		base_text_str(body, "\r\n");
	}
}

void
gen_message_text(const struct gen *g, const struct gen_call *c, struct base_text *t,
	const struct gen_said *said)
{
	enum gen_message_id id = (enum gen_message_id)said->message;
	const struct gen_message_info *info = &gen_messages[id];
	char bytes[1024];
	struct base_text body = base_text_of(bytes, sizeof(bytes));

	put_body(g, c, &body, said);
	put_start_line(g, c, t, id);
	put_via(g, c, t, said);
	put_parties(g, c, t, id);
	base_text_str(t, "CSeq: ");
	base_text_u64(t, said->cseq);
	base_text_char(t, ' ');
	base_text_str(t, info->method);
	base_text_str(t, "\r\n");
	put_contact(g, c, t, said);
	put_credentials(c, t, said);
	if (c->flags & GEN_CALL_LARGE && id == GEN_M_INVITE)
		put_large(c, t);
	if (info->flags & GEN_DIGIT)
		base_text_str(t, "Content-Type: application/dtmf-relay\r\n");
	else if (body.len)
		base_text_str(t, "Content-Type: application/sdp\r\n");
	base_text_str(t, "Content-Length: ");
	base_text_u64(t, body.len);
	base_text_str(t, "\r\n\r\n");
	base_text_bytes(t, body.p, body.len);
}
