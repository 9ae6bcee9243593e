/*
 * SCM_RIGHTS. Whatever comes that is not wanted is closed.
 */
#include "runtime/base/fdpass.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDPASS_MAX = 4 }; /* received at once, to be closed */

ssize_t
fdpass_send(int socket, const void *bytes, size_t size, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	/* sendmsg writes nothing there. */
	struct iovec data = { (void *)(uintptr_t)bytes, size };
	struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1 };

	if (fd != -1) {
		header.msg_control = control.bytes;
		header.msg_controllen = sizeof(control.bytes);
		control.align.cmsg_len = CMSG_LEN(sizeof(int));
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	}
	return sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/*
 * The first one; -1: none. False: more than one came. One that was cut off
 * alone found no room in this process.
 */
static bool
fdpass_take(struct msghdr *header, int *fd_r)
{
	bool is_one = true;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg != NULL;
	     cmsg = CMSG_NXTHDR(header, cmsg)) {
		size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int),
			    sizeof(fd));
			if (*fd_r == -1) {
				*fd_r = fd;
				continue;
			}
			close(fd);
			is_one = false;
		}
	}
	return is_one;
}

ssize_t
fdpass_receive(int socket, void *bytes, size_t room, int *fd_r)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDPASS_MAX * sizeof(int))];
	} control;
	struct iovec data = { bytes, room };
	struct msghdr header = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	ssize_t n;

	*fd_r = -1;
	do
		n = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	if (!fdpass_take(&header, fd_r) ||
	    (header.msg_flags & MSG_TRUNC) != 0 ||
	    ((header.msg_flags & MSG_CTRUNC) != 0 && *fd_r != -1)) {
		errno = EPROTO;
		n = -1;
	}
	if (n <= 0 && *fd_r != -1) {
		close(*fd_r);
		*fd_r = -1;
	}
	return n;
}
