/*
 * Reads a config of either language into a syntax tree. This is the whole
 * front end: it opens what is included through a callback, reports into a
 * list of diagnostics, and neither prints nor exits.
 */
#ifndef GRAMMAR_PARSE_H
#define GRAMMAR_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "grammar/diag.h"
#include "grammar/source.h"
#include "runtime/ruleset/target.h"
#include "grammar/tree.h"

/* A file's contents, as parse_read_fn hands them over. */
struct parse_text {
	char *text; /* from malloc: len bytes and two NULs */
	size_t len;
	uint64_t dev; /* dev and ino tell files apart, to find */
	uint64_t ino; /* inclusions of a file by itself */
};

/*
 * Reads the file of that name, as written in the config. 0, or an error as
 * of rootdir_read_file. At most SOURCE_SIZE_MAX bytes.
 */
typedef int (*parse_read_fn)(void *arg, const char *path,
    struct parse_text *text_r);

/* Inclusions of a compilation; cycles are found long before. */
#define PARSE_INCLUDES_MAX 100000

struct parse_options {
	bool has_dialect; /* else by content */
	enum dialect dialect;
	bool has_target; /* else the dialect's default */
	struct target target;
	const char *const *defines; /* "name=value", of -D */
	size_t define_count;
	parse_read_fn read;
	void *read_arg;
};

enum parse_error {
	PARSE_OK = 0,       /* the text was read, well or badly */
	PARSE_ETARGET = -1, /* the target is of the other language */
	PARSE_ESIZE = -2,   /* more than SOURCE_SIZE_MAX */
};

/*
 * Parses a text that was read already; path names it in messages. Takes
 * text->text over in every case. *tree_r is valid on PARSE_OK, and its
 * dialect also on PARSE_ETARGET.
 */
int parse_config(const struct parse_options *options, struct diag_list *diags,
    const char *path, struct parse_text *text, struct tree **tree_r);

/*
 * Whether "name=value" can be a definition; the split is at the last "=".
 */
bool parse_define_is_valid(const char *define);

#endif
