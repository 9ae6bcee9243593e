/*
 * A compiled ruleset, "blob", as its readers see it: verified once, then
 * read where it lies, without a copy. Owns the format together with
 * blob_format.def; never opens a config, allocates nothing, changes nothing.
 * Any number of threads may use one blob.
 *
 *	blob_open --> accessors, blob_lookup, ruleset_decide
 *
 * A blob that blob_open took cannot make any function here fault. Texts
 * that these give point into it and end in NUL. Tables, actions, procs and
 * so on are numbers, as in ir.h; a number beyond the count is the caller's
 * fault, an assertion.
 *
 * Secrets (credentials, keys) stand at the end, from blob.public_size on.
 * Who does not need them opens only what is before that: their texts are
 * empty then.
 */
#ifndef RUNTIME_RULESET_BLOB_H
#define RUNTIME_RULESET_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/ruleset/ir.h"
#include "runtime/ruleset/ruleset.h"

enum {
	BLOB_VERSION = 3,        /* that is written */
	BLOB_OLDEST = 3,         /* that is read */
	BLOB_IDENTITY_SIZE = 32, /* SHA-256 */
	BLOB_LEVELS_MAX = 16,
	BLOB_TREES_KEPT = 32,
	BLOB_ERROR_SIZE = 256, /* for blob_error_text */
};

enum blob_error {
	BLOB_OK = 0,
	BLOB_EMAGIC = -1,  /* no blob at all, a config perhaps */
	BLOB_ENEWER = -2,  /* for readers that know more */
	BLOB_ESIZE = -3,   /* cut off, or something behind the end */
	BLOB_EDIGEST = -4, /* changed since it was written */
	BLOB_EFORMAT = -5, /* breaks a rule of the format */
	BLOB_EREAD = -6,   /* blob_map: errno says why */
	BLOB_EOLDER = -7,  /* older than what is still read */
};

enum {
	/*
	 * Does not compare the content with its identity, which takes most
	 * of the time: for who knows that another process did.
	 */
	BLOB_IS_INTACT = 1,
};

enum blob_section_id {
#define SECTION(id, word, size)            BLOB_##id,
#define RECORDS(id, word, type)            BLOB_##id,
#define FIELD(record, type, member, limit) /* not here */
#define END(id)                            /* not here */
#include "runtime/ruleset/blob_format.def"
#undef SECTION
#undef RECORDS
#undef FIELD
#undef END
	BLOB_SECTIONS
};

struct blob_section {
	const unsigned char *data;
	uint32_t stride; /* bytes of a record */
	uint32_t count;
};

struct blob_range {
	uint32_t first;
	uint32_t count;
};

/* How a value of an envelope becomes a class; see blob_private.h. */
struct blob_level {
	unsigned attribute;
	unsigned method;
	uint32_t empty; /* the class of no value */
	uint32_t other; /* of what is found nowhere */
	struct blob_range slots;
	struct blob_range states;
	struct blob_range nets4;
	struct blob_range nets6;
};

/* Members are to be read only. */
struct blob {
	const unsigned char *data;
	size_t size;
	size_t public_size; /* where secrets, if any, begin: at a page */
	size_t total_size;
	unsigned version;
	bool has_secrets; /* they were opened too, if there are any */
	struct blob_section sections[BLOB_SECTIONS];

	/* What every look-up needs. */
	struct target target;
	char delimiter;
	struct blob_level levels[BLOB_LEVELS_MAX];

	/* Where blob_open found BLOB_EFORMAT. */
	enum blob_section_id bad_section;
	uint32_t bad_record;
};

/*
 * Opening. data is all of a blob or its first public_size bytes; it must
 * not move or change while the blob is used. BLOB_OK or an enum blob_error.
 * Takes time in proportion to size, and no other memory.
 */
int blob_open(struct blob *blob, const void *data, size_t size, unsigned flags);

/*
 * The same of a regular file, mapped read-only. without_secrets maps only
 * what is public. After BLOB_OK, blob_unmap.
 */
int blob_map(struct blob *blob, int fd, bool without_secrets, unsigned flags);
void blob_unmap(struct blob *blob);

/* Whether data begins like a blob; 8 bytes suffice. */
bool blob_is_blob(const void *data, size_t size);

/* "section NODES, record 12 is not sound": one clause, NUL-terminated. */
const char *blob_error_text(const struct blob *blob, int error, char *buf,
    size_t size);

const unsigned char *blob_identity(const struct blob *blob);

/* What sections are called in smtpd-blob(5). */
const char *blob_section_word(enum blob_section_id id);

/* The records. */

void blob_target(const struct blob *blob, struct target *target_r);
void blob_settings(const struct blob *blob, struct ir_settings *settings_r);

uint32_t blob_listener_count(const struct blob *blob);
/* pkis is NULL, see blob_listener_pki. */
void blob_listener(const struct blob *blob, uint32_t n,
    struct ir_listener *listener_r);
struct str blob_listener_pki(const struct blob *blob, uint32_t n, uint32_t i);

uint32_t blob_action_count(const struct blob *blob);
void blob_action(const struct blob *blob, uint32_t n,
    struct ir_action *action_r);
/* By name, as queued mail knows it; IR_NONE: there is none. */
uint32_t blob_find_action(const struct blob *blob, struct str name);

uint32_t blob_pki_count(const struct blob *blob);
void blob_pki(const struct blob *blob, uint32_t n, struct ir_pki *pki_r);
uint32_t blob_ca_count(const struct blob *blob);
void blob_ca(const struct blob *blob, uint32_t n, struct ir_ca *ca_r);

