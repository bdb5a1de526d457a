#include "sys.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_LINE_MAX 1024

/* Process-wide by nature, as stderr is: set once by sys_log_init before threads start, read only
 * afterwards. */
static struct {
	char program[32];
	enum sys_log_level max;
	bool journal;
} log_state = {"ringtap", SYS_LOG_INFO, false};

/* systemd names the journal's socket as JOURNAL_STREAM=device:inode; stderr may have been
 * redirected since. */
static bool
log_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	char *end;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	device = strtoull(stream, &end, 10);
	if (*end != ':')
		return false;
	inode = strtoull(end + 1, &end, 10);
	return *end == 0 && st.st_dev == device && st.st_ino == inode;
}

void
sys_log_init(const char *program, enum sys_log_level max)
{
	snprintf(log_state.program, sizeof(log_state.program), "%s", program);
	log_state.max = max;
	log_state.journal = log_stderr_is_journal();
}

/* Text from the wire may stand in an event: no byte of it may forge a line or drive a terminal. */
static void
log_defuse(char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = ' ';
}

void
sys_log(enum sys_log_level level, const char *format, ...)
{
	static const struct {
		const char *name;
		int priority; /* syslog(3) */
	} levels[] = {{"error", 3}, {"warning", 4}, {"info", 6}, {"debug", 7}};
	char line[LOG_LINE_MAX];
	int saved = errno, head, body;
	va_list args;
	size_t len;

	if (level > log_state.max || (size_t)level >= base_count_of(levels))
		return;
	if (log_state.journal)
		head = snprintf(
			line, sizeof(line), "<%d>%s: ", levels[level].priority, levels[level].name);
	else
		head = snprintf(
			line, sizeof(line), "%s: %s: ", log_state.program, levels[level].name);
	if (head < 0)
		return;
	va_start(args, format);
	body = vsnprintf(line + head, sizeof(line) - (size_t)head, format, args);
	va_end(args);
	if (body < 0)
		return;
	len = (size_t)head + (size_t)body;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	log_defuse(line, len);
	line[len++] = '\n';
	/* One write an event, so that events of two processes do not mix; a stderr that is gone is
	 * nobody's error. */
	while (write(STDERR_FILENO, line, len) < 0 && errno == EINTR)
		;
	errno = saved;
}
