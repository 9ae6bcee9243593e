/*
 * New messages. Envelopes are checked when they come and written with the
 * commit; until then they are in memory, up to a limit that only a giant
 * list of aliases meets.
 */
#include "runtime/queue/queue_private.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/base/log.h"

struct queue_message {
	struct pool_job job; /* the first member */
	struct queue *queue;
	struct queue_message *next;
	struct channel *session;
	struct message request; /* the commit; its texts are gone */
	bool is_bad;            /* cannot be committed */
	bool is_closing;        /* committed or rolled back just now */
	int result;

	struct store_message message;
	struct store_envelope *envelopes;
	uint32_t room;
	size_t texts; /* bytes */
};

static struct queue_message **
queue_message_chain(struct queue *queue, uint32_t msgid)
{
	return &queue->messages[msgid & (QUEUE_CHAINS - 1)];
}

static struct queue_message *
queue_message_find(const struct queue *queue, uint32_t msgid)
{
	struct queue_message *message =
	    queue->messages[msgid & (QUEUE_CHAINS - 1)];

	while (message != NULL && message->message.msgid != msgid)
		message = message->next;
	return message;
}

bool
queue_is_new(const struct queue *queue, uint32_t msgid)
{
	return queue_message_find(queue, msgid) != NULL;
}

/* Whatever texts have not been taken from it are freed. */
static void
queue_message_free(struct queue_message *message)
{
	struct queue *queue = message->queue;
	struct queue_message **at = queue_message_chain(queue,
	    message->message.msgid);

	while (*at != message)
		at = &(*at)->next;
	*at = message->next;
	queue->new_texts -= message->texts;
	for (uint32_t i = 0; i < message->message.envelope_count; i++)
		free((char *)(uintptr_t)message->envelopes[i].text.ptr);
	free(message->envelopes);
	free(message);
}

/* A descriptor, or -errno. */
static int
queue_begin(struct queue *queue, struct channel *session, uint32_t *msgid_r)
{
	struct queue_message *message = calloc(1, sizeof(*message)), **chain;
	int fd;

	if (message == NULL)
		return -ENOMEM;
	fd = queue->store->ops->begin(queue->store, msgid_r);
	if (fd < 0) {
		free(message);
		return fd;
	}
	message->queue = queue;
	message->session = session;
	message->message.msgid = *msgid_r;
	chain = queue_message_chain(queue, *msgid_r);
	message->next = *chain;
	*chain = message;
	return fd;
}

void
queue_on_begin(struct queue *queue, struct channel *channel,
    struct message *message)
{
	struct message begun = { .type = MESSAGE_QUEUE_BEGUN };

	begun.fd = queue_begin(queue, channel, &begun.queue_begun.msgid);
	begun.queue_begun.is_ok = begun.fd >= 0;
	if (begun.fd < 0) {
		log_warn("warn: queue: cannot begin a message: %s",
		    strerror(-begun.fd));
		begun.fd = -1;
	}
	channel_reply(channel, message, &begun);
}

static bool
queue_message_grow(struct queue_message *message)
{
	uint32_t room = message->room == 0 ? 1 : message->room * 2;
	struct store_envelope *grown;

	if (message->message.envelope_count < message->room)
		return true;
	grown = realloc(message->envelopes, room * sizeof(*grown));
	if (grown == NULL)
		return false;
	message->envelopes = grown;
	message->room = room;
	return true;
}

/* False: it must not get into the queue. */
static bool
queue_message_put(struct queue_message *message, uint64_t evpid,
    struct str text)
{
	struct queue *queue = message->queue;
	struct envelope envelope;
	struct str field;
	char *copy;

	if ((uint32_t)evpid == 0 ||
	    envelope_read(text, &envelope, &field) != ENVELOPE_OK ||
	    envelope.version != ENVELOPE_VERSION)
		return false;
	if (text.len > QUEUE_MESSAGE_TEXTS - message->texts ||
	    text.len > QUEUE_NEW_TEXTS - queue->new_texts ||
	    !queue_message_grow(message))
		return false;
	copy = malloc(text.len);
	if (copy == NULL)
		return false;
	memcpy(copy, text.ptr, text.len);
	message->envelopes[message->message.envelope_count++] =
	    (struct store_envelope){ evpid, { copy, text.len } };
	message->texts += text.len;
	queue->new_texts += text.len;
	return true;
}

