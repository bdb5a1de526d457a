/* sinks_kafka_scan: what of a batch a topic holds already.
 *
 * An idempotent producer makes its own retries once, but knows nothing of the one before it.  Where
 * a batch may have been begun by another (kill -9, a producer given up), the end of each partition
 * is read back, to some time before the batch was begun: a message whose key and header 'seq' are
 * those of one of the batch is that one. */
#pragma once

#include <librdkafka/rdkafka.h>

#include "sinks.h"

/* Called with each message that has the header. */
typedef void (*sinks_kafka_seen_fn)(void *context, struct base_span key, struct base_span seq);

struct sinks_kafka_scan {
	const char *topic;
	int64_t since_ms; /* messages with an older timestamp end it */
	sinks_kafka_seen_fn seen;
	void *context;
	const bool *stop;
};

/* conf: of a consumer of the same cluster; used up in any case.  A topic that is not there holds
 * nothing. */
int
sinks_kafka_scan(const struct sinks_kafka_scan *scan, rd_kafka_conf_t *conf, struct sys_error *e);
