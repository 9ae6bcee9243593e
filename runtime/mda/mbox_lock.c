/*
 * Locks of mailboxes. One that its owner left behind is not taken away: who
 * could tell.
 */
#include "runtime/mda/mbox_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

bool
mbox_lock_take(struct mbox_lock *lock, const char *folder, const char *user,
    unsigned tries)
{
	const int flags = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
	int len = snprintf(lock->path, sizeof(lock->path), "%s/%s.lock", folder,
	    user);
	unsigned seconds = 1;
	int fd;

	if (len < 0 || (size_t)len >= sizeof(lock->path) ||
	    strchr(user, '/') != NULL) {
		errno = ENAMETOOLONG;
		return false;
	}
	while ((fd = open(lock->path, flags, 0600)) == -1) {
		if (errno != EEXIST || tries-- <= 1)
			return false;
		sleep(seconds);
		seconds *= 2;
	}
	close(fd);
	return true;
}

/* In the child. */
static void
mbox_lock_execute(const char *lockspool, int input, int output)
{
	static char *const envp[] = { NULL };
	const char *const argv[] = { "lockspool", NULL };

	if (dup2(input, STDIN_FILENO) != -1 &&
	    dup2(output, STDOUT_FILENO) != -1)
		execve(lockspool, (char *const *)(uintptr_t)argv, envp);
	_exit(EXIT_FAILURE);
}

bool
mbox_lock_ask(struct mbox_lock *lock, const char *lockspool)
{
	int input[2], output[2];
	ssize_t n = 0;
	char said = '0';

	lock->path[0] = '\0';
	if (pipe2(input, O_CLOEXEC) == -1)
		return false;
	if (pipe2(output, O_CLOEXEC) == -1) {
		close(input[0]);
		close(input[1]);
		return false;
	}
	lock->helper = fork();
	if (lock->helper == 0)
		mbox_lock_execute(lockspool, input[0], output[1]);
	close(input[0]);
	close(output[1]);
	lock->helper_input = input[1];
	if (lock->helper != -1)
		do
			n = read(output[0], &said, 1);
		while (n == -1 && errno == EINTR);
	close(output[0]);
	if (n == 1 && said == '1')
		return true;
	mbox_lock_release(lock);
	return false;
}

void
mbox_lock_release(struct mbox_lock *lock)
{
	if (lock->path[0] != '\0') {
		unlink(lock->path);
		return;
	}
	close(lock->helper_input);
	if (lock->helper > 0)
		waitpid(lock->helper, NULL, 0);
}