/* What a session process may speak of: its own, until it lets go. */
static struct queue_message *
queue_message_of(struct queue *queue, struct channel *channel, uint32_t msgid)
{
	struct queue_message *message = queue_message_find(queue, msgid);

	if (message == NULL || message->session != channel ||
	    message->is_closing)
		return NULL;
	return message;
}

void
queue_on_envelope(struct queue *queue, struct channel *channel,
    const struct message *request)
{
	const struct message_queue_envelope *fields = &request->queue_envelope;
	struct queue_message *message = queue_message_of(queue, channel,
	    evpid_message(fields->evpid));

	if (message == NULL || message->is_bad)
		return;
	if (!queue_message_put(message, fields->evpid, fields->envelope)) {
		log_warn("warn: queue: envelope %016llx cannot be taken",
		    (unsigned long long)fields->evpid);
		message->is_bad = true;
	}
}

static void
queue_rollback_run(struct pool_job *job)
{
	struct queue_message *message = (struct queue_message *)(void *)job;
	struct store *store = message->queue->store;

	store->ops->rollback(store, message->message.msgid);
}

static void
queue_rollback_done(struct pool_job *job)
{
	queue_message_free((struct queue_message *)(void *)job);
}

static void
queue_message_roll_back(struct queue_message *message)
{
	message->is_closing = true;
	message->job.run = queue_rollback_run;
	message->job.done = queue_rollback_done;
	pool_add(message->queue->pool, &message->job);
}

static void
queue_reply_result(struct channel *channel, const struct message *request,
    int error)
{
	struct message result = { .type = MESSAGE_RESULT, .fd = -1 };

	result.result.is_ok = error == 0;
	result.result.error = str_from(error == 0 ? "" : strerror(-error));
	channel_reply(channel, request, &result);
}

static void
queue_commit_run(struct pool_job *job)
{
	struct queue_message *message = (struct queue_message *)(void *)job;
	struct store *store = message->queue->store;

	/* Nobody can be told, so that it would be sent again. */
	message->result = atomic_load(&message->queue->is_ending) ?
	    -ESHUTDOWN :
	    store->ops->commit(store, &message->message);
	if (message->result != 0)
		store->ops->rollback(store, message->message.msgid);
}

/* The schedule keeps the texts: most are tried at once. */
static void
queue_commit_done(struct pool_job *job)
{
	struct queue_message *message = (struct queue_message *)(void *)job;
	struct queue *queue = message->queue;
	uint32_t count = message->message.envelope_count;

	if (!queue->is_ending)
		queue_reply_result(message->session, &message->request,
		    message->result);
	if (message->result != 0 && message->result != -ESHUTDOWN)
		log_warn("warn: queue: message %08x cannot be kept: %s",
		    message->message.msgid, strerror(-message->result));
	for (uint32_t i = 0; message->result == 0 && i < count; i++) {
		struct store_envelope *envelope = &message->envelopes[i];

		queue_add(queue, envelope->evpid, envelope->text,
		    (char *)(uintptr_t)envelope->text.ptr);
		envelope->text.ptr = NULL;
	}
	if (message->result == 0)
		stats_add(queue->child->stats, STAT_SCHEDULER_INCOMING, count);
	queue_message_free(message);
	queue_kick(queue);
}

void
queue_on_commit(struct queue *queue, struct channel *channel,
    const struct message *request)
{
	const struct message_queue_commit *fields = &request->queue_commit;
	struct queue_message *message = queue_message_of(queue, channel,
	    fields->msgid);

	if (message == NULL) {
		queue_reply_result(channel, request, -ENOENT);
		return;
	}
	if (message->is_bad || fields->envelopes == 0 ||
	    fields->envelopes != message->message.envelope_count) {
		queue_reply_result(channel, request, -EINVAL);
		queue_message_roll_back(message);
		return;
	}
	message->is_closing = true;
	message->request.type = request->type;
	message->request.number = request->number;
	message->message.size = fields->size;
	message->message.envelopes = message->envelopes;
	message->job.run = queue_commit_run;
	message->job.done = queue_commit_done;
	pool_add(queue->pool, &message->job);
}

void
queue_on_rollback(struct queue *queue, struct channel *channel,
    const struct message *request)
{
	struct queue_message *message = queue_message_of(queue, channel,
	    request->queue_rollback.msgid);

	if (message != NULL)
		queue_message_roll_back(message);
}

void
queue_forget_new(struct queue *queue)
{
	for (unsigned i = 0; i < QUEUE_CHAINS; i++)
		while (queue->messages[i] != NULL)
			queue_message_free(queue->messages[i]);
}
