/*
 * The scheduler: times, limits, turns, changes by hand, and long random
 * lives.
 */
#include "runtime/queue/scheduler.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { TEST_NOW = 1000000, TEST_TTL = 4 * 86400 };

static const struct scheduler_limits test_limits = { 5000, 50, 7 };

static struct scheduler *
test_new(void)
{
	struct scheduler *scheduler = scheduler_new(&test_limits, 1);

	cr_assert_not_null(scheduler);
	return scheduler;
}

static struct scheduler_entry *
test_add(struct scheduler *scheduler, uint64_t evpid, const char *user)
{
	struct scheduler_item item = {
		.evpid = evpid,
		.type = ENVELOPE_MDA,
		.user = str_from(user),
		.created = TEST_NOW,
		.ttl = TEST_TTL,
	};
	struct scheduler_entry *entry = scheduler_add(scheduler, &item);

	cr_assert_not_null(entry);
	return entry;
}

/* The evpid of what is to be delivered, 0 for nothing. */
static uint64_t
test_next(struct scheduler *scheduler, int64_t now)
{
	struct scheduler_entry *entry;

	if (scheduler_next(scheduler, now, &entry) != SCHEDULER_DELIVER)
		return 0;
	return entry->evpid;
}

Test(scheduler, follows_the_curve)
{
	static const int64_t local[] = { 10, 40, 90, 160, 250 };
	static const int64_t relay[] = { 400, 1600, 3600, 6400, 10000, 14400 };

	for (unsigned i = 0; i < 5; i++)
		cr_expect_eq(scheduler_time(ENVELOPE_MDA, 7, i + 1),
		    7 + local[i]);
	for (unsigned i = 0; i < 6; i++)
		cr_expect_eq(scheduler_time(ENVELOPE_MTA, 7, i + 1),
		    7 + relay[i]);
	cr_expect_eq(scheduler_time(ENVELOPE_MTA, INT64_MAX, 3), INT64_MAX);
}

Test(scheduler, tries_at_once_and_again_later)
{
	struct scheduler *scheduler = test_new();
	struct scheduler_entry *entry = test_add(scheduler, 1, "joe");

	cr_expect_eq(test_next(scheduler, TEST_NOW), 1);
	cr_expect_eq(entry->state, SCHEDULER_INFLIGHT);
	cr_expect_eq(scheduler_wake(scheduler), SCHEDULER_NEVER);
	scheduler_retry(scheduler, entry, TEST_NOW + 1);
	cr_expect_eq(entry->retry, 1);
	cr_expect_eq(scheduler_wake(scheduler), TEST_NOW + 10);
	cr_expect_eq(test_next(scheduler, TEST_NOW + 9), 0);
	cr_expect_eq(test_next(scheduler, TEST_NOW + 10), 1);
	/* Times that have gone by are not made up for. */
	scheduler_retry(scheduler, entry, TEST_NOW + 95);
	cr_expect_eq(entry->retry, 2);
	cr_expect_eq(entry->next, TEST_NOW + 160);
	scheduler_free(scheduler);
}

Test(scheduler, begins_where_a_queue_left_off)
{
	struct scheduler *scheduler = test_new();
	struct scheduler_item item = { .evpid = 1,
		.type = ENVELOPE_MTA,
		.created = TEST_NOW,
		.ttl = TEST_TTL,
		.retry = 3 };

	cr_expect_eq(scheduler_add(scheduler, &item)->next, TEST_NOW + 3600);
	scheduler_free(scheduler);
}

Test(scheduler, expires)
{
	struct scheduler *scheduler = test_new();
	struct scheduler_entry *waiting = test_add(scheduler, 1, "joe");
	struct scheduler_entry *entry;

	cr_expect_eq(test_next(scheduler, TEST_NOW), 1);
	/* Not while it is in flight. */
	cr_expect_eq(scheduler_next(scheduler, TEST_NOW + TEST_TTL, &entry),
	    SCHEDULER_NOTHING);
	scheduler_retry(scheduler, waiting, TEST_NOW + TEST_TTL);
	cr_expect_eq(scheduler_next(scheduler, TEST_NOW + TEST_TTL, &entry),
	    SCHEDULER_EXPIRE);
	cr_expect_eq(entry, waiting);
	scheduler_hold(scheduler, entry);
	cr_expect_eq(scheduler_wake(scheduler), SCHEDULER_NEVER);
	scheduler_free(scheduler);
}

