/*
 * What the queue process does with messages, from the first word of a
 * session process to the last of the parent.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/queue/tests/peers.h"

TestSuite(queue, .init = peers_init, .fini = peers_fini, .timeout = 60);

Test(queue, delivers_and_removes)
{
	uint64_t evpid = peers_submit(ENVELOPE_MDA);

	cr_expect(peers_comes_to(0));
	cr_expect_eq(peers.deliveries, 1);
	cr_expect_eq(peers.delivered[0], evpid);
	cr_expect_eq(peers_list(), 0);
}

Test(queue, keeps_what_fails_and_tries_again)
{
	char wanted[256];
	uint64_t evpid;

	peers.outcome = MDA_TEMPFAIL;
	evpid = peers_submit(ENVELOPE_MDA);
	cr_expect(peers_lists("|1|pending|"), "%s", peers.lines[0]);
	cr_expect_eq(peers.deliveries, 1);
	snprintf(wanted, sizeof(wanted),
	    "%016llx|local|mda||a@b.example|joe@c.example|joe@c.example|",
	    (unsigned long long)evpid);
	cr_expect_eq(strncmp(peers.lines[0], wanted, strlen(wanted)), 0, "%s",
	    peers.lines[0]);
	cr_expect_not_null(strstr(peers.lines[0], "|some reason"));

	/* So does the next process. */
	peers_stop();
	peers_start(PEERS_CONFIG);
	cr_expect(peers_lists("|1|pending|"), "%s", peers.lines[0]);
	cr_expect_eq(peers.deliveries, 0);
	peers.outcome = MDA_DELIVERED;
	cr_expect_eq(peers_change(CTL_SCHEDULE, evpid), 1);
	cr_expect(peers_comes_to(0));
	cr_expect_eq(peers.deliveries, 1);
}

Test(queue, holds_what_failed_for_good)
{
	peers.outcome = MDA_PERMFAIL;
	peers_submit(ENVELOPE_MDA);
	cr_expect(peers_delivers(1));
	for (int i = 0; i < 2; i++) {
		cr_expect(peers_lists("|mda|hold|"), "%s", peers.lines[0]);
		cr_expect_not_null(strstr(peers.lines[0], "|some reason"));
		peers_stop();
		peers_start(PEERS_CONFIG);
		peers_run(100);
		cr_expect_eq(peers.deliveries, 0);
	}
}

static const struct test_code {
	enum mda_outcome outcome;
	const char *esc;
} test_codes[] = {
	{ MDA_TEMPFAIL, "esc-class: 4\nesc-code: 30\n" },
	{ MDA_PERMFAIL, "esc-class: 5\nesc-code: 30\n" },
	{ MDA_LOOP, "esc-class: 5\nesc-code: 46\n" },
	{ MDA_USER_TEMPFAIL, "esc-class: 4\nesc-code: 10\n" },
	{ MDA_USER_PERMFAIL, "esc-class: 5\nesc-code: 16\n" },
};

/* An envelope's file once it has an error in it. */
static void
test_read_failed(uint64_t evpid, char text[ENVELOPE_TEXT_MAX + 1])
{
	struct message show = { .type = MESSAGE_CTL_SHOW, .fd = -1 };

	show.ctl_show.evpid = evpid;
	text[0] = '\0';
	for (int i = 0; i < 100 && strstr(text, "errorline: ") == NULL; i++) {
		ssize_t len;

		peers_run(50);
		peers_ask(peers.control, &show);
		cr_assert(peers.is_ok);
		len = read(peers.fd, text, ENVELOPE_TEXT_MAX);
		close(peers.fd);
		text[len > 0 ? len : 0] = '\0';
	}
}

Test(queue, keeps_the_code_of_a_failure)
{
	char text[ENVELOPE_TEXT_MAX + 1];

	for (size_t i = 0; i < sizeof(test_codes) / sizeof(test_codes[0]);
	     i++) {
		peers.outcome = test_codes[i].outcome;
		test_read_failed(peers_submit(ENVELOPE_MDA), text);
		cr_expect_not_null(strstr(text, "errorline: some reason\n"));
		cr_expect_not_null(strstr(text, test_codes[i].esc), "%s", text);
	}
}

