/*
 * The queue process, with other ends of its channels that play a session
 * process, the parent and control.
 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/queue/envelope.h"
#include "runtime/queue/queue_private.h"
#include "runtime/tests/channels.h"
#include "runtime/tests/compiled.h"
#include "runtime/tests/scratch.h"

#define TEST_CONFIG \
	"action \"local\" maildir\naction \"out\" relay\n" \
	"match for local action \"local\"\nmatch for any action \"out\"\n"

#define TEST_OTHER          "action \"other\" maildir\nmatch for any action \"other\"\n"
#define TEST_KEY            "0123456789abcdef0123456789abcdef"
#define TEST_ENCRYPTED(key) "queue encryption \"" key "\"\n" TEST_CONFIG

enum { TEST_DELIVERIES = 16, TEST_LINES = 16 };

static char test_spool[64];
static struct child test_child;
static struct stats test_stats;
static struct channel *test_session, *test_control, *test_parent;
static struct channel *test_sessions[1];

/* What the parent was asked for, and how it is to answer. */
static uint64_t test_delivered[TEST_DELIVERIES];
static unsigned test_deliveries;
static enum mda_outcome test_outcome;
static bool test_is_mute;
static struct message test_unanswered;

/* What was answered. */
static unsigned test_answers;
static bool test_is_ok;
static uint32_t test_number; /* msgid, or count */
static int test_fd;
static char test_lines[TEST_LINES][512];
static unsigned test_line_count;

static void
test_on_nothing(void *arg, struct channel *channel, struct message *message)
{
	(void)arg;
	(void)channel;
	cr_expect_fail("%s came", message_name(message->type));
}

/* The parent. */
static void
test_answer(struct channel *channel, const struct message *request,
    uint64_t evpid)
{
	struct message answer = {
		.type = MESSAGE_DELIVERED,
		.fd = -1,
		.delivered = { evpid, (uint32_t)test_outcome, 0,
		    STR_LIT("some reason") },
	};

	channel_reply(channel, request, &answer);
}

static void
test_on_deliver(void *arg, struct channel *channel, struct message *message)
{
	(void)arg;
	cr_assert_eq(message->type, MESSAGE_DELIVER);
	cr_assert_neq(message->fd, -1);
	cr_expect(str_is(message->deliver.user, "joe"));
	close(message->fd);
	cr_assert_lt(test_deliveries, TEST_DELIVERIES);
	test_delivered[test_deliveries++] = message->deliver.evpid;
	if (!test_is_mute)
		test_answer(channel, message, message->deliver.evpid);
	test_unanswered.type = message->type;
	test_unanswered.number = message->number;
}

/* Of the queue process, and our end. */
static void
test_connect(struct channel **queues, channel_message_fn *on_message,
    struct channel **ours)
{
	channels_connect(test_child.base,
	    (struct channels_end){ &test_child, queue_ops.on_message }, queues,
	    (struct channels_end){ NULL, on_message }, ours);
}

/* A queue process on the spool as it is. */
static void
test_start(const char *config)
{
	const char *error;

	memset(&test_child, 0, sizeof(test_child));
	test_child.ops = &queue_ops;
	test_child.base = event_base_new();
	test_child.stats = &test_stats;
	test_child.spool = str_from(test_spool);
	test_child.queue_key = STR_LIT(TEST_KEY);
	test_child.is_ordinary = true;
	test_child.ruleset = compiled_new(config);
	test_child.sessions = test_sessions;
	test_child.session_count = 1;
	test_connect(&test_child.parent, test_on_deliver, &test_parent);
	test_connect(&test_sessions[0], test_on_nothing, &test_session);
	test_connect(&test_child.peers[PROC_CONTROL], test_on_nothing,
	    &test_control);
	error = queue_ops.init(&test_child);
	cr_assert_null(error, "%s", error);
	error = queue_ops.use_ruleset(&test_child, test_child.ruleset);
	cr_assert_null(error, "%s", error);
	test_deliveries = 0;
}

static void
test_init(void)
{
	snprintf(test_spool, sizeof(test_spool), "/tmp/test_queue.XXXXXX");
	cr_assert_not_null(mkdtemp(test_spool));
	test_outcome = MDA_DELIVERED;
	test_start(TEST_CONFIG);
}

/* Ends it, as at the end of the daemon. */
static void
test_stop(void)
{
	channel_free(test_child.parent);
	channel_free(test_child.peers[PROC_CONTROL]);
	channel_free(test_sessions[0]);
	queue_ops.fini(&test_child);
	channel_free(test_parent);
	channel_free(test_session);
	channel_free(test_control);
	ruleset_drop(test_child.ruleset);
	event_base_free(test_child.base);
}

