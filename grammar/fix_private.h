/*
 * The plan that both ways of applying fixes carry out: which edits are
 * taken, and the new text of each file. Used by grammar/fix*.c only.
 */
#ifndef GRAMMAR_FIX_PRIVATE_H
#define GRAMMAR_FIX_PRIVATE_H

#include "grammar/fix.h"

struct fix_edit {
	struct srcpos range;
	struct str text;
	unsigned taker; /* number of the diagnostic, from 1 */
};

/* A file that has fixes. */
struct fix_file {
	const struct source_file *file;
	const char *real_path;
	bool is_repeated; /* an earlier one is the same file on disk */
	struct fix_file *next;
};

struct fix_plan {
	struct arena *arena;
	const struct source_map *map;
	struct fix_file *files;
	struct fix_edit *edits; /* in order of place; none overlap */
	size_t count;
	size_t room;
};

/* One file, as it is and as it will be. */
struct fix_change {
	const struct source_file *file;
	const struct fix_edit *edits;
	size_t count;
	char *text;
	size_t len;
};

void fix_plan_init(struct fix_plan *plan, const struct diag_list *list,
    struct fix_result *result_r);

/*
 * The file whose first edit is number *at, which is advanced to that of
 * the next file. False after the last.
 */
bool fix_plan_next(const struct fix_plan *plan, size_t *at,
    struct fix_change *change_r);

#endif
