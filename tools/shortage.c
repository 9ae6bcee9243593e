/*
 * A library that tests have loaded before others: makes memory short in a
 * daemon that runs. The folder $SHORTAGE has a file for each kind of process,
 * named "parent" or as behind -x. It holds a number of four bytes, which may
 * change any time: of so many requests one fails; 0: none does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The allocator's own names for its functions. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static const volatile uint32_t *shortage_rate;

/* What stands behind -x on the command line. */
static const char *
shortage_kind(char *line, size_t len)
{
	for (char *word = line; word < line + len; word += strlen(word) + 1)
		if (strcmp(word, "-x") == 0 && word + 3 < line + len)
			return word + 3;
	return "parent";
}

static void __attribute__((constructor)) shortage_start(void)
{
	const char *folder = getenv("SHORTAGE");
	char line[4096], path[8192];
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, line, sizeof(line) - 1);
	void *rate;

	close(fd);
	if (folder == NULL || len <= 0)
		return;
	line[len] = '\0';
	snprintf(path, sizeof(path), "%s/%s", folder,
	    shortage_kind(line, (size_t)len));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return;
	rate = mmap(NULL, sizeof(*shortage_rate), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (rate != MAP_FAILED)
		shortage_rate = rate;
}

static int
shortage_strikes(void)
{
	static uint32_t random = 2463534242u;
	uint32_t rate = shortage_rate == NULL ? 0 : *shortage_rate;

	if (rate == 0)
		return 0;
	random ^= random << 13;
	random ^= random >> 17;
	random ^= random << 5;
	if (random % rate != 0)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return shortage_strikes() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return shortage_strikes() ? NULL : __libc_calloc(count, size);
}

void *
realloc(void *memory, size_t size)
{
	return shortage_strikes() ? NULL : __libc_realloc(memory, size);
}