static void
test_fini(void)
{
	test_stop();
	scratch_delete(test_spool);
}

TestSuite(queue, .init = test_init, .fini = test_fini, .timeout = 60);

/* The loop for some milliseconds. */
static void
test_run(unsigned milliseconds)
{
	struct timeval time = { 0, (suseconds_t)milliseconds * 1000 };

	event_base_loopexit(test_child.base, &time);
	event_base_dispatch(test_child.base);
}

static void
test_on_answer(void *arg, struct message *message)
{
	(void)arg;
	cr_assert_not_null(message);
	test_fd = message->fd;
	if (message->type == MESSAGE_QUEUE_BEGUN) {
		test_is_ok = message->queue_begun.is_ok;
		test_number = message->queue_begun.msgid;
	} else if (message->type == MESSAGE_RESULT) {
		test_is_ok = message->result.is_ok;
	} else if (message->type == MESSAGE_CTL_CHANGED) {
		test_number = message->ctl_changed.count;
	} else if (message->type == MESSAGE_CTL_LISTED &&
	    !message->ctl_listed.is_last) {
		cr_assert_lt(test_line_count, TEST_LINES);
		snprintf(test_lines[test_line_count++], sizeof(test_lines[0]),
		    "%.*s", STR_ARG(message->ctl_listed.line));
		return;
	}
	test_answers++;
	event_base_loopbreak(test_child.base);
}

static void
test_ask(struct channel *channel, struct message *message)
{
	unsigned before = test_answers;

	cr_assert_neq(channel_ask(channel, message, test_on_answer, NULL), 0);
	while (test_answers == before)
		event_base_loop(test_child.base, EVLOOP_ONCE);
}

static uint32_t
test_begin(void)
{
	struct message begin = { .type = MESSAGE_QUEUE_BEGIN, .fd = -1 };

	test_ask(test_session, &begin);
	cr_assert(test_is_ok);
	cr_assert_eq(write(test_fd, "Received: x\n\n", 13), 13);
	close(test_fd);
	return test_number;
}

static void
test_put(uint64_t evpid, enum envelope_type type)
{
	struct envelope envelope = {
		.type = type,
		.dispatcher = type == ENVELOPE_MDA ? STR_LIT("local") :
						     STR_LIT("out"),
		.helo = STR_LIT("h"),
		.hostname = STR_LIT("h"),
		.sockaddr = STR_LIT("local"),
		.sender = STR_LIT("a@b.example"),
		.rcpt = STR_LIT("joe@c.example"),
		.dest = STR_LIT("joe@c.example"),
		.mda_user = type == ENVELOPE_MDA ? STR_LIT("joe") : STR_LIT(""),
		.ctime = (uint64_t)queue_now(),
	};
	struct message message = { .type = MESSAGE_QUEUE_ENVELOPE, .fd = -1 };
	char text[ENVELOPE_TEXT_MAX];
	size_t len = envelope_write(&envelope, text, sizeof(text));

	cr_assert_gt(len, 0);
	message.queue_envelope.evpid = evpid;
	message.queue_envelope.envelope = (struct str){ text, (uint32_t)len };
	cr_assert(channel_send(test_session, &message));
}

static bool
test_commit(uint32_t msgid, uint32_t count, uint64_t size)
{
	struct message commit = { .type = MESSAGE_QUEUE_COMMIT,
		.fd = -1,
		.queue_commit = { msgid, count, size } };

	test_ask(test_session, &commit);
	return test_is_ok;
}

/* A message for one; its evpid. */
static uint64_t
test_submit(enum envelope_type type)
{
	uint32_t msgid = test_begin();
	uint64_t evpid = (uint64_t)msgid << 32 | 7;

	test_put(evpid, type);
	cr_assert(test_commit(msgid, 1, 13));
	return evpid;
}

static unsigned
test_list(void)
{
	struct message list = { .type = MESSAGE_CTL_LIST, .fd = -1 };

	test_line_count = 0;
	test_ask(test_control, &list);
	return test_line_count;
}

static uint32_t
test_change(enum ctl_change change, uint64_t evpid)
{
	struct message message = { .type = MESSAGE_CTL_CHANGE,
		.fd = -1,
		.ctl_change = { (uint32_t)change, evpid } };

	test_ask(test_control, &message);
	return test_number;
}

