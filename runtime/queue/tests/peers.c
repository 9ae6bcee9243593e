/*
 * Other ends of the queue process's channels.
 */
#include "runtime/queue/tests/peers.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/tests/channels.h"
#include "runtime/tests/compiled.h"
#include "runtime/tests/scratch.h"

enum { PEERS_PATIENCE = 200 }; /* steps of 50 ms */

struct peers peers;

static void
peers_on_nothing(void *arg, struct channel *channel, struct message *message)
{
	(void)arg;
	(void)channel;
	cr_expect_fail("%s came", message_name(message->type));
}

void
peers_answer(struct channel *channel, const struct message *request,
    uint64_t evpid)
{
	struct message answer = {
		.type = MESSAGE_DELIVERED,
		.fd = -1,
		.delivered = { evpid, (uint32_t)peers.outcome, 0,
		    STR_LIT("some reason") },
	};

	channel_reply(channel, request, &answer);
}

static void
peers_on_deliver(void *arg, struct channel *channel, struct message *message)
{
	(void)arg;
	cr_assert_eq(message->type, MESSAGE_DELIVER);
	cr_assert_neq(message->fd, -1);
	cr_expect(str_is(message->deliver.user, "joe"));
	close(message->fd);
	cr_assert_lt(peers.deliveries, PEERS_DELIVERIES);
	peers.delivered[peers.deliveries++] = message->deliver.evpid;
	if (!peers.is_mute)
		peers_answer(channel, message, message->deliver.evpid);
	peers.unanswered.type = message->type;
	peers.unanswered.number = message->number;
}

/* Of the queue process, and our end. */
static void
peers_connect(struct channel **queues, channel_message_fn *on_message,
    struct channel **ours)
{
	channels_connect(peers.child.base,
	    (struct channels_end){ &peers.child, queue_ops.on_message }, queues,
	    (struct channels_end){ NULL, on_message }, ours);
}

void
peers_start(const char *config)
{
	const char *error;

	memset(&peers.child, 0, sizeof(peers.child));
	peers.child.ops = &queue_ops;
	peers.child.base = event_base_new();
	peers.child.stats = &peers.stats;
	peers.child.spool = str_from(peers.spool);
	peers.child.queue_key = STR_LIT(PEERS_KEY);
	peers.child.is_ordinary = true;
	peers.child.ruleset = compiled_new(config);
	peers.child.sessions = peers.sessions;
	peers.child.session_count = 1;
	peers_connect(&peers.child.parent, peers_on_deliver, &peers.parent);
	peers_connect(&peers.sessions[0], peers_on_nothing, &peers.session);
	peers_connect(&peers.child.peers[PROC_CONTROL], peers_on_nothing,
	    &peers.control);
	error = queue_ops.init(&peers.child);
	cr_assert_null(error, "%s", error);
	error = queue_ops.use_ruleset(&peers.child, peers.child.ruleset);
	cr_assert_null(error, "%s", error);
	peers.deliveries = 0;
}

void
peers_init(void)
{
	snprintf(peers.spool, sizeof(peers.spool), "/tmp/test_queue.XXXXXX");
	cr_assert_not_null(mkdtemp(peers.spool));
	peers.outcome = MDA_DELIVERED;
	peers_start(PEERS_CONFIG);
}

void
peers_stop(void)
{
	channel_free(peers.child.parent);
	channel_free(peers.child.peers[PROC_CONTROL]);
	channel_free(peers.sessions[0]);
	queue_ops.fini(&peers.child);
	channel_free(peers.parent);
	channel_free(peers.session);
	channel_free(peers.control);
	ruleset_drop(peers.child.ruleset);
	event_base_free(peers.child.base);
}

void
peers_fini(void)
{
	peers_stop();
	scratch_delete(peers.spool);
}

void
peers_run(unsigned milliseconds)
{
	struct timeval time = { 0, (suseconds_t)milliseconds * 1000 };

	event_base_loopexit(peers.child.base, &time);
	event_base_dispatch(peers.child.base);
}

