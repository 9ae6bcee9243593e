/*
 * Recipient expansion: from the address of one RCPT command through rules,
 * aliases, virtual tables and .forward files to the deliveries that it
 * means, all of them or none. A state machine: it says what it needs to
 * know next and is told, at once or much later; it never looks anything up,
 * opens a file, blocks or logs. Called by smtpd-explain, which answers from
 * files, and by the daemon, which answers when its other processes did.
 *
 *     expand_init(&expand, &arena, &semantics, rcpt);
 *     while (expand_step(&expand, &request) < EXPAND_DONE)
 *             answer request with the function of its kind
 *
 * Nodes form a tree below the recipient and are worked on first in, first
 * out; the first that fails decides. All memory comes from the arena, which
 * must outlive the results. What is passed in is copied.
 *
 *	ADDRESS --rule--> relay: a delivery
 *	        --------> local, virtual: the table's targets
 *	        --------> local: USER, in lower case
 *	USER    --------> the alias's targets, else those of ~/.forward,
 *	                  else a delivery
 *	FILE, COMMAND --> a delivery
 *	ERROR   --------> a failure
 */
#ifndef RUNTIME_EXPAND_EXPAND_H
#define RUNTIME_EXPAND_EXPAND_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/arena.h"
#include "runtime/base/mailaddr.h"
#include "runtime/base/service.h"
#include "runtime/base/strmap.h"
#include "runtime/expand/targets.h"

#define EXPAND_DEPTH_MAX     10    /* a node as deep as this fails */
#define EXPAND_NODES_MAX     65536 /* of one recipient */
#define EXPAND_FORWARD_MAX   4095  /* bytes of a .forward */
#define EXPAND_FORWARD_NODES 100   /* of one recipient, behind a .forward */
#define EXPAND_KEYS_MAX      6     /* asked of a table for one name */

#define EXPAND_NO_RULE  UINT32_MAX
#define EXPAND_NO_TABLE UINT32_MAX
#define EXPAND_SYSTEM   UINT32_MAX /* userbase: the system's users */

/*
 * In what the daemons differ. Versions in comments are OpenSMTPD's; a
 * member that is false stands for what other versions do.
 */
struct expand_semantics {
	char delimiter;         /* between a user and the sub-address */
	struct str daemon_user; /* runs commands and files of tables */

	/*
	 * 6.4+: lists that do not expand fail with 424 and 524. Before,
	 * with 451 and 550 as everything else.
	 */
	bool has_list_codes;

	/*
	 * Up to 6.0: a user that stands in the expansion of the same name
	 * ("joe: joe, bob") is delivered to at once. Since: it is not an
	 * alias again, but its .forward is read, unless the name stood there.
	 */
	bool self_is_delivered;

	/*
	 * Up to 6.0: a user name that a virtual table gives is looked up
	 * there once more as in an alias table (user+tag, user). Since: as
	 * an address with an empty domain (user+tag@, user@, user+tag, user).
	 */
	bool virtual_names_are_aliases;

	/* 6.4 to 6.6: ... and then the catch-all "@". */
	bool virtual_names_catch_all;

	/* 7.5+: with `user U` only the .forward of U is read. */
	bool user_skips_forward;

	/* 7.5+: root's .forward may not name files and commands (451). */
	bool root_runs_nothing;

	/*
	 * Up to 6.0, and mended: no delivery to a user by an action without
	 * method (forward-only, expand-only), to which a .forward with the
	 * user's own name leads. 6.4+ accepts what can never be delivered.
	 */
	bool delivery_needs_method;

	/*
	 * 6.4+: a user is a duplicate only until it was looked up; mentioned
	 * again behind that, it is delivered to again.
	 */
	bool repeats_users;

	/*
	 * Up to 6.0: the user that a delivery runs as must exist in the
	 * action's userbase: daemon_user as well, and the user that a
	 * "maildir:" target expands.
	 */
	bool delivery_needs_user;

	/* Up to 6.0: formats are expanded now, and fail with 451. */
	bool has_early_formats;

	/* Up to 6.0: targets of the form "maildir:path". */
	bool has_maildir_targets;

	/* Every version: see TARGETS_BAD_DOMAIN_IS_USER. */
	bool bad_domain_is_user;
};

enum expand_rule_kind {
	EXPAND_RULE_RELAY,
	EXPAND_RULE_LOCAL,
	EXPAND_RULE_REJECT,
	EXPAND_RULE_NONE,   /* no rule matches */
	EXPAND_RULE_FAILED, /* a look-up of the evaluation failed */
};

/* The rule that an evaluation found, and its action. */
struct expand_rule {
	enum expand_rule_kind kind;

	/* Not for NONE, FAILED. The caller's numbers, handed through. */
	uint32_t rule;
	uint32_t action;

