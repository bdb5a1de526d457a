/* Any bytes as a payload: hyperscan and plain C say the same kind; and as a message: the same watch
 * lists. */
#include "classify.h"

#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const numbers[] = {"49", "1", "+0*"};
static const char *const domains[] = {"a", "b.c", "1.2.3.4"};
static const char *const words[] = {"a", "ab", "x y", "sip"};
static const struct classify_watch_list lists[] = {
	{"n", NULL, numbers, 3, CLASSIFY_WATCH_NUMBER},
	{"d", NULL, domains, 3, CLASSIFY_WATCH_DOMAIN},
	{"u", NULL, words, 4, CLASSIFY_WATCH_USER_AGENT},
	{"h", "X", words, 3, CLASSIFY_WATCH_HEADER},
	{"s", "Subject", words, 2, CLASSIFY_WATCH_HEADER},
};

/* The first two bytes choose transport, port, any_port and how much the capture cut off. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct classify *c[2];
	static struct classify_core *core[2];
	static struct sip_message m;
	static const uint16_t port = 5060;

	for (unsigned i = 0; i < 2 && !core[i]; i++) {
		struct classify_options options = {&port, 1, i, lists, base_count_of(lists), false};
		if (classify_new(&c[i], &options, NULL) < 0 ||
			classify_core_new(&core[i], c[i], NULL) < 0)
			abort();
	}
	if (size < 2 || size > 4096)
		return 0;
	unsigned any = data[0] >> 7;
	struct packet_view view = {.payload = data + 2,
		.payload_len = (uint32_t)size - 2,
		.payload_wire_len = (uint32_t)size - 2 + data[1],
		.transport = (uint8_t)(1 + data[0] % 3),
		.dst.port = data[0] & 0x40 ? 5060 : 40000};
	if (classify_payload(c[any], core[any], &view).kind != classify_plain(c[any], &view))
		abort();
	if (sip_parse(&m, view.payload, view.payload_len, true) > 0 &&
		classify_watch(c[any], core[any], &m) != classify_watch_plain(c[any], &m))
		abort();
	return 0;
}
