/* base_error: the one list of errors of cold functions: 0, or -BASE_ERR_x.  Hot paths return
 * verdicts and counts instead. */
#pragma once

enum base_error {
	BASE_ERR_NONE = 0,
#define BASE_ERROR(name, text) BASE_ERR_##name,
#include "base_error.def"
#undef BASE_ERROR
	BASE_ERR_COUNT
};

/* The text for 0, -BASE_ERR_x or BASE_ERR_x; never NULL. */
const char *base_error_text(int error);
