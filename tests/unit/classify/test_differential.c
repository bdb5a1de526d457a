/* Hyperscan against plain C: random and mutated payloads, always the same kind; and the same for
 * watch lists.  Without hyperscan both are plain C, and the test says so by being short. */
#include "classify_testing.h"

#define ROUNDS 200000
#define PAYLOAD_MAX 96

static const struct base_span seeds[] = {
/* clang-format off */
#define SEED(text) {(const uint8_t *)(text), sizeof(text) - 1}
/* clang-format on */
	SEED("INVITE sip:bob@example.com SIP/2.0\r\nVia: x"),
	SEED("ACK sips:a@b SIP/2.0\r\n"),
	SEED("BYE tel:+4930;x=y SIP/2.0"),
	SEED("SIP/2.0 200 OK\r\nVia: x"),
	SEED("sip/10.123 999 x"),
	SEED("\r\n\r\nREGISTER sip:x SIP/2.0\r\n"),
	SEED("OPTIONS opaque:x SIP/2.0"),
	SEED("INVITE urn:service:sos SIP/2.0"),
	SEED("MESSAGE im:a@b SIP/2.0"),
	SEED("SUBSCRIBE pres:a@b SIP/2.0"),
	SEED("NOTIFY * HTTP/1.1\r\n"),
	SEED("PUBLISH <sip:x> SIP/2.0"),
	SEED("an-Odd.Method!%*_+`'~ sips:x SIP/2.0"),
	SEED("CANCEL  \t sip:x"),
	SEED("PRACK sip:x"),
	SEED("UPDATE sip:x"),
	SEED("INFO sip:x"),
	SEED("REFER sip:x"),
	SEED("GET / HTTP/1.1\r\nHost: x\r\n"),
	SEED("\r\n\r\n"),
	SEED("\0\0\0\0"),
	SEED("\x80\x00\x12\x34\x00\x00\x00\x01ssrcpayload.payload"),
	SEED("\x80\xc9\x00\x01ssrc\x81\xca\x00\x01ssrc"),
	SEED("\x00\x01\x00\x00\x21\x12\xa4\x42transaction."),
	SEED("\x90\x60\x00\x01\x00\x00\x00\x01ssrc\xbe\xde\x00\x01xxxx"),
};
static const char *const tokens[] = {"INVITE", "invite", "SIP/2.0",
	"sip:", "SIPS:", "tel:", "uRn:", "im:", "pres:", " ", "\t", "<", "\r\n", ":", "ACK ", "200",
	"/", ".", "\x80", "*", "REGISTER "};

static uint32_t
payload_random(uint8_t *p, uint64_t *state)
{
	uint32_t len = testing_random(state) % PAYLOAD_MAX;

	for (uint32_t i = 0; i < len; i++)
		p[i] = (uint8_t)testing_random(state);
	return len;
}

static uint32_t
payload_of_tokens(uint8_t *p, uint64_t *state)
{
	uint32_t len = 0;

	for (uint32_t n = testing_random(state) % 6 + 1; n; n--) {
		const char *token = tokens[testing_random(state) % base_count_of(tokens)];
		memcpy(p + len, token, strlen(token));
		len += (uint32_t)strlen(token);
	}
	return len;
}

/* A seed with a few bytes changed, removed or put in, or cut. */
static uint32_t
payload_mutated(uint8_t *p, uint64_t *state)
{
	struct base_span seed = seeds[testing_random(state) % base_count_of(seeds)];
	uint32_t len = seed.len;

	memcpy(p, seed.p, len);
	for (uint32_t n = testing_random(state) % 4; n && len > 1; n--) {
		uint32_t at = testing_random(state) % len, how = testing_random(state) % 5;
		if (how == 0)
			p[at] = (uint8_t)testing_random(state);
		else if (how == 1)
			p[at] = (uint8_t) " \t\r\n<>:/.-@sSiI09~\x7f"[testing_random(state) % 20];
		else if (how == 2)
			memmove(p + at, p + at + 1, --len - at);
		else if (how == 3 && len < PAYLOAD_MAX - 1)
			memmove(p + at + 1, p + at, len++ - at);
		else
			p[at] ^= 0x20;
	}
	return testing_random(state) % 8 == 0 ? testing_random(state) % (len + 1) : len;
}

