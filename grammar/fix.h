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
	unsigned conflicting; /* left out: overlaps one before it, makes the
	                       * same insertion, or is not in a file */
	unsigned files;       /* files changed */
	unsigned errors_left; /* errors that nothing was done about */
};

enum fix_error {
	FIX_OK = 0,
	FIX_EIO = -1,      /* *path_r names the file, errno is set */
	FIX_ECHANGED = -2, /* *path_r was changed since it was read */
};

/*
 * Both take a finished list. The first of two fixes that conflict, in the
 * order of the list, is applied, and a fix as a whole or not at all. Of a
 * file that was included twice, the fixes of the second inclusion are left
 * out and not counted. *result_r is valid when FIX_OK is returned.
 */

/*
 * Prints the change of every file to out as a unified diff with three lines
 * of context, "a/" and "b/" before the paths, as git does. FIX_EIO where
 * out cannot be written.
 */
int fix_print_diff(FILE *out, const struct diag_list *list,
    struct fix_result *result_r);

/*
 * Rewrites every changed file: temporary file in the same folder with the
 * same owner and mode, fsync, rename, fsync of the folder. A symbolic link
 * is followed, its target replaced. All new contents are prepared before
 * the first rename. Paths are opened as they stand in the source map.
 */
int fix_apply(const struct diag_list *list, struct fix_result *result_r,
    const char **path_r);

#endif
