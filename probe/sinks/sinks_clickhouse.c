#include "sinks_feed.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <zlib.h>

#define TEXT_BYTES (32u << 20) /* of a batch and kind at most */
#define ANSWER_BYTES 2048
#define CONNECT_S 10L
#define VERSION_TOKEN 2202 /* insert_deduplication_token came with 22.2 */

struct clickhouse {
	struct sinks_feed *feed;
	const struct config *config;
	char *password;
	char url[1400];
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers, *headers_gzip;
	struct base_text texts[RECORD_KIND_COUNT]; /* the INSERT and its rows */
	size_t heads[RECORD_KIND_COUNT];           /* bytes of the INSERT alone */
	uint32_t rows[RECORD_KIND_COUNT];
	char *packed;
	unsigned version; /* year * 100 + release; 0: not asked yet */
	char answer[ANSWER_BYTES];
	size_t answer_len;
};

/* ---- a batch ---- */

static void
far_begin(void *far)
{
	struct clickhouse *c = far;

	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
		c->texts[kind].len = c->heads[kind];
		c->rows[kind] = 0;
	}
}

static bool
batch_is_empty(const struct clickhouse *c)
{
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		if (c->rows[kind])
			return false;
	return true;
}

static enum sinks_taken
far_add(void *far, const struct record_row *row, int64_t position)
{
	struct clickhouse *c = far;
	struct base_text *t = &c->texts[row->kind];
	size_t len = t->len;

	record_clickhouse_row(t, row);
	if (t->overflow) {
		t->len = len;
		t->overflow = false;
		return batch_is_empty(c) ? SINKS_LEFT_OUT : SINKS_FULL;
	}
	c->rows[row->kind]++;
	return SINKS_TAKEN;
}

/* ---- HTTP ---- */

static size_t
take_answer(char *p, size_t size, size_t n, void *context)
{
	struct clickhouse *c = context;
	size_t room = sizeof(c->answer) - 1 - c->answer_len, len = size * n;

	memcpy(c->answer + c->answer_len, p, len < room ? len : room);
	c->answer_len += len < room ? len : room;
	return len;
}

/* Runs the easy handle to its end, or until *stop. */
static CURLcode
http_run(struct clickhouse *c, const bool *stop)
{
	CURLcode result = CURLE_ABORTED_BY_CALLBACK;
	int running = 1, left;

	c->answer_len = 0;
	curl_multi_add_handle(c->multi, c->easy);
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		curl_multi_perform(c->multi, &running);
		if (running == 0)
			break;
		curl_multi_poll(c->multi, NULL, 0, 1000, NULL);
	}
	for (CURLMsg *m; running == 0 && (m = curl_multi_info_read(c->multi, &left)) != NULL;)
		if (m->msg == CURLMSG_DONE)
			result = m->data.result;
	curl_multi_remove_handle(c->multi, c->easy);
	c->answer[c->answer_len] = 0;
	return result;
}

/* What a request came to: 0, or the sentence.  ClickHouse may say 200 and fail on the way. */
static int
http_judge(struct clickhouse *c, CURLcode result, struct sys_error *e)
{
	const char *url = c->config->clickhouse.url;
	long status = 0;

	if (result == CURLE_ABORTED_BY_CALLBACK)
		return sys_fail(e, -BASE_ERR_INTERRUPTED, "%s: interrupted", url);
	if (result != CURLE_OK)
		return sys_fail(e, -BASE_ERR_IO, "%s: %s", url, curl_easy_strerror(result));
	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200 || strncmp(c->answer, "Code:", 5) == 0)
		return sys_fail(e, -BASE_ERR_IO, "%s: HTTP %ld: %.200s", url, status, c->answer);
	return 0;
}

static void
http_set_url(struct clickhouse *c, const char *query)
{
	char url[sizeof(c->url) + 512];

	snprintf(url, sizeof(url), "%s%s", c->url, query);
	curl_easy_setopt(c->easy, CURLOPT_URL, url);
}