static bool
test_pause(unsigned subsystem, bool is_paused)
{
	struct message message = { .type = MESSAGE_PAUSE,
		.fd = -1,
		.pause = { subsystem, is_paused } };

	test_ask(test_control, &message);
	return test_is_ok;
}

/* Regular files below the spool. */
static unsigned test_files;

static int
test_count_file(const char *path, const struct stat *st, int kind,
    struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)ftw;
	test_files += kind == FTW_F;
	return 0;
}

static unsigned
test_count(void)
{
	test_files = 0;
	nftw(test_spool, test_count_file, 16, FTW_PHYS);
	return test_files;
}

Test(queue, delivers_and_removes)
{
	uint64_t evpid = test_submit(ENVELOPE_MDA);

	test_run(100);
	cr_expect_eq(test_deliveries, 1);
	cr_expect_eq(test_delivered[0], evpid);
	cr_expect_eq(test_list(), 0);
	cr_expect_eq(test_count(), 0);
}

Test(queue, keeps_what_fails_and_tries_again)
{
	char wanted[256];
	uint64_t evpid;

	test_outcome = MDA_TEMPFAIL;
	evpid = test_submit(ENVELOPE_MDA);
	test_run(100);
	cr_expect_eq(test_deliveries, 1);
	cr_expect_eq(test_list(), 1);
	snprintf(wanted, sizeof(wanted),
	    "%016llx|local|mda||a@b.example|joe@c.example|joe@c.example|",
	    (unsigned long long)evpid);
	cr_expect_eq(strncmp(test_lines[0], wanted, strlen(wanted)), 0, "%s",
	    test_lines[0]);
	cr_expect_not_null(strstr(test_lines[0], "|1|pending|"), "%s",
	    test_lines[0]);
	cr_expect_not_null(strstr(test_lines[0], "|Error (some reason)"));

	/* So does the next process. */
	test_stop();
	test_start(TEST_CONFIG);
	test_run(100);
	cr_expect_eq(test_deliveries, 0);
	cr_expect_eq(test_list(), 1);
	cr_expect_not_null(strstr(test_lines[0], "|1|pending|"));
	test_outcome = MDA_DELIVERED;
	cr_expect_eq(test_change(CTL_SCHEDULE, evpid), 1);
	test_run(100);
	cr_expect_eq(test_deliveries, 1);
	cr_expect_eq(test_count(), 0);
}

Test(queue, holds_what_failed_for_good)
{
	test_outcome = MDA_PERMFAIL;
	test_submit(ENVELOPE_MDA);
	test_run(100);
	for (int i = 0; i < 2; i++) {
		cr_expect_eq(test_list(), 1);
		cr_expect_not_null(strstr(test_lines[0], "|mda|hold|"), "%s",
		    test_lines[0]);
		cr_expect_not_null(strstr(test_lines[0],
		    "|Error (some reason)"));
		test_stop();
		test_start(TEST_CONFIG);
		test_run(100);
		cr_expect_eq(test_deliveries, 0);
	}
}

Test(queue, holds_what_is_to_be_relayed)
{
	test_submit(ENVELOPE_MTA);
	test_run(100);
	cr_expect_eq(test_deliveries, 0);
	cr_expect_eq(test_list(), 1);
	cr_expect_not_null(strstr(test_lines[0],
	    "|mta|hold|a@b.example|joe@c.example|joe@c.example|"));
	cr_expect_not_null(strstr(test_lines[0],
	    "|Held: relaying is not available yet"));
	cr_expect_eq(test_change(CTL_SCHEDULE, 0), 0);
	test_run(100);
	cr_expect_eq(test_deliveries, 0);
	cr_expect_eq(test_list(), 1);
	cr_expect_not_null(strstr(test_lines[0], "|mta|hold|"));
}

Test(queue, commits_nothing_by_halves)
{
	uint32_t msgid = test_begin();

	/* Another size, another number of envelopes, another message. */
	test_put((uint64_t)msgid << 32 | 1, ENVELOPE_MDA);
	cr_expect(!test_commit(msgid, 1, 12));
	msgid = test_begin();
	test_put((uint64_t)msgid << 32 | 1, ENVELOPE_MDA);
	cr_expect(!test_commit(msgid, 2, 13));
	cr_expect(!test_commit(msgid ^ 1, 1, 13));
	msgid = test_begin();
	cr_expect(!test_commit(msgid, 0, 13));
	msgid = test_begin();
	test_put((uint64_t)msgid << 32, ENVELOPE_MDA);
	cr_expect(!test_commit(msgid, 1, 13));
	test_run(100);
	cr_expect_eq(test_list(), 0);
	cr_expect_eq(test_deliveries, 0);
	cr_expect_eq(test_count(), 0);
}

