/* sip_parse of INVITEs of some 800 bytes, against reading their bytes once; and of the same with headers that the parser has no name
 * for, as networks add them. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "sip.h"

#define MESSAGES 1024
#define TIMES 20 /* over all of them, a lap */
#define OTHER_HEADERS 3

struct texts {
	char *at; /* MESSAGES of BENCH_SIP_MAX */
	uint32_t lens[MESSAGES];
	uint64_t bytes;
	uint32_t others; /* headers in each that the parser knows no name of */
};

static void
texts_make(struct texts *t)
{
	t->at = bench_memory((size_t)MESSAGES * BENCH_SIP_MAX);
	for (uint32_t i = 0; i < MESSAGES; i++)
		t->bytes += t->lens[i] = bench_sip_text(t->at + (size_t)i * BENCH_SIP_MAX, i, BENCH_INVITE);
}

/* Behind the start line of each. */
static void
texts_add_others(struct texts *t)
{
	char lines[256];

	t->others = OTHER_HEADERS;
	for (uint32_t i = 0; i < MESSAGES; i++) {
		char *p = t->at + (size_t)i * BENCH_SIP_MAX, *behind = memchr(p, '\n', t->lens[i]);
		int len = snprintf(lines, sizeof(lines), "X-Trunk-Group: tg-%u\r\nP-Charging-Vector: icid-value=%08x;orig-ioi=example.net\r\nX-Account: %u\r\n",
			i % 40, i * 2654435761u, 100000 + i);
		if (!behind || t->lens[i] + (uint32_t)len > BENCH_SIP_MAX)
			bench_die("no room for more headers");
		memmove(behind + 1 + len, behind + 1, t->lens[i] - (size_t)(behind + 1 - p));
		memcpy(behind + 1, lines, (size_t)len);
		t->lens[i] += (uint32_t)len;
	}
}

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

static void
lap_read(const struct texts *t, struct bench_laps *laps)
{
	volatile uint64_t keep = 0;

	bench_lap_begin(laps);
	for (uint32_t k = 0; k < TIMES; k++)
		for (uint32_t i = 0; i < MESSAGES; i++)
			keep = keep + read_once(t->at + (size_t)i * BENCH_SIP_MAX, t->lens[i]);
	bench_lap_end(laps, TIMES * MESSAGES);
}

/* Each is right: whole, valid, and all its headers there. */
static void
lap_parse(const struct texts *t, struct bench_laps *laps)
{
	static struct sip_message m;
	static uint32_t headers; /* of the texts without others */
	uint64_t parsed = 0;

	bench_lap_begin(laps);
	for (uint32_t k = 0; k < TIMES; k++)
		for (uint32_t i = 0; i < MESSAGES; i++) {
			const uint8_t *p = (const uint8_t *)t->at + (size_t)i * BENCH_SIP_MAX;
			int32_t len = sip_parse(&m, p, t->lens[i], true);
			if (headers == 0)
				headers = m.n_headers;
			parsed += len == (int32_t)t->lens[i] && !(m.flags & SIP_FLAGS_INVALID) && m.cseq == 1 && m.n_headers == headers + t->others;
		}
	bench_lap_end(laps, TIMES * MESSAGES);
	bench_check("messages parsed", parsed, TIMES * MESSAGES);
}

void
bench_sip(uint32_t laps)
{
	static struct texts plain, others;
	struct bench_laps read = {.n = 0}, parse = {.n = 0}, parse_others = {.n = 0};

	texts_make(&plain);
	texts_make(&others);
	texts_add_others(&others);
	for (uint32_t lap = 0; lap < laps; lap++) {
		lap_read(&plain, &read);
		lap_parse(&plain, &parse);
		lap_parse(&others, &parse_others);
	}
	bench_print("sip_bytes", (double)plain.bytes / MESSAGES, "bytes");
	bench_laps_print(&read, "sip_read");
	bench_laps_print(&parse, "sip_parse");
	bench_laps_print(&parse_others, "sip_others");
}
