#include "cli_private.h"

struct nested_call {
	cli_nested_fn fn;
	void *context;
};

static int
nested_row(void *context, const struct record_row *row, int64_t position)
{
	struct nested_call *call = context;

	call->fn(call->context, row);
	return 0;
}

/* From the store: JSON, which SQLite takes apart.  A handle of its own: the row comes out of a
 * query that is still going on. */
static void
nested_json(struct cli_nested *n, struct base_span json, enum record_kind kind,
	struct nested_call *call)
{
	struct sys_error e;

	if (!n->store && store_open(&n->store, &(struct store_options){.dir = NULL}, &e) != 0)
		n->store = NULL;
	if (n->store)
		(void)store_nested(n->store, json, kind, nested_row, call, &e);
}

void
cli_nested_each(struct cli_nested *n, const struct record_row *row, cli_nested_fn fn, void *context,
	enum record_field list)
{
	enum record_kind kind = record_list_kind(list);
	const struct record_value *v = &row->values[list];
	struct base_span element;
	struct record_row nested;
	uint32_t at = 0;

	if (!v->present)
		return;
	if (v->json) {
		nested_json(n, v->text, kind, &(struct nested_call){fn, context});
		return;
	}
	while (record_row_element(row, list, &at, &element))
		if (record_nested_read(&nested, kind, element) == 0)
			fn(context, &nested);
}

void
cli_nested_close(struct cli_nested *n)
{
	if (n->store)
		store_close(n->store);
	n->store = NULL;
}
