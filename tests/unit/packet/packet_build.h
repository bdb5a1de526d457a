/* packet_build: frames from words, for the tests of packet.
 *
 *     struct build b;
 *     build_stack(&b, "eth vlan:100 ip4 udp:4789 vxlan eth ip6 udp", BUILD_TEXT);
 *     b.p[0..b.len) is the frame.
 *
 * Words stand outermost first; a layer's type field and lengths follow from what it carries.  The innermost IP header always
 * has 10.0.0.1 > 10.0.1.1 or 2001:db8::1 > 2001:db8:1::1, the next one out 2, and so on; ports are 1000 > 5060. */
#pragma once

#include <stdlib.h>

#include "base.h"

#define BUILD_ROOM 70000u
#define BUILD_TEXT "OPTIONS sip:a@b SIP/2.0\r\n\r\n"
#define BUILD_TEXT_LEN (sizeof(BUILD_TEXT) - 1)

struct build {
	uint8_t room[BUILD_ROOM];
	uint8_t *p;
	uint32_t len;
	uint32_t type;     /* EtherType of what stands at p */
	uint32_t protocol; /* IP protocol of what stands at p */
	uint32_t ip_count;
};

static inline uint8_t *
build_front(struct build *b, uint32_t n)
{
	b->p -= n;
	b->len += n;
	memset(b->p, 0, n);
	return b->p;
}

static inline void
build_begin(struct build *b, const void *payload, uint32_t len)
{
	b->p = b->room + sizeof(b->room) - 64; /* room for padding behind */
	memset(b->p, 0, 64);
	b->len = b->type = b->protocol = b->ip_count = 0;
	memcpy(build_front(b, len), payload, len);
}

/* ---- transports ---- */

static inline void
build_udp(struct build *b, uint32_t port)
{
	uint8_t *p = build_front(b, 8);
	base_store_be16(p, 1000);
	base_store_be16(p + 2, (uint16_t)(port ? port : 5060));
	base_store_be16(p + 4, (uint16_t)b->len);
	b->protocol = 17;
}

/* arg: words of options */
static inline void
build_tcp(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 20 + arg * 4);
	base_store_be16(p, 1000);
	base_store_be16(p + 2, 5060);
	base_store_be32(p + 4, 0x01020304);
	p[12] = (uint8_t)((5 + arg) << 4);
	p[13] = 0x18;
	b->protocol = 6;
}

static inline void
build_sctp(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 12);
	base_store_be16(p, 1000);
	base_store_be16(p + 2, 5060);
	b->protocol = 132;
}

/* A chunk of the type whose value is what stands at p; DATA and I-DATA have 12 or 16 bytes more. */
static inline void
build_chunk(struct build *b, uint32_t type)
{
	uint32_t len = b->len, more = type == 0 ? 12 : type == 64 ? 16 : 0;
	if (len % 4) { /* padding behind, not counted */
		memmove(b->p - (4 - len % 4), b->p, len);
		b->p -= 4 - len % 4;
		b->len += 4 - len % 4;
		memset(b->p + len, 0, 4 - len % 4);
	}
	uint8_t *p = build_front(b, 4 + more);
	p[0] = (uint8_t)type;
	p[1] = 3;
	base_store_be16(p + 2, (uint16_t)(len + 4 + more));
}

static inline void
build_data(struct build *b, uint32_t arg)
{
	build_chunk(b, 0);
}

static inline void
build_idata(struct build *b, uint32_t arg)
{
	build_chunk(b, 64);
}

/* A SACK chunk of 16 bytes before what stands at p. */
static inline void
build_sack(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 16);
	p[0] = 3;
	base_store_be16(p + 2, 16);
}

/* arg: the protocol number */
static inline void
build_proto(struct build *b, uint32_t arg)
{
	b->protocol = arg;
}

/* ---- IP ---- */

/* arg: words of options */
static inline void
build_ip4(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 20 + arg * 4);
	p[0] = (uint8_t)(0x45 + arg);
	p[1] = 46 << 2;
	base_store_be16(p + 2, (uint16_t)b->len);
	base_store_be16(p + 4, 0x1234);
	p[8] = 64;
	p[9] = (uint8_t)b->protocol;
	memcpy(p + 12, (uint8_t[]){10, 0, 0, (uint8_t)(b->ip_count + 1), 10, 0, 1, (uint8_t)(b->ip_count + 1)}, 8);
	memset(p + 20, 1, arg * 4);
	b->ip_count++;
	b->type = 0x0800, b->protocol = 4;
}

static inline void
build_ip6(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 40);
	base_store_be16(p, (uint16_t)(0x6000 | 46 << 6));
	base_store_be16(p + 4, (uint16_t)(b->len - 40));
	p[6] = (uint8_t)b->protocol;
	p[7] = 63;
	base_store_be32(p + 8, 0x20010db8), p[23] = (uint8_t)(b->ip_count + 1);
	base_store_be32(p + 24, 0x20010db8), p[29] = 1, p[39] = (uint8_t)(b->ip_count + 1);
	b->ip_count++;
	b->type = 0x86dd, b->protocol = 41;
}

