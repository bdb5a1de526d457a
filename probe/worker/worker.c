#include "worker_private.h"

#include <stdlib.h>
#include <unistd.h>

#include "rtp.h"

#define RELOAD_WAIT_NS (2 * BASE_NS_PER_SEC)

/* ---- memory: one list for what is taken and for what check-config prints ---- */

enum part {
	PART_DIALOGS,
	PART_STREAMS,
	PART_DIRECTORY,
	PART_FRAGMENTS,
	PART_SCTP,
	PART_TCP,
	PART_AWAITED,
	PART_WORKER,
	PART_TONES, /* takes its own */
	PART_COUNT
};
static const char *const part_names[PART_COUNT] = {"dialogs (calls, registrations, transactions)",
	"RTP streams", "media directory", "fragment reassembly", "SCTP reassembly",
	"TCP reassembly", "hand-over between cores", "burst and scratch",
	"detectors of tones"};

static struct dialog_options
dialog_options_of(const struct config *c)
{
	return (struct dialog_options){.max_dialogs = c->tables.calls,
		.zeroed = true, /* by sys_memory_new */
		.flow_entries = c->tables.flow_entries,
		.keep_branches = c->tables.branches,
		.max_links = c->tables.links,
		.max_series = c->tables.registrations,
		.setup_ns = c->timers.setup_s * BASE_NS_PER_SEC,
		.linger_ns = c->timers.linger_s * BASE_NS_PER_SEC,
		.mask_digits = c->dtmf.mask,
		.interim_ns = c->timers.interim_s * BASE_NS_PER_SEC,
		.call_idle_ns = c->timers.call_idle_s * BASE_NS_PER_SEC,
		.transaction_ns = c->timers.transaction_s * BASE_NS_PER_SEC,
		.registration_ns = c->timers.registration_s * BASE_NS_PER_SEC};
}

static struct media_options
media_options_of(const struct config *c)
{
	return (struct media_options){.max_streams = c->tables.streams,
		.zeroed = true,
		.idle_ns = c->timers.stream_idle_s * BASE_NS_PER_SEC,
		.jitter_buffer_ms = c->media.jitter_buffer_ms,
		.jitter_adaptive = c->media.jitter_buffer_adaptive,
		.jitter_max_ms = c->media.jitter_buffer_max_ms,
		.g711_bare = !c->media.g711_plc};
}

static void
part_bytes(const struct config *c, uint32_t cores, size_t bytes[PART_COUNT])
{
	struct dialog_options dialog = dialog_options_of(c);
	struct media_options media = media_options_of(c);

	bytes[PART_DIALOGS] = dialog_footprint(&dialog);
	bytes[PART_STREAMS] = media_footprint(&media);
	bytes[PART_DIRECTORY] = media_directory_footprint(c->tables.endpoints);
	bytes[PART_FRAGMENTS] = packet_fragments_footprint(c->tables.fragments);
	bytes[PART_SCTP] = packet_sctp_footprint(c->tables.fragments);
	bytes[PART_TCP] = packet_tcp_footprint(c->tables.tcp_flows, c->tables.tcp_buffer_bytes);
	bytes[PART_AWAITED] = cores > 1 ? (size_t)c->tables.calls * (1 + sizeof(uint64_t)) : 0;
	bytes[PART_WORKER] = sizeof(struct worker);
	bytes[PART_TONES] = tones_footprint(c->tones.detectors, c->tables.streams);
}

uint64_t
worker_set_memory(const struct config *config, uint32_t cores, FILE *f)
{
	size_t bytes[PART_COUNT];
	uint64_t sum = 0, shard = cores > 1 ? shard_footprint(cores, WORKER_SHARD_RING_BYTES) : 0;

	part_bytes(config, cores, bytes);
	for (int i = 0; i < PART_COUNT; i++) {
		uint64_t all = (uint64_t)bytes[i] * cores;
		sum += all;
		if (f && all)
			fprintf(f, "%-46s %10.1f MiB\n", part_names[i], (double)all / (1 << 20));
	}
	sum += shard;
	if (f && shard)
		fprintf(f, "%-46s %10.1f MiB\n", "rings between cores", (double)shard / (1 << 20));
	if (f)
		fprintf(f, "%-46s %10.1f MiB\n", "engine, all cores", (double)sum / (1 << 20));
	return sum;
}

uint32_t
worker_set_tables(const struct worker_set *set, struct worker_table *out, uint32_t max)
{
	uint32_t n = 0;

	for (; n < set->n_parts && n < max; n++) {
		const struct memory_part *part = &set->parts[n];
		out[n] = (struct worker_table){
			part->name, part->bytes, sys_memory_resident(part->p, part->bytes)};
	}
	return n;
}

