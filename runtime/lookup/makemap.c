/*
 * Sources are read as table files are. The result is written beside the old
 * one and takes its name when it is whole.
 */
#include "runtime/lookup/makemap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/expand/targets.h"
#include "runtime/table/tablefile.h"

struct makemap_run {
	const struct makemap *makemap;
	struct database *database;
	struct stat st; /* of the source */
	char *text;
	size_t len;
	long count;
	char temporary[PATH_MAX];
};

static bool
makemap_warn(const char *path, const char *what)
{
	fprintf(stderr, "makemap: %s%s%s\n", path, path[0] == '\0' ? "" : ": ",
	    what);
	return false;
}

/* Source. */

static bool
makemap_grow(struct makemap_run *run, size_t *room)
{
	char *grown;

	if (run->len < *room)
		return true;
	*room = *room == 0 ? 64 * 1024 : *room * 2;
	errno = EFBIG;
	if (*room > MAKEMAP_FILE_MAX)
		return false;
	grown = realloc(run->text, *room);
	if (grown == NULL)
		return false;
	run->text = grown;
	return true;
}

/* All of it, to its end: a pipe knows no size. */
static bool
makemap_read(struct makemap_run *run, int fd)
{
	size_t room = 0;
	ssize_t n = 1;

	while (n > 0) {
		if (!makemap_grow(run, &room))
			return false;
		n = read(fd, run->text + run->len, room - run->len);
		if (n == -1 && errno == EINTR)
			n = 1;
		else if (n > 0)
			run->len += (size_t)n;
	}
	return n == 0;
}

static bool
makemap_read_source(struct makemap_run *run)
{
	const char *source = run->makemap->source;
	bool is_stdin = strcmp(source, "-") == 0, is_read = false;
	int fd = is_stdin ? STDIN_FILENO :
			    open(source, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd == -1 || fstat(fd, &run->st) == -1)
		makemap_warn(source, strerror(errno));
	else if (!is_stdin && flock(fd, LOCK_SH | LOCK_NB) == -1)
		fprintf(stderr, "makemap: %s is locked\n", source);
	else if (!makemap_read(run, fd))
		makemap_warn(source, strerror(errno));
	else
		is_read = true;
	if (fd != -1 && !is_stdin)
		close(fd);
	return is_read;
}

/* Entries. */

/* Split at every comma, quotes or not; none may be empty. */
static bool
makemap_is_alias(struct str value)
{
	struct targets targets;
	struct targets_entry target;

	for (;;) {
		const char *comma = memchr(value.ptr, ',', value.len);
		struct str one = { value.ptr,
			comma == NULL ? value.len :
					(uint32_t)(comma - value.ptr) };

		targets_init(&targets, one, TARGETS_BAD_DOMAIN_IS_USER);
		if (targets_next(&targets, &target) != TARGETS_ONE ||
		    targets_next(&targets, &target) != TARGETS_END)
			return false;
		if (comma == NULL)
			return true;
		value.len -= one.len + 1;
		value.ptr = comma + 1;
	}
}

static bool
makemap_is_entry(const struct makemap *makemap, enum tablefile_kind kind,
    const struct tablefile_entry *entry)
{
	if (entry->error != TABLEFILE_OK || entry->key.len == 0 ||
	    (kind == TABLEFILE_LIST) != (makemap->type == MAKEMAP_SET))
		return false;
	return makemap->type != MAKEMAP_ALIASES ||
	    makemap_is_alias(entry->value);
}

static bool
makemap_add(struct makemap_run *run, const struct tablefile_entry *entry)
{
	struct str value = run->makemap->type == MAKEMAP_SET ?
	    STR_LIT("<set>") :
	    entry->value;
	enum answer added = database_put(run->database, entry->key, value);

	if (added == ANSWER_NO)
		fprintf(stderr, "makemap: %s:%u: duplicate entry for %.*s\n",
		    run->makemap->source, entry->line, STR_ARG(entry->key));
	else if (added == ANSWER_FAILED)
		makemap_warn(run->temporary, strerror(errno));
	run->count += added == ANSWER_YES;
	return added == ANSWER_YES;
}

