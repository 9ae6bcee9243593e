/*
 * The inside of expand.c's tree: inserts nodes, of which none is there
 * twice, below the node that is being worked on, and maps what went wrong
 * to a reply. Never decides what happens next. Private to expand.c.
 */
#ifndef RUNTIME_EXPAND_EXPAND_TREE_H
#define RUNTIME_EXPAND_EXPAND_TREE_H

#include "runtime/expand/expand.h"

/* Ends the expansion, on account of the node that is being worked on. */
void expand_tree_fail(struct expand *expand, enum expand_reason reason);

/* Does nothing for a duplicate; fails when there are too many nodes. */
void expand_tree_insert(struct expand *expand,
    const struct targets_entry *target, enum expand_origin origin);

/*
 * The targets of a line of a file, in which includes are ignored. False
 * where it ends in a bad target; those before it are inserted.
 */
bool expand_tree_insert_line(struct expand *expand, struct str list,
    enum expand_origin origin);

/*
 * A table's value, as a sorted array in expand->targets: the original works
 * on them in that order, which decides what fails first. False for a bad
 * value, of which nothing counts.
 */
bool expand_tree_read_value(struct expand *expand, struct str value);

#endif
