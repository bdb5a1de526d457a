#include "sinks_kafka_scan.h"

#include <stdio.h>

#define WAIT_MS 5000 /* for an answer */
#define WINDOW 1000  /* messages read at once at a partition's end, then four times as many */
#define WINDOW_GROWS 4

static void
message_see(const struct sinks_kafka_scan *scan, const rd_kafka_message_t *m)
{
	rd_kafka_headers_t *headers;
	const void *seq;
	size_t len;

	if (rd_kafka_message_headers(m, &headers) ||
		rd_kafka_header_get_last(headers, "seq", &seq, &len) || seq == NULL)
		return;
	scan->seen(scan->context, base_span_of(m->key, (uint32_t)m->key_len),
		base_span_of(seq, (uint32_t)len));
}

/* Reads [from, to) of a partition.  *oldest: of the first message there. */
static int
window_read(const struct sinks_kafka_scan *scan, rd_kafka_t *consumer, int32_t partition,
	const int64_t range[2], int64_t *oldest_ms, struct sys_error *e)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	int64_t heard_ns = sys_clock_monotonic_ns();
	bool done = false;

	rd_kafka_topic_partition_list_add(list, scan->topic, partition)->offset = range[0];
	rd_kafka_assign(consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
	*oldest_ms = INT64_MAX;
	while (!done && !__atomic_load_n(scan->stop, __ATOMIC_RELAXED)) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(consumer, 100);
		if (m == NULL && sys_clock_monotonic_ns() - heard_ns > WAIT_MS * BASE_NS_PER_MS)
			return sys_fail(e, -BASE_ERR_IO, "kafka: %s cannot be read back: no answer",
				scan->topic);
		if (m == NULL)
			continue;
		heard_ns = sys_clock_monotonic_ns();
		if (m->err == 0 && m->offset < range[1]) {
			int64_t ms = rd_kafka_message_timestamp(m, NULL);
			*oldest_ms = ms >= 0 && ms < *oldest_ms ? ms : *oldest_ms;
			message_see(scan, m);
		}
		done = m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
		       (m->err == 0 && m->offset >= range[1] - 1);
		rd_kafka_message_destroy(m);
	}
	return done ? 0 : sys_fail(e, -BASE_ERR_INTERRUPTED, "kafka: interrupted");
}

/* Back from the end, until what is older, or the beginning. */
static int
partition_read(const struct sinks_kafka_scan *scan, rd_kafka_t *consumer, int32_t partition,
	struct sys_error *e)
{
	int64_t low, high, oldest_ms = INT64_MAX, window = WINDOW;
	rd_kafka_resp_err_t wrong = rd_kafka_query_watermark_offsets(
		consumer, scan->topic, partition, &low, &high, WAIT_MS);
	int error = 0;

	if (wrong)
		return sys_fail(e, -BASE_ERR_IO, "kafka: %s cannot be read back: %s", scan->topic,
			rd_kafka_err2str(wrong));
	while (error == 0 && high > low && oldest_ms >= scan->since_ms) {
		int64_t from = high - low > window ? high - window : low;
		error = window_read(
			scan, consumer, partition, (int64_t[]){from, high}, &oldest_ms, e);
		high = from;
		window *= WINDOW_GROWS;
	}
	return error;
}

static int
topic_read(const struct sinks_kafka_scan *scan, rd_kafka_t *consumer, struct sys_error *e)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(consumer, scan->topic, NULL);
	const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_resp_err_t wrong =
		topic ? rd_kafka_metadata(consumer, 0, topic, &metadata, WAIT_MS)
		      : rd_kafka_last_error();
	int error = 0;

	if (topic)
		rd_kafka_topic_destroy(topic);
	if (wrong)
		return sys_fail(e, -BASE_ERR_IO, "kafka: %s cannot be read back: %s", scan->topic,
			rd_kafka_err2str(wrong));
	for (int t = 0; t < metadata->topic_cnt; t++)
		for (int p = 0; error == 0 && p < metadata->topics[t].partition_cnt; p++)
			error = partition_read(
				scan, consumer, metadata->topics[t].partitions[p].id, e);
	rd_kafka_metadata_destroy(metadata);
	return error;
}

int
sinks_kafka_scan(const struct sinks_kafka_scan *scan, rd_kafka_conf_t *conf, struct sys_error *e)
{
	static const struct {
		const char *name, *value;
	} own[] = {
		{"group.id", "ringtap-reads-back"}, /* nothing is committed for it */
		{"enable.auto.commit", "false"},
		{"enable.partition.eof", "true"},
		{"fetch.wait.max.ms", "50"},
		{"allow.auto.create.topics", "false"},
	};
	char reason[300] = "";

	for (size_t i = 0; i < base_count_of(own); i++)
		rd_kafka_conf_set(conf, own[i].name, own[i].value, reason, sizeof(reason));
	rd_kafka_t *consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
	if (consumer == NULL) {
		rd_kafka_conf_destroy(conf);
		return sys_fail(e, -BASE_ERR_INVALID, "kafka: %s", reason);
	}
	rd_kafka_poll_set_consumer(consumer);
	int error = topic_read(scan, consumer, e);
	rd_kafka_destroy(consumer);
	return error;
}
