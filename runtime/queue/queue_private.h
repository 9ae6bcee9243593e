/*
 * What the files of the queue process share:
 *
 *	queue.c          start, rulesets, the walk, who sent what
 *	queue_receive.c  new messages, from session processes
 *	queue_deliver.c  attempts and what becomes of them
 *	queue_control.c  what smtpctl asks for
 *	queue_log.c      log lines
 */
#ifndef RUNTIME_QUEUE_QUEUE_PRIVATE_H
#define RUNTIME_QUEUE_QUEUE_PRIVATE_H

#include <stdatomic.h>

#include "runtime/mda/mda.h"
#include "runtime/proc/child.h"
#include "runtime/queue/pool.h"
#include "runtime/queue/scheduler.h"
#include "runtime/queue/store.h"

enum {
	QUEUE_THREADS = 16,

	/* New messages, by number: chains, a power of two. */
	QUEUE_CHAINS = 1024,

	/* Texts of envelopes that are in memory, in bytes. */
	QUEUE_MESSAGE_TEXTS = 32 * 1024 * 1024, /* of one new message */
	QUEUE_NEW_TEXTS = 128 * 1024 * 1024,    /* of all new ones */
	QUEUE_KEPT_TEXTS = 32 * 1024 * 1024,    /* waiting for an attempt */
};

/* A name that envelopes have in "dispatcher". Kept once it is known. */
struct queue_action {
	struct queue_action *next;
	uint32_t number;    /* in the ruleset; IR_NONE: it has none such */
	int64_t ttl;        /* seconds */
	uint32_t envelopes; /* that have it */
	struct str name;
	char text[];
};

/* What the scheduler's entries have as data. */
struct queue_item {
	struct queue_action *action; /* NULL: the text is not understood */
	uint32_t len;
	char *text; /* until the first attempt, or NULL: on disk */
	struct queue_attempt *attempt; /* under way, or NULL */
};

struct queue_attempt;
struct queue_message;

struct queue {
	struct child *child;
	struct store *store;
	struct pool *pool;
	struct scheduler *scheduler;
	struct event *run;  /* attempts */
	struct event *walk; /* steps of finding what is there */
	struct queue_action *actions;
	struct queue_message *messages[QUEUE_CHAINS];
	size_t new_texts, kept_texts;
	unsigned paused; /* SUBSYSTEM_* */
	bool is_walking;
	bool is_walk_short;    /* what the system lacked cost it something */
	atomic_bool is_ending; /* channels are gone; threads ask, too */
	struct pool_job purge;
	bool has_more_to_purge;
};

/* queue.c */

/*
 * Takes an envelope into the schedule; text_kept is its text from malloc,
 * which is taken, or NULL.
 */
void queue_add(struct queue *queue, uint64_t evpid, struct str text,
    char *text_kept);
/* Frees the entry and what it has. */
void queue_forget(struct queue *queue, struct scheduler_entry *entry);
void queue_drop_text(struct queue *queue, struct queue_item *item);
/* Attempts that are due start soon. */
void queue_kick(struct queue *queue);
/* Blocking work: by a thread, unless it would not take long. */
void queue_do(struct queue *queue, struct pool_job *job, bool is_short);
int64_t queue_now(void);

/* queue_receive.c */
void queue_on_begin(struct queue *queue, struct channel *channel,
    struct message *message);
void queue_on_envelope(struct queue *queue, struct channel *channel,
    const struct message *message);
void queue_on_commit(struct queue *queue, struct channel *channel,
    const struct message *message);
void queue_on_rollback(struct queue *queue, struct channel *channel,
    const struct message *message);
void queue_forget_new(struct queue *queue);
/* Whether a message is not in the queue yet. */
bool queue_is_new(const struct queue *queue, uint32_t msgid);

/* queue_deliver.c */
void queue_deliver(struct queue *queue, struct scheduler_entry *entry);
void queue_expire(struct queue *queue, struct scheduler_entry *entry);
void queue_attempt_free(struct queue_attempt *attempt);
/* From the store and the schedule. */
void queue_remove(struct queue *queue, struct scheduler_entry *entry);

/* queue_control.c */
void queue_on_control(struct queue *queue, struct channel *channel,
    struct message *message);

/* queue_log.c */
void queue_log_delivery(uint64_t evpid, const struct envelope *envelope,
    const struct mda_result *result, const char *stat);
/* what: "Remove" or "Expire". */
void queue_log_end(uint64_t evpid, const struct envelope *envelope,
    const char *what, const char *stat);
void queue_log_invalid(uint64_t evpid, enum envelope_status status,
    struct str field);

#endif
