/*
 * Channels: order, answers, descriptors, and peers that break the rules.
 */
#include "runtime/proc/channel.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/tests/descriptors.h"

enum { TEST_SEEN_MAX = 100000 };

/* What one side was told. */
struct test_side {
	struct channel *channel;
	uint32_t seen;
	uint32_t levels[8];
	int fd;
	bool replies;
	bool frees;
	uint32_t closed;
	char reason[64];
};

static struct event_base *test_base;
static struct test_side test_a, test_b;
static int test_raw = -1; /* instead of side b */

static void
test_on_message(void *arg, struct channel *channel, struct message *message)
{
	struct test_side *side = arg;
	struct message answer = { .type = MESSAGE_RESULT, .fd = -1 };

	if (message->type == MESSAGE_LOG_LEVEL)
		side->levels[side->seen % 8] = message->log_level.level;
	side->seen++;
	if (message->fd != -1)
		side->fd = message->fd;
	if (side->frees) {
		channel_free(channel);
		side->channel = NULL;
		return;
	}
	if (!side->replies)
		return;
	answer.result.is_ok = true;
	answer.result.error = STR_LIT("of it");
	cr_expect(channel_reply(channel, message, &answer));
}

static void
test_on_close(void *arg, struct channel *channel, const char *reason)
{
	struct test_side *side = arg;

	cr_expect_eq(side->channel, channel);
	side->closed++;
	snprintf(side->reason, sizeof(side->reason), "%s", reason);
}

static struct channel *
test_side_new(struct test_side *side, int fd)
{
	struct channel_handlers handlers = { side, test_on_message,
		test_on_close };

	side->fd = -1;
	side->channel = channel_new(test_base, fd, &handlers);
	cr_assert_not_null(side->channel);
	return side->channel;
}

