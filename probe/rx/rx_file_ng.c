/* pcapng (draft-ietf-opsawg-pcapng) over pieces.  Unlike libpcap it takes interfaces of
 * different link types, which captures of macOS (lo0 beside en0) are made of.
 *
 *   block  u32 type, u32 length of the block, body, padding to 4, u32 the same length */
#include "rx_file_private.h"

#include <stdlib.h>

#define RX_NG_SECTION 0x0a0d0d0au
#define RX_NG_INTERFACE 1u
#define RX_NG_PACKET_OLD 2u
#define RX_NG_PACKET_SIMPLE 3u
#define RX_NG_PACKET 6u
#define RX_NG_ORDER 0x1a2b3c4du
#define RX_NG_BLOCK_MIN 12u
#define RX_NG_OPTION_TSRESOL 9
#define RX_NG_OPTION_TSOFFSET 14
#define RX_NG_TSRESOL_DEFAULT 6

struct rx_ng_block {
	const uint8_t *body;
	uint32_t type, body_len, len;
};

/* pcapng numbers link types by LINKTYPE_x, the names go by DLT_x; they differ in this one that
 * ringtap reads. */
static int
rx_ng_dlt(uint16_t linktype)
{
	return linktype == 101 ? DLT_RAW : linktype;
}

static void
rx_ng_damaged(struct rx_file *f, const char *what)
{
	rx_file_stop(f, -BASE_ERR_FORMAT,
		"damaged at byte %llu: %s; the %llu packets before it stand",
		(unsigned long long)f->at, what, (unsigned long long)f->frames);
}

/* Are the block's first len bytes there?  False: with the next burst, or cut off, which stops. */
static bool
rx_ng_is_there(struct rx_file *f, uint32_t len)
{
	enum rx_piece piece = rx_piece_need(f, len);

	if (base_unlikely(piece == RX_PIECE_CUT && !f->source.error))
		rx_file_stop_cut(f, f->bytes - f->at, len);
	return piece == RX_PIECE_HERE;
}

/* The block at f->p.  False: it comes with the next burst, or the end, or stopped with a
 * sentence. */
static bool
rx_ng_block_at(struct rx_file *f, struct rx_ng_block *block)
{
	if (f->at == f->bytes) {
		f->source.finished = true;
		return false;
	}
	if (!rx_ng_is_there(f, RX_NG_BLOCK_MIN))
		return false;
	const uint8_t *p = f->p;
	/* A section header says in which byte order its own length is. */
	block->type = rx_file_load32(p, f->swapped);
	if (block->type == RX_NG_SECTION) {
		uint32_t order = rx_file_load32(p + 8, false);
		if (order != RX_NG_ORDER && order != __builtin_bswap32(RX_NG_ORDER)) {
			rx_ng_damaged(f, "a section without byte-order mark");
			return false;
		}
		f->swapped = order != RX_NG_ORDER;
	}
	block->len = rx_file_load32(p + 4, f->swapped);
	if (block->len < RX_NG_BLOCK_MIN || block->len % 4) {
		rx_ng_damaged(f, "a block length that cannot be");
		return false;
	}
	if (block->len > RX_NG_BLOCK_MAX) {
		rx_ng_damaged(f, "a block of more than 16 MiB");
		return false;
	}
	if (!rx_ng_is_there(f, block->len))
		return false;
	p = f->p;
	if (rx_file_load32(p + block->len - 4, f->swapped) != block->len) {
		rx_ng_damaged(f, "a block whose two lengths differ");
		return false;
	}
	block->body = p + 8;
	block->body_len = block->len - RX_NG_BLOCK_MIN;
	return true;
}

static void
rx_ng_section(struct rx_file *f, const struct rx_ng_block *block)
{
	if (block->body_len < 16 || rx_file_load16(block->body + 4, f->swapped) != 1)
		rx_ng_damaged(f, "a section of another major version than 1");
	f->n_interfaces = 0;
}

