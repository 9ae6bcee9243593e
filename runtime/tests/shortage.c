/*
 * Limits and wrapped functions. Threads may ask for memory, too.
 */
#include "runtime/tests/shortage.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <event2/event.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static struct rlimit shortage_limit;
static atomic_uint shortage_count, shortage_first, shortage_last;
static atomic_uint shortage_failed;

/* The names that the linker gives them. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

void
shortage_of_descriptors(unsigned spare)
{
	struct rlimit limit;
	int fds[64], fd = -1;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &shortage_limit), 0);
	cr_assert_lt(spare, 64);
	for (unsigned i = 0; i <= spare; i++)
		fd = fds[i] = dup(STDERR_FILENO);
	for (unsigned i = 0; i <= spare; i++)
		close(fds[i]);
	limit = shortage_limit;
	limit.rlim_cur = (rlim_t)fd;
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

void
shortage_of_descriptors_end(void)
{
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &shortage_limit), 0);
}

void
shortage_of_memory(unsigned n, unsigned length)
{
	static bool is_known;

	/* Before libevent has any. */
	if (!is_known)
		event_set_mem_functions(__wrap_malloc, __wrap_realloc, free);
	is_known = true;
	shortage_count = shortage_failed = 0;
	shortage_last = n + length - 1;
	shortage_first = n;
}

unsigned
shortage_of_memory_end(void)
{
	shortage_first = 0;
	return shortage_failed;
}

static bool
shortage_strikes(void)
{
	unsigned first = shortage_first, count;

	if (first == 0)
		return false;
	count = ++shortage_count;
	if (count < first || count > shortage_last)
		return false;
	shortage_failed++;
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return shortage_strikes() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return shortage_strikes() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	return shortage_strikes() ? NULL : __real_realloc(memory, size);
}

char *
__wrap_strdup(const char *text)
{
	return shortage_strikes() ? NULL : __real_strdup(text);
}
