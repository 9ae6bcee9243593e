/*
 * Fuzzes makemap with sources. The first line of an input says what is to
 * be made: m, s or a for a map, a set or aliases, in a hash; the capital for
 * a tree. What makemap takes is in the database, each key once, and whatever
 * it refuses leaves no file behind.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/lookup/makemap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory where there is such a folder. */
static const char *
fuzz_folder(void)
{
	static char folder[64];

	if (folder[0] != '\0')
		return folder;
	snprintf(folder, sizeof(folder), "%s/fuzz_makemap.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(folder) == NULL)
		abort();
	return folder;
}

static void
fuzz_remove_folder(void)
{
	rmdir(fuzz_folder());
}

static bool
fuzz_set_options(struct makemap *makemap, char letter)
{
	static const char letters[] = "msaMSA";
	static const enum makemap_type types[] = { MAKEMAP_MAP, MAKEMAP_SET,
		MAKEMAP_ALIASES };
	const char *at = letter == '\0' ? NULL : strchr(letters, letter);

	if (at == NULL)
		return false;
	makemap->type = types[(at - letters) % 3];
	makemap->kind = at - letters < 3 ? DATABASE_HASH : DATABASE_BTREE;
	return true;
}

struct fuzz_walk {
	struct database *database;
	const struct makemap *makemap;
	long count;
};

static bool
fuzz_on_entry(void *arg, struct str key, struct str value)
{
	struct fuzz_walk *walk = arg;

	walk->count++;
	assert(key.len > 0);
	for (uint32_t i = 0; i < key.len; i++)
		assert(key.ptr[i] == str_lower(key.ptr[i]));
	assert((walk->makemap->type == MAKEMAP_SET) == str_is(value, "<set>"));
	return true;
}

static void
fuzz_check(const struct makemap *makemap, long count)
{
	struct fuzz_walk walk = { .makemap = makemap };

	if (count < 0) {
		assert(access(makemap->out, F_OK) == -1);
		return;
	}
	walk.database = database_open(makemap->out);
	assert(walk.database != NULL);
	assert(database_walk(walk.database, fuzz_on_entry, &walk));
	assert(walk.count == count);
	database_close(walk.database);
	unlink(makemap->out);
}

/* Errors are said, which nobody reads; the fuzzer has the descriptor. */
static void
fuzz_start(void)
{
	static bool is_started;

	if (is_started)
		return;
	is_started = true;
	atexit(fuzz_remove_folder);
	stderr = fopen("/dev/null", "w");
	if (stderr == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct makemap makemap = { .type = MAKEMAP_MAP };
	char source[64], out[128];
	int fd;

	if (size < 2 || data[1] != '\n' ||
	    !fuzz_set_options(&makemap, (char)data[0]))
		return 0;
	fuzz_start();
	fd = memfd_create("source", MFD_CLOEXEC);
	if (fd == -1 || write(fd, data + 2, size - 2) == -1)
		abort();
	snprintf(source, sizeof(source), "/proc/self/fd/%d", fd);
	snprintf(out, sizeof(out), "%s/out", fuzz_folder());
	makemap.source = source;
	makemap.out = out;
	fuzz_check(&makemap, makemap_build(&makemap));
	close(fd);
	return 0;
}