static void *
set_take(struct worker_set *set, const char *name, size_t bytes)
{
	void *p = bytes ? sys_memory_new(bytes) : NULL;

	if (p)
		set->parts[set->n_parts++] = (struct memory_part){name, p, bytes};
	return p;
}

/* ---- the classifier ---- */

struct watch_entries {
	char **entries[CLASSIFY_WATCH_MAX];
	struct classify_watch_list lists[CLASSIFY_WATCH_MAX];
	uint32_t n;
};

static void
watch_free(struct watch_entries *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		config_watch_entries_free(w->entries[i], w->lists[i].n_entries);
}

static int
watch_load(struct watch_entries *w, const struct config *c, struct sys_error *e)
{
	for (w->n = 0; w->n < c->watch_count && w->n < CLASSIFY_WATCH_MAX; w->n++) {
		const struct config_watch *from = &c->watch[w->n];
		struct classify_watch_list *list = &w->lists[w->n];
		*list = (struct classify_watch_list){.name = from->name, .header = from->header};
		list->kind = (int)from->kind;
		int rc = config_watch_entries(from, &w->entries[w->n], &list->n_entries, e);
		if (rc < 0) {
			watch_free(w);
			return rc;
		}
		list->entries = (const char *const *)w->entries[w->n];
	}
	return 0;
}
_Static_assert((int)CONFIG_WATCH_NUMBER == (int)CLASSIFY_WATCH_NUMBER &&
		       (int)CONFIG_WATCH_HEADER == (int)CLASSIFY_WATCH_HEADER,
	"one order of kinds");

static int
set_classify_new(struct classify **out, const struct config *c, bool plain_start,
	struct sys_error *e)
{
	struct watch_entries *watch = calloc(1, sizeof(*watch));
	int rc;

	if (watch == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "no memory for the watch lists");
	rc = watch_load(watch, c, e);
	if (rc == 0) {
		struct classify_options o = {
			c->sip.ports, c->sip.ports_count, c->sip.any_port, watch->lists, watch->n,
			plain_start};
		rc = classify_new(out, &o, e);
		watch_free(watch);
	}
	free(watch);
	return rc;
}

/* ---- one worker ---- */

static int
worker_init(
	struct worker_set *set, uint32_t core, const size_t bytes[PART_COUNT], struct sys_error *e)
{
	const struct config *c = set->options.config;
	struct worker *w = set_take(set, part_names[PART_WORKER], bytes[PART_WORKER]);
	void *mem[PART_COUNT];

	for (int i = 0; w && i < PART_WORKER; i++) {
		mem[i] = set_take(set, part_names[i], bytes[i]);
		if (mem[i] == NULL && bytes[i])
			w = NULL;
	}
	if (w == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY,
			"no memory for worker %u: make tables.calls or tables.streams smaller",
			core);
	set->workers[core] = w;
	w->set = set;
	w->core = core;
	w->alone = set->options.cores == 1;
	w->metrics = set->options.metrics ? set->options.metrics[core]
					  : set_take(set, "counters", sizeof(struct metrics_core));
	if (w->metrics == NULL)
		return sys_fail(
			e, -BASE_ERR_NO_MEMORY, "no memory for the counters of worker %u", core);
	w->fragments = packet_fragments_new(mem[PART_FRAGMENTS], c->tables.fragments, &set->key);
	w->sctp = packet_sctp_new(mem[PART_SCTP], c->tables.fragments, &set->key);
	w->tcp = packet_tcp_new(
		mem[PART_TCP], c->tables.tcp_flows, c->tables.tcp_buffer_bytes, &set->key);
	w->directory = media_directory_new(mem[PART_DIRECTORY], c->tables.endpoints, &set->key);
	set->directories[core] = w->directory;
	if (mem[PART_AWAITED]) {
		w->awaited_call = mem[PART_AWAITED];
		w->awaited = (uint8_t *)(w->awaited_call + c->tables.calls);
	}
	w->now_in_force.classify = set->classify;
	int rc = classify_core_new(&w->now_in_force.core, set->classify, e);
	return rc < 0 ? rc : worker_tones_new(w, e);
}

