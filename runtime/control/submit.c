/*
 * sendmail: options, who the sender is, and where the message goes.
 */
#include "runtime/control/submit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/servername.h"
#include "runtime/control/ctlclient.h"

static int
submit_usage(void)
{
	fprintf(stderr,
	    "usage: sendmail [-tv] [-f from] [-F name] [-N notify] [-R ret] "
	    "[-V envid] [to ...]\n");
	return EXIT_FAILURE;
}

/* Options. */

/* "<a@b>" is "a@b". */
static bool
submit_take_from(struct submit *submit, const char *value)
{
	size_t len = strlen(value);

	submit->has_from = true;
	if (len >= 2 && value[0] == '<' && value[len - 1] == '>') {
		value++;
		len -= 2;
	}
	return snprintf(submit->sender, sizeof(submit->sender),
		   len > 0 && memchr(value, '@', len) == NULL ? "%.*s@%s" :
								"%.*s",
		   (int)len, value,
		   submit->mailname) < (int)sizeof(submit->sender);
}

/* EX_OK, or the exit status. */
static int
submit_take_option(struct submit *submit, int option, const char *value)
{
	switch (option) {
	case 'f':
	case 'r':
		return submit_take_from(submit, value) ? EX_OK : EX_SOFTWARE;
	case 'F':
		submit->full_name = value;
		return EX_OK;
	case 'N':
		submit->notify = value;
		return EX_OK;
	case 'R':
		submit->ret = value;
		return EX_OK;
	case 'V':
		submit->envid = value;
		return EX_OK;
	case 'S':
		submit->is_system = true;
		return EX_OK;
	case 't':
		submit->takes_recipients = true;
		return EX_OK;
	case 'v':
		submit->is_verbose = true;
		return EX_OK;
	case 'q':
		return EX_SOFTWARE;
	case '?':
		return EXIT_FAILURE;
	default: /* what sendmail had and nobody needs */
		return EX_OK;
	}
}

static bool
submit_add_argument(struct submit *submit, struct str list)
{
	if (recipients_has_gap(list)) {
		fprintf(stderr,
		    "sendmail: %.*s: a blank in an address needs quotes\n",
		    STR_ARG(list));
		return false;
	}
	if (!recipients_add(&submit->recipients, list, submit->mailname)) {
		fprintf(stderr, "sendmail: bad recipients\n");
		return false;
	}
	return true;
}

static int
submit_read_options(struct submit *submit, int argc, char **argv)
{
	int option, status;

	while ((option = getopt(argc, argv,
		    "A:B:b:E::e:F:f:iJ::L:mN:o:p:qr:R:StvV:x")) != -1) {
		status = submit_take_option(submit, option, optarg);
		if (status == EX_OK)
			continue;
		return option == '?' ? submit_usage() : status;
	}
	for (int i = optind; i < argc; i++)
		if (!submit_add_argument(submit, str_from(argv[i])))
			return EX_SOFTWARE;
	return EX_OK;
}

/* The user. */

/* The full name up to the first comma, "&" for the capitalised login. */
static const char *
submit_full_name(const struct passwd *pw)
{
	static char name[512];
	size_t len = 0;

	for (const char *c = pw->pw_gecos; *c != '\0' && *c != ','; c++) {
		size_t room = sizeof(name) - len;

		if (room < 2)
			break;
		if (*c != '&') {
			name[len++] = *c;
			continue;
		}
		len += (size_t)snprintf(name + len, room, "%s", pw->pw_name);
		if (len >= sizeof(name))
			return "";
		len -= strlen(pw->pw_name);
		if (name[len] >= 'a' && name[len] <= 'z')
			name[len] = (char)(name[len] - 'a' + 'A');
		len += strlen(pw->pw_name);
	}
	name[len] = '\0';
	return name;
}

static bool
submit_find_user(struct submit *submit)
{
	uid_t uid = getuid();
	const char *login = submit->is_system ? NULL : getlogin();
	const struct passwd *pw = login == NULL ? NULL : getpwnam(login);

	if (pw == NULL || (uid != 0 && pw->pw_uid != uid))
		pw = getpwuid(uid);
	snprintf(submit->user, sizeof(submit->user), "%s",
	    pw == NULL ? "anonymous" : pw->pw_name);
	if (submit->full_name == NULL && !submit->has_from && pw != NULL)
		submit->full_name = submit_full_name(pw);
	return snprintf(submit->from, sizeof(submit->from), "%s@%s",
		   submit->user, submit->mailname) < (int)sizeof(submit->from);
}

/* The message. */

/* Standard input as a file that can be read twice. */
static FILE *
submit_read_input(void)
{
	static char buf[65536];
	FILE *file = tmpfile();
	size_t n;

	if (file == NULL)
		return NULL;
	while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0)
		if (fwrite(buf, 1, n, file) != n)
			break;
	if (ferror(stdin) || fflush(file) != 0 || ferror(file)) {
		fclose(file);
		return NULL;
	}
	rewind(file);
	return file;
}

static bool
submit_copy(FILE *from, FILE *to)
{
	static char buf[65536];
	size_t n;

	rewind(from);
	while ((n = fread(buf, 1, sizeof(buf), from)) > 0)
		if (fwrite(buf, 1, n, to) != n)
			return false;
	return fflush(to) == 0 && !ferror(from) && !ferror(to);
}

