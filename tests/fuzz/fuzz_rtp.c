/* rtp_parse on any bytes; the rest of the input plays packets of one announced and one unknown stream through media. */
#include <assert.h>
#include <stdlib.h>

#include "media.h"

#define PACKETS_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_header(const uint8_t *data, size_t size)
{
	struct rtp_header h;
	uint32_t len = size < 2048 ? (uint32_t)size : 2048;

	for (uint32_t extra = 0; extra <= 1000; extra += 500) {
		if (!rtp_parse(&h, data, len, len + extra))
			continue;
		assert(len >= 12 && h.payload_offset >= 12 && h.payload_type < 128);
		assert(h.payload_offset + h.payload_len <= len + extra);
		struct rtp_event e;
		if (h.payload_offset <= len && rtp_event_parse(&e, data + h.payload_offset, len - h.payload_offset))
			assert(e.volume < 64);
	}
}

static void
check_summary(void *context, const struct media_summary *s)
{
	uint64_t *packets = context;

	assert(s->packets > 0 && s->lost <= s->expected);
	assert(s->duplicates + s->reordered <= s->packets);
	assert(s->expected - s->lost + s->duplicates <= s->packets);
	assert(s->jitter_ms_mean != s->jitter_ms_mean || (s->jitter_ms_mean >= 0 && s->jitter_ms_max >= 0));
	*packets += s->packets;
}

/* 4 bytes of input a packet: stream and flags, payload type, step of the sequence number. */
static void
play(struct media *m, const uint8_t *data, size_t size, uint64_t *given)
{
	uint16_t seq = 0;
	int64_t ts_ns = BASE_NS_PER_SEC;

	for (size_t i = 0; i + 4 <= size && i < 4 * PACKETS_MAX; i += 4) {
		uint8_t bytes[16] = {0x80, data[i + 1]};
		struct packet_view view = {.payload = bytes, .payload_len = 12, .payload_wire_len = 12u + data[i], .transport = PACKET_UDP};
		struct media_packet packet = {.view = &view};
		seq = (uint16_t)(seq + base_load_be16(data + i + 2));
		ts_ns += (int64_t)data[i] * BASE_NS_PER_MS;
		base_store_be16(bytes + 2, seq);
		base_store_be32(bytes + 4, seq * (uint32_t)data[i + 3]);
		bytes[11] = data[i] & 3;
		view.dst.port = data[i] & 4 ? 4000 : 5000;
		packet.ts_ns = ts_ns;
		media_prepare(m, &packet, 1);
		media_find(m, &packet, 1);
		media_update(m, &packet, 1);
		if (packet.stream == MEDIA_NONE)
			media_begin(m, &packet);
		if (data[i] & 8)
			media_advance(m, ts_ns, check_summary, given);
		if (data[i] == 0xff)
			media_collect(m, 1, check_summary, given);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct base_hash_key key = BASE_HASH_KEY_REPLAY;
	struct base_endpoint at = {.port = 4000};
	struct media_announce announce = {.call = 1, .side = MEDIA_SIDE_CALLER, .n_codecs = 2,
		.codecs = {{8000, 101, RTP_CODEC_TELEPHONE_EVENT}, {48000, 96, RTP_CODEC_OPUS}}};
	void *directory_memory = aligned_alloc(64, media_directory_footprint(4));
	struct media_directory *d = media_directory_new(directory_memory, 4, &key);
	struct media_options options = {.max_streams = 6, .key = key, .directories = &d, .n_directories = 1, .idle_ns = BASE_NS_PER_SEC};
	void *memory = aligned_alloc(64, media_footprint(&options));
	struct media *m = media_new(memory, &options);
	uint64_t given = 0;

	check_header(data, size);
	if (size && data[0] & 1)
		media_directory_publish(d, &at, &announce);
	play(m, data, size / 2, &given);
	media_directory_publish(d, &at, &announce);
	play(m, data + size / 2, size - size / 2, &given);
	media_finish(m, check_summary, &given);
	assert(given <= 2 * PACKETS_MAX);
	free(memory);
	free(directory_memory);
	return 0;
}
