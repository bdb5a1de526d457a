/* The classic pcap format, version 2.4, over pieces.
 *
 *   file    u32 magic, u16 major, u16 minor, i32 zone, u32 accuracy, u32 snap length, u32 link type
 *   packet  u32 seconds, u32 fraction, u32 captured, u32 original, bytes */
#include "rx_file_private.h"

#define RX_CLASSIC_HEADER 24
#define RX_CLASSIC_PACKET 16
#define RX_CLASSIC_MAGIC_US 0xa1b2c3d4u
#define RX_CLASSIC_MAGIC_NS 0xa1b23c4du
/* The upper bits of the link type hold the length of a frame check sequence. */
#define RX_CLASSIC_LINK_MASK 0x03ffffffu

/* False: the packet at f->p comes with the next burst, or is cut or damaged, which stops. */
static bool
rx_classic_packet_is_there(struct rx_file *f)
{
	enum rx_piece piece = rx_piece_need(f, RX_CLASSIC_PACKET);
	uint32_t captured = 0;

	if (base_likely(piece == RX_PIECE_HERE)) {
		captured = rx_file_load32(f->p + 8, f->swapped);
		if (base_unlikely(captured > RX_FILE_CAPLEN_MAX)) {
			rx_file_stop(f, -BASE_ERR_FORMAT,
				"packet %llu claims %u bytes, more than a capture can hold (%u):"
				" the file is damaged; what was read before it stands",
				(unsigned long long)(f->frames + 1), captured, RX_FILE_CAPLEN_MAX);
			return false;
		}
		piece = rx_piece_need(f, RX_CLASSIC_PACKET + captured);
	}
	if (base_unlikely(piece == RX_PIECE_CUT && !f->source.error)) {
		uint64_t left = f->bytes - f->at;
		if (left < RX_CLASSIC_PACKET)
			rx_file_stop_cut(f, left, RX_CLASSIC_PACKET);
		else
			rx_file_stop_cut(f, left - RX_CLASSIC_PACKET, captured);
	}
	return piece == RX_PIECE_HERE;
}

static uint32_t
rx_classic_burst(struct rx_source *source, struct rx_frame *frames, uint32_t max)
{
	struct rx_file *f = base_container_of(source, struct rx_file, source);
	uint32_t n = 0;

	if (f->source.finished)
		return 0;
	rx_piece_burst(f);
	while (n < max && f->at < f->bytes && rx_classic_packet_is_there(f)) {
		const uint8_t *p = f->p;
		uint32_t captured = rx_file_load32(p + 8, f->swapped);

		base_prefetch(p + RX_FILE_PREFETCH);
		base_prefetch(p + RX_FILE_PREFETCH + BASE_CACHE_LINE);
		struct rx_frame *frame = &frames[n++];
		uint32_t original = rx_file_load32(p + 12, f->swapped);
		frame->data = p + RX_CLASSIC_PACKET;
		frame->len = captured > f->snaplen ? f->snaplen : captured;
		frame->wire_len = original > frame->len ? original : frame->len;
		frame->ts_ns = rx_file_time(rx_file_load32(p, f->swapped),
			(int64_t)rx_file_load32(p + 4, f->swapped) * f->unit_ns);
		frame->link = f->link;
		frame->port = 0;
		frame->handle = NULL;
		f->frames++;
		f->lent = true;
		rx_piece_take(f, RX_CLASSIC_PACKET + captured);
	}
	f->source.finished |= f->at == f->bytes;
	return n;
}

int
rx_classic_open(struct rx_file *f, struct sys_error *e)
{
	char text[128];

	if (f->bytes < 4)
		return 1;
	uint32_t magic = rx_file_load32(f->p, false);
	f->swapped = magic == __builtin_bswap32(RX_CLASSIC_MAGIC_US) ||
		     magic == __builtin_bswap32(RX_CLASSIC_MAGIC_NS);
	if (f->swapped)
		magic = __builtin_bswap32(magic);
	if (magic != RX_CLASSIC_MAGIC_US && magic != RX_CLASSIC_MAGIC_NS)
		return 1;
	if (f->bytes < RX_CLASSIC_HEADER)
		return sys_fail(e, -BASE_ERR_FORMAT,
			"%s: cut short within its file header: %llu of %d bytes are there", f->name,
			(unsigned long long)f->bytes, RX_CLASSIC_HEADER);
	if (rx_file_load16(f->p + 4, f->swapped) != 2 ||
		rx_file_load16(f->p + 6, f->swapped) != 4)
		return 1;
	uint32_t snaplen = rx_file_load32(f->p + 16, f->swapped);
	int dlt = (int)(rx_file_load32(f->p + 20, f->swapped) & RX_CLASSIC_LINK_MASK);
	f->unit_ns = magic == RX_CLASSIC_MAGIC_US ? 1000 : 1;
	f->snaplen = snaplen == 0 || snaplen > INT32_MAX ? RX_FILE_CAPLEN_MAX : snaplen;
	f->link = (uint8_t)packet_link_of_dlt(dlt);
	if (f->link == PACKET_LINK_UNKNOWN)
		return sys_fail(e, -BASE_ERR_UNSUPPORTED, "%s: link type %s cannot be decoded",
			f->name, rx_file_link_name(dlt, text, sizeof(text)));
	rx_piece_take(f, RX_CLASSIC_HEADER);
	f->source.burst = rx_classic_burst;
	return 0;
}
