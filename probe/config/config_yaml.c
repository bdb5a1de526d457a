#include "config_private.h"

#include <stdlib.h>
#include <yaml.h>

struct config_yaml {
	yaml_document_t document;
	yaml_node_t *root; /* NULL: empty */
	const char *path;
	struct sys_error *e;
};

/* ---- shape ---- */

static struct base_span
node_text(const yaml_node_t *node)
{
	return base_span_of(node->data.scalar.value, (uint32_t)node->data.scalar.length);
}

static unsigned
node_line(const yaml_node_t *node)
{
	return (unsigned)node->start_mark.line + 1;
}

/* Nothing behind 'key:', or a document of nothing. */
static bool
node_is_nothing(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0 &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/* C0, DEL, C1, the line separators of Unicode and what YAML does not print: none of it belongs in a
 * name, and each would make check-config's output another document. */
static bool
node_has_control(const yaml_node_t *node)
{
	struct base_span s = node_text(node);

	for (uint32_t i = 0; i < s.len; i++) {
		uint32_t left = s.len - i;
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
		if (left >= 2 && s.p[i] == 0xc2 && s.p[i + 1] < 0xa0)
			return true;
		if (left >= 3 && s.p[i] == 0xe2 && s.p[i + 1] == 0x80 &&
			(s.p[i + 2] & 0xfe) == 0xa8)
			return true;
		if (left >= 3 && s.p[i] == 0xef &&
			((s.p[i + 1] == 0xbb && s.p[i + 2] == 0xbf) ||
				(s.p[i + 1] == 0xbf && s.p[i + 2] >= 0xbe)))
			return true;
	}
	return false;
}

static int
yaml_refuse(struct config_yaml *y, const yaml_node_t *node, const struct config_place *place,
	const char *reason)
{
	char where[CONFIG_PLACE_TEXT];

	config_place_text(place, where);
	return sys_fail(
		y->e, -BASE_ERR_INVALID, "%s:%u: %s: %s", y->path, node_line(node), where, reason);
}

/* The key of a pair as text, known to be a scalar and the first of its name in the mapping. */
static int
yaml_key(struct config_yaml *y, const yaml_node_t *mapping, const yaml_node_pair_t *pair,
	struct base_span *key)
{
	const yaml_node_t *node = yaml_document_get_node(&y->document, pair->key), *earlier;

	if (node->type != YAML_SCALAR_NODE)
		return sys_fail(y->e, -BASE_ERR_INVALID, "%s:%u: a key must be a word", y->path,
			node_line(node));
	*key = node_text(node);
	for (const yaml_node_pair_t *p = mapping->data.mapping.pairs.start; p < pair; p++) {
		earlier = yaml_document_get_node(&y->document, p->key);
		if (base_span_eq(node_text(earlier), *key))
			return sys_fail(y->e, -BASE_ERR_INVALID,
				"%s:%u: %.*s: stands here a second time, first in line %u", y->path,
				node_line(node), (int)key->len, (const char *)key->p,
				node_line(earlier));
	}
	return 0;
}

static int
yaml_unknown(struct config_yaml *y, const yaml_node_pair_t *pair, const struct config_place *place)
{
	const yaml_node_t *node = yaml_document_get_node(&y->document, pair->key);
	struct base_span key = node_text(node);
	char where[CONFIG_PLACE_TEXT] = "";

	if (place)
		config_place_text(place, where);
	int len = key.len > 64 || node_has_control(node) ? 0 : (int)key.len;
	return sys_fail(y->e, -BASE_ERR_INVALID, "%s:%u: %s%s%.*s: unknown key", y->path,
		node_line(node), where, place ? "." : "", len, (const char *)key.p);
}

static int
yaml_check_scalar(struct config_yaml *y, const yaml_node_t *node, const struct config_place *place)
{
	if (node->type != YAML_SCALAR_NODE)
		return yaml_refuse(y, node, place,
			place->element < 0 ? "must be a single value"
					   : "must be a single value in the list");
	if (node_has_control(node))
		return yaml_refuse(y, node, place, "control characters are not allowed");
	return 0;
}

static int
yaml_check_list(struct config_yaml *y, const yaml_node_t *node, struct config_place *place)
{
	if (node_is_nothing(node))
		return 0;
	if (node->type != YAML_SEQUENCE_NODE)
		return yaml_refuse(y, node, place, "must be a list");
	size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	if (n > place->row->max)
		return yaml_refuse(y, node, place, "has too many elements");
	for (size_t i = 0; i < n; i++) {
		place->element = (int)i;
		int result = yaml_check_scalar(y,
			yaml_document_get_node(&y->document, node->data.sequence.items.start[i]),
			place);
		if (result < 0)
			return result;
	}
	return 0;
}

static int
yaml_check_mapping(struct config_yaml *y, const yaml_node_t *node, struct config_place *place)
{
	struct config_place section = *place;
	struct base_span key;
	int result;

	if (node->type != YAML_MAPPING_NODE)
		return yaml_refuse(y, node, place, "must be a mapping (key: value)");
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		pair < node->data.mapping.pairs.top; pair++) {
		if ((result = yaml_key(y, node, pair, &key)) < 0)
			return result;
		*place = section;
		place->row = config_row_named(section.section, key);
		if (!place->row)
			return yaml_unknown(y, pair, &section);
		const yaml_node_t *value = yaml_document_get_node(&y->document, pair->value);
		result = place->row->list ? yaml_check_list(y, value, place)
					  : yaml_check_scalar(y, value, place);
		if (result < 0)
			return result;
	}
	return 0;
}

