/*
 * getpwnam(3), with answers of which an error is told from a no.
 */
#include "runtime/base/account.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>

enum {
	ACCOUNT_BUFFER_FIRST = 4 * 1024,
	ACCOUNT_BUFFER_MAX = 256 * 1024,
};

enum answer
account_set(struct account *account, struct str name, struct str home,
    uid_t uid, gid_t gid)
{
	if (name.len == 0 || uid == (uid_t)-1 || gid == (gid_t)-1 ||
	    !str_copy(name, account->name, sizeof(account->name)) ||
	    !str_copy(home, account->home, sizeof(account->home)))
		return ANSWER_FAILED;
	account->uid = uid;
	account->gid = gid;
	return ANSWER_YES;
}

/* What the C library gives where there is just no such user. */
static bool
account_is_absent(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH ||
	    error == EBADF || error == EPERM;
}

enum answer
account_find(struct str name, struct account *account_r)
{
	char text[ACCOUNT_NAME_MAX + 1];
	struct passwd pw, *found = NULL;
	enum answer answer = ANSWER_FAILED;
	char *buf = NULL;
	int error = ERANGE;

	if (!str_copy(name, text, sizeof(text)))
		return ANSWER_NO;
	for (size_t room = ACCOUNT_BUFFER_FIRST;
	     (error == ERANGE && room <= ACCOUNT_BUFFER_MAX) || error == EINTR;
	     room *= 2) {
		free(buf);
		buf = malloc(room);
		if (buf == NULL)
			return ANSWER_FAILED;
		error = getpwnam_r(text, &pw, buf, room, &found);
	}
	if (found != NULL)
		answer = account_set(account_r, str_from(pw.pw_name),
		    str_from(pw.pw_dir), pw.pw_uid, pw.pw_gid);
	else if (account_is_absent(error))
		answer = ANSWER_NO;
	free(buf);
	return answer;
}
