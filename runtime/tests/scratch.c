/*
 * Deleting a folder, whatever its name.
 */
#include "runtime/tests/scratch.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>

enum { SCRATCH_DEPTH = 16 }; /* descriptors */

static int
scratch_remove(const char *path, const struct stat *st, int kind,
    struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void
scratch_delete(const char *folder)
{
	cr_expect_eq(nftw(folder, scratch_remove, SCRATCH_DEPTH,
			 FTW_DEPTH | FTW_PHYS),
	    0);
}
