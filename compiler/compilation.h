/*
 * One compilation from its file to a checked tree: what every program does
 * with a config before its own work. Owns the arena, the texts and the
 * diagnostics; prints nothing.
 */
#ifndef COMPILER_COMPILATION_H
#define COMPILER_COMPILATION_H

#include "compiler/files.h"
#include "compiler/names.h"
#include "compiler/options.h"
#include "grammar/diag.h"
#include "grammar/source.h"
#include "grammar/tree.h"
#include "runtime/base/arena.h"
#include "runtime/base/rootdir.h"

struct blob;
struct ir;

struct compilation {
	struct arena arena;
	struct source_map map;
	struct diag_list diags;
	struct rootdir root;
	struct files files; /* below root */
	const struct options *options;
	const char *path; /* the ruleset, as messages name it */
	struct tree *tree;
	const struct ir *ir;       /* of a blob, which has no text */
	struct rootdir_text image; /* the blob itself */
	const struct blob *blob;
	const char *why; /* after COMPILATION_EBLOB */

	/* resolve */
	struct names names;
};

enum compilation_error {
	COMPILATION_OK = 0,     /* checked; see diags for the outcome */
	COMPILATION_EROOT = -1, /* --root; errno is set */
	COMPILATION_EREAD = -2, /* the config; errno is set */
	COMPILATION_ESIZE = -3,
	COMPILATION_ETARGET = -4, /* target of the other language */
	COMPILATION_EBLOB = -5,   /* a blob that is of no use; see why */
};

void compilation_init(struct compilation *comp, const struct options *options);
void compilation_fini(struct compilation *comp);

/*
 * Reads, parses, resolves and checks; "-" is standard input. Diagnostics
 * are finished and ready to be printed. A blob was checked when it was
 * compiled: it is only verified, and tree knows nothing but the target.
 */
int compilation_run(struct compilation *comp, const char *path);

/*
 * The text that a program is pointed at; not below --root. 0, or a negative
 * errno.
 */
int compilation_read_main(const char *path, struct parse_text *text_r);

/* compilation_run of a text, which path names in messages; takes it over. */
int compilation_run_text(struct compilation *comp, const char *path,
    struct parse_text *text);

#endif
