/*
 * The layout of blobs, shared by the files that read them and by the
 * compiler's that write them. All numbers are little-endian and unaligned.
 *
 *	0   magic, 8 bytes
 *	8   identity: SHA-256 of all that is public and follows it
 *	40  version, least version of readers; 16 bits each
 *	44  number of sections
 *	48  where secrets begin, if there are any, else the end
 *	52  size of the file
 *	56  dialect, 8 bits; 0; version of the target, 16 bits
 *	60  0
 *	64  SHA-256 of the secrets, or zeroes
 *	96  for each section: number, size of a record, place, records
 *	    the sections in order, each at the next multiple of 8
 *
 * Nobody else includes this.
 */
#ifndef RUNTIME_RULESET_BLOB_PRIVATE_H
#define RUNTIME_RULESET_BLOB_PRIVATE_H

#include <assert.h>
#include <string.h>

#include "runtime/base/netaddr.h"
#include "runtime/ruleset/blob.h"

#define BLOB_MAGIC "\x93smtpd\r\n"

enum {
	BLOB_MAGIC_SIZE = 8,
	BLOB_AT_IDENTITY = 8,
	BLOB_AT_VERSION = 40,
	BLOB_AT_LEAST = 42,
	BLOB_AT_SECTIONS = 44,
	BLOB_AT_PUBLIC = 48,
	BLOB_AT_TOTAL = 52,
	BLOB_AT_DIALECT = 56,
	BLOB_AT_TARGET = 58,
	BLOB_AT_ZERO = 60,
	BLOB_AT_SECRETS_DIGEST = 64,
	BLOB_AT_TABLE = 96,
	BLOB_SECTION_SIZE = 16,
	BLOB_ALIGNMENT = 8,
	BLOB_PAGE = 4096, /* what secrets begin at a multiple of */
	BLOB_KEY_MAX = 1023,
};

/*
 * Texts are referred to by their place among the strings or, with the top
 * bit, among the secrets: a byte of length, or 255 and four bytes, then the
 * text and a NUL. 0 is the empty text.
 */
#define BLOB_SECRET UINT32_C(0x80000000)
enum { BLOB_LONG_TEXT = 255 };

/* What a field holds: in a record, and in the struct that it becomes. */
enum blob_type {
	BLOB_TYPE_FLAG,    /* 0 or 1; bool */
	BLOB_TYPE_CODE,    /* a byte below limit; an enum or unsigned */
	BLOB_TYPE_CHAR,    /* a byte; char */
	BLOB_TYPE_SHORT,   /* 2 bytes; uint16_t */
	BLOB_TYPE_WORD,    /* limit times 4 bytes; uint32_t */
	BLOB_TYPE_LONG,    /* limit times 8 bytes; int64_t or uint64_t */
	BLOB_TYPE_TEXT,    /* of a text; struct str */
	BLOB_TYPE_INDEX,   /* of a record of section limit, or IR_NONE */
	BLOB_TYPE_TEXTS,   /* a range of TEXTS; a pointer and a count */
	BLOB_TYPE_NUMBERS, /* a range of NUMBERS, each an INDEX but IR_NONE */
	BLOB_TYPE_RANGE,   /* a range of section limit; struct blob_range */
	BLOB_TYPE_PLACE,   /* line; number of FILES, column; struct srcpos */
};

struct blob_field {
	enum blob_type type;
	size_t offset; /* in the struct */
	uint32_t limit;
	uint32_t size; /* in the record */
};

struct blob_format {
	const char *word;
	uint32_t size; /* of a record; 0: of its fields */
	const struct blob_field *fields;
	uint32_t field_count;
};

extern const struct blob_format blob_formats[BLOB_SECTIONS];

uint32_t blob_record_size(enum blob_section_id id);

/* TABLES: the first of its entries, and its facts or IR_NONE. */
enum {
	BLOB_TABLE_FIRST = 0,
	BLOB_TABLE_FACT = 4,
};

/* Without facts: a list without a name, of so many entries at most. */
enum { BLOB_SMALL_TABLE = 8 };

