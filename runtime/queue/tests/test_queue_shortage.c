/*
 * The queue process where descriptors or memory are short: what it cannot
 * do it refuses or puts off, and what it took is delivered.
 */
#include <criterion/criterion.h>
#include <unistd.h>

#include "runtime/queue/tests/peers.h"
#include "runtime/tests/shortage.h"

TestSuite(queue_shortage, .init = peers_init, .fini = peers_fini,
    .timeout = 60);

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
		peers_run(50);
		cr_expect_eq(peers.deliveries, 1, "%u to spare", spare);
		cr_expect(peers_comes_to(0));
	}
}
