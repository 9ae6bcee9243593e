/*
 * A decision in words, for people: the verdict, the rule that decided and
 * what its action does, what the recipient expands to, and why no earlier
 * rule matched; and the session that it was asked for. Decides nothing
 * itself. Called by smtpd-explain.
 */
#ifndef COMPILER_EXPLAIN_TEXT_H
#define COMPILER_EXPLAIN_TEXT_H

#include <stdio.h>

#include "compiler/decide.h"

void explain_text_decision(FILE *out, struct bind *bind,
    const struct decision *decision);

/* Who is taken to connect, the listener that is met, and what follows. */
void explain_text_session(FILE *out, const struct bind *bind,
    const struct session *session, const struct session_context *context);

/* "rule 3, mail.conf:12: match …" */
void explain_text_rule(FILE *out, const struct bind *bind, uint32_t rule);

#endif
