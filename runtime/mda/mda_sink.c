/*
 * Buffered writing that remembers its first error.
 */
#include "runtime/mda/mda_sink.h"

#include <errno.h>
#include <unistd.h>

void
mda_sink_init(struct mda_sink *sink, int fd)
{
	sink->fd = fd;
	sink->failed_errno = 0;
	sink->len = 0;
}

static void
mda_sink_put(struct mda_sink *sink, const char *bytes, size_t len)
{
	while (len > 0 && sink->failed_errno == 0) {
		ssize_t n = write(sink->fd, bytes, len);

		if (n == -1 && errno != EINTR)
			sink->failed_errno = errno;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
}

bool
mda_sink_flush(struct mda_sink *sink)
{
	mda_sink_put(sink, sink->buffer, sink->len);
	sink->len = 0;
	if (sink->failed_errno != 0)
		errno = sink->failed_errno;
	return sink->failed_errno == 0;
}

void
mda_sink_write(struct mda_sink *sink, struct str bytes)
{
	if (bytes.len > sizeof(sink->buffer) - sink->len)
		mda_sink_flush(sink);
	if (bytes.len > sizeof(sink->buffer)) {
		mda_sink_put(sink, bytes.ptr, bytes.len);
		return;
	}
	if (bytes.len > 0)
		memcpy(sink->buffer + sink->len, bytes.ptr, bytes.len);
	sink->len += bytes.len;
}

bool
mda_sink_sync(struct mda_sink *sink)
{
	if (!mda_sink_flush(sink))
		return false;
	if (fsync(sink->fd) == -1 && errno != EINVAL) {
		sink->failed_errno = errno;
		return false;
	}
	return true;
}
