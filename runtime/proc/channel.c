/*
 * A channel. A request has a number below CHANNEL_ANSWER, its answer the
 * same with that bit, so both sides may ask at once. A number is a slot of
 * the table of open requests and how often that slot was used before: an
 * answer that comes too late, or was never asked for, finds nobody.
 *
 *     31      30 ... 20  19 ... 0
 *     answer  use        slot, from 1
 *
 * Nothing is called back from inside channel_send: a channel that breaks
 * there says so from the event loop.
 */
#include "runtime/proc/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/fdpass.h"

#define CHANNEL_ANSWER 0x80000000u

enum {
	CHANNEL_SLOT_BITS = 20,
	CHANNEL_SLOTS_MAX = (1 << CHANNEL_SLOT_BITS) - 1,
	CHANNEL_USE_MASK = (1 << (31 - CHANNEL_SLOT_BITS)) - 1,
	CHANNEL_BURST = 64,    /* messages read before others have a turn */
	CHANNEL_RETRY_MS = 10, /* when the kernel has no room */
};

/* One that waits to be sent. */
struct channel_packet {
	struct channel_packet *next;
	int fd;
	size_t size;
	uint8_t bytes[];
};

/* A request that waits for its answer; or free, in a list. */
struct channel_slot {
	channel_answer_fn *answer;
	void *arg;
	enum message_type expected;
	uint32_t use;
	uint32_t next_free;
	bool is_open;
	bool is_forgotten;
};

struct channel {
	struct event_base *base;
	int fd;
	struct channel_handlers handlers;
	struct event *readable;
	struct event *writable;
	struct event *retry;

	struct channel_packet *first;
	struct channel_packet **last;
	size_t queued;

	struct channel_slot *slots;
	uint32_t slot_count;
	uint32_t free_slot; /* 0: none */

	const char *broken; /* why, to be told */
	bool is_deaf;       /* the peer is; what it said before counts */
	bool is_told;
	bool is_freed; /* once no call-back is on the stack */
	unsigned depth;

	uint8_t in[MESSAGE_MAX];
	uint8_t out[MESSAGE_MAX];
};

static void channel_release(struct channel *channel);

static void
channel_enter(struct channel *channel)
{
	channel->depth++;
}

static void
channel_leave(struct channel *channel)
{
	if (--channel->depth == 0 && channel->is_freed)
		channel_release(channel);
}

/* Slots. */

static bool
channel_grow(struct channel *channel)
{
	uint32_t count = channel->slot_count == 0 ? 16 :
						    channel->slot_count * 2;
	struct channel_slot *slots;

	if (count > CHANNEL_SLOTS_MAX)
		return false;
	slots = realloc(channel->slots, count * sizeof(*slots));
	if (slots == NULL)
		return false;
	memset(slots + channel->slot_count, 0,
	    (count - channel->slot_count) * sizeof(*slots));
	for (uint32_t i = channel->slot_count; i < count; i++)
		slots[i].next_free = i + 1 < count ? i + 2 : 0;
	channel->free_slot = channel->slot_count + 1;
	channel->slots = slots;
	channel->slot_count = count;
	return true;
}

static uint32_t
channel_number(const struct channel *channel, uint32_t slot)
{
	return channel->slots[slot - 1].use << CHANNEL_SLOT_BITS | slot;
}

/* The open request of a number, or NULL. */
static struct channel_slot *
channel_find(struct channel *channel, uint32_t number)
{
	uint32_t slot = number & CHANNEL_SLOTS_MAX;
	struct channel_slot *found;

	if (slot == 0 || slot > channel->slot_count)
		return NULL;
	found = &channel->slots[slot - 1];
	return found->is_open && channel_number(channel, slot) == number ?
	    found :
	    NULL;
}

static void
channel_close_slot(struct channel *channel, struct channel_slot *slot)
{
	slot->is_open = false;
	slot->is_forgotten = false;
	slot->use = (slot->use + 1) & CHANNEL_USE_MASK;
	slot->next_free = channel->free_slot;
	channel->free_slot = (uint32_t)(slot - channel->slots) + 1;
}

/* Breaking. */

static void
channel_tell_slots(struct channel *channel)
{
	for (uint32_t i = 0; i < channel->slot_count; i++) {
		struct channel_slot slot = channel->slots[i];

		if (!slot.is_open)
			continue;
		channel_close_slot(channel, &channel->slots[i]);
		if (!slot.is_forgotten && !channel->is_freed)
			slot.answer(slot.arg, NULL);
	}
}

