/* Billing as the configuration has it.  Apart from sinks.c, whose list brings the libraries of
 * every sink: ringtap read writes billing files and starts without those. */
#include "sinks.h"

static bool
billing_is_wanted(const struct config *config)
{
	return config->billing.enabled;
}

int
sinks_billing_options_of(
	struct sinks_billing_options *options, const struct config *config, struct sys_error *e)
{
	*options = (struct sinks_billing_options){
		.dir = config->billing.dir,
		.format = config->billing.format,
		.columns = config->billing.columns_count
				   ? (const char *const *)config->billing.columns
				   : NULL,
		.n_columns = config->billing.columns_count,
		.rotate_s = config->billing.rotate_s,
		.rotate_bytes = config->billing.rotate_bytes,
		.rotate_records = config->billing.rotate_records,
		.compression = config->billing.compression,
		.node_address = config->billing.node_address,
		.masks = (const char *const *)config->billing.mask,
		.n_masks = config->billing.mask_count,
		.mask_key_file = config->billing.mask_key_file,
		.hook = (const char *const *)config->billing.hook,
		.n_hook = config->billing.hook_count,
		.hook_timeout_s = config->billing.hook_timeout_s,
		.hook_retry_s = config->billing.hook_retry_s,
		.retention_days = config->billing.retention_days,
		.retention_bytes = config->billing.retention_bytes,
	};
	for (unsigned i = 0; i < config->billing.kinds_count; i++) {
		enum record_kind kind = record_kind_of(base_span_cstr(config->billing.kinds[i]));
		if (kind == RECORD_NONE)
			return sys_fail(e, -BASE_ERR_INVALID, "billing.kinds: no record is a '%s'",
				config->billing.kinds[i]);
		options->kinds |= 1u << kind;
	}
	return 0;
}

static int
billing_open(void **sink, struct store *store, const struct config *config, struct sys_error *e)
{
	struct sinks_billing_options options;
	struct sinks_billing *b = NULL;

	int error = sinks_billing_options_of(&options, config, e);
	if (error == 0)
		error = sinks_billing_open(&b, store, &options, e);
	*sink = b;
	return error;
}

static int
billing_step(void *sink, int64_t now_ns, bool stop, struct sys_error *e)
{
	return sinks_billing_step(sink, now_ns, stop, e);
}

static int64_t
billing_lag(const void *sink)
{
	return sinks_billing_lag(sink);
}

static void
billing_status(const void *sink, struct sinks_status *status)
{
	sinks_billing_status(sink, status);
}

static void
billing_close(void *sink)
{
	sinks_billing_close(sink);
}

const struct sinks_kind sinks_billing_kind = {
	.name = "billing",
	.is_wanted = billing_is_wanted,
	.open = billing_open,
	.step = billing_step,
	.lag = billing_lag,
	.status = billing_status,
	.close = billing_close,
};
