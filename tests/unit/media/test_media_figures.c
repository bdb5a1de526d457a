/* The figures of a stream against a naive model: every sequence number in a set, every jitter in doubles. */
#include "media_testing.h"

#define MAX_PACKETS 20000

struct model {
	struct rtp packets[MAX_PACKETS];
	uint32_t n;
};

struct truth {
	uint64_t packets, expected, lost, duplicates, reordered, bytes;
	double jitter_mean, jitter_max, delta_max;
};

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

/* Sequence numbers are real ones (unwrapped) here: the model needs no cycles. */
static struct truth
judge(const struct model *m, const int64_t *ext, uint8_t main_pt, uint32_t clock)
{
	static uint8_t seen[400000];
	struct truth t = {.packets = m->n};
	int64_t low = ext[0], high = ext[0];
	double jitter = 0, sum = 0;
	uint32_t updates = 0, unique = 0;
	const struct rtp *last = NULL;

	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < m->n; i++) {
		const struct rtp *p = &m->packets[i];
		t.bytes += p->payload_len;
		if (seen[ext[i]]++) {
			t.duplicates++;
		} else {
			unique++;
			t.reordered += ext[i] < high;
		}
		low = ext[i] < low ? ext[i] : low;
		high = ext[i] > high ? ext[i] : high;
		if (i)
			t.delta_max = larger(t.delta_max, (double)(p->ts_ns - p[-1].ts_ns) / 1e6);
		if (p->payload_type != main_pt)
			continue;
		if (last) {
			double d = fabs((double)(p->ts_ns - last->ts_ns) / 1e6 - (double)(int32_t)(p->timestamp - last->timestamp) * 1e3 / clock);
			jitter += (d - jitter) / 16;
			sum += jitter, updates++;
			t.jitter_max = larger(t.jitter_max, jitter);
		}
		last = p;
	}
	t.expected = (uint64_t)(high - low + 1);
	t.lost = t.expected - unique;
	t.jitter_mean = updates ? sum / updates : NAN;
	t.jitter_max = updates ? t.jitter_max : NAN;
	t.delta_max = m->n > 1 ? t.delta_max : NAN;
	return t;
}

static bool
is_near(double a, double b, double tolerance)
{
	return isnan(a) ? isnan(b) : fabs(a - b) < tolerance;
}

static void
agree(const struct media_summary *s, const struct truth *t)
{
	assert_int_equal(s->packets, t->packets);
	assert_int_equal(s->bytes, t->bytes);
	assert_int_equal(s->expected, t->expected);
	assert_int_equal(s->lost, t->lost);
	assert_int_equal(s->duplicates, t->duplicates);
	assert_int_equal(s->reordered, t->reordered);
	assert_true(is_near(s->jitter_ms_mean, t->jitter_mean, 5e-4));
	assert_true(is_near(s->jitter_ms_max, t->jitter_max, 5e-4));
	assert_true(is_near(s->delta_ms_max, t->delta_max, 1e-6));
}

/* A stream of n numbers from first on: loss_percent lost, 1 % twice, 3 % moved back by up to depth places, late arrivals. */
static void
play(uint32_t first, uint32_t n, uint32_t loss_percent, uint32_t depth, uint64_t seed)
{
	static struct model m;
	static int64_t ext[MAX_PACKETS];
	struct rig *r = rig_new(4);

	m.n = 0;
	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t copies = test_random(&seed) % 100 == 0 ? 2 : 1;
		if (test_random(&seed) % 100 < loss_percent)
			continue;
		for (; copies; copies--)
			ext[m.n++] = first + i;
	}
	for (uint32_t i = 0; i + depth < m.n; i++) {
		uint32_t by = 1 + (uint32_t)(test_random(&seed) % depth);
		if (depth == 1 || test_random(&seed) % 100 >= 3)
			continue;
		int64_t moved = ext[i];
		memmove(&ext[i], &ext[i + 1], by * sizeof(ext[0]));
		ext[i + by] = moved;
	}
	int64_t ts = SEC;
	for (uint32_t i = 0; i < m.n; i++) {
		ts += 15 * MS + (int64_t)(test_random(&seed) % (10 * MS));
		m.packets[i] = (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = (uint16_t)ext[i], .timestamp = (uint32_t)ext[i] * 160 + 0xfffff000u,
			.ts_ns = ts, .payload_len = (uint32_t)(test_random(&seed) % 300)};
		rig_packet(r, m.packets[i]);
	}
	media_collect(r->m, 1, rig_take, r);
	assert_int_equal(r->n_got, 1);
	struct truth t = judge(&m, ext, 0, 8000);
	agree(&r->got[0], &t);
	rig_free(r);
}

