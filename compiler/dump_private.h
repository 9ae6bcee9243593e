/*
 * Shared between the files that build the tree of a dump: one for each part
 * of the IR, and dump_model.c, which owns the tree and calls them.
 */
#ifndef COMPILER_DUMP_PRIVATE_H
#define COMPILER_DUMP_PRIVATE_H

#include "compiler/dump_model.h"
#include "compiler/dump_redact.h"

struct dump {
	struct arena *arena;
	const struct source_map *map;
	const struct ir *ir;
	struct dump_redact redact;
	bool shows_positions;
};

/* Building. Keys that are literals need no copy: they are kept. */

struct dump_value *dump_new(struct dump *dump, enum dump_kind kind);
struct dump_value *dump_text(struct dump *dump, struct str text);

/* At the end of a list, or of a map with a key. */
void dump_append(struct dump *dump, struct dump_value *list,
    struct dump_value *value);
void dump_put(struct dump *dump, struct dump_value *map, struct str key,
    struct dump_value *value);

struct dump_value *dump_put_map(struct dump *dump, struct dump_value *map,
    const char *key);
struct dump_value *dump_put_list(struct dump *dump, struct dump_value *map,
    const char *key);
void dump_put_flag(struct dump *dump, struct dump_value *map, const char *key,
    bool flag);
void dump_put_number(struct dump *dump, struct dump_value *map, const char *key,
    int64_t number);
void dump_put_word(struct dump *dump, struct dump_value *map, const char *key,
    const char *word);

/* null where the text is empty. */
void dump_put_text(struct dump *dump, struct dump_value *map, const char *key,
    struct str text);
void dump_put_delay(struct dump *dump, struct dump_value *map, const char *key,
    uint32_t seconds);
void dump_put_pos(struct dump *dump, struct dump_value *map, struct srcpos pos);

/*
 * Where a table is used: its name, or its entries as a list or a map; null
 * for IR_NONE. The same of a filter: its name, or the list of its members.
 */
void dump_put_table(struct dump *dump, struct dump_value *map, const char *key,
    uint32_t table);
void dump_put_filter(struct dump *dump, struct dump_value *map, const char *key,
    uint32_t filter);

/* "regex", "domain" …: how keys are compared with entries. */
const char *dump_service_word(enum service service);

/* By key, in byte order: for maps of things with a name. */
void dump_sort(struct dump *dump, struct dump_value *map);

/* The parts, each at the end of root. */
void dump_add_settings(struct dump *dump, struct dump_value *root);
void dump_add_listeners(struct dump *dump, struct dump_value *root);
void dump_add_tables(struct dump *dump, struct dump_value *root);
void dump_add_filters(struct dump *dump, struct dump_value *root);
void dump_add_actions(struct dump *dump, struct dump_value *root);
void dump_add_rules(struct dump *dump, struct dump_value *root);

#endif
