/*
 * What the two files of the back end "fs" share.
 */
#ifndef RUNTIME_QUEUE_STORE_FS_PRIVATE_H
#define RUNTIME_QUEUE_STORE_FS_PRIVATE_H

#include <dirent.h>
#include <fcntl.h>
#include <time.h>

#include "runtime/queue/store.h"

#define FS_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW)

/* A path below one of the folders. */
struct fs_name {
	char text[64];
};

/* Folders of a walk, outermost first: queue, queue/XX, queue/XX/MSGID. */
enum { FS_WALK_QUEUE, FS_WALK_BUCKET, FS_WALK_MESSAGE, FS_WALK_LEVELS };

struct fs_walk {
	DIR *dirs[FS_WALK_LEVELS];
	char names[FS_WALK_LEVELS][24]; /* of dirs, but the first */
	unsigned level;

	uint32_t envelope_count; /* of the message */
	char text[ENVELOPE_TEXT_MAX];
};

struct store_fs {
	struct store store;
	int temporary, incoming, queue, purge; /* folders; -1: not opened */
	bool is_readonly;
	/* When, by the clock of files: what is older belongs to nobody. */
	struct timespec opened;
	struct fs_walk walk;
};

static inline struct store_fs *
fs_of(struct store *store)
{
	return (struct store_fs *)(void *)store;
}

const char *fs_name_message(uint32_t msgid, struct fs_name *name);
const char *fs_name_queued(uint32_t msgid, struct fs_name *name);

/* Moves a file or folder away, to be deleted some time. */
int fs_discard(struct store_fs *fs, int dir, const char *name);

/* Of a message that is queued: 1, 0 or -errno. */
int fs_has_envelopes(struct store_fs *fs, uint32_t msgid);

/* A number that is not 0. */
int fs_random(uint32_t *number_r);

/* Closes; the error, or that of close if there was none. */
int fs_close(int fd, int error);

int fs_begin(struct store *store, uint32_t *msgid_r);
int fs_commit(struct store *store, const struct store_message *message);
void fs_rollback(struct store *store, uint32_t msgid);
int fs_load(struct store *store, uint64_t evpid, char text[ENVELOPE_TEXT_MAX],
    size_t *len_r);
int fs_update(struct store *store, const struct store_envelope *envelope);
int fs_remove(struct store *store, uint64_t evpid, bool is_last);
int fs_open_message(struct store *store, uint32_t msgid);

#endif
