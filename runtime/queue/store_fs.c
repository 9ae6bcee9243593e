/*
 * The back end of files and folders, part one: messages and envelopes. See
 * store_fs_tree.c for opening, walking and purging.
 *
 * A message gets into queue/ by one rename of its folder, after everything
 * in it is on disk; the folder that it gets into is synced before the commit
 * is answered. So a crash leaves it there whole or not at all.
 */
#include "runtime/queue/store_fs_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

enum {
	FS_TRIES = 20, /* of a random number that is taken already */
	FS_CREATE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
	FS_READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
};

const char *
fs_name_message(uint32_t msgid, struct fs_name *name)
{
	snprintf(name->text, sizeof(name->text), "%08x", msgid);
	return name->text;
}

/* Below queue/. */
const char *
fs_name_queued(uint32_t msgid, struct fs_name *name)
{
	snprintf(name->text, sizeof(name->text), "%02x/%08x", msgid >> 24,
	    msgid);
	return name->text;
}

static const char *
fs_name_body(uint32_t msgid, struct fs_name *name)
{
	snprintf(name->text, sizeof(name->text), "%02x/%08x/message",
	    msgid >> 24, msgid);
	return name->text;
}

static const char *
fs_name_envelope(uint64_t evpid, struct fs_name *name)
{
	uint32_t msgid = evpid_message(evpid);

	snprintf(name->text, sizeof(name->text), "%02x/%08x/%016llx",
	    msgid >> 24, msgid, (unsigned long long)evpid);
	return name->text;
}

/* A packed copy of what temporary/ has. */
static const char *
fs_name_packed(uint32_t msgid, struct fs_name *name)
{
	snprintf(name->text, sizeof(name->text), "%08x.pack", msgid);
	return name->text;
}

int
fs_close(int fd, int error)
{
	return close(fd) != 0 && error == 0 ? -errno : error;
}

/* New messages. */

int
fs_random(uint32_t *number_r)
{
	do {
		if (getrandom(number_r, sizeof(*number_r), 0) !=
		    sizeof(*number_r))
			return -errno;
	} while (*number_r == 0);
	return 0;
}

/* 0, or -EEXIST for a number that is in use. */
static int
fs_take_number(struct store_fs *fs, uint32_t msgid)
{
	const struct sys *sys = fs->store.sys;
	struct fs_name name;
	struct stat st;
	int error = sys->fstatat(fs->queue, fs_name_queued(msgid, &name), &st);

	if (error == 0)
		return -EEXIST;
	if (error != -ENOENT)
		return error;
	return sys->mkdirat(fs->incoming, fs_name_message(msgid, &name), 0700);
}

int
fs_begin(struct store *store, uint32_t *msgid_r)
{
	struct store_fs *fs = fs_of(store);
	const struct sys *sys = store->sys;
	struct fs_name name;
	int error = -EEXIST, fd;

	for (int i = 0; i < FS_TRIES && error == -EEXIST; i++) {
		error = fs_random(msgid_r);
		if (error == 0)
			error = fs_take_number(fs, *msgid_r);
	}
	if (error != 0)
		return error;
	fs_name_message(*msgid_r, &name);
	fd = sys->openat(fs->temporary, name.text, FS_CREATE, 0600);
	if (fd < 0)
		sys->unlinkat(fs->incoming, name.text, AT_REMOVEDIR);
	return fd;
}

void
fs_rollback(struct store *store, uint32_t msgid)
{
	struct store_fs *fs = fs_of(store);
	const struct sys *sys = store->sys;
	struct fs_name name;

	/* What cannot be removed now is when the store is opened again. */
	sys->unlinkat(fs->temporary, fs_name_packed(msgid, &name), 0);
	sys->unlinkat(fs->temporary, fs_name_message(msgid, &name), 0);
	if (sys->unlinkat(fs->incoming, name.text, AT_REMOVEDIR) != 0)
		fs_discard(fs, fs->incoming, name.text);
}

/* Commit. */

