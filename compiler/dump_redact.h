/*
 * What of a config must not be shown: entries of tables used as
 * credentials, keys, passwords in URLs. In their place stands
 * "<redacted sha256:…>", so that a changed secret is seen but not read.
 * Asked by everything that prints an IR; decides nothing else.
 */
#ifndef COMPILER_DUMP_REDACT_H
#define COMPILER_DUMP_REDACT_H

#include "compiler/ir.h"
#include "runtime/base/arena.h"

struct dump_redact {
	struct arena *arena;
	bool shows_secrets; /* everything is printed as it is */
	const struct ir *ir;
	unsigned char *uses; /* for each table of the IR */
};

void dump_redact_init(struct dump_redact *redact, struct arena *arena,
    const struct ir *ir, bool shows_secrets);

/*
 * Texts of the config in, texts to be printed out: the same, or a
 * replacement in the arena.
 */
struct str dump_redact_secret(const struct dump_redact *redact,
    struct str secret);

/* The queue key: "stdin" and "-" are no keys, but where one comes from. */
struct str dump_redact_queue_key(const struct dump_redact *redact,
    struct str key);

/* [schema://]user:PASSWORD@host…, at the last "@" of the host part. */
struct str dump_redact_url(const struct dump_redact *redact, struct str url);

/* Of an entry, by what the table is used for. */
struct str dump_redact_key(const struct dump_redact *redact,
    const struct ir_table *table, struct str key);
struct str dump_redact_value(const struct dump_redact *redact,
    const struct ir_table *table, struct str value);

/*
 * Of a table that is a file, a database or a program; of a URL whose schema
 * is the program's name only "//" and the rest is left.
 */
struct str dump_redact_config(const struct dump_redact *redact,
    const struct ir_table *table);

#endif
