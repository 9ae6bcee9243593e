/*
 * What a child of a process that catches, ignores and blocks signals has of
 * that.
 */
#include "runtime/base/signals.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t test_caught;

static void
test_on_signal(int number)
{
	(void)number;
	test_caught = 1;
}

TestSuite(signals, .timeout = 10);

static int
test_count_blocked(void)
{
	sigset_t blocked;
	int count = 0;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int i = 1; i < NSIG; i++)
		count += sigismember(&blocked, i) == 1;
	return count;
}

static bool
test_is_default(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 &&
	    action.sa_handler == SIG_DFL;
}

Test(signals, child_has_none_of_them)
{
	sigset_t blocked;
	int status = -1;
	pid_t pid;

	signal(SIGTERM, test_on_signal);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	pid = signals_fork();
	if (pid == 0)
		_exit(test_is_default(SIGTERM) && test_is_default(SIGPIPE) &&
			    test_count_blocked() == 0 ?
			0 :
			1);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect_eq(status, 0);
	cr_expect_eq(test_count_blocked(), 1, "the parent's stay");
	cr_expect_not(test_is_default(SIGTERM));
	raise(SIGTERM);
	cr_expect_eq(test_caught, 1);
}
