#include "classify_private.h"

#include <stdlib.h>

#ifdef RINGTAP_HYPERSCAN

#include <hs.h>

struct classify_scan {
	hs_database_t *database;
	uint8_t *bit_of; /* by pattern id: which bit of the result; NULL: the id itself */
	uint64_t stop;   /* bits that settle the question */
};

struct scan_context {
	const uint8_t *bit_of;
	uint64_t bits, stop;
};

struct classify_core {
	hs_scratch_t *scratch;
};

struct scan_pattern {
	const char *expression;
	unsigned flags, id;
};

/* The text of classify_private.h as patterns.  Schemes are in any case, methods are not (RFC
 * 3261 7.1), hence the classes. */
#define SCHEME_OTHER "<?(?:[uU][rR][nN]|[iI][mM]|[pP][rR][eE][sS]):"
#define STRONG 0
#define WEAK 1
static const struct scan_pattern start_patterns[] = {
	{"^SIP/[0-9]{1,3}\\.[0-9]{1,3}[ \\t]+[0-9]", HS_FLAG_CASELESS, STRONG},
	{"^[A-Z0-9\\-.!%*_+`'~]+[ \\t]+<?(?:sips?|tel):", HS_FLAG_CASELESS, STRONG},
	{"^(?:INVITE" /* and all the others */
#define SIP_METHOD(name) "|" #name
#include "sip_method.def"
	 ")[ \\t]+" SCHEME_OTHER,
		0, STRONG},
	{"^(?:INVITE"
#include "sip_method.def"
#undef SIP_METHOD
	 ")[ \\t]+[!-~]",
		0, WEAK},
};
_Static_assert(CLASSIFY_START_STRONG == 1 << STRONG && CLASSIFY_START_WEAK == 1 << WEAK,
	"ids are bits of the result");

static int
scan_fail(struct sys_error *e, hs_error_t error, const char *what)
{
	return sys_fail(e, error == HS_NOMEM ? -BASE_ERR_NO_MEMORY : -BASE_ERR_UNSUPPORTED,
		"hyperscan: cannot %s (error %d)", what, error);
}

static int
scan_fail_compile(struct sys_error *e, hs_error_t error, hs_compile_error_t *why)
{
	if (error != HS_COMPILER_ERROR || !why)
		return scan_fail(e, error, "compile");
	int result = sys_fail(e, -BASE_ERR_INVALID, "hyperscan: cannot compile pattern %d: %s",
		why->expression, why->message);
	hs_free_compile_error(why);
	return result;
}

int
classify_scan_start_new(struct classify_scan **out, struct sys_error *e)
{
	enum { N = base_count_of(start_patterns) };
	const char *expressions[N];
	unsigned flags[N], ids[N];
	hs_compile_error_t *why = NULL;

	*out = NULL;
	if (hs_valid_platform() != HS_SUCCESS)
		return 0;
	for (unsigned i = 0; i < N; i++) {
		expressions[i] = start_patterns[i].expression;
		flags[i] = start_patterns[i].flags;
		ids[i] = start_patterns[i].id;
	}
	struct classify_scan *scan = calloc(1, sizeof(*scan));
	if (!scan)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "hyperscan: out of memory");
	hs_error_t error = hs_compile_multi(
		expressions, flags, ids, N, HS_MODE_BLOCK, NULL, &scan->database, &why);
	if (error != HS_SUCCESS) {
		free(scan);
		return scan_fail_compile(e, error, why);
	}
	scan->stop = CLASSIFY_START_STRONG;
	*out = scan;
	return 0;
}

/* The arrays that the compiler wants.  Each literal has its own id: with one id a list the compiler
 * takes 30 times as long. */
struct literal_arrays {
	const char **texts;
	size_t *lens;
	unsigned *flags, *ids;
};

static int
literal_arrays_new(struct literal_arrays *a, const struct classify_literal *literals, uint32_t n)
{
	*a = (struct literal_arrays){calloc(n, sizeof(*a->texts)), calloc(n, sizeof(*a->lens)),
		calloc(n, sizeof(*a->flags)), calloc(n, sizeof(*a->ids))};
	if (!a->texts || !a->lens || !a->flags || !a->ids)
		return -BASE_ERR_NO_MEMORY;
	for (uint32_t i = 0; i < n; i++) {
		a->texts[i] = literals[i].text;
		a->lens[i] = literals[i].len;
		a->flags[i] = HS_FLAG_CASELESS;
		a->ids[i] = i;
	}
	return 0;
}

