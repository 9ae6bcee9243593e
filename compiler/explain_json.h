/*
 * A decision as one line of JSON, in the form of recorded decisions: id,
 * rcpt, decision, rule, rules, reply, and for a rule file, line and action.
 * Called by smtpd-explain for --format=json.
 */
#ifndef COMPILER_EXPLAIN_JSON_H
#define COMPILER_EXPLAIN_JSON_H

#include <stdio.h>

#include "compiler/decide.h"

/* False where memory ran out; errors of out are left to the caller. */
bool explain_json_write(FILE *out, const struct bind *bind,
    const struct session *session, const struct decision *decision);

#endif
