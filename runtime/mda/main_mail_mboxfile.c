/*
 * mail.mboxfile: appends what it reads to a file in mbox format.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/mda/mbox.h"

static struct mda_source mboxfile_source;

int
main(int argc, char *argv[])
{
	struct mda_status status;
	const char *from = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "f:")) != -1) {
		if (opt != 'f')
			break;
		from = optarg;
	}
	if (opt != -1 || from == NULL || argc - optind != 1) {
		fprintf(stderr, "usage: mail.mboxfile -f FROM FILE\n");
		return EXIT_FAILURE;
	}
	if (geteuid() == 0) {
		fprintf(stderr, "mail.mboxfile: will not deliver as root\n");
		return EXIT_FAILURE;
	}
	mda_source_init(&mboxfile_source, STR_LIT(""), STDIN_FILENO);
	if (mbox_append_file(argv[optind], str_from(from), &mboxfile_source,
		&status) != 0)
		fprintf(stderr, "%s\n", status.text);
	return status.status;
}
