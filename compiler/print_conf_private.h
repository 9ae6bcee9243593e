/*
 * Shared between the files that print config text: print_conf.c calls the
 * others, print_conf_word.c is called by all.
 */
#ifndef COMPILER_PRINT_CONF_PRIVATE_H
#define COMPILER_PRINT_CONF_PRIVATE_H

#include "compiler/dump_redact.h"
#include "compiler/print_conf.h"

struct print_conf {
	FILE *out;
	struct arena *arena;
	const struct ir *ir;
	unsigned version;
	struct dump_redact redact;
	bool has_text; /* something stands above */
};

/* A word of any content, in quotes where it needs them. */
void print_conf_word(struct print_conf *conf, struct str word);

/* The elements of a table or the members of a chain, with their braces. */
void print_conf_list(struct print_conf *conf, const struct ir_table *table,
    const char *separator);
void print_conf_members(struct print_conf *conf,
    const struct ir_filter *filter);

/* " OPTION" and its argument; nothing where there is none. */
void print_conf_flag(struct print_conf *conf, const char *option, bool flag);
void print_conf_option(struct print_conf *conf, const char *option,
    struct str word);
void print_conf_delay(struct print_conf *conf, const char *option,
    uint32_t seconds);
void print_conf_table(struct print_conf *conf, const char *option,
    uint32_t table);
void print_conf_filter(struct print_conf *conf, uint32_t filter);

/* Between parts of the config: an empty line. */
void print_conf_part(struct print_conf *conf);

/* " from any", as a rule has it. */
void print_conf_pred(struct print_conf *conf, const struct ruleset_pred *pred);

/* The parts, in an order in which names stand before their uses. */
void print_conf_settings(struct print_conf *conf);
void print_conf_filters(struct print_conf *conf);
void print_conf_actions(struct print_conf *conf);
void print_conf_rules(struct print_conf *conf);

#endif
