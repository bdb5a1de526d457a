#include "sinks_feed.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define IDLE_MS 1000
#define RETRY_MS_MIN 100
#define CURSOR_IDLE_NS (5 * BASE_NS_PER_SEC) /* between two moves over records of other kinds */

enum feed_state { FEED_COLLECT, FEED_ASK, FEED_SEND };

struct sinks_feed {
	struct sinks_feed_options options;
	char intent_name[64], begun_name[64];
	struct store *store, *reader; /* the collector's, the thread's */
	pthread_t thread;
	bool running;
	bool stop; /* deliver looks at it: atomic */

	/* Of the feed's thread. */
	enum feed_state state;
	struct sinks_batch batch;
	int64_t waiting_ns, retry_ns; /* monotonic: since when records wait; 0: none */
	uint32_t pause_ms;
	uint64_t left_out;
	bool full;

	/* Of the collector's thread. */
	int64_t cursor, cursor_ns, intent, intent_begun_ns;

	pthread_mutex_t lock;
	pthread_cond_t told; /* the feed */
	pthread_cond_t tells;
	/* Under the lock.  bound, granted, hurry: the collector writes; the others: the feed. */
	int64_t bound, granted, wanted, done;
	bool hurry;
	struct sinks_status status;
};

static void
feed_lock(const struct sinks_feed *f)
{
	pthread_mutex_lock((pthread_mutex_t *)&f->lock);
}

static void
feed_unlock(const struct sinks_feed *f)
{
	pthread_mutex_unlock((pthread_mutex_t *)&f->lock);
}

/* ---- the feed's thread ---- */

static int
feed_take(void *context, const struct record_row *row, int64_t position)
{
	struct sinks_feed *f = context;

	if (position > f->batch.to)
		return 1;
	switch (f->options.far->add(f->options.context, row, position)) {
	case SINKS_TAKEN: f->batch.records++; break;
	case SINKS_LEFT_OUT:
		f->left_out++;
		/* Each doubling of their number is a line. */
		if ((f->left_out & (f->left_out - 1)) == 0)
			sys_log(SYS_LOG_ERROR,
				"%s: the record at position %lld cannot be sent (too large or "
				"damaged); %llu left out so far",
				f->options.name, (long long)position,
				(unsigned long long)f->left_out);
		break;
	case SINKS_FULL:
		f->batch.to = position - 1;
		f->full = true;
		return 1;
	}
	if (f->batch.records == f->options.batch_records && f->intent <= f->batch.after) {
		f->batch.to = position;
		f->full = true;
		return 1;
	}
	return 0;
}

static void
feed_say(struct sinks_feed *f, int error, const struct sys_error *e)
{
	feed_lock(f);
	bool failing = f->status.failing;
	f->status.failing = error != 0;
	f->status.retries += error != 0;
	f->status.why = error ? *e : (struct sys_error){""};
	if (error && !failing)
		f->status.failing_ns = sys_clock_wall_ns();
	pthread_cond_signal(&f->tells);
	feed_unlock(f);
	if (error && !failing)
		sys_log(SYS_LOG_ERROR, "%s; %s waits, trying again", e->text, f->options.name);
	if (error == 0 && failing)
		sys_log(SYS_LOG_INFO, "%s goes on", f->options.name);
}

/* A try that failed: the next one after a pause that grows, of which a quarter is chance, so that a
 * fleet of probes does not come back as one. */
static int
feed_pause(struct sinks_feed *f, int error, const struct sys_error *e)
{
	uint8_t chance;

	sys_random(&chance, 1);
	f->pause_ms = f->pause_ms ? 2 * f->pause_ms : RETRY_MS_MIN;
	if (f->pause_ms > f->options.retry_ms_max)
		f->pause_ms = f->options.retry_ms_max;
	uint32_t ms = f->pause_ms - f->pause_ms * chance / 1024;
	f->retry_ns = sys_clock_monotonic_ns() + ms * BASE_NS_PER_MS;
	feed_say(f, error, e);
	return (int)ms;
}

static int
feed_collect(struct sinks_feed *f, int64_t bound, bool hurry)
{
	struct sinks_feed_options *o = &f->options;
	struct store_query query = {
		.kinds = o->kinds, .by_position = true, .after_position = f->batch.after};
	int64_t now_ns = sys_clock_monotonic_ns();
	struct sys_error e = {""};

	if (bound <= f->batch.after) {
		f->waiting_ns = 0;
		return IDLE_MS;
	}
	f->waiting_ns = f->waiting_ns ? f->waiting_ns : now_ns;
	int64_t due_ns = f->waiting_ns + o->flush_ms * BASE_NS_PER_MS;
	if (!hurry && f->intent <= f->batch.after && bound - f->batch.after < o->batch_records &&
		now_ns < due_ns)
		return (int)((due_ns - now_ns) / BASE_NS_PER_MS) + 1;
	f->batch.to = f->intent > f->batch.after ? f->intent : bound;
	f->batch.begun_ns = f->intent > f->batch.after ? f->intent_begun_ns : 0;
	f->batch.records = 0;
	f->full = false;
	o->far->begin(o->context);
	int result = store_query(f->reader, &query, feed_take, f, &e);
	if (result < 0)
		return feed_pause(f, result, &e);
	f->waiting_ns = 0;
	feed_lock(f);
	if (f->batch.records) {
		f->wanted = f->batch.to;
		f->state = FEED_ASK;
	} else {
		f->done = f->batch.after = f->batch.to;
	}
	pthread_cond_signal(&f->tells);
	feed_unlock(f);
	return f->batch.records ? IDLE_MS : 0;
}