static int
yaml_check_repeated(struct config_yaml *y, const yaml_node_t *node, struct config_place *place)
{
	struct config_place section = *place;

	if (node->type != YAML_SEQUENCE_NODE)
		return yaml_refuse(y, node, place, "must be a list of mappings");
	size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	if (n > CONFIG_WATCH_MAX)
		return yaml_refuse(y, node, place, "has too many elements");
	for (size_t i = 0; i < n; i++) {
		*place = section;
		place->entry = (int)i;
		int result = yaml_check_mapping(y,
			yaml_document_get_node(&y->document, node->data.sequence.items.start[i]),
			place);
		if (result < 0)
			return result;
	}
	return 0;
}

static int
yaml_check(struct config_yaml *y)
{
	struct base_span key;
	int result;

	if (y->root->type != YAML_MAPPING_NODE)
		return sys_fail(y->e, -BASE_ERR_INVALID, "%s:%u: must be a mapping of sections",
			y->path, node_line(y->root));
	for (const yaml_node_pair_t *pair = y->root->data.mapping.pairs.start;
		pair < y->root->data.mapping.pairs.top; pair++) {
		if ((result = yaml_key(y, y->root, pair, &key)) < 0)
			return result;
		struct config_place place = {config_section_named(key), NULL, -1, -1};
		if (!place.section)
			return yaml_unknown(y, pair, NULL);
		const yaml_node_t *value = yaml_document_get_node(&y->document, pair->value);
		if (node_is_nothing(value))
			continue;
		result = place.section->repeated ? yaml_check_repeated(y, value, &place)
						 : yaml_check_mapping(y, value, &place);
		if (result < 0)
			return result;
	}
	return 0;
}

static int
yaml_fail_syntax(const yaml_parser_t *parser, const char *path, struct sys_error *e)
{
	return sys_fail(e, -BASE_ERR_FORMAT, "%s:%u: not YAML: %s", path,
		(unsigned)parser->problem_mark.line + 1,
		parser->problem ? parser->problem : "out of memory");
}

