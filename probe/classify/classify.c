#include "classify_private.h"

#include <stdlib.h>

int
classify_new(struct classify **out, const struct classify_options *options, struct sys_error *e)
{
	struct classify *c = calloc(1, sizeof(*c));
	int result;

	*out = NULL;
	if (!c)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "classify: out of memory");
	for (uint32_t i = 0; i < options->n_sip_ports; i++)
		c->sip_ports[options->sip_ports[i] / 8] |=
			(uint8_t)(1u << options->sip_ports[i] % 8);
	c->any_port = options->any_port;
	result = options->plain_start ? 0 : classify_scan_start_new(&c->start, e);
	if (result == 0)
		result = classify_watches_new(&c->watches, options, e);
	if (result < 0) {
		classify_free(c);
		return result;
	}
	*out = c;
	return 0;
}

void
classify_free(struct classify *c)
{
	if (!c)
		return;
	classify_watches_free(&c->watches);
	classify_scan_free(c->start);
	free(c);
}

bool
classify_is_sip_port(const struct classify *c, uint16_t port)
{
	return c->sip_ports[port / 8] >> port % 8 & 1;
}

static inline bool
on_sip_port_of(const struct classify *c, uint16_t src_port, uint16_t dst_port)
{
	return classify_is_sip_port(c, dst_port) || classify_is_sip_port(c, src_port);
}

static bool
view_on_sip_port(const struct classify *c, const struct packet_view *view)
{
	return on_sip_port_of(c, view->src.port, view->dst.port);
}

/* The payload is its own window: what begins with a line end is not sure. */
bool
classify_is_sure(const struct classify *c, uint16_t src_port, uint16_t dst_port,
	struct base_span payload)
{
	return on_sip_port_of(c, src_port, dst_port) && classify_start_sure(payload);
}

/* What a payload is where no start line stands.  RTP candidates count on a SIP port too: the port
 * map alone is never believed. */
static enum classify_kind
kind_without_start_line(const struct packet_view *view, bool on_sip_port)
{
	if (on_sip_port && classify_is_keepalive(view))
		return CLASSIFY_KEEPALIVE;
	if (view->transport == PACKET_UDP) {
		if (classify_is_stun(view))
			return on_sip_port ? CLASSIFY_KEEPALIVE : CLASSIFY_STUN;
		if (classify_is_rtcp(view))
			return CLASSIFY_RTCP;
		if (classify_is_rtp(view))
			return CLASSIFY_RTP;
	}
	return on_sip_port ? CLASSIFY_SIP_PORT : CLASSIFY_IGNORE;
}

static unsigned
grades_that_count(bool on_sip_port)
{
	return on_sip_port ? CLASSIFY_START_STRONG | CLASSIFY_START_WEAK : CLASSIFY_START_STRONG;
}

struct classify_result
classify_payload(
	const struct classify *c, struct classify_core *core, const struct packet_view *view)
{
	bool on_sip_port = view_on_sip_port(c, view), scanned = false;
	struct base_span window = classify_start_window(view);
	uint64_t grades = 0;

	if (on_sip_port && classify_start_sure(window))
		return (struct classify_result){CLASSIFY_SIP, false};
	if ((on_sip_port || c->any_port) && classify_start_gate(window)) {
		scanned = classify_scan_run(c->start, core, window, &grades);
		if (!scanned)
			grades = classify_start_plain(window);
	}
	if (grades & grades_that_count(on_sip_port))
		return (struct classify_result){CLASSIFY_SIP, scanned};
	return (struct classify_result){
		(uint8_t)kind_without_start_line(view, on_sip_port), scanned};
}

enum classify_kind
classify_plain(const struct classify *c, const struct packet_view *view)
{
	bool on_sip_port = view_on_sip_port(c, view);

	if ((on_sip_port || c->any_port) && (classify_start_plain(classify_start_window(view)) &
						    grades_that_count(on_sip_port)))
		return CLASSIFY_SIP;
	return kind_without_start_line(view, on_sip_port);
}
