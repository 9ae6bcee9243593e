/*
 * Deliveries from the queue's request to the parent's answer, with another
 * end of the channels that plays queue and lookup.
 */
#include "runtime/mda/mda_parent.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/mda/mda.h"
#include "runtime/queue/envelope.h"
#include "runtime/tests/channels.h"
#include "runtime/tests/compiled.h"
#include "runtime/tests/scratch.h"

static char test_root[] = "/tmp/test_mda_parent.XXXXXX";
static struct event_base *test_base;
static struct workers *test_workers;
static struct mda_parent *test_parent;
static struct mda_parent_config test_config;
static struct ruleset_use *test_use;

/* The ends of queue and lookup, and those of the parent. */
static struct channel *test_queue, *test_lookup;
static struct channel *test_of_queue, *test_of_lookup;

static enum answer test_user_answer;
static uid_t test_uid;
static const char *test_user;

static unsigned test_answers;
static struct mda_result test_result;
static uint64_t test_evpid;

/* The parent. */
static void
test_on_request(void *arg, struct channel *channel, struct message *message)
{
	(void)arg;
	cr_assert_eq(message->type, MESSAGE_DELIVER);
	mda_parent_deliver(test_parent, channel, message, test_use);
}

/* The lookup process. */
static void
test_on_userinfo(void *arg, struct channel *channel, struct message *message)
{
	struct message answer = {
		.type = MESSAGE_USERINFO_ANSWER,
		.fd = -1,
		.userinfo_answer = { (uint32_t)test_user_answer,
		    message->userinfo.user, test_uid, test_uid,
		    str_from(test_root) },
	};

	(void)arg;
	cr_expect_eq(message->type, MESSAGE_USERINFO);
	channel_reply(channel, message, &answer);
}

static void
test_on_child(evutil_socket_t fd, short what, void *arg)
{
	int status;
	pid_t pid;

	(void)fd;
	(void)what;
	(void)arg;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		workers_reap(test_workers, pid, status);
}

static void
test_init(void)
{
	struct event *child;

	test_uid = geteuid() == 0 ? 12345 : geteuid();
	cr_assert_not_null(mkdtemp(test_root));
	cr_assert_eq(chown(test_root, test_uid, (gid_t)-1), 0);
	test_base = event_base_new();
	child = evsignal_new(test_base, SIGCHLD, test_on_child, NULL);
	cr_assert_eq(evsignal_add(child, NULL), 0);
	test_workers = workers_new(test_base);
	channels_connect(test_base,
	    (struct channels_end){ NULL, test_on_request }, &test_queue,
	    (struct channels_end){ NULL, test_on_request }, &test_of_queue);
	channels_connect(test_base,
	    (struct channels_end){ NULL, test_on_userinfo }, &test_lookup,
	    (struct channels_end){ NULL, test_on_userinfo }, &test_of_lookup);
	test_config = (struct mda_parent_config){
		.workers = test_workers,
		.lookup = test_of_lookup,
		.libexec = "/nonexistent",
		.mailboxes = "/nonexistent",
		.seconds = 10,
	};
	test_parent = mda_parent_new(&test_config);
	test_user_answer = ANSWER_YES;
	test_user = "joe";
}

static void
test_fini(void)
{
	scratch_delete(test_root);
}

TestSuite(mda_parent, .init = test_init, .fini = test_fini, .timeout = 60);

static void
test_on_delivered(void *arg, struct message *message)
{
	(void)arg;
	cr_assert_not_null(message);
	cr_assert_eq(message->type, MESSAGE_DELIVERED);
	test_answers++;
	test_evpid = message->delivered.evpid;
	mda_result_set(&test_result,
	    (enum mda_outcome)message->delivered.outcome,
	    message->delivered.status, "%.*s",
	    STR_ARG(message->delivered.output));
	event_base_loopbreak(test_base);
}

