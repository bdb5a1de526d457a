/* sip_parse of INVITEs of some 800 bytes, against reading their bytes once. */
#include <string.h>

#include "bench.h"
#include "sip.h"

#define MESSAGES 1024

static uint64_t
read_once(const char *p, uint32_t len)
{
	uint64_t sum = 0, word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		sum += word;
	}
	return sum;
}

void
bench_sip(uint32_t laps)
{
	char *texts = bench_memory((size_t)MESSAGES * BENCH_SIP_MAX);
	uint32_t lens[MESSAGES];
	uint64_t bytes = 0, parsed = 0;
	static struct sip_message m;
	struct bench_laps read = {.n = 0}, parse = {.n = 0};
	volatile uint64_t keep = 0;

	for (uint32_t i = 0; i < MESSAGES; i++)
		bytes += lens[i] = bench_sip_text(texts + (size_t)i * BENCH_SIP_MAX, i, BENCH_INVITE);
	for (uint32_t lap = 0; lap < laps; lap++) {
		bench_lap_begin(&read);
		for (uint32_t k = 0; k < 20; k++)
			for (uint32_t i = 0; i < MESSAGES; i++)
				keep = keep + read_once(texts + (size_t)i * BENCH_SIP_MAX, lens[i]);
		bench_lap_end(&read, 20 * MESSAGES);
		bench_lap_begin(&parse);
		for (uint32_t k = 0; k < 20; k++)
			for (uint32_t i = 0; i < MESSAGES; i++) {
				const uint8_t *p = (const uint8_t *)texts + (size_t)i * BENCH_SIP_MAX;
				parsed += sip_parse(&m, p, lens[i], true) == (int32_t)lens[i] && !(m.flags & SIP_FLAGS_INVALID) && m.cseq == 1;
			}
		bench_lap_end(&parse, 20 * MESSAGES);
	}
	bench_check("messages parsed", parsed, (uint64_t)laps * 20 * MESSAGES);
	bench_print("sip_bytes", (double)bytes / MESSAGES, "bytes");
	bench_laps_print(&read, "sip_read");
	bench_laps_print(&parse, "sip_parse");
}
