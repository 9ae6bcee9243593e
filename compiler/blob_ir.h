/*
 * A blob as the IR that it was written from, so that every program that
 * takes a config takes a blob as well. Where the config said what, is known
 * by line; the words themselves are made again from their meaning.
 */
#ifndef COMPILER_BLOB_IR_H
#define COMPILER_BLOB_IR_H

#include "compiler/compilation.h"
#include "compiler/ir.h"
#include "runtime/ruleset/blob.h"

/*
 * Verifies comp->image and makes comp->blob, comp->ir and the source map of
 * it. False where it is of no use: *why_r says why.
 */
bool blob_ir_open(struct compilation *comp, const char **why_r);

#endif
