/*
 * sendmail(8): takes a message from standard input and hands it to the
 * daemon, or leaves it in the spool's offline folder where no daemon runs.
 * May run with the queue's group, and drops it before all but that.
 */
#ifndef RUNTIME_CONTROL_SUBMIT_H
#define RUNTIME_CONTROL_SUBMIT_H

#include "runtime/control/ctl.h"
#include "runtime/control/recipients.h"

struct submit {
	const struct ctl_paths *paths;
	char **args; /* as given, behind the program's name */
	int arg_count;

	/* Options. */
	bool is_verbose;
	bool takes_recipients; /* -t */
	bool is_system;        /* -S: the user is by number alone */
	bool has_from;         /* -f or -r */
	const char *full_name; /* -F; or of the user, if no sender is given */
	const char *notify;
	const char *ret;
	const char *envid;

	/* What becomes of them and of the header. */
	char user[256];
	char mailname[256];
	char sender[1024]; /* without brackets; empty: the null sender */
	char from[1024];   /* who is named in a header that is added */
	struct recipients recipients;
};

/* The program; returns its exit status, of sysexits(3). */
int submit_main(const struct ctl_paths *paths, int argc, char **argv);

/*
 * Copies a message as it should be sent, and takes addresses from it. in
 * can be read twice. False: too many recipients, or an I/O error.
 */
bool submit_rewrite(struct submit *submit, FILE *in, FILE *out);

/* Speaks SMTP on fd; returns the exit status. */
int submit_send(const struct submit *submit, int fd, FILE *message);

#endif
