/*
 * Opens ~/.forward for the session processes, which may not: by the rules
 * that keep root from being made to read what the user could not. Reads
 * nothing itself.
 */
#ifndef RUNTIME_MDA_FORWARD_OPEN_H
#define RUNTIME_MDA_FORWARD_OPEN_H

#include "runtime/base/account.h"
#include "runtime/expand/expand.h"
#include "runtime/proc/channel.h"

/*
 * A descriptor, with EXPAND_FORWARD_READ; else -1. The file is regular, the
 * user's own, of at most EXPAND_FORWARD_MAX bytes when it was opened, and
 * only the user and root can have put it there. Says in the log why not.
 */
int forward_open(const struct account *account, enum expand_forward *status_r);

/*
 * FORWARD: finds the user, answers FORWARD_ANSWER. A user that is gone
 * meanwhile, or cannot be looked up, is a temporary failure.
 */
void forward_answer(struct channel *lookup, struct channel *session,
    const struct message *request);

#endif
