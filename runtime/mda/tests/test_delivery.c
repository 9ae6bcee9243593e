/*
 * Deliveries: each in a process of its own, as a user without account when
 * the tests run as root.
 */
#include "runtime/mda/delivery.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/expand/format.h"
#include "runtime/queue/envelope.h"

#define TEST_MESSAGE "Subject: test\n\nbody\nFrom here\n"
#define TEST_HEAD \
	"Return-Path: <sender@from.example>\n" \
	"Delivered-To: Joe+Tag@rcpt.example\n"
#define TEST_NOT_EXPANDED "\"mda command line could not be expanded\""

static char test_root[] = "/tmp/test_delivery.XXXXXX";
static struct account test_user;
static struct ir_action test_action;
static struct envelope test_envelope;
static struct delivery test_delivery;
static char test_text[ENVELOPE_TEXT_MAX];
static char test_libexec[PATH_MAX];
static const char *test_message;

static void
test_init(void)
{
	uid_t uid = geteuid() == 0 ? 12345 : geteuid();
	gid_t gid = geteuid() == 0 ? 12345 : getegid();
	const char *build = getenv("BUILD");

	cr_assert_not_null(mkdtemp(test_root));
	cr_assert_eq(chown(test_root, uid, gid), 0);
	cr_assert_eq(account_set(&test_user, STR_LIT("joe"),
			 str_from(test_root), uid, gid),
	    ANSWER_YES);
	snprintf(test_libexec, sizeof(test_libexec), "%s/%s/libexec",
	    getenv("PWD"), build != NULL ? build : "build");
	test_message = TEST_MESSAGE;
	test_envelope = (struct envelope){
		.version = ENVELOPE_VERSION,
		.type = ENVELOPE_MDA,
		.smtpname = STR_LIT("mx.example"),
		.helo = STR_LIT("client.example"),
		.hostname = STR_LIT("client.example"),
		.sockaddr = STR_LIT("192.0.2.1"),
		.dispatcher = STR_LIT("local"),
		.sender = STR_LIT("sender@from.example"),
		.rcpt = STR_LIT("Joe+Tag@rcpt.example"),
		.dest = STR_LIT("joe+tag@dest.example"),
		.ctime = 1795441598,
		.mda_user = STR_LIT("joe"),
	};
	test_action = (struct ir_action){
		.name = STR_LIT("local"),
		.method = IR_MAILDIR,
		.local = {
			.wrapper = IR_NONE,
			.shell = IR_SHELL_TWICE,
			.exit_policy = IR_EXIT_SYSEXITS,
			.environment = IR_ENV_7_6,
		},
	};
	test_delivery = (struct delivery){
		.action = &test_action,
		.format_flags = FORMAT_NATIVE | FORMAT_MODERN | FORMAT_NO_SLASH,
		.delimiter = '+',
		.user = &test_user,
		.runs_as = &test_user,
		.libexec = test_libexec,
		.mailboxes = "/nonexistent",
		.seconds = 20,
	};
}

static void
test_fini(void)
{
	char command[PATH_MAX];

	snprintf(command, sizeof(command), "rm -rf %s", test_root);
	cr_assert_eq(system(command), 0);
}

TestSuite(delivery, .init = test_init, .fini = test_fini, .timeout = 60);

static int
test_open_message(void)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/message", test_root);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	cr_assert_neq(fd, -1);
	cr_assert_eq(write(fd, test_message, strlen(test_message)),
	    (ssize_t)strlen(test_message));
	return fd;
}

