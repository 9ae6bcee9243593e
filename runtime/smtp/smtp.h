/*
 * One SMTP session as the server sees it, without network, processes or
 * files: bytes of the client go in, split in whatever way, replies come out;
 * what must be known or done elsewhere is asked through a table of
 * functions and answered at once or much later. Until then nothing more of
 * the client is looked at. Never blocks, never logs, never exits; memory is
 * bounded, and where there is none the session ends.
 *
 *	greeted --HELO--> ready --MAIL--> transaction --DATA--> message
 *	          <--TLS--  ^                |                     |
 *	                    '------RSET------'<-------- "." -------'
 *
 * Each command is a check that refuses it and a function that carries it
 * out, see smtp_command.c. Differences from OpenSMTPD: a line of a message
 * ends where it always did, but only CR LF "." CR LF ends the message;
 * commands may be pipelined (RFC 2920); bytes behind a NUL are kept.
 */
#ifndef RUNTIME_SMTP_SMTP_H
#define RUNTIME_SMTP_SMTP_H

#include <time.h>

#include "runtime/base/service.h"
#include "runtime/smtp/address.h"
#include "runtime/smtp/header.h"

#define SMTP_COMMAND_MAX 2047  /* bytes, without line end */
#define SMTP_LINE_MAX    65534 /* of a message, with CR, without LF */
#define SMTP_REPLY_MAX   4096  /* a line of a reply; the rest is cut off */
#define SMTP_OUTPUT_HIGH 16384 /* beyond it no input is looked at */
#define SMTP_INPUT_MAX   (256 * 1024)
#define SMTP_AUTH_MAX    1023 /* bytes decoded */
#define SMTP_USER_MAX    255
#define SMTP_ENVID_MAX   100
#define SMTP_ORCPT_MAX   500
#define SMTP_TLS_MAX     127 /* of the description */
#define SMTP_ADDRESS_MAX (ADDRESS_LOCAL_MAX + 1 + ADDRESS_DOMAIN_MAX)

enum smtp_tls {
	SMTP_TLS_NONE,
	SMTP_TLS_OFFERED,
	SMTP_TLS_REQUIRED, /* before MAIL */
};

enum smtp_login {
	SMTP_LOGIN_NONE,
	SMTP_LOGIN_OFFERED, /* on a secure channel */
	SMTP_LOGIN_REQUIRED,
};

/* Of a listener and its limits; must outlive the session. */
struct smtp_config {
	enum smtp_tls tls;
	enum smtp_login login;
	bool no_dsn;
	bool masquerades;
	bool masks_source;
	bool received_auth;
	bool verifies_clients;
	bool completes_messages; /* Date and Message-ID, where missed */
	struct str domain;       /* completes addresses in fields */
	uint64_t size_max;
	uint64_t mails_max;
	uint64_t rcpts_max;
};

/* What is asked about a client before it is greeted; must outlive it. */
struct smtp_peer {
	struct str hostname; /* the server's, for this client */
	struct str address;  /* "192.0.2.1", "[2001:db8::1]", "[local]" */
	struct str rdns;     /* "<unknown>" */
};

/* DSN, RFC 3461. */
enum {
	SMTP_NOTIFY_SUCCESS = 1,
	SMTP_NOTIFY_FAILURE = 2,
	SMTP_NOTIFY_DELAY = 4,
	SMTP_NOTIFY_NEVER = 8,
};

enum smtp_ret {
	SMTP_RET_NONE,
	SMTP_RET_HDRS,
	SMTP_RET_FULL,
};

struct smtp_rcpt {
	struct mailaddr address; /* complete */
	unsigned notify;
	struct str orcpt; /* raw; empty without */
};

/* MAIL to the end of the message, RSET or the session. */
struct smtp_tx {
	struct mailaddr sender; /* complete, or both empty */
	enum smtp_ret ret;
	struct str envid;
	uint64_t rcpts; /* accepted */

	/* user@domain: the sender, the first accepted and the last asked. */
	char sender_text[SMTP_ADDRESS_MAX + 1];
	char first_text[SMTP_ADDRESS_MAX + 1];
	char rcpt_text[SMTP_ADDRESS_MAX + 1];
	char envid_text[SMTP_ENVID_MAX + 1];
};

enum smtp_mail {
	SMTP_MAIL_OK,
	SMTP_MAIL_REJECTED, /* the user may not send as that */
	SMTP_MAIL_TEMPFAIL,
};

/* A message that may be written now. */
struct smtp_message {
	uint32_t msgid;
	time_t time;
	uint64_t unique; /* for the Message-ID */
	bool is_junk;
};

/*
 * What the session needs. Questions are answered by the function named
 * behind them, from within the call or later, exactly once.
 */
