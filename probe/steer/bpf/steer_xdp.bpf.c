/* Ours to the AF_XDP socket of the queue, the rest to the host.  No structure of the kernel's own is
 * read, only struct xdp_md of its UAPI, so one object fits every kernel from 5.10 on. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct steer_packet {
	const __u8 *data, *end;
};

#include "steer_decide.h"
#include "steer_maps.h"

#define STEER_HEADERS_MAX 1024 /* what the verifier needs to know of an offset */

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u32);
} xsks_map SEC(".maps");

STEER_INLINE int
steer_load(const struct steer_packet *packet, __u32 at, void *to, __u32 len)
{
	if (at > STEER_HEADERS_MAX)
		return -1;
	const __u8 *p = packet->data + at;
	if (p + len > packet->end)
		return -1;
	__builtin_memcpy(to, p, len);
	return 0;
}

SEC("xdp")
int
ringtap_steer(struct xdp_md *context)
{
	struct steer_packet packet = {
		(const __u8 *)(long)context->data, (const __u8 *)(long)context->data_end};
	__u32 reason = steer_decide(&packet);
	int action = XDP_PASS;

	if (reason != STEER_PASSED) {
		action = bpf_redirect_map(&xsks_map, context->rx_queue_index, XDP_PASS);
		if (action != XDP_REDIRECT)
			reason = STEER_UNQUEUED;
	}
	steer_count(reason);
	return action;
}

char steer_license[] SEC("license") = "BSD";
