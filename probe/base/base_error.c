#include "base_error.h"

const char *
base_error_text(int error)
{
	static const char *const texts[] = {
		"no error",
#define BASE_ERROR(name, text) text,
#include "base_error.def"
#undef BASE_ERROR
	};
	if (error < 0)
		error = -error;
	return error < BASE_ERR_COUNT ? texts[error] : "unknown error";
}
