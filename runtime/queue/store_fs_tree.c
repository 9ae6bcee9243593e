/*
 * The back end of files and folders, part two: the tree as a whole. Makes
 * and checks the folders, puts away what a crash left, walks through the
 * queue and deletes.
 */
#include "runtime/queue/store_fs_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FS_PURGE_STEP = 64, /* entries */
};

/* Putting away. */

int
fs_discard(struct store_fs *fs, int dir, const char *name)
{
	struct fs_name target;
	uint32_t parts[2];
	int error = fs_random(&parts[0]);

	if (error == 0)
		error = fs_random(&parts[1]);
	if (error != 0)
		return error;
	snprintf(target.text, sizeof(target.text), "%08x%08x", parts[0],
	    parts[1]);
	return fs->store.sys->renameat(dir, name, fs->purge, target.text);
}

/* A stream of its own: the descriptor stays as it is. NULL: errno. */
static DIR *
fs_list(struct store_fs *fs, int dir, const char *name)
{
	int fd = fs->store.sys->openat(dir, name, FS_FOLDER, 0);
	DIR *list;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	list = fdopendir(fd);
	if (list == NULL)
		close(fd);
	return list;
}

/* The next entry that is neither "." nor "..". NULL: errno, 0 at the end. */
static const char *
fs_next(DIR *list)
{
	const struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(list);
	} while (entry != NULL &&
	    (strcmp(entry->d_name, ".") == 0 ||
		strcmp(entry->d_name, "..") == 0));
	return entry == NULL ? NULL : entry->d_name;
}

/* Everything in a folder. */
static int
fs_discard_all(struct store_fs *fs, int dir)
{
	DIR *list = fs_list(fs, dir, ".");
	const char *name;
	int error = 0;

	if (list == NULL)
		return -errno;
	while (error == 0 && (name = fs_next(list)) != NULL)
		error = fs_discard(fs, dir, name);
	if (error == 0)
		error = -errno;
	closedir(list);
	return error;
}

static int
fs_delete_or_discard(struct store_fs *fs, int dir, const char *name)
{
	const struct sys *sys = fs->store.sys;
	int error = sys->unlinkat(dir, name, 0);

	if (error == -EISDIR || error == -EPERM)
		error = sys->unlinkat(dir, name, AT_REMOVEDIR);
	if (error == -ENOTEMPTY || error == -EEXIST)
		error = fs_discard(fs, dir, name);
	return error;
}

/*
 * What lies in purge/ itself. A folder below another is moved up first, so
 * that depth costs nothing.
 */
static int
fs_delete(struct store_fs *fs, const char *name)
{
	const struct sys *sys = fs->store.sys;
	int error = sys->unlinkat(fs->purge, name, 0);
	const char *inner;
	DIR *list;

	if (error != -EISDIR && error != -EPERM)
		return error;
	list = fs_list(fs, fs->purge, name);
	if (list == NULL)
		return -errno;
	error = 0;
	while (error == 0 && (inner = fs_next(list)) != NULL)
		error = fs_delete_or_discard(fs, dirfd(list), inner);
	if (error == 0)
		error = -errno;
	closedir(list);
	if (error == 0)
		error = sys->unlinkat(fs->purge, name, AT_REMOVEDIR);
	return error;
}

static int
fs_purge(struct store *store)
{
	struct store_fs *fs = fs_of(store);
	DIR *list = fs_list(fs, fs->purge, ".");
	const char *name;
	int error = 0, count = 0;

	if (list == NULL)
		return -errno;
	while (error == 0 && count < FS_PURGE_STEP &&
	    (name = fs_next(list)) != NULL) {
		error = fs_delete(fs, name);
		count++;
	}
	if (error == 0 && count < FS_PURGE_STEP)
		error = -errno;
	closedir(list);
	return error == 0 ? count > 0 : error;
}

/* Walking. */

static bool
fs_is_hex(const char *name, size_t len)
{
	return strlen(name) == len && strspn(name, "0123456789abcdef") == len;
}

int
fs_has_envelopes(struct store_fs *fs, uint32_t msgid)
{
	struct fs_name folder;
	DIR *list = fs_list(fs, fs->queue, fs_name_queued(msgid, &folder));
	const char *name;
	int found = 0;

	if (list == NULL)
		return -errno;
	while (found == 0 && (name = fs_next(list)) != NULL)
		found = fs_is_hex(name, 16);
	if (found == 0)
		found = -errno;
	closedir(list);
	return found;
}

/* Whether a name belongs where it was found. */
static bool
fs_is_expected(const struct fs_walk *walk, const char *name)
{
	static const size_t lengths[FS_WALK_LEVELS] = { 2, 8, 16 };
	const char *above = walk->names[walk->level];

	return fs_is_hex(name, lengths[walk->level]) &&
	    strncmp(name, above, strlen(above)) == 0;
}

static void
fs_walk_leave(struct fs_walk *walk)
{
	closedir(walk->dirs[walk->level]);
	walk->dirs[walk->level] = NULL;
}

