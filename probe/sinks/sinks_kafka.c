#include "sinks_feed.h"
#include "sinks_kafka_scan.h"

#include <stdlib.h>
#include <time.h>

#define TEXT_BYTES (32u << 20) /* of a batch */
#define POLL_MS 100
#define STALLED_NS (10 * BASE_NS_PER_SEC) /* nothing acknowledged for so long: it is said */
#define CLOSE_MS 1000
#define SETTLE_NS (BASE_NS_PER_SEC / 2)     /* what another process sent last has arrived */
#define SCAN_BACK_NS (30 * BASE_NS_PER_SEC) /* brokers may stamp by clocks of their own */

enum message_state { MESSAGE_NEW, MESSAGE_QUEUED, MESSAGE_ACKNOWLEDGED };

/* A message of the batch in the text: key, value, then the header 'seq'. */
struct message {
	uint32_t at, key_len, value_len, seq_len;
	uint8_t state;
};

struct kafka {
	struct sinks_feed *feed;
	const struct config *config;
	char *password;
	rd_kafka_t *producer;
	struct base_text text;
	struct message *messages;
	uint32_t n, room, acknowledged;
	uint32_t *places, n_places; /* messages by hash while the topic is read back; 0: free */
	int64_t opened_ns;
	int64_t sent_to;  /* up to this position batches have been begun, or read back, by us */
	int64_t sent_ns;  /* wall clock, since when the last of them */
	int64_t begun_ns; /* wall clock: of what is to be read back; 0: nothing */
	char why[400];    /* the last trouble that librdkafka told */
};

/* ---- what librdkafka calls, in rd_kafka_poll: the feed's thread ---- */

static void
on_report(rd_kafka_t *producer, const rd_kafka_message_t *report, void *context)
{
	struct kafka *k = context;
	struct message *m = report->_private;

	/* A purged one of a producer that is given up says nothing of the batch. */
	if (m->state != MESSAGE_QUEUED)
		return;
	m->state = report->err ? MESSAGE_NEW : MESSAGE_ACKNOWLEDGED;
	k->acknowledged += report->err == 0;
	if (report->err)
		snprintf(k->why, sizeof(k->why), "%s", rd_kafka_err2str(report->err));
}

static void
on_error(rd_kafka_t *producer, int error, const char *reason, void *context)
{
	struct kafka *k = context;

	snprintf(k->why, sizeof(k->why), "%s", reason);
}

static void
on_log(const rd_kafka_t *producer, int level, const char *facility, const char *text)
{
	sys_log(SYS_LOG_DEBUG, "librdkafka: %s: %s", facility, text);
}

/* ---- the producer ---- */

static int
property_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct sys_error *e)
{
	char reason[300];

	if (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) == RD_KAFKA_CONF_OK)
		return 0;
	return sys_fail(e, -BASE_ERR_INVALID, "kafka.properties: %s", reason);
}

/* What the configuration says, over what makes delivery in order and once. */
static int
properties_set(const struct kafka *k, rd_kafka_conf_t *conf, struct sys_error *e)
{
	static const struct {
		const char *name, *value;
	} first[] =
		{
			{"client.id", "ringtap"},
			{"linger.ms", "5"},
			{"message.max.bytes", "4000000"},
			{"queue.buffering.max.messages", "1000000"},
		},
	  last[] = {
		  {"enable.idempotence", "true"},
		  /* For ever: a message given up and sent anew would be another one. */
		  {"message.timeout.ms", "0"},
	  };
	const struct config *config = k->config;
	char name[128];
	int error = 0;

	for (size_t i = 0; i < base_count_of(first) && error == 0; i++)
		error = property_set(conf, first[i].name, first[i].value, e);
	for (unsigned i = 0; i < config->kafka.properties_count && error == 0; i++) {
		const char *text = config->kafka.properties[i], *equals = strchr(text, '=');
		snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - text) : 0, text);
		error = property_set(conf, name, equals ? equals + 1 : "", e);
	}
	if (error == 0 && k->password)
		error = property_set(conf, "sasl.password", k->password, e);
	if (error == 0)
		error = property_set(conf, "bootstrap.servers", config->kafka.brokers, e);
	for (size_t i = 0; i < base_count_of(last) && error == 0; i++)
		error = property_set(conf, last[i].name, last[i].value, e);
	return error;
}