static struct mda_result
test_deliver(void)
{
	struct mda_result result;
	size_t len = envelope_write(&test_envelope, test_text,
	    sizeof(test_text));
	int ends[2], status;
	pid_t pid;

	cr_assert_gt(len, 0);
	cr_assert_eq(pipe(ends), 0);
	test_delivery.envelope = (struct str){ test_text, (uint32_t)len };
	test_delivery.message = test_open_message();
	pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		delivery_run(&test_delivery, &result);
		_exit(write(ends[1], &result, sizeof(result)) !=
		    sizeof(result));
	}
	close(ends[1]);
	close(test_delivery.message);
	cr_assert_eq(read(ends[0], &result, sizeof(result)),
	    (ssize_t)sizeof(result));
	close(ends[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return result;
}

static void
test_expect(enum mda_outcome outcome, uint32_t status, const char *text)
{
	struct mda_result result = test_deliver();

	cr_expect_eq(result.outcome, outcome, "outcome %d: %s",
	    (int)result.outcome, result.text);
	cr_expect_eq(result.status, status, "status %u", result.status);
	cr_expect_str_eq(result.text, text, "text %s", result.text);
}

/* What a file below the root holds. */
static const char *
test_read(const char *name)
{
	static char text[8192];
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", test_root, name);
	fd = open(path, O_RDONLY);
	cr_assert_neq(fd, -1, "%s", path);
	n = read(fd, text, sizeof(text) - 1);
	cr_assert_geq(n, 0);
	close(fd);
	text[n] = '\0';
	return text;
}

/* The only file of a folder. */
static const char *
test_read_only(const char *folder)
{
	char path[PATH_MAX], name[PATH_MAX] = "";
	const struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", test_root, folder);
	dir = opendir(path);
	cr_assert_not_null(dir, "%s", path);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		cr_assert_eq(name[0], '\0', "more than one in %s", path);
		snprintf(name, sizeof(name), "%s/%s", folder, entry->d_name);
	}
	closedir(dir);
	cr_assert_neq(name[0], '\0', "none in %s", folder);
	return test_read(name);
}

static void
test_make(const char *name, mode_t mode)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", test_root, name);
	cr_assert_eq(mkdir(path, mode), 0);
	cr_assert_eq(chown(path, test_user.uid, test_user.gid), 0);
}

/* Maildir. */

Test(delivery, maildir)
{
	test_expect(MDA_DELIVERED, 0, "");
	cr_expect_str_eq(test_read_only("Maildir/new"), TEST_HEAD TEST_MESSAGE);
}

Test(delivery, maildir_null_sender)
{
	test_envelope.sender = STR_LIT("@");
	test_expect(MDA_DELIVERED, 0, "");
	cr_expect_str_eq(test_read_only("Maildir/new"),
	    "Delivered-To: Joe+Tag@rcpt.example\n" TEST_MESSAGE);
}

Test(delivery, maildir_path)
{
	test_action.local.argument = STR_LIT("~/a/b/%{dest.domain[0:-4]}");
	test_expect(MDA_DELIVERED, 0, "");
	test_read_only("a/b/dest.exa/new");
}

Test(delivery, maildir_path_of_shell)
{
	test_action.local.argument = STR_LIT("$HOME/by-shell");
	test_expect(MDA_DELIVERED, 0, "");
	cr_expect_str_eq(test_read_only("by-shell/new"),
	    TEST_HEAD TEST_MESSAGE);
}

Test(delivery, maildir_subaddress)
{
	test_make("Maildir", 0700);
	test_make("Maildir/.tag", 0700);
	test_envelope.mda_subaddress = STR_LIT("Tag");
	test_expect(MDA_DELIVERED, 0, "");
	test_read_only("Maildir/.tag/new");
}

Test(delivery, maildir_subaddress_without_folder)
{
	test_envelope.mda_subaddress = STR_LIT("other");
	test_expect(MDA_DELIVERED, 0, "");
	test_read_only("Maildir/new");
}

Test(delivery, maildir_subaddress_leads_nowhere_else)
{
	static const char *const hostile[] = { ".", "..", "/../..", "../x",
		"a/../../b" };

	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		char path[64];

		snprintf(path, sizeof(path), "Maildir%zu", i);
		test_action.local.argument = str_from(path);
		test_envelope.mda_subaddress = str_from(hostile[i]);
		test_expect(MDA_DELIVERED, 0, "");
		snprintf(path, sizeof(path), "Maildir%zu/new", i);
		test_read_only(path);
	}
}