/* Down into a folder; what is none, or is gone meanwhile, is passed by. */
static int
fs_walk_enter(struct store_fs *fs, const char *name)
{
	struct fs_walk *walk = &fs->walk;
	DIR *list = fs_list(fs, dirfd(walk->dirs[walk->level]), name);

	if (list == NULL)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ?
		    0 :
		    -errno;
	walk->level++;
	walk->dirs[walk->level] = list;
	snprintf(walk->names[walk->level], sizeof(walk->names[0]), "%s", name);
	walk->envelope_count = 0;
	return 0;
}

static bool
fs_is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec :
					a->tv_nsec < b->tv_nsec;
}

/* Back up. A message from before, all envelopes of which are gone, goes. */
static void
fs_walk_return(struct store_fs *fs, bool is_complete)
{
	struct fs_walk *walk = &fs->walk;
	struct stat st;
	bool is_orphan = is_complete && walk->level == FS_WALK_MESSAGE &&
	    walk->envelope_count == 0 && !fs->is_readonly &&
	    fstat(dirfd(walk->dirs[walk->level]), &st) == 0 &&
	    fs_is_before(&st.st_mtim, &fs->opened);

	fs_walk_leave(walk);
	walk->level--;
	if (is_orphan)
		fs_discard(fs, dirfd(walk->dirs[walk->level]),
		    walk->names[walk->level + 1]);
}

/* False: it is gone meanwhile. */
static bool
fs_walk_load(struct store_fs *fs, const char *name, struct store_found *found)
{
	struct fs_walk *walk = &fs->walk;
	size_t len = 0;

	walk->envelope_count++;
	found->evpid = strtoull(name, NULL, 16);
	found->error = fs_load(&fs->store, found->evpid, walk->text, &len);
	found->text = (struct str){ walk->text, (uint32_t)len };
	return found->error != -ENOENT;
}

static int
fs_walk_end(struct store_fs *fs, int error)
{
	struct fs_walk *walk = &fs->walk;

	for (unsigned i = 0; i < FS_WALK_LEVELS; i++)
		if (walk->dirs[i] != NULL)
			closedir(walk->dirs[i]);
	memset(walk, 0, offsetof(struct fs_walk, text));
	return error;
}

/* What cannot be read is told of, and what is beside it goes on. */
static int
fs_walk_fail(struct store_found *found, int error)
{
	*found = (struct store_found){ .error = error, .text = { "", 0 } };
	return 1;
}

static int
fs_walk(struct store *store, struct store_found *found_r)
{
	struct store_fs *fs = fs_of(store);
	struct fs_walk *walk = &fs->walk;

	if (walk->dirs[0] == NULL) {
		walk->dirs[0] = fs_list(fs, fs->queue, ".");
		if (walk->dirs[0] == NULL)
			return -errno;
	}
	for (;;) {
		const char *name = fs_next(walk->dirs[walk->level]);
		int error = name == NULL ? -errno : 0;

		if (name == NULL && walk->level == FS_WALK_QUEUE)
			return fs_walk_end(fs, error);
		if (name == NULL)
			fs_walk_return(fs, error == 0);
		else if (!fs_is_expected(walk, name))
			continue;
		else if (walk->level < FS_WALK_MESSAGE)
			error = fs_walk_enter(fs, name);
		else if (fs_walk_load(fs, name, found_r))
			return 1;
		if (error != 0)
			return fs_walk_fail(found_r, error);
	}
}

/* Opening. */

static void
fs_close_store(struct store *store)
{
	struct store_fs *fs = fs_of(store);
	int folders[] = { fs->temporary, fs->incoming, fs->queue, fs->purge };

	fs_walk_end(fs, 0);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (folders[i] >= 0)
			close(folders[i]);
	explicit_bzero(&store->codec, sizeof(store->codec));
	free(fs);
}

static const struct store_ops store_fs_ops = {
	.close = fs_close_store,
	.begin = fs_begin,
	.commit = fs_commit,
	.rollback = fs_rollback,
	.load = fs_load,
	.update = fs_update,
	.remove = fs_remove,
	.open_message = fs_open_message,
	.walk = fs_walk,
	.purge = fs_purge,
};

struct fs_folder {
	const char *name;
	mode_t mode;
	bool is_private;
};

static void __attribute__((format(printf, 2, 3)))
fs_complain(char error[STORE_ERROR_SIZE], const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(error, STORE_ERROR_SIZE, format, ap);
	va_end(ap);
}

/* Made if it is not there: 1 if so, else 0. */
static int
fs_make_folder(const struct store_fs_options *options, int spool,
    const struct fs_folder *folder)
{
	const struct sys *sys = options->sys;
	int error = sys->mkdirat(spool, folder->name, folder->mode);

	if (error != 0)
		return error == -EEXIST ? 0 : error;
	/* The umask has taken from the mode. */
	if (fchmodat(spool, folder->name, folder->mode, 0) != 0)
		return -errno;
	if (geteuid() != 0)
		return 1;
	if (folder->is_private ?
		fchownat(spool, folder->name, options->owner, 0,
		    AT_SYMLINK_NOFOLLOW) != 0 :
		fchownat(spool, folder->name, 0, options->offline_group,
		    AT_SYMLINK_NOFOLLOW) != 0)
		return -errno;
	return 1;
}

