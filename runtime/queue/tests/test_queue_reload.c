/*
 * The queue process when it gets another ruleset.
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "runtime/base/log.h"
#include "runtime/queue/tests/peers.h"
#include "runtime/tests/compiled.h"

#define TEST_OTHER          "action \"other\" maildir\nmatch for any action \"other\"\n"
#define TEST_ENCRYPTED(key) "queue encryption \"" key "\"\n" PEERS_CONFIG

TestSuite(queue_reload, .init = peers_init, .fini = peers_fini, .timeout = 60);

Test(queue_reload, does_not_lose_actions_by_oversight)
{
	struct ruleset_use *lacking = compiled_new(TEST_OTHER);
	struct ruleset_use *whole = peers.child.ruleset;
	const char *error;

	peers_submit(ENVELOPE_MTA);
	peers.child.ruleset = lacking;
	error = queue_ops.use_ruleset(&peers.child, lacking);
	cr_assert_not_null(error);
	cr_expect_not_null(strstr(error,
	    "1 queued envelopes need action "
	    "\"out\""));
	peers.child.is_forced = true;
	cr_expect_null(queue_ops.use_ruleset(&peers.child, lacking));
	cr_expect_eq(peers_list(), 1);
	cr_expect_not_null(strstr(peers.lines[0], "|invalid|"), "%s",
	    peers.lines[0]);
	peers.child.ruleset = whole;
	cr_expect_null(queue_ops.use_ruleset(&peers.child, whole));
	cr_expect_eq(peers_list(), 1);
	cr_expect_not_null(strstr(peers.lines[0], "|pending|"));
	ruleset_drop(lacking);
}

Test(queue_reload, holds_what_a_reload_caught_in_flight)
{
	uint64_t evpid;

	peers.outcome = MDA_TEMPFAIL;
	peers.is_mute = true;
	evpid = peers_submit(ENVELOPE_MDA);
	cr_expect(peers_delivers(1));
	peers.child.is_forced = true;
	peers_reload(TEST_OTHER);
	peers_answer(peers.parent, &peers.unanswered, evpid);
	cr_expect(peers_lists("|mda|hold|"), "%s", peers.lines[0]);
	peers_reload(PEERS_CONFIG);
	cr_expect_eq(peers_list(), 1);
	cr_expect_null(strstr(peers.lines[0], "hold"), "%s", peers.lines[0]);
}

/* Though the action of a suspended envelope goes and comes. */
Test(queue_reload, keeps_envelopes_suspended)
{
	uint64_t evpid;

	peers_pause(SUBSYSTEM_MDA, true);
	evpid = peers_submit(ENVELOPE_MDA);
	cr_expect_eq(peers_change(CTL_PAUSE, evpid), 1);
	peers.child.is_forced = true;
	peers_reload(TEST_OTHER);
	peers_reload(PEERS_CONFIG);
	peers_pause(SUBSYSTEM_MDA, false);
	peers_run(50);
	cr_expect_eq(peers.deliveries, 0);
	cr_expect_eq(peers_list(), 1);
	cr_expect_not_null(strstr(peers.lines[0], "suspend"), "%s",
	    peers.lines[0]);
	cr_expect_eq(peers_change(CTL_RESUME, evpid), 1);
	cr_expect(peers_delivers(1));
}

/* The action's goes before that of the queue. */
Test(queue_reload, applies_another_ttl_to_what_waits)
{
	static const char own[] = "queue ttl 1s\n"
				  "action \"local\" maildir ttl 1d\n"
				  "action \"out\" relay\n"
				  "match for local action \"local\"\n"
				  "match for any action \"out\"\n";

	peers_pause(SUBSYSTEM_MDA, true);
	peers_submit(ENVELOPE_MDA);
	peers_reload(own);
	peers_run(2000);
	cr_expect_eq(peers_list(), 1);
	cr_expect_not_null(strstr(peers.lines[0], "|pending|"), "%s",
	    peers.lines[0]);
	peers_reload("queue ttl 1s\n" PEERS_CONFIG);
	cr_expect(peers_lists("Envelope expired"), "%s", peers.lines[0]);
	cr_expect_eq(peers.deliveries, 0);
}

Test(queue_reload, says_what_a_reload_does_not_change)
{
	cr_redirect_stderr();
	peers_reload(PEERS_CONFIG);
	log_info("nothing yet");
	peers_reload("queue compression\n" PEERS_CONFIG);
	cr_assert_stderr_eq_str(
	    "nothing yet\nwarn: queue: compression and encryption stay as "
	    "they were at the start: restart smtpd to change them\n");
}

Test(queue_reload, says_that_a_reload_does_not_change_the_key)
{
	cr_redirect_stderr();
	peers_stop();
	peers_start(TEST_ENCRYPTED(PEERS_KEY));
	peers_reload(TEST_ENCRYPTED(PEERS_KEY));
	log_info("nothing yet");
	peers_reload(TEST_ENCRYPTED("another 89abcdef0123456789abcdef"));
	cr_assert_stderr_eq_str(
	    "nothing yet\nwarn: queue: compression and encryption stay as "
	    "they were at the start: restart smtpd to change them\n");
}
