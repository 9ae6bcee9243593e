/*
 * The intermediate representation: what a config means for its target, with
 * every default and every difference between languages and versions made
 * explicit. Both languages lower to it; printers, explain, the decision
 * diagrams and the blob start from it, and the blob's reader gives the
 * daemon these structs again.
 *
 * What a compilation makes lives in its arena. Positions mean something to
 * the compiler or the blob that they come from. Tables, actions, wrappers,
 * procs and filters are referred to by index, IR_NONE for none.
 */
#ifndef RUNTIME_RULESET_IR_H
#define RUNTIME_RULESET_IR_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/srcpos.h"
#include "runtime/ruleset/ruleset.h"
#include "runtime/ruleset/target.h"

#define IR_NONE UINT32_MAX

enum ir_table_kind {
	IR_TABLE_LIST,    /* entries, without values */
	IR_TABLE_MAPPING, /* entries */
	IR_TABLE_FILE,    /* config is the path of a text file */
	IR_TABLE_DB,      /* config is the path of a database */
	IR_TABLE_PROGRAM, /* backend names it, config is its argument */
	IR_TABLE_SYSTEM_USERS,
	IR_TABLE_LOCAL_NAMES, /* facts of the host, bound when loaded */
	IR_TABLE_LOCAL_ADDRESSES,
	IR_TABLE_ANY_ADDRESS,
	IR_TABLE_ANY_NAME,
};

struct ir_entry {
	struct str key;
	struct str value; /* empty in a list */
	struct srcpos pos;
};

struct ir_table {
	enum ir_table_kind kind;
	struct str name;    /* empty: written where it is used */
	bool is_builtin;    /* there without a declaration */
	struct str backend; /* PROGRAM */
	struct str config;
	const struct ir_entry *entries;
	uint32_t entry_count;
	struct srcpos pos;
};

enum ir_method {
	IR_MBOX,
	IR_MAILDIR,
	IR_LMTP,
	IR_MDA,
	IR_FORWARD_ONLY,
	IR_EXPAND_ONLY,
	IR_RELAY,
};

/* How a command of the config reaches its program. */
enum ir_shell {
	IR_SHELL_NONE,  /* the daemon's own code, or no shell */
	IR_SHELL_ONCE,  /* sh -c COMMAND */
	IR_SHELL_TWICE, /* in double quotes, to a second shell */
};

enum ir_exit_policy {
	IR_EXIT_RETRY_ALL, /* legacy: every failure is temporary */
	IR_EXIT_SYSEXITS,  /* 71, 75 and signals are; others bounce */
};

enum ir_environment {
	IR_ENV_PATH, /* PATH alone */
	IR_ENV_6_4,  /* HOME USER LOGNAME SHELL DOMAIN LOCAL … */
	IR_ENV_6_6,  /* and SENDER */
	IR_ENV_7_6,  /* and ORIGINAL_RECIPIENT */
};

struct ir_local {
	struct str argument; /* path, destination or command; may be empty */
	bool has_junk;
	bool lmtp_rcpt_to;
	struct str user;         /* run as; empty: the recipient */
	bool user_from_userbase; /* looked up there, not in the system */
	uint32_t alias;
	uint32_t virtual;
	uint32_t userbase; /* IR_NONE: system users */
	uint32_t wrapper;

	/* Differences of targets. */
	enum ir_shell shell;
	enum ir_exit_policy exit_policy;
	enum ir_environment environment;
	bool has_from_line;    /* "From " before the message */
	bool expands_at_rcpt;  /* formats: at RCPT TO, else at delivery */
	bool sanitises_slash;  /* "/" and "^" in expansions become ":" */
	bool root_may_deliver; /* maildir for uid 0 */
};

enum ir_tls {
	IR_TLS_NEVER,
	IR_TLS_IF_OFFERED,
	IR_TLS_REQUIRED, /* STARTTLS or as the URL says */
	IR_TLS_BY_URL,   /* each host's URL decides */
};

enum ir_verify {
	IR_VERIFY_NONE,
	IR_VERIFY_CHAIN, /* legacy and 6.4: the name is not compared */
	IR_VERIFY_NAME,
	IR_VERIFY_BY_URL, /* if the URL's schema requires TLS */
};

struct ir_relay {
	uint32_t hosts;     /* table of URLs, IR_NONE: by MX */
	uint32_t domains;   /* destination domain to URL */
	bool is_legacy_url; /* URLs mean what they meant up to 6.0 */
	bool is_backup;
	struct str backup_mx;       /* empty: the name received under */
	bool backup_is_server_name; /* empty backup_mx: the server's name */
	enum ir_tls tls;
	enum ir_verify verify;
	uint32_t auth;
	struct str helo;
	uint32_t helo_src;
	uint32_t src;
	struct str mail_from;
	bool rewrites_stored_sender;   /* legacy "as": bounces go there too */
	bool user_implies_server_name; /* legacy "as user" */
	struct str pki;
	struct str ca;
	bool implicit_pki; /* the one named like the HELO name, or "*" */
	struct str ciphers;
	struct str protocols;
	bool srs;
	uint32_t filter; /* IR_NONE; else into filters */
};

struct ir_action {
	struct str name;
	enum ir_method method;
	struct ir_local local; /* all methods but RELAY */
	struct ir_relay relay;
	uint32_t ttl; /* seconds */
	struct srcpos pos;
};

enum ir_listener_tls {
	IR_LISTEN_PLAIN,
	IR_LISTEN_STARTTLS,
	IR_LISTEN_STARTTLS_REQUIRED,
	IR_LISTEN_SMTPS,
};

enum ir_listener_auth {
	IR_AUTH_NONE,
	IR_AUTH_OFFERED,
	IR_AUTH_REQUIRED,
};

