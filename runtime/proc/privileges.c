/*
 * Dropping privileges. As root every process changes its root folder and
 * user; the lookup process reads tables anywhere and keeps the folder, which
 * Landlock then makes read-only.
 */
#include "runtime/proc/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/base/paths.h"
#include "runtime/proc/sandbox.h"

static const char *
privileges_set_user(const struct passwd *user)
{
	if (setgroups(1, &user->pw_gid) != 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
		return "cannot become the daemon's user";
	return NULL;
}

const char *
privileges_become(const char *name)
{
	const struct passwd *user = getpwnam(name);

	if (user == NULL)
		return "unknown user, see make SMTPD_USER= and SMTPQ_USER=";
	return privileges_set_user(user);
}

static const char *
privileges_enter(const char *folder)
{
	if (chroot(folder) != 0 || chdir("/") != 0)
		return "cannot change the root folder";
	return NULL;
}

static const char *
privileges_drop_root(enum proc_kind kind, const char *spool)
{
	const struct passwd *user = getpwnam(kind == PROC_QUEUE ?
		paths_built.smtpq_user :
		paths_built.smtpd_user);
	const char *error = NULL;

	if (user == NULL)
		return "unknown user, see make SMTPD_USER= and SMTPQ_USER=";
	if (kind == PROC_QUEUE)
		error = privileges_enter(spool);
	else if (kind != PROC_LOOKUP)
		error = privileges_enter(paths_built.chroot);
	return error != NULL ? error : privileges_set_user(user);
}

const char *
privileges_drop(enum proc_kind kind, bool is_ordinary, const char *spool)
{
	const char *error = NULL;

	sandbox_prepare();
	if (!is_ordinary)
		error = privileges_drop_root(kind, spool);
	else if (kind == PROC_QUEUE && chdir(spool) != 0)
		error = "cannot enter the spool";
	if (error != NULL)
		return error;
	/* Nobody of the same user may look into it, either. */
	if (prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return "cannot give up new privileges";
	return sandbox_enter(kind);
}