/* A descriptor, or -1 with error. */
static int
fs_open_folder(const struct store_fs_options *options, int spool,
    const struct fs_folder *folder, char error[STORE_ERROR_SIZE])
{
	uid_t owner = geteuid() == 0 ? options->owner : geteuid();
	int fd = fs_make_folder(options, spool, folder);
	struct stat st;

	if (fd >= 0)
		fd = options->sys->openat(spool, folder->name, FS_FOLDER, 0);
	if (fd < 0 || options->sys->fstat(fd, &st) != 0) {
		fs_complain(error, "cannot open the folder %s/%s: %s",
		    options->spool, folder->name, strerror(fd < 0 ? -fd : EIO));
		return -1;
	}
	if (folder->is_private &&
	    (st.st_uid != owner || (st.st_mode & 077) != 0)) {
		fs_complain(error,
		    "the folder %s/%s must belong to user id %u and be "
		    "closed to others, see chown(1) and chmod(1)",
		    options->spool, folder->name, (unsigned)owner);
		close(fd);
		return -1;
	}
	return fd;
}

static int
fs_open_spool(const struct store_fs_options *options,
    char error[STORE_ERROR_SIZE])
{
	int made = options->sys->mkdirat(AT_FDCWD, options->spool, 0711);
	int fd = options->sys->openat(AT_FDCWD, options->spool,
	    O_RDONLY | O_DIRECTORY, 0);

	if (fd >= 0)
		return fd;
	if (made != -EEXIST)
		fd = made;
	fs_complain(error, "cannot open the spool %s: %s", options->spool,
	    strerror(-fd));
	return -1;
}

static bool
fs_open_folders(struct store_fs *fs, const struct store_fs_options *options,
    int spool, char error[STORE_ERROR_SIZE])
{
	const struct {
		struct fs_folder folder;
		int *fd_r;
	} folders[] = {
		{ { "temporary", 0700, true }, &fs->temporary },
		{ { "incoming", 0700, true }, &fs->incoming },
		{ { "queue", 0700, true }, &fs->queue },
		{ { "purge", 0700, true }, &fs->purge },
		{ { "offline", 0770, false }, NULL },
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		int fd = fs_open_folder(options, spool, &folders[i].folder,
		    error);

		if (fd < 0)
			return false;
		if (folders[i].fd_r != NULL)
			*folders[i].fd_r = fd;
		else
			close(fd);
	}
	return true;
}

static struct store_fs *
fs_new(const struct store_fs_options *options, char error[STORE_ERROR_SIZE])
{
	struct store_fs *fs = calloc(1, sizeof(*fs));

	if (fs == NULL) {
		fs_complain(error, "out of memory");
		return NULL;
	}
	fs->store.ops = &store_fs_ops;
	fs->store.sys = options->sys;
	fs->store.codec = *options->codec;
	fs->temporary = fs->incoming = fs->queue = fs->purge = -1;
	clock_gettime(CLOCK_REALTIME_COARSE, &fs->opened);
	return fs;
}

/* Folders, and nothing in them that a crash left. */
static bool
fs_open(struct store_fs *fs, const struct store_fs_options *options, int spool,
    char error[STORE_ERROR_SIZE])
{
	int failure;

	if (!fs_open_folders(fs, options, spool, error))
		return false;
	failure = fs_discard_all(fs, fs->temporary);
	if (failure == 0)
		failure = fs_discard_all(fs, fs->incoming);
	if (failure != 0)
		fs_complain(error, "cannot clean up %s: %s", options->spool,
		    strerror(-failure));
	return failure == 0;
}

struct store *
store_fs_open(const struct store_fs_options *options,
    char error[STORE_ERROR_SIZE])
{
	struct store_fs *fs = fs_new(options, error);
	int spool = fs == NULL ? -1 : fs_open_spool(options, error);
	bool is_open = spool >= 0 && fs_open(fs, options, spool, error);

	if (spool >= 0)
		close(spool);
	if (is_open)
		return &fs->store;
	if (fs != NULL)
		fs_close_store(&fs->store);
	return NULL;
}

struct store *
store_fs_open_readonly(const struct store_fs_options *options,
    char error[STORE_ERROR_SIZE])
{
	struct store_fs *fs = fs_new(options, error);
	int spool;

	if (fs == NULL)
		return NULL;
	fs->is_readonly = true;
	spool = open(options->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spool >= 0)
		fs->queue = options->sys->openat(spool, "queue", FS_FOLDER, 0);
	if (spool < 0 || fs->queue < 0) {
		fs_complain(error, "cannot open the folder %s/queue: %s",
		    options->spool, strerror(spool < 0 ? errno : -fs->queue));
		fs_close_store(&fs->store);
		fs = NULL;
	}
	if (spool >= 0)
		close(spool);
	return fs == NULL ? NULL : &fs->store;
}
