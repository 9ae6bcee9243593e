/*
 * Typed messages between processes, and their form in bytes: a header of
 * type, number and length, then the fields in order, integers in host order
 * (they never leave the machine), each text behind its length. Reading
 * checks everything: what is too long, too short, of unknown type or has a
 * flag that is neither 0 nor 1 is not a message.
 *
 * A request is answered by the message named in its comment, under the
 * number of the request. Fields are FLAG (bool), U32, U64 and TEXT (struct
 * str, any bytes). "+ fd" says that a descriptor comes along. An envelope
 * travels as the text of its file (runtime/queue/envelope.h): one reader,
 * whoever sends it.
 */
#ifndef RUNTIME_PROC_MESSAGE_H
#define RUNTIME_PROC_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/str.h"

/* Bytes, with the header. */
#define MESSAGE_MAX (128 * 1024)

/* Parent to a child that starts, and again for a reload; see child.h. */
#define FIELDS_SETUP_RULESET(F) F(U32, generation) /* + fd: the blob */
#define FIELDS_SETUP_FACTS(F) \
	F(TEXT, server_name) F(TEXT, spool) F(TEXT, queue_key) F(U32, flags)
#define FIELDS_SETUP_PEER(F)     F(U32, process)                   /* + fd */
#define FIELDS_SETUP_LISTENER(F) F(U32, listener) F(TEXT, address) /* + fd */
#define FIELDS_SETUP_STATS(F)    F(U32, row)                       /* + fd */
#define FIELDS_SETUP_DONE(F)     F(FLAG, is_forced)                /* READY */
#define FIELDS_READY(F)          F(TEXT, error)                    /* "" */

/* A state that is switched; LOG_LEVEL is seen to by child.c. */
#define FIELDS_PAUSE(F)     F(U32, subsystem) F(FLAG, is_paused) /* RESULT */
#define FIELDS_LOG_LEVEL(F) F(U32, level)                        /* RESULT */
#define FIELDS_RESULT(F)    F(FLAG, is_ok) F(TEXT, error)

/* Session to queue. */
#define FIELDS_QUEUE_BEGIN(F)    F(U64, session)              /* QUEUE_BEGUN */
#define FIELDS_QUEUE_BEGUN(F)    F(FLAG, is_ok) F(U32, msgid) /* + fd */
#define FIELDS_QUEUE_ENVELOPE(F) F(U64, evpid) F(TEXT, envelope) /* nothing */
#define FIELDS_QUEUE_COMMIT(F) \
	F(U32, msgid) F(U32, envelopes) F(U64, size) /* RESULT, when on disk */
#define FIELDS_QUEUE_ROLLBACK(F) F(U32, msgid)       /* nothing */

/* Queue to parent. */
#define FIELDS_DELIVER(F) \
	F(U64, evpid) \
	F(U32, generation) \
	F(U32, action) \
	F(TEXT, user) F(TEXT, envelope) /* + fd of the message; DELIVERED */
#define FIELDS_DELIVERED(F) \
	F(U64, evpid) F(U32, outcome) F(U32, status) F(TEXT, output)

/* Session or parent to lookup. answer is enum answer. */
#define FIELDS_LOOKUP(F) \
	F(U32, generation) F(U32, table) F(U32, service) F(TEXT, key)
#define FIELDS_LOOKUP_ANSWER(F) F(U32, answer) F(TEXT, value)
#define FIELDS_USERINFO(F)      F(U32, generation) F(U32, table) F(TEXT, user)
#define FIELDS_USERINFO_ANSWER(F) \
	F(U32, answer) F(TEXT, user) F(U32, uid) F(U32, gid) F(TEXT, home)
#define FIELDS_RDNS(F)           F(TEXT, address) /* of the client */
#define FIELDS_RDNS_ANSWER(F)    F(TEXT, name) F(U32, fcrdns)
#define FIELDS_INCLUDE(F)        F(TEXT, path)
#define FIELDS_INCLUDE_ANSWER(F) F(FLAG, is_open) F(TEXT, text)
#define FIELDS_CREDENTIALS(F) \
	F(U32, generation) F(U32, table) F(TEXT, user) F(TEXT, password)
#define FIELDS_UPDATE_TABLE(F) F(TEXT, table) /* RESULT */
/* With the key of the ruleset; NO: it cannot be decoded, or there is none. */
#define FIELDS_SRS(F)        F(U32, generation) F(TEXT, address)
#define FIELDS_SRS_ANSWER(F) F(U32, answer) F(TEXT, address)

/* Session to parent. CREDENTIALS too, for system users. */
#define FIELDS_CREDENTIALS_ANSWER(F) F(U32, answer)

/*
 * Lookup to parent: a process for a table of the kind program, in the place
 * of one that was opened under the same id, and the end of that. program:
 * its path.
 */
