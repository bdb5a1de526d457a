/* rx_file: what its readers share.
 *
 * Three readers behind one door: rx_classic and rx_ng walk a file that rx_piece reads piece by
 * piece, and lend its bytes (the hot path of `ringtap read`); rx_libpcap takes all the rest: pipes,
 * and the pcap variants that only libpcap knows.  For a file that both can read they give the same
 * frames (tests/unit/rx/test_rx_file.c).
 *
 * A file that grows is read up to the size it had when it was opened; one that is made shorter
 * meanwhile is cut there. */
#pragma once

#include <pcap/pcap.h>
#include <sys/types.h>

#include "rx.h"

/* Above this libpcap calls a capture length damage (its MAXIMUM_SNAPLEN). */
#define RX_FILE_CAPLEN_MAX 262144
#define RX_NG_INTERFACES_MAX 1024
#define RX_NG_BLOCK_MAX (16u << 20) /* libpcap's */
/* Bytes that a burst of media takes, more or less. */
#define RX_FILE_BURST (16u << 10)
/* Bytes ahead of the reader that are asked of the cache: walking packet headers is a pointer chase.
 * */
#define RX_FILE_PREFETCH 2048

struct rx_ng_interface {
	int64_t offset_s;    /* if_tsoffset */
	uint32_t snaplen;    /* 0: none */
	uint16_t linktype;
	uint8_t tsresol;     /* as in the file: 10^-n, or 2^-n with the top bit */
	uint8_t link;        /* enum packet_link */
};

struct rx_file {
	struct rx_source source;
	uint64_t frames;     /* delivered so far */
	char *name;          /* for sentences */

	/* rx_piece */
	int fd;              /* -1: not read in pieces */
	uint8_t *buffer;
	size_t buffer_bytes;
	const uint8_t *p, *end; /* read, and not yet taken */
	uint64_t at, bytes;  /* of the file: where p stands, its size; at <= bytes */
	bool lent;           /* frames of this burst lie in the buffer: nothing may be moved */

	/* rx_classic and rx_ng */
	bool swapped;        /* other byte order than this machine's */
	uint8_t link;        /* rx_classic */
	uint32_t snaplen;    /* rx_classic: longer frames are cut to it, as libpcap does */
	uint32_t unit_ns;    /* rx_classic: of the fraction: 1 or 1000 */
	uint32_t n_interfaces;
	int64_t last_ts_ns;  /* rx_ng: for blocks without a time */
	struct rx_ng_interface *interfaces;

	/* rx_libpcap */
	pcap_t *pcap;
	uint8_t *slab;       /* the bytes of one burst */
	struct pcap_pkthdr *pending_header; /* read, but had no room in the last burst */
	const uint8_t *pending;
};

/* Ends the reading with a sentence about the file: code is -BASE_ERR_x. */
void rx_file_stop(struct rx_file *f, int code, const char *format,
	...) __attribute__((format(printf, 3, 4)));
/* The sentence for a file that ends within a packet. */
void rx_file_stop_cut(struct rx_file *f, uint64_t there, uint64_t wanted);
/* Seconds and a fraction in ns to ns; what no clock shows (fraction of 2 s or more, year beyond
 * 2262) counts as 0. */
int64_t rx_file_time(int64_t seconds, int64_t fraction_ns);
/* "DLT_USB_LINUX (USB with Linux header)", for sentences. */
const char *rx_file_link_name(int dlt, char *text, size_t cap);

static inline uint32_t
rx_file_load32(const uint8_t *p, bool swapped)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

static inline uint16_t
rx_file_load16(const uint8_t *p, bool swapped)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap16(v) : v;
}

/* rx_file_piece.c.  The first piece is there after open; a negative code with the sentence in e. */
int rx_piece_open(struct rx_file *f, int fd, uint64_t bytes, struct sys_error *e);
void rx_piece_close(struct rx_file *f);

/* LATER: the next burst has them.  CUT: the file ends before, or could not be read, which stopped
 * it. */
enum rx_piece { RX_PIECE_HERE, RX_PIECE_LATER, RX_PIECE_CUT };
enum rx_piece rx_piece_more(struct rx_file *f, uint64_t need);

/* Are need bytes there from f->p on? */
static inline enum rx_piece
rx_piece_need(struct rx_file *f, uint64_t need)
{
	return base_likely((uint64_t)(f->end - f->p) >= need) ? RX_PIECE_HERE
							      : rx_piece_more(f, need);
}

static inline void
rx_piece_take(struct rx_file *f, uint64_t bytes)
{
	f->p += bytes;
	f->at += bytes;
}

/* Before the first frame of a burst: so many bytes, or what the file has, that the burst is not
 * short. */
static inline void
rx_piece_burst(struct rx_file *f)
{
	uint64_t left = f->bytes - f->at;

	f->lent = false;
	rx_piece_need(f, left < RX_FILE_BURST ? left : RX_FILE_BURST);
}

/* Each takes a file whose header it knows: sets source.burst, or returns a negative code with the
 * sentence in e. 1: not mine, try the next reader. */
int rx_classic_open(struct rx_file *f, struct sys_error *e);
int rx_ng_open(struct rx_file *f, struct sys_error *e);
/* Takes fd over. */
int rx_libpcap_open(struct rx_file *f, int fd, struct sys_error *e);
