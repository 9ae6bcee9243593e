/*
 * The space of envelopes of one ruleset or of two that are compared: one
 * level for each attribute that a predicate can ask without a look-up, and
 * the classes of its values, the same for both sides. It turns rules into
 * what a forest is built from, and envelopes into classes.
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

/* In the usual order of the diagrams. */
enum space_level {
	SPACE_RCPT_DOMAIN,
	SPACE_RCPT_LOCAL, /* 1: a name of the host */
	SPACE_RCPT_USER,
	SPACE_SENDER_DOMAIN,
	SPACE_SENDER_USER,
	SPACE_ORIGIN, /* enum space_origin */
	SPACE_ADDRESS,
	SPACE_AUTH,  /* 1: authenticated */
	SPACE_LOGIN, /* 1: as a mail address; the next two are its parts */
	SPACE_LOGIN_DOMAIN,
	SPACE_LOGIN_USER, /* without an address the whole name */
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

enum { SPACE_SIDES_MAX = 2 };

/*
 * A value of SPACE_TAG: what a session is tagged with on each side, and
 * what sessions can have that tag. Of a tag that no listener has, none.
 */
struct space_tag {
	struct str on[SPACE_SIDES_MAX];
	bool is_socket; /* mail from the local socket */
	bool is_network;
	/* To sessions of the network. */
	bool offers_auth; /* with TLS only */
	bool offers_tls;
	bool offers_plain; /* mail without TLS */
};

/* A predicate that cannot be answered here. */
struct space_question {
	struct bind *bind;
	const struct ruleset_pred *pred;
};

struct space_side {
	struct bind *bind;
	struct forest_rule *rules; /* as many as the IR has */
};

struct space {
	struct arena *arena;
	struct diagram *diagram;
	struct space_side sides[SPACE_SIDES_MAX];
	uint32_t side_count;
	struct classes *classes[SPACE_LEVELS]; /* NULL: values are given */
	uint32_t common[SPACE_LEVELS];         /* the class that is value 0 */

	/* 0: no tag; the last: any other. From malloc, as the next. */
	struct space_tag *tags;
	uint32_t tag_count;
	uint32_t tag_room;

	struct space_question *questions;
	uint32_t question_count;
	uint32_t question_room;
	struct strmap question_numbers; /* by content */
};

/* The states that the automata of one level may have. */
#define SPACE_BUDGET 100000

/*
 * Which of an envelope's two addresses a diagram asks first. Neither is best
 * for every ruleset; the recipient is the usual one.
 */
enum space_order {
	SPACE_RCPT_FIRST,
	SPACE_SENDER_FIRST,
};

/* To be called, if at all, between diagram_init and space_init. */
void space_set_order(struct diagram *diagram, enum space_order order);

/*
 * Builds classes and rules; the diagram must be initialised. The arena of
 * the first side's compilation owns what is made.
 */
void space_init(struct space *space, struct bind *const *binds,
    uint32_t side_count, struct diagram *diagram);
void space_fini(struct space *space);

/* The class whose value that is, and the value of a class. */
uint32_t space_class(const struct space *space, enum space_level level,
    uint32_t value);
uint32_t space_value(const struct space *space, enum space_level level,
    uint32_t class);

/* How many values a level has. */
uint32_t space_value_count(const struct space *space, enum space_level level);

/* What only the asker knows of an envelope's place. */
struct space_facts {
	bool is_own_address;
	bool is_own_name;
};

/* One class for each level. */
void space_classify(const struct space *space, uint32_t side,
    const struct ruleset_envelope *envelope, struct space_facts facts,
    uint32_t classes_r[SPACE_LEVELS]);

#endif
