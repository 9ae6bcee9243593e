/*
 * Faults, and the account of what was not synced: numbers of files.
 */
#include "runtime/queue/tests/faults.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { FAULTS_DIRTY = 256 };

static struct {
	enum faults_kind kind;
	unsigned n, count;
	int error;
	ino_t dirty[FAULTS_DIRTY];
	size_t dirty_count;
	bool has_moved_dirty;
} faults;

void
faults_set(enum faults_kind kind, unsigned n, int error)
{
	memset(&faults, 0, sizeof(faults));
	faults.kind = kind;
	faults.n = n;
	faults.error = error;
}

unsigned
faults_count(void)
{
	return faults.count;
}

bool
faults_moved_dirty(void)
{
	return faults.has_moved_dirty;
}

/* Whether this call goes wrong. */
static bool
faults_strike(void)
{
	faults.count++;
	return faults.kind != FAULTS_NONE &&
	    (faults.count == faults.n ||
		(faults.kind == FAULTS_CRASH && faults.count > faults.n));
}

static ino_t
faults_number(int dir, const char *path)
{
	struct stat st;
	int flags = path[0] == '\0' ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;

	return fstatat(dir, path, &st, flags) == 0 ? st.st_ino : 0;
}

static void
faults_dirty(ino_t number)
{
	cr_assert_lt(faults.dirty_count, FAULTS_DIRTY);
	faults.dirty[faults.dirty_count++] = number;
}

static bool
faults_has(ino_t number)
{
	for (size_t i = 0; i < faults.dirty_count; i++)
		if (faults.dirty[i] == number)
			return true;
	return false;
}

bool
faults_is_dirty(int dir, const char *path)
{
	return faults_has(faults_number(dir, path));
}

static void
faults_clean(ino_t number)
{
	for (size_t i = 0; i < faults.dirty_count; i++)
		if (faults.dirty[i] == number)
			faults.dirty[i] = 0;
}

static int
faults_openat(int dir, const char *path, int flags, mode_t mode)
{
	int fd;

	if (faults_strike())
		return -faults.error;
	fd = sys_real.openat(dir, path, flags, mode);
	if (fd >= 0 && (flags & O_CREAT) != 0) {
		faults_dirty(faults_number(fd, ""));
		faults_dirty(faults_number(dir, ""));
	}
	return fd;
}

static ssize_t
faults_read(int fd, void *buf, size_t len)
{
	return faults_strike() ? -faults.error : sys_real.read(fd, buf, len);
}

/* Half of it gets there. */
static ssize_t
faults_write(int fd, const void *buf, size_t len)
{
	bool is_first = faults.count + 1 == faults.n;

	faults_dirty(faults_number(fd, ""));
	if (!faults_strike())
		return sys_real.write(fd, buf, len);
	if (is_first)
		sys_real.write(fd, buf, len / 2);
	return -faults.error;
}

static int
faults_fstat(int fd, struct stat *st_r)
{
	return faults_strike() ? -faults.error : sys_real.fstat(fd, st_r);
}

static int
faults_fstatat(int dir, const char *path, struct stat *st_r)
{
	return faults_strike() ? -faults.error :
				 sys_real.fstatat(dir, path, st_r);
}

static int
faults_fsync(int fd)
{
	if (faults_strike())
		return -faults.error;
	faults_clean(faults_number(fd, ""));
	return sys_real.fsync(fd);
}

static int
faults_begin_sync(int fd)
{
	return faults_strike() ? -faults.error : sys_real.begin_sync(fd);
}

static int
faults_mkdirat(int dir, const char *path, mode_t mode)
{
	int error;

	if (faults_strike())
		return -faults.error;
	error = sys_real.mkdirat(dir, path, mode);
	if (error == 0)
		faults_dirty(faults_number(dir, ""));
	return error;
}

/* A folder that moves must be clean, and all in it; see faults_moved_dirty. */
static void
faults_check_move(int dir, const char *path)
{
	static const char *const names[] = { "", "message" };
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (faults_is_dirty(fd, names[i]))
			faults.has_moved_dirty = true;
	close(fd);
}

static int
faults_renameat(int dir, const char *path, int to_dir, const char *to)
{
	int error;

	if (faults_strike())
		return -faults.error;
	if (strcmp(path, to) == 0)
		faults_check_move(dir, path);
	error = sys_real.renameat(dir, path, to_dir, to);
	if (error == 0) {
		faults_dirty(faults_number(dir, ""));
		faults_dirty(faults_number(to_dir, ""));
	}
	return error;
}

static int
faults_unlinkat(int dir, const char *path, int flags)
{
	return faults_strike() ? -faults.error :
				 sys_real.unlinkat(dir, path, flags);
}

const struct sys sys_faulty = {
	.openat = faults_openat,
	.read = faults_read,
	.write = faults_write,
	.fstat = faults_fstat,
	.fstatat = faults_fstatat,
	.fsync = faults_fsync,
	.begin_sync = faults_begin_sync,
	.mkdirat = faults_mkdirat,
	.renameat = faults_renameat,
	.unlinkat = faults_unlinkat,
};
