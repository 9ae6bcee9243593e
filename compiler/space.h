/*
 * The space of envelopes of a ruleset: one level for each attribute that a
 * predicate can ask without a look-up, and the classes of its values. It
 * turns rules into what a forest is built from, and envelopes into classes.
 *
 * Whether an address or a name is the host's own is a level of its own, so
 * that nothing of a host is folded into the diagrams. What cannot be known
 * without a daemon (dynamic tables, regular expressions, failures) becomes
 * a question, which is the predicate itself.
 */
#ifndef COMPILER_SPACE_H
#define COMPILER_SPACE_H

#include "compiler/bind.h"
#include "compiler/classes.h"
#include "compiler/forest.h"

/* In the order of the diagrams. */
enum space_level {
	SPACE_RCPT_DOMAIN,
	SPACE_RCPT_LOCAL, /* 1: a name of the host */
	SPACE_RCPT_USER,
	SPACE_SENDER_DOMAIN,
	SPACE_SENDER_USER,
	SPACE_ORIGIN, /* enum space_origin */
	SPACE_ADDRESS,
	SPACE_AUTH, /* 1: authenticated */
	SPACE_TAG,
	SPACE_HELO,
	SPACE_RDNS,
	SPACE_TLS, /* 1: used */
	SPACE_LEVELS
};

enum space_origin {
	SPACE_REMOTE,
	SPACE_OWN_ADDRESS,
	SPACE_SOCKET,
	SPACE_INTERNAL,
};

struct space {
	struct bind *bind;
	struct arena *arena;
	struct diagram *diagram;
	struct classes *classes[SPACE_LEVELS]; /* NULL: values are given */
	uint32_t common[SPACE_LEVELS];         /* the class that is value 0 */

	/* Questions: predicates, each once. */
	const struct ruleset_pred **questions;
	uint32_t question_count;
	uint32_t question_room;

	struct forest_rule *rules;
};

/* The states that the automata of one level may have. */
#define SPACE_BUDGET 100000

/* Builds classes and rules; the diagram must be initialised. */
void space_init(struct space *space, struct bind *bind,
    struct diagram *diagram);

/* What only the asker knows of an envelope's place. */
struct space_facts {
	bool is_own_address;
	bool is_own_name;
};

/* One class for each level. */
void space_classify(const struct space *space,
    const struct ruleset_envelope *envelope, struct space_facts facts,
    uint32_t classes_r[SPACE_LEVELS]);

#endif
