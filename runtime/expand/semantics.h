/*
 * What the target of a ruleset and its actions mean for expansion: the one
 * place where versions become flags. Called by smtpd-explain and by the
 * daemon.
 */
#ifndef RUNTIME_EXPAND_SEMANTICS_H
#define RUNTIME_EXPAND_SEMANTICS_H

#include "runtime/expand/expand.h"
#include "runtime/ruleset/ir.h"

void semantics_of_target(const struct target *target, char delimiter,
    struct expand_semantics *semantics_r);

/* Kind, tables and user; rule and action are the caller's. */
void semantics_of_action(const struct ir_action *action,
    struct expand_rule *rule);

#endif
