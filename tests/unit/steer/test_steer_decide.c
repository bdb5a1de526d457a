/* The decision that runs in the kernel, run here.  Laws: ours by reason, the host's left alone; a
 * frame cut at any byte is decided without a read beyond its end, and never becomes ours by the
 * cut; a later fragment is ours only between addresses that were seen before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "steer_private.h"

#define PAIRS_MAX 8

struct steer_world;
struct steer_packet {
	const uint8_t *p;
	uint32_t len;
	struct steer_world *world;
};

#include "steer_decide.h"

struct steer_world {
	struct steer_table table;
	struct steer_pair pairs[PAIRS_MAX];
	uint32_t n_pairs;
};

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
	for (uint32_t i = 0; i < packet->world->n_pairs; i++)
		if (memcmp(&packet->world->pairs[i], pair, sizeof(*pair)) == 0)
			return 1;
	return 0;
}

static void
steer_pair_learn(const struct steer_packet *packet, const struct steer_pair *pair)
{
	if (!steer_pair_known(packet, pair) && packet->world->n_pairs < PAIRS_MAX)
		packet->world->pairs[packet->world->n_pairs++] = *pair;
}

/* ---- frames ---- */

struct frame {
	uint8_t p[256];
	uint32_t len;
};

static void
put(struct frame *f, const char *hex)
{
	for (; *hex; hex++) {
		char digits[3] = {hex[0], hex[1], 0};
		if (*hex == ' ')
			continue;
		f->p[f->len++] = (uint8_t)strtoul(digits, NULL, 16);
		hex++;
	}
}

struct ip {
	bool v6;
	uint8_t protocol;
	uint16_t source, destination;
	uint16_t fragment; /* offset in bytes, bit 0: more */
	uint32_t tags, last; /* last: byte of the source address */
};

static struct frame
frame_of(const struct ip *ip)
{
	struct frame f = {.len = 0};
	char ports[16], text[64];

	put(&f, "02 00 00 00 00 01 02 00 00 00 00 02");
	for (uint32_t i = 0; i < ip->tags; i++)
		put(&f, i + 1 < ip->tags ? "88a8 0007" : "8100 0008");
	if (ip->v6) {
		put(&f, "86dd 60000000 0040");
		snprintf(text, sizeof(text), "%02x40", ip->fragment ? 44 : ip->protocol);
		put(&f, text);
		snprintf(text, sizeof(text), "20010db80000000000000000000000%02x", ip->last);
		put(&f, text);
		put(&f, "20010db80000000000000000000000ff");
		snprintf(text, sizeof(text), "%02x00%04x00000001", ip->protocol, ip->fragment);
		if (ip->fragment)
			put(&f, text);
	} else {
		snprintf(text, sizeof(text), "0800 4600 0040 0001 %04x 40%02x 0000",
			(ip->fragment & 1 ? 0x2000 : 0) | ip->fragment >> 3, ip->protocol);
		put(&f, text);
		snprintf(text, sizeof(text), "c00002%02x c0000202 01010101", ip->last);
		put(&f, text);
	}
	snprintf(ports, sizeof(ports), "%04x%04x", ip->source, ip->destination);
	put(&f, ports);
	put(&f, "0010 0000 00000000");
	return f;
}

static enum steer_reason
decide(struct steer_world *world, const uint8_t *p, uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1); /* its end is where a sanitizer looks */
	struct steer_packet packet = {copy, len, world};

	memcpy(copy, p, len);
	enum steer_reason reason = steer_decide(&packet);
	free(copy);
	return reason;
}

static struct steer_world *
world_new(void)
{
	struct steer_world *world = calloc(1, sizeof(*world));
	const uint16_t sip[] = {5060};
	const struct steer_range rtp[] = {{10000, 65535}};
	struct steer_rules rules = {sip, rtp, 1, 1, true};

	assert_non_null(world);
	steer_rules_store(&world->table, &rules);
	return world;
}