/* Where people look for what could not be sent. */
static void
submit_save_dead(FILE *message)
{
	const struct passwd *pw = getpwuid(getuid());
	char path[PATH_MAX];
	FILE *file;
	int fd;

	if (pw == NULL ||
	    snprintf(path, sizeof(path), "%s/dead.letter", pw->pw_dir) >=
		(int)sizeof(path))
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	file = fd == -1 ? NULL : fdopen(fd, "a");
	if (file == NULL)
		return;
	if (submit_copy(message, file))
		fprintf(stderr, "sendmail: the message is in %s\n", path);
	fclose(file);
}

/* Offline. */

static bool
submit_write_args(const struct submit *submit, FILE *file)
{
	for (int i = 0; i < submit->arg_count; i++) {
		if (strpbrk(submit->args[i], "|\n") != NULL)
			return false;
		fprintf(file, "%s%s", i > 0 ? "|" : "", submit->args[i]);
	}
	return putc('\n', file) != EOF;
}

/*
 * What was read, not what would be sent: Bcc is still needed when -t is
 * read again. The file is for its owner and root alone.
 */
static int
submit_save_offline(const struct submit *submit, FILE *input, gid_t group)
{
	char path[sizeof(submit->paths->folder) + 64];
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "%s/offline/%lld.XXXXXXXXXX",
	    submit->paths->folder, (long long)time(NULL));
	if (setegid(group) != 0)
		return EX_NOPERM;
	fd = mkostemp(path, O_CLOEXEC);
	if (setegid(getgid()) != 0)
		return EX_NOPERM;
	file = fd == -1 ? NULL : fdopen(fd, "w");
	if (file == NULL) {
		fprintf(stderr, "sendmail: no daemon is there, and %s: %s\n",
		    path, strerror(errno));
		return EX_UNAVAILABLE;
	}
	if (submit_write_args(submit, file) && submit_copy(input, file) &&
	    fsync(fd) == 0 && fclose(file) == 0)
		return EX_TEMPFAIL;
	unlink(path);
	fprintf(stderr, "sendmail: cannot leave the message offline\n");
	return EX_SOFTWARE;
}

/* The program. */

/* The socket to speak SMTP on; -1: *status_r is what to end with. */
static int
submit_connect(const struct submit *submit, FILE *input, gid_t group,
    int *status_r)
{
	static struct ctlclient client;
	struct message request = { .type = MESSAGE_CTL_ENQUEUE }, answer;

	if (!ctlclient_open(&client, submit->paths->socket)) {
		*status_r = submit_save_offline(submit, input, group);
		return -1;
	}
	*status_r = EX_UNAVAILABLE;
	if (!ctlclient_ask(&client, &request, &answer)) {
		fprintf(stderr, "sendmail: the daemon broke off\n");
	} else if (answer.type != MESSAGE_RESULT) {
		fprintf(stderr, "incompatible smtpctl and smtpd\n");
	} else if (!answer.result.is_ok || answer.fd == -1) {
		fprintf(stderr,
		    "sendmail: server disallowed submission request\n");
	} else {
		ctlclient_close(&client);
		return answer.fd;
	}
	ctlclient_close(&client);
	return -1;
}

static int
submit_run(struct submit *submit, gid_t group)
{
	FILE *input = submit_read_input(), *message = tmpfile();
	int fd, status = EX_SOFTWARE;

	if (input == NULL || message == NULL) {
		fprintf(stderr, "sendmail: %s\n", strerror(errno));
		return EX_SOFTWARE;
	}
	if (!submit_rewrite(submit, input, message)) {
		fprintf(stderr, "sendmail: the message cannot be read\n");
	} else if (submit->recipients.count == 0) {
		fprintf(stderr, "sendmail: no recipients\n");
	} else {
		fd = submit_connect(submit, input, group, &status);
		rewind(message);
		if (fd != -1)
			status = submit_send(submit, fd, message);
		if (fd != -1 && status != EX_OK)
			submit_save_dead(message);
	}
	fclose(input);
	fclose(message);
	return status;
}

int
submit_main(const struct ctl_paths *paths, int argc, char **argv)
{
	static struct submit submit;
	gid_t group = getegid();
	int status;

	submit.paths = paths;
	submit.args = argv + 1;
	submit.arg_count = argc - 1;
	/* A daemon that ends meanwhile is an error like others. */
	signal(SIGPIPE, SIG_IGN);
	/* Only to leave mail offline is it taken again. */
	if (setegid(getgid()) != 0)
		return EX_NOPERM;
	if (!servername_find(submit.mailname, sizeof(submit.mailname))) {
		fprintf(stderr, "sendmail: this machine has no name\n");
		return EX_SOFTWARE;
	}
	status = submit_read_options(&submit, argc, argv);
	if (status == EX_OK && !submit_find_user(&submit))
		status = EX_SOFTWARE;
	if (status == EX_OK && !submit.has_from)
		memcpy(submit.sender, submit.from, sizeof(submit.sender));
	else if (status == EX_OK && submit.sender[0] != '\0')
		memcpy(submit.from, submit.sender, sizeof(submit.from));
	if (status == EX_OK)
		status = submit_run(&submit, group);
	recipients_fini(&submit.recipients);
	return status;
}
