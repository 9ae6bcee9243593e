/*
 * Starting children by fork and exec.
 */
#include "runtime/proc/spawn.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPAWN_SELF "/proc/self/exe"

bool
spawn_pair(int fds_r[2])
{
	return socketpair(AF_UNIX,
		   SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		   fds_r) == 0;
}

bool
spawn_silence(int first)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool is_silent = null != -1;

	for (int fd = first; is_silent && fd <= STDERR_FILENO; fd++)
		is_silent = dup2(null, fd) != -1;
	if (null > STDERR_FILENO)
		close(null);
	return is_silent;
}

/* In the child; returns only if it fails. */
static void
spawn_exec(enum proc_kind kind, const struct spawn_options *options, int fd)
{
	const char *name = child_name(kind);
	char title[64];
	const char *argv[8] = { title, "-x", name };
	unsigned argc = 3;

	snprintf(title, sizeof(title), "smtpd: %s", name);
	if (options->to_stderr)
		argv[argc++] = "-d";
	if (options->is_verbose)
		argv[argc++] = "-v";
	argv[argc] = NULL;
	/* dup2 onto itself would leave it closed on exec. */
	if (fd == CHILD_FD ? fcntl(fd, F_SETFD, 0) != 0 :
			     dup2(fd, CHILD_FD) == -1)
		return;
	if (options->is_silent && !spawn_silence(STDIN_FILENO))
		return;
	/* execv changes none of them. */
	execv(SPAWN_SELF, (char **)(uintptr_t)argv);
}

int
spawn_child(enum proc_kind kind, const struct spawn_options *options,
    pid_t *pid_r)
{
	int fds[2];

	if (!spawn_pair(fds))
		return -1;
	*pid_r = fork();
	if (*pid_r == 0) {
		spawn_exec(kind, options, fds[1]);
		_exit(127);
	}
	close(fds[1]);
	if (*pid_r != -1)
		return fds[0];
	close(fds[0]);
	return -1;
}

const char *
spawn_cause(int status, char *buf, size_t room)
{
	if (WIFSIGNALED(status))
		snprintf(buf, room, "terminated; signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(buf, room, "exited abnormally");
	else
		snprintf(buf, room, "exited okay");
	return buf;
}
