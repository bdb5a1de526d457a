/* The maps of both programs, and what steer_decide.h asks of its includer beside steer_load. */
#pragma once

#define STEER_PAIRS_MAX 65536

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct steer_table);
} steer_table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_REASON_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} steer_counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, STEER_PAIRS_MAX);
	__type(key, struct steer_pair);
	__type(value, __u8);
} steer_pairs SEC(".maps");

STEER_INLINE const struct steer_table *
steer_table_of(const struct steer_packet *packet)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&steer_table, &zero);
}

STEER_INLINE int
steer_pair_known(const struct steer_packet *packet, const struct steer_pair *pair)
{
	return bpf_map_lookup_elem(&steer_pairs, pair) != 0;
}

STEER_INLINE void
steer_pair_learn(const struct steer_packet *packet, const struct steer_pair *pair)
{
	__u8 one = 1;

	if (!bpf_map_lookup_elem(&steer_pairs, pair))
		bpf_map_update_elem(&steer_pairs, pair, &one, BPF_ANY);
}

STEER_INLINE void
steer_count(__u32 reason)
{
	__u64 *value = bpf_map_lookup_elem(&steer_counters, &reason);

	if (value)
		(*value)++;
}
