/*
 * Maildirs. Once the folder is open all goes by descriptors, so that nothing
 * that is moved meanwhile leads elsewhere.
 */
#include "runtime/mda/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "runtime/mda/mda_sink.h"

#define MAILDIR_UNSAFE "!#$%&'*/?^`{|}~" /* in names made of addresses */

struct maildir_file {
	char name[NAME_MAX + 1];
	int fd;
	bool is_spam;
};

static bool
maildir_make(int at, const char *name)
{
	return mkdirat(at, name, 0700) == 0 || errno == EEXIST;
}

/* Makes path, and what leads to it where it is absolute. */
static bool
maildir_make_path(const char *path)
{
	char buf[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(buf)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(buf, path, len + 1);
	for (size_t i = 1; path[0] == '/' && i < len; i++) {
		if (buf[i] != '/')
			continue;
		buf[i] = '\0';
		if (!maildir_make(AT_FDCWD, buf) && errno != EROFS &&
		    errno != EACCES)
			return false;
		buf[i] = '/';
	}
	return maildir_make(AT_FDCWD, path);
}

/* Opens a Maildir below at and makes its folders; -1: errno. */
static int
maildir_open(int at, const char *path)
{
	static const char *const names[] = { "cur", "tmp", "new" };
	int dir = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; dir != -1 && i < 3; i++)
		if (!maildir_make(dir, names[i])) {
			int error = errno;

			close(dir);
			errno = error;
			return -1;
		}
	return dir;
}

/*
 * The name of the sub-address's folder; false where there can be none. A
 * name that begins with a dot would lead up, or to what is no folder.
 */
static bool
maildir_folder_name(struct str extension, char *buf, size_t room)
{
	if (extension.len == 0 || extension.len + 2 > room ||
	    extension.ptr[0] == '.' ||
	    memchr(extension.ptr, '\0', extension.len) != NULL)
		return false;
	snprintf(buf, room, ".%.*s", STR_ARG(extension));
	for (char *c = buf + 1; *c != '\0'; c++)
		if (strchr(MAILDIR_UNSAFE, *c) != NULL)
			*c = ':';
	return true;
}

/* The Maildir that the message belongs into, unless it is spam; -1: errno. */
static int
maildir_open_folder(const struct maildir *maildir)
{
	char name[NAME_MAX + 1];
	struct stat st;
	int dir, folder;

	if (!maildir_make_path(maildir->path))
		return -1;
	dir = maildir_open(AT_FDCWD, maildir->path);
	if (dir == -1 ||
	    !maildir_folder_name(maildir->extension, name, sizeof(name)) ||
	    fstatat(dir, name, &st, 0) == -1 || !S_ISDIR(st.st_mode))
		return dir;
	folder = maildir_open(dir, name);
	close(dir);
	return folder;
}

/* Of junk mail; made even if there is none, so that clients show it. */
static int
maildir_open_junk(const struct maildir *maildir)
{
	int dir = open(maildir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int junk = -1;

	if (dir != -1 && maildir_make(dir, ".Junk"))
		junk = maildir_open(dir, ".Junk");
	if (dir != -1)
		close(dir);
	return junk;
}

/* "SECONDS.RANDOM.HOST"; in a host's name "/" and ":" mean something. */
static bool
maildir_name_file(char *buf, size_t room)
{
	char host[HOST_NAME_MAX + 1] = "";
	uint32_t random;
	int len;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random) ||
	    gethostname(host, sizeof(host) - 1) == -1)
		return false;
	for (char *c = host; *c != '\0'; c++)
		if (*c == '/' || *c == ':')
			*c = '_';
	len = snprintf(buf, room, "%lld.%08x.%s", (long long)time(NULL), random,
	    host);
	return len > 0 && (size_t)len < room;
}

/* Opens the file in dir/tmp; false: errno. */
static bool
maildir_create(int dir, struct maildir_file *file)
{
	char path[sizeof(file->name) + 4];

	errno = ENAMETOOLONG;
	if (!maildir_name_file(file->name, sizeof(file->name)))
		return false;
	snprintf(path, sizeof(path), "tmp/%s", file->name);
	file->fd = openat(dir, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC,
	    0600);
	return file->fd != -1;
}

static void
maildir_unlink(int dir, const struct maildir_file *file)
{
	char path[sizeof(file->name) + 4];

	snprintf(path, sizeof(path), "tmp/%s", file->name);
	unlinkat(dir, path, 0);
}

static bool
maildir_is_spam_line(struct str line)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\n')
		line.len--;
	return str_eq_nocase(line, STR_LIT("X-Spam: yes")) ||
	    str_eq_nocase(line, STR_LIT("X-Spam-Flag: yes"));
}

static bool
maildir_copy(struct maildir_file *file, struct mda_source *source)
{
	struct mda_sink sink;
	struct str bytes;
	bool begins;

	mda_sink_init(&sink, file->fd);
	while (mda_source_read_line(source, &bytes, &begins)) {
		mda_sink_write(&sink, bytes);
		if (begins && str_eq(bytes, STR_LIT("\n")))
			break;
		file->is_spam |= begins && maildir_is_spam_line(bytes);
	}
	while (mda_source_read(source, &bytes))
		mda_sink_write(&sink, bytes);
	if (source->failed_errno != 0) {
		errno = source->failed_errno;
		return false;
	}
	return mda_sink_sync(&sink);
}

/* Moves it from dir/tmp to into/new, for good. */
static bool
maildir_publish(int dir, int into, const struct maildir_file *file)
{
	char from[sizeof(file->name) + 4], to[sizeof(file->name) + 4];
	bool is_synced;
	int folder;

	snprintf(from, sizeof(from), "tmp/%s", file->name);
	snprintf(to, sizeof(to), "new/%s", file->name);
	if (renameat(dir, from, into, to) == -1)
		return false;
	folder = openat(into, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	is_synced = folder != -1 && fsync(folder) == 0;
	if (folder != -1)
		close(folder);
	return is_synced;
}

/* False: errno. */
static bool
maildir_store(const struct maildir *maildir, int dir, int junk,
    struct mda_source *source)
{
	struct maildir_file file = { .is_spam = false };
	bool is_stored;
	int error;

	if (!maildir_create(dir, &file))
		return false;
	is_stored = maildir_copy(&file, source);
	if (is_stored)
		is_stored = maildir_publish(dir,
		    maildir->has_junk && file.is_spam ? junk : dir, &file);
	error = errno;
	if (!is_stored)
		maildir_unlink(dir, &file);
	close(file.fd);
	errno = error;
	return is_stored;
}

int
maildir_deliver(const struct maildir *maildir, struct mda_source *source,
    struct mda_status *status)
{
	int dir = maildir_open_folder(maildir), junk = -1;
	bool is_stored = false;

	*status = (struct mda_status){ .status = 0 };
	if (dir != -1 && maildir->has_junk)
		junk = maildir_open_junk(maildir);
	if (dir != -1 && (!maildir->has_junk || junk != -1))
		is_stored = maildir_store(maildir, dir, junk, source);
	if (!is_stored)
		mda_status_set_errno(status,
		    errno == ENAMETOOLONG ? EXIT_FAILURE : EX_TEMPFAIL,
		    "mail.maildir: %s", maildir->path);
	if (junk != -1)
		close(junk);
	if (dir != -1)
		close(dir);
	return status->status;
}
