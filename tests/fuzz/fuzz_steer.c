/* fuzz_steer: the decision that runs in the kernel, on any frames against any table.
 *
 * Laws: no byte beyond the frame is read; a frame cut short is decided as the whole one or left to the host; both ways of a
 * flow are decided alike; a tag of 802.1Q changes nothing while it is within STEER_TAGS_MAX; a table of nothing takes nothing; a
 * later fragment is ours only between addresses that a first one taught.
 * data: which rules (1 byte: tunnels, RTP anywhere, a second SIP port), then frames, each behind its length (2 bytes). */
#include <stdlib.h>
#include <string.h>

#include "steer_private.h"

#define PAIRS_MAX 16
#define FRAMES_MAX 64
#define FRAME_MAX 2048
#define TAG_BYTES 4
#define WORLDS 8

struct world;
struct steer_packet {
	const uint8_t *p;
	uint32_t len;
	struct world *world;
};

#include "steer_decide.h"

struct world {
	struct steer_table table;
	struct steer_pair pairs[PAIRS_MAX];
	uint32_t n_pairs;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool law)
{
	if (!law)
		abort();
}

static int
steer_load(const struct steer_packet *packet, __u32 at, void *to, __u32 len)
{
	if (at > packet->len || len > packet->len - at)
		return -1;
	memcpy(to, packet->p + at, len);
	return 0;
}

static const struct steer_table *
steer_table_of(const struct steer_packet *packet)
{
	return &packet->world->table;
}

static int
steer_pair_known(const struct steer_packet *packet, const struct steer_pair *pair)
{
	const struct world *w = packet->world;
	uint32_t kept = w->n_pairs < PAIRS_MAX ? w->n_pairs : PAIRS_MAX;

	for (uint32_t i = 0; i < kept; i++)
		if (memcmp(&w->pairs[i], pair, sizeof(*pair)) == 0)
			return 1;
	return 0;
}

/* The oldest goes, as in the kernel's map. */
static void
steer_pair_learn(const struct steer_packet *packet, const struct steer_pair *pair)
{
	if (!steer_pair_known(packet, pair))
		packet->world->pairs[packet->world->n_pairs++ % PAIRS_MAX] = *pair;
}

/* In memory of its own size: a sanitizer sees the first byte read beyond it. */
static enum steer_reason
decide(struct world *world, const uint8_t *p, uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct steer_packet packet = {copy, len, world};

	require(copy != NULL);
	memcpy(copy, p, len);
	enum steer_reason reason = steer_decide(&packet);
	free(copy);
	require(reason < STEER_UNQUEUED);
	return reason;
}

/* As if nobody had asked: what was learnt stays as it was. */
static enum steer_reason
would_decide(struct world *world, const uint8_t *p, uint32_t len)
{
	struct steer_pair pairs[PAIRS_MAX];
	uint32_t n_pairs = world->n_pairs;

	memcpy(pairs, world->pairs, sizeof(pairs));
	enum steer_reason reason = decide(world, p, len);
	memcpy(world->pairs, pairs, sizeof(pairs));
	world->n_pairs = n_pairs;
	return reason;
}

static void
check_cut(struct world *world, const uint8_t *p, uint32_t len, enum steer_reason whole)
{
	uint32_t step = len > 128 ? len / 16 : 7;

	for (uint32_t cut = 0; cut < len; cut += step) {
		enum steer_reason reason = would_decide(world, p, cut);
		require(reason == STEER_PASSED || reason == whole);
	}
}

static uint32_t
tags_of(const uint8_t *p, uint32_t len)
{
	uint32_t n = 0;

	for (uint32_t at = 12; at + 2 <= len && n < STEER_TAGS_MAX; at += TAG_BYTES, n++) {
		uint16_t type = steer_be16(p + at);
		if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
			break;
	}
	return n;
}

static void
check_tag(struct world *world, const uint8_t *p, uint32_t len, enum steer_reason whole)
{
	uint8_t tagged[FRAME_MAX + TAG_BYTES];

	if (len < 14 || tags_of(p, len) == STEER_TAGS_MAX)
		return;
	memcpy(tagged, p, 12);
	memcpy(tagged + 12, "\x81\x00\x00\x07", TAG_BYTES);
	memcpy(tagged + 12 + TAG_BYTES, p + 12, len - 12);
	require(would_decide(world, tagged, len + TAG_BYTES) == whole);
}

/* Addresses and ports of a whole IPv4 packet exchanged: the way back. */
static void
check_way_back(struct world *world, const uint8_t *p, uint32_t len, enum steer_reason whole)
{
	uint8_t back[FRAME_MAX];
	uint32_t ip = 14 + TAG_BYTES * tags_of(p, len);

	if (len < ip + 20 || p[ip] >> 4 != 4 || steer_be16(p + ip + 6) & 0x3fff)
		return;
	uint32_t ports = ip + (p[ip] & 15u) * 4;
	if (ports < ip + 20 || len < ports + 4)
		return;
	memcpy(back, p, len);
	memcpy(back + ip + 12, p + ip + 16, 4);
	memcpy(back + ip + 16, p + ip + 12, 4);
	memcpy(back + ports, p + ports + 2, 2);
	memcpy(back + ports + 2, p + ports, 2);
	require(would_decide(world, back, len) == whole);
}

static void
check_frame(struct world *world, const uint8_t *p, uint32_t len)
{
	static struct world empty;
	enum steer_reason alone = would_decide(world, p, len);
	uint32_t known = world->n_pairs;

	empty.n_pairs = 0;
	require(decide(&empty, p, len) == STEER_PASSED && empty.n_pairs == 0);
	check_cut(world, p, len, alone);
	check_tag(world, p, len, alone);
	check_way_back(world, p, len, alone);
	require(decide(world, p, len) == alone);
	require(alone != STEER_FRAGMENT || known > 0);
	require(alone != STEER_PASSED || world->n_pairs == known);
}

/* The tables of the rules, filled once each: filling one takes longer than many frames. */
static struct world *
world_of(uint8_t choice)
{
	static const uint16_t sip[] = {5060, 5061};
	static const struct steer_range rtp[] = {{10000, 20000}, {0, 65535}};
	static struct world worlds[WORLDS];
	static bool made[WORLDS];
	uint32_t i = choice % WORLDS;

	if (!made[i]) {
		const struct steer_rules rules = {sip, rtp + (i >> 1 & 1), i >> 2 & 1 ? 2 : 1, 1, i & 1};
		steer_rules_store(&worlds[i].table, &rules);
		made[i] = true;
	}
	worlds[i].n_pairs = 0;
	return &worlds[i];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = data + 1, *end = data + size;

	if (size < 1)
		return 0;
	struct world *world = world_of(data[0]);
	for (int n = 0; n < FRAMES_MAX && end - p >= 2; n++) {
		uint32_t len = steer_be16(p);
		p += 2;
		if (len > (uint32_t)(end - p))
			len = (uint32_t)(end - p);
		if (len > FRAME_MAX)
			break;
		check_frame(world, p, len);
		p += len;
	}
	return 0;
}
