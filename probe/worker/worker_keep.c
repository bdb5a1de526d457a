#include "worker_private.h"

#define HEAD_BYTES 4096 /* a Call-ID that does not fit is left out */
#define BURST_NS BASE_NS_PER_SEC

/* The message's bytes that may be kept: with dtmf.mask not the bodies in which digits come. */
static uint32_t
text_bytes(const struct config *c, const struct sip_message *sip)
{
	bool dialled = sip->method == SIP_METHOD_INFO || sip->method == SIP_METHOD_NOTIFY;
	uint32_t len = sip->len;

	if (c->dtmf.mask && dialled && sip->body.len)
		len = (uint32_t)(sip->body.p - sip->start);
	return len < c->messages.max_bytes ? len : c->messages.max_bytes;
}

static void
head_write(struct record_writer *w, const struct worker *worker, const struct dialog_message *m,
	uint32_t len)
{
	const struct sip_message *sip = m->sip;
	struct {
		struct base_endpoint src, dst;
		int64_t ts_ns;
		uint64_t len;
	} identity;

	memset(&identity, 0, sizeof(identity)); /* padding too */
	identity.src = m->src;
	identity.dst = m->dst;
	identity.ts_ns = m->ts_ns;
	identity.len = sip->len;
	record_put_uid(w, &identity, sizeof(identity));
	record_put_cstr(w, RECORD_F_STATUS, "final");
	if (sip->call_id.len)
		record_put_str(w, RECORD_F_CALL_ID, sip->call_id);
	else
		record_put_empty(w, RECORD_F_CALL_ID);
	record_put_str(w, RECORD_F_METHOD, sip->method_text);
	record_put_u64(w, RECORD_F_CSEQ, sip->cseq);
	record_put_str(w, RECORD_F_CSEQ_METHOD, sip->cseq_method_text);
	record_put_ip(w, RECORD_F_SRC_IP, &m->src.ip);
	record_put_u64(w, RECORD_F_SRC_PORT, m->src.port);
	record_put_ip(w, RECORD_F_DST_IP, &m->dst.ip);
	record_put_u64(w, RECORD_F_DST_PORT, m->dst.port);
	record_put_cstr(w, RECORD_F_TRANSPORT, packet_transport_name(m->transport));
	if (m->vlan != PACKET_VLAN_NONE)
		record_put_u64(w, RECORD_F_VLAN, m->vlan);
	record_put_cstr(w, RECORD_F_TUNNEL, packet_tunnel_name(m->tunnel));
	if (sip->status)
		record_put_u64(w, RECORD_F_SIP_CODE, sip->status);
	record_put_time(w, RECORD_F_TIME, m->ts_ns);
	record_put_bool(w, RECORD_F_TRUNCATED,
		m->truncated || len < sip->len || (sip->flags & SIP_FLAG_TRUNCATED));
	record_put_cstr(w, RECORD_F_CLOCK_SOURCE, worker->set->options.clock_source);
	record_put_u64(w, RECORD_F_LENGTH, sip->len);
	record_put_behind(w, RECORD_F_TEXT, (uint16_t)len);
}

/* rate_bytes, and up to a second's worth at once: kept_ns is when what was kept would be through at
 * that rate. */
static bool
rate_allows(struct worker *w, int64_t ts_ns, uint32_t bytes)
{
	uint64_t rate = w->set->options.config->messages.rate_bytes;

	if (rate == 0)
		return true;
	/* ahead: the clock went back */
	if (w->kept_ns < ts_ns - BURST_NS || w->kept_ns > ts_ns + BURST_NS)
		w->kept_ns = ts_ns - BURST_NS;
	int64_t until_ns = w->kept_ns + (int64_t)(bytes * (uint64_t)BASE_NS_PER_SEC / rate);
	if (until_ns > ts_ns)
		return false;
	w->kept_ns = until_ns;
	return true;
}

void
worker_keep(struct worker *w, const struct dialog_message *m, enum record_kind kind)
{
	const struct worker_options *o = &w->set->options;
	uint8_t head[HEAD_BYTES];

	if (kind == RECORD_NONE ||
		(kind != RECORD_CALL && o->config->messages.keep == CONFIG_KEEP_CALLS))
		return;
	uint32_t len = text_bytes(o->config, m->sip);
	struct record_writer out = record_writer_begin(head, sizeof(head), RECORD_MESSAGE);
	head_write(&out, w, m, len);
	if (!rate_allows(w, m->ts_ns, out.len + len) ||
		!o->keep(o->context, w->core, head, out.len, base_span_of(m->sip->start, len))) {
		metrics_add(w->metrics, METRICS_MESSAGES_LEFT_OUT, 1);
		return;
	}
	metrics_add(w->metrics, METRICS_MESSAGES_KEPT, 1);
	metrics_add(w->metrics, METRICS_MESSAGES_CUT, len < m->sip->len);
}
