#include "sinks_feed.h"

#include "sinks_hep_packet.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/sockios.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_BYTES (16u << 20) /* packets of a batch */
#define JSON_BYTES (1u << 20)
#define WAIT_MS 10000 /* for a connection, for room, for the peer's acknowledgement */
#define POLL_MS 100

struct hep {
	struct sinks_feed *feed;
	const struct config *config;
	struct store *nested; /* in memory: takes streams[] apart */
	char host[256], port[8];
	bool tcp;
	int fd;           /* -1: not connected */
	uint8_t *packets; /* one behind the other */
	uint32_t len;
	char *json;
	/* The record being added. */
	const struct record_row *row;
	bool full;
};

/* ---- records as packets ---- */

static struct base_endpoint
endpoint_of(const struct record_row *row, enum record_field ip, enum record_field port)
{
	struct base_endpoint e = {base_ip_v4((const uint8_t[]){0, 0, 0, 0}), 0};

	if (row->values[ip].present)
		e.ip = row->values[ip].ip;
	if (row->values[port].present)
		e.port = (uint16_t)row->values[port].u64;
	return e;
}

static int64_t
first_time(const struct record_row *row)
{
	static const enum record_field times[] = {
		RECORD_F_INVITE_TIME, RECORD_F_REQUEST_TIME, RECORD_F_FIRST_TIME, RECORD_F_TIME};

	for (size_t i = 0; i < base_count_of(times); i++)
		if (row->values[times[i]].present)
			return row->values[times[i]].time_ns;
	return 0;
}

static uint8_t
ip_protocol(struct base_span transport)
{
	if (base_span_eq(transport, BASE_SPAN("tcp")) || base_span_eq(transport, BASE_SPAN("ws")))
		return IPPROTO_TCP;
	return base_span_eq(transport, BASE_SPAN("sctp")) ? IPPROTO_SCTP : IPPROTO_UDP;
}

/* The packet of a row that belongs to record; false: no room. */
static bool
packet_add(struct hep *h, const struct record_row *record, const struct record_row *row,
	struct sinks_hep_packet *packet)
{
	const struct record_value *vlan = &record->values[RECORD_F_VLAN];
	struct base_span call_id = record->values[RECORD_F_CALL_ID].text;

	packet->src = endpoint_of(row, RECORD_F_SRC_IP, RECORD_F_SRC_PORT);
	packet->dst = endpoint_of(row, RECORD_F_DST_IP, RECORD_F_DST_PORT);
	packet->time_ns = first_time(row) ? first_time(row) : first_time(record);
	packet->vlan = vlan->present ? (int32_t)vlan->u64 : -1;
	packet->agent_id = h->config->hep.agent_id;
	packet->key = base_span_cstr(h->config->hep.key);
	packet->correlation = call_id.len ? call_id : record->values[RECORD_F_UID].text;
	packet->node = record->values[RECORD_F_PROBE].text;
	uint32_t len = sinks_hep_write(h->packets + h->len, BUFFER_BYTES - h->len, packet);
	h->len += len;
	return len != 0;
}

static void
report_text(struct base_text *t, const char *key, struct base_span value)
{
	base_text_str(t, t->len > 1 ? ",\"" : "\"");
	base_text_str(t, key);
	base_text_str(t, "\":");
	base_text_json(t, value);
}

/* What Homer shows of RTP, under the names that its RTP agent gave them, then the whole stream. */
static const struct {
	const char *name, *key;
} report_names[] = {
	{"SRC_IP", "src_ip"},
	{"SRC_PORT", "src_port"},
	{"DST_IP", "dst_ip"},
	{"DST_PORT", "dst_port"},
	{"SSRC", "ssrc"},
	{"CODEC_NAME", "codec"},
	{"CODEC_PT", "payload_type"},
	{"CODEC_RATE", "clock_rate"},
	{"TOTAL_PK", "packets"},
	{"EXPECTED_PK", "expected"},
	{"PACKET_LOSS", "lost"},
	{"TL_BYTE", "bytes"},
	{"MEAN_JITTER", "jitter_ms_mean"},
	{"MAX_JITTER", "jitter_ms_max"},
	{"MAX_DELTA", "delta_ms_max"},
	{"MOS", "mos"},
	{"RFACTOR", "r_factor"},
};