Test(queue, refuses_envelopes_that_it_cannot_read)
{
	struct message message = { .type = MESSAGE_QUEUE_ENVELOPE, .fd = -1 };
	uint32_t msgid = test_begin();

	message.queue_envelope.evpid = (uint64_t)msgid << 32 | 1;
	message.queue_envelope.envelope = STR_LIT("version: 3\ntype: mda\n");
	cr_assert(channel_send(test_session, &message));
	cr_expect(!test_commit(msgid, 1, 13));
	test_run(50);
	cr_expect_eq(test_count(), 0);
}

Test(queue, rolls_back)
{
	struct message rollback = { .type = MESSAGE_QUEUE_ROLLBACK,
		.fd = -1,
		.queue_rollback = { test_begin() } };

	cr_assert(channel_send(test_session, &rollback));
	test_run(50);
	cr_expect_eq(test_count(), 0);
}

Test(queue, pauses_and_resumes)
{
	cr_expect(test_pause(SUBSYSTEM_MDA, true));
	cr_expect(!test_pause(SUBSYSTEM_MDA, true));
	test_submit(ENVELOPE_MDA);
	test_run(50);
	cr_expect_eq(test_deliveries, 0);
	cr_expect(test_pause(SUBSYSTEM_MDA, false));
	cr_expect(!test_pause(SUBSYSTEM_MDA, false));
	test_run(50);
	cr_expect_eq(test_deliveries, 1);
}

/* How many deliveries of what is there a process begins at once. */
static unsigned
test_at_once(const char *limit)
{
	char config[512];

	snprintf(config, sizeof(config), "%s\n%s", limit, TEST_CONFIG);
	test_stop();
	test_start(config);
	test_run(50);
	return test_deliveries;
}

Test(queue, keeps_to_limits)
{
	test_is_mute = true;
	for (int i = 0; i < 3; i++)
		test_submit(ENVELOPE_MDA);
	cr_expect_eq(test_at_once("scheduler limit max-inflight 1"), 1);
	cr_expect_eq(test_at_once("mda limit max-session 1"), 1);
	cr_expect_eq(test_at_once("mda limit max-session-per-user 2"), 2);
	cr_expect_eq(test_at_once("mda limit max-session 4294967296"), 3);
}

Test(queue, changes_envelopes)
{
	uint64_t first, second;

	cr_expect(test_pause(SUBSYSTEM_MDA, true));
	first = test_submit(ENVELOPE_MDA);
	second = test_submit(ENVELOPE_MDA);
	cr_expect_eq(test_change(CTL_PAUSE, first), 1);
	cr_expect_eq(test_change(CTL_PAUSE, 0), 1);
	cr_expect_eq(test_change(CTL_RESUME, first >> 32 << 32), 1);
	cr_expect_eq(test_change(CTL_REMOVE, second), 1);
	cr_expect_eq(test_change(CTL_REMOVE, second), 0);
	cr_expect_eq(test_list(), 1);
	cr_expect_eq(test_change(CTL_REMOVE, 0), 1);
	test_run(50);
	cr_expect_eq(test_list(), 0);
	cr_expect_eq(test_count(), 0);
}

Test(queue, removes_what_is_in_flight_when_it_comes_back)
{
	uint64_t evpid;

	test_outcome = MDA_TEMPFAIL;
	test_is_mute = true;
	evpid = test_submit(ENVELOPE_MDA);
	test_run(50);
	cr_expect_eq(test_deliveries, 1);
	cr_expect_eq(test_list(), 1);
	cr_expect_not_null(strstr(test_lines[0], "|inflight|"));
	cr_expect_eq(test_change(CTL_REMOVE, evpid), 1);
	cr_expect_eq(test_list(), 1);
	test_answer(test_parent, &test_unanswered, evpid);
	test_run(50);
	cr_expect_eq(test_list(), 0);
	cr_expect_eq(test_count(), 0);
}

