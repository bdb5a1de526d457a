#include "media_host.h"

/* Open addressing; who goes lets those behind him move up, so there are no marks of the dead. */

static uint32_t
slots_of(uint32_t max_endpoints)
{
	return base_power_of_two_at_least(max_endpoints / 32 + 16);
}

size_t
media_hosts_footprint(uint32_t max_endpoints)
{
	return base_align_up(slots_of(max_endpoints) * sizeof(struct media_host), BASE_CACHE_LINE);
}

void
media_hosts_init(struct media_hosts *h, void *mem, uint32_t max_endpoints,
	const struct base_hash_key *key)
{
	uint32_t n = slots_of(max_endpoints);

	*h = (struct media_hosts){.slots = mem, .key = *key, .mask = n - 1};
	base_zero(mem, n * sizeof(struct media_host));
}

static uint32_t
home(const struct media_hosts *h, const struct base_ip *ip)
{
	return (uint32_t)base_hash(&h->key, ip, sizeof(*ip)) & h->mask;
}

/* Of ip, or the free one where it would be. */
static uint32_t
find(const struct media_hosts *h, const struct base_ip *ip)
{
	uint32_t at = home(h, ip);

	while (h->slots[at].n && !base_ip_eq(&h->slots[at].ip, ip))
		at = (at + 1) & h->mask;
	return at;
}

uint32_t
media_hosts_add(struct media_hosts *h, const struct base_ip *ip)
{
	struct media_host *host = &h->slots[find(h, ip)];

	if (host->n == 0) {
		if (h->used >= h->mask - h->mask / 4) {
			h->full = true;
			return 0;
		}
		h->used++;
		*host = (struct media_host){.ip = *ip};
	}
	host->n++;
	return h->full ? 0 : host->n;
}

static void
move_up(struct media_hosts *h, uint32_t hole)
{
	for (uint32_t at = (hole + 1) & h->mask; h->slots[at].n; at = (at + 1) & h->mask) {
		uint32_t wants = home(h, &h->slots[at].ip);
		if (((at - wants) & h->mask) < ((at - hole) & h->mask))
			continue;
		h->slots[hole] = h->slots[at];
		hole = at;
	}
	h->slots[hole].n = 0;
}

uint32_t
media_hosts_remove(struct media_hosts *h, const struct base_ip *ip)
{
	uint32_t at = find(h, ip);

	if (h->slots[at].n == 0)
		return 0;
	if (--h->slots[at].n)
		return h->slots[at].n;
	move_up(h, at);
	if (--h->used == 0)
		h->full = false;
	return 0;
}
