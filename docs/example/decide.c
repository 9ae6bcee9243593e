/*
 * Decides one envelope by a compiled ruleset:
 *
 *	decide BLOB CLIENT-ADDRESS SENDER RECIPIENT
 *
 *	cc decide.c $(pkg-config --cflags --libs smtpdruleset)
 */
#include <fcntl.h>
#include <stdio.h>

#include "runtime/ruleset/blob.h"

/* This host is called mail.example, and 127.0.0.1 alone is its own. */
static bool
is_local_address(void *arg, struct str peer)
{
	(void)arg;
	return str_is(peer, "127.0.0.1");
}

static bool
is_local_name(void *arg, struct str domain)
{
	(void)arg;
	return str_eq_nocase(domain, STR_LIT("mail.example"));
}

int
main(int argc, char **argv)
{
	const struct ruleset_callbacks callbacks = {
		.is_local_address = is_local_address,
		.is_local_name = is_local_name,
	};
	struct ruleset_envelope envelope = { .helo = STR_LIT("client") };
	struct blob_decision decision;
	char why[BLOB_ERROR_SIZE];
	struct blob blob;
	int error, fd = argc == 5 ? open(argv[1], O_RDONLY) : -1;

	error = blob_map(&blob, fd, true, 0);
	if (error != BLOB_OK) {
		fprintf(stderr, "%s: %s\n", argc > 1 ? argv[1] : "decide",
		    blob_error_text(&blob, error, why, sizeof(why)));
		return 2;
	}
	envelope.peer = str_from(argv[2]);
	envelope.sender = mailaddr_split(str_from(argv[3]));
	envelope.dest = mailaddr_split(str_from(argv[4]));
	blob_decision_init(&decision, &blob, &envelope, &callbacks);
	while (!blob_decision_run(&decision)) /* no tables but the blob's */
		blob_decision_answer(&decision, ANSWER_FAILED);
	if (decision.result.verdict == RULESET_MATCH)
		printf("rule %u\n", decision.result.rule + 1);
	else
		puts(decision.result.verdict == RULESET_NO_MATCH ? "no rule" :
								   "later");
	return 0;
}