/* The settings that an INSERT wants depend on the server's release: an unknown one is an error. */
static int
version_ask(struct clickhouse *c, const bool *stop, struct sys_error *e)
{
	unsigned year = 0, release = 0;

	http_set_url(c, "&query=SELECT%20version()");
	curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
	int error = http_judge(c, http_run(c, stop), e);
	if (error)
		return error;
	if (sscanf(c->answer, "%u.%u", &year, &release) < 1)
		return sys_fail(e, -BASE_ERR_FORMAT, "%s: not a ClickHouse server",
			c->config->clickhouse.url);
	c->version = year * 100 + (release < 100 ? release : 99);
	return 0;
}

/* The body as gzip; its length, 0: failed. */
static size_t
body_pack(struct clickhouse *c, const struct base_text *text)
{
	z_stream z = {.next_in = (Bytef *)text->p, .avail_in = (uInt)text->len};
	size_t room = 0;

	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return 0;
	room = deflateBound(&z, text->len);
	char *packed = realloc(c->packed, room);
	c->packed = packed ? packed : c->packed;
	z.next_out = (Bytef *)c->packed;
	z.avail_out = (uInt)room;
	int result = packed ? deflate(&z, Z_FINISH) : Z_MEM_ERROR;
	size_t len = z.total_out;
	deflateEnd(&z);
	return result == Z_STREAM_END ? len : 0;
}

static int
kind_insert(struct clickhouse *c, enum record_kind kind, const bool *stop, struct sys_error *e)
{
	const struct base_text *text = &c->texts[kind];
	size_t len = c->config->clickhouse.compress ? body_pack(c, text) : 0;
	char query[256];

	snprintf(query, sizeof(query),
		"&async_insert=0&deduplicate_blocks_in_dependent_materialized_views=1"
		"&insert_deduplication_token=%016llx",
		(unsigned long long)base_hash(&BASE_HASH_KEY_REPLAY, text->p, text->len));
	http_set_url(c, c->version >= VERSION_TOKEN ? query : "");
	curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, len ? c->packed : text->p);
	curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(len ? len : text->len));
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, len ? c->headers_gzip : c->headers);
	return http_judge(c, http_run(c, stop), e);
}

static int
far_deliver(void *far, const struct sinks_batch *batch, const bool *stop, struct sys_error *e)
{
	struct clickhouse *c = far;
	int error = c->version ? 0 : version_ask(c, stop, e);

	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM && error == 0; kind++)
		if (c->rows[kind])
			error = kind_insert(c, kind, stop, e);
	/* It may be another release that comes back. */
	if (error)
		c->version = 0;
	return error;
}

static void
far_wake(void *far)
{
	struct clickhouse *c = far;

	curl_multi_wakeup(c->multi);
}

static const struct sinks_far clickhouse_far = {far_begin, far_add, far_deliver, far_wake};

/* ---- the sink ---- */

static bool
clickhouse_is_wanted(const struct config *config)
{
	return config->clickhouse.url && config->clickhouse.url[0];
}

static void
clickhouse_close(void *sink)
{
	struct clickhouse *c = sink;

	if (c == NULL)
		return;
	sinks_feed_close(c->feed);
	if (c->easy)
		curl_easy_cleanup(c->easy);
	if (c->multi)
		curl_multi_cleanup(c->multi);
	curl_slist_free_all(c->headers);
	curl_slist_free_all(c->headers_gzip);
	for (int kind = 0; kind < RECORD_KIND_COUNT; kind++)
		free(c->texts[kind].p);
	free(c->packed);
	free(c->password);
	free(c);
}