static void
loss_duplicates_reordering_and_wrap_agree_with_a_set(void **state)
{
	for (uint64_t seed = 0; seed < 60; seed++) {
		play(100, 300, 0, 1, seed);
		play(65400, 500, 3, 1, seed);
		play(65500, 400, 0, 40, seed);
		play((uint32_t)(seed * 1001), 2000, 10, 30, seed);
	}
	play(200, 18000, 60, 8, 1);
	play(0, 1, 0, 1, 1); /* one packet */
}

static struct media_summary
one_stream(const int32_t *seqs, uint32_t n)
{
	struct rig *r = rig_new(4);
	struct media_summary s;

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	for (uint32_t i = 0; i < n; i++)
		rig_packet(r, (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = (uint16_t)seqs[i], .timestamp = 160 * i, .ts_ns = SEC + i * 20 * MS});
	media_collect(r->m, 1, rig_take, r);
	s = r->got[0];
	rig_free(r);
	return s;
}

static void
sequence_laws(void **state)
{
#define P(want_expected, want_lost, want_duplicates, want_reordered, why, ...) do { \
		static const int32_t seqs[] = {__VA_ARGS__}; \
		struct media_summary s = one_stream(seqs, base_count_of(seqs)); \
		assert_int_equal(s.packets, base_count_of(seqs)); \
		assert_int_equal(s.expected, want_expected); \
		assert_int_equal(s.lost, want_lost); \
		assert_int_equal(s.duplicates, want_duplicates); \
		assert_int_equal(s.reordered, want_reordered); \
	} while (0)
	P(3, 0, 0, 0, "in order", 1, 2, 3);
	P(5, 2, 0, 0, "two lost", 1, 2, 5);
	P(3, 0, 2, 0, "each again", 1, 1, 2, 2, 3);
	P(4, 0, 0, 1, "late is not lost", 1, 3, 2, 4);
	P(4, 0, 1, 1, "late, then again", 1, 3, 2, 2, 4);
	P(3, 0, 0, 2, "the base moves down", 12, 11, 10);
	P(5, 1, 0, 2, "the base moves down over a gap", 12, 9, 10, 13);
	P(4, 0, 0, 0, "wrap", 65534, 65535, 0, 1);
	P(4, 0, 0, 1, "reordered over the wrap", 65534, 0, 65535, 1);
	P(4, 0, 0, 0, "a restart far ahead loses nothing", 10, 11, 40000, 40001);
	P(4, 0, 0, 0, "a restart far behind loses nothing", 40000, 40001, 10, 11);
	P(5, 1, 0, 0, "loss before a restart stays", 10, 12, 40000, 40001);
	P(5, 1, 0, 0, "loss after a restart counts", 10, 40000, 40001, 40003);
	P(3, 0, 0, 0, "one packet far off is neither expected nor lost", 10, 11, 40000, 12);
	P(2, 0, 0, 0, "two packets far off, not in sequence", 10, 40000, 50000, 11);
	P(3000, 2998, 0, 0, "the longest gap", 1, 3000);
	P(2, 0, 0, 0, "one number further is a jump: two in sequence restart", 3001, 3002);
	P(101, 98, 0, 1, "late beyond the window fills a hole", 1, 101, 20);
	P(70, 0, 1, 0, "beyond the window where nothing is missing: seen before", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
		18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49,
		50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 2);
#undef P
}