	/* LOCAL. At most one of aliases and virtuals is a table. */
	uint32_t aliases;  /* or EXPAND_NO_TABLE */
	uint32_t virtuals; /* or EXPAND_NO_TABLE */
	uint32_t userbase; /* or EXPAND_SYSTEM */
	bool forward_only;
	bool expand_only; /* legacy: a rule without action */
	struct str user;  /* of `user U`; empty without */
};

struct expand_account {
	uint32_t uid;
	struct str home;
};

/* Where a name stood. */
enum expand_origin {
	EXPAND_FROM_RCPT,
	EXPAND_FROM_TABLE, /* alias or virtual value, or include file */
	EXPAND_FROM_FORWARD,
};

/* To be read only. */
struct expand_node {
	enum target_kind kind; /* never INCLUDE */
	struct str text;       /* of a USER: without sub-address when found */
	const struct expand_node *parent;  /* NULL: the recipient */
	const struct expand_node *address; /* the nearest, or itself */
	enum expand_origin origin;
	uint32_t index; /* from 1, in the order of insertion */
	uint32_t depth;

	/* Of an ADDRESS: its own, once it was evaluated. Else inherited. */
	const struct expand_rule *rule;

	/* USER */
	bool is_same;      /* as the parent */
	bool is_found;     /* in the userbase: account is valid */
	bool is_forwarded; /* ~/.forward was asked for */
	struct str subaddress;
	struct expand_account account;

	bool is_decoded;          /* ADDRESS: by expand_answer_srs */
	struct expand_node *next; /* in the queue */
};

/*
 * One delivery: one envelope. Kind of the node: ADDRESS: relay; USER: by
 * the action's method; FILE, COMMAND, MAILDIR: see the node's text.
 */
struct expand_leaf {
	const struct expand_node *node;
	struct mailaddr dest; /* the nearest ADDRESS, or the node itself */
	struct str user;      /* who it is delivered to or runs as */

	/* uid and home of user, where it was looked up; else NULL. */
	const struct expand_account *account;
	struct str formatted; /* has_early_formats: what the caller made */
	struct expand_leaf *next;
};

struct expand_evaluation {
	struct mailaddr address;
	bool is_internal;
	bool has_failed;
	uint32_t rule; /* or EXPAND_NO_RULE */
	struct expand_evaluation *next;
};

/* Why it failed: name, code, and a clause for messages. */
#define EXPAND_REASONS(X) \
	X(NO_RULE, INVALID, "no rule matches") \
	X(REJECTED, INVALID, "a rule rejects it") \
	X(RULE_FAILED, TEMPORARY, "a look-up of the rules failed") \
	X(TOO_DEEP, LIST_INVALID, "it is nested too deep, or loops") \
	X(TOO_MANY, LIST_TEMPORARY, "it expands to too many targets") \
	X(LOOKUP_FAILED, LIST_TEMPORARY, "a table could not be asked") \
	X(BAD_VALUE, LIST_TEMPORARY, "the table's value is not a target list") \
	X(NOT_VIRTUAL, LIST_INVALID, "the virtual table does not know it") \
	X(USER_FAILED, TEMPORARY, "the userbase could not be asked") \
	X(NO_USER, INVALID, "there is no such user") \
	X(FORWARD_STICKY, LIST_TEMPORARY, "the home directory is sticky") \
	X(FORWARD_SYMLINK, LIST_INVALID, "the .forward is a symbolic link") \
	X(FORWARD_INSECURE, LIST_INVALID, "others may change the .forward") \
	X(FORWARD_TEMPORARY, LIST_TEMPORARY, \
	    "the .forward cannot be opened now") \
	X(FORWARD_UNREADABLE, LIST_INVALID, "the .forward cannot be opened") \
	X(FORWARD_TOO_LARGE, LIST_TEMPORARY, "the .forward is too large") \
	X(FORWARD_BAD, LIST_TEMPORARY, "the .forward is not a target list") \
	X(FORWARD_TOO_MANY, LIST_TEMPORARY, \
	    "the .forward has too many targets") \
	X(FORWARD_ONLY, LIST_TEMPORARY, "forward-only, without .forward") \
	X(EXPAND_ONLY, LIST_INVALID, "no method, no alias and no .forward") \
	X(NO_METHOD, LIST_TEMPORARY, "the action has no method to deliver") \
	X(NOT_FORWARDING, TEMPORARY, "forward-only takes users and addresses") \
	X(ROOT, TEMPORARY, "root's .forward may not name it") \
	X(FORMAT, TEMPORARY, "a format could not be expanded") \
	X(EMPTY, LIST_INVALID, "it expands to nothing") \
	X(ERROR, OWN, "the list says so")

