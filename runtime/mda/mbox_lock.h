/*
 * The lock of a user's mailbox that all mail programs heed: the file
 * USER.lock beside it. Who may not write to the folder asks lockspool(1),
 * which holds it until its standard input ends.
 */
#ifndef RUNTIME_MDA_MBOX_LOCK_H
#define RUNTIME_MDA_MBOX_LOCK_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define MBOX_LOCK_TRIES 10 /* between them 1, 2, 4 ... 512 seconds */

struct mbox_lock {
	char path[PATH_MAX]; /* empty: the helper holds it */
	int helper_input;
	pid_t helper;
};

/* Makes the file, waiting for others; false: errno. */
bool mbox_lock_take(struct mbox_lock *lock, const char *folder,
    const char *user, unsigned tries);

/* Through the program; false: it could not, or cannot be run. */
bool mbox_lock_ask(struct mbox_lock *lock, const char *lockspool);

void mbox_lock_release(struct mbox_lock *lock);

#endif
