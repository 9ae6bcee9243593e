/*
 * One delivery, in the process that was forked for it: from the action, the
 * envelope and the accounts to a result. Becomes the user before it reads
 * what others wrote, envelope and message, and never goes back.
 */
#ifndef RUNTIME_MDA_DELIVERY_H
#define RUNTIME_MDA_DELIVERY_H

#include "runtime/base/account.h"
#include "runtime/mda/mda.h"

struct delivery {
	const struct ir_action *action; /* a local one */
	struct str wrapper;             /* its command; empty: none */
	unsigned format_flags;          /* see format.h */
	char delimiter;
	struct str envelope; /* text, see envelope.h */
	int message;

	/* Whom it is for; runs as another with `user U`. */
	const struct account *user;
	const struct account *runs_as;

	const char *libexec;   /* folder of the helper programs */
	const char *mailboxes; /* folder, usually /var/mail */
	unsigned seconds;
};

/* The flags for an action of a ruleset for a target. */
unsigned delivery_format_flags(const struct ir_local *local, unsigned version);

/*
 * Called as root, or as the only user that mail is delivered for. The
 * process has the rights of the user then, and SIGPIPE must be ignored.
 */
void delivery_run(const struct delivery *delivery, struct mda_result *result);

#endif