struct blob_table_facts {
	enum ir_table_kind kind;
	bool is_builtin;
	bool is_inline;
	bool is_mapping; /* two of ENTRIES each: key, value */
	bool is_secret;
	struct str name;
	struct str backend;
	struct str config;
	struct str digest;
	struct srcpos pos;
	struct blob_range slots; /* hash; entry + 1, or 0: empty */
	struct blob_range wild; /* patterns that no hash can find: as domains */
	struct blob_range nets4; /* first address; entry + 1, or 0: none */
	struct blob_range nets6;
	uint16_t shapes;             /* of entries that a hash finds */
	struct blob_range wild_mail; /* patterns as mail addresses */
};

/*
 * Which shapes the entries of a table have, a bit each, so that nobody
 * searches for others. As a mail address: user and tail; behind those, as a
 * domain. Entries that stand among the patterns are not counted.
 */
enum blob_user {
	BLOB_USER_NONE,
	BLOB_USER_PLAIN,
	BLOB_USER_TAGGED, /* it holds the delimiter */
	BLOB_USERS
};

enum blob_tail {
	BLOB_TAIL_NONE,
	BLOB_TAIL_AT, /* "@" without a domain */
	BLOB_TAIL_DOMAIN,
	BLOB_TAILS
};

#define BLOB_SHAPE(user, tail) (1u << ((user)*BLOB_TAILS + (tail)))
enum {
	BLOB_SHAPE_NAME = 1 << BLOB_USERS * BLOB_TAILS,
	BLOB_SHAPE_STAR = BLOB_SHAPE_NAME << 1, /* "*.domain" */
	BLOB_SHAPES_END = BLOB_SHAPE_STAR << 1,
};

/*
 * WILD: a tree of patterns for each table, runs of stars being one; those
 * of mail addresses have the domain first, "@", then the user. Nodes are
 * numbered from the root, 0, breadth first: the children of one, by ascending
 * byte, end where those of the next begin.
 */
enum {
	BLOB_WILD_FIRST = 0, /* child */
	BLOB_WILD_ENTRY = 4, /* from 1, that ends here or is alone; or 0 */
	BLOB_WILD_BYTE = 8,  /* that leads here */
};

/* RULES and PREDS. */
enum {
	BLOB_RULE_FIRST = 0, /* of RULE_PREDS */
	BLOB_RULE_ACTION = 4,
	BLOB_RULE_PLACE = 8,
	BLOB_PRED_KIND = 0,
	BLOB_PRED_FLAGS = 1,
	BLOB_PRED_CLASSES = 2,
	BLOB_PRED_SERVICE = 3,
	BLOB_PRED_OPERAND = 4,     /* table; text of a tag */
	BLOB_PRED_HAS_TEXT = 0x80, /* a flag: the operand is one */
	BLOB_PRED_FLAG_BITS = PRED_NEGATED | PRED_FAILS | PRED_FAILS_IF_AUTH |
	    PRED_NOT_INTERNAL | PRED_NOT_UNKNOWN | BLOB_PRED_HAS_TEXT,
	BLOB_PRED_CLASS_BITS = ORIGIN_INTERNAL | ORIGIN_SOCKET | ORIGIN_AUTH,
};

/* Behind the line of a place: the file's number above the column. */
enum {
	BLOB_PLACE_FILE = 16,
	BLOB_PLACE_COLUMN = 0xffff, /* or more */
};

/* What of an envelope a level asks for: append-only. */
enum blob_attribute {
	BLOB_ASK_RCPT_DOMAIN,
	BLOB_ASK_RCPT_LOCAL,
	BLOB_ASK_RCPT_USER,
	BLOB_ASK_SENDER_DOMAIN,
	BLOB_ASK_SENDER_USER,
	BLOB_ASK_ORIGIN,
	BLOB_ASK_ADDRESS,
	BLOB_ASK_AUTH,
	BLOB_ASK_LOGIN,
	BLOB_ASK_LOGIN_DOMAIN,
	BLOB_ASK_LOGIN_USER,
	BLOB_ASK_TAG,
	BLOB_ASK_HELO,
	BLOB_ASK_RDNS,
	BLOB_ASK_TLS,
	BLOB_ATTRIBUTES
};

/* Classes of ORIGIN; of LOCAL, AUTH, LOGIN and TLS they are no and yes. */
enum blob_origin {
	BLOB_ORIGIN_REMOTE,
	BLOB_ORIGIN_OWN,
	BLOB_ORIGIN_SOCKET,
	BLOB_ORIGIN_INTERNAL,
};