#define FIELDS_TABLE_OPEN(F)   F(U32, id) F(U32, generation) F(U32, table)
#define FIELDS_TABLE_OPENED(F) F(TEXT, program) F(TEXT, error) /* + fd */
#define FIELDS_TABLE_CLOSE(F)  F(U32, id)                      /* nothing */

/* The .forward of a user. */
#define FIELDS_FORWARD(F)        F(TEXT, user) F(U32, generation) F(U32, table)
#define FIELDS_FORWARD_ANSWER(F) F(U32, status) /* expand_forward + fd */

/*
 * Session to keys. public_digest: SHA-256 of the key's SubjectPublicKeyInfo.
 * Files: number of a pki or a ca, see enum key_file.
 */
#define FIELDS_KEY_SIGN(F) \
	F(TEXT, public_digest) F(U32, scheme) F(TEXT, digest) /* KEY_SIGNED */
#define FIELDS_KEY_FILE(F)   F(U32, kind) F(U32, number)      /* RESULT + fd */
#define FIELDS_KEY_SIGNED(F) F(FLAG, is_ok) F(TEXT, signature)

/* smtpctl to control, which hands them on and the answers back. */
#define FIELDS_CTL_ENQUEUE(F) F(U32, uid) /* RESULT + fd to speak SMTP on */
#define FIELDS_CTL_LIST(F)    F(U64, from) F(U32, limit) /* CTL_LISTED each */
#define FIELDS_CTL_LISTED(F)  F(FLAG, is_last) F(U64, evpid) F(TEXT, line)
#define FIELDS_CTL_CHANGE(F)  F(U32, change) F(U64, evpid) /* CTL_CHANGED */
#define FIELDS_CTL_CHANGED(F) F(U32, count)

/* The bytes of an envelope or a message: RESULT + fd. */
#define FIELDS_CTL_SHOW(F) F(U64, evpid) F(FLAG, is_message)

#define FIELDS_CTL_STATUS(F)    F(U32, unused) /* CTL_STATUS_IS */
#define FIELDS_CTL_STATUS_IS(F) F(U32, paused)
#define FIELDS_CTL_STATS(F)     F(U32, unused) /* CTL_STATS_ARE + fd */
#define FIELDS_CTL_STATS_ARE(F) F(U64, uptime)
#define FIELDS_CTL_RELOAD(F)    F(FLAG, force) /* RESULT */
#define FIELDS_CTL_STOP(F)      F(U32, unused) /* RESULT */

#define MESSAGES(M) \
	M(SETUP_RULESET, setup_ruleset) \
	M(SETUP_FACTS, setup_facts) \
	M(SETUP_PEER, setup_peer) \
	M(SETUP_LISTENER, setup_listener) \
	M(SETUP_STATS, setup_stats) \
	M(SETUP_DONE, setup_done) \
	M(READY, ready) \
	M(PAUSE, pause) \
	M(LOG_LEVEL, log_level) \
	M(RESULT, result) \
	M(QUEUE_BEGIN, queue_begin) \
	M(QUEUE_BEGUN, queue_begun) \
	M(QUEUE_ENVELOPE, queue_envelope) \
	M(QUEUE_COMMIT, queue_commit) \
	M(QUEUE_ROLLBACK, queue_rollback) \
	M(DELIVER, deliver) \
	M(DELIVERED, delivered) \
	M(LOOKUP, lookup) \
	M(LOOKUP_ANSWER, lookup_answer) \
	M(USERINFO, userinfo) \
	M(USERINFO_ANSWER, userinfo_answer) \
	M(RDNS, rdns) \
	M(RDNS_ANSWER, rdns_answer) \
	M(INCLUDE, include) \
	M(INCLUDE_ANSWER, include_answer) \
	M(CREDENTIALS, credentials) \
	M(CREDENTIALS_ANSWER, credentials_answer) \
	M(UPDATE_TABLE, update_table) \
	M(FORWARD, forward) \
	M(FORWARD_ANSWER, forward_answer) \
	M(KEY_SIGN, key_sign) \
	M(KEY_SIGNED, key_signed) \
	M(KEY_FILE, key_file) \
	M(CTL_ENQUEUE, ctl_enqueue) \
	M(CTL_LIST, ctl_list) \
	M(CTL_LISTED, ctl_listed) \
	M(CTL_CHANGE, ctl_change) \
	M(CTL_CHANGED, ctl_changed) \
	M(CTL_SHOW, ctl_show) \
	M(CTL_STATUS, ctl_status) \
	M(CTL_STATUS_IS, ctl_status_is) \
	M(CTL_STATS, ctl_stats) \
	M(CTL_STATS_ARE, ctl_stats_are) \
	M(CTL_RELOAD, ctl_reload) \
	M(CTL_STOP, ctl_stop) \
	M(SRS, srs) \
	M(SRS_ANSWER, srs_answer) \
	M(TABLE_OPEN, table_open) \
	M(TABLE_OPENED, table_opened) \
	M(TABLE_CLOSE, table_close)

