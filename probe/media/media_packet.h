/* media_packet: a packet on its way through the media room's burst, and how a plain frame
 * (packet_plain.h) becomes one: looked at, its key hashed, its bucket asked of the cache, in one
 * run, for each of these needs what the one before has in its registers. */
#pragma once

#include "base.h"
#include "media_table.h"
#include "packet.h"
#include "packet_plain.h"

/* By its view; or plain: payload and lengths are there, UDP header and addresses right before them,
 * and the view is made where the packet is asked about after a miss. */
struct media_packet {
	const struct packet_view *view; /* UDP; NULL: plain, and not made yet */
	int64_t ts_ns;
	/* these, and the lengths: of the view, by media_prepare */
	const uint8_t *payload;
	uint32_t payload_len, payload_wire_len;
	uint64_t hash;                  /* 0: cannot be RTP */
	uint32_t stream;                /* media_find's guess, then media_update's, or MEDIA_NONE */
	uint8_t at;                     /* the caller's own */
};

/* Where streams are looked for: of a struct media, for as long as it is. */
struct media_front {
	struct media_table table;
	uint64_t secret[7];
};

/* Version 2, and no RTCP on the same port: a second byte of 192..223 (RFC 5761 section 4). */
static inline bool
media_may_be_rtp(const uint8_t *payload, uint32_t len)
{
	return len >= 12 && (int8_t)payload[0] < -64 && (payload[1] & 0xe0) != 0xc0;
}

/* ---- the hash of a stream's key ---- */

/* Keyed in each factor; never 0.  Once more at the end: without it, SSRCs that count up over one
 * pair of addresses are an arithmetic progression in the low bits. */
static inline uint64_t
media_mix_end(const uint64_t secret[7], uint64_t h)
{
	h = base_hash_fold(h, secret[6]);
	return h ? h : 1;
}

/* addresses, ports: as they stand in the packet, source and destination. */
static inline uint64_t
media_mix_v4(const uint64_t secret[7], uint64_t addresses, uint32_t ports, uint32_t ssrc)
{
	return media_mix_end(secret, base_hash_fold(addresses ^ secret[0],
					     ((uint64_t)ports << 32 | ssrc) ^ secret[1]));
}

/* The same for any addresses, those of IPv4 in IPv6 among them. */
uint64_t media_mix(const struct media_front *front, const uint8_t src[16], const uint8_t dst[16],
	uint64_t ports_ssrc);

static inline uint64_t
media_hash_plain(const struct media_front *front, const uint8_t *payload, uint8_t version)
{
	const uint8_t *udp = payload - PACKET_PLAIN_UDP_BYTES;
	uint32_t ports, ssrc = base_load_be32(payload + 8);
	uint64_t addresses;

	memcpy(&ports, udp, sizeof(ports));
	if (base_unlikely(version != 4))
		return media_mix(front, udp - 32, udp - 16, (uint64_t)ports << 32 | ssrc);
	memcpy(&addresses, udp - 8, sizeof(addresses));
	return media_mix_v4(front->secret, addresses, ports, ssrc);
}

/* Of a plain frame that may be RTP: all of *packet that media_find asks for but its time, and its
 * bucket is fetched.  False: it needs a view. */
static inline bool
media_packet_of_plain(const struct media_front *front, struct media_packet *packet,
	const struct packet_plain *plain)
{
	if (base_unlikely(!media_may_be_rtp(plain->payload, plain->payload_len)))
		return false;
	packet->view = NULL;
	packet->payload = plain->payload;
	packet->payload_len = plain->payload_len;
	packet->payload_wire_len = plain->payload_wire_len;
	packet->hash = media_hash_plain(front, plain->payload, plain->version);
	base_prefetch(media_table_home(&front->table, packet->hash));
	return true;
}

/* The same of a frame of Ethernet.  False also where it is not plain. */
static inline bool
media_packet_take(const struct media_front *front, struct media_packet *packet,
	const uint8_t *frame, uint32_t caplen)
{
	struct packet_plain plain;

	return base_likely(packet_plain_take(&plain, frame, caplen)) &&
	       media_packet_of_plain(front, packet, &plain);
}
