/*
 * Threads beside an event loop.
 */
#include "runtime/queue/pool.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <unistd.h>

enum { TEST_JOBS = 2000, TEST_THREADS = 8 };

struct test_job {
	struct pool_job job;
	bool was_run;
};

static struct test_job test_jobs[TEST_JOBS];
static atomic_int test_at_once, test_most, test_ran;
static int test_done;
static struct event_base *test_base;

static void
test_run(struct pool_job *job)
{
	int now = atomic_fetch_add(&test_at_once, 1) + 1;

	if (now > atomic_load(&test_most))
		atomic_store(&test_most, now);
	if (atomic_load(&test_ran) < 50)
		usleep(1000);
	((struct test_job *)(void *)job)->was_run = true;
	atomic_fetch_add(&test_ran, 1);
	atomic_fetch_sub(&test_at_once, 1);
}

static void
test_on_done(struct pool_job *job)
{
	cr_assert(((struct test_job *)(void *)job)->was_run);
	if (++test_done == TEST_JOBS)
		event_base_loopbreak(test_base);
}

Test(pool, runs_many_at_once, .timeout = 60)
{
	struct pool *pool;

	test_base = event_base_new();
	pool = pool_new(test_base, TEST_THREADS);
	cr_assert_not_null(pool);
	for (int i = 0; i < TEST_JOBS; i++) {
		test_jobs[i].job.run = test_run;
		test_jobs[i].job.done = test_on_done;
		pool_add(pool, &test_jobs[i].job);
	}
	event_base_dispatch(test_base);
	cr_expect_eq(test_done, TEST_JOBS);
	cr_expect_gt(atomic_load(&test_most), 1);
	cr_expect_leq(atomic_load(&test_most), TEST_THREADS);
	pool_free(pool);
	event_base_free(test_base);
}

static void
test_on_end(struct pool_job *job)
{
	cr_assert(((struct test_job *)(void *)job)->was_run);
	test_done++;
}

Test(pool, ends_with_work_left, .timeout = 60)
{
	struct pool *pool;

	test_base = event_base_new();
	pool = pool_new(test_base, 1);
	for (int i = 0; i < 100; i++) {
		test_jobs[i].job.run = test_run;
		test_jobs[i].job.done = test_on_end;
		pool_add(pool, &test_jobs[i].job);
	}
	pool_free(pool);
	cr_expect_eq(test_done, 100);
	event_base_free(test_base);
}

static struct pool *test_pool;

static void
test_on_end_more(struct pool_job *job)
{
	if (test_done++ < 10)
		pool_add(test_pool, job);
}

Test(pool, ends_though_work_makes_work, .timeout = 60)
{
	test_base = event_base_new();
	test_pool = pool_new(test_base, 4);
	test_jobs[0].job.run = test_run;
	test_jobs[0].job.done = test_on_end_more;
	pool_add(test_pool, &test_jobs[0].job);
	pool_free(test_pool);
	cr_expect_eq(test_done, 11);
	event_base_free(test_base);
}
