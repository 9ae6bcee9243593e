/*
 * Stands in for libFuzzer in make check: feeds the empty input and every
 * file of fixtures/fuzz/NAME to the harness it is linked with, where NAME
 * comes from the program's own name, replay_NAME. Prints one TAP case; an
 * input that crashes is the last one named.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t replay_buffer[INPUT_MAX];

/* False where there is no such file; longer files are cut. */
static int
replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t size;
	uint8_t *copy;

	if (file == NULL)
		return 0;
	size = fread(replay_buffer, 1, sizeof(replay_buffer), file);
	fclose(file);
	/* Of the exact size, so that a sanitizer sees reads beyond it. */
	copy = malloc(size + (size == 0));
	if (copy == NULL)
		return 0;
	for (size_t i = 0; i < size; i++)
		copy[i] = replay_buffer[i];
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return 1;
}

static int
replay_is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int
replay_folder(const char *folder)
{
	struct dirent **entries;
	char path[4096];
	int count = scandir(folder, &entries, replay_is_input, alphasort);
	int done = 0;

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder,
		    entries[i]->d_name);
		done += replay_file(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return done;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 0 ? strstr(argv[0], "/replay_") : NULL;
	char folder[256];
	int done;

	if (name == NULL)
		return 2;
	snprintf(folder, sizeof(folder), "fixtures/fuzz/%s",
	    name + strlen("/replay_"));
	printf("1..1\n");
	done = replay_file("/dev/null") + replay_folder(folder);
	printf("ok 1 - %d inputs\n", done);
	return 0;
}
