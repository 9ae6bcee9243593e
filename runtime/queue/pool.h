/*
 * Threads that do what blocks: syncing above all. An event loop hands jobs
 * to them and is told when they are done, on its own thread, so that nothing
 * else needs locks. That many commits wait for the disk at once is what
 * makes the file system write them together.
 */
#ifndef RUNTIME_QUEUE_POOL_H
#define RUNTIME_QUEUE_POOL_H

#include <event2/event.h>
#include <stdbool.h>

/* In what is to be done; lives until done was called. */
struct pool_job {
	void (*run)(struct pool_job *job);  /* by a thread */
	void (*done)(struct pool_job *job); /* by the loop; may free it */
	struct pool_job *next;
};

struct pool;

/* NULL: no memory or no descriptor. Threads start with the first job. */
struct pool *pool_new(struct event_base *base, unsigned threads);

/* Waits until all jobs are done, those too that are added meanwhile. */
void pool_free(struct pool *pool);

/* Never refused: where no thread can be started, it runs at once. */
void pool_add(struct pool *pool, struct pool_job *job);

#endif
