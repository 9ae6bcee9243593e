/*
 * One SMTP session, or one run of sendmail, as asked about: who connects
 * where, says what, and wants to send from whom to whom. Turned into the
 * record that rules are evaluated on. Reads key=value words; who reads a
 * file sets the same keys.
 */
#ifndef COMPILER_SESSION_H
#define COMPILER_SESSION_H

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
	bool has_dst;  /* else any listener will do that src could reach */
	uint16_t port; /* 0: 465 for smtps, else 25 */
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
	uint32_t rcpt_room;
};

/* From a client on the machine, without recipients. */
void session_init(struct session *session);

/*
 * One fact: "src", "192.0.2.7", and so on. False, and *why_r says why,
 * where there is no such key or the value is none of its. Both texts must
 * outlive the session.
 */
bool session_set(struct session *session, struct arena *arena, struct str key,
    struct str value, const char **why_r);

/* The i-th key, NULL behind the last. */
const char *session_key(unsigned i);

/* "src=192.0.2.7", "tls", "rcpt-to=a@b": session_set of a word. */
bool session_read_word(struct session *session, struct arena *arena,
    const char *word, const char **why_r);

uint16_t session_port(const struct session *session);

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
