/*
 * mbox files. A mailbox is opened so that nobody who may write to the folder
 * can have another file written instead: not through a link, and only when
 * what was opened is what the name says.
 */
#include "runtime/mda/mbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/mda/mda_sink.h"

/* Which lines that begin with "From " get a ">". */
enum mbox_quoting {
	MBOX_QUOTE_ALL,
	MBOX_QUOTE_PARAGRAPHS, /* those behind an empty line */
};

static void
mbox_write(struct mda_sink *sink, struct mda_source *source, struct str sender,
    enum mbox_quoting quoting)
{
	bool begins, after_empty = true, ends_line = true;
	struct str line;
	char from[1024];

	mda_sink_write(sink,
	    (struct str){
		from, (uint32_t)mda_from_line(sender, from, sizeof(from)) });
	while (mda_source_read_line(source, &line, &begins)) {
		if (begins && str_has_prefix(line, "From ") &&
		    (after_empty || quoting == MBOX_QUOTE_ALL))
			mda_sink_write(sink, STR_LIT(">"));
		mda_sink_write(sink, line);
		after_empty = begins && str_eq(line, STR_LIT("\n"));
		ends_line = line.ptr[line.len - 1] == '\n';
	}
	mda_sink_write(sink, ends_line ? STR_LIT("\n") : STR_LIT("\n\n"));
	if (source->failed_errno != 0 && sink->failed_errno == 0)
		sink->failed_errno = source->failed_errno;
}

/*
 * The lock that other programs know beside USER.lock. File systems without
 * it are taken as they are.
 */
static bool
mbox_lock_file(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int got;

	do
		got = fcntl(fd, F_SETLKW, &lock);
	while (got == -1 && errno == EINTR);
	return got == 0 || errno == EINVAL || errno == ENOLCK ||
	    errno == EOPNOTSUPP;
}

/* False: errno; the file is as long as before. */
static bool
mbox_append(int fd, struct mda_source *source, struct str sender,
    enum mbox_quoting quoting)
{
	struct mda_sink sink;
	off_t end;
	int error;

	if (!mbox_lock_file(fd))
		return false;
	end = lseek(fd, 0, SEEK_END);
	mda_sink_init(&sink, fd);
	mbox_write(&sink, source, sender, quoting);
	if (mda_sink_sync(&sink))
		return true;
	error = errno;
	if (end != -1 && ftruncate(fd, end) == -1)
		error = errno;
	errno = error;
	return false;
}

int
mbox_append_file(const char *path, struct str sender, struct mda_source *source,
    struct mda_status *status)
{
	int fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	bool is_stored = fd != -1 &&
	    mbox_append(fd, source, sender, MBOX_QUOTE_ALL);

	*status = (struct mda_status){ .status = 0 };
	if (!is_stored)
		mda_status_set_errno(status, EX_TEMPFAIL, "mail.mboxfile: %s",
		    path);
	if (fd != -1)
		close(fd);
	return status->status;
}

/* The folder, in which not everybody may make files. */
static int
mbox_open_folder(const struct mbox *mbox, struct mda_status *status)
{
	int dir = open(mbox->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (strchr(mbox->user, '/') != NULL || mbox->user[0] == '.') {
		mda_status_set(status, EX_NOUSER, "mail.local: %s: bad name",
		    mbox->user);
	} else if (dir == -1 || fstat(dir, &st) == -1) {
		mda_status_set_errno(status, EX_OSERR, "mail.local: %s",
		    mbox->folder);
	} else if ((st.st_mode & S_IWOTH) != 0) {
		mda_status_set(status, EX_OSERR,
		    "mail.local: %s: writable by everybody", mbox->folder);
	} else {
		return dir;
	}
	if (dir != -1)
		close(dir);
	return -1;
}

static bool
mbox_is_sound(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1;
}

/* Opens the user's mailbox, making it if need be; -1: status is set. */
static int
mbox_open(const struct mbox *mbox, int dir, struct mda_status *status)
{
	const int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC;
	struct stat named, opened;
	int fd;

	if (fstatat(dir, mbox->user, &named, AT_SYMLINK_NOFOLLOW) == -1) {
		bool is_new = errno == ENOENT;

		fd = is_new ?
		    openat(dir, mbox->user, flags | O_CREAT | O_EXCL, 0600) :
		    -1;
		if (fd == -1)
			mda_status_set_errno(status,
			    is_new ? EX_CANTCREAT : EX_OSERR,
			    "mail.local: %s/%s", mbox->folder, mbox->user);
		return fd;
	}
	if (!mbox_is_sound(&named)) {
		mda_status_set(status, EX_CANTCREAT,
		    "mail.local: %s/%s: linked or special file", mbox->folder,
		    mbox->user);
		return -1;
	}
	fd = openat(dir, mbox->user, flags);
	if (fd == -1) {
		mda_status_set_errno(status, EX_OSERR, "mail.local: %s/%s",
		    mbox->folder, mbox->user);
	} else if (fstat(fd, &opened) == -1 || !mbox_is_sound(&opened) ||
	    opened.st_ino != named.st_ino || opened.st_dev != named.st_dev) {
		mda_status_set(status, EX_OSERR,
		    "mail.local: %s/%s: changed while it was opened",
		    mbox->folder, mbox->user);
		close(fd);
		fd = -1;
	}
	return fd;
}

int
mbox_deliver(const struct mbox *mbox, struct mda_source *source,
    struct mda_status *status)
{
	int dir, fd;

	*status = (struct mda_status){ .status = 0 };
	dir = mbox_open_folder(mbox, status);
	if (dir == -1)
		return status->status;
	fd = mbox_open(mbox, dir, status);
	if (fd != -1 && geteuid() == 0 &&
	    fchown(fd, mbox->uid, mbox->gid) == -1)
		mda_status_set_errno(status, EX_OSERR, "mail.local: %s/%s",
		    mbox->folder, mbox->user);
	if (fd != -1 && status->status == 0 &&
	    !mbox_append(fd, source, mbox->sender, MBOX_QUOTE_PARAGRAPHS))
		mda_status_set_errno(status, EX_OSERR, "mail.local: %s/%s",
		    mbox->folder, mbox->user);
	if (fd != -1)
		close(fd);
	close(dir);
	return status->status;
}

int
mbox_create(const struct mbox *mbox, struct mda_status *status)
{
	int dir, fd;

	*status = (struct mda_status){ .status = 0 };
	dir = mbox_open_folder(mbox, status);
	if (dir == -1)
		return status->status;
	fd = openat(dir, mbox->user, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC,
	    0600);
	if ((fd == -1 && errno != EEXIST) ||
	    (fd != -1 && fchown(fd, mbox->uid, mbox->gid) == -1))
		mda_status_set_errno(status, EX_OSERR, "%s/%s", mbox->folder,
		    mbox->user);
	if (fd != -1)
		close(fd);
	close(dir);
	return status->status;
}
