/*
 * "Did you mean": the candidate nearest to a misspelt word, by edit
 * distance with transpositions, if it is near enough to be meant.
 */
#ifndef GRAMMAR_SUGGEST_H
#define GRAMMAR_SUGGEST_H

#include "runtime/base/str.h"

/* Longer words are not compared. */
#define SUGGEST_LEN_MAX 64

struct suggest {
	struct str word;
	struct str best;   /* empty: none so far */
	unsigned distance; /* of best; candidates must be nearer */
};

void suggest_init(struct suggest *suggest, struct str word);
void suggest_offer(struct suggest *suggest, struct str candidate);

#endif