/* arg: further units of 8 bytes */
static inline void
build_extension(struct build *b, uint32_t number, uint32_t arg)
{
	uint8_t *p = build_front(b, 8 + arg * 8);
	p[0] = (uint8_t)b->protocol;
	p[1] = (uint8_t)arg;
	b->protocol = number;
}

static inline void
build_hop(struct build *b, uint32_t arg)
{
	build_extension(b, 0, arg);
}

static inline void
build_route(struct build *b, uint32_t arg)
{
	build_extension(b, 43, arg);
}

static inline void
build_dest(struct build *b, uint32_t arg)
{
	build_extension(b, 60, arg);
}

static inline void
build_ah(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 24);
	p[0] = (uint8_t)b->protocol;
	p[1] = 4;
	b->protocol = 51;
}

/* arg: offset and M bit as on the wire; 0: an atomic fragment */
static inline void
build_frag(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 8);
	p[0] = (uint8_t)b->protocol;
	base_store_be16(p + 2, (uint16_t)arg);
	base_store_be32(p + 4, 0xabcd0001);
	b->protocol = 44;
}

/* ---- tunnels ---- */

static inline void
build_gre_flags(struct build *b, uint32_t flags)
{
	uint8_t *p = build_front(b, 4 + (flags & 0x8000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0));
	base_store_be16(p, (uint16_t)flags);
	base_store_be16(p + 2, (uint16_t)b->type);
	b->protocol = 47;
}

/* arg: 1 checksum, 2 key, 4 sequence */
static inline void
build_gre(struct build *b, uint32_t arg)
{
	build_gre_flags(b, (arg & 1 ? 0x8000 : 0) | (arg & 2 ? 0x2000 : 0) | (arg & 4 ? 0x1000 : 0));
}

/* arg: 1 with an acknowledgement */
static inline void
build_pptp(struct build *b, uint32_t arg)
{
	uint32_t len = b->len;
	uint8_t *p = build_front(b, arg ? 16 : 12);
	base_store_be16(p, (uint16_t)(0x3001 | (arg ? 0x80 : 0)));
	base_store_be16(p + 2, 0x880b);
	base_store_be16(p + 4, (uint16_t)len);
	b->protocol = 47;
}

/* arg: 1, 2 or 3; 4: type III with the platform subheader; 5: type III with IP inside.  With its
 * GRE header. */
static inline void
build_erspan(struct build *b, uint32_t arg)
{
	if (arg == 4)
		build_front(b, 8);
	uint8_t *p = build_front(b, arg == 1 ? 0 : arg == 2 ? 8 : 12);
	if (arg > 1)
		p[0] = arg == 2 ? 0x10 : 0x20;
	if (arg == 4)
		p[11] = 1;
	if (arg == 5)
		p[10] = 2 << 2;
	b->type = arg > 2 ? 0x22eb : 0x88be;
	build_gre_flags(b, arg > 1 ? 0x1000 : 0);
}

static inline void
build_vxlan(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 8);
	p[0] = 8;
	p[6] = 42;
}

/* arg: next protocol */
static inline void
build_gpe(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 8);
	p[0] = 0x0c;
	p[3] = (uint8_t)arg;
}

/* arg: words of options */
static inline void
build_geneve(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 8 + arg * 4);
	p[0] = (uint8_t)arg;
	base_store_be16(p + 2, (uint16_t)b->type);
}

/* arg: 0 bare, 1 sequence number, 2 and 3: as many extension headers less one */
static inline void
build_gtpu(struct build *b, uint32_t arg)
{
	for (uint32_t i = 1; i < arg; i++) {
		uint8_t *e = build_front(b, 4);
		e[0] = 1;
		e[3] = i > 1 ? 0x85 : 0;
	}
	uint8_t *p = build_front(b, arg ? 12 : 8);
	p[0] = (uint8_t)(0x30 | (arg == 1 ? 2 : arg ? 4 : 0));
	p[1] = 255;
	base_store_be16(p + 2, (uint16_t)(b->len - 8));
	if (arg > 1)
		p[11] = 0x85;
}

/* ---- links ---- */

static inline void
build_eth(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 14);
	memcpy(p, (uint8_t[]){0x00, 0x1b, 0x21, 1, 2, 3, 0x02, 0, 0, 0, 0, 1}, 12);
	base_store_be16(p + 12, (uint16_t)b->type);
	b->type = 0x6558;
}

/* SNAP; the EtherType field above it becomes a length. */
static inline void
build_snap(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 8);
	memcpy(p, (uint8_t[]){0xaa, 0xaa, 3}, 3);
	base_store_be16(p + 6, (uint16_t)b->type);
	b->type = b->len;
}

/* IP over 802.2 by SAP. */
static inline void
build_sap(struct build *b, uint32_t arg)
{
	memcpy(build_front(b, 3), (uint8_t[]){6, 6, 3}, 3);
	b->type = b->len;
}