static int
feed_send(struct sinks_feed *f)
{
	struct sinks_feed_options *o = &f->options;
	struct sys_error e = {""};

	int error = o->far->deliver(o->context, &f->batch, &f->stop, &e);
	if (__atomic_load_n(&f->stop, __ATOMIC_RELAXED) && error)
		return IDLE_MS;
	if (error)
		return feed_pause(f, error, &e);
	f->retry_ns = f->pause_ms = 0;
	feed_say(f, 0, &e);
	feed_lock(f);
	f->done = f->batch.after = f->batch.to;
	f->status.records += f->batch.records;
	f->status.batches++;
	pthread_cond_signal(&f->tells);
	feed_unlock(f);
	f->state = FEED_COLLECT;
	return 0;
}

int
sinks_feed_round(struct sinks_feed *f)
{
	int64_t now_ns = sys_clock_monotonic_ns();

	feed_lock(f);
	int64_t bound = f->bound;
	bool hurry = f->hurry;
	if (f->state == FEED_ASK && f->granted >= f->wanted)
		f->state = FEED_SEND;
	feed_unlock(f);
	if (f->retry_ns > now_ns)
		return (int)((f->retry_ns - now_ns) / BASE_NS_PER_MS) + 1;
	if (f->state == FEED_COLLECT)
		return feed_collect(f, bound, hurry);
	return f->state == FEED_SEND ? feed_send(f) : IDLE_MS;
}

static void
feed_wait(struct sinks_feed *f, pthread_cond_t *cond, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * BASE_NS_PER_MS;
	if (until.tv_nsec >= BASE_NS_PER_SEC)
		until.tv_sec++, until.tv_nsec -= BASE_NS_PER_SEC;
	pthread_cond_timedwait(cond, &f->lock, &until);
}

/* What the feed waits for has come: it was told between its round and now. */
static bool
feed_is_told(const struct sinks_feed *f, int64_t bound, int64_t granted, bool hurry)
{
	return f->stop || f->bound != bound || f->granted != granted || f->hurry != hurry;
}

static void *
feed_run(void *context)
{
	struct sinks_feed *f = context;

	feed_lock(f);
	while (!f->stop) {
		int64_t bound = f->bound, granted = f->granted;
		bool hurry = f->hurry;
		feed_unlock(f);
		int ms = sinks_feed_round(f);
		feed_lock(f);
		/* A pause after a failure is kept, whatever is told. */
		int64_t end_ns = sys_clock_monotonic_ns() + ms * BASE_NS_PER_MS, left_ns;
		while (!f->stop && (left_ns = end_ns - sys_clock_monotonic_ns()) > 0 &&
			(f->retry_ns > sys_clock_monotonic_ns() ||
				!feed_is_told(f, bound, granted, hurry)))
			feed_wait(f, &f->told, (int)(left_ns / BASE_NS_PER_MS) + 1);
	}
	feed_unlock(f);
	return NULL;
}

/* ---- the collector's thread ---- */

static int
feed_begin(struct sinks_feed *f, struct sys_error *e)
{
	struct store_number intent[] = {{f->intent_name, 0}, {f->begun_name, 0}};
	struct store_options options = {.dir = f->options.store_dir, .read_only = true};

	int error = store_cursor_get(f->store, f->options.name, &f->cursor, e);
	if (error == 0)
		error = store_numbers_get(f->store, intent, base_count_of(intent), e);
	if (error == 0)
		error = store_open(&f->reader, &options, e);
	f->bound = store_position_last(f->store);
	/* An intent beyond what there is was of a store that is lost. */
	f->intent = f->granted = intent[0].value <= f->bound ? intent[0].value : 0;
	/* Since ever, where an older program did not note it. */
	f->intent_begun_ns = intent[1].value ? intent[1].value : 1;
	f->done = f->batch.after = f->cursor;
	return error;
}

