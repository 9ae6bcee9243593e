/*
 * Rules and the loop that evaluates them: the definition of what a ruleset
 * means, against which every faster form is tested. A rule is a conjunction
 * of predicates in the order of its target, and the first rule that matches
 * decides. Nothing here knows a dialect: where the languages and versions
 * differ, a predicate says which way it goes.
 *
 * Look-ups and facts of the host are asked through callbacks. Nothing is
 * allocated.
 */
#ifndef RUNTIME_RULESET_RULESET_H
#define RUNTIME_RULESET_RULESET_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/mailaddr.h"
#include "runtime/base/service.h"
#include "runtime/base/str.h"

enum ruleset_pred_kind {
	PRED_TAG, /* text: equal byte by byte; or table */
	PRED_FROM_ANY,
	PRED_FROM_LOCAL, /* an address of the host, or local_classes */
	PRED_FROM_SOCKET,
	PRED_FROM_TABLE, /* the peer's address, or "local" */
	PRED_FROM_RDNS,  /* without table: has a reverse name */
	PRED_FOR_ANY,
	PRED_FOR_LOCAL, /* a name of the host */
	PRED_FOR_TABLE, /* the recipient's domain */
	PRED_HELO,
	PRED_AUTH, /* without table: authenticated at all */
	PRED_TLS,
	PRED_MAIL_FROM,
	PRED_RCPT_TO, /* after expansion */
	PRED_KINDS
};

/* Classes of sessions whose peer counts as the host itself. */
enum {
	ORIGIN_INTERNAL = 1, /* address produced by expansion */
	ORIGIN_SOCKET = 2,   /* the local socket, and bounces */
	ORIGIN_AUTH = 4,     /* legacy only */
};

enum {
	PRED_NEGATED = 1,
	PRED_FAILS = 2,         /* asking is a temporary failure, always */
	PRED_FAILS_IF_AUTH = 4, /* the same for authenticated sessions */
	PRED_NOT_INTERNAL = 8,  /* no for internal ones, though negated */
	PRED_NOT_UNKNOWN = 16,  /* no without reverse name, though negated */
};

#define RULESET_NO_TABLE UINT32_MAX

struct ruleset_pred {
	enum ruleset_pred_kind kind;
	unsigned flags;
	unsigned local_classes; /* FROM_LOCAL, FROM_TABLE */
	enum service service;   /* of the look-up in table */
	uint32_t table;
	struct str text; /* TAG without table */
};

struct ruleset_rule {
	const struct ruleset_pred *preds;
	uint32_t pred_count;
	uint32_t action; /* RULESET_REJECT, or an index */
};

#define RULESET_REJECT UINT32_MAX

struct ruleset {
	const struct ruleset_rule *rules;
	uint32_t rule_count;
};

struct ruleset_envelope {
	struct str tag;
	bool is_socket;
	struct str peer; /* address text as the target spells it */
	struct str rdns; /* empty: unknown */
	struct str helo;
	bool is_tls;
	bool is_authenticated;  /* always on the socket */
	struct str username;    /* empty on the socket */
	struct mailaddr sender; /* both empty: null sender */
	struct mailaddr dest;
	bool is_internal; /* dest was produced by expansion */
};

struct ruleset_callbacks {
	void *arg;
	enum answer (*lookup)(void *arg, uint32_t table, enum service service,
	    struct str key);
	bool (*is_local_address)(void *arg, struct str peer);
	bool (*is_local_name)(void *arg, struct str domain);

	/* Told of every predicate that was asked; may be NULL. */
	void (*trace)(void *arg, uint32_t rule, uint32_t pred,
	    enum answer answer);
};

enum ruleset_verdict {
	RULESET_MATCH,
	RULESET_NO_MATCH,
	RULESET_TEMPFAIL,
};

struct ruleset_result {
	enum ruleset_verdict verdict;
	uint32_t rule; /* MATCH; TEMPFAIL: where it failed */
};

/* user@domain texts longer than this make a mail address look-up fail. */
#define RULESET_KEY_MAX 1023

/* One predicate, negation and flags included. */
enum answer ruleset_ask(const struct ruleset_pred *pred,
    const struct ruleset_envelope *envelope,
    const struct ruleset_callbacks *callbacks);

struct ruleset_result ruleset_eval(const struct ruleset *ruleset,
    const struct ruleset_envelope *envelope,
    const struct ruleset_callbacks *callbacks);

#endif
