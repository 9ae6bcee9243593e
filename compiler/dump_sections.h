/*
 * What a blob is made of: its identity, and the size of each section.
 */
#ifndef COMPILER_DUMP_SECTIONS_H
#define COMPILER_DUMP_SECTIONS_H

#include <stdio.h>

#include "runtime/ruleset/blob.h"

void dump_sections_print(FILE *out, const struct blob *blob);

#endif
