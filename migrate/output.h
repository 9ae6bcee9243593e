/*
 * Files that smtpd-migrate writes: whole or not at all.
 */
#ifndef MIGRATE_OUTPUT_H
#define MIGRATE_OUTPUT_H

#include "runtime/base/str.h"

/*
 * Writes a file anew, by a temporary one in the same folder. Owner and mode
 * are those of the file it replaces, else those of like, which may be NULL.
 * 0, or -1 with errno set.
 */
int output_write(const char *path, struct str text, const char *like);

/*
 * Keeps a file under another name, which must be free: EEXIST. Of a symbolic
 * link, what it points to: that is what output_write replaces.
 */
int output_keep(const char *path, const char *kept);

#endif
