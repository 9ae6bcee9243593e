/*
 * Workers. The report comes through a pipe that holds it whole, so that it
 * is read when the worker has ended, and no event has to be waited for.
 */
#include "runtime/mda/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/base/signals.h"

struct worker {
	struct workers *pool;
	struct worker *next;
	struct worker_job job;
	pid_t pid;
	int report;
	bool is_timeout;
	struct event *timer;
};

struct workers {
	struct event_base *base;
	struct worker *list;
	unsigned count;
};

struct workers *
workers_new(struct event_base *base)
{
	struct workers *workers = calloc(1, sizeof(*workers));

	if (workers != NULL)
		workers->base = base;
	return workers;
}

static void
worker_free(struct worker *worker)
{
	if (worker->timer != NULL)
		event_free(worker->timer);
	if (worker->report != -1)
		close(worker->report);
	free(worker);
}

void
workers_free(struct workers *workers)
{
	struct worker *worker, *next;

	if (workers == NULL)
		return;
	for (worker = workers->list; worker != NULL; worker = next) {
		next = worker->next;
		worker_free(worker);
	}
	free(workers);
}

unsigned
workers_count(const struct workers *workers)
{
	return workers->count;
}

static void
worker_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct worker *worker = arg;

	(void)fd;
	(void)what;
	worker->is_timeout = true;
	kill(worker->pid, SIGKILL);
}

/* All are moved out of the way first, or one would close another. */
static bool
worker_set_descriptors(int report, int keep)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	report = fcntl(report, F_DUPFD_CLOEXEC, 10);
	if (keep != -1)
		keep = fcntl(keep, F_DUPFD_CLOEXEC, 10);
	for (int i = 0; i <= STDERR_FILENO; i++)
		if (dup2(null, i) == -1)
			return false;
	if (dup3(report, WORKER_REPORT, O_CLOEXEC) == -1)
		return false;
	if (keep != -1 && dup3(keep, WORKER_KEPT, O_CLOEXEC) == -1)
		return false;
	close_range(keep != -1 ? WORKER_KEPT + 1 : WORKER_KEPT, ~0U, 0);
	return true;
}

static void
worker_run(const struct worker_job *job, int report)
{
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_DUMPABLE, 0);
	if (!worker_set_descriptors(report, job->keep))
		_exit(EXIT_FAILURE);
	_exit(job->run(job->arg));
}

/* False: errno. */
static bool
worker_fork(struct worker *worker)
{
	struct timeval limit = { .tv_sec = worker->job.seconds };
	int ends[2];

	worker->timer = evtimer_new(worker->pool->base, worker_on_timer,
	    worker);
	if (worker->timer == NULL || evtimer_add(worker->timer, &limit) == -1) {
		errno = ENOMEM;
		return false;
	}
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
		return false;
	worker->report = ends[0];
	worker->pid = signals_fork();
	if (worker->pid == 0)
		worker_run(&worker->job, ends[1]);
	close(ends[1]);
	return worker->pid != -1;
}

bool
worker_start(struct workers *workers, const struct worker_job *job)
{
	struct worker *worker;

	if (workers->count == WORKERS_MAX) {
		errno = EAGAIN;
		return false;
	}
	worker = calloc(1, sizeof(*worker));
	if (worker == NULL)
		return false;
	worker->pool = workers;
	worker->job = *job;
	worker->report = -1;
	if (!worker_fork(worker)) {
		int error = errno;

		worker_free(worker);
		errno = error;
		return false;
	}
	worker->next = workers->list;
	workers->list = worker;
	workers->count++;
	return true;
}

static void
worker_end(struct worker *worker, int wait_status)
{
	char report[WORKER_REPORT_MAX + 1];
	ssize_t n = read(worker->report, report, sizeof(report));
	struct worker_end end = {
		.wait_status = wait_status,
		.is_timeout = worker->is_timeout,
		.report = { report, 0 },
	};

	if (n > 0 && n <= WORKER_REPORT_MAX)
		end.report.len = (uint32_t)n;
	worker->job.done(worker->job.arg, &end);
	worker_free(worker);
}

bool
workers_reap(struct workers *workers, pid_t pid, int wait_status)
{
	for (struct worker **at = &workers->list; *at != NULL;
	     at = &(*at)->next) {
		struct worker *worker = *at;

		if (worker->pid != pid)
			continue;
		*at = worker->next;
		workers->count--;
		worker_end(worker, wait_status);
		return true;
	}
	return false;
}