static void
literal_arrays_free(struct literal_arrays *a)
{
	free(a->texts);
	free(a->lens);
	free(a->flags);
	free(a->ids);
}

int
classify_scan_literals_new(struct classify_scan **out, const struct classify_literal *literals,
	uint32_t n, struct sys_error *e)
{
	struct literal_arrays a;
	hs_compile_error_t *why = NULL;
	int result = 0;

	*out = NULL;
	if (n == 0 || hs_valid_platform() != HS_SUCCESS)
		return 0;
	struct classify_scan *scan = calloc(1, sizeof(*scan));
	uint8_t *bit_of = malloc(n);
	if (literal_arrays_new(&a, literals, n) < 0 || !scan || !bit_of) {
		result = sys_fail(e, -BASE_ERR_NO_MEMORY, "hyperscan: out of memory");
		goto done;
	}
	for (uint32_t i = 0; i < n; i++)
		bit_of[i] = (uint8_t)literals[i].list;
	scan->bit_of = bit_of;
	hs_error_t error = hs_compile_lit_multi(
		a.texts, a.flags, a.ids, a.lens, n, HS_MODE_BLOCK, NULL, &scan->database, &why);
	if (error != HS_SUCCESS)
		result = scan_fail_compile(e, error, why);
done:
	literal_arrays_free(&a);
	if (result < 0) {
		free(bit_of);
		free(scan);
		return result;
	}
	*out = scan;
	return 0;
}

void
classify_scan_free(struct classify_scan *scan)
{
	if (!scan)
		return;
	hs_free_database(scan->database);
	free(scan->bit_of);
	free(scan);
}

static int
scan_on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct scan_context *found = context;

	found->bits |= 1ull << (found->bit_of ? found->bit_of[id] : id);
	return (found->bits & found->stop) != 0;
}

bool
classify_scan_run(const struct classify_scan *scan, struct classify_core *core,
	struct base_span text, uint64_t *bits)
{
	if (!scan)
		return false;
	struct scan_context found = {scan->bit_of, 0, scan->stop};
	hs_error_t error = hs_scan(scan->database, (const char *)text.p, text.len, 0, core->scratch,
		scan_on_match, &found);
	*bits = found.bits;
	return error == HS_SUCCESS || error == HS_SCAN_TERMINATED;
}

int
classify_scan_fit(struct classify_core *core, const struct classify_scan *scan, struct sys_error *e)
{
	if (!scan)
		return 0;
	hs_error_t error = hs_alloc_scratch(scan->database, &core->scratch);
	return error == HS_SUCCESS ? 0 : scan_fail(e, error, "allocate scratch");
}

void
classify_core_free(struct classify_core *core)
{
	if (!core)
		return;
	hs_free_scratch(core->scratch);
	free(core);
}

#else

struct classify_core {
	char none;
};

int
classify_scan_start_new(struct classify_scan **scan, struct sys_error *e)
{
	*scan = NULL;
	return 0;
}

int
classify_scan_literals_new(struct classify_scan **scan, const struct classify_literal *literals,
	uint32_t n, struct sys_error *e)
{
	*scan = NULL;
	return 0;
}

void
classify_scan_free(struct classify_scan *scan)
{
}

bool
classify_scan_run(const struct classify_scan *scan, struct classify_core *core,
	struct base_span text, uint64_t *bits)
{
	*bits = 0;
	return false;
}

int
classify_scan_fit(struct classify_core *core, const struct classify_scan *scan, struct sys_error *e)
{
	return 0;
}

void
classify_core_free(struct classify_core *core)
{
	free(core);
}

#endif

int
classify_core_fit(struct classify_core *core, const struct classify *c, struct sys_error *e)
{
	int result = classify_scan_fit(core, c->start, e);

	return result < 0 ? result : classify_scan_fit(core, c->watches.scan, e);
}

int
classify_core_new(struct classify_core **out, const struct classify *c, struct sys_error *e)
{
	struct classify_core *core = calloc(1, sizeof(*core));

	*out = NULL;
	if (!core)
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "classify: out of memory");
	int result = classify_core_fit(core, c, e);
	if (result < 0) {
		classify_core_free(core);
		return result;
	}
	*out = core;
	return 0;
}
