/*
 * Random configs of few words, so that their rules often meet: texts that
 * compile, and small changes of them.
 */
#ifndef COMPILER_TESTS_RANDOM_CONF_H
#define COMPILER_TESTS_RANDOM_CONF_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RANDOM_CONF_RULES_MAX = 16,
	RANDOM_CONF_RULE_MAX = 256, /* bytes of one */
	RANDOM_CONF_TEXT_MAX = 8192,
	RANDOM_CONF_WORD_MAX = 12,
	RANDOM_CONF_ENTRIES_MAX = 5, /* of a random table */
};

struct random_conf_language {
	const char *head; /* listeners, tables and actions */
	const char *froms[12];
	const char *fors[10];
	const char *others[14];
	const char *actions[4]; /* reject, deliver here, relay */
	bool is_action_first;
	bool
	    has_tables; /* random ones: doms1, doms2, nets1, nets2, people1 … */
};

extern const struct random_conf_language random_conf_modern;
extern const struct random_conf_language random_conf_legacy;
/* Who logged in; no listeners, so that anybody may. */
extern const struct random_conf_language random_conf_logins;
/* With what the originals are not able to ask, and with questions. */
extern const struct random_conf_language random_conf_opaque;
/* Patterns, addresses and networks that nobody would write. */
extern const struct random_conf_language random_conf_wild;
/* Questions, with tables that cannot be read, all from one source. */
extern const struct random_conf_language random_conf_dynamic;

struct random_conf {
	const struct random_conf_language *language;
	char tables[RANDOM_CONF_TEXT_MAX / 4];
	char rules[RANDOM_CONF_RULES_MAX][RANDOM_CONF_RULE_MAX];
	uint32_t count;
};

/* From one rule to so many. */
void random_conf_make(struct random_conf *conf,
    const struct random_conf_language *language, uint32_t rules_max);

/* One rule changed, exchanged with its neighbour, said twice, or gone. */
void random_conf_mutate(struct random_conf *conf, uint32_t rules_max);

void random_conf_text(const struct random_conf *conf,
    char text_r[RANDOM_CONF_TEXT_MAX]);

#endif