static void
test_use_config(const char *action)
{
	char config[1024];

	snprintf(config, sizeof(config),
	    "table users { joe = 1:1:/x }\naction \"a\" %s userbase <users>\n"
	    "match from any for any action \"a\"\n",
	    action);
	test_use = compiled_new(config);
}

static struct message
test_request(char *text, size_t room)
{
	struct envelope envelope = {
		.version = ENVELOPE_VERSION,
		.type = ENVELOPE_MDA,
		.smtpname = STR_LIT("mx"),
		.helo = STR_LIT("h"),
		.hostname = STR_LIT("h"),
		.sockaddr = STR_LIT("local"),
		.dispatcher = STR_LIT("a"),
		.sender = STR_LIT("a@b.example"),
		.rcpt = STR_LIT("joe@c.example"),
		.dest = STR_LIT("joe@c.example"),
		.mda_user = STR_LIT("joe"),
	};
	size_t len = envelope_write(&envelope, text, room);
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	cr_assert_gt(len, 0);
	cr_assert_eq(write(fd, "Subject: x\n\n", 12), 12);
	return (struct message){
		.type = MESSAGE_DELIVER,
		.fd = fd,
		.deliver = { 0x1234567890abcdef, 1,
		    blob_find_action(&test_use->blob, STR_LIT("a")),
		    str_from(test_user), { text, (uint32_t)len } },
	};
}

static void
test_deliver(void)
{
	char text[ENVELOPE_TEXT_MAX];
	struct message message = test_request(text, sizeof(text));

	test_answers = 0;
	cr_assert_neq(channel_ask(test_queue, &message, test_on_delivered,
			  NULL),
	    0u);
	event_base_dispatch(test_base);
	cr_expect_eq(test_answers, 1u);
	cr_expect_eq(test_evpid, 0x1234567890abcdef);
}

static void
test_expect(enum mda_outcome outcome, uint32_t status, const char *text)
{
	cr_expect_eq(test_result.outcome, outcome, "outcome %d",
	    (int)test_result.outcome);
	cr_expect_eq(test_result.status, status, "status %u",
	    test_result.status);
	cr_expect_str_eq(test_result.text, text, "%s", test_result.text);
	cr_expect_eq(workers_count(test_workers), 0u);
}

Test(mda_parent, delivers)
{
	char path[PATH_MAX];

	test_use_config("maildir");
	test_deliver();
	test_expect(MDA_DELIVERED, 0, "");
	snprintf(path, sizeof(path), "%s/Maildir/new", test_root);
	cr_expect_eq(access(path, F_OK), 0);
}

/* The ruleset is held as long as a delivery needs it, and no longer. */
Test(mda_parent, holds_the_ruleset)
{
	test_use_config("maildir");
	test_deliver();
	cr_expect_eq(test_use->uses, 1u);
}

Test(mda_parent, user_lookup)
{
	test_use_config("maildir");
	test_user_answer = ANSWER_FAILED;
	test_deliver();
	test_expect(MDA_USER_TEMPFAIL, 0, "Temporary failure in user lookup");
	test_user_answer = ANSWER_NO;
	test_deliver();
	test_expect(MDA_USER_PERMFAIL, 0, "Permanent failure in user lookup");
}

Test(mda_parent, delivery_user)
{
	test_use_config("maildir user nosuchuser");
	test_deliver();
	test_expect(MDA_PERMFAIL, EX_NOUSER,
	    "delivery user 'nosuchuser' does not exist");
}

/* What lookup says of root is not believed. */
Test(mda_parent, root)
{
	test_use_config("maildir");
	test_uid = 0;
	test_deliver();
	test_expect(MDA_PERMFAIL, EX_NOPERM,
	    "MDA not allowed to deliver to: joe");
	test_uid = (uid_t)-1;
	test_deliver();
	test_expect(MDA_USER_TEMPFAIL, 0, "Temporary failure in user lookup");
}

