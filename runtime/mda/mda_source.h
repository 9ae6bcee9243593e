/*
 * The bytes of a message on their way into a writer or a command: a head,
 * then a stored file or whatever a pipe gives. Knows lines, however long;
 * never holds more than its buffer, never changes a byte.
 */
#ifndef RUNTIME_MDA_MDA_SOURCE_H
#define RUNTIME_MDA_MDA_SOURCE_H

#include <stdbool.h>
#include <sys/types.h>

#include "runtime/base/str.h"

#define MDA_SOURCE_BUFFER (64 * 1024)

/* Members are private, but for failed_errno. */
struct mda_source {
	struct str head;
	int fd;
	bool is_file;
	off_t offset; /* of a file: others may share the descriptor */
	uint32_t begin, end;
	bool at_end;
	bool in_line;     /* what comes next goes on with a line */
	int failed_errno; /* reading stopped by it; 0: by the end */
	char buffer[MDA_SOURCE_BUFFER];
};

/* A file is read from its beginning, wherever its offset is. */
void mda_source_init(struct mda_source *source, struct str head, int fd);

/* Starts again; false for a pipe. */
bool mda_source_rewind(struct mda_source *source);

/* Any bytes that are there; false at the end or after an error. */
bool mda_source_read(struct mda_source *source, struct str *bytes_r);

/*
 * One line with its line feed, or as much of it as the buffer takes;
 * *begins_r says whether it is the beginning of a line. The last line may
 * lack the line feed. Valid until the next call.
 */
bool mda_source_read_line(struct mda_source *source, struct str *line_r,
    bool *begins_r);

#endif
