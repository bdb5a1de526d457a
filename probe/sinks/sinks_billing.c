#include "sinks_private.h"

#include <stdlib.h>

#define CONSUMER "billing"
#define NUMBER_FILE "billing.file"
#define NUMBER_RECORD "billing.record"
#define NUMBER_INTENT "billing.intent"

/* What is delivered, by the manifest or by the store, whichever knows more. */
static int
billing_recover(struct sinks_billing *b, struct sys_error *e)
{
	struct sinks_delivered manifest = {0};
	struct store_number numbers[] = {{NUMBER_FILE, 0}, {NUMBER_RECORD, 0}, {NUMBER_INTENT, 0}};
	int64_t cursor;

	int error = sinks_manifest_read(b->dir, &manifest, e);
	if (error == 0)
		error = store_cursor_get(b->store, CONSUMER, &cursor, e);
	if (error == 0)
		error = store_numbers_get(b->store, numbers, base_count_of(numbers), e);
	if (error)
		return error;
	b->delivered.position = manifest.position > cursor ? manifest.position : cursor;
	b->delivered.file_sequence = manifest.file_sequence > numbers[0].value
					     ? manifest.file_sequence
					     : numbers[0].value;
	b->delivered.billing_seq =
		manifest.billing_seq > numbers[1].value ? manifest.billing_seq : numbers[1].value;
	b->intent = numbers[2].value;
	b->scanned = b->delivered.position;
	return b->delivered.position > cursor
		       ? store_cursor_set(b->store, CONSUMER, b->delivered.position, e)
		       : 0;
}

static int
billing_lock(struct sinks_billing *b, struct sys_error *e)
{
	char path[SINKS_PATH_BYTES];
	struct base_text t = base_text_of(path, sizeof(path));

	base_text_str(&t, b->dir);
	base_text_str(&t, "/billing.lock");
	int error = sys_mapping_create(&b->lock, base_text_cstr(&t), 4096, (gid_t)-1, e);
	if (error)
		return error;
	b->locked = true;
	error = sys_mapping_lock(&b->lock, 0);
	if (error == -BASE_ERR_EXISTS)
		return sys_fail(e, error, "%s: another process writes billing files there", b->dir);
	return error ? sys_fail(e, error, "%s: %s", path, base_error_text(error)) : 0;
}

int
sinks_billing_open(struct sinks_billing **out, struct store *store,
	const struct sinks_billing_options *options, struct sys_error *e)
{
	struct sinks_billing *b = calloc(1, sizeof(*b));
	char *text = malloc(SINKS_TEXT_BYTES);
	int error = 0;

	*out = NULL;
	if (b == NULL || text == NULL) {
		free(b);
		free(text);
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "out of memory");
	}
	b->store = store;
	b->text = base_text_of(text, SINKS_TEXT_BYTES);
	b->file.fd = -1;
	error = sinks_options_take(b, options, e);
	if (error == 0)
		error = sys_directory_make(b->dir, 0750, e);
	if (error == 0)
		error = billing_lock(b, e);
	if (error == 0)
		error = billing_recover(b, e);
	if (error == 0)
		error = sinks_handed_read(b, e);
	if (error == 0)
		error = sinks_schema_write(b, e);
	if (error) {
		sinks_billing_close(b);
		return error;
	}
	*out = b;
	return 0;
}

void
sinks_billing_close(struct sinks_billing *b)
{
	if (b == NULL)
		return;
	sinks_hook_close(b);
	sinks_file_reset(&b->file);
	free(b->file.rings);
	sinks_compress_free(b->compress);
	explicit_bzero(&b->mask_key, sizeof(b->mask_key));
	free(b->mask_text.p);
	if (b->locked)
		sys_mapping_close(&b->lock);
	free(b->text.p);
	free(b->dir);
	free(b);
}

int64_t
sinks_billing_lag(const struct sinks_billing *b)
{
	int64_t unread = store_position_last(b->store) - b->scanned;

	return (int64_t)b->file.records + (unread > 0 ? unread : 0);
}

void
sinks_billing_status(const struct sinks_billing *b, struct sinks_status *status)
{
	*status = (struct sinks_status){.lag = sinks_billing_lag(b),
		.records = b->done_records,
		.batches = b->done_files,
		.retries = b->hook.retries,
		.failing = b->hook.failures != 0,
		.failing_ns = b->hook.failing_ns,
		.why = b->hook.why};
}

/* A file that may have its final name already is made anew with the same end. */
static bool
is_bound(const struct sinks_billing *b)
{
	return b->intent > b->delivered.position;
}

static bool
file_is_full(const struct sinks_billing *b)
{
	if (is_bound(b))
		return b->file.to_position >= b->intent;
	return b->file.records >= b->rotate_records || b->file.bytes >= b->rotate_bytes;
}

static int
take_row(void *context, const struct record_row *row, int64_t position)
{
	struct sinks_billing *b = context;

	if (b->file.fd < 0)
		b->error = sinks_file_open(b, b->e);
	if (b->error == 0)
		b->error = sinks_file_add(b, row, position, b->e);
	b->scanned = position;
	return b->error != 0 || file_is_full(b);
}