uint32_t blob_wrapper_count(const struct blob *blob);
void blob_wrapper(const struct blob *blob, uint32_t n,
    struct ir_wrapper *wrapper_r);
uint32_t blob_proc_count(const struct blob *blob);
void blob_proc(const struct blob *blob, uint32_t n, struct ir_proc *proc_r);
uint32_t blob_filter_count(const struct blob *blob);
/* members is NULL, see blob_filter_member. */
void blob_filter(const struct blob *blob, uint32_t n,
    struct ir_filter *filter_r);
uint32_t blob_filter_member(const struct blob *blob, uint32_t n, uint32_t i);

uint32_t blob_domain_limit_count(const struct blob *blob);
void blob_domain_limits(const struct blob *blob, uint32_t n,
    struct ir_domain_limits *limits_r);

/* Rules, for the loop and to explain. preds is NULL, see blob_pred. */
uint32_t blob_rule_count(const struct blob *blob);
void blob_rule(const struct blob *blob, uint32_t n,
    struct ruleset_rule *rule_r);
void blob_pred(const struct blob *blob, uint32_t rule, uint32_t i,
    struct ruleset_pred *pred_r);
void blob_rule_pos(const struct blob *blob, uint32_t n, struct srcpos *pos_r);

/*
 * Where something is written. Positions in records are the blob's own: only
 * this understands them. False where there is none. Paths are relative to
 * the folder of the main file; line and column count from 1.
 */
struct blob_place {
	struct str path;
	uint32_t line;
	uint32_t column;
};

bool blob_locate(const struct blob *blob, struct srcpos pos,
    struct blob_place *place_r);

/* Tables. entries is NULL, see blob_entry. */
uint32_t blob_table_count(const struct blob *blob);
void blob_table(const struct blob *blob, uint32_t n, struct ir_table *table_r);
uint32_t blob_find_table(const struct blob *blob, struct str name);

/*
 * Whether the blob holds its entries: lists and mappings, and files that
 * were embedded. Of others it knows where they are.
 */
bool blob_table_is_inline(const struct blob *blob, uint32_t n);
bool blob_table_is_mapping(const struct blob *blob, uint32_t n);

/* Of an embedded file: SHA-256 of its bytes, 64 digits; else empty. */
struct str blob_table_digest(const struct blob *blob, uint32_t n);

struct blob_entry {
	struct str key;   /* lower case */
	struct str value; /* as written; empty in a list */
};

/* In byte order of keys, no key twice; i < entry_count of the table. */
void blob_entry(const struct blob *blob, uint32_t table, uint32_t i,
    struct blob_entry *entry_r);

/*
 * Whether blob_lookup can answer: where not, it is for who runs the look-ups
 * of dynamic tables, and of regular expressions in any table.
 */
bool blob_can_look_up(const struct blob *blob, uint32_t table,
    enum service service);

/*
 * Whether an entry fits the key and the first in byte order that does: what
 * table_lookup (runtime/table) says of the same entries. entry_r may be
 * NULL and is stored to only with ANSWER_YES. ANSWER_FAILED for a key over
 * 1,023 bytes and where blob_can_look_up says no.
 */
enum answer blob_lookup(const struct blob *blob, uint32_t table,
    enum service service, struct str key, struct blob_entry *entry_r);

/*
 * Tables that stand for facts of the host, which callbacks know: only
 * is_local_address and is_local_name are used. ANSWER_FAILED for others.
 */
enum answer blob_ask_host(const struct blob *blob, uint32_t table,
    struct str key, const struct ruleset_callbacks *callbacks);

/*
 * Deciding: what ruleset_eval says of the same rules, in a time that does
 * not depend on their number. Tables that the blob can answer are not asked
 * for; of the others the same look-ups in the same order.
 *
 * It can be left while a look-up is on its way:
 *
 *	struct blob_decision d;
 *
 *	blob_decision_init(&d, blob, &envelope, &callbacks);
 *	while (!blob_decision_run(&d))
 *		blob_decision_answer(&d, ...look up d.table, d.service, d.key);
 *	use(d.result);
 *
 * Envelope, callbacks and blob must stay as they are until the end; nothing
 * has to be released, so that it can be given up at any time. Of callbacks
 * only is_local_address and is_local_name are used.
 */
struct blob_decision {
	struct ruleset_result result; /* after run has returned true */

	/* After run has returned false: what to look up. */
	uint32_t table;
	enum service service;
	struct str key;

	/* Private. */
	const struct blob *blob;
	const struct ruleset_envelope *envelope;
	const struct ruleset_callbacks *callbacks;
	uint32_t next_rule; /* all before it do not match */
	bool is_in_rule;
	uint32_t questions; /* still to be asked of it; 0: none */
	bool is_match;      /* once they are answered */
	bool is_asking;
	bool is_answered;
	enum answer answer;
	uint32_t known; /* levels, a bit each */
	uint32_t values[BLOB_LEVELS_MAX];
	uint32_t tree_count; /* whose leaves are known */
	uint32_t leaves[BLOB_TREES_KEPT];
	char text[RULESET_KEY_MAX + 1];
};

void blob_decision_init(struct blob_decision *decision, const struct blob *blob,
    const struct ruleset_envelope *envelope,
    const struct ruleset_callbacks *callbacks);

/* True: decided. False: answer the look-up, then call it again. */
bool blob_decision_run(struct blob_decision *decision);
void blob_decision_answer(struct blob_decision *decision, enum answer answer);

/* The same where look-ups can wait: callbacks->lookup answers them. */
struct ruleset_result ruleset_decide(const struct blob *blob,
    const struct ruleset_envelope *envelope,
    const struct ruleset_callbacks *callbacks);

#endif