static void
peers_on_answer(void *arg, struct message *message)
{
	(void)arg;
	cr_assert_not_null(message);
	peers.fd = message->fd;
	if (message->type == MESSAGE_QUEUE_BEGUN) {
		peers.is_ok = message->queue_begun.is_ok;
		peers.number = message->queue_begun.msgid;
	} else if (message->type == MESSAGE_RESULT) {
		peers.is_ok = message->result.is_ok;
	} else if (message->type == MESSAGE_CTL_CHANGED) {
		peers.number = message->ctl_changed.count;
	} else if (message->type == MESSAGE_CTL_LISTED &&
	    !message->ctl_listed.is_last) {
		cr_assert_lt(peers.line_count, PEERS_LINES);
		snprintf(peers.lines[peers.line_count++],
		    sizeof(peers.lines[0]), "%.*s",
		    STR_ARG(message->ctl_listed.line));
		return;
	}
	peers.answers++;
	event_base_loopbreak(peers.child.base);
}

void
peers_ask(struct channel *channel, struct message *message)
{
	unsigned before = peers.answers;

	cr_assert_neq(channel_ask(channel, message, peers_on_answer, NULL), 0);
	while (peers.answers == before)
		event_base_loop(peers.child.base, EVLOOP_ONCE);
}

uint32_t
peers_begin(void)
{
	struct message begin = { .type = MESSAGE_QUEUE_BEGIN, .fd = -1 };

	peers_ask(peers.session, &begin);
	cr_assert(peers.is_ok);
	cr_assert_eq(write(peers.fd, "Received: x\n\n", 13), 13);
	close(peers.fd);
	return peers.number;
}

void
peers_put(uint64_t evpid, enum envelope_type type)
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
	cr_assert(channel_send(peers.session, &message));
}

bool
peers_commit(uint32_t msgid, uint32_t count, uint64_t size)
{
	struct message commit = { .type = MESSAGE_QUEUE_COMMIT,
		.fd = -1,
		.queue_commit = { msgid, count, size } };

	peers_ask(peers.session, &commit);
	return peers.is_ok;
}

uint64_t
peers_submit(enum envelope_type type)
{
	uint32_t msgid = peers_begin();
	uint64_t evpid = (uint64_t)msgid << 32 | 7;

	peers_put(evpid, type);
	cr_assert(peers_commit(msgid, 1, 13));
	return evpid;
}

unsigned
peers_list(void)
{
	struct message list = { .type = MESSAGE_CTL_LIST, .fd = -1 };

	peers.line_count = 0;
	peers_ask(peers.control, &list);
	return peers.line_count;
}

uint32_t
peers_change(enum ctl_change change, uint64_t evpid)
{
	struct message message = { .type = MESSAGE_CTL_CHANGE,
		.fd = -1,
		.ctl_change = { (uint32_t)change, evpid } };

	peers_ask(peers.control, &message);
	return peers.number;
}

bool
peers_pause(unsigned subsystem, bool is_paused)
{
	struct message message = { .type = MESSAGE_PAUSE,
		.fd = -1,
		.pause = { subsystem, is_paused } };

	peers_ask(peers.control, &message);
	return peers.is_ok;
}

/* Regular files below the spool. */
static unsigned peers_files;

static int
peers_count_file(const char *path, const struct stat *st, int kind,
    struct FTW *ftw)
{
	(void)path;
	(void)st;
	(void)ftw;
	peers_files += kind == FTW_F;
	return 0;
}

static unsigned
peers_count(void)
{
	peers_files = 0;
	nftw(peers.spool, peers_count_file, 16, FTW_PHYS);
	return peers_files;
}

bool
peers_comes_to(unsigned files)
{
	for (int i = 0; peers_count() != files && i < PEERS_PATIENCE; i++)
		peers_run(50);
	return peers_count() == files;
}

bool
peers_delivers(unsigned deliveries)
{
	for (int i = 0; peers.deliveries < deliveries && i < PEERS_PATIENCE;
	     i++)
		peers_run(50);
	return peers.deliveries == deliveries;
}

static bool
peers_has_line(const char *text)
{
	return peers_list() == 1 && strstr(peers.lines[0], text) != NULL;
}

bool
peers_lists(const char *text)
{
	for (int i = 0; !peers_has_line(text) && i < PEERS_PATIENCE; i++)
		peers_run(50);
	return peers_has_line(text);
}

void
peers_reload(const char *config)
{
	ruleset_drop(peers.child.ruleset);
	peers.child.ruleset = compiled_new(config);
	cr_expect_null(queue_ops.use_ruleset(&peers.child,
	    peers.child.ruleset));
}
