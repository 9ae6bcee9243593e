/*
 * One SMTP session, or one run of sendmail, as asked about: who connects
 * where, says what, and wants to send from whom to whom. Read from
 * key=value words or from JSON; turned into the record that rules are
 * evaluated on.
 */
#ifndef COMPILER_SESSION_H
#define COMPILER_SESSION_H

#include <jansson.h>

#include "compiler/bind.h"

/* Recipients of a session; more are an error. */
#define SESSION_RCPTS_MAX 1000

enum session_tls {
	SESSION_PLAIN,
	SESSION_STARTTLS,
	SESSION_SMTPS,
};

struct session {
	struct str id;
	bool is_socket;
	struct netaddr src;
	struct netaddr dst;
	uint16_t port;
	enum session_tls tls;
	struct str helo;
	bool has_auth;
	struct str login;
	struct str password;  /* ptr NULL: taken for right */
	struct str tag;       /* ptr NULL: that of the listener */
	struct str rdns;      /* ptr NULL: as the host's files say */
	struct str mail_from; /* empty: null sender */
	struct str *rcpts;
	uint32_t rcpt_count;
};

/* From a client on the machine to port 25, without recipients. */
void session_init(struct session *session);

/*
 * "src=192.0.2.7", "tls", "rcpt-to=a@b" … False, and *why_r says why,
 * where the word is none that a session has.
 */
bool session_read_word(struct session *session, struct arena *arena,
    const char *word, const char **why_r);

/* The object of an envelopes file; strings live as long as it. */
bool session_read_json(struct session *session, struct arena *arena,
    json_t *object, const char **why_r);

/* What a session meets: the listener, and what follows from it. */
struct session_context {
	const struct ir_listener *listener; /* NULL: no such listener */
	struct str server_name; /* completes addresses without domain */
	struct ruleset_envelope envelope; /* dest is left empty */
};

void session_enter(const struct session *session, struct bind *bind,
    struct session_context *context_r);

/* At the last "@"; without one, domain is the server's name. */
struct mailaddr session_mailbox(const struct session_context *context,
    struct str address);

#endif
