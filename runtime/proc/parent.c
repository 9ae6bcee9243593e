/*
 * The life of the parent.
 *
 *     detach - load ruleset - start children - set up - ready
 *        reload: load - set up | stop: running deliveries end - close
 *        channels - wait
 *
 * A daemon that goes to the background leaves a launcher in the foreground,
 * which ends with the status of the start: whoever started it knows whether
 * mail is taken.
 */
#include "runtime/proc/parent_private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/paths.h"
#include "runtime/base/servername.h"
#include "runtime/base/version.h"
#include "runtime/proc/spawn.h"

static const int parent_signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGHUP };

void
parent_fail(struct parent *parent, const char *format, ...)
{
	char text[PARENT_ERROR_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!parent->is_stopping)
		log_fatal("%s", text);
	parent->is_stopping = true;
	parent->status = EXIT_FAILURE;
	event_base_loopbreak(parent->base);
}

/* What has been delivered but not noted would be delivered again. */
static bool
parent_has_more(const struct parent *parent)
{
	return parent->is_ready && workers_count(parent->workers) > 0;
}

static void
parent_on_patience(evutil_socket_t fd, short what, void *arg)
{
	struct parent *parent = arg;

	(void)fd;
	(void)what;
	log_warn("warn: %u deliveries are not over and may be repeated",
	    workers_count(parent->workers));
	event_base_loopbreak(parent->base);
}

/* False: nothing is to be waited for. */
static bool
parent_close_doors(struct parent *parent)
{
	const struct timeval limit = { PARENT_PATIENCE_SECONDS, 0 };

	if (!parent_has_more(parent))
		return false;
	parent->patience = evtimer_new(parent->base, parent_on_patience,
	    parent);
	if (parent->patience == NULL ||
	    evtimer_add(parent->patience, &limit) != 0)
		return false;
	parent_reload_forget(parent);
	mda_parent_close(parent->mda);
	offline_free(parent->offline);
	parent->offline = NULL;
	parent_pause_sessions(parent);
	return true;
}

void
parent_stop(struct parent *parent)
{
	bool is_first = !parent->is_stopping;

	parent->is_stopping = true;
	if (!is_first || !parent_close_doors(parent))
		event_base_loopbreak(parent->base);
}

/* Facts of the host. */

static bool
parent_find_name(struct parent *parent)
{
	if (servername_find(parent->server_name, sizeof(parent->server_name)))
		return true;
	parent_fail(parent, "machine does not have a hostname set");
	return false;
}

/* Below an own spool lie the socket and the file of the process id, too. */
static bool
parent_find_paths(struct parent *parent)
{
	const char *spool = parent->options->spool;
	bool is_own = spool != NULL;

	if (!is_own)
		spool = paths_built.spool;
	if ((mkdir(spool, parent->is_ordinary ? 0700 : 0711) != 0 &&
		errno != EEXIST) ||
	    realpath(spool, parent->spool) == NULL) {
		parent_fail(parent, "%s: %s", spool, strerror(errno));
		return false;
	}
	if (snprintf(parent->socket_path, sizeof(parent->socket_path),
		is_own ? "%s/smtpd.sock" : "%s",
		is_own ? parent->spool : paths_built.socket) >= PATH_MAX ||
	    snprintf(parent->pidfile, sizeof(parent->pidfile),
		is_own ? "%s/smtpd.pid" : "%s",
		is_own ? parent->spool : paths_built.pidfile) >= PATH_MAX ||
	    !paths_find(PATHS_LIBEXEC, "", parent->libexec,
		sizeof(parent->libexec))) {
		parent_fail(parent, "%s: path too long", parent->spool);
		return false;
	}
	/* Of "DIR/". */
	parent->libexec[strlen(parent->libexec) - 1] = '\0';
	return true;
}

/* Where sendmail, which has the queue's group, leaves mail. */
static bool
parent_make_offline(struct parent *parent)
{
	char folder[PATH_MAX + 16];
	const struct group *group = getgrnam(paths_built.smtpq_user);

	snprintf(folder, sizeof(folder), "%s/offline", parent->spool);
	if (mkdir(folder, 0700) != 0) {
		if (errno == EEXIST)
			return true;
		parent_fail(parent, "%s: %s", folder, strerror(errno));
		return false;
	}
	if (parent->is_ordinary)
		return true;
	if (group == NULL) {
		rmdir(folder);
		parent_fail(parent,
		    "no group %s, see make SMTPD_USER= and SMTPQ_USER=",
		    paths_built.smtpq_user);
		return false;
	}
	if (chown(folder, 0, group->gr_gid) == 0 && chmod(folder, 0770) == 0)
		return true;
	parent_fail(parent, "error in %s directory setup", folder);
	return false;
}

/* The launcher. */

/* In the launcher; does not return. */
static void
parent_wait_ready(int fd)
{
	unsigned char status = EXIT_FAILURE;

	while (read(fd, &status, 1) == -1 && errno == EINTR)
		;
	_exit(status);
}

static bool
parent_detach(struct parent *parent)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid > 0) {
		close(fds[1]);
		parent_wait_ready(fds[0]);
	}
	close(fds[0]);
	parent->launcher = fds[1];
	return pid == 0;
}

static void
parent_write_pid(const struct parent *parent)
{
	FILE *file = fopen(parent->pidfile, "we");

	if (file == NULL || fprintf(file, "%d\n", (int)getpid()) < 0)
		log_warn("warn: %s: %s", parent->pidfile, strerror(errno));
	if (file != NULL)
		fclose(file);
}