static void
test_init(void)
{
	int fds[2];

	test_base = event_base_new();
	cr_assert_eq(socketpair(AF_UNIX,
			 SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	    0);
	test_side_new(&test_a, fds[0]);
	test_side_new(&test_b, fds[1]);
}

/* Side a against a socket that says what it wants. */
static void
test_init_raw(void)
{
	int fds[2];

	test_base = event_base_new();
	cr_assert_eq(socketpair(AF_UNIX,
			 SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
	    0);
	test_side_new(&test_a, fds[0]);
	test_raw = fds[1];
}

static void
test_fini(void)
{
	channel_free(test_a.channel);
	channel_free(test_b.channel);
	if (test_raw != -1)
		close(test_raw);
	event_base_free(test_base);
}

static void
test_run(void)
{
	for (unsigned i = 0; i < 1000; i++)
		event_base_loop(test_base, EVLOOP_NONBLOCK);
}

static bool
test_send_level(struct channel *channel, uint32_t level, int fd)
{
	struct message message = { .type = MESSAGE_LOG_LEVEL, .fd = fd };

	message.log_level.level = level;
	return channel_send(channel, &message);
}

static uint32_t test_answers, test_lost;

static void
test_on_answer(void *arg, struct message *message)
{
	if (message == NULL) {
		test_lost++;
		return;
	}
	cr_expect_eq(message->type, MESSAGE_RESULT);
	cr_expect(str_is(message->result.error, "of it"));
	test_answers++;
	if (message->fd != -1)
		close(message->fd);
	if (arg != NULL)
		*(bool *)arg = true;
}

static uint32_t
test_ask(struct channel *channel, bool *done)
{
	struct message message = { .type = MESSAGE_LOG_LEVEL, .fd = -1 };

	return channel_ask(channel, &message, test_on_answer, done);
}

TestSuite(channel, .init = test_init, .fini = test_fini, .timeout = 30);

Test(channel, keeps_order)
{
	for (uint32_t i = 0; i < 8; i++)
		cr_assert(test_send_level(test_a.channel, i, -1));
	test_run();
	cr_assert_eq(test_b.seen, 8);
	for (uint32_t i = 0; i < 8; i++)
		cr_expect_eq(test_b.levels[i], i);
}

Test(channel, waits_while_it_is_paused)
{
	channel_pause(test_b.channel);
	for (uint32_t i = 0; i < 8; i++)
		cr_assert(test_send_level(test_a.channel, i, -1));
	channel_free(test_a.channel);
	test_a.channel = NULL;
	test_run();
	cr_expect_eq(test_b.seen, 0);
	cr_expect_eq(test_b.closed, 0);
	channel_resume(test_b.channel);
	test_run();
	cr_expect_eq(test_b.seen, 8);
	cr_expect_eq(test_b.closed, 1);
}

Test(channel, queues_what_the_socket_does_not_take)
{
	enum { COUNT = 5000 };

	for (uint32_t i = 0; i < COUNT; i++)
		cr_assert(test_send_level(test_a.channel, i, -1));
	test_run();
	cr_expect_eq(test_b.seen, COUNT);
	cr_expect_eq(test_b.levels[(COUNT - 1) % 8], COUNT - 1);
	cr_expect_eq(test_a.closed + test_b.closed, 0);
}

Test(channel, breaks_when_too_much_is_queued)
{
	static char text[100000];
	struct message message = { .type = MESSAGE_RESULT, .fd = -1 };
	uint32_t sent = 0;

	message.result.error = (struct str){ text, sizeof(text) };
	while (sent < 1000 && channel_send(test_a.channel, &message))
		sent++;
	cr_expect_lt(sent, CHANNEL_QUEUE_MAX / sizeof(text) + 100);
	cr_expect_eq(test_a.closed, 0, "told from inside");
	test_run();
	cr_expect_eq(test_a.closed, 1);
	cr_expect_not(channel_send(test_a.channel, &message));
}

Test(channel, carries_descriptors)
{
	int fds[2];
	char byte;

	cr_assert_eq(pipe(fds), 0);
	cr_assert(test_send_level(test_a.channel, 1, fds[0]));
	cr_expect_eq(fcntl(fds[0], F_GETFD), -1, "still open here");
	test_run();
	cr_assert_neq(test_b.fd, -1);
	cr_expect_eq(fcntl(test_b.fd, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(write(fds[1], "x", 1), 1);
	cr_expect_eq(read(test_b.fd, &byte, 1), 1);
	close(fds[1]);
	close(test_b.fd);
}

Test(channel, answers_both_ways_at_once)
{
	bool done[2] = { false, false };

	test_a.replies = test_b.replies = true;
	cr_assert_neq(test_ask(test_a.channel, &done[0]), 0);
	cr_assert_neq(test_ask(test_b.channel, &done[1]), 0);
	test_run();
	cr_expect(done[0] && done[1]);
	cr_expect_eq(test_answers, 2);
}

Test(channel, uses_numbers_again)
{
	test_b.replies = true;
	for (uint32_t i = 0; i < 10000; i++) {
		cr_assert_neq(test_ask(test_a.channel, NULL), 0);
		event_base_loop(test_base, EVLOOP_ONCE);
		event_base_loop(test_base, EVLOOP_NONBLOCK);
	}
	test_run();
	cr_expect_eq(test_answers, 10000);
	cr_expect_eq(test_a.closed, 0);
}

Test(channel, forgets)
{
	uint32_t number = test_ask(test_a.channel, NULL);

	channel_forget(test_a.channel, number);
	channel_forget(test_a.channel, number + 1);
	test_b.replies = true;
	test_run();
	cr_expect_eq(test_answers, 0);
	cr_expect_eq(test_a.closed, 0);
}

Test(channel, tells_who_waits_that_the_peer_is_gone)
{
	cr_assert_neq(test_ask(test_a.channel, NULL), 0);
	cr_assert_neq(test_ask(test_a.channel, NULL), 0);
	channel_free(test_b.channel);
	test_b.channel = NULL;
	test_run();
	cr_expect_eq(test_lost, 2);
	cr_expect_eq(test_a.closed, 1);
	cr_expect_str_eq(test_a.reason, "closed");
	cr_expect_eq(test_ask(test_a.channel, NULL), 0);
}

/* What a peer said before it left counts, whatever became of our own. */
Test(channel, hears_a_peer_that_left_without_reading)
{
	cr_assert(test_send_level(test_a.channel, 1, -1));
	for (uint32_t i = 0; i < 100; i++)
		cr_assert(test_send_level(test_b.channel, i, -1));
	channel_free(test_b.channel);
	test_b.channel = NULL;
	test_run();
	cr_expect_eq(test_a.seen, 100);
	cr_expect_eq(test_a.closed, 1);
	cr_expect_str_eq(test_a.reason, "closed");
}

Test(channel, hears_a_peer_that_left_before_it_was_written_to)
{
	for (uint32_t i = 0; i < 100; i++)
		cr_assert(test_send_level(test_b.channel, i, -1));
	channel_free(test_b.channel);
	test_b.channel = NULL;
	cr_expect_not(test_send_level(test_a.channel, 1, -1));
	test_run();
	cr_expect_eq(test_a.seen, 100);
	cr_expect_eq(test_a.closed, 1);
	cr_expect_str_eq(test_a.reason, "cannot be written");
}

Test(channel, is_freed_inside_a_call)
{
	test_b.frees = true;
	cr_assert(test_send_level(test_a.channel, 1, -1));
	cr_assert(test_send_level(test_a.channel, 2, -1));
	test_run();
	cr_expect_eq(test_b.seen, 1);
	cr_expect_eq(test_a.closed, 1);
}

/* Peers that break the rules. */

static void
test_raw_answer(struct message message, uint32_t number)
{
	uint8_t buf[64];
	size_t size;

	message.number = number | 0x80000000u;
	size = message_write(&message, buf, sizeof(buf));
	cr_assert_eq(send(test_raw, buf, size, 0), (ssize_t)size);
}

#define TEST_RAW(name) \
	Test(channel_raw, name, .init = test_init_raw, .fini = test_fini, \
	    .timeout = 30)

TEST_RAW(garbage_breaks)
{
	cr_assert_eq(send(test_raw, "garbage", 7, 0), 7);
	test_run();
	cr_expect_eq(test_a.closed, 1);
	cr_expect_eq(test_a.seen, 0);
	cr_expect_str_eq(test_a.reason, "sent what is no message");
}

TEST_RAW(answers_to_no_question_break)
{
	test_raw_answer((struct message){ .type = MESSAGE_RESULT }, 1);
	test_run();
	cr_expect_eq(test_a.closed, 1);
}

TEST_RAW(second_answers_break)
{
	uint32_t number = test_ask(test_a.channel, NULL);
	struct message message = { .type = MESSAGE_RESULT, .fd = -1 };

	message.result.error = STR_LIT("of it");
	for (unsigned i = 0; i < 2; i++)
		test_raw_answer(message, number);
	test_run();
	cr_expect_eq(test_answers, 1);
	cr_expect_eq(test_a.closed, 1);
}

TEST_RAW(answers_of_another_type_break)
{
	uint32_t number = test_ask(test_a.channel, NULL);

	test_raw_answer((struct message){ .type = MESSAGE_READY }, number);
	test_run();
	cr_expect_eq(test_answers, 0);
	cr_expect_eq(test_lost, 1);
	cr_expect_eq(test_a.closed, 1);
}

static void
test_send_fds(unsigned count)
{
	struct message message = { .type = MESSAGE_RESULT };
	uint8_t buf[64];

	descriptors_send(test_raw, buf,
	    message_write(&message, buf, sizeof(buf)), count);
}

TEST_RAW(many_descriptors_break_and_are_closed)
{
	static const unsigned counts[] = { 2, 4, 5, DESCRIPTORS_MAX };
	int next;

	for (size_t i = 0; i < 4; i++) {
		test_fini();
		test_init_raw();
		test_a.closed = 0;
		next = descriptors_next();
		test_send_fds(counts[i]);
		test_run();
		cr_expect_eq(test_a.closed, 1);
		cr_expect_eq(test_a.seen, 0);
		cr_expect_eq(descriptors_next(), next, "left open");
	}
}
