/*
 * Signals beside fork(2).
 */
#include "runtime/base/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

void
signals_reset(void)
{
	sigset_t none;

	/* Of some numbers the C library refuses it: they are its own. */
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t
signals_fork(void)
{
	sigset_t all, before;
	int error;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	error = errno;
	if (pid == 0)
		signals_reset();
	else
		sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}
