/*
 * What every process below the parent has in common: it is started by fork
 * and exec with "-x NAME", has its channel to the parent on descriptor 3,
 * is told over it what it needs (SETUP_*), drops its privileges and locks
 * itself in, says READY and runs its loop until the parent is gone.
 *
 * A reload is the same set-up again under a higher generation: what the box
 * holds of the old one stays until its last user has gone.
 */
#ifndef RUNTIME_PROC_CHILD_H
#define RUNTIME_PROC_CHILD_H

#include "runtime/proc/channel.h"
#include "runtime/proc/stats.h"
#include "runtime/ruleset/blob.h"

enum proc_kind {
	PROC_PARENT,
	PROC_SESSION, /* several */
	PROC_QUEUE,
	PROC_LOOKUP,
	PROC_KEYS,
	PROC_CONTROL,
	PROC_KINDS
};

/* A ruleset in use, mapped read-only; counted. */
struct ruleset_use {
	struct blob blob;
	uint32_t generation;
	uint32_t uses;
};

struct child;

/* What a box does; all but on_message may be NULL. */
struct child_ops {
	enum proc_kind kind;

	/*
	 * With ruleset and facts there, before privileges are dropped;
	 * returns an error for READY, or NULL.
	 */
	const char *(*init)(struct child *child);

	/*
	 * A ruleset has come: the first, or a reload. Its listeners follow.
	 * child_later: child_settle will tell.
	 */
	const char *(*use_ruleset)(struct child *child,
	    struct ruleset_use *use);
	/*
	 * A listening socket of the newest ruleset, the box's to close. Those
	 * of the ruleset before are to be closed when the next one comes.
	 * Returns an error for READY, upon which the old ruleset comes again,
	 * or NULL.
	 */
	const char *(*on_listener)(struct child *child, uint32_t listener,
	    struct str address, int fd);
	/* Of any peer, but what child.c sees to; arg is the struct child. */
	channel_message_fn *on_message;

	/* When all channels are gone: frees the box. */
	void (*fini)(struct child *child);
};

struct child {
	const struct child_ops *ops;
	struct event_base *base;
	struct channel *parent;
	struct channel *peers[PROC_KINDS]; /* but SESSION: see sessions */
	struct channel **sessions;
	uint32_t session_count;
	struct ruleset_use *ruleset; /* the newest */
	struct stats *stats;
	void *box; /* the box's own */

	/* Facts. The queue's working folder is the spool. */
	struct str server_name;
	struct str spool;
	struct str queue_key;
	unsigned flags;   /* SUBSYSTEM_*: paused from the start */
	bool is_forced;   /* of the ruleset that comes: reload --force */
	bool is_ordinary; /* started by an ordinary user: nothing to drop */

	/* Private. */
	struct child_setup *setup;
	bool is_locked_in;
	int status;
};

/* The channel to the parent. */
#define CHILD_FD 3

/* "session", as in "-x session" and the log. */
const char *child_name(enum proc_kind kind);

/* The main function of a process; returns its exit status. */
int child_main(const struct child_ops *ops);

/* What use_ruleset returns when it cannot tell yet. */
extern const char child_later[];

/* Then, once: the ruleset is in use, error is NULL, or is refused. */
void child_settle(struct child *child, const char *error);

/* Ends the loop: what happened is said as fatal, the exit status is 1. */
void child_fail(struct child *child, const char *reason);

struct ruleset_use *ruleset_hold(struct ruleset_use *use);
void ruleset_drop(struct ruleset_use *use);

/* Entry points of the boxes. */
extern const struct child_ops session_ops; /* runtime/smtp */
extern const struct child_ops queue_ops;   /* runtime/queue */
extern const struct child_ops lookup_ops;  /* runtime/lookup */
extern const struct child_ops keys_ops;    /* runtime/proc */
extern const struct child_ops control_ops; /* runtime/control */

#endif