/* A second document would be read by nobody: refused. */
static int
yaml_check_end(yaml_parser_t *parser, const char *path, struct sys_error *e)
{
	yaml_document_t more;
	int result = 0;

	if (!yaml_parser_load(parser, &more))
		return yaml_fail_syntax(parser, path, e);
	const yaml_node_t *root = yaml_document_get_root_node(&more);
	if (root)
		result = sys_fail(e, -BASE_ERR_FORMAT, "%s:%u: a second document begins", path,
			node_line(root));
	yaml_document_delete(&more);
	return result;
}

int
config_yaml_open(
	struct config_yaml **out, struct base_span text, const char *path, struct sys_error *e)
{
	struct config_yaml *y = calloc(1, sizeof(*y));
	yaml_parser_t parser;
	int result;

	if (!y || !yaml_parser_initialize(&parser)) {
		free(y);
		return sys_fail(e, -BASE_ERR_NO_MEMORY, "%s: out of memory", path);
	}
	y->path = path, y->e = e;
	yaml_parser_set_input_string(&parser, text.p, text.len);
	if (!yaml_parser_load(&parser, &y->document)) {
		result = yaml_fail_syntax(&parser, path, e);
		goto fail_parser;
	}
	y->root = yaml_document_get_root_node(&y->document);
	if (y->root && (result = yaml_check_end(&parser, path, e)) < 0)
		goto fail_document;
	if (y->root && node_is_nothing(y->root))
		y->root = NULL;
	if (y->root && (result = yaml_check(y)) < 0)
		goto fail_document;
	yaml_parser_delete(&parser);
	*out = y;
	return 0;
fail_document:
	yaml_document_delete(&y->document);
fail_parser:
	yaml_parser_delete(&parser);
	free(y);
	return result;
}

void
config_yaml_close(struct config_yaml *y)
{
	if (!y)
		return;
	yaml_document_delete(&y->document);
	free(y);
}

bool
config_yaml_is_empty(const struct config_yaml *y)
{
	return !y->root;
}

/* ---- places ---- */

/* The value of key in a mapping and, in *line, the line of the key. */
static const yaml_node_t *
yaml_value(
	const struct config_yaml *y, const yaml_node_t *mapping, const char *name, unsigned *line)
{
	yaml_document_t *document =
		(yaml_document_t *)&y
			->document; /* libyaml reads through a pointer that is not const */

	if (!mapping || mapping->type != YAML_MAPPING_NODE)
		return NULL;
	for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
		pair < mapping->data.mapping.pairs.top; pair++) {
		const yaml_node_t *key = yaml_document_get_node(document, pair->key);
		if (!base_span_eq(node_text(key), base_span_cstr(name)))
			continue;
		*line = node_line(key);
		return yaml_document_get_node(document, pair->value);
	}
	return NULL;
}

static const yaml_node_t *
yaml_element(const struct config_yaml *y, const yaml_node_t *list, int i, unsigned *line)
{
	if (!list || list->type != YAML_SEQUENCE_NODE ||
		i >= list->data.sequence.items.top - list->data.sequence.items.start)
		return NULL;
	const yaml_node_t *node = yaml_document_get_node(
		(yaml_document_t *)&y->document, list->data.sequence.items.start[i]);
	*line = node_line(node);
	return node;
}

static const yaml_node_t *
yaml_find(const struct config_yaml *y, const struct config_place *place, unsigned *line)
{
	const yaml_node_t *node = yaml_value(y, y->root, place->section->name, line);

	if (place->entry >= 0)
		node = yaml_element(y, node, place->entry, line);
	if (place->row)
		node = yaml_value(y, node, place->row->key, line);
	if (place->element >= 0)
		node = yaml_element(y, node, place->element, line);
	return node;
}

unsigned
config_yaml_line(const struct config_yaml *y, const struct config_place *place)
{
	unsigned line = 0;

	yaml_find(y, place, &line);
	return line;
}

bool
config_yaml_has_list(const struct config_yaml *y, const struct config_place *place)
{
	unsigned line;
	const yaml_node_t *node = yaml_find(y, place, &line);

	return node && node->type == YAML_SEQUENCE_NODE;
}
