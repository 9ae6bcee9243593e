/*
 * Compiling, in a folder that is gone afterwards.
 */
#include "runtime/tests/compiled.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/tests/scratch.h"

static void
compiled_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	cr_assert_geq(fputs(text, file), 0);
	cr_assert_eq(fclose(file), 0);
}

static struct ruleset_use *
compiled_run(const char *config, const char *options)
{
	char folder[] = "/tmp/test_compiled.XXXXXX", path[64], blob[64];
	char command[PATH_MAX];
	const char *bin = getenv("BIN");
	struct ruleset_use *use = calloc(1, sizeof(*use));
	int fd;

	cr_assert_not_null(use);
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/conf", folder);
	snprintf(blob, sizeof(blob), "%s/blob", folder);
	compiled_write(path, config);
	/* Keys that tests make belong to who runs them, not to root. */
	snprintf(command, sizeof(command),
	    "%s/smtpd-compile -q -W no-insecure-file -o %s %s %s",
	    bin != NULL ? bin : "build/bin", blob, options, path);
	cr_assert_eq(system(command), 0, "does not compile:\n%s", config);
	fd = open(blob, O_RDONLY);
	cr_assert_eq(blob_map(&use->blob, fd, false, 0), BLOB_OK);
	close(fd);
	scratch_delete(folder);
	use->generation = 1;
	use->uses = 1;
	return use;
}

struct ruleset_use *
compiled_new(const char *config)
{
	return compiled_run(config, "");
}

struct ruleset_use *
compiled_new_embedding(const char *config)
{
	return compiled_run(config, "--embed-tables");
}
