/*
 * Where the bytes of a message go: a file or a socket, in large writes. The
 * first error stays; what is written behind it is lost, and close or flush
 * says so.
 */
#ifndef RUNTIME_MDA_MDA_SINK_H
#define RUNTIME_MDA_MDA_SINK_H

#include <stdbool.h>

#include "runtime/base/str.h"

#define MDA_SINK_BUFFER (32 * 1024)

/* Members are private, but for failed_errno. */
struct mda_sink {
	int fd;
	int failed_errno;
	uint32_t len;
	char buffer[MDA_SINK_BUFFER];
};

/* The descriptor stays the caller's. */
void mda_sink_init(struct mda_sink *sink, int fd);

void mda_sink_write(struct mda_sink *sink, struct str bytes);

/* False: something could not be written; errno says why. */
bool mda_sink_flush(struct mda_sink *sink);

/*
 * flush and fsync(2). A file that knows no fsync, a pipe with a name for
 * example, is as safe as it gets.
 */
bool mda_sink_sync(struct mda_sink *sink);

#endif