static int
take_gap(void *context, const struct store_gap *gap)
{
	struct sinks_billing *b = context;
	struct sinks_ring *ring = sinks_file_ring(&b->file, gap->probe, gap->core);

	if (ring)
		ring->lost += gap->last - gap->first + 1;
	return ring == NULL ? -BASE_ERR_NO_MEMORY : 0;
}

/* Each step is durable before the next one: bytes, intent, name, manifest, cursor. */
static int
file_close(struct sinks_billing *b, struct sys_error *e)
{
	char name[SINKS_PATH_BYTES];
	struct sinks_delivered next = {b->file.to_position, b->delivered.file_sequence + 1,
		b->delivered.billing_seq + (int64_t)b->file.records};
	struct store_number intent = {NUMBER_INTENT, next.position};
	struct store_number numbers[] = {
		{NUMBER_FILE, next.file_sequence}, {NUMBER_RECORD, next.billing_seq}};
	struct store_range range = {b->delivered.position, next.position};

	/* The losses stand in some formats' files too. */
	int error = store_gaps(b->store, range, take_gap, b, e);
	if (error == 0)
		error = sinks_file_flush(b, e);
	if (error == 0)
		error = store_numbers_set(b->store, &intent, 1, e);
	if (error)
		return error;
	b->intent = next.position;
	error = sinks_file_rename(b, name, e);
	if (error == 0)
		error = sinks_manifest_append(b, name, e);
	if (error)
		return error;
	b->delivered = next;
	b->done_records += b->file.records;
	b->done_files++;
	sinks_file_reset(&b->file);
	/* From here on the manifest knows; what fails now is mended at the next opening. */
	error = store_numbers_set(b->store, numbers, base_count_of(numbers), e);
	if (error == 0)
		error = store_cursor_set(b->store, CONSUMER, next.position, e);
	b->cursor_ns = b->now_ns;
	return error;
}

static int
see_gap(void *context, const struct store_gap *gap)
{
	return 1;
}

/* Without a file the cursor follows all the same, so that days of other kinds of record can expire;
 * a gap stays before it, as it is yet to be declared. */
static int
cursor_follow(struct sinks_billing *b, bool stop, struct sys_error *e)
{
	struct store_range range = {b->delivered.position, b->scanned};

	if (b->file.records != 0 || range.to <= range.after ||
		(!stop && b->now_ns - b->cursor_ns < b->rotate_s * BASE_NS_PER_SEC))
		return 0;
	b->cursor_ns = b->now_ns;
	int gaps = store_gaps(b->store, range, see_gap, NULL, e);
	if (gaps)
		return gaps < 0 ? gaps : 0;
	int error = store_cursor_set(b->store, CONSUMER, range.to, e);
	if (error == 0)
		b->delivered.position = range.to;
	return error;
}

enum portion { PORTION_END, PORTION_MORE, PORTION_FULL };

/* One portion of rows into the file.  PORTION_END: all that the store has; PORTION_MORE: there may
 * be more; PORTION_FULL: the file is to be closed; negative: failed. */
static int
portion_take(struct sinks_billing *b, struct sys_error *e)
{
	struct store_query query = {.kinds = b->kinds,
		.by_position = true,
		.after_position = b->scanned,
		.limit = SINKS_STEP_RECORDS};
	int64_t last = store_position_last(b->store);
	uint64_t before = b->file.records;

	b->e = e;
	b->error = 0;
	int result = store_query(b->store, &query, take_row, b, e);
	b->e = NULL;
	if (result < 0 || b->error)
		return b->error ? b->error : result;
	if (result != 0)
		return PORTION_FULL;
	if (b->file.records - before == SINKS_STEP_RECORDS)
		return PORTION_MORE;
	b->scanned = last > b->scanned ? last : b->scanned;
	return PORTION_END;
}

static bool
file_is_due(const struct sinks_billing *b, bool at_end, bool stop)
{
	if (b->file.records == 0)
		return false;
	/* Rows of a bound file that are gone meanwhile cannot be waited for. */
	if (at_end && (stop || is_bound(b)))
		return true;
	return !is_bound(b) && b->now_ns - b->file.opened_ns >= b->rotate_s * BASE_NS_PER_SEC;
}

int
sinks_billing_step(struct sinks_billing *b, int64_t now_ns, bool stop, struct sys_error *e)
{
	int64_t from = b->scanned;
	int portion, error = 0;

	b->now_ns = now_ns;
	b->stop = stop;
	do {
		portion = portion_take(b, e);
		if (portion < 0)
			error = portion;
		else if (portion == PORTION_FULL || file_is_due(b, portion == PORTION_END, stop))
			error = file_close(b, e);
	} while (error == 0 && portion != PORTION_END &&
		 (stop || is_bound(b) || b->scanned - from < SINKS_STEP_RECORDS));
	if (error == 0 && portion == PORTION_END)
		error = cursor_follow(b, stop, e);
	if (error) {
		sinks_file_reset(&b->file);
		b->text.len = 0;
		b->scanned = b->delivered.position;
	}
	/* What is finished is handed over, whatever holds up the next one. */
	sinks_hook_step(b, stop);
	sinks_retention_step(b);
	return error;
}
