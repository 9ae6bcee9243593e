/*
 * One connection and what it is waiting for. Its steps:
 *
 *	PROXY  the header of a proxy, where the listener asks for it
 *	NAMES  what the host and the client are called
 *	TLS    a handshake, before the greeting or behind STARTTLS
 *	TALK   the protocol
 *	LINGER all was said; the client is given time to read it
 *
 * A client that leaves while something was asked for lives on, unseen,
 * until the answer has come: what was begun for it has to be undone then.
 */
#ifndef RUNTIME_SMTP_CLIENT_H
#define RUNTIME_SMTP_CLIENT_H

#include "runtime/expand/expand.h"
#include "runtime/smtp/session.h"
#include "runtime/smtp/transport.h"

#define CLIENT_RDNS_MAX 255

/* For log lines, "%016llx". */
#define CLIENT_ID(client) (unsigned long long)(client)->id

enum client_step {
	CLIENT_PROXY,
	CLIENT_NAMES,
	CLIENT_TLS,
	CLIENT_TALK,
	CLIENT_LINGER,
};

struct mail;
struct rcpt;
struct tls_signing;

struct client {
	struct door *door;
	struct session_box *box;
	struct transport transport;
	struct event *read;
	struct event *write;
	bool is_reading; /* the event is registered */
	bool is_writing;
	enum client_step step;
	uint64_t id;
	struct smtp smtp;
	struct smtp_peer peer;

	/* The peer. family 0: the local socket. */
	struct netaddr address;
	char address_text[LOCAL_TEXT_SIZE];  /* "192.0.2.1", "[::1]" */
	char bracketed[LOCAL_TEXT_SIZE + 2]; /* "[192.0.2.1]", "[::1]" */
	char spelled[LOCAL_TEXT_SIZE];       /* for rules: as the target */
	char rdns[CLIENT_RDNS_MAX + 1];      /* "<unknown>" */
	char hostname[CLIENT_RDNS_MAX + 1];  /* HOST, from a table */
	struct bytes early;                  /* of a proxy's header */

	/* What is asked for. */
	bool is_asking;
	bool is_gone;
	bool wants_tls;              /* behind the output */
	struct tls_signing *signing; /* by the keys process */
	struct event *delay;         /* of an answer to AUTH */
	enum answer auth_answer;

	struct mail *mail; /* the transaction */
	struct rcpt *rcpt; /* the recipient that is being expanded */
};

typedef void client_answer_fn(struct client *client, struct message *answer);

/*
 * Asks a process. False: it cannot be asked, and answer will not be called.
 * Else answer is called, with NULL where the process is gone; if the client
 * is gone by then, undo is called in its place.
 */
bool client_ask(struct client *client, struct channel *channel,
    struct message *message, client_answer_fn *answer, client_answer_fn *undo);

/* Sends, reads and closes, as far as it can be done now. */
void client_go_on(struct client *client);

/* One more or one less of the client's kind, n: 1 or -1. */
void client_count(struct client *client, int n);

/*
 * client_peer.c: who is at the other end of the socket, NULL for the local
 * one. False: nobody that can be served.
 */
bool client_set_peer(struct client *client, const struct sockaddr *peer);

/*
 * client_peer.c: the header of a proxy, as far as it is there, and then
 * names. NULL, or why it is none, perhaps in buf.
 */
const char *client_read_proxy(struct client *client, char *buf, size_t room);

/* client_peer.c: what host and client are called; ends in the greeting. */
void client_begin_names(struct client *client);

/* rcpt.c: ends in smtp_answer_rcpt. */
void rcpt_begin(struct client *client, const struct smtp_rcpt *rcpt);
void rcpt_free(struct client *client);

/*
 * mail.c: one more envelope for the transaction, whose text is made now.
 * False: no memory, or too many.
 */
bool mail_add_envelope(struct client *client, const struct smtp_rcpt *rcpt,
    const struct expand_leaf *leaf, struct str dispatcher);
/* Those since the last call are the recipient's, or of no use after all. */
void mail_end_rcpt(struct client *client, bool is_accepted);

/* mail.c: the functions of struct smtp_ops */
void mail_check_sender(void *arg);
void mail_begin_data(void *arg);
bool mail_append(void *arg, struct str bytes);
void mail_commit(void *arg);
void mail_rollback(void *arg);

#endif
