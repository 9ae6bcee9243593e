/*
 * Lowers a resolved syntax tree to the IR. A tree with errors may be
 * lowered too: what could not be resolved is left out of it, so that the
 * result is sound but not complete; programs do so only for messages.
 */
#ifndef COMPILER_LOWER_H
#define COMPILER_LOWER_H

#include "compiler/compilation.h"
#include "compiler/ir.h"

/* The IR lives in the compilation's arena. That of a blob was there before. */
const struct ir *lower_run(struct compilation *comp);

#endif