static rd_kafka_conf_t *
conf_new(struct kafka *k, struct sys_error *e)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	if (properties_set(k, conf, e)) {
		rd_kafka_conf_destroy(conf);
		return NULL;
	}
	rd_kafka_conf_set_opaque(conf, k);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	return conf;
}

static int
producer_new(struct kafka *k, struct sys_error *e)
{
	rd_kafka_conf_t *conf = conf_new(k, e);
	char reason[300] = "";

	if (conf == NULL)
		return -BASE_ERR_INVALID;
	rd_kafka_conf_set_dr_msg_cb(conf, on_report);
	k->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof(reason));
	if (k->producer)
		return 0;
	rd_kafka_conf_destroy(conf);
	return sys_fail(e, -BASE_ERR_INVALID, "kafka: %s", reason);
}

static void
producer_close(struct kafka *k)
{
	if (k->producer == NULL)
		return;
	rd_kafka_purge(k->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_flush(k->producer, CLOSE_MS);
	rd_kafka_destroy(k->producer);
	k->producer = NULL;
}

/* An idempotent producer that lost the thread takes nothing any more: a new one goes on with what
 * is not acknowledged, nor there when the topic is read back. */
static int
producer_renew(struct kafka *k, struct sys_error *e)
{
	char reason[300] = "";

	if (k->producer && !rd_kafka_fatal_error(k->producer, reason, sizeof(reason)))
		return 0;
	if (k->producer)
		sys_log(SYS_LOG_WARNING, "kafka: %s; a new producer goes on", reason);
	producer_close(k);
	for (uint32_t i = 0; i < k->n; i++)
		if (k->messages[i].state == MESSAGE_QUEUED)
			k->messages[i].state = MESSAGE_NEW;
	k->begun_ns = k->sent_ns;
	return producer_new(k, e);
}

/* ---- a batch ---- */

static void
far_begin(void *far)
{
	struct kafka *k = far;

	k->text.len = 0;
	k->n = k->acknowledged = 0;
}

static enum sinks_taken
far_add(void *far, const struct record_row *row, int64_t position)
{
	struct kafka *k = far;
	struct base_text *t = &k->text;
	struct base_span key = row->values[RECORD_F_UID].text;
	size_t at = t->len;

	if (k->n == k->room)
		return SINKS_FULL;
	base_text_span(t, key);
	base_text_str(t, "{\"schema\":");
	base_text_u64(t, RECORD_VERSION);
	/* The object's own bracket gives way to the comma. */
	size_t bracket = t->len;
	record_json(t, row, k->config->kafka.flow);
	size_t seq = t->len;
	base_text_span(t, row->values[RECORD_F_PROBE].text);
	base_text_char(t, '/');
	base_text_u64(t, row->values[RECORD_F_CORE].u64);
	base_text_char(t, '/');
	base_text_u64(t, row->values[RECORD_F_SEQ].u64);
	if (t->overflow) {
		t->len = at;
		t->overflow = false;
		return k->n ? SINKS_FULL : SINKS_LEFT_OUT;
	}
	t->p[bracket] = ',';
	k->messages[k->n++] = (struct message){(uint32_t)at, key.len,
		(uint32_t)(seq - at) - key.len, (uint32_t)(t->len - seq), MESSAGE_NEW};
	return SINKS_TAKEN;
}

static int
message_produce(struct kafka *k, struct message *m)
{
	char *key = k->text.p + m->at, *value = key + m->key_len, *seq = value + m->value_len;

	m->state = MESSAGE_QUEUED;
	rd_kafka_resp_err_t error = rd_kafka_producev(k->producer,
		RD_KAFKA_V_TOPIC(k->config->kafka.topic), RD_KAFKA_V_KEY(key, m->key_len),
		RD_KAFKA_V_VALUE(value, m->value_len), RD_KAFKA_V_HEADER("seq", seq, m->seq_len),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(m), RD_KAFKA_V_END);
	if (error)
		m->state = MESSAGE_NEW;
	return error;
}

/* In order, as far as librdkafka takes them. */
static void
batch_produce(struct kafka *k)
{
	for (uint32_t i = 0; i < k->n; i++) {
		if (k->messages[i].state != MESSAGE_NEW)
			continue;
		int error = message_produce(k, &k->messages[i]);
		if (error == 0)
			continue;
		snprintf(k->why, sizeof(k->why), "%s", rd_kafka_err2str(error));
		return;
	}
}

/* ---- what is there already ---- */

/* The place of a message in the table of hashes, or the free one where it would go. */
static uint32_t
place_of(const struct kafka *k, struct base_span key, struct base_span seq)
{
	uint64_t hash = base_hash(&BASE_HASH_KEY_REPLAY, key.p, key.len) ^
			base_hash(&BASE_HASH_KEY_REPLAY, seq.p, seq.len);
	uint32_t i = (uint32_t)hash & (k->n_places - 1);

	for (; k->places[i]; i = (i + 1) & (k->n_places - 1)) {
		const struct message *m = &k->messages[k->places[i] - 1];
		const char *p = k->text.p + m->at;
		if (base_span_eq(base_span_of(p, m->key_len), key) &&
			base_span_eq(base_span_of(p + m->key_len + m->value_len, m->seq_len), seq))
			break;
	}
	return i;
}

static void
message_seen(void *context, struct base_span key, struct base_span seq)
{
	struct kafka *k = context;
	uint32_t i = k->places[place_of(k, key, seq)];

	if (i == 0 || k->messages[i - 1].state != MESSAGE_NEW)
		return;
	k->messages[i - 1].state = MESSAGE_ACKNOWLEDGED;
	k->acknowledged++;
}

static int
places_make(struct kafka *k, struct sys_error *e)
{
	k->n_places = 16;
	while (k->n_places < 2 * k->n)
		k->n_places *= 2;
	k->places = calloc(k->n_places, sizeof(*k->places));
	if (k->places == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	for (uint32_t i = 0; i < k->n; i++) {
		const struct message *m = &k->messages[i];
		const char *p = k->text.p + m->at;
		k->places[place_of(k, base_span_of(p, m->key_len),
			base_span_of(p + m->key_len + m->value_len, m->seq_len))] = i + 1;
	}
	return 0;
}

/* What another process, or the producer before this one, may have delivered of the batch. */
static int
batch_read_back(struct kafka *k, const bool *stop, struct sys_error *e)
{
	struct sinks_kafka_scan scan = {k->config->kafka.topic,
		(k->begun_ns - SCAN_BACK_NS) / BASE_NS_PER_MS, message_seen, k, stop};
	uint32_t before = k->acknowledged;

	while (sys_clock_monotonic_ns() - k->opened_ns < SETTLE_NS &&
		!__atomic_load_n(stop, __ATOMIC_RELAXED))
		nanosleep(&(struct timespec){0, 50 * BASE_NS_PER_MS}, NULL);
	rd_kafka_conf_t *conf = conf_new(k, e);
	if (conf == NULL)
		return -BASE_ERR_INVALID;
	int error = places_make(k, e);
	if (error)
		rd_kafka_conf_destroy(conf);
	else
		error = sinks_kafka_scan(&scan, conf, e);
	free(k->places);
	k->places = NULL;
	if (error)
		return error;
	k->begun_ns = 0;
	sys_log(SYS_LOG_INFO, "kafka: of the batch under way at the end %u of %u records are there",
		k->acknowledged - before, k->n);
	return 0;
}

/* What is queued stays so when this gives up for now: the next call waits on. */
static int
far_deliver(void *far, const struct sinks_batch *batch, const bool *stop, struct sys_error *e)
{
	struct kafka *k = far;
	int64_t moved_ns = sys_clock_monotonic_ns();
	int error = producer_renew(k, e);

	if (k->sent_to < batch->to) {
		k->sent_to = batch->to;
		k->sent_ns = sys_clock_wall_ns();
		k->begun_ns = batch->begun_ns;
	}
	if (error == 0 && k->begun_ns)
		error = batch_read_back(k, stop, e);

	while (error == 0 && k->acknowledged < k->n) {
		uint32_t before = k->acknowledged;
		batch_produce(k);
		rd_kafka_poll(k->producer, POLL_MS);
		if (k->acknowledged > before)
			moved_ns = sys_clock_monotonic_ns();
		if (__atomic_load_n(stop, __ATOMIC_RELAXED))
			return sys_fail(e, -BASE_ERR_INTERRUPTED, "kafka: interrupted");
		if (sys_clock_monotonic_ns() - moved_ns > STALLED_NS ||
			rd_kafka_fatal_error(k->producer, NULL, 0))
			return sys_fail(e, -BASE_ERR_IO,
				"kafka: %u of %u messages are not acknowledged: %s",
				k->n - k->acknowledged, k->n, k->why[0] ? k->why : "no answer");
	}
	if (error == 0)
		k->why[0] = 0;
	return error;
}

static const struct sinks_far kafka_far = {far_begin, far_add, far_deliver, NULL};

/* ---- the sink ---- */

static bool
kafka_is_wanted(const struct config *config)
{
	return config->kafka.brokers && config->kafka.brokers[0];
}

static void
kafka_close(void *sink)
{
	struct kafka *k = sink;

	if (k == NULL)
		return;
	sinks_feed_close(k->feed);
	producer_close(k);
	free(k->text.p);
	free(k->messages);
	free(k->password);
	free(k);
}

static int
kafka_make(struct kafka *k, struct sys_error *e)
{
	const struct config *config = k->config;
	char *text = malloc(TEXT_BYTES);

	k->text = base_text_of(text, text ? TEXT_BYTES : 0);
	/* A batch that another process began may be larger than this one's own. */
	k->room = config->kafka.batch_records;
	k->messages = calloc(k->room, sizeof(*k->messages));
	if (text == NULL || k->messages == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	if (*config->kafka.password_file)
		return sinks_secret_read(&k->password, config->kafka.password_file, e);
	return 0;
}

static int
kafka_open(void **sink, struct store *store, const struct config *config, struct sys_error *e)
{
	struct kafka *k = calloc(1, sizeof(*k));
	struct sinks_feed_options options = {
		.name = "kafka",
		.store_dir = config->store.dir,
		.kinds = sinks_kinds_of(config->kafka.kinds, config->kafka.kinds_count),
		.batch_records = config->kafka.batch_records,
		.flush_ms = config->kafka.flush_ms,
		.retry_ms_max = 5000,
		.far = &kafka_far,
		.context = k,
	};

	*sink = NULL;
	if (k == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	k->config = config;
	k->opened_ns = sys_clock_monotonic_ns();
	int error = kafka_make(k, e);
	/* Here, so that a wrong property is told at the start. */
	if (error == 0)
		error = producer_new(k, e);
	if (error == 0)
		error = sinks_feed_open(&k->feed, store, &options, e);
	if (error) {
		kafka_close(k);
		return error;
	}
	*sink = k;
	return 0;
}

static int
kafka_step(void *sink, int64_t now_ns, bool stop, struct sys_error *e)
{
	struct kafka *k = sink;

	return sinks_feed_step(k->feed, now_ns, stop, e);
}

static void
kafka_status(const void *sink, struct sinks_status *status)
{
	const struct kafka *k = sink;

	sinks_feed_status(k->feed, status);
}

static int64_t
kafka_lag(const void *sink)
{
	struct sinks_status status;

	kafka_status(sink, &status);
	return status.lag;
}

const struct sinks_kind sinks_kafka_kind = {
	.name = "kafka",
	.is_wanted = kafka_is_wanted,
	.open = kafka_open,
	.step = kafka_step,
	.lag = kafka_lag,
	.status = kafka_status,
	.close = kafka_close,
};