static int
feed_start(struct sinks_feed *f, struct sys_error *e)
{
	sigset_t all, before;

	/* Signals are the collector's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&f->thread, NULL, feed_run, f);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	f->running = error == 0;
	return error ? sys_fail(e, sys_error_of_errno(error), "%s: no thread: %s", f->options.name,
			       strerror(error))
		     : 0;
}

int
sinks_feed_open(struct sinks_feed **out, struct store *store,
	const struct sinks_feed_options *options, struct sys_error *e)
{
	struct sinks_feed *f = calloc(1, sizeof(*f));
	pthread_condattr_t monotonic;

	*out = NULL;
	if (f == NULL)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	f->options = *options;
	f->store = store;
	snprintf(f->intent_name, sizeof(f->intent_name), "%s.intent", options->name);
	snprintf(f->begun_name, sizeof(f->begun_name), "%s.intent_ns", options->name);
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&f->told, &monotonic);
	pthread_cond_init(&f->tells, &monotonic);
	pthread_condattr_destroy(&monotonic);
	int error = feed_begin(f, e);
	if (error == 0 && !options->threadless)
		error = feed_start(f, e);
	if (error) {
		sinks_feed_close(f);
		return error;
	}
	*out = f;
	return 0;
}

/* Tells the feed the news and writes what it asks for. */
static int
feed_exchange(struct sinks_feed *f, int64_t now_ns, bool stop, struct sys_error *e)
{
	int64_t last = store_position_last(f->store);
	int error = 0;

	feed_lock(f);
	bool news = f->bound != last || f->hurry != stop;
	int64_t wanted = f->wanted, done = f->done, granted = f->granted;
	f->bound = last;
	f->hurry = stop;
	feed_unlock(f);
	/* The intent of a batch that is done is the one before wanted: the cursor first. */
	if (done > f->cursor &&
		(done <= granted || stop || now_ns - f->cursor_ns >= CURSOR_IDLE_NS)) {
		error = store_cursor_set(f->store, f->options.name, done, e);
		f->cursor = error ? f->cursor : done;
		f->cursor_ns = now_ns;
	}
	if (error == 0 && wanted > granted) {
		struct store_number intent[] = {
			{f->intent_name, wanted}, {f->begun_name, sys_clock_wall_ns()}};
		error = store_numbers_set(f->store, intent, base_count_of(intent), e);
		news = true;
	}
	feed_lock(f);
	if (error == 0)
		f->granted = wanted > granted ? wanted : granted;
	if (news)
		pthread_cond_signal(&f->told);
	feed_unlock(f);
	return error;
}

/* Nothing left, or nobody who takes it. */
static bool
feed_is_over(const struct sinks_feed *f)
{
	feed_lock(f);
	bool over = f->done >= f->bound || f->status.failing;
	feed_unlock(f);
	return over;
}

int
sinks_feed_step(struct sinks_feed *f, int64_t now_ns, bool stop, struct sys_error *e)
{
	int64_t end_ns = sys_clock_monotonic_ns() + SINKS_FEED_STOP_MS * BASE_NS_PER_MS;
	int error = feed_exchange(f, now_ns, stop, e);

	while (stop && error == 0 && f->running && !feed_is_over(f) &&
		sys_clock_monotonic_ns() < end_ns) {
		feed_lock(f);
		if (f->wanted <= f->granted && f->done < f->bound)
			feed_wait(f, &f->tells, 50);
		feed_unlock(f);
		error = feed_exchange(f, now_ns, stop, e);
	}
	if (error == 0 && stop)
		error = feed_exchange(f, now_ns, stop, e);
	if (error == 0 && stop && f->done < f->bound)
		sys_log(SYS_LOG_WARNING, "%s: %lld records wait for the next start",
			f->options.name, (long long)(f->bound - f->done));
	return error;
}

void
sinks_feed_status(const struct sinks_feed *f, struct sinks_status *status)
{
	feed_lock(f);
	*status = f->status;
	status->lag = f->bound > f->done ? f->bound - f->done : 0;
	feed_unlock(f);
}

void
sinks_feed_close(struct sinks_feed *f)
{
	if (f == NULL)
		return;
	if (f->running) {
		feed_lock(f);
		__atomic_store_n(&f->stop, true, __ATOMIC_RELAXED);
		pthread_cond_signal(&f->told);
		feed_unlock(f);
		if (f->options.far->wake)
			f->options.far->wake(f->options.context);
		pthread_join(f->thread, NULL);
	}
	store_close(f->reader);
	pthread_cond_destroy(&f->told);
	pthread_cond_destroy(&f->tells);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

int
sinks_secret_read(char **secret, const char *path, struct sys_error *e)
{
	char line[512] = "";
	FILE *f = fopen(path, "re");

	*secret = NULL;
	if (f == NULL)
		return sys_fail(e, sys_error_of_errno(errno), "%s: cannot read it: %s", path,
			strerror(errno));
	bool ok = fgets(line, sizeof(line), f) != NULL;
	fclose(f);
	line[strcspn(line, "\r\n")] = 0;
	*secret = ok ? strdup(line) : NULL;
	explicit_bzero(line, sizeof(line));
	return *secret ? 0 : sys_fail(e, -BASE_ERR_FORMAT, "%s: has no first line", path);
}
