/*
 * Paths of the build and of programs beside the running one.
 */
#include "runtime/base/paths.h"

#include <criterion/criterion.h>
#include <unistd.h>

Test(paths, are_absolute)
{
	cr_expect_eq(paths_built.config[0], '/');
	cr_expect_eq(paths_built.spool[0], '/');
	cr_expect_eq(paths_built.socket[0], '/');
	cr_expect_eq(paths_built.chroot[0], '/');
}

Test(paths, refuse_what_does_not_fit)
{
	char buf[256], small[4];

	cr_assert(paths_find(PATHS_BIN, "smtpctl", buf, sizeof(buf)));
	cr_expect_eq(buf[0], '/');
	cr_expect(strcmp(buf + strlen(buf) - 8, "/smtpctl") == 0, "%s", buf);
	cr_expect_not(paths_find(PATHS_BIN, "smtpctl", small, sizeof(small)));
}

/* A test program lies in no bin folder, so nobody gets one of the tree. */
Test(paths, outside_of_a_tree_are_the_installed_ones)
{
	char buf[256];

	cr_assert(paths_find(PATHS_LIBEXEC, "mail.lmtp", buf, sizeof(buf)));
	cr_expect(strstr(buf, "libexec/") != NULL, "%s", buf);
	cr_expect(strstr(buf, "/tests/") == NULL, "%s", buf);
}