static void
rx_ng_option(struct rx_file *f, struct rx_ng_interface *interface, uint16_t code, const uint8_t *p,
	uint16_t len)
{
	if (code == RX_NG_OPTION_TSRESOL && len == 1)
		interface->tsresol = p[0];
	if (code == RX_NG_OPTION_TSOFFSET && len == 8) {
		uint64_t low = rx_file_load32(p + (f->swapped ? 4 : 0), f->swapped);
		uint64_t high = rx_file_load32(p + (f->swapped ? 0 : 4), f->swapped);
		interface->offset_s = (int64_t)(high << 32 | low);
	}
}

static void
rx_ng_interface(struct rx_file *f, const struct rx_ng_block *block)
{
	const uint8_t *p = block->body;
	uint32_t at = 8;

	if (block->body_len < 8) {
		rx_ng_damaged(f, "an interface description that is too short");
		return;
	}
	if (f->n_interfaces == RX_NG_INTERFACES_MAX) {
		rx_ng_damaged(f, "more than 1024 interfaces in a section");
		return;
	}
	struct rx_ng_interface *interface = &f->interfaces[f->n_interfaces++];
	*interface = (struct rx_ng_interface){
		.linktype = rx_file_load16(p, f->swapped),
		.snaplen = rx_file_load32(p + 4, f->swapped),
		.tsresol = RX_NG_TSRESOL_DEFAULT,
	};
	interface->link = (uint8_t)packet_link_of_dlt(rx_ng_dlt(interface->linktype));
	while (block->body_len - at >= 4) {
		uint16_t code = rx_file_load16(p + at, f->swapped);
		uint16_t len = rx_file_load16(p + at + 2, f->swapped);
		at += 4;
		if (code == 0 || len > block->body_len - at)
			return;
		rx_ng_option(f, interface, code, p + at, len);
		at += (uint32_t)base_align_up(len, 4);
		if (at > block->body_len)
			return;
	}
}

static int64_t
rx_ng_time(const struct rx_ng_interface *interface, uint64_t ticks)
{
	static const uint64_t powers[20] = {1ull, 10ull, 100ull, 1000ull, 10000ull, 100000ull,
		1000000ull, 10000000ull, 100000000ull, 1000000000ull, 10000000000ull,
		100000000000ull, 1000000000000ull, 10000000000000ull, 100000000000000ull,
		1000000000000000ull, 10000000000000000ull, 100000000000000000ull,
		1000000000000000000ull, 10000000000000000000ull};
	unsigned n = interface->tsresol & 0x7f;
	uint64_t seconds = 0, ns = 0;

	if (interface->tsresol & 0x80) {
		seconds = n < 64 ? ticks >> n : 0;
		uint64_t rest = n < 64 ? ticks & ((1ull << n) - 1) : 0;
		ns = n < 64 ? (uint64_t)(((unsigned __int128)rest * BASE_NS_PER_SEC) >> n) : 0;
	} else if (n < 20) {
		seconds = ticks / powers[n];
		ns = n <= 9 ? ticks % powers[n] * powers[9 - n] : ticks % powers[n] / powers[n - 9];
	}
	int64_t whole;
	if (seconds > INT64_MAX ||
		__builtin_add_overflow((int64_t)seconds, interface->offset_s, &whole))
		return 0;
	return rx_file_time(whole, (int64_t)ns);
}

