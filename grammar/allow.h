/*
 * Comments of the form "# smtpd-compile: allow ID, ID": each silences
 * checks on its own line and the one after it.
 */
#ifndef GRAMMAR_ALLOW_H
#define GRAMMAR_ALLOW_H

#include "grammar/diag.h"
#include "grammar/tree.h"

/* Hands what the comments allow to the list; reports unknown ids. */
void allow_read(struct diag_list *diags, const struct comment *comments);

#endif
