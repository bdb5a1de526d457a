/* http: a few pages over HTTP, for a metrics scraper and a health check (libmicrohttpd lives here
 * and nowhere else).
 *
 * The library's own thread answers GET and HEAD with the page that was last set; no request runs
 * code of the owner, and no owner waits for a reader: a page is copied under a lock both ways.  A
 * page that was not set anew within its stale_ms is answered with 503 and a sentence, so an owner
 * that hangs is seen.  No TLS and no passwords: it listens on the loopback unless told otherwise;
 * what is wider belongs behind a proxy.
 *
 * Thread: http_set and http_close by the owner. */
#pragma once

#include "base.h"
#include "sys.h"

struct http;

#define HTTP_PAGES_MAX 8
#define HTTP_CONNECTIONS_MAX 32
#define HTTP_TIMEOUT_S 10 /* of a connection that says nothing */

/* -BASE_ERR_EXISTS: the port is taken; -BASE_ERR_UNSUPPORTED: built without the library. */
int
http_open(struct http **h, const struct base_endpoint *listen, struct sys_error *e);
void
http_close(struct http *h); /* NULL is allowed */

struct http_page {
	const char *path; /* "/metrics"; static */
	const char *type; /* Content-Type; static */
	unsigned status;
	uint32_t stale_ms;
	struct base_span text; /* copied */
};
/* Makes the page or takes the place of what its path had.  -BASE_ERR_FULL: too many pages. */
int
http_set(struct http *h, const struct http_page *page);
