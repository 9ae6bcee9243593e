/*
 * mail.maildir: delivers what it reads into a Maildir.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/mda/maildir.h"

static struct mda_source maildir_source;

static int
maildir_usage(void)
{
	fprintf(stderr, "usage: mail.maildir [-j] [DIR]\n");
	return EXIT_FAILURE;
}

int
main(int argc, char *argv[])
{
	const char *home = getenv("HOME"), *extension = getenv("EXTENSION");
	struct maildir maildir = { .path = NULL };
	struct mda_status status;
	char path[PATH_MAX];
	int opt;

	while ((opt = getopt(argc, argv, "j")) != -1) {
		if (opt != 'j')
			return maildir_usage();
		maildir.has_junk = true;
	}
	if (argc - optind > 1)
		return maildir_usage();
	if (geteuid() == 0) {
		fprintf(stderr, "mail.maildir: will not deliver as root\n");
		return EXIT_FAILURE;
	}
	maildir.path = argv[optind];
	if (maildir.path == NULL) {
		if (home == NULL ||
		    snprintf(path, sizeof(path), "%s/Maildir", home) >=
			(int)sizeof(path)) {
			fprintf(stderr,
			    "mail.maildir: HOME is not set, or too "
			    "long\n");
			return EXIT_FAILURE;
		}
		maildir.path = path;
	}
	if (extension != NULL)
		maildir.extension = str_from(extension);
	mda_source_init(&maildir_source, STR_LIT(""), STDIN_FILENO);
	if (maildir_deliver(&maildir, &maildir_source, &status) != 0)
		fprintf(stderr, "%s\n", status.text);
	return status.status;
}
