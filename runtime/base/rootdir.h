/*
 * Opens the files that a config names, below the directory given with
 * --root or, without one, on the machine itself. With a root directory
 * nothing outside of it is ever read, whatever "..", symbolic links and
 * concurrent renames say. Only regular files are opened, and opening never
 * blocks. Never writes and never prints. Called by whatever reads a config
 * or a file that it names.
 */
#ifndef RUNTIME_BASE_ROOTDIR_H
#define RUNTIME_BASE_ROOTDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct rootdir {
	int fd;      /* of the directory; AT_FDCWD: the real root */
	uid_t owner; /* of the directory; unused for the real root */

	/*
	 * The kernel has no openat2(2): paths are walked by component, and
	 * symbolic links and ".." are refused.
	 */
	bool stepwise;
};

/* The contents of a file and what fstat(2) said when it was opened. */
struct rootdir_text {
	char *text; /* from malloc; len bytes, then two NULs */
	size_t len;
	dev_t dev;
	ino_t ino;
	mode_t mode; /* type and permissions */
	uid_t uid;
	gid_t gid;
};

/*
 * dir may be reached through symbolic links; NULL is the real root.
 * Returns 0 or -errno; after a failure every open fails.
 */
int rootdir_init(struct rootdir *root, const char *dir);
void rootdir_fini(struct rootdir *root);

/*
 * For a program that may open nothing itself: from now on the real root is
 * behind a socket. What is sent there is a path, what comes back is 0 with a
 * descriptor or an errno, as an int32_t. Answers beyond those are -EIO.
 */
void rootdir_use_broker(int fd);

/*
 * Opens a regular file for reading. With a root directory DIR, both
 * "/etc/x" and "etc/x" are DIR/etc/x; without one, a relative path begins
 * in the working directory. Returns a descriptor, or
 *   -EISDIR    the path is a directory,
 *   -EINVAL    it is a FIFO, a device or a socket,
 *   -EXDEV     it has a ".." and the walk is by component,
 *   -errno     of the system call that failed.
 * st_r is valid only with a descriptor.
 */
int rootdir_open_file(const struct rootdir *root, const char *path,
    struct stat *st_r);

/*
 * Reads a whole file of at most max bytes, max < SIZE_MAX / 2. Returns 0
 * or the errors above, -EFBIG for a larger file and -ENOMEM. The file may
 * shrink or grow meanwhile: len counts what was read. On failure *text_r
 * needs no rootdir_text_fini.
 */
int rootdir_read_file(const struct rootdir *root, const char *path, size_t max,
    struct rootdir_text *text_r);

/*
 * Wipes and frees the text: it may have been a key or passwords. Where
 * text was handed on, set it to NULL or leave this out.
 */
void rootdir_text_fini(struct rootdir_text *text);

/*
 * Why a function above failed, for a message after the path. Valid until
 * the next call.
 */
const char *rootdir_error_text(int error);

/* uid 0 or, with a root directory, the owner of that directory. */
bool rootdir_owner_is_trusted(const struct rootdir *root, uid_t uid);

#endif
