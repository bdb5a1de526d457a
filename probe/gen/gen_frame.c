#include "gen_private.h"

#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define IPV6_FRAGMENT_BYTES 8
#define UDP_BYTES 8
#define TCP_BYTES 20
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PROTOCOL_FRAGMENT 44

/* ---- checksums ---- */

static uint32_t
sum_of(const uint8_t *p, uint32_t len)
{
	uint32_t sum = 0, i = 0;

	for (; i + 1 < len; i += 2)
		sum += base_load_be16(p + i);
	return i < len ? sum + ((uint32_t)p[i] << 8) : sum;
}

/* Of UDP and TCP over their pseudo header (RFC 768, RFC 8200 8.1). */
static uint16_t
transport_checksum(const struct gen_path *path, uint8_t protocol, const uint8_t *p, uint32_t len)
{
	bool v4 = base_ip_is_v4(&path->src.ip);
	uint32_t skip = v4 ? 12 : 0, sum = sum_of(p, len) + len + protocol;

	sum += sum_of(path->src.ip.b + skip, 16 - skip) + sum_of(path->dst.ip.b + skip, 16 - skip);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	return (uint16_t)(sum == 0 && protocol == PROTOCOL_UDP ? 0xffff : sum);
}

/* ---- IP ---- */

struct ip_options {
	const struct gen_path *path;
	uint32_t len;          /* behind the header */
	uint32_t id;
	uint16_t fragment;     /* offset in units of 8 bytes, shifted by 3; 1: more follow */
	uint8_t protocol;
};

/* A header where frame's link ends; what follows it. */
static uint8_t *
put_ip(const struct gen *g, uint8_t *frame, const struct ip_options *o)
{
	bool v6 = !base_ip_is_v4(&o->path->src.ip);
	uint8_t *p = frame + g->link.len;

	gen_link_put(&g->link, frame, v6, o->len + (v6 ? IPV6_BYTES : IPV4_BYTES));
	if (!v6) {
		gen_put_ipv4(p, IPV4_BYTES + o->len, o->protocol);
		base_store_be16(p + 4, (uint16_t)o->id);
		base_store_be16(p + 6, (uint16_t)(o->fragment >> 3 | (o->fragment & 1) << 13));
		memcpy(p + 12, o->path->src.ip.b + 12, 4);
		memcpy(p + 16, o->path->dst.ip.b + 12, 4);
		gen_ipv4_checksum(p);
		return p + IPV4_BYTES;
	}
	base_store_be32(p, 0x60000000);
	base_store_be16(p + 4, (uint16_t)o->len);
	p[6] = o->protocol;
	p[7] = 62;
	memcpy(p + 8, o->path->src.ip.b, 16);
	memcpy(p + 24, o->path->dst.ip.b, 16);
	return p + IPV6_BYTES;
}

static void
put_udp(uint8_t *p, const struct gen_path *path, uint32_t len)
{
	base_store_be16(p, path->src.port);
	base_store_be16(p + 2, path->dst.port);
	base_store_be16(p + 4, (uint16_t)len);
	base_store_be16(p + 6, 0);
}

uint8_t *
gen_payload(const struct gen *g, uint8_t *frame, bool v6)
{
	return frame + g->link.len + (v6 ? IPV6_BYTES : IPV4_BYTES) + UDP_BYTES;
}

/* IPv4 without a checksum, as media gateways send it; IPv6 must have one. */
void
gen_frame_udp(struct gen *g, struct gen_frame *f, const struct gen_path *path, uint32_t len)
{
	struct ip_options o = {path, UDP_BYTES + len, ++g->ip_id, 0, PROTOCOL_UDP};
	uint8_t *p = put_ip(g, f->bytes, &o);

	put_udp(p, path, UDP_BYTES + len);
	if (!base_ip_is_v4(&path->src.ip))
		base_store_be16(p + 6, transport_checksum(path, PROTOCOL_UDP, p, UDP_BYTES + len));
	f->len = (uint32_t)(p - f->bytes) + UDP_BYTES + len;
	f->ts_ns = g->now_ns;
}

/* ---- messages: in one frame, in fragments, or in segments ---- */

static void
pending_segment(struct gen *g, struct gen_frame *f)
{
	struct gen_pending *m = &g->pending;
	uint32_t room = g->options.mtu - IPV6_BYTES - TCP_BYTES, len = m->len - m->sent;

	if (len > room)
		len = room;
	struct ip_options o = {&m->path, TCP_BYTES + len, m->ip_id, 0, PROTOCOL_TCP};
	uint8_t *p = put_ip(g, f->bytes, &o);
	base_store_be16(p, m->path.src.port);
	base_store_be16(p + 2, m->path.dst.port);
	base_store_be32(p + 4, m->tcp_seq + m->sent);
	base_store_be32(p + 8, m->tcp_ack);
	base_store_be16(p + 12, (uint16_t)(5 << 12 | m->tcp_flags));
	base_store_be16(p + 14, 65535);
	base_store_be32(p + 16, 0);
	memcpy(p + TCP_BYTES, m->bytes + m->sent, len);
	base_store_be16(p + 16, transport_checksum(&m->path, PROTOCOL_TCP, p, TCP_BYTES + len));
	f->len = (uint32_t)(p - f->bytes) + TCP_BYTES + len;
	m->sent += len;
	m->ip_id++;
}

/* bytes[] holds the UDP header too. */
static void
pending_datagram(struct gen *g, struct gen_frame *f)
{
	struct gen_pending *m = &g->pending;
	uint32_t head = m->v6 ? IPV6_BYTES : IPV4_BYTES, left = m->len - m->sent, len = left;
	bool whole = m->sent == 0 && head + m->len <= g->options.mtu;
	uint32_t extra = m->v6 && !whole ? IPV6_FRAGMENT_BYTES : 0;

	if (head + extra + left > g->options.mtu)
		len = (g->options.mtu - head - extra) & ~7u;
	uint16_t fragment = (uint16_t)(m->sent | (len < left));
	struct ip_options o = {&m->path, extra + len, m->ip_id, fragment,
		extra ? PROTOCOL_FRAGMENT : PROTOCOL_UDP};
	uint8_t *p = put_ip(g, f->bytes, &o);
	if (extra) {
		base_store_be16(p, PROTOCOL_UDP << 8);
		base_store_be16(p + 2, fragment);
		base_store_be32(p + 4, m->ip_id);
		p += extra;
	}
	memcpy(p, m->bytes + m->sent, len);
	f->len = (uint32_t)(p - f->bytes) + len;
	m->sent += len;
}

bool
gen_frame_pending(struct gen *g, struct gen_frame *f)
{
	struct gen_pending *m = &g->pending;

	if (m->len == 0)
		return false;
	if (m->sent == 0 && !m->tcp) {
		put_udp(m->bytes, &m->path, m->len);
		base_store_be16(m->bytes + 6,
			transport_checksum(&m->path, PROTOCOL_UDP, m->bytes, m->len));
	}
	if (m->tcp)
		pending_segment(g, f);
	else
		pending_datagram(g, f);
	f->ts_ns = m->ts_ns;
	if (m->sent == m->len)
		m->len = 0;
	return true;
}
