/*
 * The LMTP client against a server that says what a test wants.
 */
#include "runtime/mda/lmtp.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static char test_root[] = "/tmp/test_lmtp.XXXXXX";
static char test_socket[64];
static const char *test_message = "Subject: x\n\n.dot\n..\nno end";
static struct mda_source test_source;
static struct mda_status test_status;

static void
test_init(void)
{
	cr_assert_not_null(mkdtemp(test_root));
	snprintf(test_socket, sizeof(test_socket), "%s/lmtp", test_root);
	signal(SIGPIPE, SIG_IGN);
}

static void
test_fini(void)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf %s", test_root);
	cr_assert_eq(system(command), 0);
}

TestSuite(lmtp, .init = test_init, .fini = test_fini, .timeout = 20);

/* Whether the client has said all of a step: a line, or up to the dot. */
static bool
test_has_step(const char *said, size_t len, bool in_data)
{
	const char *end = in_data ? "\r\n.\r\n" : "\r\n";
	size_t n = strlen(end);

	return len >= n && memcmp(said + len - n, end, n) == 0;
}

/*
 * The server: one reply at once and one after each step of the client; what
 * that said goes to the file "said". After the last reply nothing is sent,
 * and the end of the connection is waited for.
 */
static void
test_serve(int listening, const char *const *replies)
{
	static char said[65536];
	int fd = accept(listening, NULL, NULL);
	bool in_data = false;
	size_t len = 0;
	ssize_t n = 1;
	FILE *file;

	for (size_t i = 0; replies[i] != NULL && n > 0; i++) {
		size_t begin = len;

		while (i > 0 && n > 0 &&
		    !test_has_step(said + begin, len - begin, in_data)) {
			n = read(fd, said + len, sizeof(said) - len);
			len += n > 0 ? (size_t)n : 0;
		}
		in_data = strncmp(replies[i], "354", 3) == 0;
		n = write(fd, replies[i], strlen(replies[i]));
	}
	while (n > 0) {
		n = read(fd, said + len, sizeof(said) - len);
		len += n > 0 ? (size_t)n : 0;
	}
	file = fopen("said", "w");
	if (file != NULL) {
		fwrite(said, 1, len, file);
		fclose(file);
	}
	_exit(0);
}

static pid_t
test_start(const char *const *replies)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	strcpy(sun.sun_path, test_socket);
	cr_assert_eq(chdir(test_root), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	pid = fork();
	if (pid == 0)
		test_serve(fd, replies);
	close(fd);
	return pid;
}

static int
test_deliver(const char *destination, const struct str *recipients,
    uint32_t count)
{
	struct lmtp lmtp = { str_from(destination), STR_LIT("localhost"),
		STR_LIT("a@b.example"), recipients, count };
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], test_message, strlen(test_message)),
	    (ssize_t)strlen(test_message));
	close(ends[1]);
	mda_source_init(&test_source, STR_LIT(""), ends[0]);
	return lmtp_deliver(&lmtp, &test_source, &test_status);
}

static const struct str test_joe[] = { { "joe", 3 } };

static void
test_expect(const char *const *replies, int status, const char *text)
{
	pid_t pid = test_start(replies);

	cr_expect_eq(test_deliver(test_socket, test_joe, 1), status, "%d: %s",
	    test_status.status, test_status.text);
	cr_expect_str_eq(test_status.text, text, "%s", test_status.text);
	waitpid(pid, NULL, 0);
	unlink(test_socket);
}

Test(lmtp, dialogue)
{
	static const char *const replies[] = { "220 hi\r\n",
		"250-a\r\n250-b\r\n250 c\r\n", "250 ok\r\n", "250\r\n",
		"354 go\r\n", "250-2.0.0\r\n250 saved\r\n", "221 bye\r\n",
		NULL };
	char said[1024] = "";
	FILE *file;

	test_expect(replies, 0, "");
	file = fopen("said", "r");
	cr_assert_not_null(file);
	cr_assert_gt(fread(said, 1, sizeof(said) - 1, file), 0);
	cr_expect_str_eq(said,
	    "LHLO localhost\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<joe>\r\n"
	    "DATA\r\nSubject: x\r\n\r\n..dot\r\n...\r\nno end\r\n.\r\nQUIT\r\n",
	    "%s", said);
}