static void
a_payload_has_one_kind(void **state)
{
	struct classify *open = testing_classify(true, NULL, 0),
			*closed = testing_classify(false, NULL, 0);
	struct classify_core *core = testing_core(open);
	uint32_t kinds[CLASSIFY_KIND_COUNT] = {0};
	uint64_t seed = 1;
	struct sys_error e;

	assert_int_equal(classify_core_fit(core, closed, &e), 0);
	for (int i = 0; i < ROUNDS; i++) {
		static uint32_t (*const makers[])(uint8_t *, uint64_t *) = {
			payload_mutated, payload_of_tokens, payload_random};
		uint8_t bytes[PAYLOAD_MAX + 8];
		uint32_t len = makers[i % 5 % 3](bytes, &seed);
		uint8_t *exact = malloc(len ? len : 1);
		memcpy(exact, bytes, len);
		struct packet_view view =
			testing_view(exact, len, (uint8_t)(1 + testing_random(&seed) % 3),
				testing_random(&seed) % 2 ? 5060 : 40000);
		view.payload_wire_len =
			len + (testing_random(&seed) % 4 == 0 ? testing_random(&seed) % 100 : 0);
		const struct classify *c = testing_random(&seed) % 4 ? open : closed;
		uint8_t got = classify_payload(c, core, &view).kind;
		enum classify_kind plain = classify_plain(c, &view);
		if (got != plain)
			fail_msg("round %d: %u, plainly %u: '%.*s'", i, got, plain, (int)len,
				(const char *)exact);
		kinds[got]++;
		free(exact);
	}
	for (int k = 0; k < CLASSIFY_KIND_COUNT; k++)
		assert_true(kinds[k] > 100);
	classify_core_free(core);
	classify_free(open);
	classify_free(closed);
}

static uint32_t
word_random(char *out, uint64_t *state)
{
	uint32_t len = 1 + testing_random(state) % 4;

	for (uint32_t i = 0; i < len; i++)
		out[i] = "abAB.-1"[testing_random(state) % 7];
	out[len] = 0;
	return len;
}

static void
a_message_has_one_set_of_lists(void **state)
{
	enum { LISTS = 8, ENTRIES = 6, WORD = 8 };
	static const char *const headers[] = {"X-A", "X-B", "User-Agent", "Subject"};
	static char words[LISTS][ENTRIES][WORD];
	const char *entries[LISTS][ENTRIES];
	struct classify_watch_list lists[LISTS];
	uint64_t seed = 5;
	int hits = 0;

	for (uint32_t i = 0; i < LISTS; i++) {
		for (uint32_t k = 0; k < ENTRIES; k++) {
			words[i][k][0] = 'b'; /* so that no entry is of separators alone */
			word_random(words[i][k] + (i >= 4), &seed);
			if (i < 4)
				words[i][k][0] = "ab1"[testing_random(&seed) % 3];
			entries[i][k] = words[i][k];
		}
		lists[i] = (struct classify_watch_list){
			"w", headers[i % 4], entries[i], ENTRIES, i % 4};
	}
	struct classify *c = testing_classify(true, lists, LISTS);
	struct classify_core *core = testing_core(c);
	for (int i = 0; i < 20000; i++) {
		char text[512], w[5][32] = {{0}};
		for (int k = 0; k < 5; k++)
			word_random(w[k] + word_random(w[k], &seed), &seed);
		snprintf(text, sizeof(text),
			"INVITE sip:%s@%s SIP/2.0\r\nUser-Agent: %s\r\nX-B: %s\r\nSubject: "
			"%s\r\n\r\n",
			w[0], w[1], w[2], w[3], w[4]);
		const struct sip_message *m = testing_message(text);
		uint64_t got = classify_watch(c, core, m), plain = classify_watch_plain(c, m);
		if (got != plain)
			fail_msg("%#llx, plainly %#llx for\n%s", (unsigned long long)got,
				(unsigned long long)plain, text);
		hits += got != 0;
	}
	assert_true(hits > 1000);
	classify_core_free(core);
	classify_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_payload_has_one_kind),
		cmocka_unit_test(a_message_has_one_set_of_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
