/* sip_testing: what the tests of room sip share. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip.h"

/* The folder that holds tests/, told by where this header is. */
static inline const char *
source_root(void)
{
	static char root[1024];
	const char *file = __FILE__, *tests = strstr(file, "tests/unit/sip/");
	size_t n = tests ? (size_t)(tests - file) : 0;

	if (n >= sizeof(root))
		return ".";
	memcpy(root, n ? file : ".", n ? n : 1);
	return root;
}

/* A copy of its own that a sanitizer guards at both ends; free it. */
static inline uint8_t *
heap_copy(const void *p, uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	memcpy(copy, p, len);
	return copy;
}

static inline void
span_is(struct base_span got, const char *want)
{
	if (got.len != strlen(want) || (got.len && memcmp(got.p, want, got.len) != 0))
		fail_msg("got '%.*s', expected '%s'", (int)got.len,
			got.len ? (const char *)got.p : "", want);
}

/* ---- texts that are nearly those of a table, for laws that hold for any ---- */

typedef void text_law(const uint8_t *p, uint32_t len);

/* Each beginning and each end of text. */
static inline void
each_cut(const char *text, text_law *law)
{
	uint32_t whole = (uint32_t)strlen(text);

	for (uint32_t len = whole; len; len--) {
		for (int end = 0; end < 2; end++) {
			uint8_t *copy = heap_copy(end ? text + whole - len : text, len);
			law(copy, len);
			free(copy);
		}
	}
}

/* Any byte may be any of others, which end with a NUL that counts. */
static inline void
each_change(const char *text, const char *others, text_law *law)
{
	uint32_t len = (uint32_t)strlen(text);
	uint8_t *copy = heap_copy(text, len);

	for (uint32_t at = 0; at < len; at++) {
		uint8_t was = copy[at];
		for (size_t k = 0; k <= strlen(others); k++) {
			copy[at] = (uint8_t)others[k];
			law(copy, len);
		}
		copy[at] = was;
	}
	free(copy);
}