/* Fills frame from a packet block of one of the three kinds.  False: stopped. */
static bool
rx_ng_packet(struct rx_file *f, const struct rx_ng_block *block, struct rx_frame *frame)
{
	const uint8_t *p = block->body;
	bool simple = block->type == RX_NG_PACKET_SIMPLE;
	uint32_t fixed = simple ? 4 : 20;
	uint32_t id = 0;

	if (block->body_len < fixed) {
		rx_ng_damaged(f, "a packet block that is too short");
		return false;
	}
	if (block->type == RX_NG_PACKET)
		id = rx_file_load32(p, f->swapped);
	else if (block->type == RX_NG_PACKET_OLD)
		id = rx_file_load16(p, f->swapped);
	if (id >= f->n_interfaces) {
		rx_ng_damaged(f, "a packet of an interface that the section does not describe");
		return false;
	}
	const struct rx_ng_interface *interface = &f->interfaces[id];
	uint32_t captured, original;
	if (simple) {
		original = rx_file_load32(p, f->swapped);
		captured = original < block->body_len - fixed ? original : block->body_len - fixed;
		if (interface->snaplen && captured > interface->snaplen)
			captured = interface->snaplen;
	} else {
		uint64_t ticks = (uint64_t)rx_file_load32(p + 4, f->swapped) << 32 |
				 rx_file_load32(p + 8, f->swapped);
		captured = rx_file_load32(p + 12, f->swapped);
		original = rx_file_load32(p + 16, f->swapped);
		f->last_ts_ns = rx_ng_time(interface, ticks);
	}
	if (captured > block->body_len - fixed) {
		rx_ng_damaged(f, "a packet longer than its block");
		return false;
	}
	*frame = (struct rx_frame){
		.data = p + fixed,
		.len = captured,
		.wire_len = original > captured ? original : captured,
		.ts_ns = f->last_ts_ns,
		.link = interface->link,
		.port = id < UINT8_MAX ? (uint8_t)id : UINT8_MAX,
	};
	return true;
}

static bool
rx_ng_is_packet(uint32_t type)
{
	return type == RX_NG_PACKET || type == RX_NG_PACKET_SIMPLE || type == RX_NG_PACKET_OLD;
}

/* Walks over blocks that are no packets.  True with the next packet's block at f->p; false where
 * rx_ng_block_at is. */
static bool
rx_ng_next_packet(struct rx_file *f, struct rx_ng_block *block)
{
	while (rx_ng_block_at(f, block)) {
		if (rx_ng_is_packet(block->type))
			return true;
		if (block->type == RX_NG_SECTION)
			rx_ng_section(f, block);
		else if (block->type == RX_NG_INTERFACE)
			rx_ng_interface(f, block);
		if (f->source.finished)
			return false;
		rx_piece_take(f, block->len);
	}
	return false;
}

static uint32_t
rx_ng_burst(struct rx_source *source, struct rx_frame *frames, uint32_t max)
{
	struct rx_file *f = base_container_of(source, struct rx_file, source);
	struct rx_ng_block block;
	uint32_t n = 0;

	if (f->source.finished)
		return 0;
	rx_piece_burst(f);
	while (n < max && rx_ng_next_packet(f, &block)) {
		base_prefetch(block.body + RX_FILE_PREFETCH);
		base_prefetch(block.body + RX_FILE_PREFETCH + BASE_CACHE_LINE);
		if (!rx_ng_packet(f, &block, &frames[n]))
			break;
		n++;
		f->frames++;
		f->lent = true;
		rx_piece_take(f, block.len);
	}
	return n;
}

int
rx_ng_open(struct rx_file *f, struct sys_error *e)
{
	struct rx_ng_block block;
	char text[128];
	bool known = false;

	if (f->bytes < RX_NG_BLOCK_MIN || rx_file_load32(f->p, false) != RX_NG_SECTION)
		return 1;
	f->interfaces = calloc(RX_NG_INTERFACES_MAX, sizeof(*f->interfaces));
	if (!f->interfaces)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "%s: out of memory", f->name);
	rx_ng_next_packet(f, &block);
	/* Damage before the first packet: nothing could be read. */
	if (f->source.error) {
		if (e)
			*e = f->source.error_text;
		return f->source.error;
	}
	for (uint32_t i = 0; i < f->n_interfaces; i++)
		known |= f->interfaces[i].link != PACKET_LINK_UNKNOWN;
	if (f->n_interfaces && !known)
		return sys_fail(e, -BASE_ERR_UNSUPPORTED, "%s: link type %s cannot be decoded",
			f->name,
			rx_file_link_name(
				rx_ng_dlt(f->interfaces[0].linktype), text, sizeof(text)));
	f->source.burst = rx_ng_burst;
	return 0;
}
