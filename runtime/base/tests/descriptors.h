/*
 * Descriptors in tests of what carries them.
 */
#ifndef RUNTIME_BASE_TESTS_DESCRIPTORS_H
#define RUNTIME_BASE_TESTS_DESCRIPTORS_H

#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 32 };

/* The lowest number that is free: it changes with each that is left open. */
static inline int
descriptors_next(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

/* Bytes in one message, and with them so many times the socket's own. */
static inline void
descriptors_send(int socket, void *bytes, size_t size, unsigned count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec data = { bytes, size };
	struct msghdr header = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)) };
	int *fds = (int *)CMSG_DATA(&control.align);

	control.align.cmsg_len = CMSG_LEN(count * sizeof(int));
	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	for (unsigned i = 0; i < count; i++)
		fds[i] = socket;
	cr_assert_eq(sendmsg(socket, &header, 0), (ssize_t)size);
}

#endif