static void
a_stream_that_starts_anew_many_times_has_lost_nothing(void **state)
{
	struct rig *r = rig_new(4);
	struct rtp p = {.src = 1, .dst = 2, .ssrc = 1, .ts_ns = SEC};

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	for (uint32_t run = 0; run < 50; run++) {
		p.seq = (uint16_t)(run * 21001);
		rig_run(r, p, 100);
		p.ts_ns += 2 * SEC;
	}
	media_collect(r->m, 1, rig_take, r);
	assert_int_equal(r->got[0].packets, 5000);
	assert_int_equal(r->got[0].expected, 5000);
	assert_int_equal(r->got[0].lost, 0);
	rig_free(r);
}

/* codec(i) gives the payload type of packet i: jitter is that of the main one, whatever comes between. */
static struct media_summary
mixed(struct truth *t, uint32_t n, uint8_t (*codec)(uint32_t i), uint8_t main_pt, bool late_sdp)
{
	static struct model m;
	static int64_t ext[MAX_PACKETS];
	struct rig *r = rig_new(4);
	struct media_summary s;
	uint64_t seed = 3;

	if (!late_sdp)
		rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	m.n = n;
	for (uint32_t i = 0; i < n; i++) {
		ext[i] = 1000 + i;
		m.packets[i] = (struct rtp){.src = 1, .dst = 2, .ssrc = 1, .seq = (uint16_t)ext[i], .timestamp = i * 160, .payload_type = codec(i),
			.ts_ns = SEC + i * 20 * MS + (int64_t)(test_random(&seed) % (5 * MS))};
		if (m.packets[i].payload_type == 101)
			m.packets[i].timestamp = 7777;
		rig_packet(r, m.packets[i]);
		if (late_sdp && i == 10) {
			rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
			media_advance(r->m, m.packets[i].ts_ns + SEC, rig_take, r);
		}
	}
	media_finish(r->m, rig_take, r);
	s = r->got[0];
	rig_free(r);
	*t = judge(&m, ext, main_pt, 8000);
	return s;
}

static uint8_t digits(uint32_t i) { return i % 50 >= 40 ? 101 : 0; }
static uint8_t noise(uint32_t i) { return i % 7 == 3 ? 13 : 8; }
static uint8_t starts_with_event(uint32_t i) { return i < 5 ? 101 : 0; }
static uint8_t change_early(uint32_t i) { return i < 3 ? 0 : 8; }
static uint8_t change_back(uint32_t i) { return i >= 100 && i < 180 ? 8 : 0; }
static uint8_t alternate(uint32_t i) { return i % 3 ? 8 : 0; }
static uint8_t three(uint32_t i) { return i % 10 == 9 ? 18 : i % 10 == 8 ? 3 : 0; }
static uint8_t only_events(uint32_t i) { return 101; }

static void
jitter_is_that_of_the_main_payload_type(void **state)
{
#define P(codec_at, main_pt, name, late) do { \
		struct truth t; \
		struct media_summary s = mixed(&t, 500, codec_at, main_pt, late); \
		assert_int_equal(s.payload_type, main_pt); \
		assert_string_equal(rtp_codec_name(s.codec), name); \
		agree(&s, &t); \
	} while (0)
	P(digits, 0, "PCMU", false);
	P(digits, 0, "PCMU", true);
	P(noise, 8, "PCMA", false);
	P(noise, 8, "PCMA", true);
	P(starts_with_event, 0, "PCMU", false);
	P(starts_with_event, 0, "PCMU", true);
	P(change_early, 8, "PCMA", false);
	P(change_back, 0, "PCMU", false);
	P(change_back, 0, "PCMU", true);
	P(alternate, 8, "PCMA", false);
	P(three, 0, "PCMU", false);
#undef P
}