Test(lmtp, refusals)
{
	static const char *const banner[] = { "421 later\r\n", NULL };
	static const char *const mail[] = { "220\r\n", "250\r\n",
		"451-4.3.0 a\r\n451 b\r\n", NULL };
	static const char *const rcpt[] = { "220\r\n", "250\r\n", "250\r\n",
		"550 5.1.1 no joe\r\n", NULL };
	static const char *const dot[] = { "220\r\n", "250\r\n", "250\r\n",
		"250\r\n", "354\r\n", "252-2\r\n552 over quota\r\n", NULL };

	test_expect(banner, EX_TEMPFAIL,
	    "mail.lmtp: LMTP server error: 421 later");
	test_expect(mail, EX_TEMPFAIL, "mail.lmtp: LMTP server error: 451 b");
	test_expect(rcpt, EX_UNAVAILABLE,
	    "mail.lmtp: LMTP server error: 550 5.1.1 no joe");
	test_expect(dot, EX_UNAVAILABLE,
	    "mail.lmtp: LMTP server error: 552 over quota");
}

Test(lmtp, garbage)
{
	static const char *const words[] = { "hello\r\n", NULL };
	static const char *const digits[] = { "2200 hi\r\n", NULL };

	test_expect(words, EX_TEMPFAIL,
	    "mail.lmtp: LMTP server sent garbage: hello");
	test_expect(digits, EX_TEMPFAIL,
	    "mail.lmtp: LMTP server sent garbage: 2200 hi");
}

Test(lmtp, endless_replies)
{
	static char line[6000], lines[4096];
	const char *const long_line[] = { line, NULL };
	const char *const many_lines[] = { lines, NULL };

	memset(line, '2', sizeof(line) - 1);
	test_expect(long_line, EX_TEMPFAIL,
	    "mail.lmtp: LMTP server sent too long a line");
	for (size_t i = 0; i + 6 < sizeof(lines); i += 6)
		memcpy(lines + i, "220-a\n", 6);
	test_expect(many_lines, EX_TEMPFAIL,
	    "mail.lmtp: LMTP server sent garbage: 220-a");
}

Test(lmtp, several_recipients)
{
	static const struct str both[] = { { "joe", 3 }, { "ann", 3 } };
	static const char *const replies[] = { "220\r\n", "250\r\n", "250\r\n",
		"250\r\n", "250\r\n", "354\r\n", "250 a\r\n250 b\r\n", NULL };
	static const char *const second[] = { "220\r\n", "250\r\n", "250\r\n",
		"250\r\n", "250\r\n", "354\r\n", "250 a\r\n450 b\r\n", NULL };
	pid_t pid = test_start(replies);

	cr_expect_eq(test_deliver(test_socket, both, 2), 0);
	waitpid(pid, NULL, 0);
	unlink(test_socket);
	pid = test_start(second);
	cr_expect_eq(test_deliver(test_socket, both, 2), EX_TEMPFAIL);
	waitpid(pid, NULL, 0);
}

Test(lmtp, destinations)
{
	static const char *const bad[] = { "", "[::1", "[::1]x", ":24",
		"host:" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(test_deliver(bad[i], test_joe, 1), EX_USAGE, "%s",
		    bad[i]);
	cr_expect_eq(test_deliver("/nonexistent", test_joe, 1), EX_TEMPFAIL);
	cr_expect_eq(test_deliver("127.0.0.1:1", test_joe, 1), EX_TEMPFAIL);
	cr_expect_eq(test_deliver("[::1]:1", test_joe, 1), EX_TEMPFAIL);
}

/* No address can become a command. */
Test(lmtp, injection)
{
	static const char *const names[] = { "joe\r\nQUIT", "joe>", "<joe",
		"a\x7f", "a\nb" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str name = str_from(names[i]);

		cr_expect_eq(test_deliver(test_socket, &name, 1), EX_USAGE);
	}
}
