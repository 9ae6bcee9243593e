/*
 * The table of the real calls.
 */
#include "runtime/queue/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static int
sys_result(int result)
{
	return result < 0 ? -errno : result;
}

static int
sys_openat(int dir, const char *path, int flags, mode_t mode)
{
	return sys_result(openat(dir, path, flags | O_CLOEXEC, mode));
}

static ssize_t
sys_read(int fd, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)buf + done, len - done);

		if (n == 0)
			break;
		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)done;
}

static ssize_t
sys_write(int fd, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, (const char *)buf + done, len - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return -errno;
	}
	return (ssize_t)done;
}

static int
sys_fstat(int fd, struct stat *st_r)
{
	return sys_result(fstat(fd, st_r));
}

static int
sys_fstatat(int dir, const char *path, struct stat *st_r)
{
	return sys_result(fstatat(dir, path, st_r, AT_SYMLINK_NOFOLLOW));
}

static int
sys_fsync(int fd)
{
	return sys_result(fsync(fd));
}

/* Some kinds of file systems have no such thing, and need none. */
static int
sys_begin_sync(int fd)
{
	int result = sys_result(sync_file_range(fd, 0, 0,
	    SYNC_FILE_RANGE_WRITE));

	return result == -ENOSYS || result == -EOPNOTSUPP ? 0 : result;
}

static int
sys_mkdirat(int dir, const char *path, mode_t mode)
{
	return sys_result(mkdirat(dir, path, mode));
}

static int
sys_renameat(int dir, const char *path, int to_dir, const char *to)
{
	return sys_result(renameat(dir, path, to_dir, to));
}

static int
sys_unlinkat(int dir, const char *path, int flags)
{
	return sys_result(unlinkat(dir, path, flags));
}

const struct sys sys_real = {
	.openat = sys_openat,
	.read = sys_read,
	.write = sys_write,
	.fstat = sys_fstat,
	.fstatat = sys_fstatat,
	.fsync = sys_fsync,
	.begin_sync = sys_begin_sync,
	.mkdirat = sys_mkdirat,
	.renameat = sys_renameat,
	.unlinkat = sys_unlinkat,
};
