#include "http.h"

/* Without libmicrohttpd. */

int
http_open(struct http **h, const struct base_endpoint *listen, struct sys_error *e)
{
	*h = NULL;
	return sys_fail(e, -BASE_ERR_UNSUPPORTED,
		"no metrics over HTTP: this ringtap was built without libmicrohttpd");
}

void
http_close(struct http *h)
{
}

int
http_set(struct http *h, const struct http_page *page)
{
	return -BASE_ERR_UNSUPPORTED;
}