static bool
makemap_add_all(struct makemap_run *run)
{
	static const struct tablefile_options options = {
		.key_brackets = true
	};
	struct str text = { run->text, (uint32_t)run->len };
	struct tablefile_entry entry;
	struct tablefile file;
	enum tablefile_kind kind;

	tablefile_init(&file, text, &options);
	kind = tablefile_kind(&file);
	while (tablefile_next(&file, &entry)) {
		if (!makemap_is_entry(run->makemap, kind, &entry)) {
			fprintf(stderr, "makemap: %s:%u: invalid entry\n",
			    run->makemap->source, entry.line);
			return false;
		}
		if (!makemap_add(run, &entry))
			return false;
	}
	return true;
}

/* Result. */

static bool
makemap_create(struct makemap_run *run)
{
	int len = snprintf(run->temporary, sizeof(run->temporary),
	    "%s.XXXXXXXXXXX", run->makemap->out);
	int fd;

	if (len < 0 || (size_t)len >= sizeof(run->temporary)) {
		run->temporary[0] = '\0';
		return makemap_warn("", "the name of the output is too long");
	}
	fd = mkostemp(run->temporary, O_CLOEXEC);
	if (fd == -1) {
		makemap_warn(run->temporary, strerror(errno));
		run->temporary[0] = '\0';
		return false;
	}
	close(fd);
	run->database = database_create(run->temporary, run->makemap->kind);
	return run->database != NULL ||
	    makemap_warn(run->temporary, strerror(errno));
}

/* Its owner and mode are the source's; of standard input, the caller's. */
static bool
makemap_carry_owner(const struct makemap_run *run, int fd)
{
	if (strcmp(run->makemap->source, "-") == 0)
		return fchmod(fd, 0600) == 0;
	return fchown(fd, run->st.st_uid, run->st.st_gid) == 0 &&
	    fchmod(fd, run->st.st_mode & 0777) == 0;
}

