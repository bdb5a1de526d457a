#include "cli.h"

#include <errno.h>
#include <langinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli_private.h"

static const struct cli_command commands[] = {
	{"read", "capture files: calls, registrations, streams", cli_read_usage, cli_read},
	{"calls", "what the collector has stored", cli_calls_usage, cli_calls},
	{"show", "one call: parties, ladder, media", cli_show_usage, cli_show},
	{"stats", "a running probe: ledger, rates, tables, rings", cli_stats_usage, cli_stats},
	{"gen", "make call traffic up, with faults and the truth about it", cli_gen_usage, cli_gen},
	{"check-config", "check a configuration and print the effective one", cli_check_usage,
		cli_check},
	{"check-store", "look through the store and the billing files, repair what is damaged",
		cli_check_store_usage, cli_check_store},
	{"fields", "the manual of the record fields", cli_fields_usage, cli_fields},
};

const struct cli_command *
cli_command_find(const char *name)
{
	for (size_t i = 0; i < base_count_of(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void
print_help(FILE *f)
{
	fputs("ringtap: passive SIP/RTP probe\n"
	      "\nUsage: ringtap COMMAND [OPTION]... [ARGUMENT]...\n"
	      "\nCommands:\n",
		f);
	for (size_t i = 0; i < base_count_of(commands); i++)
		fprintf(f, "  %-13s %s\n", commands[i].name, commands[i].summary);
	fputs("  help          this text, or that of a command\n"
	      "\nOptions:\n"
	      "  --help        this text; after a command, that command's\n"
	      "  --version     the version\n"
	      "\nExamples:\n"
	      "  ringtap read capture.pcap                      every call in a capture file\n"
	      "  ringtap show --read capture.pcap CALL-ID       one of them, message by message\n"
	      "  ringtap calls --since 1h \"sip_code >= 500\"     failures of the last hour\n"
	      "\nExit status: 0 fine, 1 failed, 2 wrong usage.\n",
		f);
}

/* ---- the terminal ---- */

static unsigned
terminal_width(FILE *f)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	uint64_t n;

	if (ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return columns && cli_number(columns, 10000, &n) && n ? (unsigned)n : 80;
}

static bool
is_terminal(FILE *f)
{
	int fd = fileno(f);
	return fd >= 0 && isatty(fd);
}

void
cli_open(struct cli *cli, FILE *out, FILE *err)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

	*cli = (struct cli){.out = out, .err = err};
	cli->out_terminal = is_terminal(out);
	cli->err_terminal = is_terminal(err);
	cli->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	cli->colour = cli->out_terminal && !(no_colour && *no_colour) &&
		!(term && strcmp(term, "dumb") == 0);
	cli->width = cli->out_terminal ? terminal_width(out) : 120;
	if (cli->width < 40)
		cli->width = 40;
}

/* ---- sentences ---- */

static void
say(const struct cli *cli, const char *format, va_list list)
{
	char text[2048];

	vsnprintf(text, sizeof(text), format, list);
	fprintf(cli->err, "ringtap%s%s: ", cli->command ? " " : "",
		cli->command ? cli->command : "");
	cli_text_print(cli, cli->err, base_span_cstr(text));
	fputc('\n', cli->err);
}

int
cli_fail(const struct cli *cli, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(cli, format, list);
	va_end(list);
	return CLI_FAILED;
}

int
cli_misuse(const struct cli *cli, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(cli, format, list);
	va_end(list);
	fprintf(cli->err, "Try 'ringtap%s%s --help'.\n", cli->command ? " " : "",
		cli->command ? cli->command : "");
	return CLI_USAGE;
}

void
cli_say(const struct cli *cli, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(cli, format, list);
	va_end(list);
}

int
cli_close(const struct cli *cli, int rc)
{
	errno = 0;
	bool failed = fflush(cli->out) != 0 || ferror(cli->out);
	int reason = cli->write_errno ? cli->write_errno : errno;

	if (!failed || reason == EPIPE || rc == CLI_USAGE)
		return rc;
	return cli_fail(
		cli, "cannot write the output: %s", reason ? strerror(reason) : "write error");
}

void
cli_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM};
	struct sigaction action;

	sys_signals_init();
	for (size_t i = 0; i < base_count_of(numbers); i++) {
		sigaction(numbers[i], NULL, &action);
		action.sa_flags |= SA_RESTART | (int)SA_RESETHAND;
		sigaction(numbers[i], &action, NULL);
	}
	/* There is nothing to reload: when the terminal goes, so do we. */
	signal(SIGHUP, SIG_DFL);
}

