/*
 * Table files that a ruleset holds: the file may have changed since the
 * ruleset was compiled, of which the table knows nothing.
 */
#ifndef RUNTIME_LOOKUP_EMBEDDED_H
#define RUNTIME_LOOKUP_EMBEDDED_H

#include "runtime/ruleset/blob.h"

/*
 * Whether the table was embedded and its file now has other bytes. A file
 * that is missing or may not be read says nothing: a ruleset that holds its
 * tables can be used where they are not. Reads the whole file.
 */
bool embedded_is_stale(const struct blob *blob, uint32_t table);

#endif
