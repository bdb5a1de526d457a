/* generate FILE CALLS SECONDS: a capture of so many concurrent calls, each with G.711 both ways, as a carrier's trunk looks.
 * Every call begins in the first second and ends in the last; of each stream one packet in 101 is lost.  Prints the truth as JSON:
 * calls, streams, packets (RTP), lost, frames. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define PAYLOAD_BYTES 160
#define LOST_EVERY 101

struct writer {
	FILE *file;
	uint64_t frames;
};

static void
put(struct writer *w, uint64_t at_us, const uint8_t *frame, uint32_t len)
{
	uint32_t header[4] = {(uint32_t)(1700000000 + at_us / 1000000), (uint32_t)(at_us % 1000000), len, len};

	if (fwrite(header, sizeof(header), 1, w->file) != 1 || fwrite(frame, len, 1, w->file) != 1) {
		perror("generate");
		exit(1);
	}
	w->frames++;
}

static void
put_sip(struct writer *w, uint64_t at_us, uint32_t call, enum bench_message message)
{
	uint8_t frame[BENCH_SIP_MAX + BENCH_UDP_HEADERS];

	put(w, at_us, frame, bench_frame_sip(frame, call, message));
}

int
main(int argc, char **argv)
{
	if (argc != 4)
		return fprintf(stderr, "usage: generate FILE CALLS SECONDS\n"), 2;
	struct writer w = {fopen(argv[1], "wb"), 0};
	uint32_t calls = (uint32_t)strtoul(argv[2], NULL, 10), seconds = (uint32_t)strtoul(argv[3], NULL, 10);
	uint32_t head[6] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535, 1}, ticks = seconds * 50;
	uint64_t packets = 0, lost = 0;
	uint8_t frame[BENCH_UDP_HEADERS + 12 + PAYLOAD_BYTES];

	if (!w.file || calls == 0 || seconds < 3 || fwrite(head, sizeof(head), 1, w.file) != 1)
		return perror(argv[1]), 1;
	/* Tick k of call c is at 20 k ms and c's share of 20 ms: in order of time by construction. */
	for (uint32_t k = 0; k < ticks; k++) {
		for (uint32_t c = 0; c < calls; c++) {
			uint64_t at_us = 20000ull * k + 20000ull * c / calls;
			uint32_t begin = c % 50, end = ticks - 50 + c % 50;
			if (k == begin)
				for (int m = BENCH_INVITE; m <= BENCH_ACK; m++)
					put_sip(&w, at_us, c, (enum bench_message)m);
			for (uint32_t side = 0; side < 2 && k > begin && k < end; side++) {
				struct bench_addresses at = bench_media_of(c, side);
				struct bench_rtp rtp = {bench_ssrc_of(2 * c + side), 160 * k, (uint16_t)(k + c), 8};
				/* Neither the first nor the last packet, whose loss nobody can see. */
				if ((k + c) % LOST_EVERY == 0 && k > begin + 1 && k + 1 < end) {
					lost++;
					continue;
				}
				put(&w, at_us, frame, bench_frame_rtp(frame, &at, &rtp, PAYLOAD_BYTES));
				packets++;
			}
			for (int m = BENCH_BYE; m <= BENCH_BYE_OK && k == end; m++)
				put_sip(&w, at_us, c, (enum bench_message)m);
		}
	}
	if (fclose(w.file))
		return perror(argv[1]), 1;
	printf("{\"calls\": %u, \"streams\": %u, \"packets\": %llu, \"lost\": %llu, \"frames\": %llu}\n", calls, 2 * calls,
		(unsigned long long)packets, (unsigned long long)lost, (unsigned long long)w.frames);
	return 0;
}
