/*
 * A dump as one JSON object, indented, in the order of the model. Called by
 * smtpd-dump; knows nothing of what the values mean.
 */
#ifndef COMPILER_DUMP_JSON_H
#define COMPILER_DUMP_JSON_H

#include <stdio.h>

#include "compiler/dump_model.h"

/* On one line, from malloc; NULL where memory ran out. Of any value. */
char *dump_json_line(const struct dump_value *value);

/* False where memory ran out or out could not be written. */
bool dump_json_print(FILE *out, const struct dump_value *root);

#endif
