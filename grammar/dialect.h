/*
 * Which language a text is written in, told from the words that begin its
 * statements. A rough scan: it neither expands macros nor reports errors.
 */
#ifndef GRAMMAR_DIALECT_H
#define GRAMMAR_DIALECT_H

#include "grammar/source.h"
#include "runtime/ruleset/target.h"

enum {
	DIALECT_SAMPLES = 3,   /* rules remembered for messages */
	DIALECT_INCLUDES = 16, /* inclusions remembered */
};

struct dialect_evidence {
	/* Indexed by dialect. */
	uint32_t rules[2];    /* accept, reject; action, match */
	uint32_t settings[2]; /* other words of one language alone */
	struct srcpos samples[2][DIALECT_SAMPLES];

	struct str includes[DIALECT_INCLUDES]; /* paths, quotes removed */
	uint32_t include_count;
};

/* Adds what a file tells. */
void dialect_scan(const struct source_file *file,
    struct dialect_evidence *evidence);

/* Whether both languages have rules there. */
bool dialect_is_mixed(const struct dialect_evidence *evidence);

/* Whether anything tells. */
bool dialect_is_known(const struct dialect_evidence *evidence);

/* The likelier one; modern where nothing tells. */
enum dialect dialect_guess(const struct dialect_evidence *evidence);

#endif