/* The texts of the configured kinds, each with its INSERT. */
static int
texts_make(struct clickhouse *c, uint32_t kinds, struct sys_error *e)
{
	for (enum record_kind kind = RECORD_CALL; kind <= RECORD_STREAM; kind++) {
		struct base_text *t = &c->texts[kind];
		if (!(kinds >> kind & 1))
			continue;
		char *p = malloc(TEXT_BYTES);
		if (p == NULL)
			return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
		*t = base_text_of(p, TEXT_BYTES);
		base_text_str(t, "INSERT INTO `");
		base_text_str(t, c->config->clickhouse.database);
		base_text_str(t, "`.`");
		base_text_str(t, c->config->clickhouse.table_prefix);
		base_text_str(t, record_kind_table(kind));
		base_text_str(t, "` (");
		record_clickhouse_names(t, kind);
		base_text_str(t, ") FORMAT TabSeparated\n");
		c->heads[kind] = t->len;
	}
	return 0;
}

static int
http_make(struct clickhouse *c, struct sys_error *e)
{
	const struct config *config = c->config;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) {
		c->multi = curl_multi_init();
		c->easy = curl_easy_init();
	}
	/* No "Expect: 100-continue": old servers do not answer it. */
	c->headers = curl_slist_append(NULL, "Expect:");
	c->headers_gzip = curl_slist_append(
		curl_slist_append(NULL, "Expect:"), "Content-Encoding: gzip");
	if (!c->multi || !c->easy || !c->headers || !c->headers_gzip)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "clickhouse: libcurl does not start");
	snprintf(c->url, sizeof(c->url), "%s/?database=%s&wait_end_of_query=1",
		config->clickhouse.url, config->clickhouse.database);
	curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT, (long)config->clickhouse.timeout_s);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	if (*config->clickhouse.ca_file)
		curl_easy_setopt(c->easy, CURLOPT_CAINFO, config->clickhouse.ca_file);
	if (*config->clickhouse.user) {
		curl_easy_setopt(c->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(c->easy, CURLOPT_USERNAME, config->clickhouse.user);
		curl_easy_setopt(c->easy, CURLOPT_PASSWORD, c->password ? c->password : "");
	}
	return 0;
}

static int
clickhouse_open(void **sink, struct store *store, const struct config *config, struct sys_error *e)
{
	struct clickhouse *c = calloc(1, sizeof(*c));
	struct sinks_feed_options options = {
		.name = "clickhouse",
		.store_dir = config->store.dir,
		.kinds = sinks_kinds_of(config->clickhouse.kinds, config->clickhouse.kinds_count),
		.batch_records = config->clickhouse.batch_records,
		.flush_ms = config->clickhouse.flush_ms,
		.retry_ms_max = 10000,
		.far = &clickhouse_far,
		.context = c,
	};
	int error = 0;

	*sink = NULL;
	if (c == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	c->config = config;
	if (*config->clickhouse.password_file)
		error = sinks_secret_read(&c->password, config->clickhouse.password_file, e);
	if (error == 0)
		error = texts_make(c, options.kinds, e);
	if (error == 0)
		error = http_make(c, e);
	if (error == 0)
		error = sinks_feed_open(&c->feed, store, &options, e);
	if (error) {
		clickhouse_close(c);
		return error;
	}
	*sink = c;
	return 0;
}

static int
clickhouse_step(void *sink, int64_t now_ns, bool stop, struct sys_error *e)
{
	struct clickhouse *c = sink;

	return sinks_feed_step(c->feed, now_ns, stop, e);
}

static void
clickhouse_status(const void *sink, struct sinks_status *status)
{
	const struct clickhouse *c = sink;

	sinks_feed_status(c->feed, status);
}

static int64_t
clickhouse_lag(const void *sink)
{
	struct sinks_status status;

	clickhouse_status(sink, &status);
	return status.lag;
}

const struct sinks_kind sinks_clickhouse_kind = {
	.name = "clickhouse",
	.is_wanted = clickhouse_is_wanted,
	.open = clickhouse_open,
	.step = clickhouse_step,
	.lag = clickhouse_lag,
	.status = clickhouse_status,
	.close = clickhouse_close,
};