Test(scheduler, expires_what_a_pause_keeps)
{
	struct scheduler *scheduler = test_new();
	struct scheduler_entry *entry;

	test_add(scheduler, 1, "joe");
	scheduler_pause(scheduler, ENVELOPE_MDA, true);
	cr_expect_eq(test_next(scheduler, TEST_NOW), 0);
	cr_expect_eq(scheduler_wake(scheduler), TEST_NOW + TEST_TTL);
	cr_expect_eq(scheduler_next(scheduler, TEST_NOW + TEST_TTL, &entry),
	    SCHEDULER_EXPIRE);
	scheduler_free(scheduler);
}

Test(scheduler, resumes)
{
	struct scheduler *scheduler = test_new();

	test_add(scheduler, 1, "joe");
	scheduler_pause(scheduler, ENVELOPE_MDA, true);
	cr_expect_eq(test_next(scheduler, TEST_NOW), 0);
	scheduler_pause(scheduler, ENVELOPE_MDA, false);
	cr_expect_eq(scheduler_wake(scheduler), 0);
	cr_expect_eq(test_next(scheduler, TEST_NOW), 1);
	scheduler_free(scheduler);
}

Test(scheduler, lets_users_take_turns)
{
	struct scheduler *scheduler = test_new();
	unsigned turns[3] = { 0 };
	uint64_t evpid, busy = 0;

	for (uint64_t i = 1; i <= 20; i++)
		test_add(scheduler, i, "busy");
	test_add(scheduler, 101, "joe");
	test_add(scheduler, 201, "jane");
	for (unsigned i = 0; i < 3; i++)
		turns[test_next(scheduler, TEST_NOW) / 100]++;
	for (unsigned i = 0; i < 3; i++)
		cr_expect_eq(turns[i], 1);
	/* Seven of one user. */
	for (unsigned i = 1; i < 7; i++) {
		evpid = test_next(scheduler, TEST_NOW);
		cr_expect(evpid > 0 && evpid <= 20);
		busy = evpid;
	}
	cr_expect_eq(test_next(scheduler, TEST_NOW), 0);
	scheduler_done(scheduler, scheduler_find(scheduler, busy));
	cr_expect_neq(test_next(scheduler, TEST_NOW), 0);
	cr_expect_eq(test_next(scheduler, TEST_NOW), 0);
	scheduler_free(scheduler);
}

Test(scheduler, keeps_to_limits)
{
	struct scheduler_limits limits = { 30, 20, 7 };
	struct scheduler *scheduler = scheduler_new(&limits, 1);
	struct scheduler_item item = {
		.type = ENVELOPE_MTA, .created = TEST_NOW, .ttl = TEST_TTL
	};
	unsigned local = 0, relay = 0;
	uint64_t evpid;

	for (uint64_t i = 1; i <= 100; i++) {
		char user[8];

		snprintf(user, sizeof(user), "u%u", (unsigned)i % 10);
		test_add(scheduler, i, user);
		item.evpid = 1000 + i;
		cr_assert_not_null(scheduler_add(scheduler, &item));
	}
	while ((evpid = test_next(scheduler, TEST_NOW)) != 0) {
		local += evpid < 1000;
		relay += evpid > 1000;
	}
	cr_expect_eq(local, 20);
	cr_expect_eq(relay, 10);
	limits.local = 25;
	limits.inflight = 40;
	scheduler_set_limits(scheduler, &limits);
	while ((evpid = test_next(scheduler, TEST_NOW)) != 0)
		local += evpid < 1000;
	cr_expect_eq(local, 25);
	scheduler_free(scheduler);
}

Test(scheduler, changes_by_hand)
{
	struct scheduler *scheduler = test_new();
	struct scheduler_entry *entry = test_add(scheduler, 1, "joe");

	cr_expect(scheduler_suspend(scheduler, entry, true));
	cr_expect(!scheduler_suspend(scheduler, entry, true));
	cr_expect_eq(test_next(scheduler, TEST_NOW), 0);
	cr_expect_eq(scheduler_wake(scheduler), SCHEDULER_NEVER);
	cr_expect(scheduler_suspend(scheduler, entry, false));
	cr_expect_eq(test_next(scheduler, TEST_NOW), 1);
	cr_expect(!scheduler_hasten(scheduler, entry, TEST_NOW));
	scheduler_retry(scheduler, entry, TEST_NOW);
	cr_expect_eq(test_next(scheduler, TEST_NOW), 0);
	cr_expect(scheduler_hasten(scheduler, entry, TEST_NOW));
	cr_expect_eq(test_next(scheduler, TEST_NOW), 1);
	scheduler_hold(scheduler, entry);
	cr_expect_eq(test_next(scheduler, TEST_NOW + 10), 0);
	cr_expect(scheduler_hasten(scheduler, entry, TEST_NOW + 10));
	cr_expect_eq(test_next(scheduler, TEST_NOW + 10), 1);
	scheduler_free(scheduler);
}

