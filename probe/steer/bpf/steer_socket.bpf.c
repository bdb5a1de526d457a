/* A filter on packet sockets: ours whole to the probe, nothing of the rest; the host gets all. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct steer_packet {
	struct __sk_buff *skb;
};

#include "steer_decide.h"
#include "steer_maps.h"

#define STEER_ALL_BYTES 0x40000

STEER_INLINE int
steer_load(const struct steer_packet *packet, __u32 at, void *to, __u32 len)
{
	return bpf_skb_load_bytes(packet->skb, at, to, len) != 0;
}

SEC("socket")
int
ringtap_mirror(struct __sk_buff *skb)
{
	struct steer_packet packet = {skb};
	__u32 reason = steer_decide(&packet);

	steer_count(reason);
	return reason == STEER_PASSED ? 0 : STEER_ALL_BYTES;
}

char steer_license[] SEC("license") = "BSD";