/* Requests and what answers them: anything else breaks the protocol. */
#define MESSAGE_ANSWERS(A) \
	A(SETUP_DONE, READY) \
	A(PAUSE, RESULT) \
	A(LOG_LEVEL, RESULT) \
	A(QUEUE_BEGIN, QUEUE_BEGUN) \
	A(QUEUE_COMMIT, RESULT) \
	A(DELIVER, DELIVERED) \
	A(LOOKUP, LOOKUP_ANSWER) \
	A(USERINFO, USERINFO_ANSWER) \
	A(RDNS, RDNS_ANSWER) \
	A(INCLUDE, INCLUDE_ANSWER) \
	A(CREDENTIALS, CREDENTIALS_ANSWER) \
	A(UPDATE_TABLE, RESULT) \
	A(SRS, SRS_ANSWER) \
	A(TABLE_OPEN, TABLE_OPENED) \
	A(FORWARD, FORWARD_ANSWER) \
	A(KEY_SIGN, KEY_SIGNED) \
	A(KEY_FILE, RESULT) \
	A(CTL_ENQUEUE, RESULT) \
	A(CTL_LIST, CTL_LISTED) \
	A(CTL_CHANGE, CTL_CHANGED) \
	A(CTL_SHOW, RESULT) \
	A(CTL_STATUS, CTL_STATUS_IS) \
	A(CTL_STATS, CTL_STATS_ARE) \
	A(CTL_RELOAD, RESULT) \
	A(CTL_STOP, RESULT)

enum message_type {
#define MESSAGE_TYPE(ID, id) MESSAGE_##ID,
	MESSAGES(MESSAGE_TYPE)
#undef MESSAGE_TYPE
	    MESSAGE_TYPES
};

#define MESSAGE_FIELD_FLAG(name)  bool name;
#define MESSAGE_FIELD_U32(name)   uint32_t name;
#define MESSAGE_FIELD_U64(name)   uint64_t name;
#define MESSAGE_FIELD_TEXT(name)  struct str name;
#define MESSAGE_FIELD(type, name) MESSAGE_FIELD_##type(name)
#define MESSAGE_STRUCT(ID, id) \
	struct message_##id { \
		FIELDS_##ID(MESSAGE_FIELD) \
	};
MESSAGES(MESSAGE_STRUCT)
#undef MESSAGE_STRUCT

/* What PAUSE switches and CTL_STATUS_IS tells of: bits. */
enum {
	SUBSYSTEM_MDA = 1,
	SUBSYSTEM_MTA = 2,
	SUBSYSTEM_SMTP = 4,
};

/*
 * CTL_CHANGE of envelopes: of one, of a message's (the lower half of evpid
 * is 0) or of all (0).
 */
enum ctl_change {
	CTL_REMOVE,
	CTL_SCHEDULE, /* at once */
	CTL_PAUSE,
	CTL_RESUME,
	CTL_DISCOVER, /* what was put into the spool from outside */
	CTL_CHANGES
};

/* KEY_SIGN: how digest becomes a signature. */
enum key_scheme {
	KEY_RSA_RAW,   /* it is padded already: as long as the key */
	KEY_RSA_PKCS1, /* a DigestInfo, to be padded */
	KEY_ECDSA,     /* the signature is in DER */
	KEY_SCHEMES
};

/* KEY_FILE: PEM. */
enum key_file {
	KEY_FILE_CERTIFICATES, /* of a pki: its own, then its issuers' */
	KEY_FILE_CA,           /* IR_NONE: what the system trusts */
	KEY_FILES
};

/* One that was read: texts point into the buffer it was read from. */
struct message {
	enum message_type type;
	uint32_t number; /* 0: no request and no answer */
	int fd;          /* -1: none; the receiver's to close */
	union {
#define MESSAGE_MEMBER(ID, id) struct message_##id id;
		MESSAGES(MESSAGE_MEMBER)
#undef MESSAGE_MEMBER
	};
};

/* Bytes written, or 0: does not fit into room or MESSAGE_MAX. */
size_t message_write(const struct message *message, uint8_t *buf, size_t room);

/* False: not a message. fd is left at -1. */
bool message_read(const uint8_t *buf, size_t len, struct message *message_r);

/* "QUEUE_BEGIN", for traces. */
const char *message_name(enum message_type type);

/* What answers a request of the type; MESSAGE_TYPES: it is none. */
enum message_type message_answer(enum message_type type);

#endif
