/* RTCP of two ends on two cores, each of which has one of their streams: what one cannot place goes to the other.
 *
 * Input: pieces { u8 how, u8 length / 4, bytes }.  how & 1: which core meets it; & 2: which end sends it; & 4: on the RTP port.
 * Laws: no packet is counted twice, and what is told goes no further than once to each. */
#include <assert.h>
#include <stdlib.h>

#include "media.h"

#define PIECES_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct core {
	void *memory;
	struct media *m;
};

struct both {
	struct core cores[2];
	uint32_t at, depth, given, told;
	uint64_t counted;
};

static void
tell(void *context, const struct media_report *report)
{
	struct both *b = context;
	uint8_t *exact = malloc(report->len ? report->len : 1); /* so that a sanitizer sees the end */
	struct media_report other = *report;

	assert(report->call == 1 && b->depth < 2);
	if (report->len)
		memcpy(exact, report->payload, report->len);
	other.payload = exact;
	b->told++;
	b->depth++;
	b->at ^= 1;
	media_report_take(b->cores[b->at].m, &other);
	b->at ^= 1;
	b->depth--;
	free(exact);
}

static struct base_endpoint
end(bool callee, bool rtp)
{
	return (struct base_endpoint){base_ip_v4((uint8_t[]){10, 0, 0, callee}), rtp ? 4000 : 4001};
}

static void
stream(struct core *c, bool callee)
{
	for (uint16_t seq = 0; seq < 3; seq++) {
		uint8_t bytes[12] = {0x80, 0, 0, (uint8_t)seq, 0, 0, 0, (uint8_t)(160 * seq), 0, 0, 0, (uint8_t)(1 + callee)};
		struct packet_view view = {.src = end(callee, true), .dst = end(!callee, true), .payload = bytes, .payload_len = 12,
			.payload_wire_len = 172, .transport = PACKET_UDP};
		struct media_packet packet = {.view = &view, .ts_ns = BASE_NS_PER_SEC + seq * 20 * BASE_NS_PER_MS};
		media_prepare(c->m, &packet, 1);
		assert(media_begin(c->m, &packet));
	}
}

static void
count(void *context, const struct media_summary *s)
{
	struct both *b = context;

	b->counted += s->rtcp_packets;
	assert(s->packets == 3 && s->reports.receiver_ms >= 0 && s->reports.trip_ms_max >= 0);
}

static void
play(struct both *b, const uint8_t *data, size_t size)
{
	for (size_t at = 0; at + 2 <= size && b->given < PIECES_MAX; b->given++) {
		uint32_t how = data[at], len = 4u * data[at + 1];
		bool callee = how & 2, rtp = how & 4;
		at += 2;
		len = len < size - at ? len : (uint32_t)(size - at);
		uint8_t *exact = malloc(len ? len : 1);
		memcpy(exact, data + at, len);
		struct packet_view view = {.src = end(callee, rtp), .dst = end(!callee, rtp), .payload = exact, .payload_len = len,
			.payload_wire_len = len, .transport = PACKET_UDP};
		struct media_packet packet = {.view = &view, .ts_ns = 2 * BASE_NS_PER_SEC + b->given * 100 * BASE_NS_PER_MS};
		b->at = how & 1;
		media_rtcp(b->cores[b->at].m, &packet);
		free(exact);
		at += len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct base_hash_key key = BASE_HASH_KEY_REPLAY;
	void *directory_memory = aligned_alloc(64, media_directory_footprint(4));
	struct media_directory *d = media_directory_new(directory_memory, 4, &key);
	struct both b = {.given = 0};
	struct media_options options = {.max_streams = 4, .key = key, .directories = &d, .n_directories = 1, .idle_ns = BASE_NS_PER_SEC,
		.report = tell, .context = &b};

	for (uint8_t side = 0; side < 2; side++) {
		struct media_announce announce = {.call = 1, .side = side ? MEDIA_SIDE_CALLEE : MEDIA_SIDE_CALLER};
		struct base_endpoint at = end(side, true);
		media_directory_publish(d, &at, &announce);
	}
	for (uint8_t i = 0; i < 2; i++) {
		b.cores[i].memory = aligned_alloc(64, media_footprint(&options));
		b.cores[i].m = media_new(b.cores[i].memory, &options);
		stream(&b.cores[i], i);
	}
	play(&b, data, size);
	for (uint8_t i = 0; i < 2; i++) {
		media_collect(b.cores[i].m, 1, count, &b);
		free(b.cores[i].memory);
	}
	assert(b.counted <= b.given);
	free(directory_memory);
	return 0;
}