/* Replaces the message in temporary/ by its packed form. */
static int
fs_pack_message(struct store_fs *fs, uint32_t msgid, int in, int *packed_r)
{
	const struct sys *sys = fs->store.sys;
	struct fs_name name, packed;
	int error;

	fs_name_message(msgid, &name);
	fs_name_packed(msgid, &packed);
	*packed_r = sys->openat(fs->temporary, packed.text, FS_CREATE, 0600);
	if (*packed_r < 0)
		return *packed_r;
	error = codec_pack_file(&fs->store.codec, sys, in, *packed_r);
	if (error == 0)
		error = sys->renameat(fs->temporary, packed.text, fs->temporary,
		    name.text);
	return error == 0 ? 0 : fs_close(*packed_r, error);
}

/* The message as it will lie in the queue, open and complete. */
static int
fs_open_received(struct store_fs *fs, const struct store_message *message)
{
	const struct sys *sys = fs->store.sys;
	struct fs_name name;
	struct stat st;
	int error, packed = -1;
	int fd = sys->openat(fs->temporary,
	    fs_name_message(message->msgid, &name), FS_READ, 0);

	if (fd < 0)
		return fd;
	error = sys->fstat(fd, &st);
	if (error == 0 && (uint64_t)st.st_size != message->size)
		error = -EIO;
	if (error == 0 && codec_is_plain(&fs->store.codec))
		return fd;
	if (error == 0)
		error = fs_pack_message(fs, message->msgid, fd, &packed);
	error = fs_close(fd, error);
	return error == 0 ? packed : error;
}

/* Into an own file, which stays open to be synced. */
static int
fs_write_text(struct store_fs *fs, int dir, const char *name, struct str text)
{
	char buf[ENVELOPE_TEXT_MAX + CODEC_OVERHEAD];
	const struct sys *sys = fs->store.sys;
	const void *data = text.ptr;
	size_t len = text.len;
	ssize_t done;
	int fd, error;

	if (!codec_is_plain(&fs->store.codec)) {
		error = codec_pack(&fs->store.codec, text.ptr, text.len, buf,
		    sizeof(buf), &len);
		if (error != 0)
			return error;
		data = buf;
	}
	fd = sys->openat(dir, name, FS_CREATE, 0600);
	if (fd < 0)
		return fd;
	done = sys->write(fd, data, len);
	if (done == (ssize_t)len)
		return fd;
	fs_close(fd, 0);
	return done < 0 ? (int)done : -EIO;
}

/*
 * Files are written first and then synced one after the other, the message
 * last: by then most are on their way, and one commit of the file system's
 * journal takes them all.
 */
static int
fs_write_envelope(struct store_fs *fs, int dir,
    const struct store_envelope *envelope, bool is_only)
{
	const struct sys *sys = fs->store.sys;
	char name[17];
	int fd, error;

	snprintf(name, sizeof(name), "%016llx",
	    (unsigned long long)envelope->evpid);
	fd = fs_write_text(fs, dir, name, envelope->text);
	if (fd < 0)
		return fd;
	error = is_only ? sys->fsync(fd) : sys->begin_sync(fd);
	return fs_close(fd, error);
}

static int
fs_sync_envelope(struct store_fs *fs, int dir,
    const struct store_envelope *envelope)
{
	const struct sys *sys = fs->store.sys;
	char name[17];
	int fd, error;

	snprintf(name, sizeof(name), "%016llx",
	    (unsigned long long)envelope->evpid);
	fd = sys->openat(dir, name, FS_READ, 0);
	if (fd < 0)
		return fd;
	error = sys->fsync(fd);
	return fs_close(fd, error);
}

static int
fs_write_envelopes(struct store_fs *fs, int dir,
    const struct store_message *message)
{
	uint32_t count = message->envelope_count;
	int error = 0;

	for (uint32_t i = 0; i < count && error == 0; i++)
		error = fs_write_envelope(fs, dir, &message->envelopes[i],
		    count == 1);
	for (uint32_t i = 0; i < count && count > 1 && error == 0; i++)
		error = fs_sync_envelope(fs, dir, &message->envelopes[i]);
	return error;
}

