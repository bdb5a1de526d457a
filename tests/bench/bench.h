/* bench: what the benchmarks share.  Not for the product: here everything may allocate, print and exit.
 *
 * A benchmark prints lines 'name value unit'; scripts/bench runs it several times, takes medians and sets them in relation.
 * A speed counts only with the right answer: each benchmark checks what the engine counted against what it sent, and exits
 * with 1 where they differ. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_BURST 32

/* ---- bench.c ---- */

uint64_t bench_ns(void);
uint64_t bench_cpu_ns(void); /* of this thread: what other programs take is not in it */
uint64_t bench_cycles(void); /* time stamp counter; 0 where there is none */
void *bench_memory(size_t bytes); /* zeroed, on huge pages where there are any */
void bench_print(const char *name, double value, const char *unit);
_Noreturn void bench_die(const char *why);
void bench_check(const char *what, uint64_t got, uint64_t wanted); /* exits where they differ */
double bench_median(double *values, uint32_t n);

/* A lap's cost per item, in CPU time of this thread: keeps laps until bench_laps_print. */
struct bench_laps {
	double ns[64], cycles[64];
	uint32_t n;
	uint64_t began_ns, began_cycles;
};
void bench_lap_begin(struct bench_laps *laps);
void bench_lap_end(struct bench_laps *laps, uint64_t items);
/* Prints NAME_ns and NAME_cycles, medians, and NAME_best_ns, the fastest lap. */
void bench_laps_print(struct bench_laps *laps, const char *name);

/* ---- bench_engine.c: streams as frames in memory, and the engine that gets them ---- */

#define BENCH_FRAME_BYTES 128  /* a slot; the frame has 96 */
#define BENCH_PAYLOAD_BYTES 42 /* of it, which nobody reads */
#define BENCH_STEP_NS 20000000
#define BENCH_BEGAN_NS 1700000000000000000

/* A frame of each of so many streams, in slots one behind the other: the streams of every shares-th call from call number
 * share on. */
struct bench_frames {
	uint8_t *slots;
	uint32_t *order; /* stream of each slot */
	uint32_t n, len, laps;
};
struct bench_frames bench_frames_new(uint32_t streams, uint32_t share, uint32_t shares);
void bench_frames_free(struct bench_frames *f);
/* So that streams are not met in the order in which they were made; the frames follow with the next advance. */
void bench_frames_shuffle(struct bench_frames *f);
/* The next packet of each slot's stream. */
void bench_frames_advance(struct bench_frames *f);
static inline uint8_t *
bench_frames_slot(const struct bench_frames *f, uint32_t i)
{
	return f->slots + (size_t)i * BENCH_FRAME_BYTES;
}

struct worker_set;
/* An engine with room for so many calls; its records are counted and thrown away. */
struct worker_set *bench_engine_new(uint32_t calls, uint32_t cores);
/* INVITE, 200 and ACK of calls 0 to calls - 1, dealt to the cores in turn. */
void bench_engine_calls(struct worker_set *set, uint32_t calls, int64_t ts_ns);
/* The same with tables of these sizes. */
struct bench_tables {
	uint32_t calls, streams, endpoints;
};
struct worker_set *bench_engine_sized(struct bench_tables tables, uint32_t cores);
/* What records of answered calls say in all. */
struct bench_told {
	uint64_t calls, messages, streams, packets, lost;
	uint64_t sum; /* of what each call says, in any order */
};
void bench_told_add(struct bench_told *told, const uint8_t *record, uint32_t len);
/* Of the records of the engine, after worker_set_finish. */
const struct bench_told *bench_engine_told(void);
void bench_engine_check(const struct bench_told *truth); /* exits where calls, streams, packets or losses differ */

/* ---- the benchmarks ---- */

void bench_rtp(uint32_t streams, uint32_t laps);
/* The engine on DPDK's net_pcap with infinite_rx, so many streams for each worker, so many ms for each figure; the capture files
 * in a directory of its own under parent. */
void bench_live(uint32_t streams, uint32_t cores, uint32_t ms, const char *parent);
void bench_sip(uint32_t laps);
void bench_calls(uint32_t in_progress, uint32_t laps);
/* Memory of so many answered calls in progress, two streams each. */
void bench_memory_of_calls(uint32_t calls);
/* The same of calls that the generator makes, with its truth beside what is recorded. */
void bench_memory_of_traffic(uint32_t calls);
void bench_ring(uint32_t laps);
/* n calls, in a directory of its own under parent. */
/* Prints nothing where the detectors are not built in. */
void bench_tones(uint32_t streams, uint32_t laps);
void bench_store(uint32_t n, const char *parent);

/* ---- bench_frames.c: Ethernet, IPv4 and UDP around SIP and RTP ---- */

#define BENCH_UDP_HEADERS 42
#define BENCH_SIP_MAX 2048

struct bench_addresses {
	uint32_t src, dst; /* host order */
	uint16_t src_port, dst_port;
};
/* A frame of this payload into p: its length. */
uint32_t bench_frame_udp(uint8_t *p, const struct bench_addresses *at, const void *payload, uint32_t len);

/* Call number c: caller 10.x:20000 with RTP, callee 11.x:30000. */
struct bench_addresses bench_media_of(uint32_t call, bool from_callee);
struct bench_addresses bench_signalling_of(uint32_t call, bool from_callee);
uint32_t bench_ssrc_of(uint32_t stream); /* stream 2 c: of the caller of call c, 2 c + 1: of its callee; never 0 */

struct bench_rtp {
	uint32_t ssrc, timestamp;
	uint16_t seq;
	uint8_t payload_type;
};
/* A frame of an RTP packet with payload_len bytes: its length. */
uint32_t bench_frame_rtp(uint8_t *p, const struct bench_addresses *at, const struct bench_rtp *rtp, uint32_t payload_len);

enum bench_message { BENCH_INVITE, BENCH_TRYING, BENCH_RINGING, BENCH_OK, BENCH_ACK, BENCH_BYE, BENCH_BYE_OK, BENCH_MESSAGES };
/* The text of a message of call number c, about 800 bytes for the INVITE: its length.  text: BENCH_SIP_MAX bytes. */
uint32_t bench_sip_text(char *text, uint32_t call, enum bench_message message);
/* A frame of it, addresses as the message goes: its length. */
uint32_t bench_frame_sip(uint8_t *p, uint32_t call, enum bench_message message);