static void
without_a_clock_there_is_no_jitter(void **state)
{
	struct truth t;
	struct media_summary s = mixed(&t, 100, only_events, 101, false);

	assert_int_equal(s.payload_type, 101);
	assert_int_equal(s.codec, RTP_CODEC_TELEPHONE_EVENT);
	assert_true(isnan(s.jitter_ms_mean) && isnan(s.jitter_ms_max) && !isnan(s.delta_ms_max));

	struct rig *r = rig_new(4);
	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	rig_run(r, (struct rtp){.src = 1, .dst = 2, .payload_type = 120, .ts_ns = SEC}, 50); /* not announced */
	rig_run(r, (struct rtp){.src = 3, .dst = 2, .ts_ns = 2 * SEC}, 1);
	media_collect(r->m, 1, rig_take, r);
	assert_int_equal(r->got[0].clock_hz, 0);
	assert_int_equal(r->got[0].codec, RTP_CODEC_NONE);
	assert_true(isnan(r->got[0].jitter_ms_mean));
	assert_true(isnan(r->got[1].jitter_ms_mean) && isnan(r->got[1].delta_ms_max)); /* one packet */
	rig_free(r);
}

static void
jitter_of_a_dynamic_codec_uses_the_announced_clock(void **state)
{
	struct rig *r = rig_new(4);
	struct rtp p = {.src = 1, .dst = 2, .payload_type = 96, .ts_ns = SEC};

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	for (uint32_t i = 0; i < 100; i++, p.seq++, p.timestamp += 960, p.ts_ns += 20 * MS)
		rig_packet(r, p);
	p.ts_ns += 16 * MS;
	rig_packet(r, p);
	media_collect(r->m, 1, rig_take, r);
	assert_int_equal(r->got[0].clock_hz, 48000);
	assert_true(fabs(r->got[0].jitter_ms_max - 1.0) < 1e-6);
	assert_true(fabs(r->got[0].jitter_ms_mean - 1.0 / 100) < 1e-6);
	rig_free(r);
}

/* A re-INVITE brings a payload type: it is asked for when its first packet comes. */
static void
a_payload_type_announced_later_is_understood(void **state)
{
	struct rig *r = rig_new(4);
	struct base_endpoint at = endpoint(2, port_of(2));
	struct media_announce a = {.call = 1, .side = MEDIA_SIDE_CALLEE, .n_codecs = 1, .codecs = {{16000, 97, RTP_CODEC_SPEEX}}};
	struct rtp p = {.src = 1, .dst = 2, .ts_ns = SEC};

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	rig_run(r, p, 10);
	media_directory_publish(r->d, &at, &a);
	p.seq = 10, p.ts_ns += SEC, p.payload_type = 97;
	rig_run(r, p, 30);
	media_collect(r->m, 1, rig_take, r);
	assert_int_equal(r->got[0].codec, RTP_CODEC_SPEEX);
	assert_int_equal(r->got[0].clock_hz, 16000);
	assert_false(isnan(r->got[0].jitter_ms_mean));
	rig_free(r);
}

static void
counters_go_beyond_32_bits(void **state)
{
	struct rig *r = rig_new(4);
	struct rtp p = {.src = 1, .dst = 2, .ts_ns = SEC, .payload_len = 1000};

	rig_announce(r, 2, 1, MEDIA_SIDE_CALLEE);
	uint32_t i = rig_packet(r, p);
	r->m->hot[i].bytes = UINT32_MAX - 10;
	media_more_for(r->m, i)->expected_prior = UINT32_MAX - 1;
	p.ts_ns += 10 * SEC; /* longer than 2^32 ns, twice */
	p.seq++;
	rig_packet(r, p);
	p.ts_ns += 11 * SEC;
	p.seq++;
	rig_packet(r, p);
	media_collect(r->m, 1, rig_take, r);
	assert_true(r->got[0].packets == (1ull << 32) + 1);
	assert_true(r->got[0].bytes == UINT32_MAX - 10 + 2000ull);
	assert_true(r->got[0].delta_ms_max == 11000.0);
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loss_duplicates_reordering_and_wrap_agree_with_a_set),
		cmocka_unit_test(sequence_laws),
		cmocka_unit_test(a_stream_that_starts_anew_many_times_has_lost_nothing),
		cmocka_unit_test(jitter_is_that_of_the_main_payload_type),
		cmocka_unit_test(without_a_clock_there_is_no_jitter),
		cmocka_unit_test(jitter_of_a_dynamic_codec_uses_the_announced_clock),
		cmocka_unit_test(a_payload_type_announced_later_is_understood),
		cmocka_unit_test(counters_go_beyond_32_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
