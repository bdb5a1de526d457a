#include <math.h>
#include <stdlib.h>

#include "cli_gen.h"

enum kind {
	KIND_FLAG,
	KIND_NUMBER32,
	KIND_NUMBER64,
	KIND_REAL,
	KIND_SIGNED,
	KIND_SHARE,
	KIND_TIME,
	KIND_SPREAD,
	KIND_VLAN,
	KIND_TUNNEL,
	KIND_FATES,
	KIND_CODECS,
	KIND_FROM,
	KIND_TO,
	KIND_BURST
};

static const struct {
	const char *name;
	enum kind kind;
	size_t offset;
} table[] = {
#define CLI_GEN_GROUP(title)
#define CLI_GEN_OPTION(name, value, kind, member, help)                                            \
	{name, KIND_##kind, offsetof(struct gen_options, member)},
#include "cli_gen.def"
#undef CLI_GEN_GROUP
#undef CLI_GEN_OPTION
};
_Static_assert(base_count_of(table) == CLI_GEN_OPTIONS, "cli_gen.h counts them");

/* ---- numbers ---- */

/* text up to end, or to its NUL, is a number and nothing else. */
static bool
real(const char *text, const char *end, double *out)
{
	char *stopped;

	*out = strtod(text, &stopped);
	return stopped != text && (end ? stopped == end : *stopped == 0) && isfinite(*out);
}

bool
cli_gen_real(const char *text, double *out)
{
	return real(text, NULL, out) && *out > 0;
}

/* "0.05" or "5%". */
static bool
share(const char *text, const char *end, double *out)
{
	size_t len = end ? (size_t)(end - text) : strlen(text);

	if (len && text[len - 1] == '%') {
		if (!real(text, text + len - 1, out))
			return false;
		*out /= 100;
	} else if (!real(text, end, out)) {
		return false;
	}
	return *out >= 0 && *out <= 1;
}

/* "20ms", "5s", "2m", "1h"; without unit: seconds. */
static bool
duration(const char *text, int64_t *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"", 1e9}};
	char *unit;
	double v = strtod(text, &unit);

	for (size_t i = 0; unit != text && i < base_count_of(units); i++) {
		if (strcmp(unit, units[i].unit) == 0 && v >= 0 && v * units[i].ns < 1e18) {
			*ns = (int64_t)(v * units[i].ns);
			return true;
		}
	}
	return false;
}

/* ---- lists ---- */

/* The next "name" or "name=weight" of a list; false at its end or where it is wrong (*bad). */
static bool
next_weight(const char **list, struct base_span *name, double *weight, bool *bad)
{
	const char *at = *list;
	size_t len = strcspn(at, ","), name_len = strcspn(at, "=,");

	if (*at == 0)
		return false;
	*name = base_span_of(at, (uint32_t)name_len);
	*weight = 1;
	*list = at + len + (at[len] == ',');
	if (name_len < len && (!real(at + name_len + 1, at + len, weight) || *weight < 0))
		*bad = true;
	return !*bad;
}

static bool
take_weights(const char *text, double *weights, uint32_t n, const char *(*name_of)(uint32_t))
{
	struct base_span name;
	bool bad = *text == 0;
	double weight;

	memset(weights, 0, n * sizeof(*weights));
	while (next_weight(&text, &name, &weight, &bad)) {
		uint32_t i = 0;
		while (i < n && !base_span_eq_nocase(name, base_span_cstr(name_of(i))))
			i++;
		if (i == n)
			return false;
		weights[i] = weight;
	}
	return !bad;
}

static const char *
fate_name(uint32_t i)
{
	return gen_fate_name((enum gen_fate)i);
}

static const char *
codec_name(uint32_t i)
{
	return gen_codec_name((enum gen_codec)i);
}

static bool
take_prefixes(const char *text, struct gen_prefix *prefixes, uint32_t *n)
{
	struct base_span name;
	bool bad = *text == 0;
	double weight;

	*n = 0;
	while (next_weight(&text, &name, &weight, &bad)) {
		if (*n == GEN_PREFIXES_MAX || name.len >= sizeof(prefixes->text))
			return false;
		for (uint32_t i = 0; i < name.len; i++)
			if ((name.p[i] < '0' || name.p[i] > '9') && (i || name.p[i] != '+'))
				return false;
		struct gen_prefix *p = &prefixes[(*n)++];
		*p = (struct gen_prefix){.weight = weight};
		memcpy(p->text, name.p, name.len);
	}
	return !bad;
}