void *
cli_memory(void *old, size_t bytes)
{
	void *p = realloc(old, bytes);

	if (!p) {
		fprintf(stderr, "ringtap: out of memory (%zu bytes)\n", bytes);
		exit(CLI_FAILED);
	}
	return p;
}

/* ---- the nearest name ---- */

#define WORD_MAX 32

/* Edits (insert, delete, replace, swap of neighbours) that make a into b, both at most WORD_MAX. */
static unsigned
edit_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1], *before = rows[0], *above = rows[1], *row = rows[2];
	size_t n = strlen(a), m = strlen(b);

	for (unsigned j = 0; j <= m; j++)
		above[j] = before[j] = j;
	for (unsigned i = 1; i <= n; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);
			best = above[j] + 1 < best ? above[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			bool swapped =
				i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
			row[j] = swapped && before[j - 2] + 1 < best ? before[j - 2] + 1 : best;
		}
		unsigned *free_row = before;
		before = above, above = row, row = free_row;
	}
	return above[m];
}

const char *
cli_nearest(const char *word, const char *const *names)
{
	const char *nearest = NULL;
	size_t len = strlen(word);
	unsigned best = len < 4 ? 2 : 3; /* further away is another word */

	if (len > WORD_MAX)
		return NULL;
	for (; *names; names++) {
		if (strlen(*names) > WORD_MAX)
			continue;
		unsigned d = edit_distance(word, *names);
		if (len >= 3 && strncmp(word, *names, len) == 0)
			d = 0;
		if (d < best)
			best = d, nearest = *names;
	}
	return nearest;
}

/* ---- dispatch ---- */

static int
unknown_command(const struct cli *cli, const char *name)
{
	const char *names[base_count_of(commands) + 2] = {"help"};

	for (size_t i = 0; i < base_count_of(commands); i++)
		names[i + 1] = commands[i].name;
	const char *near = cli_nearest(name, names);
	if (near)
		return cli_misuse(cli, "unknown command '%s'; did you mean '%s'?", name, near);
	return cli_misuse(cli, "unknown command '%s'", name);
}

static int
help(struct cli *cli, int argc, char **argv)
{
	if (argc < 2) {
		print_help(cli->out);
		return CLI_OK;
	}
	const struct cli_command *command = cli_command_find(argv[1]);
	if (!command)
		return unknown_command(cli, argv[1]);
	fputs(command->usage, cli->out);
	return CLI_OK;
}

static int
dispatch(struct cli *cli, int argc, char **argv)
{
	const char *name = argv[1];

	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		fputs("ringtap " RINGTAP_VERSION "\n", cli->out);
		return CLI_OK;
	}
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return help(cli, argc - 1, argv + 1);
	const struct cli_command *command = cli_command_find(name);
	if (command) {
		cli->command = command->name;
		return command->run(cli, argc - 1, argv + 1);
	}
	if (name[0] == '-')
		return cli_misuse(cli, "unknown option '%s': the command comes first", name);
	if (access(name, F_OK) == 0)
		return cli_misuse(
			cli, "'%s' is a file: did you mean 'ringtap read %s'?", name, name);
	return unknown_command(cli, name);
}

int
cli_main(int argc, char **argv, FILE *out, FILE *err)
{
	struct cli cli;

	cli_open(&cli, out, err);
	sys_log_init("ringtap", SYS_LOG_WARNING);
	/* Whoever started us may have it ignored; a reader that leaves ends us without a word. */
	signal(SIGPIPE, SIG_DFL);
	if (argc < 2) {
		print_help(err);
		return CLI_USAGE;
	}
	return cli_close(&cli, dispatch(&cli, argc, argv));
}