struct ir_listener {
	bool is_socket;
	bool is_implicit;   /* the socket that is always there */
	struct str address; /* address, interface or name; empty: socket */
	unsigned family;    /* 4, 6, or 0 for both */
	uint16_t port;
	enum ir_listener_tls tls;
	bool verifies_clients;
	const struct str *pkis;
	uint32_t pki_count;
	struct str ca;
	enum ir_listener_auth auth;
	uint32_t credentials; /* IR_NONE: system users */
	struct str tag;
	struct str hostname; /* empty: the server's name */
	uint32_t hostnames;
	uint32_t senders;
	bool masquerades;
	bool masks_source;
	bool received_auth;
	bool no_dsn;
	bool proxy_v2;
	struct str ciphers;
	struct str protocols;
	uint32_t filter;
	bool refuses_all; /* a filter, before there were any */
	struct srcpos pos;
};

/* Certificates: what all statements of a name add up to. */

enum ir_dhe {
	IR_DHE_NONE,
	IR_DHE_AUTO,
	IR_DHE_LEGACY,
};

struct ir_pki {
	struct str name; /* lower case */
	struct str cert;
	struct str key;
	enum ir_dhe dhe;
	struct srcpos pos;
};

struct ir_ca {
	struct str name; /* lower case */
	struct str cert;
	struct srcpos pos;
};

/* Programs and filters. */

struct ir_wrapper {
	struct str name;
	struct str command;
	struct srcpos pos;
};

/* "proc", and the process that a "proc-exec" is named after. */
struct ir_proc {
	struct str name;
	struct str command;
	struct str user;
	struct str group;
	struct str chroot;
	struct srcpos pos;
};

enum ir_phase {
	IR_PHASE_CONNECT,
	IR_PHASE_HELO,
	IR_PHASE_EHLO,
	IR_PHASE_AUTH,
	IR_PHASE_MAIL_FROM,
	IR_PHASE_RCPT_TO,
	IR_PHASE_DATA,
	IR_PHASE_COMMIT,
	IR_PHASES
};

enum ir_condition {
	IR_CONDITION_FCRDNS,
	IR_CONDITION_RDNS,
	IR_CONDITION_SRC,
	IR_CONDITION_HELO,
	IR_CONDITION_AUTH,
	IR_CONDITION_MAIL_FROM,
	IR_CONDITION_RCPT_TO,
	IR_CONDITIONS
};

enum ir_decision {
	IR_DECISION_REJECT,
	IR_DECISION_DISCONNECT,
	IR_DECISION_REWRITE,
	IR_DECISION_REPORT,
	IR_DECISION_JUNK,
	IR_DECISION_BYPASS,
	IR_DECISIONS
};

/* As in the config: "mail-from", "fcrdns", "bypass". */
const char *ir_phase_word(enum ir_phase phase);
const char *ir_condition_word(enum ir_condition condition);
const char *ir_decision_word(enum ir_decision decision);

enum ir_filter_kind {
	IR_FILTER_PROC,
	IR_FILTER_CHAIN,
	IR_FILTER_PHASE,
};

struct ir_filter {
	struct str name; /* empty: a chain written where it is used */
	enum ir_filter_kind kind;
	uint32_t proc;           /* PROC */
	const uint32_t *members; /* CHAIN: into filters */
	uint32_t member_count;

	/* PHASE */
	enum ir_phase phase;
	bool acts_at_connect; /* the originals never bind phase auth */
	enum ir_condition condition;
	bool is_negated;
	uint32_t table; /* IR_NONE: the condition takes none */
	enum service service;
	enum ir_decision decision;
	struct str text; /* reply, argument or report; empty: none */
	struct srcpos pos;
};

/* Settings. */

enum ir_limit {
#define LIMIT(group, id, word, fallback) IR_LIMIT_##group##_##id,
#include "runtime/ruleset/limits.def"
#undef LIMIT
	IR_LIMITS
};

struct ir_limits {
	int64_t values[IR_LIMITS];
	unsigned family; /* of relays: 4, 6, or 0 for both */
};

/* Relaying to one domain: of its values only the group LIMIT_MTA counts. */
struct ir_domain_limits {
	struct str domain; /* compared as it is */
	struct ir_limits limits;
};

struct ir_settings {
	uint32_t queue_ttl; /* seconds */
	uint64_t max_message_size;
	uint32_t bounce_delays[4];
	uint32_t bounce_delay_count;
	char delimiter;
	bool queue_compression;
	bool queue_encryption;
	struct str queue_key; /* secret; empty: asked for at start */
	struct str ciphers;
	struct str admd; /* empty: the server's name */
	int64_t max_deferred;
	struct str srs_key; /* secret */
	struct str srs_key_backup;
	uint32_t srs_ttl; /* seconds, whole days */
	struct ir_limits limits;
};

/* What a config that sets nothing has; the same for all targets. */
extern const struct ir_settings ir_default_settings;

struct ir {
	struct target target;
	const struct ir_table *tables;
	uint32_t table_count;
	const struct ir_action *actions;
	uint32_t action_count;
	struct ruleset ruleset;
	const struct ir_rule *rules; /* the compiler's, of each of ruleset's */
	const struct ir_listener *listeners;
	uint32_t listener_count;
	const struct ir_pki *pkis;
	uint32_t pki_count;
	const struct ir_ca *cas;
	uint32_t ca_count;
	const struct ir_wrapper *wrappers;
	uint32_t wrapper_count;
	const struct ir_proc *procs;
	uint32_t proc_count;
	const struct ir_filter *filters;
	uint32_t filter_count;
	struct ir_settings settings;
	const struct ir_domain_limits *domain_limits;
	uint32_t domain_limit_count;
};

#endif
