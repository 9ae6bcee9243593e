/*
 * The scan. A file is opened before it is looked at and handed over open:
 * its name counts only to remove it, and then it must still be the same
 * file.
 */
#include "runtime/mda/offline.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <paths.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/log.h"

struct offline {
	struct workers *workers;
	char *folder;
	char *smtpctl;
	struct event *timer;
	DIR *dir;
	unsigned running;
	bool is_free; /* by its owner; the last worker frees it */
};

struct offline_file {
	struct offline *offline;
	char name[NAME_MAX + 1];
	int fd;
	struct stat st;
};

static const struct timeval offline_first = { .tv_sec = 1 };
static const struct timeval offline_next = { .tv_usec = 100 * 1000 };

static void
offline_release(struct offline *offline)
{
	if (offline->timer != NULL)
		event_free(offline->timer);
	if (offline->dir != NULL)
		closedir(offline->dir);
	free(offline->folder);
	free(offline->smtpctl);
	free(offline);
}

void
offline_free(struct offline *offline)
{
	if (offline == NULL)
		return;
	offline->is_free = true;
	event_del(offline->timer);
	if (offline->running == 0)
		offline_release(offline);
}

/* The worker. */

/* The first line, without its end; reading goes on behind it. */
static bool
offline_read_line(int fd, char *line, size_t room)
{
	ssize_t n = pread(fd, line, room - 1, 0);
	char *lf = n > 0 ? memchr(line, '\n', (size_t)n) : NULL;

	if (lf == NULL || memchr(line, '\0', (size_t)(lf - line)) != NULL)
		return false;
	*lf = '\0';
	return lseek(fd, lf - line + 1, SEEK_SET) != -1;
}

/* False: more arguments than there is room for. */
static bool
offline_split(char *line, const char **argv)
{
	unsigned count = 0;

	argv[count++] = "sendmail";
	argv[count++] = "-S";
	for (char *arg; (arg = strsep(&line, "|")) != NULL;) {
		if (count == OFFLINE_ARGUMENTS - 1)
			return false;
		if (arg[0] != '\0')
			argv[count++] = arg;
	}
	argv[count] = NULL;
	return true;
}

/* With its own group: that of the file is the folder's. */
static bool
offline_become_owner(const struct stat *st)
{
	const struct passwd *pw;

	if (geteuid() != 0)
		return true;
	pw = getpwuid(st->st_uid);
	return pw != NULL && setgroups(1, &pw->pw_gid) == 0 &&
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == 0 &&
	    setresuid(st->st_uid, st->st_uid, st->st_uid) == 0;
}

static int
offline_run(void *arg)
{
	struct offline_file *file = arg;
	const char *argv[OFFLINE_ARGUMENTS];
	const char *const envp[] = { "PATH=" _PATH_DEFPATH, NULL };
	char line[OFFLINE_LINE_MAX];

	if (!offline_become_owner(&file->st) || chdir("/") == -1 ||
	    !offline_read_line(WORKER_KEPT, line, sizeof(line)) ||
	    !offline_split(line, argv) || dup2(WORKER_KEPT, STDIN_FILENO) == -1)
		return EXIT_FAILURE;
	umask(077);
	execve(file->offline->smtpctl, (char *const *)(uintptr_t)argv,
	    (char *const *)(uintptr_t)envp);
	return EXIT_FAILURE;
}

/* The scan. */

static void
offline_file_free(struct offline_file *file)
{
	if (file->fd != -1)
		close(file->fd);
	free(file);
}

