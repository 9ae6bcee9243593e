/*
 * Loading a ruleset. The compiler runs without privileges; a file that it
 * asks for by name is opened here, by the rule of loader_open_trusted, and
 * handed over read-only. It writes the blob to memory made for it, which is
 * sealed once it has ended.
 *
 *     smtpd --- socket: path, descriptor --- smtpd-compile
 *       '------ memory file <--- blob ----------'
 */
#include "runtime/proc/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/fdpass.h"
#include "runtime/base/paths.h"
#include "runtime/proc/privileges.h"
#include "runtime/proc/spawn.h"

enum {
	LOADER_BROKER_FD = 3,
	LOADER_KEY_PROBE = 64 * 1024,
	LOADER_ARGS_MAX = 64,
	LOADER_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
};

struct loader {
	struct event_base *base;
	loader_fn *done;
	void *arg;
	struct event *finish;  /* calls done from the loop */
	struct event *limit;   /* of the compiler's time */
	struct event *request; /* of the compiler */
	pid_t pid;
	int broker;
	int memory; /* the blob */
	char error[PATH_MAX + 128];
};

/* Files. */

static bool
loader_is_trusted(const struct stat *st)
{
	bool is_owned = st->st_uid == 0 || st->st_uid == geteuid();
	bool is_shared = (st->st_mode & S_IWOTH) != 0 ||
	    ((st->st_mode & S_IWGRP) != 0 && st->st_gid != 0 &&
		st->st_gid != getegid());

	return is_owned && !is_shared;
}

int
loader_open_trusted(const char *path, char *error, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) != 0) {
		snprintf(error, room, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		snprintf(error, room, "%s: not a regular file", path);
	} else if (!loader_is_trusted(&st)) {
		errno = EPERM;
		snprintf(error, room,
		    "%s: must belong to root, and nobody else may write to it",
		    path);
	} else {
		return fd;
	}
	if (fd != -1)
		close(fd);
	return -1;
}

/* Private keys are for the keys process alone. */
static bool
loader_is_key(int fd)
{
	static char probe[LOADER_KEY_PROBE];
	static const char mark[] = "PRIVATE KEY-----";
	ssize_t n = pread(fd, probe, sizeof(probe), 0);
	bool is_key = n > 0 &&
	    memmem(probe, (size_t)n, mark, sizeof(mark) - 1) != NULL;

	explicit_bzero(probe, sizeof(probe));
	return is_key;
}

static int
loader_open_for_compiler(const char *path)
{
	char error[PATH_MAX + 128];
	int fd = loader_open_trusted(path, error, sizeof(error));

	if (fd == -1)
		return -errno;
	if (!loader_is_key(fd))
		return fd;
	close(fd);
	return -EACCES;
}

/* The broker's answer is 0 with a descriptor, or an errno. */
static void
loader_answer(int broker, int fd)
{
	int32_t status = fd >= 0 ? 0 : -fd;

	/* If it has gone, its end is what counts. */
	(void)fdpass_send(broker, &status, sizeof(status), fd >= 0 ? fd : -1);
	if (fd >= 0)
		close(fd);
}

static void
loader_on_request(evutil_socket_t fd, short what, void *arg)
{
	struct loader *loader = arg;
	char path[PATH_MAX];
	ssize_t len = recv(fd, path, sizeof(path) - 1, MSG_DONTWAIT);

	(void)what;
	if (len <= 0) {
		if (len == 0 || errno != EAGAIN)
			event_del(loader->request);
		return;
	}
	path[len] = '\0';
	loader_answer(loader->broker,
	    strlen(path) == (size_t)len ? loader_open_for_compiler(path) :
					  -EINVAL);
}

/* Ends. */

static void
loader_on_finish(evutil_socket_t fd, short what, void *arg)
{
	struct loader *loader = arg;
	int memory = loader->memory;

	(void)fd;
	(void)what;
	loader->memory = -1;
	if (loader->error[0] == '\0' &&
	    fcntl(memory, F_ADD_SEALS, LOADER_SEALS) != 0)
		snprintf(loader->error, sizeof(loader->error),
		    "cannot seal the ruleset: %s", strerror(errno));
	if (loader->error[0] == '\0') {
		loader->done(loader->arg, memory, NULL);
		return;
	}
	if (memory != -1)
		close(memory);
	loader->done(loader->arg, -1, loader->error);
}

static void
loader_finish(struct loader *loader)
{
	event_active(loader->finish, EV_TIMEOUT, 0);
}

static void
loader_fail(struct loader *loader, const char *what)
{
	if (loader->error[0] == '\0')
		snprintf(loader->error, sizeof(loader->error), "%s: %s", what,
		    strerror(errno));
	loader_finish(loader);
}

static void
loader_on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct loader *loader = arg;

	(void)fd;
	(void)what;
	snprintf(loader->error, sizeof(loader->error),
	    "the compiler takes more than %d seconds", LOADER_SECONDS);
	kill(loader->pid, SIGKILL);
}

/* 127: the child did not get as far as to the compiler. */
static void
loader_judge(struct loader *loader, int status)
{
	char program[PATH_MAX];

	if (!WIFEXITED(status) || WEXITSTATUS(status) != 127 ||
	    !paths_find(PATHS_BIN, "smtpd-compile", program, sizeof(program)))
		snprintf(loader->error, sizeof(loader->error),
		    "the config does not compile, see smtpd -n");
	else if (geteuid() == 0)
		snprintf(loader->error, sizeof(loader->error),
		    "cannot run %s as %s: one of them is missing", program,
		    paths_built.smtpd_user);
	else
		snprintf(loader->error, sizeof(loader->error),
		    "cannot run %s: install it", program);
}

