/*
 * The system calls that the queue's files go through, as a table, so that a
 * test can make each of them fail or be the last before a crash. Calls mean
 * what they mean in their manual pages, with two differences: a failure is
 * -errno, and read and write go on until all is done, an end of file or an
 * error.
 */
#ifndef RUNTIME_QUEUE_SYS_H
#define RUNTIME_QUEUE_SYS_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct sys {
	/* O_CLOEXEC is added. */
	int (*openat)(int dir, const char *path, int flags, mode_t mode);
	ssize_t (*read)(int fd, void *buf, size_t len);
	ssize_t (*write)(int fd, const void *buf, size_t len);
	int (*fstat)(int fd, struct stat *st_r);
	int (*fstatat)(int dir, const char *path, struct stat *st_r);
	int (*fsync)(int fd);

	/* Begins to write a file to disk, so that its fsync is cheaper. */
	int (*begin_sync)(int fd);
	int (*mkdirat)(int dir, const char *path, mode_t mode);
	int (*renameat)(int dir, const char *path, int to_dir, const char *to);
	int (*unlinkat)(int dir, const char *path, int flags);
};

extern const struct sys sys_real;

#endif
