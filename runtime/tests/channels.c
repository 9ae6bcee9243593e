/*
 * Both ends of a channel.
 */
#include "runtime/tests/channels.h"

#include <criterion/criterion.h>
#include <sys/socket.h>

static void
channels_on_close(void *arg, struct channel *channel, const char *reason)
{
	(void)arg;
	(void)channel;
	cr_expect_fail("closed: %s", reason);
}

static struct channel *
channels_new(struct event_base *base, int fd, struct channels_end end)
{
	struct channel_handlers handlers = { end.arg, end.on_message,
		channels_on_close };
	struct channel *channel = channel_new(base, fd, &handlers);

	cr_assert_not_null(channel);
	return channel;
}

void
channels_connect(struct event_base *base, struct channels_end a,
    struct channel **a_r, struct channels_end b, struct channel **b_r)
{
	int ends[2];

	cr_assert_eq(socketpair(AF_UNIX,
			 SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			 ends),
	    0);
	*a_r = channels_new(base, ends[0], a);
	*b_r = channels_new(base, ends[1], b);
}