static void
channel_tell(struct channel *channel)
{
	if (channel->is_told)
		return;
	channel->is_told = true;
	event_del(channel->readable);
	event_del(channel->writable);
	event_del(channel->retry);
	channel_enter(channel);
	channel_tell_slots(channel);
	if (!channel->is_freed && channel->handlers.on_close != NULL)
		channel->handlers.on_close(channel->handlers.arg, channel,
		    channel->broken);
	channel_leave(channel);
}

/* From wherever: the loop will tell. */
static void
channel_break(struct channel *channel, const char *reason)
{
	if (channel->broken != NULL)
		return;
	channel->broken = reason;
	event_active(channel->readable, EV_READ, 0);
}

/* Reading. */

static void
channel_close_fd(struct message *message)
{
	if (message->fd != -1)
		close(message->fd);
	message->fd = -1;
}

static void
channel_take_answer(struct channel *channel, struct message *message)
{
	struct channel_slot *found, slot;

	message->number &= ~CHANNEL_ANSWER;
	found = channel_find(channel, message->number);
	if (found == NULL || found->expected != message->type) {
		channel_close_fd(message);
		channel_break(channel, "sent an answer to no question");
		return;
	}
	slot = *found;
	if (message->type != MESSAGE_CTL_LISTED || message->ctl_listed.is_last)
		channel_close_slot(channel, found);
	if (slot.is_forgotten)
		channel_close_fd(message);
	else
		slot.answer(slot.arg, message);
}

static void
channel_take(struct channel *channel, size_t size, int fd)
{
	struct message message;

	if (!message_read(channel->in, size, &message)) {
		if (fd != -1)
			close(fd);
		channel_break(channel, "sent what is no message");
		return;
	}
	message.fd = fd;
	if ((message.number & CHANNEL_ANSWER) != 0)
		channel_take_answer(channel, &message);
	else
		channel->handlers.on_message(channel->handlers.arg, channel,
		    &message);
}

/* False: nothing more now. */
static bool
channel_receive(struct channel *channel)
{
	int fd;
	ssize_t size = fdpass_receive(channel->fd, channel->in,
	    sizeof(channel->in), &fd);

	/*
	 * A peer that leaves with our messages unread is a reset, once; then
	 * comes what it sent, and the end.
	 */
	if (size < 0 && errno == ECONNRESET)
		return true;
	if (size == 0)
		channel_break(channel, "closed");
	else if (size < 0 && errno == EPROTO)
		channel_break(channel, "sent what is no message");
	else if (size < 0 && errno != EAGAIN)
		channel_break(channel, "cannot be read");
	if (size <= 0)
		return false;
	channel_take(channel, (size_t)size, fd);
	return true;
}

static void
channel_on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *channel = arg;

	(void)fd;
	(void)what;
	channel_enter(channel);
	for (unsigned i = 0; i < CHANNEL_BURST || channel->is_deaf; i++)
		if ((channel->broken != NULL && !channel->is_deaf) ||
		    channel->is_freed || !channel_receive(channel))
			break;
	if (channel->broken != NULL && !channel->is_freed)
		channel_tell(channel);
	channel_leave(channel);
}

/* Writing. */

enum channel_sent {
	CHANNEL_SENT,
	CHANNEL_LATER,
	CHANNEL_NO_ROOM,
	CHANNEL_GONE
};

static enum channel_sent
channel_transmit(struct channel *channel, const uint8_t *bytes, size_t size,
    int fd)
{
	if (fdpass_send(channel->fd, bytes, size, fd) >= 0)
		return CHANNEL_SENT;
	if (errno == EAGAIN || errno == EINTR)
		return CHANNEL_LATER;
	if (errno == ENOBUFS || errno == ENOMEM || errno == ETOOMANYREFS)
		return CHANNEL_NO_ROOM;
	return CHANNEL_GONE;
}

static void
channel_wait(struct channel *channel, enum channel_sent why)
{
	const struct timeval delay = { 0, CHANNEL_RETRY_MS * 1000 };

	if (why == CHANNEL_LATER)
		event_add(channel->writable, NULL);
	else if (why == CHANNEL_NO_ROOM)
		event_add(channel->retry, &delay);
	else {
		channel_break(channel, "cannot be written");
		channel->is_deaf = true;
	}
}

static void
channel_pop(struct channel *channel)
{
	struct channel_packet *packet = channel->first;

	channel->first = packet->next;
	if (channel->first == NULL)
		channel->last = &channel->first;
	channel->queued -= packet->size;
	if (packet->fd != -1)
		close(packet->fd);
	free(packet);
}

