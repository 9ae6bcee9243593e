/*
 * Deliveries as the parent sees them: asked for by the queue, done by a
 * worker each. Finds out who the users are, forks, hands the result back.
 * Reads nothing of envelope or message.
 */
#ifndef RUNTIME_MDA_MDA_PARENT_H
#define RUNTIME_MDA_MDA_PARENT_H

#include "runtime/mda/worker.h"
#include "runtime/proc/child.h"

#define MDA_SECONDS 300 /* for one delivery */

struct mda_parent;

/* All must outlive it. */
struct mda_parent_config {
	struct workers *workers;
	struct channel *lookup; /* the lookup process */
	const char *libexec;    /* folder of the helper programs */
	const char *mailboxes;  /* folder, usually /var/mail */
	unsigned seconds;       /* MDA_SECONDS */
};

/* NULL: no memory. */
struct mda_parent *mda_parent_new(const struct mda_parent_config *config);

/* No delivery begins any more, and nobody is told so. */
void mda_parent_close(struct mda_parent *parent);

/* Deliveries that run go on; nobody is told how they end. */
void mda_parent_free(struct mda_parent *parent);

/*
 * DELIVER: takes its descriptor, answers DELIVERED, perhaps at once. use is
 * the ruleset of its generation, NULL where that is gone.
 */
void mda_parent_deliver(struct mda_parent *parent, struct channel *queue,
    struct message *message, struct ruleset_use *use);

#endif