static void
reasons(void **state)
{
	static const struct {
		struct ip ip;
		enum steer_reason reason;
		const char *what;
	} rows[] = {
		{{0, 17, 5060, 5060}, STEER_SIP, "SIP over UDP"},
		{{0, 6, 40000, 5060}, STEER_SIP, "SIP over TCP"},
		{{0, 132, 5060, 40000}, STEER_SIP, "SIP over SCTP"},
		{{0, 17, 10000, 65534}, STEER_RTP, "RTP"},
		{{0, 17, 10000, 9999}, STEER_PASSED, "one port outside"},
		{{0, 17, 53, 40000}, STEER_PASSED, "an answer of DNS"},
		{{0, 6, 40000, 50000}, STEER_PASSED, "TCP within the RTP range"},
		{{0, 6, 40000, 22}, STEER_PASSED, "ssh"},
		{{0, 1, 5060, 5060}, STEER_PASSED, "ICMP has no ports"},
		{{0, 47, 0, 0}, STEER_TUNNEL, "GRE"},
		{{0, 4, 0, 0}, STEER_TUNNEL, "IP in IP"},
		{{0, 41, 0, 0}, STEER_TUNNEL, "IPv6 in IP"},
		{{0, 17, 40000, 4789}, STEER_TUNNEL, "VXLAN"},
		{{0, 17, 2152, 2152}, STEER_TUNNEL, "GTP-U"},
		{{0, 6, 2152, 2152}, STEER_PASSED, "TCP is no GTP-U"},
	};

	for (size_t i = 0; i < base_count_of(rows); i++)
		for (int v6 = 0; v6 < 2; v6++)
			for (uint32_t tags = 0; tags <= STEER_TAGS_MAX; tags++) {
				struct steer_world *world = world_new();
				struct ip ip = rows[i].ip;
				ip.v6 = v6, ip.tags = tags;
				struct frame f = frame_of(&ip);
				if (decide(world, f.p, f.len) != rows[i].reason)
					fail_msg("%s, IPv6 %d, tags %u", rows[i].what, v6, tags);
				free(world);
			}
}

static void
fragments(void **state)
{
	for (int v6 = 0; v6 < 2; v6++)
		for (int protocol = 6; protocol <= 17; protocol += 11) {
			struct steer_world *world = world_new();
			struct ip first = {v6, (uint8_t)protocol, 5060, 5060, 1, 0, 1};
			struct ip later = {v6, (uint8_t)protocol, 5060, 5060, 1480, 0, 1};
			struct ip other = {v6, (uint8_t)protocol, 5060, 5060, 1480, 0, 9};
			struct frame f = frame_of(&first), l = frame_of(&later),
				     o = frame_of(&other);
			assert_int_equal(decide(world, l.p, l.len), STEER_PASSED);
			assert_int_equal(decide(world, f.p, f.len), STEER_SIP);
			assert_int_equal(decide(world, l.p, l.len), STEER_FRAGMENT);
			assert_int_equal(decide(world, o.p, o.len), STEER_PASSED);
			free(world);
		}
}

static void
whole_rtp_teaches_nothing(void **state)
{
	struct steer_world *world = world_new();
	struct ip whole = {0, 17, 20000, 20002}, later = {0, 17, 20000, 20002, 1480};
	struct frame w = frame_of(&whole), l = frame_of(&later);

	assert_int_equal(decide(world, w.p, w.len), STEER_RTP);
	assert_int_equal(decide(world, l.p, l.len), STEER_PASSED);
	free(world);
}

static void
without_tunnels(void **state)
{
	struct steer_world *world = world_new();
	struct ip gre = {0, 47, 0, 0}, vxlan = {0, 17, 4000, 4789};
	struct frame a = frame_of(&gre), b = frame_of(&vxlan);

	world->table.tunnels = 0;
	assert_int_equal(decide(world, a.p, a.len), STEER_PASSED);
	assert_int_equal(decide(world, b.p, b.len), STEER_PASSED);
	free(world);
}

static void
cut_anywhere(void **state)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct ip ip = {v6, 17, 5060, 5060, 1, 2, 1};
		struct frame f = frame_of(&ip);
		for (uint32_t len = 0; len <= f.len; len++) {
			struct steer_world *world = world_new();
			enum steer_reason reason = decide(world, f.p, len);
			assert_true(reason == (len >= f.len - 8 ? STEER_SIP : STEER_PASSED));
			free(world);
		}
	}
}

static void
any_bytes(void **state)
{
	struct steer_world *world = world_new();
	uint32_t seed = 12345;

	for (int round = 0; round < 20000; round++) {
		struct ip ip = {round & 1, 17, 5060, 5060, (uint16_t)(round & 2 ? 1 : 0), 1, 1};
		struct frame f = frame_of(&ip);
		for (int i = 0; i < 3; i++) {
			seed = seed * 1664525u + 1013904223u;
			f.p[12 + (seed >> 8) % (f.len - 12)] = (uint8_t)(seed >> 24);
		}
		assert_true(decide(world, f.p, (seed >> 4) % (f.len + 1)) < STEER_UNQUEUED);
	}
	free(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons),
		cmocka_unit_test(fragments),
		cmocka_unit_test(whole_rtp_teaches_nothing),
		cmocka_unit_test(without_tunnels),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