Test(delivery, maildir_junk)
{
	test_action.local.has_junk = true;
	test_message = "Subject: x\nx-spam: YES\n\nX-Spam: no\n";
	test_expect(MDA_DELIVERED, 0, "");
	test_read_only("Maildir/.Junk/new");
}

Test(delivery, maildir_no_junk_by_body)
{
	test_action.local.has_junk = true;
	test_message = "X-Spam: yes, perhaps\nX-Spam: ye\n\nX-Spam: yes\n";
	test_expect(MDA_DELIVERED, 0, "");
	test_read_only("Maildir/new");
}

Test(delivery, maildir_keeps_mode)
{
	struct stat st;
	char path[PATH_MAX];

	test_make("Maildir", 0750);
	test_expect(MDA_DELIVERED, 0, "");
	snprintf(path, sizeof(path), "%s/Maildir", test_root);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, (mode_t)0750);
}

Test(delivery, maildir_fails)
{
	test_action.local.argument = STR_LIT("/proc/nowhere");
	test_expect(MDA_TEMPFAIL, EX_TEMPFAIL,
	    "\"mail.maildir: /proc/nowhere: No such file or directory\"");
}

Test(delivery, loop)
{
	test_message = "Subject: x\nDELIVERED-to: Joe+tag@DEST.example\n\n";
	test_expect(MDA_LOOP, 0, "Loop detected");
}

Test(delivery, no_loop_in_body)
{
	test_message = "Delivered-To: joe+tag@dest.example.\n\n"
		       "Delivered-To: joe+tag@dest.example\n";
	test_expect(MDA_DELIVERED, 0, "");
}

/* Commands. */

static void
test_set_command(const char *command)
{
	test_action.method = IR_MDA;
	test_action.local.shell = IR_SHELL_ONCE;
	test_action.local.argument = str_from(command);
}

Test(delivery, environment)
{
	char wanted[2048];

	test_set_command("cat >/dev/null; env | grep -v -e ^_= -e ^PWD= | "
			 "sort >env");
	test_envelope.mda_subaddress = STR_LIT("Tag");
	test_expect(MDA_DELIVERED, 0, "");
	snprintf(wanted, sizeof(wanted),
	    "DOMAIN=rcpt.example\n"
	    "EXTENSION=tag\n"
	    "HOME=%s\n"
	    "LOCAL=Joe+Tag\n"
	    "LOGNAME=joe\n"
	    "ORIGINAL_RECIPIENT=Joe+Tag@rcpt.example\n"
	    "PATH=/usr/bin:/bin\n"
	    "RECIPIENT=joe+tag@dest.example\n"
	    "SENDER=sender@from.example\n"
	    "SHELL=/bin/sh\n"
	    "USER=joe\n",
	    test_root);
	cr_expect_str_eq(test_read("env"), wanted);
}

Test(delivery, environment_of_legacy)
{
	test_set_command("cat >/dev/null; env | grep -v -e ^_= -e ^PWD= >env");
	test_action.local.environment = IR_ENV_PATH;
	test_expect(MDA_DELIVERED, 0, "");
	cr_expect_str_eq(test_read("env"), "PATH=/usr/bin:/bin\n");
}

Test(delivery, command_gets_message)
{
	test_set_command("cat >got");
	test_expect(MDA_DELIVERED, 0, "");
	cr_expect_str_eq(test_read("got"), TEST_HEAD TEST_MESSAGE);
}

Test(delivery, command_gets_from_line)
{
	test_set_command("head -1 >got; cat >/dev/null");
	test_action.local.has_from_line = true;
	test_expect(MDA_DELIVERED, 0, "");
	cr_expect(str_has_prefix(str_from(test_read("got")),
	    "From sender@from.example "));
}

