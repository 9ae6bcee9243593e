/*
 * The build's paths. A build tree is recognized by the running program's own
 * place, build/bin/NAME or build/libexec/NAME below whatever folder.
 */
#include "runtime/base/paths.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct paths paths_built = {
	.smtpd_user = PATHS_SMTPD_USER,
	.smtpq_user = PATHS_SMTPQ_USER,
	.config = PATHS_CONFIG,
	.aliases = PATHS_ALIASES,
	.mailname = PATHS_MAILNAME,
	.spool = PATHS_SPOOL,
	.socket = PATHS_SOCKET,
	.pidfile = PATHS_PIDFILE,
	.chroot = PATHS_CHROOT,
};

static const struct {
	const char *installed;
	const char *in_tree;
} paths_folders[] = {
	[PATHS_BIN] = { PATHS_BINDIR, "bin" },
	[PATHS_SBIN] = { PATHS_SBINDIR, "bin" },
	[PATHS_LIBEXEC] = { PATHS_LIBEXEC_DIR, "libexec" },
};

static bool
paths_has_suffix(const char *text, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && memcmp(text + len - n, suffix, n) == 0;
}

/* The length of the tree's path in exe, "TREE/bin/NAME"; 0: installed. */
static size_t
paths_tree(const char *exe)
{
	const char *name = strrchr(exe, '/');
	size_t len;

	if (name == NULL || geteuid() == 0 || strstr(exe, "/build/") == NULL)
		return 0;
	len = (size_t)(name - exe);
	if (paths_has_suffix(exe, len, "/bin"))
		return len - strlen("/bin");
	if (paths_has_suffix(exe, len, "/libexec"))
		return len - strlen("/libexec");
	return 0;
}

bool
paths_find(enum paths_folder folder, const char *name, char *buf, size_t room)
{
	char exe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	size_t tree;
	int written;

	exe[len < 0 ? 0 : len] = '\0';
	tree = paths_tree(exe);
	if (tree > 0)
		written = snprintf(buf, room, "%.*s/%s/%s", (int)tree, exe,
		    paths_folders[folder].in_tree, name);
	else
		written = snprintf(buf, room, "%s/%s",
		    paths_folders[folder].installed, name);
	return written > 0 && (size_t)written < room;
}
