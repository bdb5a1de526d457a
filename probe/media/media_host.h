/* media_host: behind which addresses of signalling calls sit whose SDP names others (NAT), and how
 * many of them.  The directory's writer alone knows it: readers see a host's entry only where one
 * call stands behind it.
 *
 * Memory: media_hosts_footprint bytes from the caller.  Thread: the writer. */
#pragma once

#include "base.h"

struct media_host {
	struct base_ip ip;
	uint32_t n;                /* calls; 0: free */
};

struct media_hosts {
	struct media_host *slots;
	struct base_hash_key key;
	uint32_t mask, used;
	bool full;                 /* one found no room: until all are gone nobody is alone */
};

size_t media_hosts_footprint(uint32_t max_endpoints);
void media_hosts_init(struct media_hosts *h, void *mem, uint32_t max_endpoints,
	const struct base_hash_key *key);
/* One call more behind ip.  Returns how many there are, or 0: not known. */
uint32_t media_hosts_add(struct media_hosts *h, const struct base_ip *ip);
/* Returns how many are left. */
uint32_t media_hosts_remove(struct media_hosts *h, const struct base_ip *ip);
