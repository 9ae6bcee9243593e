/*
 * lockspool: holds the lock of the caller's mailbox until its standard input
 * ends. Installed with the group of the mailboxes' folder; does nothing for
 * anybody else's mailbox.
 */
#include <paths.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/mda/mbox_lock.h"

/* Whatever ends it, the lock does not stay. */
static void
lockspool_on_signal(int signal)
{
	(void)signal;
}

/* Until the input ends, or a signal comes. */
static void
lockspool_wait(void)
{
	char ignored[64];
	ssize_t n;

	do
		n = read(STDIN_FILENO, ignored, sizeof(ignored));
	while (n > 0);
}

int
main(int argc, char *argv[])
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGALRM };
	struct sigaction action = { .sa_handler = lockspool_on_signal };
	const struct passwd *pw = getpwuid(getuid());
	struct mbox_lock lock;

	if (pw == NULL || argc > 2 ||
	    (argc == 2 && strcmp(argv[1], pw->pw_name) != 0)) {
		fprintf(stderr, "usage: lockspool [USER]\n");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!mbox_lock_take(&lock, _PATH_MAILDIR, pw->pw_name,
		MBOX_LOCK_TRIES)) {
		printf("0\n");
		return EXIT_FAILURE;
	}
	printf("1\n");
	fflush(stdout);
	lockspool_wait();
	mbox_lock_release(&lock);
	return EXIT_SUCCESS;
}
