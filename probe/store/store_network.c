#include "store_private.h"

/* in_network(address, network): whether an address column's value lies in "10.0.0.0/8",
 * "2001:db8::/32" or is that one address; NULL where there is no address. */

/* Addresses are 16 bytes; IPv4 ones are mapped, which adds 96 bits to their prefix. */
struct network {
	struct base_ip ip;
	unsigned bits;
};

static bool
network_parse(struct base_span text, struct network *n)
{
	const uint8_t *slash = text.len ? memchr(text.p, '/', text.len) : NULL;
	uint32_t len = slash ? (uint32_t)(slash - text.p) : text.len;
	uint64_t bits;

	if (!base_ip_parse(base_span_of(text.p, len), &n->ip))
		return false;
	bool v4 = base_ip_is_v4(&n->ip);
	if (!slash)
		bits = v4 ? 32 : 128;
	else if (!base_span_u64(base_span_of(slash + 1, text.len - len - 1), &bits) ||
		 bits > (v4 ? 32 : 128))
		return false;
	n->bits = (unsigned)bits + (v4 ? 96 : 0);
	return true;
}

bool
store_network_is(struct base_span text)
{
	struct network n;

	return network_parse(text, &n);
}

static bool
network_has(const struct network *n, const struct base_ip *ip)
{
	unsigned bytes = n->bits / 8, rest = n->bits % 8;

	if (memcmp(ip->b, n->ip.b, bytes) != 0)
		return false;
	return rest == 0 || ((ip->b[bytes] ^ n->ip.b[bytes]) >> (8 - rest)) == 0;
}

static struct base_span
text_of(sqlite3_value *value)
{
	const unsigned char *p = sqlite3_value_text(value);

	return base_span_of(p, p ? (uint32_t)sqlite3_value_bytes(value) : 0);
}

static void
in_network(sqlite3_context *context, int n, sqlite3_value **values)
{
	struct network *network = sqlite3_get_auxdata(context, 1);
	struct base_ip ip;

	if (network == NULL) {
		struct network parsed;
		if (!network_parse(text_of(values[1]), &parsed)) {
			sqlite3_result_error(context, "in_network: no address or prefix", -1);
			return;
		}
		network = sqlite3_malloc(sizeof(*network));
		if (network == NULL) {
			sqlite3_result_error_nomem(context);
			return;
		}
		*network = parsed;
		sqlite3_set_auxdata(context, 1, network, sqlite3_free);
		network = sqlite3_get_auxdata(context, 1);
	}
	if (network && base_ip_parse(text_of(values[0]), &ip))
		sqlite3_result_int(context, network_has(network, &ip));
}

int
store_network_learn(sqlite3 *db)
{
	return sqlite3_create_function_v2(db, "in_network", 2,
		SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL, in_network, NULL, NULL,
		NULL);
}
