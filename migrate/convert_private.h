/*
 * Shared between the files of a conversion: convert.c walks the statements,
 * convert_items.c owns the lines, convert_words.c writes words and tables,
 * the others write one kind of statement each.
 */
#ifndef MIGRATE_CONVERT_PRIVATE_H
#define MIGRATE_CONVERT_PRIVATE_H

#include "migrate/convert.h"

/* A change to a statement that is copied as it stands otherwise. */
struct convert_edit {
	struct srcpos range; /* empty: an insertion */
	const char *text;
};

struct convert_state {
	/* The statement being converted, and the text being made of it. */
	const struct stmt *stmt;
	struct convert_stmt *made;
	struct convert_stmt **stmts_tail;
	struct convert_file *file;
	const char *indent;
	FILE *out;
	char *buffer;
	size_t buffer_len;
	struct convert_item *first;   /* made of the statement */
	struct convert_item *remarks; /* to stand above the next item */
	struct convert_item **remarks_tail;

	struct convert_edit *edits; /* in ascending order */
	uint32_t edit_count;
	uint32_t edit_room;

	/* The run of rules that the statement belongs to. */
	struct convert_file *rules_file;    /* NULL: none */
	struct convert_item **actions_tail; /* where its actions go */
	bool has_actions;                   /* there is room for them */
	uint32_t rule;                      /* the number of the next one */

	bool *has_action;       /* by number: it was written */
	struct strmap tags;     /* tag to what it is called now */
	struct strmap folded;   /* the same in lower case to the tag */
	struct strmap macros;   /* name to a use that kept it */
	struct strmap tables;   /* name to struct convert_table */
	struct strmap names;    /* all tables, so that new ones differ */
	struct strmap pkis;     /* declared for an old "certificate" */
	struct strmap included; /* path to file */
	bool has_socket;        /* a statement listens on the socket */
	const struct stmt *last_listen; /* NULL: none */
	const struct stmt *last_ttl;
	bool has_hoisted_pkis; /* those that the walk meets are done */
	bool has_socket_item;
	bool asks_socket_tag;            /* some rule wants the tag "local" */
	const struct comment **comments; /* in order of place */
	uint32_t comment_count;
};

/* How a declared table is used, and how it is written therefore. */
struct convert_table {
	const struct stmt *stmt;
	bool is_addresses; /* in sender or recipient */
	bool is_others;    /* anywhere else */
	bool is_host_keys; /* in hostnames: keys are addresses */
	/* Of its entries with a domain there is another table; or NULL. */
	const char *complete;
};

/* The record of a statement that is converted. */
struct convert_stmt *convert_add_stmt(struct convert *convert,
    const struct stmt *stmt);

/* Items (convert_items.c). */

/* Lines of the original, as they are: one, and those before a place. */
void convert_keep_line(struct convert *convert, struct convert_file *file,
    struct str line);
void convert_keep_gap(struct convert *convert, struct convert_file *file,
    uint32_t end);

/* Text for one item: write to state->out between the two. */
void convert_begin_item(struct convert *convert);
struct convert_item *convert_end_item(struct convert *convert, const char *why);

/* The text of one that is not to be a line, in its place. */
const char *convert_take_text(struct convert *convert);

/* A run of rules begins here, unless one has begun. */
void convert_begin_rules(struct convert *convert);

/* The same for an action, above the rules of this run. */
struct convert_item *convert_end_action(struct convert *convert,
    const char *why);