Test(mda_parent, action_that_delivers_nothing)
{
	char text[ENVELOPE_TEXT_MAX];
	struct message message;

	test_use_config("maildir");
	message = test_request(text, sizeof(text));
	message.deliver.action = 1000;
	cr_assert_neq(channel_ask(test_queue, &message, test_on_delivered,
			  NULL),
	    0u);
	event_base_dispatch(test_base);
	test_expect(MDA_TEMPFAIL, EX_CONFIG, "The action delivers nothing");
}

/* What a queue process that was taken over might send. */
Test(mda_parent, hostile_requests)
{
	static char endless[4000];
	const struct str users[] = { { "", 0 }, { "joe\0root", 8 },
		{ "../joe", 6 }, { "\n", 1 }, { "\xff", 1 },
		{ endless, sizeof(endless) } };
	const struct str envelopes[] = { { "", 0 }, { "\0", 1 },
		{ "version: 3\n", 11 }, { endless, sizeof(endless) } };
	char text[ENVELOPE_TEXT_MAX], hole[64];
	struct message message;

	snprintf(hole, sizeof(hole), "%s/hole", test_root);
	memset(endless, 'a', sizeof(endless));
	test_use_config("mda \"touch hole\"");
	for (size_t i = 0; i < 10; i++) {
		message = test_request(text, sizeof(text));
		test_user_answer = i < 6 ? ANSWER_NO : ANSWER_YES;
		if (i < 6)
			message.deliver.user = users[i];
		else
			message.deliver.envelope = envelopes[i - 6];
		test_result.outcome = MDA_DELIVERED;
		cr_assert_neq(channel_ask(test_queue, &message,
				  test_on_delivered, NULL),
		    0u);
		event_base_dispatch(test_base);
		cr_expect_neq(test_result.outcome, MDA_DELIVERED, "%zu", i);
		cr_expect_eq(access(hole, F_OK), -1, "%zu", i);
	}
}

Test(mda_parent, takes_too_long)
{
	test_use_config("mda \"trap '' ALRM; sleep 30\"");
	test_config.seconds = 1;
	mda_parent_free(test_parent);
	test_parent = mda_parent_new(&test_config);
	test_deliver();
	test_expect(MDA_TEMPFAIL, 0, "terminated; timeout");
}

static const char *
test_libexec(void)
{
	static char path[PATH_MAX];
	const char *build = getenv("BUILD");

	snprintf(path, sizeof(path), "%s/%s/libexec", getenv("PWD"),
	    build != NULL ? build : "build");
	return path;
}

/* The command kills the process that runs it. */
Test(mda_parent, killed)
{
	test_use_config("mda \"kill -9 $PPID\"");
	test_config.libexec = test_libexec();
	mda_parent_free(test_parent);
	test_parent = mda_parent_new(&test_config);
	test_deliver();
	test_expect(MDA_TEMPFAIL, 0, "terminated; signal 9");
}

static unsigned
test_count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

Test(mda_parent, leaks_no_descriptor)
{
	unsigned before;

	test_use_config("maildir");
	test_deliver();
	before = test_count_descriptors();
	for (unsigned i = 0; i < 20; i++)
		test_deliver();
	cr_expect_eq(test_count_descriptors(), before);
}

/* What has not begun is neither done nor answered, as if never asked for. */
Test(mda_parent, closed)
{
	char text[ENVELOPE_TEXT_MAX];
	struct message message;
	unsigned before;

	test_use_config("maildir");
	test_deliver();
	before = test_count_descriptors();
	mda_parent_close(test_parent);
	message = test_request(text, sizeof(text));
	test_answers = 0;
	cr_assert_neq(channel_ask(test_queue, &message, test_on_delivered,
			  NULL),
	    0u);
	for (unsigned i = 0; i < 1000; i++)
		event_base_loop(test_base, EVLOOP_NONBLOCK);
	cr_expect_eq(test_answers, 0u);
	cr_expect_eq(workers_count(test_workers), 0u);
	cr_expect_eq(test_count_descriptors(), before);
}
