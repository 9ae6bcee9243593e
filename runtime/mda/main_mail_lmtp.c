/*
 * mail.lmtp: hands what it reads to an LMTP server.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "runtime/mda/lmtp.h"

enum { LMTP_RECIPIENTS_MAX = 1000 };

static struct mda_source lmtp_source;

static int
lmtp_usage(void)
{
	fprintf(stderr,
	    "usage: mail.lmtp -d DESTINATION [-l LHLO] [-f FROM] "
	    "-u | -r | RECIPIENT...\n");
	return EX_TEMPFAIL;
}

/* By the options; false: usage. The recipient is that of the environment. */
static bool
lmtp_read_options(int argc, char *argv[], struct lmtp *lmtp,
    const char **recipient_r)
{
	const char *variable = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "d:l:f:ur")) != -1) {
		switch (opt) {
		case 'd':
			lmtp->destination = str_from(optarg);
			break;
		case 'l':
			lmtp->lhlo = str_from(optarg);
			break;
		case 'f':
			lmtp->sender = str_from(optarg);
			break;
		case 'u':
			variable = "USER";
			break;
		case 'r':
			variable = "RECIPIENT";
			break;
		default:
			return false;
		}
	}
	*recipient_r = variable == NULL ? NULL : getenv(variable);
	return lmtp->destination.len > 0 &&
	    (variable == NULL || *recipient_r != NULL) &&
	    (*recipient_r == NULL) == (optind < argc);
}

int
main(int argc, char *argv[])
{
	const char *sender = getenv("SENDER"), *recipient;
	struct str recipients[LMTP_RECIPIENTS_MAX];
	struct lmtp lmtp = { .lhlo = STR_LIT("localhost") };
	struct mda_status status;

	if (sender != NULL)
		lmtp.sender = str_from(sender);
	if (!lmtp_read_options(argc, argv, &lmtp, &recipient) ||
	    argc - optind > LMTP_RECIPIENTS_MAX)
		return lmtp_usage();
	if (geteuid() == 0) {
		fprintf(stderr, "mail.lmtp: will not deliver as root\n");
		return EX_TEMPFAIL;
	}
	for (int i = optind; i < argc; i++)
		recipients[lmtp.recipient_count++] = str_from(argv[i]);
	if (recipient != NULL)
		recipients[lmtp.recipient_count++] = str_from(recipient);
	lmtp.recipients = recipients;
	signal(SIGPIPE, SIG_IGN);
	mda_source_init(&lmtp_source, STR_LIT(""), STDIN_FILENO);
	if (lmtp_deliver(&lmtp, &lmtp_source, &status) != 0)
		fprintf(stderr, "%s\n", status.text);
	return status.status;
}