/* How a value becomes a class. */
enum blob_method {
	BLOB_BY_GIVEN,    /* it is one */
	BLOB_BY_STRINGS,  /* slots, in lower case */
	BLOB_BY_DOMAINS,  /* slots, else the automaton */
	BLOB_BY_NETWORKS, /* intervals */
	BLOB_BY_TAGS,     /* slots one by one, as the target compares them */
	BLOB_METHODS
};

/*
 * CLASS_SLOTS: text, or 0: empty; class and, above it, a byte of the hash, so
 * that texts that are not meant need not be read.
 */
enum {
	BLOB_SLOT_TEXT = 0,
	BLOB_SLOT_CLASS = 4,
	BLOB_SLOT_HASH = 0, /* TABLE_SLOTS */
	BLOB_SLOT_ENTRY = 4,
};

/*
 * STATES: a name goes on by the edge of its next byte, else to otherwise;
 * where there is a tail, to match if all the rest is that. An edge is its
 * byte and, above it, the state in the level's range.
 */
enum {
	BLOB_STATE_FIRST = 0, /* the first of STATE_EDGES */
	BLOB_STATE_OTHERWISE = 4,
	BLOB_STATE_MATCH = 8,
	BLOB_STATE_TAIL = 12,
	BLOB_STATE_CLASS = 16,
	BLOB_STATES_MAX = 1 << 24,
};

enum {
	BLOB_SLOT_CLASS_BITS = 24,
	BLOB_SLOT_CLASS_MAX = (1 << BLOB_SLOT_CLASS_BITS) - 1,
};

enum {
	BLOB_NET4_ANSWER = 4,
	BLOB_NET6_ANSWER = 16,
};

/*
 * The forest. Where an edge leads: a node; a rule, with the top bit; a
 * residue, with the top two; or no match. Nodes have edges by ascending
 * class, and lead to nodes of higher levels only. Rules of residues ascend.
 */
#define BLOB_LEAF     UINT32_C(0x80000000)
#define BLOB_RESIDUE  UINT32_C(0x40000000)
#define BLOB_NO_MATCH UINT32_MAX

enum {
	BLOB_TREE_ROOT = 0,
	BLOB_TREE_RULE = 4, /* the lowest in it */
	BLOB_NODE_OTHERWISE = 0,
	BLOB_NODE_EDGES = 4, /* the first of EDGES */
	BLOB_NODE_LEVEL = 8,
	BLOB_EDGE_CLASS = 0,
	BLOB_EDGE_CHILD = 4,
	BLOB_RESIDUE_RULE = 0, /* with the top bit if it matches then */
	BLOB_RESIDUE_QUESTIONS = 4,
	BLOB_RESIDUE_NEXT = 8,
	BLOB_QUESTION_PRED = 0,
	BLOB_QUESTION_NEXT = 4, /* one before it, from 1; 0: none */
};

/* Numbers. */

