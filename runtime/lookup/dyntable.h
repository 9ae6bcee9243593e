/*
 * Tables whose content is not in the ruleset, and those that it cannot ask:
 * text files, databases of makemap(8), and regular expressions. Read as a
 * whole, or asked where they are; a failure is never "no".
 */
#ifndef RUNTIME_LOOKUP_DYNTABLE_H
#define RUNTIME_LOOKUP_DYNTABLE_H

#include "runtime/ruleset/blob.h"
#include "runtime/table/table.h"

#define DYNTABLE_FILE_MAX  (256u * 1024 * 1024) /* bytes */
#define DYNTABLE_VALUE_MAX (32 * 1024)
#define DYNTABLE_ERROR_MAX 512

struct dyntable;

/*
 * Reads or opens what the table of a blob names. NULL: error says what is
 * wrong, naming the place.
 */
struct dyntable *dyntable_open(const struct blob *blob, uint32_t number,
    char error[DYNTABLE_ERROR_MAX]);
void dyntable_close(struct dyntable *dyntable);

/* Reads it again; false: it stays as it was. */
bool dyntable_update(struct dyntable *dyntable, char error[DYNTABLE_ERROR_MAX]);

/* *value_r, with ANSWER_YES, is valid until the next call. */
enum answer dyntable_lookup(struct dyntable *dyntable, enum service service,
    struct str key, struct str *value_r);

#endif
