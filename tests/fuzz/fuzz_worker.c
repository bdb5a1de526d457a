/* The whole engine: a sequence of frames, made of the input.  Laws: no crash, every frame in one verdict, and every record reads back.
 *
 * Input: pieces { u8 how, u8 time, u16 length big-endian, bytes }.  how & 7: 0 the frame itself; 1 a UDP payload between SIP ports,
 * 2 the other way, 3 between other ports; 4, 5 TCP of either direction, going on where it stopped; 6, 7 UDP between media ports.
 * how >> 3 & 3: which two of four hosts, so that proxies and forks have addresses of their own.
 * time: n * n ms pass. */
#include <stdlib.h>

#include "record.h"
#include "worker.h"

#define FRAME_MAX 4096

struct run {
	struct worker *worker;
	int64_t now_ns;
	uint64_t frames;
	uint32_t tcp_seq[2];
};

static bool
keep(void *context, uint32_t core, uint8_t *record, uint32_t len)
{
	static struct record_row row;
	static char text[1 << 19];
	struct base_text t = base_text_of(text, sizeof(text));

	if (record_row_read(&row, record, len) != 0)
		abort();
	record_json(&t, &row, true);
	if (t.overflow)
		abort();
	return true;
}

/* A message that is kept: put together as the ring does, it reads back with the bytes that it has. */
static bool
keep_message(void *context, uint32_t core, uint8_t *record, uint32_t len, struct base_span text)
{
	static uint8_t bytes[RECORD_BYTES_MAX];
	static struct record_row row;

	if (len + text.len > sizeof(bytes))
		abort();
	memcpy(bytes, record, len);
	memcpy(bytes + len, text.p, text.len);
	if (record_row_read(&row, bytes, len + text.len) != 0 || !base_span_eq(row.values[RECORD_F_TEXT].text, text))
		abort();
	return keep(context, core, bytes, len + text.len);
}

static uint32_t
wrap(struct run *r, uint8_t how, uint8_t *out, const uint8_t *payload, uint32_t len)
{
	static const uint8_t hosts[4][2] = {{1, 2}, {1, 3}, {3, 2}, {3, 4}};
	const uint8_t *pair = hosts[how >> 3 & 3];
	how &= 7;
	bool tcp = how == 4 || how == 5, back = how == 2 || how == 5 || how == 7;
	uint16_t port = how == 3 ? 7000 : how >= 6 ? 4000 : 5060;
	uint32_t header = tcp ? 20 : 8;

	memset(out, 0, 34 + header);
	out[12] = 8;
	uint8_t *ip = out + 14, *l4 = ip + 20;
	ip[0] = 0x45;
	base_store_be16(ip + 2, (uint16_t)(20 + header + len));
	ip[9] = tcp ? 6 : 17;
	ip[12] = ip[16] = 10;
	ip[15] = pair[back];
	ip[19] = pair[!back];
	base_store_be16(l4, port);
	base_store_be16(l4 + 2, port);
	if (tcp) {
		base_store_be32(l4 + 4, r->tcp_seq[back]);
		r->tcp_seq[back] += len;
		l4[12] = 5 << 4;
	} else {
		base_store_be16(l4 + 4, (uint16_t)(8 + len));
	}
	memcpy(l4 + header, payload, len);
	return 34 + header + len;
}

static void
step(struct run *r, const uint8_t *frame, uint32_t len)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct rx_frame f = {.data = exact, .len = len, .wire_len = len, .ts_ns = r->now_ns, .link = PACKET_LINK_ETHERNET};

	memcpy(exact, frame, len);
	worker_step(r->worker, &f, 1);
	free(exact);
	worker_house(r->worker, r->now_ns);
	r->frames++;
}

static void
run_pieces(struct run *r, const uint8_t *data, size_t size)
{
	static uint8_t frame[FRAME_MAX];

	while (size >= 4) {
		uint8_t how = data[0];
		uint32_t len = base_load_be16(data + 2);
		r->now_ns += (int64_t)data[1] * data[1] * BASE_NS_PER_MS;
		data += 4, size -= 4;
		len = len > size ? (uint32_t)size : len;
		len = len > FRAME_MAX - 64 ? FRAME_MAX - 64 : len;
		if ((how & 7) == 0)
			step(r, data, len);
		else
			step(r, frame, wrap(r, how, frame, data, len));
		data += len, size -= len;
	}
}

static struct worker_set *
set_new(void)
{
	static struct config *config;
	struct worker_set *set;
	struct sys_error e;

	if (config == NULL) {
		if (config_defaults(&config, &e) != 0)
			abort();
		config->tables.calls = 16;
		config->tables.streams = 32;
		config->tables.endpoints = 32;
		config->tables.flow_entries = 8;
		config->tables.fragments = 4;
		config->tables.tcp_flows = 4;
		config->tables.tcp_buffer_bytes = 8192;
		config->messages.keep = CONFIG_KEEP_ALL;
		config->messages.max_bytes = 700;
		config->dtmf.mask = true;
	}
	struct worker_options o = {.config = config, .cores = 1, .replay = true, .clock_source = "capture", .record = keep,
		.keep = keep_message};
	if (worker_set_new(&set, &o, &e) != 0)
		abort();
	return set;
}

/* One set serves many inputs (compiling its patterns takes longer than most of them): what one leaves behind, a later one meets. */
#define INPUTS_PER_SET 500

static struct worker_set *set;

/* Its pages come from mmap, where a leak checker does not look for what they hold. */
static void
set_drop(void)
{
	worker_set_free(set);
	set = NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint32_t inputs;
	static struct run r;

	if (inputs == 0)
		atexit(set_drop);
	if (inputs++ % INPUTS_PER_SET == 0) {
		set_drop();
		set = set_new();
		r = (struct run){.worker = worker_set_worker(set, 0), .now_ns = 1700000000000000000LL};
	}
	run_pieces(&r, data, size);
	worker_set_finish(set, r.now_ns);
	if (metrics_verdicts_total(worker_set_metrics(set, 0)) != r.frames)
		abort();
	return 0;
}