static inline uint16_t
blob_get16(const unsigned char *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t
blob_get32(const unsigned char *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	    (uint32_t)at[3] << 24;
}

static inline uint64_t
blob_get64(const unsigned char *at)
{
	return blob_get32(at) | (uint64_t)blob_get32(at + 4) << 32;
}

static inline const unsigned char *
blob_at(const struct blob *blob, enum blob_section_id id, uint32_t n)
{
	const struct blob_section *section = &blob->sections[id];

	assert(n < section->count);
	return section->data + (size_t)n * section->stride;
}

static inline uint32_t
blob_count(const struct blob *blob, enum blob_section_id id)
{
	return blob->sections[id].count;
}

/*
 * Records that hold only where a list of theirs begins: the list ends where
 * the next record's begins, or with the section that holds them.
 */
static inline struct blob_range
blob_list(const struct blob *blob, enum blob_section_id id, uint32_t n,
    unsigned offset, enum blob_section_id items)
{
	uint32_t first = blob_get32(blob_at(blob, id, n) + offset);
	uint32_t end = n + 1 < blob_count(blob, id) ?
	    blob_get32(blob_at(blob, id, n + 1) + offset) :
	    blob_count(blob, items);

	return (struct blob_range){ first, end - first };
}

/* Eight bytes at a time; the same everywhere. */
static inline uint32_t
blob_hash(struct str key)
{
	const unsigned char *at = (const unsigned char *)key.ptr;
	uint64_t hash = key.len * UINT64_C(0x9e3779b97f4a7c15);
	unsigned char rest[8] = { 0 };

	for (; key.len >= 8; at += 8, key.len -= 8) {
		hash = (hash ^ blob_get64(at)) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 32;
	}
	memcpy(rest, at, key.len);
	hash = (hash ^ blob_get64(rest)) * UINT64_C(0xc4ceb9fe1a85ec53);
	hash = (hash ^ hash >> 32) * UINT64_C(0xff51afd7ed558ccd);
	return (uint32_t)(hash >> 32);
}

/* Where in so many slots the search begins; it goes on upwards. */
static inline uint32_t
blob_slot(uint32_t hash, uint32_t slots)
{
	return (uint32_t)((uint64_t)hash * slots >> 32);
}

/* Where a section begins: behind what ends there, with zeroes between. */
static inline uint64_t
blob_section_begin(uint32_t id, uint64_t size, uint64_t end)
{
	uint64_t unit = id == BLOB_SECRETS && size > 0 ? BLOB_PAGE :
							 BLOB_ALIGNMENT;

	return (end + unit - 1) / unit * unit;
}

/* Reading, of what was verified. */

struct str blob_text(const struct blob *blob, uint32_t ref);
void blob_read(const struct blob *blob, enum blob_section_id id, uint32_t n,
    void *record_r);
struct blob_range blob_table_entries(const struct blob *blob, uint32_t table);
struct ruleset_pred blob_pred_at(const struct blob *blob, uint32_t n);

/* The text in lower case in buf; false where it is longer than a key. */
bool blob_fold(struct str text, char buf[BLOB_KEY_MAX + 1],
    struct str *folded_r);

/* False for a small table, which has none: what stands for them then. */
bool blob_table_facts_of(const struct blob *blob, uint32_t table,
    struct blob_table_facts *facts_r);

/* A table that something is looked for in. */
struct blob_search {
	const struct blob *blob;
	struct blob_table_facts facts;
	bool has_facts;
	struct blob_range entries;
	uint32_t count; /* of keys */
};

struct blob_search blob_search_begin(const struct blob *blob, uint32_t table);
struct str blob_search_key(const struct blob_search *search, uint32_t i);
struct str blob_search_value(const struct blob_search *search, uint32_t i);

/* The first entry that fits a folded key, or BLOB_NOT_FOUND. */
#define BLOB_NOT_FOUND UINT32_MAX
uint32_t blob_search_find(const struct blob_search *search,
    enum service service, struct str key);

/*
 * Entries of a table whose pattern may fit a text, one by one, in no order;
 * in the end BLOB_NOT_FOUND. Those that it does not give do not fit.
 */
enum { BLOB_STARS_MAX = BLOB_KEY_MAX + 1 }; /* and bytes of a text */

struct blob_star {
	uint32_t next; /* child that is to be tried */
	uint32_t end;
	uint32_t at;      /* in the text */
	uint32_t literal; /* node beside it, to be tried then; or 0 */
};

struct blob_walk {
	const unsigned char *nodes;
	uint32_t stride;
	uint32_t count;
	struct str text;
	uint32_t node; /* the next */
	uint32_t at;   /* so much of the text is used up there */
	bool is_star;
	bool is_done;
	uint32_t depth;
	struct blob_star stars[BLOB_STARS_MAX];
};

void blob_walk_begin(struct blob_walk *walk, const struct blob *blob,
    struct blob_range nodes, struct str text);
uint32_t blob_walk_next(struct blob_walk *walk);

/* The answer of the interval that an address is in. */
uint32_t blob_net(const struct blob *blob, struct blob_range nets4,
    struct blob_range nets6, const struct netaddr *addr, uint32_t none);

/* The class of a key at a level whose method is not GIVEN. */
uint32_t blob_class(const struct blob *blob, const struct blob_level *level,
    struct str key);

/* Verifying. */

/* How far the parts of shared sections are given away. */
struct blob_verifier {
	struct blob *blob;
	uint32_t used[BLOB_SECTIONS];
};

/* The indexes of a table, once all texts and ranges are sound. */
bool blob_verify_table(struct blob_verifier *verifier, uint32_t n);

/* Notes what breaks the format. Returns BLOB_EFORMAT. */
int blob_bad(struct blob *blob, enum blob_section_id id, uint32_t record);

/* All sections: BLOB_OK, or as blob_bad. */
int blob_verify(struct blob *blob);

#endif