static bool
makemap_publish(struct makemap_run *run)
{
	struct database *database = run->database;
	bool is_published = false;
	int fd;

	run->database = NULL;
	if (!database_finish(database))
		return makemap_warn(run->temporary, strerror(errno));
	fd = open(run->temporary, O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return makemap_warn(run->temporary, strerror(errno));
	if (!makemap_carry_owner(run, fd))
		fprintf(stderr,
		    "makemap: couldn't carry ownership and perms to %s\n",
		    run->temporary);
	else if (fsync(fd) == -1 ||
	    rename(run->temporary, run->makemap->out) == -1)
		makemap_warn(run->makemap->out, strerror(errno));
	else
		is_published = true;
	close(fd);
	if (is_published)
		run->temporary[0] = '\0';
	return is_published;
}

long
makemap_build(const struct makemap *makemap)
{
	struct makemap_run run = { .makemap = makemap };
	bool is_built = makemap_read_source(&run) && makemap_create(&run) &&
	    makemap_add_all(&run) && makemap_publish(&run);

	database_close(run.database);
	if (run.temporary[0] != '\0')
		unlink(run.temporary);
	free(run.text);
	if (is_built && run.count == 0)
		fprintf(stderr, "makemap: warning: empty map created: %s\n",
		    makemap->out);
	return is_built ? run.count : -1;
}

int
makemap_newaliases(const char *source)
{
	char out[PATH_MAX];
	struct makemap makemap = { source, out, MAKEMAP_ALIASES,
		DATABASE_HASH };
	long count = -1;

	if (snprintf(out, sizeof(out), "%s.db", source) < (int)sizeof(out))
		count = makemap_build(&makemap);
	else
		makemap_warn("", "the name of the output is too long");
	if (count >= 0)
		printf("%s: %ld aliases\n", source, count);
	return count < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The program. */

static bool
makemap_print(void *arg, struct str key, struct str value)
{
	(void)arg;
	printf("%.*s\t%.*s\n", STR_ARG(key), STR_ARG(value));
	return true;
}

static int
makemap_dump(const char *path)
{
	struct database *database = database_open(path);
	bool is_printed;

	if (database == NULL) {
		makemap_warn(path, strerror(errno));
		return EXIT_FAILURE;
	}
	is_printed = database_walk(database, makemap_print, NULL) &&
	    fflush(stdout) == 0;
	if (!is_printed)
		makemap_warn(path, "cannot be read");
	database_close(database);
	return is_printed ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* What the options say; members that are NULL were not given. */
struct makemap_options {
	struct makemap makemap;
	const char *alias_file;
	bool is_dump;
	bool is_newaliases;
};

static bool
makemap_set_kind(struct makemap *makemap, const char *name)
{
	if (strcmp(name, "hash") == 0)
		makemap->kind = DATABASE_HASH;
	else if (strcmp(name, "btree") == 0)
		makemap->kind = DATABASE_BTREE;
	else
		fprintf(stderr, "makemap: unsupported DB type '%s'\n", name);
	return strcmp(name, "hash") == 0 || strcmp(name, "btree") == 0;
}

static bool
makemap_set_type(struct makemap *makemap, const char *name)
{
	if (strcmp(name, "aliases") == 0)
		makemap->type = MAKEMAP_ALIASES;
	else if (strcmp(name, "set") == 0)
		makemap->type = MAKEMAP_SET;
	else
		fprintf(stderr, "makemap: unsupported type '%s'\n", name);
	return makemap->type != MAKEMAP_MAP;
}

static bool
makemap_usage(void)
{
	fprintf(stderr,
	    "usage: makemap [-U] [-d hash|btree] [-o OUT] [-t aliases|set] "
	    "FILE\n");
	return false;
}

static bool
makemap_set_option(struct makemap_options *options, int opt, const char *arg)
{
	switch (opt) {
	case 'b':
		options->is_newaliases |= strcmp(arg, "i") == 0;
		return true;
	case 'C':
		return true;
	case 'd':
		return makemap_set_kind(&options->makemap, arg);
	case 'o':
		options->makemap.out = arg;
		return true;
	case 'O':
		if (strncmp(arg, "AliasFile=", 10) != 0)
			return makemap_usage();
		options->alias_file = arg + 10;
		options->makemap.type = MAKEMAP_ALIASES;
		return true;
	case 't':
		return makemap_set_type(&options->makemap, arg);
	case 'U':
		options->is_dump = true;
		return true;
	default:
		return makemap_usage();
	}
}

static bool
makemap_has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len >= n && strcmp(name + len - n, suffix) == 0;
}

/* "makemap hash OUT", as sendmail's: standard input to OUT.db. */
static bool
makemap_set_operands(struct makemap_options *options, int argc, char *argv[],
    char out[PATH_MAX])
{
	struct makemap *makemap = &options->makemap;
	const char *suffix = ".db";

	makemap->source = options->alias_file;
	if (argc == 2 && makemap->out == NULL && makemap->source == NULL) {
		if (!makemap_set_kind(makemap, argv[0]))
			return false;
		makemap->source = "-";
		if (makemap_has_suffix(argv[1], suffix))
			suffix = "";
		if (snprintf(out, PATH_MAX, "%s%s", argv[1], suffix) >=
		    PATH_MAX)
			return makemap_warn("",
			    "the name of the output is "
			    "too long");
		makemap->out = out;
		return true;
	}
	if (argc > 1 || (argc == 0) != (makemap->source != NULL))
		return makemap_usage();
	if (argc == 1)
		makemap->source = argv[0];
	if (makemap->out == NULL &&
	    snprintf(out, PATH_MAX, "%s.db", makemap->source) >= PATH_MAX)
		return makemap_warn("", "the name of the output is too long");
	if (makemap->out == NULL)
		makemap->out = out;
	return true;
}

int
makemap_main(int argc, char *argv[], int (*newaliases)(const char *alias_file))
{
	struct makemap_options options = { .alias_file = NULL };
	char out[PATH_MAX];
	int opt;

	while ((opt = getopt(argc, argv, "b:C:d:O:o:t:U")) != -1)
		if (!makemap_set_option(&options, opt, optarg))
			return EXIT_FAILURE;
	if (options.is_newaliases)
		return newaliases(options.alias_file);
	if (!makemap_set_operands(&options, argc - optind, argv + optind, out))
		return EXIT_FAILURE;
	if (options.is_dump)
		return makemap_dump(options.makemap.source);
	return makemap_build(&options.makemap) < 0 ? EXIT_FAILURE :
						     EXIT_SUCCESS;
}
