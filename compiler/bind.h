/*
 * The tables of an IR, bound to what they hold: entries of the config,
 * files below --root, facts of the host. Tables that only a running daemon
 * can ask (databases, programs) answer with a failure.
 */
#ifndef COMPILER_BIND_H
#define COMPILER_BIND_H

#include "compiler/host.h"
#include "compiler/ir.h"
#include "runtime/table/table.h"

struct bind_table {
	struct table *table; /* NULL: see state */
	enum bind_state {
		BIND_UNREAD,
		BIND_READY,
		BIND_DYNAMIC, /* only the daemon could ask it */
		BIND_BROKEN,  /* its file is missing or does not parse */
	} state;
};

struct bind {
	struct compilation *comp;
	const struct ir *ir;
	const struct host *host;
	struct table_rules rules;
	/*
	 * For a comparison: tables that are not ready have neither "local"
	 * nor mail addresses without a domain.
	 */
	bool assumes_plain;
	struct bind_table *tables;
	bool leaves_files; /* table files are as dynamic as databases */
};

void bind_init(struct bind *bind, struct compilation *comp, const struct ir *ir,
    const struct host *host);
void bind_fini(struct bind *bind);

/* *entry_r is the entry that decided, NULL where there is none. */
enum answer bind_lookup(struct bind *bind, uint32_t table, enum service service,
    struct str key, const struct table_entry **entry_r);

enum bind_state bind_state_of(struct bind *bind, uint32_t table);

/* Of the entries of a table that is ready: 64 digits, "" of no entries. */
const char *bind_digest(struct bind *bind, uint32_t table);

#endif