/* Fills incoming/MSGID and syncs it. */
static int
fs_gather(struct store_fs *fs, const struct store_message *message, int body,
    int dir)
{
	const struct sys *sys = fs->store.sys;
	struct fs_name name;
	int error = sys->begin_sync(body);

	if (error == 0)
		error = sys->renameat(fs->temporary,
		    fs_name_message(message->msgid, &name), dir, "message");
	if (error == 0)
		error = fs_write_envelopes(fs, dir, message);
	if (error == 0)
		error = sys->fsync(body);
	return error == 0 ? sys->fsync(dir) : error;
}

/* The folder that holds a message in queue/, made where it is absent. */
static int
fs_open_bucket(struct store_fs *fs, uint32_t msgid)
{
	const struct sys *sys = fs->store.sys;
	char name[3];
	int fd, error;

	snprintf(name, sizeof(name), "%02x", msgid >> 24);
	fd = sys->openat(fs->queue, name, FS_FOLDER, 0);
	if (fd != -ENOENT)
		return fd;
	error = sys->mkdirat(fs->queue, name, 0700);
	if (error != 0 && error != -EEXIST)
		return error;
	fd = sys->openat(fs->queue, name, FS_FOLDER, 0);
	if (fd < 0)
		return fd;
	error = sys->fsync(fs->queue);
	return error == 0 ? fd : fs_close(fd, error);
}

/*
 * A message that is in queue/ but perhaps not for good must not be found by
 * a later walk, because its sender will send it again.
 */
static int
fs_enqueue(struct store_fs *fs, uint32_t msgid)
{
	const struct sys *sys = fs->store.sys;
	int bucket = fs_open_bucket(fs, msgid), error;
	struct fs_name name;

	if (bucket < 0)
		return bucket;
	fs_name_message(msgid, &name);
	error = sys->renameat(fs->incoming, name.text, bucket, name.text);
	if (error == 0) {
		error = sys->fsync(bucket);
		if (error != 0)
			sys->renameat(bucket, name.text, fs->incoming,
			    name.text);
	}
	return fs_close(bucket, error);
}

int
fs_commit(struct store *store, const struct store_message *message)
{
	struct store_fs *fs = fs_of(store);
	const struct sys *sys = store->sys;
	struct fs_name name;
	int error, body, dir;

	dir = sys->openat(fs->incoming, fs_name_message(message->msgid, &name),
	    FS_FOLDER, 0);
	if (dir < 0)
		return dir;
	body = fs_open_received(fs, message);
	error = body < 0 ? body : fs_gather(fs, message, body, dir);
	if (body >= 0)
		error = fs_close(body, error);
	error = fs_close(dir, error);
	return error == 0 ? fs_enqueue(fs, message->msgid) : error;
}

/* What was committed. */

/* A regular file below queue/. */
static int
fs_open_queued(struct store_fs *fs, const char *name)
{
	const struct sys *sys = fs->store.sys;
	struct stat st;
	int error, fd = sys->openat(fs->queue, name, FS_READ, 0);

	if (fd < 0)
		return fd;
	error = sys->fstat(fd, &st);
	if (error == 0 && !S_ISREG(st.st_mode))
		error = -EINVAL;
	return error == 0 ? fd : fs_close(fd, error);
}

int
fs_load(struct store *store, uint64_t evpid, char text[ENVELOPE_TEXT_MAX],
    size_t *len_r)
{
	struct store_fs *fs = fs_of(store);
	char buf[ENVELOPE_TEXT_MAX + CODEC_OVERHEAD + 1];
	struct fs_name name;
	int fd = fs_open_queued(fs, fs_name_envelope(evpid, &name)), error;
	ssize_t n;

	if (fd < 0)
		return fd;
	n = store->sys->read(fd, buf, sizeof(buf));
	error = fs_close(fd, n < 0 ? (int)n : 0);
	if (error != 0)
		return error;
	if (n == sizeof(buf))
		return -EFBIG;
	return codec_unpack(&store->codec, buf, (size_t)n, text,
	    ENVELOPE_TEXT_MAX, len_r);
}

/*
 * The rename is not synced: after a crash of the machine the envelope may
 * be the old one, which is tried again.
 */
