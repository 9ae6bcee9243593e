/*
 * The queue process where descriptors or memory are short: what it cannot
 * do it refuses or puts off, and what it took is delivered.
 */
#include <criterion/criterion.h>
#include <unistd.h>

#include "runtime/queue/tests/peers.h"
#include "runtime/tests/shortage.h"

enum { TEST_ENVELOPES = 3 }; /* of a message */

TestSuite(queue_shortage, .init = peers_init, .fini = peers_fini,
    .timeout = 60);

/* True: it was taken. */
static bool
test_try_to_submit(void)
{
	struct message begin = { .type = MESSAGE_QUEUE_BEGIN, .fd = -1 };

	peers_ask(peers.session, &begin);
	if (!peers.is_ok || peers.fd == -1)
		return false;
	cr_assert_eq(write(peers.fd, "Received: x\n\n", 13), 13);
	close(peers.fd);
	for (unsigned i = 1; i <= TEST_ENVELOPES; i++)
		peers_put((uint64_t)peers.number << 32 | i, ENVELOPE_MDA);
	return peers_commit(peers.number, TEST_ENVELOPES, 13);
}

/* As peers_run, which needs memory. */
static void
test_run(void)
{
	for (unsigned i = 0; i < 100; i++) {
		event_base_loop(peers.child.base, EVLOOP_NONBLOCK);
		usleep(100);
	}
}

/* How many of what was taken is delivered, sooner or later. */
static unsigned
test_deliver_rest(void)
{
	unsigned delivered = 0;

	for (unsigned i = 0; i < 100; i++) {
		peers.deliveries = 0;
		peers_change(CTL_SCHEDULE, 0);
		peers_run(20);
		if (peers.deliveries == 0)
			break;
		delivered += peers.deliveries;
	}
	return delivered;
}

/* Each request for memory fails once, alone or with those behind it. */
static void
test_memory(unsigned length)
{
	unsigned taken = 0, refused = 0, delivered = 0, failed = 1;
	const struct queue *queue;

	/* What is asked for once and kept. */
	peers_submit(ENVELOPE_MDA);
	peers_run(20);
	for (unsigned n = 1; failed > 0; n++) {
		peers.deliveries = 0;
		shortage_of_memory(n, length);
		if (test_try_to_submit())
			taken++;
		else
			refused++;
		test_run();
		failed = shortage_of_memory_end();
		delivered += peers.deliveries;
	}
	cr_expect_gt(refused, 2);
	cr_expect_gt(taken, 2);
	/* What it looks for a minute later. */
	queue = peers.child.box;
	event_active(queue->walk, EV_TIMEOUT, 0);
	delivered += test_deliver_rest();
	cr_expect_eq(delivered, taken * TEST_ENVELOPES, "%u of %u messages",
	    delivered, taken);
	cr_expect(peers_comes_to(0));
}

Test(queue_shortage, memory)
{
	test_memory(1);
}

Test(queue_shortage, memory_for_a_while)
{
	test_memory(4);
}

/* What a walk at start could not open is found by the next. */
Test(queue_shortage, descriptors_at_the_start)
{
	const struct queue *queue;

	for (unsigned spare = 0; spare < 4; spare++) {
		peers_pause(SUBSYSTEM_MDA, true);
		peers_submit(ENVELOPE_MDA);
		peers_stop();
		peers_start(PEERS_CONFIG);
		queue = peers.child.box;
		shortage_of_descriptors(spare);
		peers_run(20);
		shortage_of_descriptors_end();
		cr_expect_eq(peers.deliveries, 0, "%u to spare", spare);
		event_active(queue->walk, EV_TIMEOUT, 0);
		peers_run(50);
		peers_change(CTL_SCHEDULE, 0);
		cr_expect(peers_delivers(1), "%u to spare", spare);
		cr_expect(peers_comes_to(0));
	}
}
