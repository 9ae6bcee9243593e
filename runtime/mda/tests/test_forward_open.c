/*
 * Homes and .forward files of every hostile kind.
 */
#include "runtime/mda/forward_open.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char test_root[] = "/tmp/test_forward.XXXXXX";
static char test_home[PATH_MAX], test_file[PATH_MAX];
static struct account test_user;

static void
test_init(void)
{
	uid_t uid = geteuid() == 0 ? 12345 : geteuid();
	gid_t gid = geteuid() == 0 ? 12345 : getegid();

	cr_assert_not_null(mkdtemp(test_root));
	cr_assert_eq(chmod(test_root, 0755), 0);
	snprintf(test_home, sizeof(test_home), "%s/home", test_root);
	snprintf(test_file, sizeof(test_file), "%s/home/.forward", test_root);
	cr_assert_eq(mkdir(test_home, 0755), 0);
	cr_assert_eq(chown(test_home, uid, gid), 0);
	cr_assert_eq(account_set(&test_user, STR_LIT("joe"),
			 str_from(test_home), uid, gid),
	    ANSWER_YES);
}

static void
test_fini(void)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf %s", test_root);
	cr_assert_eq(system(command), 0);
}

TestSuite(forward_open, .init = test_init, .fini = test_fini, .timeout = 10);

/* A file of so many bytes, the user's. */
static void
test_write(const char *path, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	cr_assert_neq(fd, -1);
	for (size_t i = 0; i < len; i++)
		cr_assert_eq(write(fd, "x", 1), 1);
	cr_assert_eq(fchmod(fd, mode), 0);
	cr_assert_eq(fchown(fd, test_user.uid, test_user.gid), 0);
	close(fd);
}

static void
test_expect(enum expand_forward wanted)
{
	enum expand_forward status = EXPAND_FORWARD_UNREADABLE;
	int fd = forward_open(&test_user, &status);

	cr_expect_eq(status, wanted, "status %d", (int)status);
	cr_expect_eq(fd != -1, wanted == EXPAND_FORWARD_READ);
	if (fd != -1)
		close(fd);
}

Test(forward_open, sound)
{
	test_write(test_file, 10, 0644);
	test_expect(EXPAND_FORWARD_READ);
}

Test(forward_open, absent)
{
	test_expect(EXPAND_FORWARD_ABSENT);
}

Test(forward_open, no_home)
{
	cr_assert_eq(rmdir(test_home), 0);
	test_expect(EXPAND_FORWARD_ABSENT);
}

Test(forward_open, home_is_a_file)
{
	cr_assert_eq(rmdir(test_home), 0);
	test_write(test_home, 1, 0644);
	test_expect(EXPAND_FORWARD_UNREADABLE);
}

Test(forward_open, home_links_in_circles)
{
	cr_assert_eq(rmdir(test_home), 0);
	cr_assert_eq(symlink(test_home, test_home), 0);
	test_expect(EXPAND_FORWARD_UNREADABLE);
}

Test(forward_open, sticky_home)
{
	test_write(test_file, 10, 0644);
	cr_assert_eq(chmod(test_home, 01755), 0);
	test_expect(EXPAND_FORWARD_STICKY);
}

Test(forward_open, home_that_others_may_write)
{
	test_write(test_file, 10, 0644);
	cr_assert_eq(chmod(test_home, 0775), 0);
	test_expect(EXPAND_FORWARD_INSECURE);
	cr_assert_eq(chmod(test_home, 0757), 0);
	test_expect(EXPAND_FORWARD_INSECURE);
}

Test(forward_open, home_of_another)
{
	if (geteuid() != 0)
		cr_skip("not root");
	test_write(test_file, 10, 0644);
	cr_assert_eq(chown(test_home, 54321, 54321), 0);
	test_expect(EXPAND_FORWARD_INSECURE);
	cr_assert_eq(chown(test_home, 0, 0), 0);
	test_expect(EXPAND_FORWARD_READ);
}

Test(forward_open, file_that_others_may_write)
{
	test_write(test_file, 10, 0664);
	test_expect(EXPAND_FORWARD_INSECURE);
	cr_assert_eq(chmod(test_file, 0646), 0);
	test_expect(EXPAND_FORWARD_INSECURE);
}

Test(forward_open, symbolic_link)
{
	cr_assert_eq(symlink("/etc/shadow", test_file), 0);
	test_expect(EXPAND_FORWARD_SYMLINK);
}

Test(forward_open, hard_link_to_file_of_another)
{
	char other[PATH_MAX + 8];

	if (geteuid() != 0)
		cr_skip("not root");
	snprintf(other, sizeof(other), "%s/secret", test_root);
	test_write(other, 10, 0600);
	cr_assert_eq(chown(other, 0, 0), 0);
	cr_assert_eq(link(other, test_file), 0);
	test_expect(EXPAND_FORWARD_INSECURE);
}

/* Opening it must not wait for a writer. */
Test(forward_open, fifo)
{
	cr_assert_eq(mkfifo(test_file, 0644), 0);
	cr_assert_eq(chown(test_file, test_user.uid, test_user.gid), 0);
	test_expect(EXPAND_FORWARD_INSECURE);
}

Test(forward_open, folder)
{
	cr_assert_eq(mkdir(test_file, 0755), 0);
	cr_assert_eq(chown(test_file, test_user.uid, test_user.gid), 0);
	test_expect(EXPAND_FORWARD_INSECURE);
}

Test(forward_open, device)
{
	if (geteuid() != 0 || mknod(test_file, S_IFCHR | 0644, 0x103) == -1)
		cr_skip("cannot make devices");
	cr_assert_eq(chown(test_file, test_user.uid, test_user.gid), 0);
	test_expect(EXPAND_FORWARD_INSECURE);
}

Test(forward_open, empty)
{
	test_write(test_file, 0, 0644);
	test_expect(EXPAND_FORWARD_ABSENT);
}

Test(forward_open, sizes)
{
	test_write(test_file, EXPAND_FORWARD_MAX, 0644);
	test_expect(EXPAND_FORWARD_READ);
	cr_assert_eq(truncate(test_file, 4096), 0);
	test_expect(EXPAND_FORWARD_TOO_LARGE);
}