/* The parts that look at other cores' parts. */
static void
worker_connect(struct worker_set *set, struct worker *w, struct shard *shard, void *media_mem,
	void *dialog_mem)
{
	struct media_options media = media_options_of(set->options.config);
	struct dialog_options dialog = dialog_options_of(set->options.config);

	media.key = set->key;
	media.directories = set->directories;
	media.n_directories = set->options.cores;
	media.metrics = w->metrics;
	media.evicted = worker_stream_record;
	media.digit = worker_digit;
	media.audio = w->tones ? worker_audio : NULL;
	media.report = w->alone ? NULL : worker_report;
	media.context = w;
	w->media = media_new(media_mem, &media);
	dialog.core = w->core;
	dialog.key = set->key;
	dialog.clock_source = set->options.clock_source;
	dialog.metrics = w->metrics;
	dialog.hooks = worker_dialog_hooks(w);
	dialog.n_extra_headers = set->n_extra_headers;
	memcpy(dialog.extra_headers, set->extra_headers, sizeof(dialog.extra_headers));
	dialog.n_link_headers = set->n_link_headers;
	memcpy(dialog.link_headers, set->link_headers, sizeof(dialog.link_headers));
	dialog.listen_all = set->listen_all;
	dialog.listen_watched = set->listen_watched;
	dialog.n_listen_lists = set->n_listen_lists;
	memcpy(dialog.listen_lists, set->listen_lists, sizeof(dialog.listen_lists));
	w->dialog = dialog_new(dialog_mem, &dialog);
	w->shard = shard;
}

/* ---- the set ---- */

/* Copies names behind those before: the configuration may be replaced by a reload. */
static uint32_t
set_header_names(struct base_text *t, struct base_span *out, uint32_t max, char **names, unsigned n)
{
	uint32_t copied = 0;

	for (unsigned i = 0; i < n && copied < max; i++) {
		size_t begin = t->len;
		base_text_str(t, names[i]);
		out[copied++] = base_span_of(t->p + begin, (uint32_t)(t->len - begin));
	}
	return copied;
}

static void
set_headers(struct worker_set *set)
{
	const struct config *c = set->options.config;
	struct base_text t = base_text_of(set->extra_header_bytes, sizeof(set->extra_header_bytes));

	set->n_extra_headers = set_header_names(&t, set->extra_headers,
		base_count_of(set->extra_headers), c->sip.extra_headers,
		c->sip.extra_headers_count);
	set->n_link_headers = set_header_names(&t, set->link_headers,
		base_count_of(set->link_headers), c->sip.link_headers, c->sip.link_headers_count);
}

/* Which calls are listened to (tones.calls). */
static void
set_listen(struct worker_set *set)
{
	const struct config *c = set->options.config;
	struct base_text t = base_text_of(set->listen_bytes, sizeof(set->listen_bytes));
	char *names[DIALOG_LISTEN_MAX];
	unsigned n = 0;

	for (unsigned i = 0; c->tones.detectors && i < c->tones.calls_count; i++) {
		char *name = c->tones.calls[i];
		if (!strcmp(name, "all"))
			set->listen_all = true;
		else if (!strcmp(name, "watched"))
			set->listen_watched = true;
		else if (n < DIALOG_LISTEN_MAX)
			names[n++] = name;
	}
	set->n_listen_lists =
		set_header_names(&t, set->listen_lists, DIALOG_LISTEN_MAX, names, n);
}

/* Tables touch at start only what they must.  A replay goes by that; live, pages are had before
 * the first packet (law 3). */
static int
set_populate(struct worker_set *set, struct sys_error *e)
{
	for (uint32_t i = 0; !set->options.replay && i < set->n_parts; i++) {
		struct memory_part *part = &set->parts[i];
		if (sys_memory_populate(part->p, part->bytes) < 0)
			return sys_fail(e, -BASE_ERR_NO_MEMORY,
				"no memory for the tables (%zu MiB): make tables.calls or "
				"tables.streams smaller",
				part->bytes >> 20);
	}
	return 0;
}

static int
set_fill(struct worker_set *set, struct sys_error *e)
{
	size_t bytes[PART_COUNT];
	uint32_t cores = set->options.cores;
	struct shard *shard = NULL;
	int rc = set_classify_new(&set->classify, set->options.config,
		set->options.plain_start, e);

	part_bytes(set->options.config, cores, bytes);
	size_t media_bytes = bytes[PART_STREAMS], dialog_bytes = bytes[PART_DIALOGS];
	bytes[PART_STREAMS] = bytes[PART_DIALOGS] = 0;
	for (uint32_t core = 0; rc == 0 && core < cores; core++)
		rc = worker_init(set, core, bytes, e);
	if (rc < 0)
		return rc;
	if (cores > 1) {
		void *mem = set_take(set, "rings between cores",
			shard_footprint(cores, WORKER_SHARD_RING_BYTES));
		if (mem == NULL)
			return sys_fail(e, -BASE_ERR_NO_MEMORY,
				"no memory for the rings between %u cores", cores);
		shard = shard_new(mem, cores, WORKER_SHARD_RING_BYTES, &set->key);
	}
	for (uint32_t core = 0; core < cores; core++) {
		void *media = set_take(set, part_names[PART_STREAMS], media_bytes),
		     *dialog = set_take(set, part_names[PART_DIALOGS], dialog_bytes);
		if (media == NULL || dialog == NULL)
			return sys_fail(e, -BASE_ERR_NO_MEMORY,
				"no memory for the tables of worker %u (%zu MiB): make "
				"tables.calls or tables.streams smaller",
				core, (media_bytes + dialog_bytes) >> 20);
		worker_connect(set, set->workers[core], shard, media, dialog);
	}
	return set_populate(set, e);
}

