/*
 * Diagnostics: records with an id, a severity, a span, notes and fixes.
 * They are collected while reading and checking, and shown at the end, in
 * the order of the file, by one of the printers in grammar/render.h.
 * Nothing here prints.
 */
#ifndef GRAMMAR_DIAG_H
#define GRAMMAR_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "grammar/source.h"
#include "runtime/base/arena.h"

enum diag_severity {
	DIAG_ADVICE,  /* a matter of taste; off unless -W advice */
	DIAG_WARNING, /* accepted by the target, but no one can have meant it */
	DIAG_ERROR,   /* refused by the target */
};

/* Ids of all checks, in the order of checks.def. */
enum check_id {
#define CHECK(id, name, severity, flags, summary, explanation, example, \
    remedy) \
	CHECK_##id,
#include "grammar/checks.def"
#undef CHECK
	CHECK_COUNT
};

enum {
	CHECK_FIXED = 1, /* cannot be switched off or suppressed */
};

struct check {
	const char *name;            /* as in [name] and -W name */
	enum diag_severity severity; /* the highest that it is reported with */
	unsigned flags;
	const char *summary;     /* one line, no full stop */
	const char *explanation; /* paragraphs */
	const char *example;     /* config text that it fires on */
	const char *remedy;      /* what to write instead */
};

extern const struct check check_table[CHECK_COUNT];

/* CHECK_COUNT where there is none of that name. */
enum check_id check_by_name(struct str name);

/* The name nearest to a misspelt one, or NULL. */
const char *check_suggest(struct str name);

struct diag_note {
	struct srcpos pos; /* may be none */
	const char *text;
	struct diag_note *next;
};

/* Replace the bytes of range, which may be empty, by text. */
struct diag_edit {
	struct srcpos range;
	const char *text;
	struct diag_edit *next;
};

/* All edits of a fix are applied together or not at all. */
struct diag {
	enum check_id id;
	enum diag_severity severity;
	struct srcpos pos; /* none: about the whole compilation */
	const char *text;
	struct diag_note *notes; /* in order of addition */
	struct diag_edit *edits; /* likewise */
	struct diag_edit **edits_tail;
	struct diag *next;
};

struct diag_policy {
	bool disabled[CHECK_COUNT];
	bool as_error[CHECK_COUNT];
	bool enabled[CHECK_COUNT]; /* its advice is shown too */
	bool advice;               /* show advice */
};

/* What a comment "smtpd-compile: allow ID" silences. */
struct diag_allow {
	enum check_id id;
	uint32_t file_base; /* base of the file that holds the comment */
	uint32_t line;      /* of the comment; also covers the line after */
	struct diag_allow *next;
};

struct diag_list {
	struct arena *arena;
	struct source_map *map;
	struct diag_policy policy;
	struct diag_allow *allows;
	struct diag *head;
	struct diag **tail;

	/* Valid after diag_finish. */
	unsigned errors;
	unsigned warnings; /* advice included */
};

void diag_list_init(struct diag_list *list, struct arena *arena,
    struct source_map *map);

/*
 * Adds a record. The severity is at most that of the check: pass
 * DIAG_WARNING where the target accepts what others refuse. Messages begin
 * in lower case and have no full stop; control bytes are escaped when
 * printed, not here. The result is never NULL.
 */
struct diag *diag_add(struct diag_list *list, enum check_id id,
    enum diag_severity severity, struct srcpos pos, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* An error with the check's own severity. */
#define diag_report(list, id, pos, ...) \
	diag_add(list, id, check_table[id].severity, pos, __VA_ARGS__)

void diag_note(struct diag_list *list, struct diag *diag, struct srcpos pos,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

void diag_edit(struct diag_list *list, struct diag *diag, struct srcpos range,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/*
 * Applies policy and allowances, drops exact repetitions, sorts by place
 * and counts. To be called once, before printing.
 */
void diag_finish(struct diag_list *list);

#endif
