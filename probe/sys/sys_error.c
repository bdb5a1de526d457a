#include "sys.h"

#include <errno.h>
#include <stdarg.h>

int
sys_fail(struct sys_error *e, int code, const char *format, ...)
{
	va_list args;

	if (!e)
		return code;
	va_start(args, format);
	if (vsnprintf(e->text, sizeof(e->text), format, args) < 0)
		e->text[0] = 0;
	va_end(args);
	return code;
}

int
sys_error_of_errno(int error_number)
{
	switch (error_number) {
	case 0: return 0;
	case ENOENT:
	case ENOTDIR:
	case ESRCH:
	case ENODEV:
	case ENXIO: return -BASE_ERR_NOT_FOUND;
	case ENOMEM: return -BASE_ERR_NO_MEMORY;
	case EACCES:
	case EPERM:
	case EROFS: return -BASE_ERR_PERMISSION;
	case EEXIST:
	case EBUSY:
	case EADDRINUSE: return -BASE_ERR_EXISTS;
	case ENOSPC:
	case EDQUOT:
	case EFBIG: return -BASE_ERR_FULL;
	case EINVAL:
	case ENAMETOOLONG:
	case EISDIR: return -BASE_ERR_INVALID;
	case EINTR: return -BASE_ERR_INTERRUPTED;
	case ENOSYS:
	case EOPNOTSUPP: return -BASE_ERR_UNSUPPORTED;
	default: return -BASE_ERR_IO;
	}
}