Test(queue, shows_contents)
{
	struct message show = { .type = MESSAGE_CTL_SHOW, .fd = -1 };
	char text[ENVELOPE_TEXT_MAX + 1];
	ssize_t len;

	show.ctl_show.evpid = test_submit(ENVELOPE_MTA);
	test_ask(test_control, &show);
	cr_assert(test_is_ok);
	len = read(test_fd, text, ENVELOPE_TEXT_MAX);
	cr_assert_gt(len, 0);
	text[len] = '\0';
	cr_expect_not_null(strstr(text, "dispatcher: out\n"));
	close(test_fd);
	show.ctl_show.is_message = true;
	test_ask(test_control, &show);
	cr_assert(test_is_ok);
	cr_expect_eq(read(test_fd, text, sizeof(text)), 13);
	close(test_fd);
	show.ctl_show.evpid = 0x100000001;
	test_ask(test_control, &show);
	cr_expect(!test_is_ok);
}

Test(queue, does_not_lose_actions_by_oversight)
{
	struct ruleset_use *lacking = compiled_new(TEST_OTHER);
	struct ruleset_use *whole = test_child.ruleset;
	const char *error;

	test_submit(ENVELOPE_MTA);
	test_child.ruleset = lacking;
	error = queue_ops.use_ruleset(&test_child, lacking);
	cr_assert_not_null(error);
	cr_expect_not_null(strstr(error,
	    "1 queued envelopes need action "
	    "\"out\""));
	test_child.is_forced = true;
	cr_expect_null(queue_ops.use_ruleset(&test_child, lacking));
	cr_expect_eq(test_list(), 1);
	cr_expect_not_null(strstr(test_lines[0], "|invalid|"), "%s",
	    test_lines[0]);
	test_child.ruleset = whole;
	cr_expect_null(queue_ops.use_ruleset(&test_child, whole));
	cr_expect_eq(test_list(), 1);
	cr_expect_not_null(strstr(test_lines[0], "|pending|"));
	ruleset_drop(lacking);
}

static void
test_reload(const char *config)
{
	ruleset_drop(test_child.ruleset);
	test_child.ruleset = compiled_new(config);
	cr_expect_null(queue_ops.use_ruleset(&test_child, test_child.ruleset));
}

Test(queue, holds_what_a_reload_caught_in_flight)
{
	uint64_t evpid;

	test_outcome = MDA_TEMPFAIL;
	test_is_mute = true;
	evpid = test_submit(ENVELOPE_MDA);
	test_run(50);
	test_child.is_forced = true;
	test_reload(TEST_OTHER);
	test_answer(test_parent, &test_unanswered, evpid);
	test_run(50);
	cr_expect_eq(test_list(), 1);
	cr_expect_not_null(strstr(test_lines[0], "|mda|hold|"), "%s",
	    test_lines[0]);
	test_reload(TEST_CONFIG);
	cr_expect_eq(test_list(), 1);
	cr_expect_null(strstr(test_lines[0], "hold"), "%s", test_lines[0]);
}

Test(queue, says_what_a_reload_does_not_change)
{
	cr_redirect_stderr();
	test_reload(TEST_CONFIG);
	log_info("nothing yet");
	test_reload("queue compression\n" TEST_CONFIG);
	cr_assert_stderr_eq_str(
	    "nothing yet\nwarn: queue: compression and encryption stay as "
	    "they were at the start: restart smtpd to change them\n");
}

Test(queue, says_that_a_reload_does_not_change_the_key)
{
	cr_redirect_stderr();
	test_stop();
	test_start(TEST_ENCRYPTED(TEST_KEY));
	test_reload(TEST_ENCRYPTED(TEST_KEY));
	log_info("nothing yet");
	test_reload(TEST_ENCRYPTED("another 89abcdef0123456789abcdef"));
	cr_assert_stderr_eq_str(
	    "nothing yet\nwarn: queue: compression and encryption stay as "
	    "they were at the start: restart smtpd to change them\n");
}

Test(queue, ends_in_the_middle)
{
	struct message commit = { .type = MESSAGE_QUEUE_COMMIT, .fd = -1 };
	uint32_t msgid;

	test_is_mute = true;
	test_submit(ENVELOPE_MDA);
	test_run(50);
	test_begin();
	msgid = test_begin();
	test_put((uint64_t)msgid << 32 | 1, ENVELOPE_MDA);
	commit.queue_commit = (struct message_queue_commit){ msgid, 1, 13 };
	cr_assert(channel_send(test_session, &commit));
	event_base_loop(test_child.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	test_stop();
	test_start(TEST_CONFIG);
	test_is_mute = false;
	test_run(200);
	cr_expect_geq(test_deliveries, 1);
	cr_expect_eq(test_list(), 0);
	cr_expect_eq(test_count(), 0);
}
