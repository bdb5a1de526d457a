/* worker, inside.
 *
 *   worker.c        memory, new, reload
 *   worker_hot.c    the step: a burst of frames through the data plane
 *   worker_sip.c    SIP out of datagrams and TCP streams, to the core that owns its dialog
 *   worker_keep.c   SIP messages that are kept themselves, as records
 *   worker_hooks.c  what the dialog table and the other cores ask for: endpoints, streams, records
 *   worker_house.c  timers, rings of other cores, the end
 *   worker_tones.c  audio of the calls that are listened to
 *   worker_spread.c a capture file over several workers in step */
#pragma once

#include "classify.h"
#include "dialog.h"
#include "media.h"
#include "packet_fragment.h"
#include "packet_sctp.h"
#include "packet_tcp.h"
#include "shard.h"
#include "sip.h"
#include "tones.h"
#include "worker.h"

#define WORKER_SHARD_RING_BYTES (1u << 20) /* between each two cores */
#define AWAITED_PEEK 0x80
#define WORKER_SHARD_MESSAGES 256 /* taken from other cores at a time */

/* The classifier in force and this worker's scratch for it: replaced together. */
struct worker_classifier {
	struct classify *classify;
	struct classify_core *core;
};

struct worker {
	struct worker_set *set;
	uint32_t core;
	bool alone;                    /* one core: every dialog is its own */
	bool pressed;                  /* worker_press */
	struct metrics_core *metrics;
	struct worker_classifier now_in_force;
	struct packet_fragments *fragments;
	struct packet_sctp *sctp;
	struct packet_tcp *tcp;
	struct media_directory *directory;
	struct media *media;
	struct tones *tones;           /* NULL: off */
	struct dialog *dialog;
	struct shard *shard;
	int64_t now_ns, house_ns;
	int64_t kept_ns;               /* worker_keep's */
	/* calls being collected or peeked from other cores, by slot: which, and how many have not
	 * answered */
	uint64_t *awaited_call;
	uint8_t *awaited;              /* AWAITED_PEEK: peeked */
	uint32_t peeks_done;           /* of peeks_asked */
	/* the burst */
	const struct rx_frame *frames;
	uint32_t n_frames;
	struct packet_view views[RX_BURST_MAX];
	struct media_packet packets[RX_BURST_MAX];
	struct sip_message sip;
	uint8_t stream_record[4096];
	uint8_t ws_message[SIP_WS_MAX]; /* put together of frames */
	/* written by the control thread, taken by the worker at its next house-keeping; alone on
	 * their line */
	/* release store by control, pairs with house's acquire */
	_Alignas(BASE_CACHE_LINE) struct worker_classifier *next;
	/* release store by the worker: next is in force */
	_Alignas(BASE_CACHE_LINE) struct worker_classifier *taken;
	_Alignas(BASE_CACHE_LINE) uint64_t lost_total;             /* by control, relaxed */
	uint32_t peeks_asked;          /* by control, relaxed: worker_peek_calls */
};

struct worker_set {
	struct worker_options options;
	struct classify *classify;
	struct worker_classifier *spare; /* of the reload under way, one per core */
	struct base_hash_key key;
	struct media_directory *directories[CONFIG_CORES_MAX];
	struct worker *workers[CONFIG_CORES_MAX];
	struct base_span extra_headers[16];
	uint32_t n_extra_headers;
	struct base_span link_headers[DIALOG_LINK_HEADERS_MAX];
	uint32_t n_link_headers;
	char extra_header_bytes[2048];
	/* dialog_options' */
	bool listen_all, listen_watched;
	struct base_span listen_lists[DIALOG_LISTEN_MAX];
	uint32_t n_listen_lists;
	char listen_bytes[DIALOG_LISTEN_MAX * 80];
	/* all workers stand still: one thread may touch every core */
	bool finishing;
	struct memory_part {
		const char *name;
		void *p;
		size_t bytes;
	} parts[CONFIG_CORES_MAX * 10 + 8];
	uint32_t n_parts;
};

/* What crosses from core to core. */
struct worker_handover {  /* SHARD_SIP: followed by the message */
	int64_t ts_ns;
	struct base_endpoint src, dst;
	uint32_t ip_id;
	uint16_t vlan;
	uint8_t transport, tunnel, truncated;
};
struct worker_ask {       /* SHARD_COLLECT; and SHARD_COLLECTED as the answer */
	uint64_t call;
	uint8_t peek;
};
_Static_assert(CONFIG_CORES_MAX < AWAITED_PEEK, "a count of cores and the mark");

/* SHARD_REPORT: followed by as much of the packet; reports stand at its begin */
#define WORKER_REPORT_BYTES 2048

struct worker_ended {     /* SHARD_ENDED: media_ended */
	uint64_t call;
	int64_t end_ns;
};

/* worker_hot.c */
/* Fragments of view's packet: the result once it is whole, or of this one alone. */
enum packet_result worker_defragment(struct worker *w, struct packet_view *view, int64_t ts_ns);
/* A frame that ends with this verdict and no more. */
void worker_ends(struct worker *w, enum packet_verdict verdict, uint32_t wire_len);
/* A datagram that was put together elsewhere, with the frame that completed it. */
void worker_whole(struct worker *w, const struct packet_view *view, const struct rx_frame *frame);

/* worker_sip.c */
/* A SIP message stands in view's payload (UDP, SCTP). */
enum packet_verdict worker_sip_datagram(struct worker *w, const struct packet_view *view,
	int64_t ts_ns);
/* The same of a plain frame. */
enum packet_verdict worker_sip_plain(struct worker *w, const struct packet_plain *plain,
	int64_t ts_ns);
enum packet_verdict worker_sip_segment(struct worker *w, const struct packet_view *view,
	int64_t ts_ns);
/* What stands behind gaps of TCP streams that nobody will fill any more. */
void worker_sip_gaps(struct worker *w, int64_t now_ns);
void worker_sip_handed_over(struct worker *w, const uint8_t *p, uint32_t len);

/* worker_keep.c */
/* After the dialog took m into a record of that kind. */
void worker_keep(struct worker *w, const struct dialog_message *m, enum record_kind kind);

/* worker_hooks.c */
struct dialog_hooks worker_dialog_hooks(struct worker *w);
void worker_shard_message(void *worker, uint32_t from, enum shard_kind kind, const uint8_t *p,
	uint32_t len);
void worker_digit(void *worker, const struct media_digit *digit);
void worker_report(void *worker, const struct media_report *report);
void worker_stream_record(void *worker, const struct media_summary *summary);

/* worker_tones.c */
int worker_tones_new(struct worker *w, struct sys_error *e);
void worker_audio(void *worker, const struct media_audio *audio);
