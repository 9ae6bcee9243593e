/*
 * Lists of mailboxes as To, Cc and From fields hold them: completes those
 * without a domain, or replaces the address. Everything else, folding and
 * comments included, stays as it is; so does a mailbox that is not
 * understood: a group, unbalanced quotes, brackets or comments.
 */
#ifndef RUNTIME_SMTP_MAILBOXES_H
#define RUNTIME_SMTP_MAILBOXES_H

#include <stdbool.h>

#include "runtime/base/str.h"

/* Takes the next bytes of the result; false ends the rewriting. */
typedef bool mailboxes_write_fn(void *arg, struct str bytes);

struct mailboxes_change {
	struct str domain;  /* completes; empty: does not */
	struct str replace; /* the address, if not empty */
	mailboxes_write_fn *write;
	void *arg;
};

/* value: a field's, behind the colon. False if write was. */
bool mailboxes_rewrite(struct str value, const struct mailboxes_change *change);

#endif