struct test_exit {
	const char *command;
	enum mda_outcome outcome;
	uint32_t status;
	const char *text;
};

static const struct test_exit test_exits[] = {
	{ "cat >/dev/null", MDA_DELIVERED, 0, "" },
	{ "exit 1", MDA_PERMFAIL, 1, "exited abnormally" },
	{ "exit 67", MDA_PERMFAIL, 67, "exited abnormally" },
	{ "exit 71", MDA_TEMPFAIL, 71, "exited abnormally" },
	{ "exit 75", MDA_TEMPFAIL, 75, "exited abnormally" },
	{ "echo a; echo 'b \"c\"' >&2; exit 75", MDA_TEMPFAIL, 75,
	    "\"b \"c\"\"" },
	{ "printf 'a\\nb\\033\\r\\n\\n'; exit 69", MDA_PERMFAIL, 69,
	    "\"b\\^[\"" },
	{ "kill -9 $$", MDA_TEMPFAIL, 0, "terminated; signal 9" },
	{ "kill -14 $$", MDA_TEMPFAIL, 0, "terminated; timeout" },
	{ "nosuchprogram 2>/dev/null", MDA_PERMFAIL, 127, "exited abnormally" },
};

Test(delivery, exit_statuses)
{
	for (size_t i = 0; i < sizeof(test_exits) / sizeof(test_exits[0]);
	     i++) {
		test_set_command(test_exits[i].command);
		test_expect(test_exits[i].outcome, test_exits[i].status,
		    test_exits[i].text);
	}
}

Test(delivery, exit_statuses_of_legacy)
{
	test_set_command("exit 67");
	test_action.local.exit_policy = IR_EXIT_RETRY_ALL;
	test_expect(MDA_TEMPFAIL, 67, "exited abnormally");
}

Test(delivery, command_must_read)
{
	static char large[400 * 1024];

	memset(large, 'x', sizeof(large) - 1);
	test_message = large;
	test_set_command("exec 0</dev/null; exit 0");
	test_expect(MDA_TEMPFAIL, 0, "mda exited prematurely");
}

Test(delivery, command_takes_too_long)
{
	test_set_command("trap '' ALRM TERM HUP; sleep 60 & sleep 60");
	test_delivery.seconds = 1;
	test_expect(MDA_TEMPFAIL, 0, "terminated; timeout");
}

Test(delivery, command_with_much_output)
{
	test_set_command("cat >/dev/null; yes 2>/dev/null | head -100000; "
			 "echo last; exit 75");
	test_expect(MDA_TEMPFAIL, 75, "\"last\"");
}

Test(delivery, command_in_quotes)
{
	test_set_command("cat >quoted-%{user.username}");
	test_action.local.shell = IR_SHELL_TWICE;
	test_expect(MDA_DELIVERED, 0, "");
	test_read("quoted-joe");
	test_set_command("cat >$LOCAL; echo '$USER \\$USER' >user");
	test_action.local.shell = IR_SHELL_TWICE;
	test_expect(MDA_DELIVERED, 0, "");
	test_read("Joe+Tag");
	cr_expect_str_eq(test_read("user"), "joe $USER\n");
}

Test(delivery, command_that_does_not_expand)
{
	static const char *const bad[] = { "x %{nonsense}", "x %{mda}",
		"x %{sender", "x %{dest[900]}" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		test_set_command(bad[i]);
		test_expect(MDA_PERMFAIL, 1, TEST_NOT_EXPANDED);
	}
}

Test(delivery, command_too_long)
{
	static char command[1100];

	memset(command, 'x', sizeof(command) - 1);
	test_set_command(command);
	test_expect(MDA_PERMFAIL, 1, TEST_NOT_EXPANDED);
}