enum expand_reason {
#define EXPAND_REASON_ENUM(id, code, text) EXPAND_REASON_##id,
	EXPAND_REASONS(EXPAND_REASON_ENUM)
#undef EXPAND_REASON_ENUM
	    EXPAND_REASON_COUNT
};

struct expand_failure {
	enum expand_reason reason;
	unsigned code;    /* of the reply: 400 to 599 */
	struct str reply; /* "550 Invalid recipient" */
	const struct expand_node *node;
};

enum expand_need {
	EXPAND_IDLE,     /* never returned */
	EXPAND_EVALUATE, /* address, is_internal: expand_answer_rule */
	EXPAND_LOOKUP,   /* table, key: expand_answer_lookup */
	EXPAND_USERINFO, /* table or EXPAND_SYSTEM, key: ..._userinfo */
	EXPAND_FORWARD,  /* key: the user, of table; account: ..._forward */
	EXPAND_INCLUDE,  /* key: the path: expand_answer_include */
	EXPAND_FORMAT,   /* leaf: expand_answer_format */
	EXPAND_DONE,     /* see leaves */
	EXPAND_FAILED,   /* see failure */
};

struct expand_request {
	enum expand_need need;
	struct mailaddr address;
	bool is_internal; /* the address was produced by expansion */
	uint32_t table;

	/*
	 * LOOKUP: in lower case. USERINFO: as written; tables look it up in
	 * lower case.
	 */
	struct str key;
	const struct expand_account *account;
	const struct expand_leaf *leaf;
};

/* What became of ~/.forward. */
enum expand_forward {
	EXPAND_FORWARD_READ,   /* here is its text */
	EXPAND_FORWARD_ABSENT, /* the file, or the home directory */
	EXPAND_FORWARD_STICKY, /* the home directory */
	EXPAND_FORWARD_SYMLINK,

	/*
	 * It or a directory up to the home or "/" belongs to neither the
	 * user nor root (the file: to the user), or others may write it; or
	 * it is not a regular file.
	 */
	EXPAND_FORWARD_INSECURE,
	EXPAND_FORWARD_TEMPORARY,  /* EMFILE, ENFILE, EIO */
	EXPAND_FORWARD_UNREADABLE, /* any other error */
	EXPAND_FORWARD_TOO_LARGE,  /* over EXPAND_FORWARD_MAX */
};

struct expand {
	/* Results. leaves: complete with EXPAND_DONE, void with FAILED. */
	struct expand_leaf *leaves;
	uint32_t leaf_count;
	struct expand_failure failure;         /* with EXPAND_FAILED */
	struct expand_evaluation *evaluations; /* in their order */

	/* The rest is private. */
	struct arena *arena;
	struct expand_semantics semantics;
	struct expand_request request;
	struct expand_leaf **leaf_end;
	struct expand_evaluation **evaluation_end;
	struct strmap seen;
	struct expand_node *queue, **queue_end;
	uint32_t node_count;
	struct expand_node *root;
	struct expand_node *node; /* being worked on */
	struct expand_leaf *leaf; /* of node, not accepted yet */

	/* Look-up of node's name. */
	struct str keys[EXPAND_KEYS_MAX];
	uint32_t key_count, key_next;

	/* The value that was found. */
	struct targets_entry *targets;
	uint32_t target_count, target_next;
	bool has_targets;
};

/* rcpt: as in the RCPT command, completed. */
void expand_init(struct expand *expand, struct arena *arena,
    const struct expand_semantics *semantics, struct mailaddr rcpt);

/* The same request again until it is answered. */
enum expand_need expand_step(struct expand *expand,
    struct expand_request *request_r);

void expand_answer_rule(struct expand *expand, const struct expand_rule *rule);

/*
 * For an EVALUATE whose address is an SRS one that could be decoded, at
 * most once: it is asked again with the decoded address, which counts as
 * internal.
 */
void expand_answer_srs(struct expand *expand, struct mailaddr decoded);

/* value: only with ANSWER_YES. */
void expand_answer_lookup(struct expand *expand, enum answer answer,
    struct str value);

/* account: only with ANSWER_YES, else NULL. */
void expand_answer_userinfo(struct expand *expand, enum answer answer,
    const struct expand_account *account);

/* text: only with EXPAND_FORWARD_READ. */
void expand_answer_forward(struct expand *expand, enum expand_forward status,
    struct str text);

/*
 * A file that cannot be opened gives no target: is_open false. Bad lines
 * end at the first bad target.
 */
void expand_answer_include(struct expand *expand, bool is_open,
    struct str text);

/*
 * The path or command of the leaf (of the action's method for a USER),
 * expanded, or has_expanded false. An mbox delivery has no format: empty.
 */
void expand_answer_format(struct expand *expand, bool has_expanded,
    struct str text);

/* One clause for a message, without full stop. */
const char *expand_reason_text(enum expand_reason reason);

#endif
