/*
 * Mailboxes, files in mbox format, and their locks.
 */
#include "runtime/mda/mbox.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/mda/mbox_lock.h"

static char test_root[] = "/tmp/test_mbox.XXXXXX";
static char test_path[PATH_MAX];
static struct mbox test_box;
static struct mda_source test_source;
static struct mda_status test_status;

static void
test_init(void)
{
	cr_assert_not_null(mkdtemp(test_root));
	snprintf(test_path, sizeof(test_path), "%s/joe", test_root);
	test_box = (struct mbox){
		.folder = test_root,
		.user = "joe",
		.uid = geteuid(),
		.gid = getegid(),
		.sender = STR_LIT("a@b.example"),
	};
}

static void
test_fini(void)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf %s", test_root);
	cr_assert_eq(system(command), 0);
}

TestSuite(mbox, .init = test_init, .fini = test_fini, .timeout = 20);

/* A source of a text, by way of a pipe. */
static void
test_open_source(const char *text)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
	close(ends[1]);
	mda_source_init(&test_source, STR_LIT(""), ends[0]);
}

static int
test_deliver(const char *text)
{
	test_open_source(text);
	return mbox_deliver(&test_box, &test_source, &test_status);
}

/* The file, with a D for the date of each "From " line. */
static const char *
test_read(const char *path)
{
	static char text[8192];
	char *at = text;
	FILE *file = fopen(path, "r");

	cr_assert_not_null(file);
	while (fgets(at, (int)(sizeof(text) - (size_t)(at - text)), file) !=
	    NULL) {
		if (strncmp(at, "From a@b.example ", 17) == 0)
			strcpy(at, "From D\n");
		at += strlen(at);
	}
	*at = '\0';
	fclose(file);
	return text;
}

Test(mbox, appends)
{
	struct stat st;

	cr_expect_eq(test_deliver("Subject: 1\n\nFrom x\nFrom y\n"), 0);
	cr_expect_eq(test_deliver("Subject: 2\n\nend\n"), 0);
	cr_expect_str_eq(test_read(test_path),
	    "From D\nSubject: 1\n\n>From x\nFrom y\n\n"
	    "From D\nSubject: 2\n\nend\n\n");
	cr_assert_eq(stat(test_path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, (mode_t)0600);
}

Test(mbox, quotes_first_line)
{
	cr_expect_eq(test_deliver("From x\nSubject: 1\n\nno line feed"), 0);
	cr_expect_str_eq(test_read(test_path),
	    "From D\n>From x\nSubject: 1\n\nno line feed\n\n");
}

Test(mbox, file_quotes_all)
{
	test_open_source("Subject: 1\n\nFrom x\nFrom y\n");
	cr_expect_eq(mbox_append_file(test_path, test_box.sender, &test_source,
			 &test_status),
	    0);
	cr_expect_str_eq(test_read(test_path),
	    "From D\nSubject: 1\n\n>From x\n>From y\n\n");
}

Test(mbox, null_sender)
{
	char begin[20] = "";
	int fd;

	test_box.sender = STR_LIT("@");
	cr_expect_eq(test_deliver("\n"), 0);
	fd = open(test_path, O_RDONLY);
	cr_assert_eq(read(fd, begin, 19), 19);
	cr_expect_str_eq(begin, "From MAILER-DAEMON ");
}

Test(mbox, refuses_links)
{
	char other[PATH_MAX];

	snprintf(other, sizeof(other), "%s/other", test_root);
	cr_assert_eq(close(open(other, O_WRONLY | O_CREAT, 0600)), 0);
	cr_assert_eq(symlink(other, test_path), 0);
	cr_expect_eq(test_deliver("x\n"), EX_CANTCREAT);
	cr_assert_eq(unlink(test_path), 0);
	cr_assert_eq(link(other, test_path), 0);
	cr_expect_eq(test_deliver("x\n"), EX_CANTCREAT);
	cr_assert_eq(unlink(test_path), 0);
	cr_assert_eq(mkfifo(test_path, 0600), 0);
	cr_expect_eq(test_deliver("x\n"), EX_CANTCREAT);
	cr_expect_str_eq(test_read(other), "");
}

Test(mbox, refuses_folder_that_everybody_may_write)
{
	cr_assert_eq(chmod(test_root, 01777), 0);
	cr_expect_eq(test_deliver("x\n"), EX_OSERR);
}

Test(mbox, refuses_names_that_lead_elsewhere)
{
	static const char *const names[] = { "../joe", "a/b", ".", ".." };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		test_box.user = names[i];
		cr_expect_eq(test_deliver("x\n"), EX_NOUSER);
		cr_expect_eq(mbox_create(&test_box, &test_status), EX_NOUSER);
	}
}

/* What cannot be looked at is neither a new mailbox nor a wrong one. */
Test(mbox, name_that_cannot_be_looked_up)
{
	static char name[NAME_MAX + 2];

	memset(name, 'x', sizeof(name) - 1);
	test_box.user = name;
	cr_expect_eq(test_deliver("x\n"), EX_OSERR);
}

/* What could not be written whole is taken back. */
Test(mbox, restores_on_error)
{
	struct rlimit limit = { 100, 100 };
	static char large[4000];

	cr_assert_eq(test_deliver("Subject: 1\n\n"), 0);
	memset(large, 'x', sizeof(large) - 1);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_expect_eq(test_deliver(large), EX_OSERR);
	cr_expect_str_eq(test_read(test_path), "From D\nSubject: 1\n\n\n");
}

Test(mbox, create)
{
	struct stat st;

	cr_expect_eq(mbox_create(&test_box, &test_status), 0);
	cr_assert_eq(stat(test_path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, (mode_t)0600);
	cr_assert_eq(test_deliver("x\n"), 0);
	cr_expect_eq(mbox_create(&test_box, &test_status), 0);
	cr_expect_str_eq(test_read(test_path), "From D\nx\n\n");
}

Test(mbox, lock)
{
	struct mbox_lock first, second;

	cr_assert(mbox_lock_take(&first, test_root, "joe", 1));
	cr_expect_not(mbox_lock_take(&second, test_root, "joe", 1));
	cr_expect_eq(errno, EEXIST);
	mbox_lock_release(&first);
	cr_assert(mbox_lock_take(&second, test_root, "joe", 1));
	mbox_lock_release(&second);
}

Test(mbox, lock_waits)
{
	struct mbox_lock first, second;

	cr_assert(mbox_lock_take(&first, test_root, "joe", 1));
	if (fork() == 0) {
		usleep(200 * 1000);
		mbox_lock_release(&first);
		_exit(0);
	}
	cr_expect(mbox_lock_take(&second, test_root, "joe", 2));
}

Test(mbox, lock_without_helper)
{
	struct mbox_lock lock;

	cr_expect_not(mbox_lock_ask(&lock, "/nonexistent/lockspool"));
	cr_expect_not(mbox_lock_ask(&lock, "/bin/false"));
}
