/*
 * A table program and the conversation with it: start, hand-shake, one
 * request at a time, and another start, later and later, when it ends,
 * answers rubbish or not at all. What is asked meanwhile fails. Starts no
 * process itself: it asks for one and is given a socket to it.
 *
 *	start --> hand-shake --> ready <--> asked
 *	  ^            |           |          |
 *	  '---- wait <-+-----------+----------'   but the first hand-shake,
 *	                                          which fails for good
 */
#ifndef RUNTIME_LOOKUP_TABLEPROC_H
#define RUNTIME_LOOKUP_TABLEPROC_H

#include <event2/event.h>

#include "runtime/lookup/tableproto.h"

#define TABLEPROC_QUEUE_MAX    1024 /* requests that wait; more fail */
#define TABLEPROC_BACKOFF_MIN  200  /* ms until it is started again, ... */
#define TABLEPROC_BACKOFF_MAX  (60 * 1000) /* ... doubled up to */
#define TABLEPROC_ERROR_MAX    1024
#define TABLEPROC_PROGRAM_ROOM 256 /* of the path in messages */

struct tableproc;

struct tableproc_config {
	struct event_base *base;
	struct str table;   /* its name; must stay */
	unsigned start_ms;  /* from asking for a process to its services */
	unsigned answer_ms; /* to an answer */

	/* Asks for a process: tableproc_connect follows, perhaps at once. */
	void (*start)(void *arg, struct tableproc *proc);
	/* Once: the first hand-shake succeeded, or, and it is to be dropped
	 * now, error says why not. */
	void (*settled)(void *arg, struct tableproc *proc, const char *error);
	/* The last call: it needs no process any more. */
	void (*stop)(void *arg, struct tableproc *proc);
	void *arg;
};

/* NULL: no memory. Held once; does nothing before tableproc_start. */
struct tableproc *tableproc_new(const struct tableproc_config *config);
struct tableproc *tableproc_hold(struct tableproc *proc);
/* The last stops it and fails what waits. */
void tableproc_drop(struct tableproc *proc);

void tableproc_start(struct tableproc *proc);
/*
 * The process that was asked for, and what messages call it; fd is taken.
 * -1: error says why there is none.
 */
void tableproc_connect(struct tableproc *proc, int fd, const char *program,
    const char *error);
/* As it was called last. */
const char *tableproc_program(const struct tableproc *proc);

/* Stops it after that time; what is asked then fails. Once. */
void tableproc_retire(struct tableproc *proc, unsigned seconds);
/* Stops it; another answers what waits here. */
void tableproc_move(struct tableproc *from, struct tableproc *to);

/* What it registered, a bit each. */
unsigned tableproc_services(const struct tableproc *proc);
bool tableproc_has_service(const struct tableproc *proc, unsigned service);

/*
 * text: the value or, of a FAILED update, the reason; valid until it
 * returns. May ask again.
 */
typedef void tableproc_fn(void *arg, enum answer answer, struct str text);

/* done is called once, perhaps at once. key is not of UPDATE and FETCH. */
void tableproc_ask(struct tableproc *proc, enum tableproto_op op,
    unsigned service, struct str key, tableproc_fn *done, void *arg);

#endif