Test(scheduler, suspends_what_is_in_flight)
{
	struct scheduler *scheduler = test_new();
	struct scheduler_entry *entry = test_add(scheduler, 1, "joe");

	cr_expect_eq(test_next(scheduler, TEST_NOW), 1);
	cr_expect(scheduler_suspend(scheduler, entry, true));
	scheduler_retry(scheduler, entry, TEST_NOW);
	cr_expect_eq(test_next(scheduler, TEST_NOW + 1000), 0);
	scheduler_free(scheduler);
}

Test(scheduler, knows_the_last_of_a_message)
{
	struct scheduler *scheduler = test_new();
	uint64_t message = 0x1234567800000000;

	test_add(scheduler, message - 1, "joe");
	test_add(scheduler, message + 5, "joe");
	cr_expect(scheduler_is_last(scheduler, message + 5));
	test_add(scheduler, message + 7, "joe");
	cr_expect(!scheduler_is_last(scheduler, message + 5));
	cr_expect(!scheduler_is_last(scheduler, message + 7));
	scheduler_done(scheduler, scheduler_find(scheduler, message + 5));
	cr_expect(scheduler_is_last(scheduler, message + 7));
	test_add(scheduler, UINT64_MAX, "joe");
	cr_expect(scheduler_is_last(scheduler, UINT64_MAX));
	scheduler_free(scheduler);
}

Test(scheduler, takes_nothing_twice)
{
	struct scheduler *scheduler = test_new();
	struct scheduler_item item = { .evpid = 1, .ttl = 1 };

	test_add(scheduler, 1, "joe");
	cr_expect_null(scheduler_add(scheduler, &item));
	cr_expect_eq(scheduler_count(scheduler), 1);
	scheduler_free(scheduler);
}

/* A random life of many, watched from outside. */

enum { TEST_MANY = 500, TEST_STEPS = 200000 };

struct test_life {
	struct scheduler *scheduler;
	struct scheduler_entry *entries[TEST_MANY]; /* by evpid - 1 */
	unsigned state;
	unsigned flying, user_flying[5];
	int64_t now;
};

static unsigned
test_random(struct test_life *life, unsigned limit)
{
	life->state = life->state * 1103515245 + 12345;
	return life->state / 65536 % limit;
}

static void
test_land(struct test_life *life, unsigned i)
{
	struct scheduler_entry *entry = life->entries[i];

	if (entry->state == SCHEDULER_INFLIGHT) {
		life->flying--;
		life->user_flying[i % 5]--;
	}
}

static void
test_step(struct test_life *life)
{
	unsigned i = test_random(life, TEST_MANY);
	struct scheduler_entry *entry = life->entries[i], *next;
	char user[2] = { (char)('a' + i % 5), '\0' };

	life->now += test_random(life, 3);
	if (entry == NULL) {
		life->entries[i] = test_add(life->scheduler, i + 1, user);
		return;
	}
	switch (test_random(life, 6)) {
	case 0:
		test_land(life, i);
		scheduler_done(life->scheduler, entry);
		life->entries[i] = NULL;
		break;
	case 1:
		test_land(life, i);
		scheduler_retry(life->scheduler, entry, life->now);
		break;
	case 2:
		test_land(life, i);
		scheduler_hold(life->scheduler, entry);
		break;
	case 3:
		scheduler_suspend(life->scheduler, entry,
		    test_random(life, 2) == 0);
		break;
	case 4:
		scheduler_hasten(life->scheduler, entry, life->now);
		break;
	default:
		if (scheduler_next(life->scheduler, life->now, &next) !=
		    SCHEDULER_DELIVER)
			return;
		cr_assert_eq(life->entries[next->evpid - 1], next);
		cr_assert(!next->is_suspended);
		cr_assert_leq(++life->flying, 20);
		cr_assert_leq(++life->user_flying[(next->evpid - 1) % 5], 7);
	}
}

Test(scheduler, lives_long)
{
	struct scheduler_limits limits = { 5000, 20, 7 };
	struct test_life life = { .scheduler = scheduler_new(&limits, 3),
		.state = 5,
		.now = TEST_NOW };
	uint32_t count = 0;
	uint64_t evpid = 0;

	for (unsigned i = 0; i < TEST_STEPS; i++)
		test_step(&life);
	for (unsigned i = 0; i < TEST_MANY; i++) {
		struct scheduler_entry *next;

		if (life.entries[i] == NULL)
			continue;
		count++;
		next = scheduler_from(life.scheduler, evpid + 1);
		cr_assert_eq(next, life.entries[i]);
		evpid = next->evpid;
	}
	cr_expect_eq(scheduler_count(life.scheduler), count);
	scheduler_free(life.scheduler);
}
