/*
 * Puts a blob on the disk: whole or not at all, even if the machine stops.
 */
#ifndef COMPILER_BLOB_FILE_H
#define COMPILER_BLOB_FILE_H

#include "compiler/blob_write.h"

/*
 * Replaces the file at once: written beside it, synced, renamed, and the
 * folder synced. Only its owner may read one that holds secrets. 0 or
 * -errno; -EEXIST where path is there and no regular file.
 */
int blob_file_write(const char *path, const struct blob_image *image);

/* To an open file or pipe. 0 or -errno. */
int blob_file_print(int fd, const struct blob_image *image);

#endif