static void
report_write(struct base_text *t, const struct record_row *record, const struct record_row *stream)
{
	struct base_span call_id = record->values[RECORD_F_CALL_ID].text;

	base_text_char(t, '{');
	report_text(t, "CORRELATION_ID", call_id.len ? call_id : record->values[RECORD_F_UID].text);
	report_text(t, "RTP_SIP_CALL_ID", call_id);
	report_text(t, "TYPE", BASE_SPAN("FINAL"));
	for (size_t i = 0; i < base_count_of(report_names); i++) {
		int f = record_field_of(base_span_cstr(report_names[i].key));
		if (f < 0 || !stream->values[f].present)
			continue;
		base_text_str(t, ",\"");
		base_text_str(t, report_names[i].name);
		base_text_str(t, "\":");
		record_json_value(t, stream, f);
	}
	base_text_str(t, ",\"ringtap\":");
	record_json(t, stream, false);
	base_text_char(t, '}');
}

static int
stream_add(void *context, const struct record_row *stream, int64_t position)
{
	struct hep *h = context;
	struct base_text t = base_text_of(h->json, JSON_BYTES);
	struct sinks_hep_packet packet = {
		.ip_protocol = IPPROTO_UDP, .protocol = SINKS_HEP_RTP_REPORT};

	report_write(&t, h->row, stream);
	packet.payload = base_span_of(t.p, (uint32_t)t.len);
	h->full = t.overflow || !packet_add(h, h->row, stream, &packet);
	return h->full;
}

static bool
message_add(struct hep *h, const struct record_row *row)
{
	struct sinks_hep_packet packet = {
		.ip_protocol = ip_protocol(row->values[RECORD_F_TRANSPORT].text),
		.protocol = SINKS_HEP_SIP,
		.payload = row->values[RECORD_F_TEXT].text};

	return packet_add(h, row, row, &packet);
}

/* The record as it is; without its flow where it is larger than a packet with it. */
static bool
report_add(struct hep *h, const struct record_row *row)
{
	struct sinks_hep_packet packet = {
		.ip_protocol = ip_protocol(row->values[RECORD_F_TRANSPORT].text),
		.protocol = SINKS_HEP_LOG};

	for (int with_flow = 1; with_flow >= 0; with_flow--) {
		struct base_text t = base_text_of(h->json, JSON_BYTES);
		record_json(&t, row, with_flow);
		packet.payload = base_span_of(t.p, (uint32_t)t.len);
		if (!t.overflow && packet_add(h, row, row, &packet))
			return true;
		if (BUFFER_BYTES - h->len < SINKS_HEP_BYTES_MAX)
			return false;
	}
	return false;
}

/* The elements of streams[], which a store keeps as bytes or, an older one, as JSON. */
static bool
streams_add(struct hep *h, const struct record_row *row)
{
	const struct record_value *v = &row->values[RECORD_F_STREAMS];
	struct record_row stream;
	struct base_span element;
	struct sys_error e;
	uint32_t at = 0;

	if (v->json)
		return store_nested(h->nested, v->text, RECORD_STREAM, stream_add, h, &e) == 0;
	while (record_row_element(row, RECORD_F_STREAMS, &at, &element))
		if (record_nested_read(&stream, RECORD_STREAM, element) ||
			stream_add(h, &stream, 0))
			return false;
	return true;
}

static void
far_begin(void *far)
{
	struct hep *h = far;

	h->len = 0;
}

static enum sinks_taken
far_add(void *far, const struct record_row *row, int64_t position)
{
	struct hep *h = far;
	uint32_t before = h->len;
	bool done;

	h->row = row;
	h->full = false;
	if (row->kind == RECORD_STREAM) {
		stream_add(h, row, position);
		done = !h->full;
	} else if (row->kind == RECORD_MESSAGE) {
		done = message_add(h, row);
	} else {
		done = report_add(h, row);
	}
	/* An interim record's streams come again with the final one. */
	if (done && row->values[RECORD_F_STREAMS].present &&
		!base_span_eq(row->values[RECORD_F_STATUS].text, BASE_SPAN("interim")))
		done = streams_add(h, row);
	if (done)
		return SINKS_TAKEN;
	h->len = before;
	return before ? SINKS_FULL : SINKS_LEFT_OUT;
}

