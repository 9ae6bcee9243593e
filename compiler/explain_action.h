/*
 * What an action does, in words: "deliver to the maildir ~/Mail; aliases in
 * <aliases>". Decides nothing itself. Called by explain_text.c.
 */
#ifndef COMPILER_EXPLAIN_ACTION_H
#define COMPILER_EXPLAIN_ACTION_H

#include <stdio.h>

#include "compiler/bind.h"

void explain_action(FILE *out, const struct bind *bind, uint32_t action);

/*
 * What its method does: "deliver to the mailbox". argument: the path,
 * destination or command, as in the action or expanded.
 */
void explain_action_method(FILE *out, const struct ir_action *action,
    struct str argument);

#endif
