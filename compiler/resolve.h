/*
 * Binds names on the tree: every reference to a table, action, filter,
 * proc, pki, ca or wrapper gets its declaration, and what has none, comes
 * too late or is declared twice is reported. Later stages find a resolved
 * tree and look up nothing.
 */
#ifndef COMPILER_RESOLVE_H
#define COMPILER_RESOLVE_H

#include "compiler/compilation.h"

void resolve_run(struct compilation *comp);

#endif