int
worker_set_new(struct worker_set **out, const struct worker_options *options, struct sys_error *e)
{
	struct worker_set *set = calloc(1, sizeof(*set));
	int rc;

	if (set == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "no memory for the engine");
	if (options->cores == 0 || options->cores > CONFIG_CORES_MAX) {
		free(set);
		return sys_fail(e, -BASE_ERR_INVALID, "%u cores: 1..%d are possible",
			options->cores, CONFIG_CORES_MAX);
	}
	set->options = *options;
	if (options->config->messages.keep == CONFIG_KEEP_NONE)
		set->options.keep = NULL;
	set->key = BASE_HASH_KEY_REPLAY;
	if (!options->replay)
		sys_random(&set->key, sizeof(set->key));
	set_headers(set);
	set_listen(set);
	rc = set_fill(set, e);
	if (rc < 0) {
		worker_set_free(set);
		return rc;
	}
	*out = set;
	return 0;
}

void
worker_set_free(struct worker_set *set)
{
	if (set == NULL)
		return;
	for (uint32_t core = 0; core < set->options.cores; core++)
		if (set->workers[core]) {
			classify_core_free(set->workers[core]->now_in_force.core);
			tones_free(set->workers[core]->tones);
		}
	classify_free(set->classify);
	free(set->spare);
	for (uint32_t i = 0; i < set->n_parts; i++)
		sys_memory_free(set->parts[i].p, set->parts[i].bytes);
	free(set);
}

struct worker *
worker_set_worker(struct worker_set *set, uint32_t core)
{
	return set->workers[core];
}

const struct metrics_core *
worker_set_metrics(const struct worker_set *set, uint32_t core)
{
	return set->workers[core]->metrics;
}

/* ---- reload ---- */

/* Waits until each worker has taken its new pair; false: one does not run. */
static bool
reload_wait(struct worker_set *set, struct worker_classifier *next)
{
	int64_t until = sys_clock_monotonic_ns() + RELOAD_WAIT_NS;

	for (uint32_t core = 0; core < set->options.cores; core++) {
		while (__atomic_load_n(&set->workers[core]->taken, __ATOMIC_ACQUIRE) !=
			&next[core]) {
			if (sys_clock_monotonic_ns() > until)
				return false;
			usleep(1000);
		}
	}
	return true;
}

static void
reload_drop(struct worker_set *set, struct worker_classifier *pairs)
{
	for (uint32_t core = 0; core < set->options.cores; core++)
		classify_core_free(pairs[core].core);
}

int
worker_set_reload(struct worker_set *set, const struct config *config, struct sys_error *e)
{
	struct worker_classifier *next = calloc(set->options.cores, sizeof(*next));
	struct classify *classify = NULL;
	int rc = next ? set_classify_new(&classify, config, set->options.plain_start, e)
		      : sys_fail(e, -BASE_ERR_NO_MEMORY, "no memory to reload");

	for (uint32_t core = 0; rc == 0 && core < set->options.cores; core++) {
		next[core].classify = classify;
		rc = classify_core_new(&next[core].core, classify, e);
	}
	if (rc < 0) {
		if (next)
			reload_drop(set, next);
		classify_free(classify);
		free(next);
		return rc;
	}
	for (uint32_t core = 0; core < set->options.cores; core++)
		/* pairs with house_classifier */
		__atomic_store_n(&set->workers[core]->next, &next[core], __ATOMIC_RELEASE);
	if (!reload_wait(set, next))
		return sys_fail(e, -BASE_ERR_INTERRUPTED,
			"a worker does not answer: the old lists stay in force there");
	reload_drop(set, next); /* the workers have left their old pairs here */
	classify_free(set->classify);
	set->classify = classify;
	free(set->spare);
	/* its address must stay taken until the next reload, which is told from it by address */
	set->spare = next;
	return 0;
}
