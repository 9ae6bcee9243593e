/*
 * What smtpctl asks of the queue process.
 */
#include <criterion/criterion.h>
#include <unistd.h>

#include "runtime/queue/tests/peers.h"

TestSuite(queue_control, .init = peers_init, .fini = peers_fini, .timeout = 60);

Test(queue_control, pauses_and_resumes)
{
	cr_expect(peers_pause(SUBSYSTEM_MDA, true));
	cr_expect(!peers_pause(SUBSYSTEM_MDA, true));
	peers_submit(ENVELOPE_MDA);
	peers_run(50);
	cr_expect_eq(peers.deliveries, 0);
	cr_expect(peers_pause(SUBSYSTEM_MDA, false));
	cr_expect(!peers_pause(SUBSYSTEM_MDA, false));
	cr_expect(peers_delivers(1));
}

Test(queue_control, changes_envelopes)
{
	uint64_t first, second;

	cr_expect(peers_pause(SUBSYSTEM_MDA, true));
	first = peers_submit(ENVELOPE_MDA);
	second = peers_submit(ENVELOPE_MDA);
	cr_expect_eq(peers_change(CTL_PAUSE, first), 1);
	cr_expect_eq(peers_change(CTL_PAUSE, 0), 1);
	cr_expect_eq(peers_change(CTL_RESUME, first >> 32 << 32), 1);
	cr_expect_eq(peers_change(CTL_REMOVE, second), 1);
	cr_expect_eq(peers_change(CTL_REMOVE, second), 0);
	cr_expect_eq(peers_list(), 1);
	cr_expect_eq(peers_change(CTL_REMOVE, 0), 1);
	cr_expect(peers_comes_to(0));
	cr_expect_eq(peers_list(), 0);
}

Test(queue_control, removes_what_is_in_flight_when_it_comes_back)
{
	uint64_t evpid;

	peers.outcome = MDA_TEMPFAIL;
	peers.is_mute = true;
	evpid = peers_submit(ENVELOPE_MDA);
	cr_expect(peers_delivers(1));
	cr_expect(peers_lists("|inflight|"));
	cr_expect_eq(peers_change(CTL_REMOVE, evpid), 1);
	cr_expect_eq(peers_list(), 1);
	peers_answer(peers.parent, &peers.unanswered, evpid);
	cr_expect(peers_comes_to(0));
	cr_expect_eq(peers_list(), 0);
}

Test(queue_control, shows_contents)
{
	struct message show = { .type = MESSAGE_CTL_SHOW, .fd = -1 };
	char text[ENVELOPE_TEXT_MAX + 1];
	ssize_t len;

	show.ctl_show.evpid = peers_submit(ENVELOPE_MTA);
	peers_ask(peers.control, &show);
	cr_assert(peers.is_ok);
	len = read(peers.fd, text, ENVELOPE_TEXT_MAX);
	cr_assert_gt(len, 0);
	text[len] = '\0';
	cr_expect_not_null(strstr(text, "dispatcher: out\n"));
	close(peers.fd);
	show.ctl_show.is_message = true;
	peers_ask(peers.control, &show);
	cr_assert(peers.is_ok);
	cr_expect_eq(read(peers.fd, text, sizeof(text)), 13);
	close(peers.fd);
	show.ctl_show.evpid = 0x100000001;
	peers_ask(peers.control, &show);
	cr_expect(!peers.is_ok);
}