/* A comment line above the item that comes next. */
void convert_flush_remarks(struct convert *convert);
void convert_remark(struct convert *convert, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A note about the statement; those that are inexact are also a remark. */
void convert_note(struct convert *convert, enum note_id id, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Words (convert_words.c). */

/* As in the original where that reads the same in the target. */
void convert_put_word(struct convert *convert, struct word word);
void convert_put_text(struct convert *convert, struct str text);
void convert_put_quoted(struct convert *convert, struct str text);

/* " OPTION" and its argument; nothing where the clause is NULL. */
void convert_put_option(struct convert *convert, const char *option,
    const struct clause *clause);
void convert_put_table_option(struct convert *convert, const char *option,
    const struct clause *clause);
void convert_put_tabref(struct convert *convert, const struct tabref *ref);
/* A name that no table has: "who_2". The result is taken then. */
const char *convert_new_name(struct convert *convert, const char *name);
void convert_put_list(struct convert *convert, const struct list *list);

/* Whether the target reserves a bare word. */
bool convert_is_reserved(const struct convert *convert, struct word word);

/* Edits of a copy, in ascending order. */
void convert_edit(struct convert *convert, struct srcpos range, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Quotes for words that the target reserves, in all of a statement. */
void convert_edit_words(struct convert *convert, const struct stmt *stmt);

/* Takes a clause out, and the blanks before it. */
void convert_edit_out(struct convert *convert, struct srcpos pos);

/* A name of a pki or ca, as the target compares it; in quotes if need be. */
const char *convert_pki_name(const struct convert *convert, struct str name);
const char *convert_pki_text(const struct convert *convert, struct str name);
void convert_put_pki(struct convert *convert, const char *option,
    const struct clause *clause);

/* The statement, edited. */
void convert_put_copy(struct convert *convert, struct srcpos pos);

/* Lines as comments; and the statement so, which is left out. */
void convert_put_comment(struct convert *convert, struct str text);
void convert_comment_out(struct convert *convert, const char *why);

/* Statements. */
void convert_rule(struct convert *convert);
void convert_action(struct convert *convert, uint32_t number);
void convert_relay(struct convert *convert, const struct ir_action *action);
void convert_listen(struct convert *convert);
void convert_setting(struct convert *convert);
void convert_table(struct convert *convert);
void convert_certificate(struct convert *convert);

/*
 * Begins an item for the socket, if it needs a statement and has none: to be
 * ended with this reason.
 */
bool convert_begin_socket(struct convert *convert);
extern const char convert_why_socket[];

/* What is counted once, when all is written: see the notes. */
void convert_count_residues(struct convert *convert);

/* Notes on what table files hold, and on legacy aliases. */
void convert_check_files(struct convert *convert);
void convert_check_aliases(struct convert *convert);

/* From one modern version to a later one (convert_upgrade.c). */
bool convert_is_upgrade(const struct convert *convert);
void convert_upgrade_action(struct convert *convert);
void convert_note_upgrade(struct convert *convert);

/* Whether a change of daemons came between the two targets. */
static inline bool
convert_passes(const struct convert *convert, unsigned version)
{
	return convert->ir->target.version < version &&
	    convert->target.version >= version;
}

/* Whether something is filled in when mail is delivered. */
static inline bool
convert_has_format(const struct ir_action *action)
{
	struct str argument = action->local.argument;

	return argument.len > 0 &&
	    memchr(argument.ptr, '%', argument.len) != NULL;
}

/* Bytes that a shell leaves alone. */
bool convert_is_shell_plain(struct str text);

/* The note on a relay that names no certificate. */
void convert_note_certificate(struct convert *convert, struct srcpos pos,
    const struct ir_relay *relay);

/* Finds a name for every tag. */
void convert_name_tags(struct convert *convert);

/*
 * The names of a listener that names none, at most CONVERT_PKIS_MAX: that of
 * its host name first, "*" last. hostname is empty for the server's.
 */
enum { CONVERT_PKIS_MAX = 32 };
uint32_t convert_order_pkis(const struct convert *convert, struct str hostname,
    struct str *names);

/* The name of a tag in the target; tags differ in more than case there. */
const char *convert_tag(struct convert *convert, struct str tag);

/* Facts of tables. */

/* Whether a table has the entry "local"; IR_NONE is none. */
bool convert_has_local(struct convert *convert, uint32_t table);

enum convert_addresses {
	CONVERT_ALL_ADDRESSES,  /* the table as it is */
	CONVERT_SOME_ADDRESSES, /* others would begin to match */
	CONVERT_NO_ADDRESSES,   /* none ever matched */
};

enum convert_addresses convert_addresses_of(struct convert *convert,
    uint32_t table);

/* " mail-from <t>", with the entries that can match. */
void convert_put_addresses(struct convert *convert, const char *option,
    const struct clause *clause, uint32_t table);

#endif
