/*
 * What cannot happen: envelopes of a space that no session of the real
 * daemons has. Comparisons and checks leave them out, so that two rulesets
 * are not told apart by them and no rule lives by them.
 */
#ifndef COMPILER_FEASIBLE_H
#define COMPILER_FEASIBLE_H

#include "compiler/space.h"

/* A condition: true for what cannot happen. */
uint32_t feasible_never(struct space *space);

#endif