/* ---- the socket ---- */

static void
link_close(struct hep *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

static int
link_fail(struct hep *h, int error_number, struct sys_error *e)
{
	link_close(h);
	return sys_fail(e, -BASE_ERR_IO, "%s: %s", h->config->hep.url, strerror(error_number));
}

/* Until the socket is ready for what, in steps that notice *stop.  0 or an errno. */
static int
link_wait(const struct hep *h, short what, const bool *stop)
{
	struct pollfd p = {.fd = h->fd, .events = what};

	for (int ms = 0; ms < WAIT_MS; ms += POLL_MS) {
		if (__atomic_load_n(stop, __ATOMIC_RELAXED))
			return EINTR;
		if (poll(&p, 1, POLL_MS) > 0)
			return 0;
	}
	return ETIMEDOUT;
}

static int
link_try(struct hep *h, const struct addrinfo *a, const bool *stop)
{
	int error = 0;
	socklen_t len = sizeof(error);

	h->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (h->fd < 0)
		return errno;
	if (connect(h->fd, a->ai_addr, a->ai_addrlen) == 0)
		return 0;
	error = errno;
	if (error == EINPROGRESS) {
		error = link_wait(h, POLLOUT, stop);
		if (error == 0 && getsockopt(h->fd, SOL_SOCKET, SO_ERROR, &error, &len))
			error = errno;
	}
	if (error)
		link_close(h);
	return error;
}

static int
link_open(struct hep *h, const bool *stop, struct sys_error *e)
{
	struct addrinfo hints = {.ai_socktype = h->tcp ? SOCK_STREAM : SOCK_DGRAM}, *list;
	int error = EHOSTUNREACH;

	if (h->fd >= 0)
		return 0;
	int code = getaddrinfo(h->host, h->port, &hints, &list);
	if (code)
		return sys_fail(
			e, -BASE_ERR_NOT_FOUND, "%s: %s", h->config->hep.url, gai_strerror(code));
	for (struct addrinfo *a = list; a && error; a = a->ai_next)
		error = link_try(h, a, stop);
	freeaddrinfo(list);
	return error ? link_fail(h, error, e) : 0;
}

/* All of p[0..len) in order.  0 or an errno. */
static int
link_send(struct hep *h, const uint8_t *p, uint32_t len, const bool *stop)
{
	while (len) {
		ssize_t n = send(h->fd, p, len, MSG_NOSIGNAL);
		int error = n < 0 ? errno : 0;
		if (error == EAGAIN || error == ENOBUFS)
			error = link_wait(h, POLLOUT, stop);
		if (error && error != EINTR)
			return error;
		if (__atomic_load_n(stop, __ATOMIC_RELAXED))
			return EINTR;
		p += n > 0 ? n : 0;
		len -= n > 0 ? (uint32_t)n : 0;
	}
	return 0;
}

/* TCP: until the peer's kernel has everything, or the connection says that it never will. */
static int
link_drain(struct hep *h, const bool *stop)
{
	struct timespec pause = {0, BASE_NS_PER_MS};
	int waiting = 0, error = 0;
	socklen_t len = sizeof(error);

	for (int ms = 0; ms < WAIT_MS; ms++) {
		if (getsockopt(h->fd, SOL_SOCKET, SO_ERROR, &error, &len) || error)
			return error ? error : errno;
		if (ioctl(h->fd, SIOCOUTQ, &waiting) || waiting == 0)
			return 0;
		if (__atomic_load_n(stop, __ATOMIC_RELAXED))
			return EINTR;
		nanosleep(&pause, NULL);
	}
	return ETIMEDOUT;
}

/* A Homer that went away closed its end: what is sent then would be lost without a word. */
static int
link_check(struct hep *h)
{
	char byte;
	ssize_t n = recv(h->fd, &byte, 1, MSG_DONTWAIT);

	if (h->tcp && n == 0)
		return ECONNRESET;
	return n < 0 && errno != EAGAIN ? errno : 0;
}

static int
far_deliver(void *far, const struct sinks_batch *batch, const bool *stop, struct sys_error *e)
{
	struct hep *h = far;
	struct timespec pause = {0, BASE_NS_PER_MS};
	uint32_t burst = h->config->hep.rate / 1000 + 1, n = 0;
	int error = link_open(h, stop, e);

	if (error)
		return error;
	error = link_check(h);
	for (uint32_t at = 0; at < h->len && error == 0;) {
		uint32_t len = base_load_be16(h->packets + at + 4);
		error = link_send(h, h->packets + at, len, stop);
		at += len;
		/* A datagram has nobody who slows it down. */
		if (!h->tcp && ++n % burst == 0)
			nanosleep(&pause, NULL);
	}
	if (error == 0 && h->tcp)
		error = link_drain(h, stop);
	if (error == 0)
		error = link_check(h);
	return error ? link_fail(h, error, e) : 0;
}

static const struct sinks_far hep_far = {far_begin, far_add, far_deliver, NULL};

/* ---- the sink ---- */

static bool
hep_is_wanted(const struct config *config)
{
	return config->hep.url && config->hep.url[0];
}

static void
hep_close(void *sink)
{
	struct hep *h = sink;

	if (h == NULL)
		return;
	sinks_feed_close(h->feed);
	link_close(h);
	store_close(h->nested);
	free(h->packets);
	free(h->json);
	free(h);
}

/* udp://HOST:PORT or tcp://HOST:PORT, an IPv6 address in brackets: config has checked it. */
static int
url_take(struct hep *h, struct sys_error *e)
{
	const char *url = h->config->hep.url, *host = strstr(url, "://");
	const char *colon = host ? strrchr(host + 3, ':') : NULL;

	if (colon == NULL)
		return sys_fail(e, -BASE_ERR_INVALID, "hep.url: '%s' has no port", url);
	host += 3;
	bool brackets = host[0] == '[' && colon[-1] == ']';
	h->tcp = strncmp(url, "tcp", 3) == 0;
	snprintf(h->host, sizeof(h->host), "%.*s", (int)(colon - host) - 2 * brackets,
		host + brackets);
	snprintf(h->port, sizeof(h->port), "%s", colon + 1);
	return 0;
}

static int
hep_make(struct hep *h, struct sys_error *e)
{
	struct store_options in_memory = {.dir = NULL};

	h->packets = malloc(BUFFER_BYTES);
	h->json = malloc(JSON_BYTES);
	if (h->packets == NULL || h->json == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	int error = url_take(h, e);
	return error ? error : store_open(&h->nested, &in_memory, e);
}

static int
hep_open(void **sink, struct store *store, const struct config *config, struct sys_error *e)
{
	struct hep *h = calloc(1, sizeof(*h));
	struct sinks_feed_options options = {
		.name = "hep",
		.store_dir = config->store.dir,
		.kinds = sinks_kinds_of(config->hep.kinds, config->hep.kinds_count),
		.batch_records = config->hep.batch_records,
		.flush_ms = config->hep.flush_ms,
		.retry_ms_max = 10000,
		.far = &hep_far,
		.context = h,
	};

	*sink = NULL;
	if (h == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	h->config = config;
	h->fd = -1;
	int error = hep_make(h, e);
	if (error == 0)
		error = sinks_feed_open(&h->feed, store, &options, e);
	if (error) {
		hep_close(h);
		return error;
	}
	*sink = h;
	return 0;
}

static int
hep_step(void *sink, int64_t now_ns, bool stop, struct sys_error *e)
{
	struct hep *h = sink;

	return sinks_feed_step(h->feed, now_ns, stop, e);
}

static void
hep_status(const void *sink, struct sinks_status *status)
{
	const struct hep *h = sink;

	sinks_feed_status(h->feed, status);
}

static int64_t
hep_lag(const void *sink)
{
	struct sinks_status status;

	hep_status(sink, &status);
	return status.lag;
}

const struct sinks_kind sinks_hep_kind = {
	.name = "hep",
	.is_wanted = hep_is_wanted,
	.open = hep_open,
	.step = hep_step,
	.lag = hep_lag,
	.status = hep_status,
	.close = hep_close,
};
