#include "store_private.h"

/* The end of a quoted text or comment that begins at p, which is one; NULL where it does not end.
 */
static const char *
quoted_end(const char *p)
{
	char close = p[0] == '[' ? ']' : p[0];

	for (p++; *p; p++) {
		if (*p != close)
			continue;
		if (close == ']' || p[1] != close)
			return p + 1;
		p++; /* a doubled quote is one within */
	}
	return NULL;
}

static const char *
comment_end(const char *p)
{
	const char *end = strstr(p + 2, p[0] == '-' ? "\n" : "*/");

	if (p[0] == '-')
		return end ? end + 1
			   : p + strlen(p); /* the line end that follows the condition ends it */
	return end ? end + 2 : NULL;
}

int
store_condition_check(const char *where, struct sys_error *e)
{
	const char *p = where;
	int depth = 0;

	while (*p && depth >= 0) {
		bool quote = strchr("'\"`[", *p) != NULL;
		bool comment = (p[0] == '-' && p[1] == '-') || (p[0] == '/' && p[1] == '*');
		if (quote || comment) {
			p = quote ? quoted_end(p) : comment_end(p);
			if (p == NULL)
				return sys_fail(e, -BASE_ERR_INVALID, "condition: %s does not end",
					quote ? "a quoted text" : "a comment");
			continue;
		}
		if (*p == ';')
			return sys_fail(
				e, -BASE_ERR_INVALID, "condition: ';' is not part of a condition");
		depth += (*p == '(') - (*p == ')');
		p++;
	}
	if (depth)
		return sys_fail(e, -BASE_ERR_INVALID, "condition: %s",
			depth < 0 ? "')' without '('" : "'(' without ')'");
	return 0;
}
