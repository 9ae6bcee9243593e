/*
 * What the files of the parent share.
 *
 *	parent.c          life: start, signals, end
 *	parent_children.c processes, their channels and their end
 *	parent_reload.c   a ruleset that comes into use
 *	parent_ruleset.c  what the parent itself reads of one
 *	parent_answer.c   what the processes ask for
 *	parent_program.c  table programs
 */
#ifndef RUNTIME_PROC_PARENT_PRIVATE_H
#define RUNTIME_PROC_PARENT_PRIVATE_H

#include <limits.h>
#include <sys/types.h>
#include <time.h>

#include "runtime/mda/auth.h"
#include "runtime/mda/mda_parent.h"
#include "runtime/mda/offline.h"
#include "runtime/proc/listen.h"
#include "runtime/proc/parent.h"

enum {
	PARENT_SESSIONS_MAX = 16,
	PARENT_CHILDREN_MAX = PARENT_SESSIONS_MAX + 16,
	PARENT_ROWS = 1024, /* of counters */
	PARENT_PROGRAMS_MAX = 256,
	PARENT_SETUP_SECONDS = 30, /* more than programs have */
	PARENT_STOP_SECONDS = 5,
	PARENT_PATIENCE_SECONDS = 5, /* with deliveries, before that */
	PARENT_KEYS_SECONDS = 60,    /* that an old keys process stays */
	PARENT_ERROR_MAX = PATH_MAX + 256,
};

struct parent;

struct parent_child {
	struct parent *parent;
	enum proc_kind kind;
	pid_t pid; /* -1: the place is free */
	uint32_t row;
	struct channel *channel;
	struct event *retire; /* a keys process whose ruleset is gone */
};

/* The process of a table program. */
struct parent_program {
	pid_t pid; /* -1: the place is free */
	uint32_t id;
	struct event *kill; /* it was told to end */
};

/* A ruleset and what comes with it. */
struct parent_ruleset {
	struct ruleset_use *use;
	int memory; /* -1: none */
	struct listen_set sockets;
};

/* From the loader's start to the last READY. */
struct parent_reload {
	bool is_running;
	bool is_first; /* the start of the daemon */
	bool is_forced;
	bool is_rollback; /* to the old one, since a process refused */
	struct parent_ruleset ruleset;
	struct parent_child *keys; /* the new ones; NULL: as they were */
	unsigned step, end;
	unsigned waiting; /* for so many READY */
	bool has_failed;  /* one of them said so */
	struct event *limit;
	struct channel *asker; /* NULL: a signal */
	struct message request;
	char error[PARENT_ERROR_MAX]; /* of the first that refused */
};

struct parent {
	const struct parent_options *options;
	struct event_base *base;
	struct event *signals[4];
	struct event *patience; /* NULL: not stopping, or without waiting */
	bool is_ordinary;
	bool is_ready;
	bool is_stopping;
	int status; /* of the program */
	time_t started;
	int launcher; /* who waits in the foreground; -1: nobody */

	/* Facts. */
	char spool[PATH_MAX];
	char socket_path[PATH_MAX];
	char pidfile[PATH_MAX];
	char libexec[PATH_MAX];
	char server_name[HOST_NAME_MAX * 4];
	char queue_key[256];

	int stats; /* the counters' memory */
	uint32_t rows;
	int control; /* its socket, for a control process */
	uint32_t generation;
	struct parent_ruleset ruleset;
	struct loader *loader;
	struct parent_reload reload;

	struct parent_child children[PARENT_CHILDREN_MAX];
	unsigned session_count;
	struct parent_program programs[PARENT_PROGRAMS_MAX];

	struct workers *workers;
	struct auth *auth;
	struct mda_parent *mda;
	struct offline *offline;
};

/* Says why, and ends the daemon. */
void parent_fail(struct parent *parent, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * In order, with exit status 0: no delivery begins any more, and those that
 * run are waited for. Asked again, it ends at once.
 */
void parent_stop(struct parent *parent);

/* Children. */

/* NULL: cannot be started, see errno. */
struct parent_child *parent_start_child(struct parent *parent,
    enum proc_kind kind);
/* All of them, with channels among them. */
bool parent_start_children(struct parent *parent);
bool parent_connect(struct parent_child *a, struct parent_child *b);
struct parent_child *parent_find_child(struct parent *parent,
    enum proc_kind kind);
/* Connections wait for the next daemon. */
void parent_pause_sessions(struct parent *parent);
/* Ends then, when nothing can be under way with it any more. */
void parent_retire_child(struct parent_child *child, unsigned seconds);
/* Of waitpid(2). */
bool parent_reap_child(struct parent *parent, pid_t pid, int status);
/* Waits for all, with force in the end. */
void parent_end_children(struct parent *parent);

/* Facts and counters, the first messages to a process. */
bool parent_send_facts(struct parent_child *child);

/* Rulesets. */

/* False: one is under way, or the daemon ends. asker may be NULL, a signal. */
bool parent_reload_start(struct parent *parent, bool is_forced,
    struct channel *asker, const struct message *request);
/* Gives up one that is under way, or does nothing. */
void parent_reload_forget(struct parent *parent);
void parent_ruleset_close(struct parent_ruleset *ruleset);
/* The key of the queue, where it has one, for the first ruleset. */
bool parent_find_key(struct parent *parent, char *error, size_t room);
/* What only a later version does. False: refused, with the reason. */
bool parent_ruleset_check(const struct blob *blob, char *error, size_t room);

/* The one of that generation, in use or coming so; NULL: neither. */
struct ruleset_use *parent_find_ruleset(const struct parent *parent,
    uint32_t generation);

/* Table programs. */

/* Whether all of a ruleset are there. False: error says what is missing. */
bool parent_check_programs(const struct blob *blob, char *error, size_t room);
/* TABLE_OPEN: starts one in the place of what it had, and answers. */
void parent_open_program(struct parent_child *lookup,
    const struct message *request);
/* TABLE_CLOSE */
void parent_close_program(struct parent *parent, uint32_t id);
/* Of waitpid(2). */
bool parent_reap_program(struct parent *parent, pid_t pid, int status);
/* Waits for all, with force in the end. */
void parent_end_programs(struct parent *parent);

/* Called once, when the first ruleset is in use everywhere. */
void parent_on_ready(struct parent *parent);

/* What processes ask for; arg is the struct parent_child. */
void parent_on_message(void *arg, struct channel *channel,
    struct message *message);

#endif