bool
loader_reap(struct loader *loader, pid_t pid, int status)
{
	if (loader == NULL || pid != loader->pid)
		return false;
	loader->pid = -1;
	event_del(loader->limit);
	if (loader->error[0] == '\0' &&
	    (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		loader_judge(loader, status);
	loader_finish(loader);
	return true;
}

/* Blobs. */

/* A copy: a file that somebody changes would change under the daemon. */
static bool
loader_copy(struct loader *loader, int from)
{
	off_t offset = 0;
	struct stat st;

	if (fstat(from, &st) != 0)
		return false;
	if (st.st_size > LOADER_BLOB_MAX) {
		errno = EFBIG;
		return false;
	}
	while (offset < st.st_size) {
		ssize_t n = sendfile(loader->memory, from, &offset,
		    (size_t)(st.st_size - offset));

		if (n < 0)
			return false;
		if (n == 0)
			break; /* cut meanwhile: the blob's reader will say */
	}
	return true;
}

static void
loader_read(struct loader *loader, const char *path)
{
	int fd = loader_open_trusted(path, loader->error,
	    sizeof(loader->error));

	if (fd == -1) {
		loader_finish(loader);
		return;
	}
	if (loader_copy(loader, fd))
		loader_finish(loader);
	else
		loader_fail(loader, path);
	close(fd);
}

/* The compiler. */

/* In the child; returns only if it fails. */
static void
loader_exec(const struct loader *loader, const struct loader_options *options,
    const char *program, int broker)
{
	const char *argv[LOADER_ARGS_MAX + 10] = { "smtpd-compile",
		"--broker=3", "-o", "-",
		/* Of keys, which it is not given. */
		"-W", "no-unreadable-file" };
	unsigned argc = 6;
	int null = open("/dev/null", O_RDONLY);

	if (options->lacks_files) {
		argv[argc++] = "-W";
		argv[argc++] = "no-missing-file";
	}
	for (unsigned i = 0; i < options->macro_count; i++) {
		argv[argc++] = "-D";
		argv[argc++] = options->macros[i];
	}
	argv[argc++] = options->config;
	argv[argc] = NULL;
	/* Above those that they become, so that none is lost. */
	broker = fcntl(broker, F_DUPFD, 10);
	/* The compiler waits for answers. */
	if (fcntl(broker, F_SETFL, 0) != 0)
		return;
	if (null == -1 || dup2(null, 0) == -1 ||
	    dup2(loader->memory, 1) == -1 ||
	    dup2(broker, LOADER_BROKER_FD) == -1)
		return;
	close(broker);
	if (geteuid() == 0 && privileges_become(paths_built.smtpd_user) != NULL)
		return;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return;
	/* execv changes none of them. */
	execv(program, (char **)(uintptr_t)argv);
}

static bool
loader_watch(struct loader *loader)
{
	const struct timeval limit = { LOADER_SECONDS, 0 };

	loader->limit = event_new(loader->base, -1, 0, loader_on_limit, loader);
	loader->request = event_new(loader->base, loader->broker,
	    EV_READ | EV_PERSIST, loader_on_request, loader);
	return loader->limit != NULL && loader->request != NULL &&
	    event_add(loader->limit, &limit) == 0 &&
	    event_add(loader->request, NULL) == 0;
}

static void
loader_compile(struct loader *loader, const struct loader_options *options)
{
	char program[PATH_MAX];
	int fds[2];

	if (2 * options->macro_count > LOADER_ARGS_MAX ||
	    !paths_find(PATHS_BIN, "smtpd-compile", program, sizeof(program))) {
		errno = E2BIG;
		loader_fail(loader, "smtpd-compile");
		return;
	}
	if (!spawn_pair(fds)) {
		loader_fail(loader, "socketpair");
		return;
	}
	loader->broker = fds[0];
	loader->pid = fork();
	if (loader->pid == 0) {
		loader_exec(loader, options, program, fds[1]);
		_exit(127);
	}
	close(fds[1]);
	if (loader->pid == -1 || !loader_watch(loader))
		loader_fail(loader, "smtpd-compile");
}

struct loader *
loader_start(struct event_base *base, const struct loader_options *options,
    loader_fn *done, void *arg)
{
	struct loader *loader = calloc(1, sizeof(*loader));

	if (loader == NULL)
		return NULL;
	*loader = (struct loader){ .base = base,
		.done = done,
		.arg = arg,
		.pid = -1,
		.broker = -1,
		.memory = -1 };
	loader->finish = event_new(base, -1, 0, loader_on_finish, loader);
	if (loader->finish == NULL) {
		free(loader);
		return NULL;
	}
	loader->memory = memfd_create("ruleset",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (loader->memory == -1)
		loader_fail(loader, "memfd_create");
	else if (options->blob != NULL)
		loader_read(loader, options->blob);
	else
		loader_compile(loader, options);
	return loader;
}

void
loader_free(struct loader *loader)
{
	if (loader == NULL)
		return;
	if (loader->pid > 0) {
		kill(loader->pid, SIGKILL);
		waitpid(loader->pid, NULL, 0);
	}
	event_free(loader->finish);
	if (loader->limit != NULL)
		event_free(loader->limit);
	if (loader->request != NULL)
		event_free(loader->request);
	if (loader->broker != -1)
		close(loader->broker);
	if (loader->memory != -1)
		close(loader->memory);
	free(loader);
}