static inline void
build_tag(struct build *b, uint32_t id, uint32_t type)
{
	uint8_t *p = build_front(b, 4);
	base_store_be16(p, (uint16_t)(0xa000 | id));
	base_store_be16(p + 2, (uint16_t)b->type);
	b->type = type;
}

static inline void
build_vlan(struct build *b, uint32_t arg)
{
	build_tag(b, arg, 0x8100);
}

static inline void
build_qinq(struct build *b, uint32_t arg)
{
	build_tag(b, arg, 0x88a8);
}

static inline void
build_qold(struct build *b, uint32_t arg)
{
	build_tag(b, arg, 0x9100);
}

static inline void
build_mpls(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 4);
	base_store_be32(p, (uint32_t)((100 + arg) << 12 | (b->type != 0x8847) << 8 | 64));
	b->type = 0x8847, b->protocol = 137;
}

/* Pseudo-wire control word. */
static inline void
build_cw(struct build *b, uint32_t arg)
{
	build_front(b, 4);
}

/* arg: 0 address, control and two bytes; 1 two bytes; 2 one byte */
static inline void
build_ppp(struct build *b, uint32_t arg)
{
	uint8_t protocol = b->type == 0x0800 ? 0x21 : b->type == 0x86dd ? 0x57 : 0x23;
	uint8_t *p = build_front(b, arg == 2 ? 1 : arg == 1 ? 2 : 4);
	if (b->type == 0x8847)
		p[arg ? 0 : 2] = 2, protocol = 0x81;
	p[arg == 2 ? 0 : arg == 1 ? 1 : 3] = protocol;
	if (arg == 0)
		p[0] = 0xff, p[1] = 3;
	b->type = 0x880b;
}

/* Cisco HDLC. */
static inline void
build_chdlc(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 4);
	p[0] = 0x0f;
	base_store_be16(p + 2, (uint16_t)b->type);
}

static inline void
build_pppoe(struct build *b, uint32_t arg)
{
	uint32_t len = b->len;
	uint8_t *p = build_front(b, 6);
	p[0] = 0x11;
	p[3] = 7;
	base_store_be16(p + 4, (uint16_t)len);
	b->type = 0x8864;
}

static inline void
build_sll(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 16);
	base_store_be16(p + 14, (uint16_t)(b->type < 0x600 ? 4 : b->type));
}

static inline void
build_sll2(struct build *b, uint32_t arg)
{
	base_store_be16(build_front(b, 20), (uint16_t)(b->type < 0x600 ? 4 : b->type));
}

/* arg: the family, in network order; 1000 more: the other order */
static inline void
build_null(struct build *b, uint32_t arg)
{
	uint8_t *p = build_front(b, 4);
	p[arg >= 1000 ? 0 : 3] = (uint8_t)(arg % 1000);
}

struct build_word {
	const char *name;
	void (*put)(struct build *b, uint32_t arg);
};

static const struct build_word build_words[] = {
	{"udp", build_udp}, {"tcp", build_tcp}, {"sctp", build_sctp}, {"data", build_data}, {"idata", build_idata},
	{"sack", build_sack}, {"proto", build_proto}, {"ip4", build_ip4}, {"ip6", build_ip6}, {"hop", build_hop},
	{"route", build_route}, {"dest", build_dest}, {"ah", build_ah}, {"frag", build_frag}, {"gre", build_gre},
	{"pptp", build_pptp}, {"erspan", build_erspan}, {"vxlan", build_vxlan}, {"gpe", build_gpe},
	{"geneve", build_geneve}, {"gtpu", build_gtpu}, {"eth", build_eth}, {"snap", build_snap}, {"sap", build_sap},
	{"vlan", build_vlan}, {"qinq", build_qinq}, {"qold", build_qold}, {"mpls", build_mpls}, {"cw", build_cw},
	{"ppp", build_ppp}, {"chdlc", build_chdlc}, {"pppoe", build_pppoe}, {"sll", build_sll}, {"sll2", build_sll2},
	{"null", build_null},
};

static inline void
build_word(struct build *b, const char *word, size_t len)
{
	uint32_t arg = 0;
	size_t name = 0;

	while (name < len && word[name] != ':')
		name++;
	for (size_t i = name + 1; i < len; i++)
		arg = arg * 10 + (uint32_t)(word[i] - '0');
	for (size_t i = 0; i < base_count_of(build_words); i++) {
		if (strlen(build_words[i].name) == name && memcmp(build_words[i].name, word, name) == 0) {
			build_words[i].put(b, arg);
			return;
		}
	}
	abort();
}

/* Puts the words of stack around what b holds, last word first. */
static inline void
build_wrap(struct build *b, const char *stack)
{
	size_t end = strlen(stack), start;

	while (end > 0) {
		for (start = end; start > 0 && stack[start - 1] != ' ';)
			start--;
		build_word(b, stack + start, end - start);
		end = start ? start - 1 : 0;
	}
}

static inline void
build_stack(struct build *b, const char *stack, const char *payload)
{
	build_begin(b, payload, (uint32_t)strlen(payload));
	build_wrap(b, stack);
}
