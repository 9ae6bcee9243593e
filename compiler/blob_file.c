/*
 * Temporary file, fsync(2), rename(2), fsync(2) of the folder.
 */
#include "compiler/blob_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/blob_write_private.h"

int
blob_file_print(int fd, const struct blob_image *image)
{
	size_t done = 0;

	while (done < image->size) {
		ssize_t n = write(fd, image->data + done, image->size - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

static int
blob_file_fill(int fd, const struct blob_image *image)
{
	int error = blob_file_print(fd, image);
	mode_t mask = umask(0);

	umask(mask);
	if (error != 0)
		return error;
	if (fchmod(fd, image->has_secrets ? 0600 : 0666 & ~mask) != 0 ||
	    fsync(fd) != 0)
		return -errno;
	return 0;
}

/* The name of the folder, in buf where it is not all of path. */
static const char *
blob_file_folder(const char *path, char *buf)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	if (slash == path)
		return "/";
	memcpy(buf, path, (size_t)(slash - path));
	buf[slash - path] = '\0';
	return buf;
}

static int
blob_file_sync_folder(const char *path)
{
	char *buf = blob_write_alloc(strlen(path));
	int fd = open(blob_file_folder(path, buf),
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 || fsync(fd) != 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	free(buf);
	return error;
}

int
blob_file_write(const char *path, const struct blob_image *image)
{
	struct stat st;
	char *temp;
	int fd, error;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return -EEXIST;
	temp = blob_write_alloc(strlen(path) + sizeof(".XXXXXX"));
	sprintf(temp, "%s.XXXXXX", path);
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0) {
		error = -errno;
		free(temp);
		return error;
	}
	error = blob_file_fill(fd, image);
	if (close(fd) != 0 && error == 0)
		error = -errno;
	if (error == 0 && rename(temp, path) != 0)
		error = -errno;
	if (error != 0)
		unlink(temp);
	else
		error = blob_file_sync_folder(path);
	free(temp);
	return error;
}
