/*
 * The answer of a comparison, as text for people and as JSON or YAML for
 * programs. Called by smtpd-diff.
 */
#ifndef COMPILER_DIFFER_PRINT_H
#define COMPILER_DIFFER_PRINT_H

#include <stdio.h>

#include "compiler/differ.h"

void differ_print_text(FILE *out, struct differ *differ);

/*
 * What JSON and YAML print: a map of a, b, equivalent, rules, aspect,
 * complete, witnesses, questions and settings, as the manual has them.
 */
const struct dump_value *differ_model(struct differ *differ);

#endif
