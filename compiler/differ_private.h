/*
 * Shared between the files of a comparison of configs: differ.c, which
 * carries it out, differ_normal.c and differ_changes.c.
 */
#ifndef COMPILER_DIFFER_PRIVATE_H
#define COMPILER_DIFFER_PRIVATE_H

#include "compiler/differ.h"

/*
 * A copy in which the same things look the same: tables without names, so
 * that a dump has their entries or where they come from, URLs of relays in
 * one language, and no difference in what has no effect.
 */
struct ir differ_normal(struct arena *arena, const struct ir *ir);

/* The value of a key of a map, NULL for none. */
const struct dump_value *differ_get(const struct dump_value *map,
    struct str key);

/* JSON on one line. */
const char *differ_json(struct arena *arena, const struct dump_value *value);

/* What differs between two dumps, without what rules are compared for. */
struct differ_change *differ_changes(struct arena *arena,
    const struct dump_value *a, const struct dump_value *b);

#endif
