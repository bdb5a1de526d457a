/* bench rtp STREAMS LAPS | live STREAMS CORES MS FOLDER | sip LAPS | calls IN_PROGRESS LAPS | memory CALLS | traffic CALLS | ring LAPS | store CALLS FOLDER */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "bench.h"

#ifdef BENCH_LIVE
#define LIVE_USAGE "live STREAMS CORES MS FOLDER | "
#else
#define LIVE_USAGE "" /* without DPDK */
#endif

uint64_t
bench_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t
bench_cycles(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

void *
bench_memory(size_t bytes)
{
	size_t whole = (bytes + (2u << 20) - 1) & ~((size_t)(2u << 20) - 1);
	void *p = aligned_alloc(2u << 20, whole);

	if (!p) {
		fprintf(stderr, "bench: no memory for %zu bytes\n", bytes);
		exit(1);
	}
	madvise(p, whole, MADV_HUGEPAGE);
	memset(p, 0, whole);
	return p;
}

void
bench_print(const char *name, double value, const char *unit)
{
	printf("%s %.3f %s\n", name, value, unit);
	fflush(stdout);
}

void
bench_die(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	exit(1);
}

void
bench_check(const char *what, uint64_t got, uint64_t wanted)
{
	if (got == wanted)
		return;
	fprintf(stderr, "bench: %s: %llu, not %llu: the figures are worth nothing\n", what, (unsigned long long)got,
		(unsigned long long)wanted);
	exit(1);
}

static int
less(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
bench_median(double *values, uint32_t n)
{
	qsort(values, n, sizeof(*values), less);
	return n ? values[n / 2] : 0;
}

uint64_t
bench_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void
bench_lap_begin(struct bench_laps *laps)
{
	laps->began_ns = bench_cpu_ns();
	laps->began_cycles = bench_cycles();
}

void
bench_lap_end(struct bench_laps *laps, uint64_t items)
{
	uint64_t cycles = bench_cycles() - laps->began_cycles, ns = bench_cpu_ns() - laps->began_ns;

	if (laps->n < sizeof(laps->ns) / sizeof(laps->ns[0])) {
		laps->cycles[laps->n] = (double)cycles / (double)items;
		laps->ns[laps->n++] = (double)ns / (double)items;
	}
}

void
bench_laps_print(struct bench_laps *laps, const char *name)
{
	char full[128];

	snprintf(full, sizeof(full), "%s_ns", name);
	bench_print(full, bench_median(laps->ns, laps->n), "ns");
	snprintf(full, sizeof(full), "%s_best_ns", name);
	bench_print(full, laps->n ? laps->ns[0] : 0, "ns"); /* sorted by now */
	snprintf(full, sizeof(full), "%s_cycles", name);
	bench_print(full, bench_median(laps->cycles, laps->n), "cycles");
}

static uint32_t
number(int argc, char **argv, int i, uint32_t otherwise)
{
	return i < argc ? (uint32_t)strtoul(argv[i], NULL, 10) : otherwise;
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "rtp"))
		bench_rtp(number(argc, argv, 2, 40000), number(argc, argv, 3, 9));
#ifdef BENCH_LIVE
	else if (!strcmp(what, "live"))
		bench_live(number(argc, argv, 2, 40000), number(argc, argv, 3, 1), number(argc, argv, 4, 1000), argc > 5 ? argv[5] : ".");
#endif
	else if (!strcmp(what, "tones"))
		bench_tones(number(argc, argv, 2, 200), number(argc, argv, 3, 5));
	else if (!strcmp(what, "sip"))
		bench_sip(number(argc, argv, 2, 9));
	else if (!strcmp(what, "calls"))
		bench_calls(number(argc, argv, 2, 100000), number(argc, argv, 3, 20));
	else if (!strcmp(what, "memory"))
		bench_memory_of_calls(number(argc, argv, 2, 100000));
	else if (!strcmp(what, "traffic"))
		bench_memory_of_traffic(number(argc, argv, 2, 100000));
	else if (!strcmp(what, "ring"))
		bench_ring(number(argc, argv, 2, 9));
	else if (!strcmp(what, "store"))
		bench_store(number(argc, argv, 2, 500000), argc > 3 ? argv[3] : ".");
	else
		return fprintf(stderr, "usage: bench rtp STREAMS LAPS | " LIVE_USAGE "sip LAPS | calls IN_PROGRESS LAPS | memory CALLS | traffic CALLS | ring LAPS | tones STREAMS LAPS | store CALLS FOLDER\n"), 2;
	return 0;
}
