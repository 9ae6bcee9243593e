/*
 * The config is compiled as the daemon does it, without privileges: only
 * that knows what its table is.
 */
#include "runtime/control/newaliases.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/paths.h"
#include "runtime/lookup/makemap.h"
#include "runtime/proc/loader.h"

struct newaliases {
	struct event_base *base;
	struct loader *loader;
	bool is_found;
	char source[PATH_MAX];
};

static bool
newaliases_fail(const char *what, const char *why)
{
	fprintf(stderr, "newaliases: %s: %s\n", what, why);
	return false;
}

/* "x" and "x.db" are made of "x". */
static bool
newaliases_take_table(struct newaliases *run, const struct blob *blob)
{
	uint32_t number = blob_find_table(blob, STR_LIT("aliases"));
	struct ir_table table = { .kind = IR_TABLE_LIST };
	struct str path;

	if (number != IR_NONE)
		blob_table(blob, number, &table);
	path = table.kind == IR_TABLE_FILE || table.kind == IR_TABLE_DB ?
	    table.config :
	    str_from(paths_built.aliases);
	if (path.len > 3 && memcmp(path.ptr + path.len - 3, ".db", 3) == 0)
		path.len -= 3;
	return str_copy(path, run->source, sizeof(run->source)) ||
	    newaliases_fail("aliases", "the path is too long");
}

static void
newaliases_on_loaded(void *arg, int fd, const char *error)
{
	struct newaliases *run = arg;
	struct blob blob;

	event_base_loopbreak(run->base);
	if (fd == -1) {
		newaliases_fail("no ruleset", error);
		return;
	}
	if (blob_map(&blob, fd, true, 0) == BLOB_OK) {
		run->is_found = newaliases_take_table(run, &blob);
		blob_unmap(&blob);
	} else {
		newaliases_fail("no ruleset", "it is not sound");
	}
	close(fd);
}

static void
newaliases_on_child(evutil_socket_t number, short what, void *arg)
{
	struct newaliases *run = arg;
	int status;
	pid_t pid;

	(void)number;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		loader_reap(run->loader, pid, status);
}

static bool
newaliases_load(struct newaliases *run, const char *config)
{
	/* The database, before it is made for the first time. */
	struct loader_options options = { .config = config,
		.lacks_files = true };
	struct event *child;

	run->base = event_base_new();
	child = run->base == NULL ?
	    NULL :
	    evsignal_new(run->base, SIGCHLD, newaliases_on_child, run);
	if (child != NULL && event_add(child, NULL) == 0)
		run->loader = loader_start(run->base, &options,
		    newaliases_on_loaded, run);
	if (run->loader != NULL)
		event_base_dispatch(run->base);
	else
		newaliases_fail(config, "out of memory");
	loader_free(run->loader);
	if (child != NULL)
		event_free(child);
	if (run->base != NULL)
		event_base_free(run->base);
	return run->is_found;
}

int
newaliases_run(const char *aliases, const char *config)
{
	struct newaliases run = { .is_found = false };

	if (geteuid() != 0) {
		fprintf(stderr, "newaliases: need root privileges\n");
		return EXIT_FAILURE;
	}
	if (aliases != NULL)
		return makemap_newaliases(aliases);
	if (config == NULL && access(paths_built.config, F_OK) != 0 &&
	    errno == ENOENT)
		return makemap_newaliases(paths_built.aliases);
	if (!newaliases_load(&run,
		config != NULL ? config : paths_built.config))
		return EXIT_FAILURE;
	return makemap_newaliases(run.source);
}