int
fs_update(struct store *store, const struct store_envelope *envelope)
{
	struct store_fs *fs = fs_of(store);
	const struct sys *sys = store->sys;
	struct fs_name name, scratch;
	int fd, error;

	fs_name_envelope(envelope->evpid, &name);
	snprintf(scratch.text, sizeof(scratch.text), "%016llx",
	    (unsigned long long)envelope->evpid);
	fd = fs_write_text(fs, fs->incoming, scratch.text, envelope->text);
	error = fd < 0 ? fd : fs_close(fd, sys->fsync(fd));
	if (error == 0)
		error = sys->renameat(fs->incoming, scratch.text, fs->queue,
		    name.text);
	if (error != 0)
		sys->unlinkat(fs->incoming, scratch.text, 0);
	return error;
}

/*
 * The envelope goes first: without one, a message is never delivered. What
 * is said to be the last is not where the queue has not heard of others.
 */
int
fs_remove(struct store *store, uint64_t evpid, bool is_last)
{
	struct store_fs *fs = fs_of(store);
	const struct sys *sys = store->sys;
	uint32_t msgid = evpid_message(evpid);
	struct fs_name name;
	int error;

	error = sys->unlinkat(fs->queue, fs_name_envelope(evpid, &name), 0);
	if (error != 0 || !is_last)
		return error;
	error = fs_has_envelopes(fs, msgid);
	if (error != 0)
		return error == 1 ? 0 : error;
	error = sys->unlinkat(fs->queue, fs_name_body(msgid, &name), 0);
	if (error != 0)
		return error;
	error = sys->unlinkat(fs->queue, fs_name_queued(msgid, &name),
	    AT_REMOVEDIR);
	/* Something strange is in there. */
	if (error == -ENOTEMPTY || error == -EEXIST)
		error = fs_discard(fs, fs->queue, name.text);
	return error;
}

/* A file without a name, which is gone when it is closed. */
static int
fs_open_scratch(struct store_fs *fs, uint32_t msgid)
{
	const struct sys *sys = fs->store.sys;
	uint32_t number;
	char name[24];
	int error = fs_random(&number), fd;

	if (error != 0)
		return error;
	if (fs->is_readonly) {
		fd = memfd_create("message", MFD_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	snprintf(name, sizeof(name), "%08x.%08x", msgid, number);
	fd = sys->openat(fs->temporary, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fd;
	error = sys->unlinkat(fs->temporary, name, 0);
	return error == 0 ? fd : fs_close(fd, error);
}

static int
fs_unpack_message(struct store_fs *fs, uint32_t msgid, int in)
{
	int fd = fs_open_scratch(fs, msgid), error;

	if (fd < 0)
		return fd;
	error = codec_unpack_file(&fs->store.codec, fs->store.sys, in, fd);
	if (error == 0 && lseek(fd, 0, SEEK_SET) != 0)
		error = -errno;
	return error == 0 ? fd : fs_close(fd, error);
}

/* Whether a message lies there as it is. */
static int
fs_is_packed(struct store_fs *fs, int fd, bool *is_packed_r)
{
	uint8_t head[2] = { 0 };
	ssize_t n = fs->store.sys->read(fd, head, sizeof(head));

	if (n < 0)
		return (int)n;
	*is_packed_r = fs->store.codec.has_key || (n > 0 && head[0] == 0x01) ||
	    (n == 2 && head[0] == 0x1f && head[1] == 0x8b);
	return lseek(fd, 0, SEEK_SET) == 0 ? 0 : -errno;
}

int
fs_open_message(struct store *store, uint32_t msgid)
{
	struct store_fs *fs = fs_of(store);
	struct fs_name name;
	bool is_packed = false;
	int fd = fs_open_queued(fs, fs_name_body(msgid, &name)), error, plain;

	if (fd < 0)
		return fd;
	error = fs_is_packed(fs, fd, &is_packed);
	if (error == 0 && !is_packed)
		return fd;
	plain = error == 0 ? fs_unpack_message(fs, msgid, fd) : error;
	error = fs_close(fd, plain < 0 ? plain : 0);
	return error == 0 ? plain : error;
}
