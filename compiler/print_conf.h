/*
 * An IR as modern config text, which parses back, for the same target, to
 * an IR of the same meaning. What is as by default is not written. Called
 * by smtpd-dump.
 */
#ifndef COMPILER_PRINT_CONF_H
#define COMPILER_PRINT_CONF_H

#include <stdio.h>

#include "compiler/ir.h"
#include "runtime/base/arena.h"

/*
 * ir must be of a modern target and of a config without errors. Redacted
 * secrets parse back to themselves, not to the secrets; a redacted queue
 * key is refused. Errors of out are left to the caller to find.
 */
void print_conf_write(FILE *out, struct arena *arena, const struct ir *ir,
    bool shows_secrets);

/* A word of any content, for a modern version: in quotes if it needs them. */
void print_conf_put_word(FILE *out, struct str word, unsigned version);

#endif