/* Only what was handed over, not what has its name now. */
static void
offline_unlink(const struct offline_file *file)
{
	int dir = open(file->offline->folder,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (dir == -1)
		return;
	if (fstatat(dir, file->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == file->st.st_ino && st.st_dev == file->st.st_dev)
		unlinkat(dir, file->name, 0);
	close(dir);
}

static const char *
offline_cause(const struct worker_end *end, char *buf, size_t room)
{
	if (end->is_timeout)
		snprintf(buf, room, "%s", "terminated; timeout");
	else if (WIFSIGNALED(end->wait_status))
		snprintf(buf, room, "terminated; signal %d",
		    WTERMSIG(end->wait_status));
	else if (WEXITSTATUS(end->wait_status) != 0)
		snprintf(buf, room, "exited abnormally");
	else
		return NULL;
	return buf;
}

static void
offline_on_end(void *arg, const struct worker_end *end)
{
	struct offline_file *file = arg;
	struct offline *offline = file->offline;
	char cause[64], name[NAME_MAX * 4 + 1];
	const char *why = offline_cause(end, cause, sizeof(cause));

	if (why == NULL)
		offline_unlink(file);
	else
		log_warn("warn: smtpd: couldn't enqueue offline message "
			 "%s/%s; smtpctl %s",
		    offline->folder,
		    log_visible(str_from(file->name), false, name,
			sizeof(name)),
		    why);
	offline_file_free(file);
	offline->running--;
	if (offline->is_free && offline->running == 0)
		offline_release(offline);
}

/* A regular file with one name, left by sendmail, which has the group. */
static bool
offline_is_sound(const struct offline *offline, const struct stat *st)
{
	struct stat dir;

	return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	    fstat(dirfd(offline->dir), &dir) == 0 && st->st_gid == dir.st_gid;
}

/* NULL: not one to be handed over. */
static struct offline_file *
offline_open(struct offline *offline, const char *name)
{
	struct offline_file *file = calloc(1, sizeof(*file));
	int dir = dirfd(offline->dir);
	struct stat named;

	if (file == NULL)
		return NULL;
	file->offline = offline;
	file->fd = -1;
	snprintf(file->name, sizeof(file->name), "%s", name);
	if (fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    offline_is_sound(offline, &named))
		file->fd = openat(dir, name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (file->fd == -1 || fstat(file->fd, &file->st) == -1 ||
	    !offline_is_sound(offline, &file->st) ||
	    named.st_ino != file->st.st_ino ||
	    named.st_dev != file->st.st_dev ||
	    named.st_uid != file->st.st_uid) {
		offline_file_free(file);
		return NULL;
	}
	return file;
}

static void
offline_take(struct offline *offline, const char *name)
{
	struct offline_file *file = offline_open(offline, name);
	struct worker_job job = {
		.run = offline_run,
		.done = offline_on_end,
		.arg = file,
		.seconds = OFFLINE_SECONDS,
	};

	if (file == NULL)
		return;
	job.keep = file->fd;
	if (file->st.st_size == 0) {
		offline_unlink(file);
		offline_file_free(file);
	} else if (!worker_start(offline->workers, &job)) {
		log_warn("warn: smtpd: couldn't enqueue offline message "
			 "%s/%s; fork: %s",
		    offline->folder, name, strerror(errno));
		offline_file_free(file);
	} else {
		offline->running++;
	}
}

static void
offline_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct offline *offline = arg;
	const struct dirent *entry = NULL;

	(void)fd;
	(void)what;
	if (offline->dir == NULL)
		offline->dir = opendir(offline->folder);
	if (offline->dir == NULL) {
		log_warn("warn: smtpd: %s: %s", offline->folder,
		    strerror(errno));
		return;
	}
	for (unsigned i = 0;
	     i < OFFLINE_FILES && offline->running < OFFLINE_WORKERS; i++) {
		entry = readdir(offline->dir);
		if (entry == NULL) {
			closedir(offline->dir);
			offline->dir = NULL;
			return;
		}
		if (entry->d_name[0] != '.')
			offline_take(offline, entry->d_name);
	}
	evtimer_add(offline->timer, &offline_next);
}

struct offline *
offline_new(struct event_base *base, struct workers *workers,
    const char *folder, const char *smtpctl)
{
	struct offline *offline = calloc(1, sizeof(*offline));

	if (offline == NULL)
		return NULL;
	offline->workers = workers;
	offline->folder = strdup(folder);
	offline->smtpctl = strdup(smtpctl);
	offline->timer = evtimer_new(base, offline_on_timer, offline);
	if (offline->folder == NULL || offline->smtpctl == NULL ||
	    offline->timer == NULL ||
	    evtimer_add(offline->timer, &offline_first) == -1) {
		offline_release(offline);
		return NULL;
	}
	return offline;
}