static void
parent_leave_terminal(struct parent *parent)
{
	unsigned char status = EXIT_SUCCESS;

	setsid();
	if (chdir("/") != 0 || !spawn_silence(STDIN_FILENO))
		log_warn("warn: cannot leave the terminal");
	/* The launcher may have been killed. */
	(void)!write(parent->launcher, &status, 1);
	close(parent->launcher);
	parent->launcher = -1;
}

/* Where there is nothing to hand in, nothing is lost by not looking. */
static void
parent_start_offline(struct parent *parent)
{
	char folder[PATH_MAX + 16], smtpctl[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s/offline", parent->spool);
	if (!paths_find(PATHS_SBIN, "smtpctl", smtpctl, sizeof(smtpctl)))
		return;
	parent->offline = offline_new(parent->base, parent->workers, folder,
	    smtpctl);
	if (parent->offline == NULL)
		log_warn("warn: offline mail waits: out of memory");
}

void
parent_on_ready(struct parent *parent)
{
	parent->is_ready = true;
	parent_write_pid(parent);
	if (!parent->options->to_stderr)
		log_open("parent", false);
	log_info("info: smtpd %s starting", VERSION);
	if (parent->launcher != -1)
		parent_leave_terminal(parent);
	parent_start_offline(parent);
}

/* Signals. */

static void
parent_reap(struct parent *parent)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (!parent_reap_child(parent, pid, status) &&
		    !parent_reap_program(parent, pid, status) &&
		    !loader_reap(parent->loader, pid, status))
			workers_reap(parent->workers, pid, status);
	if (parent->is_stopping && !parent_has_more(parent))
		event_base_loopbreak(parent->base);
}

static void
parent_on_signal(evutil_socket_t number, short what, void *arg)
{
	struct parent *parent = arg;

	(void)what;
	if (number == SIGCHLD)
		parent_reap(parent);
	else if (number != SIGHUP)
		parent_stop(parent);
	else if (!parent->is_ready ||
	    !parent_reload_start(parent, false, NULL, NULL))
		log_warn("warn: reload is under way already");
}

static bool
parent_watch_signals(struct parent *parent)
{
	for (size_t i = 0; i < 4; i++) {
		parent->signals[i] = evsignal_new(parent->base,
		    parent_signals[i], parent_on_signal, parent);
		if (parent->signals[i] == NULL ||
		    event_add(parent->signals[i], NULL) != 0)
			return false;
	}
	signal(SIGPIPE, SIG_IGN);
	return true;
}

/* Start and end. */

static bool
parent_open(struct parent *parent)
{
	parent->base = event_base_new();
	if (parent->base == NULL)
		return false;
	parent->workers = workers_new(parent->base);
	parent->stats = memfd_create("counters", MFD_CLOEXEC);
	if (parent->workers == NULL || parent->stats == -1 ||
	    ftruncate(parent->stats, (off_t)PARENT_ROWS * STATS_ROW) != 0 ||
	    !parent_watch_signals(parent)) {
		parent_fail(parent, "cannot start: %s", strerror(errno));
		return false;
	}
	parent->auth = auth_new(parent->workers);
	if (parent->options->check_only)
		return true;
	return parent->auth != NULL && parent_find_paths(parent) &&
	    parent_make_offline(parent) && parent_find_name(parent);
}

static void
parent_close(struct parent *parent)
{
	if (parent->control != -1) {
		close(parent->control);
		unlink(parent->socket_path);
	}
	if (parent->is_ready)
		unlink(parent->pidfile);
	parent_reload_forget(parent);
	parent_end_children(parent);
	parent_end_programs(parent);
	parent_ruleset_close(&parent->ruleset);
	offline_free(parent->offline);
	mda_parent_free(parent->mda);
	auth_free(parent->auth);
	workers_free(parent->workers);
	for (size_t i = 0; i < 4; i++)
		if (parent->signals[i] != NULL)
			event_free(parent->signals[i]);
	if (parent->patience != NULL)
		event_free(parent->patience);
	if (parent->stats != -1)
		close(parent->stats);
	event_base_free(parent->base);
	explicit_bzero(parent->queue_key, sizeof(parent->queue_key));
}

static void
parent_run(struct parent *parent)
{
	struct parent_ruleset none = { .memory = -1 };

	parent->ruleset = none;
	if (!parent_open(parent))
		return;
	parent_reload_start(parent, false, NULL, NULL);
	event_base_dispatch(parent->base);
	if (parent->is_ready && parent->status == EXIT_SUCCESS)
		log_info("Exiting");
}

int
parent_main(const struct parent_options *options)
{
	struct parent *parent = calloc(1, sizeof(*parent));
	int status = EXIT_FAILURE;

	if (parent == NULL)
		return status;
	parent->options = options;
	parent->launcher = parent->stats = parent->control = -1;
	parent->is_ordinary = geteuid() != 0;
	parent->started = time(NULL);
	for (size_t i = 0; i < PARENT_CHILDREN_MAX; i++)
		parent->children[i].pid = -1;
	for (size_t i = 0; i < PARENT_PROGRAMS_MAX; i++)
		parent->programs[i].pid = -1;
	if (options->is_foreground || options->check_only ||
	    parent_detach(parent)) {
		parent_run(parent);
		status = parent->status;
		if (parent->base != NULL)
			parent_close(parent);
	}
	free(parent);
	return status;
}
