/*
 * Databases of makemap(8): Berkeley DB, hash or btree. Keys are in lower
 * case; both key and value are stored with a NUL behind them.
 */
#ifndef RUNTIME_LOOKUP_DATABASE_H
#define RUNTIME_LOOKUP_DATABASE_H

#include <stdbool.h>

#include "runtime/base/service.h"
#include "runtime/base/str.h"

struct database;

/* NULL: errno. */
struct database *database_open(const char *path);
void database_close(struct database *database);

/* Whether another file is there now, or it was written again. */
bool database_is_stale(const struct database *database);

/* Exact; *value_r, with ANSWER_YES, is valid until the next call. */
enum answer database_get(struct database *database, struct str key,
    struct str *value_r);

/* Every entry, in no order; false where reading failed or each said so. */
bool database_walk(struct database *database,
    bool (*each)(void *arg, struct str key, struct str value), void *arg);

/* Writing. */

enum database_kind {
	DATABASE_HASH,
	DATABASE_BTREE,
};

/* A new file; NULL: errno. */
struct database *database_create(const char *path, enum database_kind kind);

/* NO: the key is there already. */
enum answer database_put(struct database *database, struct str key,
    struct str value);

/* Writes all of it to disk and closes it; false: errno. */
bool database_finish(struct database *database);

#endif