Test(queue, holds_what_is_to_be_relayed)
{
	peers_submit(ENVELOPE_MTA);
	peers_run(100);
	cr_expect_eq(peers.deliveries, 0);
	cr_expect_eq(peers_list(), 1);
	cr_expect_not_null(strstr(peers.lines[0],
	    "|mta|hold|a@b.example|joe@c.example|joe@c.example|"));
	cr_expect_not_null(strstr(peers.lines[0],
	    "|Held: relaying is not available yet"));
	cr_expect_eq(peers_change(CTL_SCHEDULE, 0), 0);
	peers_run(100);
	cr_expect_eq(peers.deliveries, 0);
	cr_expect_eq(peers_list(), 1);
	cr_expect_not_null(strstr(peers.lines[0], "|mta|hold|"));
}

Test(queue, commits_nothing_by_halves)
{
	uint32_t msgid = peers_begin();

	/* Another size, another number of envelopes, another message. */
	peers_put((uint64_t)msgid << 32 | 1, ENVELOPE_MDA);
	cr_expect(!peers_commit(msgid, 1, 12));
	msgid = peers_begin();
	peers_put((uint64_t)msgid << 32 | 1, ENVELOPE_MDA);
	cr_expect(!peers_commit(msgid, 2, 13));
	cr_expect(!peers_commit(msgid ^ 1, 1, 13));
	msgid = peers_begin();
	cr_expect(!peers_commit(msgid, 0, 13));
	msgid = peers_begin();
	peers_put((uint64_t)msgid << 32, ENVELOPE_MDA);
	cr_expect(!peers_commit(msgid, 1, 13));
	cr_expect(peers_comes_to(0));
	cr_expect_eq(peers_list(), 0);
	cr_expect_eq(peers.deliveries, 0);
}

Test(queue, refuses_envelopes_that_it_cannot_read)
{
	struct message message = { .type = MESSAGE_QUEUE_ENVELOPE, .fd = -1 };
	uint32_t msgid = peers_begin();

	message.queue_envelope.evpid = (uint64_t)msgid << 32 | 1;
	message.queue_envelope.envelope = STR_LIT("version: 3\ntype: mda\n");
	cr_assert(channel_send(peers.session, &message));
	cr_expect(!peers_commit(msgid, 1, 13));
	cr_expect(peers_comes_to(0));
}

Test(queue, rolls_back)
{
	struct message rollback = { .type = MESSAGE_QUEUE_ROLLBACK,
		.fd = -1,
		.queue_rollback = { peers_begin() } };

	cr_assert(channel_send(peers.session, &rollback));
	cr_expect(peers_comes_to(0));
}

/* Whether a process begins so many deliveries of what is there at once. */
static bool
test_at_once(const char *limit, unsigned wanted)
{
	char config[512];

	snprintf(config, sizeof(config), "%s\n%s", limit, PEERS_CONFIG);
	peers_stop();
	peers_start(config);
	peers_delivers(wanted);
	peers_run(50);
	return peers.deliveries == wanted;
}

Test(queue, keeps_to_limits)
{
	peers.is_mute = true;
	for (int i = 0; i < 3; i++)
		peers_submit(ENVELOPE_MDA);
	cr_expect(test_at_once("scheduler limit max-inflight 1", 1));
	cr_expect(test_at_once("mda limit max-session 1", 1));
	cr_expect(test_at_once("mda limit max-session-per-user 2", 2));
	cr_expect(test_at_once("mda limit max-session 4294967296", 3));
}

Test(queue, ends_in_the_middle)
{
	struct message commit = { .type = MESSAGE_QUEUE_COMMIT, .fd = -1 };
	uint32_t msgid;

	peers.is_mute = true;
	peers_submit(ENVELOPE_MDA);
	cr_expect(peers_delivers(1));
	peers_begin();
	msgid = peers_begin();
	peers_put((uint64_t)msgid << 32 | 1, ENVELOPE_MDA);
	commit.queue_commit = (struct message_queue_commit){ msgid, 1, 13 };
	cr_assert(channel_send(peers.session, &commit));
	event_base_loop(peers.child.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	peers_stop();
	peers_start(PEERS_CONFIG);
	peers.is_mute = false;
	cr_expect(peers_comes_to(0));
	cr_expect_geq(peers.deliveries, 1);
	cr_expect_eq(peers_list(), 0);
}