static bool
take_burst(const char *text, struct gen_options *o)
{
	double *const to[] = {&o->burst_p, &o->burst_r, &o->burst_loss, &o->burst_good_loss};
	uint32_t n = 0;

	for (; n < base_count_of(to); n++) {
		const char *end = text + strcspn(text, ",");
		if (!share(text, *end ? end : NULL, to[n]))
			return false;
		if (*end == 0)
			return n > 0;
		text = end + 1;
	}
	return false;
}

static bool
take_spread(const char *text, enum gen_spread *spread)
{
	static const char *const names[] = {[GEN_FIXED] = "fixed", [GEN_UNIFORM] = "uniform",
		[GEN_EXPONENTIAL] = "exponential", [GEN_NORMAL] = "normal"};

	for (uint32_t i = 0; i < base_count_of(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*spread = (enum gen_spread)i;
			return true;
		}
	}
	return false;
}

static bool
take_tunnel(const char *text, enum packet_tunnel *tunnel)
{
	for (uint32_t i = PACKET_TUNNEL_NONE + 1; i <= PACKET_TUNNEL_MPLS; i++) {
		if (strcmp(text, packet_tunnel_name((enum packet_tunnel)i)) == 0) {
			*tunnel = (enum packet_tunnel)i;
			return true;
		}
	}
	return false;
}

/* ---- one option ---- */

/* True where text was a value of the kind. */
static bool
take(struct gen_options *o, enum kind kind, void *member, const char *text)
{
	uint64_t n;

	switch (kind) {
	case KIND_FLAG: *(bool *)member = true; return true;
	case KIND_NUMBER32:
		if (!cli_number(text, UINT32_MAX, &n))
			return false;
		*(uint32_t *)member = (uint32_t)n;
		return true;
	case KIND_NUMBER64: return cli_number(text, UINT64_MAX, member);
	case KIND_REAL: return cli_gen_real(text, member);
	case KIND_SIGNED: return real(text, NULL, member);
	case KIND_SHARE: return share(text, NULL, member);
	case KIND_TIME: return duration(text, member);
	case KIND_SPREAD: return take_spread(text, member);
	case KIND_VLAN:
		if (!cli_number(text, 4094, &n))
			return false;
		*(uint16_t *)member = (uint16_t)n;
		return true;
	case KIND_TUNNEL: return take_tunnel(text, member);
	case KIND_FATES: return take_weights(text, member, GEN_FATE_COUNT, fate_name);
	case KIND_CODECS: return take_weights(text, member, GEN_CODEC_COUNT, codec_name);
	case KIND_FROM: return take_prefixes(text, member, &o->n_from);
	case KIND_TO: return take_prefixes(text, member, &o->n_to);
	case KIND_BURST: return take_burst(text, o);
	}
	return false;
}

static const char *
wanted(enum kind kind)
{
	switch (kind) {
	case KIND_NUMBER32:
	case KIND_NUMBER64: return "a whole number";
	case KIND_REAL: return "a number above 0";
	case KIND_SIGNED: return "a number";
	case KIND_SHARE: return "a share: 5% or 0.05";
	case KIND_TIME: return "a time: 20ms, 5s, 2m";
	case KIND_SPREAD: return "fixed, uniform, exponential or normal";
	case KIND_VLAN: return "a VLAN id: 0 to 4094";
	case KIND_TUNNEL: return "a tunnel: ipip, gre, erspan, vxlan, geneve, gtpu, pppoe, mpls";
	case KIND_FATES: return "a list like answered=8,busy=1";
	case KIND_CODECS: return "a list like PCMA=3,G729=1";
	case KIND_FROM:
	case KIND_TO: return "a list of prefixes like +4989=3,+4930=1, at most 16";
	case KIND_BURST: return "two to four shares like 1%,30%,80%,0";
	default: return "right";
	}
}

void
cli_gen_option_names(struct option longs[CLI_GEN_OPTIONS])
{
	for (int i = 0; i < CLI_GEN_OPTIONS; i++)
		longs[i] = (struct option){table[i].name,
			table[i].kind == KIND_FLAG ? no_argument : required_argument, NULL,
			CLI_OPTION_LONG + i};
}

int
cli_gen_option_take(const struct cli *cli, struct gen_options *o, int val, const char *text)
{
	int i = val - CLI_OPTION_LONG;

	if (take(o, table[i].kind, (char *)o + table[i].offset, text))
		return CLI_OK;
	return cli_misuse(cli, "--%s '%s' is not %s", table[i].name, text, wanted(table[i].kind));
}