static void
channel_on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *channel = arg;

	(void)fd;
	(void)what;
	while (channel->first != NULL && channel->broken == NULL) {
		struct channel_packet *packet = channel->first;
		enum channel_sent sent = channel_transmit(channel,
		    packet->bytes, packet->size, packet->fd);

		if (sent != CHANNEL_SENT) {
			channel_wait(channel, sent);
			return;
		}
		channel_pop(channel);
	}
}

static bool
channel_queue(struct channel *channel, size_t size, int fd)
{
	struct channel_packet *packet;

	if (channel->queued + size > CHANNEL_QUEUE_MAX)
		return false;
	packet = malloc(sizeof(*packet) + size);
	if (packet == NULL)
		return false;
	packet->next = NULL;
	packet->fd = fd;
	packet->size = size;
	memcpy(packet->bytes, channel->out, size);
	*channel->last = packet;
	channel->last = &packet->next;
	channel->queued += size;
	return true;
}

static bool
channel_put(struct channel *channel, size_t size, int fd)
{
	enum channel_sent sent = CHANNEL_LATER;

	if (channel->first == NULL) {
		sent = channel_transmit(channel, channel->out, size, fd);
		if (sent == CHANNEL_SENT) {
			if (fd != -1)
				close(fd);
			return true;
		}
		channel_wait(channel, sent);
		if (sent == CHANNEL_GONE)
			return false;
	}
	if (channel_queue(channel, size, fd))
		return true;
	channel_break(channel, "takes nothing any more");
	return false;
}

bool
channel_send(struct channel *channel, struct message *message)
{
	size_t size = 0;

	if (channel->broken == NULL)
		size = message_write(message, channel->out,
		    sizeof(channel->out));
	if (size == 0 || !channel_put(channel, size, message->fd)) {
		channel_close_fd(message);
		return false;
	}
	message->fd = -1;
	return true;
}

uint32_t
channel_ask(struct channel *channel, struct message *message,
    channel_answer_fn *answer, void *arg)
{
	struct channel_slot *slot;
	uint32_t index = channel->free_slot;

	if (index == 0 && !channel_grow(channel)) {
		channel_close_fd(message);
		return 0;
	}
	index = channel->free_slot;
	slot = &channel->slots[index - 1];
	message->number = channel_number(channel, index);
	if (!channel_send(channel, message))
		return 0;
	channel->free_slot = slot->next_free;
	slot->answer = answer;
	slot->arg = arg;
	slot->expected = message_answer(message->type);
	slot->is_open = true;
	return message->number;
}

void
channel_forget(struct channel *channel, uint32_t number)
{
	struct channel_slot *slot = channel_find(channel, number);

	if (slot != NULL)
		slot->is_forgotten = true;
}

bool
channel_reply(struct channel *channel, const struct message *request,
    struct message *answer)
{
	answer->number = request->number | CHANNEL_ANSWER;
	return channel_send(channel, answer);
}

/* Life. */

struct channel *
channel_new(struct event_base *base, int fd,
    const struct channel_handlers *handlers)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL)
		return NULL;
	channel->base = base;
	channel->fd = fd;
	channel->handlers = *handlers;
	channel->last = &channel->first;
	channel->readable = event_new(base, fd, EV_READ | EV_PERSIST,
	    channel_on_readable, channel);
	channel->writable = event_new(base, fd, EV_WRITE, channel_on_writable,
	    channel);
	channel->retry = event_new(base, -1, EV_TIMEOUT, channel_on_writable,
	    channel);
	if (channel->readable == NULL || channel->writable == NULL ||
	    channel->retry == NULL || event_add(channel->readable, NULL) != 0) {
		channel->fd = -1; /* stays the caller's */
		channel_release(channel);
		return NULL;
	}
	return channel;
}

static void
channel_release(struct channel *channel)
{
	while (channel->first != NULL)
		channel_pop(channel);
	if (channel->readable != NULL)
		event_free(channel->readable);
	if (channel->writable != NULL)
		event_free(channel->writable);
	if (channel->retry != NULL)
		event_free(channel->retry);
	if (channel->fd != -1)
		close(channel->fd);
	free(channel->slots);
	free(channel);
}

void
channel_pause(struct channel *channel)
{
	event_del(channel->readable);
}

/* One that is broken has nothing more to hear. */
void
channel_resume(struct channel *channel)
{
	if (!channel->is_told)
		event_add(channel->readable, NULL);
}

void
channel_free(struct channel *channel)
{
	if (channel == NULL)
		return;
	channel->is_freed = true;
	if (channel->depth == 0)
		channel_release(channel);
}
