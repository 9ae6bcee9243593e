/*
 * Opening below a root directory: what is found, what is refused, and that
 * nothing outside is read. Each confinement case runs with openat2 and with
 * the walk by component.
 */
#include "runtime/base/rootdir.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 *	outer/secret            "secret"
 *	outer/root/etc/file     "inside"
 *	outer/root/file         "inside"
 *
 * and one special file or link for each case.
 */
static char test_outer[] = "/tmp/test_rootdir.XXXXXX";
static struct rootdir test_root;
static int test_dir = -1;

static void
test_write(const char *path, const char *text)
{
	int fd = openat(test_dir, path, O_CREAT | O_TRUNC | O_WRONLY, 0644);

	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
test_link(const char *target, const char *path)
{
	cr_assert_eq(symlinkat(target, test_dir, path), 0);
}

static void
test_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
	    test_outer, path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void
test_setup(void)
{
	char path[64];

	cr_assert_not_null(mkdtemp(test_outer));
	test_dir = open(test_outer, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert_eq(mkdirat(test_dir, "root", 0755), 0);
	cr_assert_eq(mkdirat(test_dir, "root/etc", 0755), 0);
	test_write("secret", "secret");
	test_write("root/file", "inside");
	test_write("root/etc/file", "inside");
	snprintf(path, sizeof(path), "%s/root", test_outer);
	cr_assert_eq(rootdir_init(&test_root, path), 0);
}

static void
test_teardown(void)
{
	char command[64];

	rootdir_fini(&test_root);
	close(test_dir);
	snprintf(command, sizeof(command), "rm -rf %s", test_outer);
	cr_expect_eq(system(command), 0);
}

TestSuite(rootdir, .init = test_setup, .fini = test_teardown);

/* 0 where path holds "inside", else the error; "secret" is a failure. */
static int
test_read(const char *path)
{
	struct rootdir_text text;
	int error = rootdir_read_file(&test_root, path, 100, &text);

	if (error != 0)
		return error;
	cr_expect_str_eq(text.text, "inside", "%s", path);
	rootdir_text_fini(&text);
	return 0;
}

struct path_case {
	char path[32];
	int error; /* with openat2 */
	int error_stepwise;
};

ParameterizedTestParameters(rootdir, opens_only_below_the_root)
{
	static struct path_case cases[] = {
		{ "/etc/file", 0, 0 },
		{ "etc/file", 0, 0 },
		{ "file", 0, 0 },
		{ "//etc///file", 0, 0 },
		{ "./etc/./file", 0, 0 },
		{ "", -ENOENT, -ENOENT },
		{ "/", -EISDIR, -EISDIR },
		{ "/etc", -EISDIR, -EISDIR },
		{ "/etc/", -EISDIR, -EISDIR },
		{ "/etc/file/", -ENOTDIR, -ENOTDIR },
		{ "/none", -ENOENT, -ENOENT },
		{ "/none/file", -ENOENT, -ENOENT },
		{ "../secret", -ENOENT, -EXDEV },
		{ "/../../secret", -ENOENT, -EXDEV },
		{ "etc/../../secret", -ENOENT, -EXDEV },
		{ "etc/../file", 0, -EXDEV },
		{ "..", -EISDIR, -EXDEV },
		{ "/link-inside", 0, -ELOOP },
		{ "/link-absolute", 0, -ELOOP },
		{ "/link-up", -ENOENT, -ELOOP },
		{ "/link-out", -ENOENT, -ELOOP },
		{ "/dir-inside/file", 0, -ENOTDIR },
		{ "/dir-up/secret", -ENOENT, -ENOTDIR },
		{ "/dir-out/secret", -ENOENT, -ENOTDIR },
		{ "/link-loop", -ELOOP, -ELOOP },
		{ "/fifo", -EINVAL, -EINVAL },
		{ "/socket", -EINVAL, -EINVAL },
	};

	return cr_make_param_array(struct path_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct path_case *c, rootdir, opens_only_below_the_root)
{
	char secret[64];

	snprintf(secret, sizeof(secret), "%s/secret", test_outer);
	test_link("etc/file", "root/link-inside");
	test_link("/etc/file", "root/link-absolute");
	test_link("../secret", "root/link-up");
	test_link(secret, "root/link-out");
	test_link("link-loop", "root/link-loop");
	test_link("/etc", "root/dir-inside");
	test_link("..", "root/dir-up");
	test_link(test_outer, "root/dir-out");
	cr_assert_eq(mkfifoat(test_dir, "root/fifo", 0644), 0);
	test_socket("root/socket");

	if (!test_root.stepwise)
		cr_expect_eq(test_read(c->path), c->error, "\"%s\"", c->path);
	test_root.stepwise = true;
	cr_expect_eq(test_read(c->path), c->error_stepwise,
	    "\"%s\" by component", c->path);
}

Test(rootdir, refuses_a_name_that_is_too_long)
{
	char path[400];

	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	cr_expect_eq(test_read(path), -ENAMETOOLONG);
	test_root.stepwise = true;
	cr_expect_eq(test_read(path), -ENAMETOOLONG);
}

Test(rootdir, does_not_follow_links_of_the_kernel)
{
	struct rootdir proc;
	struct stat st;

	cr_assert_eq(rootdir_init(&proc, "/proc"), 0);
	cr_expect_lt(rootdir_open_file(&proc, "/self/exe", &st), 0);
	cr_expect_lt(rootdir_open_file(&proc, "/self/root/etc/passwd", &st), 0);
	rootdir_fini(&proc);
}

static atomic_bool test_stop;

/* Exchanges the folder root/swap and a link out of the root. */
static void *
test_swap(void *unused)
{
	while (!atomic_load(&test_stop))
		renameat2(test_dir, "root/swap", test_dir, "root/link",
		    RENAME_EXCHANGE);
	return unused;
}

static void
test_read_while_swapping(void)
{
	pthread_t thread;
	unsigned found = 0;

	cr_assert_eq(mkdirat(test_dir, "root/swap", 0755), 0);
	test_write("root/swap/secret", "inside");
	test_link(test_outer, "root/link");
	atomic_store(&test_stop, false);
	cr_assert_eq(pthread_create(&thread, NULL, test_swap, NULL), 0);
	/* A swapper that is not let run may leave the link there for long. */
	for (unsigned i = 0; i < 5000 || (found == 0 && i < 10000000); i++)
		found += test_read("/swap/secret") == 0;
	atomic_store(&test_stop, true);
	pthread_join(thread, NULL);
	cr_expect_gt(found, 0);
}

Test(rootdir, stays_below_the_root_while_links_are_swapped_in)
{
	test_read_while_swapping();
}

Test(rootdir, stays_below_the_root_by_component_while_swapped)
{
	test_root.stepwise = true;
	test_read_while_swapping();
}

Test(rootdir, reads_the_machine_without_a_root)
{
	struct rootdir_text text;
	struct rootdir real;
	char path[64];

	snprintf(path, sizeof(path), "%s/secret", test_outer);
	cr_assert_eq(rootdir_init(&real, NULL), 0);
	cr_assert_eq(rootdir_read_file(&real, path, 100, &text), 0);
	cr_expect_str_eq(text.text, "secret");
	rootdir_text_fini(&text);

	cr_assert_eq(chdir(test_outer), 0);
	cr_assert_eq(rootdir_read_file(&real, "secret", 100, &text), 0);
	rootdir_text_fini(&text);
	rootdir_fini(&real);
}

Test(rootdir, refuses_devices)
{
	struct rootdir real;
	struct stat st;

	cr_assert_eq(rootdir_init(&real, NULL), 0);
	cr_expect_eq(rootdir_open_file(&real, "/dev/null", &st), -EINVAL);
	cr_expect_eq(rootdir_open_file(&real, "/dev/zero", &st), -EINVAL);
	rootdir_fini(&real);
}

Test(rootdir, needs_a_directory_as_root)
{
	struct rootdir root;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "%s/secret", test_outer);
	cr_expect_eq(rootdir_init(&root, path), -ENOTDIR);
	cr_expect_eq(rootdir_init(&root, "/nonexistent"), -ENOENT);
	cr_expect_eq(rootdir_open_file(&root, "/etc/passwd", &st), -EBADF);
}

Test(rootdir, opens_nothing_after_fini)
{
	struct rootdir real;
	struct stat st;

	cr_assert_eq(rootdir_init(&real, NULL), 0);
	rootdir_fini(&real);
	cr_expect_eq(rootdir_open_file(&real, "/etc/passwd", &st), -EBADF);
	rootdir_fini(&test_root);
	cr_expect_eq(test_read("/file"), -EBADF);
}

Test(rootdir, tells_what_a_file_is)
{
	struct rootdir_text text;
	struct stat st;

	cr_assert_eq(fchmodat(test_dir, "root/file", 0640, 0), 0);
	cr_assert_eq(fstatat(test_dir, "root/file", &st, 0), 0);
	cr_assert_eq(rootdir_read_file(&test_root, "file", 100, &text), 0);
	cr_expect_eq(text.mode, S_IFREG | 0640);
	cr_expect_eq(text.uid, getuid());
	cr_expect_eq(text.gid, getgid());
	cr_expect_eq(text.ino, st.st_ino);
	cr_expect_eq(text.dev, st.st_dev);
	rootdir_text_fini(&text);
}

Test(rootdir, ends_a_text_with_two_nuls)
{
	struct rootdir_text text;

	test_write("root/empty", "");
	cr_assert_eq(rootdir_read_file(&test_root, "empty", 0, &text), 0);
	cr_expect_eq(text.len, 0);
	cr_expect_arr_eq(text.text, "\0\0", 2);
	rootdir_text_fini(&text);

	cr_assert_eq(rootdir_read_file(&test_root, "file", 6, &text), 0);
	cr_expect_eq(text.len, 6);
	cr_expect_arr_eq(text.text, "inside\0\0", 8);
	rootdir_text_fini(&text);
}

Test(rootdir, refuses_a_file_over_the_limit)
{
	struct rootdir_text text;

	cr_expect_eq(rootdir_read_file(&test_root, "file", 5, &text), -EFBIG);
	cr_expect_null(text.text);
}

Test(rootdir, reads_a_file_of_100_megabytes)
{
	const size_t size = 100 * 1000 * 1000;
	struct rootdir_text text;
	int fd = openat(test_dir, "root/big", O_CREAT | O_WRONLY, 0644);

	cr_assert_geq(fd, 0);
	cr_assert_eq(ftruncate(fd, (off_t)size), 0);
	cr_assert_eq(pwrite(fd, "end", 3, (off_t)size - 3), 3);
	close(fd);
	cr_assert_eq(rootdir_read_file(&test_root, "big", size, &text), 0);
	cr_expect_eq(text.len, size);
	cr_expect_str_eq(text.text + size - 3, "end");
	rootdir_text_fini(&text);
}

/* Files of proc have the size 0: as if they had grown after fstat. */
Test(rootdir, reads_a_file_that_grows)
{
	struct rootdir_text text;
	struct rootdir real;

	if (access("/proc/self/status", R_OK) == -1)
		cr_skip_test("no /proc");
	cr_assert_eq(rootdir_init(&real, NULL), 0);
	cr_assert_eq(rootdir_read_file(&real, "/proc/self/status", 65536,
			 &text),
	    0);
	cr_expect_gt(text.len, 100);
	cr_expect_eq(strlen(text.text), text.len);
	cr_expect_eq(strncmp(text.text, "Name:", 5), 0);
	rootdir_text_fini(&text);
	cr_expect_eq(rootdir_read_file(&real, "/proc/self/status", 100, &text),
	    -EFBIG);
	rootdir_fini(&real);
}

/* Files of sysfs have the size of a page: as if they had shrunk. */
Test(rootdir, reads_a_file_that_shrinks)
{
	static const char path[] = "/sys/devices/system/cpu/online";
	struct rootdir_text text;
	struct rootdir real;
	struct stat st;

	if (stat(path, &st) == -1)
		cr_skip_test("no %s", path);
	cr_assert_eq(rootdir_init(&real, NULL), 0);
	cr_assert_eq(rootdir_read_file(&real, path, 65536, &text), 0);
	cr_expect_lt(text.len, (size_t)st.st_size);
	cr_expect_eq(strlen(text.text), text.len);
	rootdir_text_fini(&text);
	rootdir_fini(&real);
}

Test(rootdir, trusts_root_and_the_owner_of_the_root_directory)
{
	struct rootdir root = { .fd = 3, .owner = 1000 };
	struct rootdir real = { .fd = AT_FDCWD, .owner = 1000 };

	cr_expect_eq(test_root.owner, getuid());
	cr_expect(rootdir_owner_is_trusted(&root, 0));
	cr_expect(rootdir_owner_is_trusted(&root, 1000));
	cr_expect_not(rootdir_owner_is_trusted(&root, 1001));
	cr_expect(rootdir_owner_is_trusted(&real, 0));
	cr_expect_not(rootdir_owner_is_trusted(&real, 1000));
}

Test(rootdir, names_its_errors)
{
	cr_expect_str_eq(rootdir_error_text(-EINVAL), "not a regular file");
	cr_expect_str_eq(rootdir_error_text(-EISDIR), "is a directory");
	cr_expect_str_eq(rootdir_error_text(-EFBIG), "file too large");
	cr_expect_str_eq(rootdir_error_text(-ENOENT), strerror(ENOENT));
}
