#include "sys.h"

#include <signal.h>

/* Process-wide by nature: a signal handler has no argument of ours.  Written by the handler and
 * sys_signal_*, nothing else. */
static volatile sig_atomic_t signal_stop;
static volatile sig_atomic_t signal_reload;

static void
signals_handle(int number)
{
	if (number == SIGHUP)
		signal_reload = 1;
	else
		signal_stop = 1;
}

void
sys_signals_init(void)
{
	/* No SA_RESTART: a signal ends the sleep or poll of a control loop, which then reads the
	 * flag. */
	struct sigaction action = {.sa_handler = signals_handle};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

bool
sys_signal_stop(void)
{
	return signal_stop != 0;
}

bool
sys_signal_take_reload(void)
{
	if (!signal_reload)
		return false;
	signal_reload =
		0; /* before the caller reloads: a SIGHUP from here on asks for another one */
	return true;
}

void
sys_signal_raise_stop(void)
{
	signal_stop = 1;
}
