/*
 * mail.local: delivers what it reads to the mailboxes of users.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <paths.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/base/paths.h"
#include "runtime/mda/mbox.h"
#include "runtime/mda/mbox_lock.h"
#include "runtime/mda/mda_sink.h"

#define LOCAL_COMSAT_PORT 512

static struct mda_source local_source;

struct local {
	const char *from;
	bool has_no_lock;
	int message; /* what was read, in a file without name */
};

/* The message is read once and may go to several users: -1: errno. */
static int
local_spool(void)
{
	char path[] = _PATH_TMP "local.XXXXXXXXXX";
	struct mda_sink sink;
	struct str bytes;
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd == -1)
		return -1;
	unlink(path);
	mda_source_init(&local_source, STR_LIT(""), STDIN_FILENO);
	mda_sink_init(&sink, fd);
	while (mda_source_read(&local_source, &bytes))
		mda_sink_write(&sink, bytes);
	if (mda_sink_flush(&sink) && local_source.failed_errno == 0)
		return fd;
	if (local_source.failed_errno != 0)
		errno = local_source.failed_errno;
	return -1;
}

/* Tells comsat(8) where in the mailbox the message begins. */
static void
local_notify(const char *user, off_t offset)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(LOCAL_COMSAT_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char text[512];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int len = snprintf(text, sizeof(text), "%s@%lld\n", user,
	    (long long)offset);

	if (fd == -1)
		return;
	if (len > 0 && (size_t)len < sizeof(text))
		sendto(fd, text, (size_t)len, MSG_DONTWAIT,
		    (struct sockaddr *)&to, sizeof(to));
	close(fd);
}

static bool
local_lock(struct mbox_lock *lock, const char *user)
{
	char lockspool[1024];

	if (geteuid() == 0)
		return mbox_lock_take(lock, _PATH_MAILDIR, user,
		    MBOX_LOCK_TRIES);
	return paths_find(PATHS_LIBEXEC, "lockspool", lockspool,
		   sizeof(lockspool)) &&
	    mbox_lock_ask(lock, lockspool);
}

static off_t
local_mailbox_size(const char *user)
{
	char path[1024];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", _PATH_MAILDIR, user);
	return lstat(path, &st) == 0 ? st.st_size : 0;
}

static int
local_deliver_to(const struct local *local, const struct passwd *pw)
{
	struct mbox mbox = {
		.folder = _PATH_MAILDIR,
		.user = pw->pw_name,
		.uid = pw->pw_uid,
		.gid = pw->pw_gid,
		.sender = str_from(local->from),
	};
	off_t offset = local_mailbox_size(pw->pw_name);
	struct mda_status status;

	mda_source_init(&local_source, STR_LIT(""), local->message);
	if (mbox_deliver(&mbox, &local_source, &status) == 0)
		local_notify(pw->pw_name, offset);
	else
		fprintf(stderr, "%s\n", status.text);
	return status.status;
}

static int
local_deliver(const struct local *local, const char *user)
{
	const struct passwd *pw = getpwnam(user);
	struct mbox_lock lock;
	int status;

	if (pw == NULL) {
		fprintf(stderr, "mail.local: unknown name: %s\n", user);
		return EX_NOUSER;
	}
	if (local->has_no_lock)
		return local_deliver_to(local, pw);
	if (!local_lock(&lock, user)) {
		fprintf(stderr, "mail.local: %s/%s: cannot lock it\n",
		    _PATH_MAILDIR, user);
		return EX_OSERR;
	}
	status = local_deliver_to(local, pw);
	mbox_lock_release(&lock);
	return status;
}

static const char *
local_caller(void)
{
	const char *name = getlogin();
	const struct passwd *pw;

	if (name != NULL)
		return name;
	pw = getpwuid(getuid());
	return pw != NULL ? pw->pw_name : "???";
}

int
main(int argc, char *argv[])
{
	struct local local = { .from = NULL };
	int opt, status = 0;

	while ((opt = getopt(argc, argv, "ldLf:")) != -1) {
		switch (opt) {
		case 'l': /* how it is anyway */
		case 'd':
			break;
		case 'L':
			local.has_no_lock = true;
			break;
		case 'f':
			local.from = optarg;
			break;
		default:
			goto usage;
		}
	}
	if (optind == argc)
		goto usage;
	if (local.from == NULL)
		local.from = local_caller();
	umask(077);
	local.message = local_spool();
	if (local.message == -1) {
		fprintf(stderr, "mail.local: %s: %s\n", _PATH_TMP,
		    strerror(errno));
		return EX_OSERR;
	}
	for (int i = optind; i < argc; i++) {
		int one = local_deliver(&local, argv[i]);

		status = one != 0 ? one : status;
	}
	return status;
usage:
	fprintf(stderr, "usage: mail.local [-lLd] [-f FROM] USER...\n");
	return EX_USAGE;
}
