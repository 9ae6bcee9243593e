/*
 * What a ruleset uses its tables for: which services a table program must
 * have registered.
 */
#ifndef RUNTIME_LOOKUP_TABLEUSE_H
#define RUNTIME_LOOKUP_TABLEUSE_H

#include "runtime/ruleset/blob.h"

/* services: a bit each, see tableproto.h; one of them is enough. */
typedef void tableuse_fn(void *arg, uint32_t table, unsigned services);

/* Calls each for every use of every table. */
void tableuse_each(const struct blob *blob, tableuse_fn *each, void *arg);

#endif
