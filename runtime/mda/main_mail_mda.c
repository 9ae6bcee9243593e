/*
 * mail.mda: has a shell run a command, and ends as it ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	int status;

	if (argc != 2) {
		fprintf(stderr, "usage: mail.mda COMMAND\n");
		return EXIT_FAILURE;
	}
	if (geteuid() == 0) {
		fprintf(stderr, "mail.mda: will not deliver as root\n");
		return EXIT_FAILURE;
	}
	status = system(argv[1]);
	if (status == -1 || !WIFEXITED(status))
		return EX_TEMPFAIL;
	return WEXITSTATUS(status);
}
