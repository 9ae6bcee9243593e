/*
 * lockspool: holds the lock of the caller's mailbox until its standard input
 * ends. Installed with the group of the mailboxes' folder; does nothing for
 * anybody else's mailbox.
 */
#include <paths.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/mda/mbox_lock.h"

static volatile sig_atomic_t lockspool_is_ended;

static void
lockspool_on_signal(int signal)
{
	(void)signal;
	lockspool_is_ended = 1;
}

/*
 * From here on no signal leaves the lock behind: they are let in only while
 * lockspool_wait waits.
 */
static void
lockspool_catch_signals(sigset_t *outside)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGALRM };
	struct sigaction action = { .sa_handler = lockspool_on_signal };
	sigset_t caught;

	sigemptyset(&caught);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&caught, signals[i]);
	sigprocmask(SIG_BLOCK, &caught, outside);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Until the input ends, or a signal comes. */
static void
lockspool_wait(const sigset_t *outside)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	char ignored[64];
	ssize_t n = 1;

	while (n > 0 && !lockspool_is_ended) {
		if (ppoll(&input, 1, NULL, outside) == -1)
			continue;
		n = read(STDIN_FILENO, ignored, sizeof(ignored));
	}
}

int
main(int argc, char *argv[])
{
	const struct passwd *pw = getpwuid(getuid());
	struct mbox_lock lock;
	sigset_t outside;

	if (pw == NULL || argc > 2 ||
	    (argc == 2 && strcmp(argv[1], pw->pw_name) != 0)) {
		fprintf(stderr, "usage: lockspool [USER]\n");
		return EXIT_FAILURE;
	}
	if (!mbox_lock_take(&lock, _PATH_MAILDIR, pw->pw_name,
		MBOX_LOCK_TRIES)) {
		printf("0\n");
		return EXIT_FAILURE;
	}
	lockspool_catch_signals(&outside);
	printf("1\n");
	fflush(stdout);
	lockspool_wait(&outside);
	mbox_lock_release(&lock);
	return EXIT_SUCCESS;
}