struct smtp_ops {
	void (*auth)(void *arg, struct str user,
	    struct str password); /* smtp_answer_auth */
	void (*mail)(void *arg);  /* smtp_answer_mail */
	void (*rcpt)(void *arg,
	    const struct smtp_rcpt *rcpt); /* smtp_answer_rcpt */
	void (*data)(void *arg);           /* smtp_answer_data */
	void (*commit)(void *arg);         /* smtp_answer_commit */
	void (*start_tls)(void *arg);      /* smtp_secure */

	/* Bytes of the message; false: they could not be written. */
	bool (*append)(void *arg, struct str bytes);
	/* The transaction ends without a message. */
	void (*rollback)(void *arg);

	/* For the log: a reply of 400 or more, without line end. */
	void (*refused)(void *arg, struct str command, struct str reply);
	void (*bad_input)(void *arg, struct str reply);
};

enum smtp_phase {
	SMTP_SILENT, /* not greeted yet */
	SMTP_COMMANDS,
	SMTP_AUTH_PLAIN, /* waits for lines of the dialogue */
	SMTP_AUTH_USER,
	SMTP_AUTH_PASSWORD,
	SMTP_DATA,
	SMTP_CLOSED, /* to be closed when the output is sent */
};

enum smtp_wait {
	SMTP_READY,
	SMTP_WAIT_AUTH,
	SMTP_WAIT_MAIL,
	SMTP_WAIT_RCPT,
	SMTP_WAIT_DATA,
	SMTP_WAIT_COMMIT,
	SMTP_WAIT_TLS,
};

enum smtp_refusal {
	SMTP_DATA_OK,
	SMTP_DATA_TOO_BIG,
	SMTP_DATA_LOOP,
	SMTP_DATA_MALFORMED,
	SMTP_DATA_BARE_DOT,
	SMTP_DATA_NOT_WRITTEN,
	SMTP_REFUSALS
};

/* To be read, and changed by functions of this header only. */
struct smtp {
	const struct smtp_config *config;
	const struct smtp_peer *peer;
	const struct smtp_ops *ops;
	void *arg;

	enum smtp_phase phase;
	enum smtp_wait wait;
	bool is_extended; /* EHLO */
	bool is_secure;
	bool is_authenticated;
	struct str helo; /* empty: not identified */
	struct str username;
	uint64_t mails; /* committed */
	struct smtp_tx *tx;

	/* The rest is private. */
	struct bytes input; /* not looked at yet */
	size_t scanned;     /* of it, without a line end */
	size_t behind;      /* the line that is worked on */
	struct bytes output;
	struct str last_words; /* behind output, where there was no memory */
	bool is_running;
	bool has_closed_cr; /* the line before ended in CR LF */
	enum smtp_refusal refusal;
	uint64_t size; /* of the message so far */
	uint32_t msgid;
	struct header header;
	struct header_options header_options;
	struct smtp_texts *texts; /* of header_options */
	char *command;            /* the last, for the log */
	char helo_text[ADDRESS_DOMAIN_MAX + 1];
	char username_text[SMTP_USER_MAX + 1];
	char tls_text[SMTP_TLS_MAX + 1];
};

void smtp_init(struct smtp *smtp, const struct smtp_config *config,
    const struct smtp_ops *ops, void *arg);

/* Ends it; a transaction is rolled back. No answer may come any more. */
void smtp_fini(struct smtp *smtp);

/* Sessions of the local socket are authenticated from the start. */
void smtp_trust(struct smtp *smtp);

/* Greets the client: first bytes of the output. */
void smtp_greet(struct smtp *smtp, const struct smtp_peer *peer);

/* Whether smtp_input may be called. */
bool smtp_wants_input(const struct smtp *smtp);

/* Bytes of the client. The buffer is the caller's again. */
void smtp_input(struct smtp *smtp, const char *data, size_t len);

/* For a client without a session: there was no memory for one. */
#define SMTP_LAST_WORDS "421 4.3.0 Temporary Error\r\n"

/* What is to be sent, and that some of it was. */
struct str smtp_output(const struct smtp *smtp);
void smtp_sent(struct smtp *smtp, size_t len);

/*
 * The channel is encrypted now; text is "TLSv1.3:CIPHER:256". After
 * start_tls, or before the greeting.
 */
void smtp_secure(struct smtp *smtp, struct str text);

void smtp_answer_auth(struct smtp *smtp, enum answer answer);
void smtp_answer_mail(struct smtp *smtp, enum smtp_mail answer);

/* reply: what an expansion failed with, "550 Invalid recipient", or empty. */
void smtp_answer_rcpt(struct smtp *smtp, struct str reply);

/* NULL: no message can be written. */
void smtp_answer_data(struct smtp *smtp, const struct smtp_message *message);
void smtp_answer_commit(struct smtp *smtp, bool is_committed);

#endif
