/*
 * A dump as YAML 1.2, in block style with one fact a line. Called by
 * smtpd-dump; knows nothing of what the values mean.
 */
#ifndef COMPILER_DUMP_YAML_H
#define COMPILER_DUMP_YAML_H

#include <stdio.h>

#include "compiler/dump_model.h"

/* False where memory ran out or out could not be written. */
bool dump_yaml_print(FILE *out, const struct dump_value *root);

#endif
