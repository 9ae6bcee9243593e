/*
 * Two configs side by side: whether their rules treat every envelope alike,
 * as far as the decision, where mail goes, and how it gets there are
 * concerned; and what else of them differs. Prints nothing.
 */
#ifndef COMPILER_DIFFER_H
#define COMPILER_DIFFER_H

#include "compiler/dump_model.h"
#include "compiler/equal.h"

/* Witnesses that are looked for, at most. */
#define DIFFER_WITNESSES 10

struct differ_side {
	struct compilation comp;
	const struct ir *ir;
	struct host host;
	struct bind bind;
	const struct dump_value *dump; /* tables by content, not by name */
	struct strmap actions;         /* name to their part of the dump */

	/*
	 * Puts aside what is not to be compared, in a copy of the IR whose
	 * arrays are still the original's; NULL: nothing.
	 */
	void (*adjust)(void *arg, struct ir *copy);
	void *adjust_arg;
};

/* What of the outcome is compared; each includes the one before. */
enum differ_aspect {
	DIFFER_DECISION,    /* refused, delivered here, relayed */
	DIFFER_DESTINATION, /* and the method, and where to */
	DIFFER_ALL,         /* and everything else of the action */
	DIFFER_ASPECTS
};

/*
 * A value that differs: a path of keys, and both sides, NULL for none. Of
 * lists, the elements that the other side lacks.
 */
struct differ_change {
	const char *path;
	const struct dump_value *values[2];
	struct differ_change *next;
};

/* A condition that nobody can answer here. */
struct differ_question {
	uint32_t side;
	struct srcpos pos;
	struct differ_question *next;
};

struct differ {
	struct differ_side sides[2];

	/* Results. aspect: the first that differs, or ALL. */
	struct equal_result rules;
	enum differ_aspect aspect;
	struct differ_question *questions;
	struct differ_change *changes; /* outside of rules and actions */
};

/*
 * Both sides have been compiled without errors, and have their host. *what_r
 * as of host_init on failure.
 */
int differ_prepare(struct differ_side *side, const char **what_r);

/* Its two halves: the IR with its host and tables; what is compared. */
int differ_bind(struct differ_side *side, const char **what_r);
void differ_describe(struct differ_side *side);

void differ_run(struct differ *differ);

bool differ_is_equivalent(const struct differ *differ);

/* Fields in which the actions of a witness differ. */
struct differ_change *differ_actions(struct differ *differ,
    const struct equal_witness *witness);

/* What becomes of an envelope: "relayed", "refused: no rule matches". */
const char *differ_outcome(const struct differ_side *side,
    struct ruleset_result result);

/*
 * The envelope of a witness in words of smtpd-explain, quoted for a shell,
 * and what they cannot say, NULL behind the last.
 */
enum { DIFFER_NOTES_MAX = 16 };

struct differ_words {
	const char *words;
	const char *notes[DIFFER_NOTES_MAX + 1];
};

void differ_words(struct differ *differ, const struct equal_witness *witness,
    struct differ_words *words_r);

#endif
