/*
 * Two lists under one lock, a condition for the threads and an event
 * descriptor for the loop.
 */
#include "runtime/queue/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { POOL_STACK = 256 * 1024 };

struct pool_list {
	struct pool_job *first, **end;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t has_work;
	struct pool_list waiting, finished;
	bool is_ending;

	struct event *event;
	int fd;
	unsigned idle; /* threads that wait for work */

	/* The loop's alone. */
	pthread_t *threads;
	unsigned count, limit;
};

static void
pool_list_init(struct pool_list *list)
{
	list->first = NULL;
	list->end = &list->first;
}

static void
pool_list_put(struct pool_list *list, struct pool_job *job)
{
	job->next = NULL;
	*list->end = job;
	list->end = &job->next;
}

static struct pool_job *
pool_list_take(struct pool_list *list)
{
	struct pool_job *job = list->first;

	if (job == NULL)
		return NULL;
	list->first = job->next;
	if (list->first == NULL)
		list->end = &list->first;
	return job;
}

/* The loop is woken once for all that are finished. */
static void
pool_finish(struct pool *pool, struct pool_job *job)
{
	bool was_empty = pool->finished.first == NULL;
	uint64_t one = 1;

	pool_list_put(&pool->finished, job);
	if (was_empty)
		while (write(pool->fd, &one, sizeof(one)) < 0 && errno == EINTR)
			continue;
}

static void *
pool_thread(void *arg)
{
	struct pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct pool_job *job = pool_list_take(&pool->waiting);

		if (job == NULL && pool->is_ending)
			break;
		if (job == NULL) {
			pool->idle++;
			pthread_cond_wait(&pool->has_work, &pool->lock);
			pool->idle--;
			continue;
		}
		pthread_mutex_unlock(&pool->lock);
		job->run(job);
		pthread_mutex_lock(&pool->lock);
		pool_finish(pool, job);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* False: there was nothing. */
static bool
pool_call_done(struct pool *pool)
{
	struct pool_list list;
	struct pool_job *job;

	pthread_mutex_lock(&pool->lock);
	list = pool->finished;
	pool_list_init(&pool->finished);
	pthread_mutex_unlock(&pool->lock);
	for (job = list.first; job != NULL;) {
		struct pool_job *next = job->next;

		job->done(job);
		job = next;
	}
	return list.first != NULL;
}

static void
pool_on_event(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) == sizeof(count))
		pool_call_done(arg);
}

struct pool *
pool_new(struct event_base *base, unsigned threads)
{
	struct pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool_list_init(&pool->waiting);
	pool_list_init(&pool->finished);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->has_work, NULL);
	pool->limit = threads;
	pool->threads = calloc(threads, sizeof(*pool->threads));
	pool->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (pool->fd >= 0)
		pool->event = event_new(base, pool->fd, EV_READ | EV_PERSIST,
		    pool_on_event, pool);
	if (pool->threads != NULL && pool->event != NULL &&
	    event_add(pool->event, NULL) == 0)
		return pool;
	pool_free(pool);
	return NULL;
}

void
pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->is_ending = true;
	pthread_cond_broadcast(&pool->has_work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->count; i++)
		pthread_join(pool->threads[i], NULL);
	/* What is done may add more, which ends here too. */
	while (pool_call_done(pool))
		continue;
	if (pool->event != NULL)
		event_free(pool->event);
	if (pool->fd >= 0)
		close(pool->fd);
	pthread_cond_destroy(&pool->has_work);
	pthread_mutex_destroy(&pool->lock);
	free(pool->threads);
	free(pool);
}

/* Signals are the loop's. */
static void
pool_start_thread(struct pool *pool)
{
	pthread_attr_t attributes;
	sigset_t all, before;

	if (pthread_attr_init(&attributes) != 0)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_attr_setstacksize(&attributes, POOL_STACK) == 0 &&
	    pthread_create(&pool->threads[pool->count], &attributes,
		pool_thread, pool) == 0)
		pool->count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
}

void
pool_add(struct pool *pool, struct pool_job *job)
{
	bool is_alone;

	pthread_mutex_lock(&pool->lock);
	if (pool->is_ending) {
		job->run(job);
		pool_finish(pool, job);
		pthread_mutex_unlock(&pool->lock);
		return;
	}
	pool_list_put(&pool->waiting, job);
	is_alone = pool->idle == 0;
	pthread_cond_signal(&pool->has_work);
	pthread_mutex_unlock(&pool->lock);
	if (is_alone && pool->count < pool->limit)
		pool_start_thread(pool);
	if (pool->count > 0)
		return;
	pthread_mutex_lock(&pool->lock);
	while ((job = pool_list_take(&pool->waiting)) != NULL) {
		job->run(job);
		pool_finish(pool, job);
	}
	pthread_mutex_unlock(&pool->lock);
}
