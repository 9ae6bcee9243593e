/*
 * Short-lived processes of the parent: deliveries, checks of passwords,
 * mail of the offline folder. A worker is forked, does one thing, writes at
 * most one report and ends; it has no descriptors but its own and is killed
 * when its time is over. Never blocks.
 */
#ifndef RUNTIME_MDA_WORKER_H
#define RUNTIME_MDA_WORKER_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "runtime/base/str.h"

#define WORKER_REPORT_MAX 1024 /* bytes; written at once */
#define WORKERS_MAX       256  /* at a time */

/* What a worker has open, beside 0 to 2, which lead nowhere. */
enum {
	WORKER_REPORT = 3,
	WORKER_KEPT = 4,
};

struct workers;

struct worker_end {
	int wait_status;   /* of waitpid(2) */
	bool is_timeout;   /* killed, its time was over */
	struct str report; /* empty: none, or none that fits */
};

struct worker_job {
	/* In the worker, which exits with what this returns. */
	int (*run)(void *arg);
	/* In the parent, once, unless starting failed. */
	void (*done)(void *arg, const struct worker_end *end);
	void *arg;
	int keep; /* WORKER_KEPT of the worker; -1: none */
	unsigned seconds;
};

/* NULL: no memory. */
struct workers *workers_new(struct event_base *base);

/* Those that run go on; nobody is told how they end. */
void workers_free(struct workers *workers);

unsigned workers_count(const struct workers *workers);

/* False: errno says why. */
bool worker_start(struct workers *workers, const struct worker_job *job);

/* Told of every process that waitpid(2) gave; false: none of ours. */
bool workers_reap(struct workers *workers, pid_t pid, int wait_status);

#endif
