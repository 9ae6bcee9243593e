/*
 * Writing files.
 */
#include "migrate/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
output_write_all(int fd, struct str text)
{
	while (text.len > 0) {
		ssize_t n = write(fd, text.ptr, text.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text.ptr += n;
		text.len -= (uint32_t)n;
	}
	return fsync(fd);
}

/* A user who may not give files away keeps them. */
static int
output_inherit(int fd, const char *path, const char *like)
{
	struct stat st;

	if (stat(path, &st) != 0 &&
	    (like == NULL || stat(like, &st) != 0 || !S_ISREG(st.st_mode)))
		return fchmod(fd, 0644);
	if (fchown(fd, st.st_uid, st.st_gid) != 0 && errno != EPERM)
		return -1;
	return fchmod(fd, st.st_mode & 0777);
}

/* The folder, so that the new name lasts. */
static int
output_sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? strdup(".") :
	    slash == path            ? strdup("/") :
				       strndup(path, (size_t)(slash - path));
	int fd, error;

	if (folder == NULL)
		return -1;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return -1;
	error = fsync(fd);
	close(fd);
	return error;
}

/* What is not a regular file cannot be replaced: /dev/stdout, a pipe. */
static int
output_write_into(const char *path, struct str text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -1;
	error = output_write_all(fd, text);
	if (error != 0 && (errno == EINVAL || errno == EROFS))
		error = 0;
	close(fd);
	return error;
}

static int
output_replace(const char *path, char *name, struct str text, const char *like)
{
	int fd = mkostemp(name, O_CLOEXEC);
	int saved;

	if (fd < 0)
		return -1;
	if (output_inherit(fd, path, like) == 0 &&
	    output_write_all(fd, text) == 0 && rename(name, path) == 0) {
		close(fd);
		return output_sync_folder(path);
	}
	saved = errno;
	unlink(name);
	close(fd);
	errno = saved;
	return -1;
}

int
output_write(const char *path, struct str text, const char *like)
{
	static const char suffix[] = ".XXXXXX";
	struct stat st;
	char *real, *name;
	int error = -1;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return output_write_into(path, text);
	/* A symbolic link stays one. */
	real = realpath(path, NULL);
	if (real == NULL)
		real = strdup(path);
	if (real == NULL)
		return -1;
	name = malloc(strlen(real) + sizeof(suffix));
	if (name != NULL) {
		memcpy(name, real, strlen(real));
		memcpy(name + strlen(real), suffix, sizeof(suffix));
		error = output_replace(real, name, text, like);
		free(name);
	}
	free(real);
	return error;
}

int
output_keep(const char *path, const char *kept)
{
	return linkat(AT_FDCWD, path, AT_FDCWD, kept, AT_SYMLINK_FOLLOW);
}
