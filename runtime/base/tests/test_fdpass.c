/*
 * Descriptors over sockets: one, none, and more than there may be.
 */
#include "runtime/base/fdpass.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/tests/descriptors.h"

static int test_ends[2];

static void
test_init(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
			 test_ends),
	    0);
}

static void
test_fini(void)
{
	close(test_ends[0]);
	close(test_ends[1]);
}

TestSuite(fdpass, .init = test_init, .fini = test_fini, .timeout = 10);

Test(fdpass, carries_one)
{
	char text[8];
	int fd;

	cr_assert_eq(fdpass_send(test_ends[0], "text", 4, test_ends[0]), 4);
	cr_assert_eq(fdpass_receive(test_ends[1], text, sizeof(text), &fd), 4);
	cr_expect_eq(memcmp(text, "text", 4), 0);
	cr_expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	/* It is the other end. */
	cr_assert_eq(write(fd, "x", 1), 1);
	cr_expect_eq(read(test_ends[1], text, sizeof(text)), 1);
	close(fd);
}

Test(fdpass, carries_none)
{
	char text[8];
	int fd = 0;

	cr_assert_eq(fdpass_send(test_ends[0], "text", 4, -1), 4);
	cr_assert_eq(fdpass_receive(test_ends[1], text, sizeof(text), &fd), 4);
	cr_expect_eq(fd, -1);
	cr_expect_eq(fdpass_receive(test_ends[1], text, sizeof(text), &fd), -1);
	cr_expect_eq(errno, EAGAIN);
}

/* The message counts, and its receiver knows what was to come. */
Test(fdpass, tells_that_there_is_no_room)
{
	struct rlimit limit;
	char text[8];
	int fd = 0;

	cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)descriptors_next();
	cr_assert_eq(fdpass_send(test_ends[0], "text", 4, test_ends[0]), 4);
	cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	cr_expect_eq(fdpass_receive(test_ends[1], text, sizeof(text), &fd), 4);
	cr_expect_eq(fd, -1);
}

Test(fdpass, refuses_many_and_closes_them)
{
	static const unsigned counts[] = { 2, 4, 5, DESCRIPTORS_MAX };
	int next = descriptors_next(), fd;
	char text[8] = "text";

	for (size_t i = 0; i < 4; i++) {
		descriptors_send(test_ends[0], text, 4, counts[i]);
		cr_expect_eq(fdpass_receive(test_ends[1], text, sizeof(text),
				 &fd),
		    -1);
		cr_expect_eq(errno, EPROTO);
		cr_expect_eq(fd, -1);
		cr_expect_eq(descriptors_next(), next, "left open");
	}
}

Test(fdpass, refuses_what_does_not_fit)
{
	int next = descriptors_next(), fd;
	char text[3];

	cr_assert_eq(fdpass_send(test_ends[0], "text", 4, test_ends[0]), 4);
	cr_expect_eq(fdpass_receive(test_ends[1], text, sizeof(text), &fd), -1);
	cr_expect_eq(errno, EPROTO);
	cr_expect_eq(descriptors_next(), next, "left open");
}
