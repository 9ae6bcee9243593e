/*
 * One end of a socket pair between two processes of the daemon, in an event
 * loop. Sockets keep message boundaries (SOCK_SEQPACKET). What cannot be
 * sent at once is queued, up to a limit; a peer that breaks the protocol or
 * is gone ends in on_close, once. Never blocks, never exits.
 */
#ifndef RUNTIME_PROC_CHANNEL_H
#define RUNTIME_PROC_CHANNEL_H

#include <event2/event.h>

#include "runtime/proc/message.h"

struct channel;

/* Of a message that is no answer; may send. message->fd is the receiver's. */
typedef void channel_message_fn(void *arg, struct channel *channel,
    struct message *message);
/*
 * Of the answer to a request, which has the type that message_answer says;
 * NULL when the peer is gone. CTL_LISTED comes until the last.
 */
typedef void channel_answer_fn(void *arg, struct message *message);
typedef void channel_close_fn(void *arg, struct channel *channel,
    const char *reason);

struct channel_handlers {
	void *arg;
	channel_message_fn *on_message;
	channel_close_fn *on_close;
};

/* Bytes that may wait to be sent; beyond them the channel closes. */
#define CHANNEL_QUEUE_MAX (64 * 1024 * 1024)

/* Takes fd, a non-blocking SOCK_SEQPACKET socket. NULL: no memory. */
struct channel *channel_new(struct event_base *base, int fd,
    const struct channel_handlers *handlers);
/* Calls nothing back; may be called from a call-back of the channel. */
void channel_free(struct channel *channel);

/* Leaves what comes where it is, the peer's end too, until resumed. */
void channel_pause(struct channel *channel);
void channel_resume(struct channel *channel);

/*
 * Sends; takes message->fd, closed in any case. False: broken, of which
 * on_close tells from the loop, or does not fit into MESSAGE_MAX.
 */
bool channel_send(struct channel *channel, struct message *message);

/*
 * Sends a request under a number of its own, which is returned; 0 where
 * channel_send would be false. answer is called once, unless forgotten,
 * and never from inside.
 */
uint32_t channel_ask(struct channel *channel, struct message *message,
    channel_answer_fn *answer, void *arg);

/* The answer, when it comes, is dropped and its descriptor closed. */
void channel_forget(struct channel *channel, uint32_t number);

/* Sends an answer to request: its number is set. */
bool channel_reply(struct channel *channel, const struct message *request,
    struct message *answer);

#endif
