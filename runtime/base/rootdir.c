/*
 * Opening below a root directory. The kernel confines the path
 * (RESOLVE_IN_ROOT): resolving links here and opening the result would
 * leave a moment in which a component can be exchanged for a link.
 */
#include "runtime/base/rootdir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/fdpass.h"

enum {
	/* openat2 gives EAGAIN when a rename crosses a "..". */
	ROOTDIR_TRIES_MAX = 64,

	ROOTDIR_OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
	ROOTDIR_WALK_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC,
};

static int
rootdir_openat2(int dir, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	unsigned tries = 0;
	long fd;

	do
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	while (fd == -1 && (errno == EAGAIN || errno == EINTR) &&
	    ++tries < ROOTDIR_TRIES_MAX);
	return fd == -1 ? -errno : (int)fd;
}

int
rootdir_init(struct rootdir *root, const char *dir)
{
	struct stat st;
	int fd;

	*root = (struct rootdir){ .fd = dir == NULL ? AT_FDCWD : -1 };
	if (dir == NULL)
		return 0;
	root->fd = open(dir, ROOTDIR_WALK_FLAGS);
	if (root->fd == -1)
		return -errno;
	if (fstat(root->fd, &st) == -1) {
		int error = -errno;

		rootdir_fini(root);
		return error;
	}
	root->owner = st.st_uid;

	/* ENOSYS from an old kernel, EPERM from an old container. */
	fd = rootdir_openat2(root->fd, ".", ROOTDIR_WALK_FLAGS);
	if (fd >= 0)
		close(fd);
	root->stepwise = fd < 0;
	return 0;
}

void
rootdir_fini(struct rootdir *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
}

/* Opens one component, which may be empty and is not a link. */
static int
rootdir_step(int dir, const char *component, size_t len, int flags)
{
	char name[NAME_MAX + 1] = ".";
	int fd;

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	if (len > 0) {
		memcpy(name, component, len);
		name[len] = '\0';
	}
	if (strcmp(name, "..") == 0)
		return -EXDEV;
	fd = openat(dir, name, flags | O_NOFOLLOW);
	return fd == -1 ? -errno : fd;
}

static int
rootdir_walk(int root_fd, const char *path, int flags)
{
	int dir = root_fd, fd;
	size_t len;
	bool is_last;

	if (*path == '\0')
		return -ENOENT;
	do {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		is_last = path[len] == '\0';
		fd = rootdir_step(dir, path, len,
		    is_last ? flags : ROOTDIR_WALK_FLAGS);
		if (dir != root_fd)
			close(dir);
		dir = fd;
		path += len;
	} while (!is_last && fd >= 0);
	return fd;
}

/* The broker. */

static int rootdir_broker = -1;

void
rootdir_use_broker(int fd)
{
	rootdir_broker = fd;
}

static int
rootdir_ask_broker(const char *path)
{
	int32_t status = EIO;
	int fd;

	if (send(rootdir_broker, path, strlen(path), MSG_NOSIGNAL) < 0)
		return -errno;
	if (fdpass_receive(rootdir_broker, &status, sizeof(status), &fd) !=
	    (ssize_t)sizeof(status))
		status = EIO;
	if (status == 0)
		return fd >= 0 ? fd : -EIO;
	if (fd >= 0)
		close(fd);
	return status > 0 ? -status : -EIO;
}

static int
rootdir_open(const struct rootdir *root, const char *path)
{
	int fd;

	if (root->stepwise)
		return rootdir_walk(root->fd, path, ROOTDIR_OPEN_FLAGS);
	if (root->fd != AT_FDCWD)
		return rootdir_openat2(root->fd, path, ROOTDIR_OPEN_FLAGS);
	if (rootdir_broker != -1)
		return rootdir_ask_broker(path);
	fd = open(path, ROOTDIR_OPEN_FLAGS);
	return fd == -1 ? -errno : fd;
}

int
rootdir_open_file(const struct rootdir *root, const char *path,
    struct stat *st_r)
{
	int fd = rootdir_open(root, path), error;

	/* A socket, or a device without driver. */
	if (fd == -ENXIO || fd == -ENODEV)
		return -EINVAL;
	if (fd < 0)
		return fd;
	if (fstat(fd, st_r) == -1)
		error = -errno;
	else if (S_ISDIR(st_r->st_mode))
		error = -EISDIR;
	else if (!S_ISREG(st_r->st_mode))
		error = -EINVAL;
	else
		return fd;
	close(fd);
	return error;
}

/*
 * Makes room for at least one more byte, at most room_max. Not realloc,
 * which would leave a copy of what may be a secret in freed memory.
 */
static int
rootdir_text_grow(struct rootdir_text *text, size_t *room, size_t room_max)
{
	size_t size = *room < room_max / 2 ? *room * 2 : room_max;
	char *larger;

	if (*room == room_max)
		return -EFBIG;
	larger = malloc(size + 2);
	if (larger == NULL)
		return -ENOMEM;
	memcpy(larger, text->text, text->len);
	rootdir_text_fini(text);
	text->text = larger;
	*room = size;
	return 0;
}

/*
 * Reads to the end of the file. The buffer has one byte more than the file
 * had, so that the usual case ends without growing.
 */
static int
rootdir_read(int fd, size_t size, size_t max, struct rootdir_text *text)
{
	size_t room = size + 1;
	ssize_t n;
	int error;

	text->text = malloc(room + 2);
	if (text->text == NULL)
		return -ENOMEM;
	for (;;) {
		n = read(fd, text->text + text->len, room - text->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		if (n == 0)
			break;
		text->len += (size_t)n;
		if (text->len < room)
			continue;
		error = rootdir_text_grow(text, &room, max + 1);
		if (error != 0)
			return error;
	}
	memset(text->text + text->len, 0, 2);
	return 0;
}

int
rootdir_read_file(const struct rootdir *root, const char *path, size_t max,
    struct rootdir_text *text_r)
{
	struct stat st;
	int fd, error;

	*text_r = (struct rootdir_text){ .text = NULL };
	fd = rootdir_open_file(root, path, &st);
	if (fd < 0)
		return fd;
	text_r->dev = st.st_dev;
	text_r->ino = st.st_ino;
	text_r->mode = st.st_mode;
	text_r->uid = st.st_uid;
	text_r->gid = st.st_gid;
	if ((uintmax_t)st.st_size > max)
		error = -EFBIG;
	else
		error = rootdir_read(fd, (size_t)st.st_size, max, text_r);
	close(fd);
	if (error != 0)
		rootdir_text_fini(text_r);
	return error;
}

void
rootdir_text_fini(struct rootdir_text *text)
{
	if (text->text != NULL)
		explicit_bzero(text->text, text->len);
	free(text->text);
	text->text = NULL;
}

const char *
rootdir_error_text(int error)
{
	switch (error) {
	case -EINVAL:
		return "not a regular file";
	case -EISDIR:
		return "is a directory";
	case -EFBIG:
		return "file too large";
	case -EXDEV:
		return "\"..\" cannot be followed safely on this kernel";
	default:
		return strerror(-error);
	}
}

bool
rootdir_owner_is_trusted(const struct rootdir *root, uid_t uid)
{
	return uid == 0 || (root->fd != AT_FDCWD && uid == root->owner);
}
