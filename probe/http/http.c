#include "http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>

struct kept {
	struct http_page page; /* text: allocated */
	int64_t set_ns;        /* monotonic */
};

struct http {
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	struct kept pages[HTTP_PAGES_MAX];
	unsigned n;
};

/* The page of a path as a response, in *status how to answer; NULL: out of memory. */
static struct MHD_Response *
page_response(struct http *h, const char *path, unsigned *status)
{
	static const char none[] = "no such page\n", stale[] = "the collector does not move\n";
	struct MHD_Response *r;
	const char *type = "text/plain";
	const struct kept *k = NULL;

	pthread_mutex_lock(&h->lock);
	for (unsigned i = 0; i < h->n && k == NULL; i++)
		k = strcmp(h->pages[i].page.path, path) == 0 ? &h->pages[i] : NULL;
	if (k == NULL) {
		*status = MHD_HTTP_NOT_FOUND;
		r = MHD_create_response_from_buffer(
			sizeof(none) - 1, (void *)none, MHD_RESPMEM_PERSISTENT);
	} else if (sys_clock_monotonic_ns() - k->set_ns > k->page.stale_ms * BASE_NS_PER_MS) {
		*status = MHD_HTTP_SERVICE_UNAVAILABLE;
		r = MHD_create_response_from_buffer(
			sizeof(stale) - 1, (void *)stale, MHD_RESPMEM_PERSISTENT);
	} else {
		*status = k->page.status;
		type = k->page.type;
		r = MHD_create_response_from_buffer(
			k->page.text.len, (void *)k->page.text.p, MHD_RESPMEM_MUST_COPY);
	}
	pthread_mutex_unlock(&h->lock);
	if (r)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	return r;
}

static enum MHD_Result
answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *body, size_t *body_len, void **request)
{
	unsigned status = MHD_HTTP_METHOD_NOT_ALLOWED;
	struct MHD_Response *r;

	/* The first call of a request has its headers only. */
	if (*request == NULL) {
		*request = context;
		return MHD_YES;
	}
	if (*body_len) {
		*body_len = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
		r = page_response(context, url, &status);
	else
		r = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
	if (r == NULL)
		return MHD_NO;
	enum MHD_Result result = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return result;
}

static int
http_start(struct http *h, const struct base_endpoint *at, struct sys_error *e)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(at->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(at->port)};
	bool is_v4 = base_ip_is_v4(&at->ip);
	unsigned flags = MHD_USE_AUTO_INTERNAL_THREAD | (is_v4 ? 0 : MHD_USE_IPv6);
	char text[64];
	struct base_text t = base_text_of(text, sizeof(text));

	memcpy(&v4.sin_addr, at->ip.b + 12, 4);
	memcpy(&v6.sin6_addr, at->ip.b, 16);
	errno = 0;
	h->daemon = MHD_start_daemon(flags, at->port, NULL, NULL, answer, h, MHD_OPTION_SOCK_ADDR,
		is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_TIMEOUT_S, MHD_OPTION_END);
	if (h->daemon)
		return 0;
	base_text_ip(&t, &at->ip);
	return sys_fail(e, errno == EADDRINUSE ? -BASE_ERR_EXISTS : -BASE_ERR_IO,
		"cannot listen on %s port %u: %s", base_text_cstr(&t), at->port,
		errno ? strerror(errno) : "libmicrohttpd does not start");
}

int
http_open(struct http **out, const struct base_endpoint *listen, struct sys_error *e)
{
	struct http *h = calloc(1, sizeof(*h));

	*out = NULL;
	if (h == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	pthread_mutex_init(&h->lock, NULL);
	int error = http_start(h, listen, e);
	if (error) {
		http_close(h);
		return error;
	}
	*out = h;
	return 0;
}

void
http_close(struct http *h)
{
	if (h == NULL)
		return;
	if (h->daemon)
		MHD_stop_daemon(h->daemon);
	for (unsigned i = 0; i < h->n; i++)
		free((void *)h->pages[i].page.text.p);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

int
http_set(struct http *h, const struct http_page *page)
{
	uint8_t *text = malloc(page->text.len + 1);
	void *before = NULL;
	unsigned i = 0;

	if (text == NULL)
		return -BASE_ERR_NO_MEMORY;
	memcpy(text, page->text.p, page->text.len);
	pthread_mutex_lock(&h->lock);
	while (i < h->n && strcmp(h->pages[i].page.path, page->path) != 0)
		i++;
	bool room = i < HTTP_PAGES_MAX;
	if (room) {
		before = i < h->n ? (void *)h->pages[i].page.text.p : NULL;
		h->n += i == h->n;
		h->pages[i] = (struct kept){*page, sys_clock_monotonic_ns()};
		h->pages[i].page.text.p = text;
	}
	pthread_mutex_unlock(&h->lock);
	free(room ? before : text);
	return room ? 0 : -BASE_ERR_FULL;
}
