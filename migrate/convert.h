/*
 * From a config to the same config for another target: legacy to modern, or
 * one modern version to a later one. Walks the statements of the original
 * and makes items: lines that are kept as they are (comments, blanks), and
 * lines that say what a statement said. Items know their statement, so that
 * reports can show both side by side.
 *
 *	source tree + IR --> items of each file --> text
 *	                 '--> notes
 *
 * Prints nothing, opens no file but the tables that the config names. All
 * memory is the compilation's arena.
 */
#ifndef MIGRATE_CONVERT_H
#define MIGRATE_CONVERT_H

#include <stdio.h>

#include "compiler/bind.h"
#include "migrate/notes.h"

enum convert_style {
	CONVERT_STRICT,    /* every decision as before */
	CONVERT_IDIOMATIC, /* as people would write it; see NOTES_WIDENED */
};

struct convert_options {
	struct target target; /* of the output, modern */
	enum convert_style style;
};

/* Lines of the output. */
struct convert_item {
	const char *text;        /* one or more lines, without the last LF */
	const struct stmt *stmt; /* what it says; NULL: kept as it was */
	const char *why;         /* one clause, NULL where nothing changed */
	bool is_action;          /* stmt is the first rule that uses it */
	struct convert_file *included; /* an inclusion: of that */
	const char *comment;           /* behind an inclusion, or NULL */
	struct convert_item *next;
	struct convert_item *next_of_stmt; /* in the order of making */
	/* convert_text */
	uint32_t line; /* in the output, from 1 */
};

/* A statement of the original, and all that it became. */
struct convert_stmt {
	const struct stmt *stmt;
	struct convert_item *items;
	struct convert_item **tail;
	bool is_changed; /* its text is another */
	struct convert_stmt *next;
};

/* A file of the original, and what becomes of it. */
struct convert_file {
	const struct source_file *source;
	struct convert_item *items;
	struct convert_file *next;

	/* While converting. */
	struct convert_item **tail;
	struct convert_item **run; /* first of the comments at the end */
	uint32_t done;             /* offset; what is before it is converted */
};

struct convert {
	struct compilation *comp;
	const struct ir *ir;
	struct bind *bind;
	struct arena *arena;
	struct target target;
	enum convert_style style;
	struct notes notes;
	struct convert_file *files; /* the main file first */
	struct convert_stmt *stmts; /* in reading order */

	/* While converting: see convert_private.h. */
	struct convert_state *state;
};

/*
 * comp has been compiled, ir is its IR, bind its tables. Every rule of the
 * IR has its statement, and actions have the names that they get.
 */
void convert_run(struct convert *convert, struct compilation *comp,
    const struct ir *ir, struct bind *bind,
    const struct convert_options *options);

/* What a file becomes, and what happens to its inclusions. */
enum convert_includes {
	CONVERT_INLINE, /* stand in the place of the statement */
	CONVERT_KEEP,   /* keep their names */
	CONVERT_RENAME, /* get the target as suffix: "rules.conf.7.8" */
};

/* Fills in the lines of items. The text ends with a line feed. */
struct str convert_text(struct convert *convert, struct convert_file *file,
    enum convert_includes includes);

/* Where a file that is included goes with CONVERT_RENAME. */
const char *convert_included_path(const struct convert *convert,
    const struct convert_file *file);

#endif
