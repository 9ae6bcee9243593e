/*
 * Shared between the files that build a space: space.c, which carries it
 * out, space_sets.c, the first pass over the predicates, which collects the
 * sets of every level, and space_rules.c, the second, which builds a
 * condition or a question for each predicate.
 */
#ifndef COMPILER_SPACE_PRIVATE_H
#define COMPILER_SPACE_PRIVATE_H

#include "compiler/space.h"

/* Entries of mail addresses, as sets of their two levels. */
struct space_mailbox {
	uint32_t domain; /* set; SPACE_ANY: every domain */
	uint32_t user;   /* set; SPACE_ANY: every user */
};

#define SPACE_ANY UINT32_MAX

/* What the first pass leaves for the second, for each predicate. */
struct space_pred {
	bool is_question;
	uint32_t set; /* of the predicate's level; SPACE_ANY: none */
	struct space_mailbox *mailboxes;
	uint32_t mailbox_count;
};

/* A user with a delimiter, kept by what stands before it. */
struct space_delimited {
	struct str user;
	struct space_delimited *next;
};

struct space_builder {
	struct space *space;
	uint32_t side; /* the one that is being looked at */
	struct bind *bind;
	const struct ir *ir;
	bool has_one_delimiter;  /* on both sides */
	struct strmap delimited; /* user entries with a delimiter */

	/* Of each side: one for each predicate of all rules. */
	struct space_pred *preds[SPACE_SIDES_MAX];
};

/* The level of what a predicate looks up; SPACE_LEVELS for none. */
enum space_level space_level_of(enum ruleset_pred_kind kind);

/* The levels of a mail address that a predicate looks up. */
struct space_address {
	enum space_level domain;
	enum space_level user;
};

struct space_address space_address_of(enum ruleset_pred_kind kind);

/* A user up to its delimiter, if it has one. */
struct str space_user_of(struct str entry, char delimiter,
    bool *is_delimited_r);

void space_add_tag(struct space *space, struct space_tag tag);

/* Stages of the first pass, each for one side. */
void space_stage_names(struct space_builder *builder);
void space_stage_tags(struct space_builder *builder);
void space_collect_side(struct space_builder *builder);

/* The second pass, for one side. */
void space_build_rules(struct space_builder *builder);

#endif
