/*
 * Passwords of system users, with passwd and shadow files of the test's in
 * a namespace of its own.
 */
#include "runtime/mda/auth.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEST_HASH /* of "secret" */ \
	"$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA"

static const char test_passwd[] = "root:x:0:0::/:/bin/sh\n"
				  "joe:x:12345:12345::/tmp:/bin/sh\n"
				  "old:" TEST_HASH ":12346:1::/tmp:/bin/sh\n"
				  "open::12347:1::/tmp:/bin/sh\n"
				  "locked:x:12348:1::/tmp:/bin/sh\n"
				  "odd:x:12349:1::/tmp:/bin/sh\n"
				  "lost:x:12351:1::/tmp:/bin/sh\n"
				  "bare:x:12350:1::/tmp:/bin/sh\n";
static const char test_shadow[] = "joe:" TEST_HASH ":1::::::\n"
				  "locked:!" TEST_HASH ":1::::::\n"
				  "odd:$99$secret:1::::::\n"
				  "bare::1::::::\n";

/* In place of a file of the system; nobody else sees it. */
static void
test_mount(const char *over, const char *text)
{
	char path[] = "/tmp/test_auth.XXXXXX";
	int fd = mkstemp(path);

	cr_assert_neq(fd, -1);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	cr_assert_eq(fchmod(fd, 0644), 0);
	close(fd);
	cr_assert_eq(mount(path, over, NULL, MS_BIND, NULL), 0);
	unlink(path);
}

static void
test_init(void)
{
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		cr_skip("needs root, and mounts of its own");
	test_mount("/etc/passwd", test_passwd);
	test_mount("/etc/shadow", test_shadow);
}

TestSuite(auth, .init = test_init, .timeout = 30);

Test(auth, users)
{
	cr_expect_eq(auth_check("joe", "secret"), ANSWER_YES);
	cr_expect_eq(auth_check("joe", "Secret"), ANSWER_NO);
	cr_expect_eq(auth_check("joe", ""), ANSWER_NO);
	cr_expect_eq(auth_check("old", "secret"), ANSWER_YES);
	cr_expect_eq(auth_check("nobody-at-all", "secret"), ANSWER_NO);
}

/* Who has no password cannot log in with none. */
Test(auth, no_password)
{
	cr_expect_eq(auth_check("open", ""), ANSWER_NO);
	cr_expect_eq(auth_check("bare", ""), ANSWER_NO);
	cr_expect_eq(auth_check("locked", "secret"), ANSWER_NO);
	cr_expect_eq(auth_check("locked", ""), ANSWER_NO);
}

/* What cannot be compared is a failure for now. */
Test(auth, failures)
{
	cr_expect_eq(auth_check("odd", "secret"), ANSWER_FAILED);
	cr_expect_eq(auth_check("lost", "secret"), ANSWER_FAILED);
}
