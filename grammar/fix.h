/*
 * Applies the machine-applicable fixes of a finished list of diagnostics:
 * writes the files anew, or prints the same change as a unified diff.
 */
#ifndef GRAMMAR_FIX_H
#define GRAMMAR_FIX_H

#include <stdio.h>

#include "grammar/diag.h"

struct fix_result {
	unsigned applied;     /* diagnostics whose fix was applied */
	unsigned conflicting; /* left out: overlaps one before it */
	unsigned files;       /* files changed */
};

enum fix_error {
	FIX_OK = 0,
	FIX_EIO = -1,         /* *path_r names the file, errno is set */
	FIX_ECHANGED = -2,    /* *path_r was changed since it was read */
};

/* Prints the change of every file to out, "a/" and "b/" as git does. */
int fix_print_diff(FILE *out, const struct diag_list *list,
    struct fix_result *result_r);

/*
 * Rewrites every changed file: temporary file in the same folder with the
 * same owner and mode, fsync, rename, fsync of the folder. A symbolic link
 * is followed, its target replaced. All new contents are prepared before
 * the first rename. Files included twice are written once, with the edits
 * of the first inclusion.
 */
int fix_apply(const struct diag_list *list, struct fix_result *result_r,
    const char **path_r);

#endif
