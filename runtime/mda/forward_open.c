/*
 * .forward files. Home is opened once and the file below it, so that what
 * is checked is what is read; and the file's type is known before it is
 * opened, since opening a device can have effects.
 */
#include "runtime/mda/forward_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/mda/userinfo.h"

#define FORWARD_NAME ".forward"

/* Others than its owner cannot write it. */
static bool
forward_is_private(const struct stat *st)
{
	return (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool
forward_is_sound_folder(const struct stat *st, uid_t uid)
{
	return (st->st_uid == uid || st->st_uid == 0) && forward_is_private(st);
}

static bool
forward_is_sound_file(const struct stat *st, uid_t uid)
{
	return S_ISREG(st->st_mode) && st->st_uid == uid &&
	    forward_is_private(st);
}

/* Of what errno says about opening. */
static enum expand_forward
forward_error(const struct account *account)
{
	switch (errno) {
	case ENOENT:
		return EXPAND_FORWARD_ABSENT;
	case ELOOP:
		log_warn("warn: smtpd: parent_forward_open: %s/%s: cannot "
			 "follow symbolic links",
		    account->home, FORWARD_NAME);
		return EXPAND_FORWARD_SYMLINK;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EIO:
		return EXPAND_FORWARD_TEMPORARY;
	default:
		log_warn("warn: smtpd: parent_forward_open: %s/%s: %s",
		    account->home, FORWARD_NAME, strerror(errno));
		return EXPAND_FORWARD_UNREADABLE;
	}
}

static enum expand_forward
forward_insecure(const struct account *account)
{
	log_warn("warn: smtpd: %s/%s: insecure file", account->home,
	    FORWARD_NAME);
	return EXPAND_FORWARD_INSECURE;
}

/* The folder, checked but for what matters to the file; -1: *status_r. */
static int
forward_open_home(const struct account *account, struct stat *st,
    enum expand_forward *status_r)
{
	int dir = open(account->home,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);

	if (dir == -1) {
		/* A home that links in circles is no link that is the file. */
		if (errno == ELOOP)
			errno = ENOTDIR;
		*status_r = forward_error(account);
		return -1;
	}
	if (fstat(dir, st) == -1) {
		*status_r = forward_error(account);
	} else if ((st->st_mode & S_ISVTX) != 0) {
		log_warn("warn: smtpd: parent_forward_open: %s is sticky",
		    account->home);
		*status_r = EXPAND_FORWARD_STICKY;
	} else {
		return dir;
	}
	close(dir);
	return -1;
}

/* Its size decides; -1 where there is nothing to be read. */
static int
forward_accept(int fd, const struct stat *st, enum expand_forward *status_r)
{
	*status_r = EXPAND_FORWARD_READ;
	if (st->st_size == 0) {
		log_info("info: forward file is empty");
		*status_r = EXPAND_FORWARD_ABSENT;
	} else if (st->st_size > EXPAND_FORWARD_MAX) {
		log_info("info: forward file exceeds max size");
		*status_r = EXPAND_FORWARD_TOO_LARGE;
	}
	if (*status_r == EXPAND_FORWARD_READ)
		return fd;
	close(fd);
	return -1;
}

static int
forward_open_file(const struct account *account, int dir,
    const struct stat *home, enum expand_forward *status_r)
{
	struct stat st;
	int fd;

	if (fstatat(dir, FORWARD_NAME, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		*status_r = forward_error(account);
		return -1;
	}
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) {
		*status_r = forward_insecure(account);
		return -1;
	}
	fd = openat(dir, FORWARD_NAME,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1) {
		*status_r = forward_error(account);
	} else if (!forward_is_sound_file(&st, account->uid) ||
	    !forward_is_sound_folder(home, account->uid)) {
		*status_r = forward_insecure(account);
	} else {
		return forward_accept(fd, &st, status_r);
	}
	if (fd != -1)
		close(fd);
	return -1;
}

int
forward_open(const struct account *account, enum expand_forward *status_r)
{
	struct stat home;
	int dir, fd;

	dir = forward_open_home(account, &home, status_r);
	if (dir == -1)
		return -1;
	fd = forward_open_file(account, dir, &home, status_r);
	close(dir);
	return fd;
}

/* Requests. */

struct forward_request {
	struct channel *session;
	struct message request; /* its number */
};

static void
forward_on_user(void *arg, enum answer answer, const struct account *account)
{
	struct forward_request *forward = arg;
	enum expand_forward status = EXPAND_FORWARD_TEMPORARY;
	struct message message = { .type = MESSAGE_FORWARD_ANSWER, .fd = -1 };

	if (answer == ANSWER_YES)
		message.fd = forward_open(account, &status);
	message.forward_answer.status = status;
	channel_reply(forward->session, &forward->request, &message);
	free(forward);
}

void
forward_answer(struct channel *lookup, struct channel *session,
    const struct message *request)
{
	struct forward_request *forward = calloc(1, sizeof(*forward));
	struct message failure = {
		.type = MESSAGE_FORWARD_ANSWER,
		.fd = -1,
		.forward_answer = { EXPAND_FORWARD_TEMPORARY },
	};

	if (forward == NULL) {
		channel_reply(session, request, &failure);
		return;
	}
	forward->session = session;
	forward->request.type = request->type;
	forward->request.number = request->number;
	userinfo_find(lookup, request->forward.generation,
	    request->forward.table, request->forward.user, forward_on_user,
	    forward);
}
