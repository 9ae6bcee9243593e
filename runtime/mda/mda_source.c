/*
 * Reading of messages. A file is read with pread(2), since its descriptor
 * may be that of other deliveries too.
 */
#include "runtime/mda/mda_source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
mda_source_init(struct mda_source *source, struct str head, int fd)
{
	struct stat st;

	source->head = head;
	source->fd = fd;
	source->is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	source->failed_errno = 0;
	source->offset = 0;
	source->begin = source->end = 0;
	source->at_end = false;
	source->in_line = false;
	if (head.len > sizeof(source->buffer))
		source->failed_errno = EMSGSIZE;
	else if (head.len > 0)
		memcpy(source->buffer, head.ptr, head.len);
	if (source->failed_errno == 0)
		source->end = head.len;
}

bool
mda_source_rewind(struct mda_source *source)
{
	if (!source->is_file)
		return false;
	mda_source_init(source, source->head, source->fd);
	return true;
}

/* Adds to the buffer, which has room. False: nothing more comes. */
static bool
mda_source_fill(struct mda_source *source)
{
	char *into = source->buffer + source->end;
	size_t room = sizeof(source->buffer) - source->end;
	ssize_t n;

	if (source->at_end || source->failed_errno != 0)
		return false;
	do
		n = source->is_file ?
		    pread(source->fd, into, room, source->offset) :
		    read(source->fd, into, room);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		source->failed_errno = errno;
	source->at_end = n <= 0;
	if (n <= 0)
		return false;
	source->offset += n;
	source->end += (uint32_t)n;
	return true;
}

static void
mda_source_take(struct mda_source *source, uint32_t len, struct str *bytes_r)
{
	*bytes_r = (struct str){ source->buffer + source->begin, len };
	source->begin += len;
}

bool
mda_source_read(struct mda_source *source, struct str *bytes_r)
{
	if (source->begin == source->end) {
		source->begin = source->end = 0;
		if (!mda_source_fill(source))
			return false;
	}
	mda_source_take(source, source->end - source->begin, bytes_r);
	return true;
}

bool
mda_source_read_line(struct mda_source *source, struct str *line_r,
    bool *begins_r)
{
	uint32_t seen = 0;

	for (;;) {
		uint32_t len = source->end - source->begin;
		char *begin = source->buffer + source->begin;
		const char *lf = memchr(begin + seen, '\n', len - seen);

		*begins_r = !source->in_line;
		if (lf != NULL) {
			source->in_line = false;
			mda_source_take(source, (uint32_t)(lf - begin) + 1,
			    line_r);
			return true;
		}
		seen = len;
		memmove(source->buffer, begin, len);
		source->begin = 0;
		source->end = len;
		if (len == sizeof(source->buffer) || !mda_source_fill(source)) {
			source->in_line = true;
			mda_source_take(source, len, line_r);
			return len > 0;
		}
	}
}