/* What a stranger may write into an address never reaches the shell. */
Test(delivery, shell_characters)
{
	static const char *const tokens[] = { "sender", "sender.user", "rcpt",
		"rcpt.user", "dest", "dest.user", "mbox.from" };

	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		char command[128];

		snprintf(command, sizeof(command),
		    "cat >/dev/null; cat >got <<'X'\n%%{%s}\nX", tokens[i]);
		test_set_command(command);
		test_envelope.sender = test_envelope.rcpt = test_envelope.dest =
		    STR_LIT("a!#$%&'*/?^`{|}~z@d.example");
		test_expect(MDA_DELIVERED, 0, "");
		cr_expect(str_has_prefix(str_from(test_read("got")),
			      "a:::::::::::::::z"),
		    "%s", test_read("got"));
	}
}

Test(delivery, exec)
{
	test_envelope.mda_exec = STR_LIT("cat >by-exec-%{user.username}");
	test_expect(MDA_DELIVERED, 0, "");
	test_read("by-exec-joe");
}

/* Of any installation, and whatever a shell would make of the path. */
Test(delivery, exec_file)
{
	static const char *const folders[] = { "/usr/libexec/opensmtpd", "" };
	char exec[PATH_MAX];

	for (size_t i = 0; i < 2; i++) {
		snprintf(exec, sizeof(exec),
		    "%s/mail.mboxfile -f %%{mbox.from} %s/a b;$(c)", folders[i],
		    test_root);
		test_envelope.mda_exec = str_from(exec);
		test_expect(MDA_DELIVERED, 0, "");
	}
	cr_expect_not_null(strstr(test_read("a b;$(c)"),
	    "\nbody\n>From here\n\nFrom sender@from.example "));
}

Test(delivery, wrapper)
{
	test_delivery.wrapper = STR_LIT("tee copy | %{mda}");
	test_expect(MDA_DELIVERED, 0, "");
	cr_expect_str_eq(test_read("copy"), TEST_HEAD TEST_MESSAGE);
	cr_expect_str_eq(test_read_only("Maildir/new"), TEST_HEAD TEST_MESSAGE);
}

Test(delivery, methods_that_deliver_nothing)
{
	test_action.method = IR_FORWARD_ONLY;
	test_expect(MDA_PERMFAIL, 1, TEST_NOT_EXPANDED);
}

/* Users. */

Test(delivery, not_for_root)
{
	struct account root;

	cr_assert_eq(account_set(&root, STR_LIT("root"), STR_LIT("/"), 0, 0),
	    ANSWER_YES);
	test_delivery.user = test_delivery.runs_as = &root;
	test_expect(MDA_PERMFAIL, EX_NOPERM,
	    "MDA not allowed to deliver to: root");
}

Test(delivery, ids_of_the_user)
{
	char wanted[64];

	test_set_command("cat >/dev/null; echo $(id -u) $(id -g) $(id -G) "
			 ">ids");
	test_expect(MDA_DELIVERED, 0, "");
	if (geteuid() != 0)
		cr_skip("not root");
	snprintf(wanted, sizeof(wanted), "%u %u %u\n", test_user.uid,
	    test_user.gid, test_user.gid);
	cr_expect_str_eq(test_read("ids"), wanted);
}

Test(delivery, other_user_runs_it)
{
	struct account other = test_user;

	snprintf(other.name, sizeof(other.name), "%s", "vmail");
	test_delivery.runs_as = &other;
	test_set_command("cat >/dev/null; echo $USER %{user.username} >who");
	test_expect(MDA_DELIVERED, 0, "");
	cr_expect_str_eq(test_read("who"), "joe joe\n");
}

Test(delivery, home_that_is_gone)
{
	cr_assert_eq(account_set(&test_user, STR_LIT("joe"),
			 STR_LIT("/nonexistent"), test_user.uid, test_user.gid),
	    ANSWER_YES);
	test_set_command("cat >/dev/null; pwd; exit 1");
	test_expect(MDA_PERMFAIL, 1, "\"/\"");
}
