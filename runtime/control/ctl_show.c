/*
 * Commands that show something.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/control/ctl_private.h"
#include "runtime/queue/queue_line.h"
#include "runtime/queue/queue_offline.h"

/* Queue. */

static bool
ctl_is_of(uint64_t evpid, uint64_t message)
{
	return message == 0 || evpid >> 32 == message >> 32;
}

/*
 * The lines of one answer; *from_r is the envelope to go on from, or 0.
 * False: it was cut off, which has been said.
 */
static bool
ctl_print_lines(struct ctl *ctl, struct message *answer, uint64_t message,
    uint64_t *from_r)
{
	const struct message_ctl_listed *listed = &answer->ctl_listed;

	while (!listed->is_last) {
		if (ctl_is_of(listed->evpid, message))
			printf("%.*s\n", STR_ARG(listed->line));
		if (!ctl_next(ctl, answer, MESSAGE_CTL_LISTED))
			return false;
	}
	*from_r = ctl_is_of(listed->evpid, message) ? listed->evpid : 0;
	return true;
}

static void
ctl_print_offline(void *arg, const char *line)
{
	(void)arg;
	printf("%s\n", line);
}

/* Without the daemon, from the disk. */
static int
ctl_list_offline(const struct ctl *ctl, uint64_t message)
{
	char error[STORE_ERROR_SIZE];
	uint32_t bad = 0;

	if (queue_offline_list(ctl->paths->folder, (uint32_t)(message >> 32),
		ctl_print_offline, NULL, &bad, error) != 0) {
		fprintf(stderr, "smtpctl: %s\n", error);
		return EXIT_FAILURE;
	}
	if (bad > 0)
		fprintf(stderr, "smtpctl: %u envelopes cannot be read\n", bad);
	return EXIT_SUCCESS;
}

int
ctl_run_queue(struct ctl *ctl, const struct words_match *match, uint32_t unused)
{
	struct message request = { .type = MESSAGE_CTL_LIST }, answer;

	(void)unused;
	if (ctl->client.fd == -1)
		return ctl_list_offline(ctl, match->id);
	request.ctl_list.from = match->id;
	do {
		if (!ctl_ask(ctl, &request, &answer, MESSAGE_CTL_LISTED) ||
		    !ctl_print_lines(ctl, &answer, match->id,
			&request.ctl_list.from))
			return EXIT_FAILURE;
	} while (request.ctl_list.from != 0);
	return EXIT_SUCCESS;
}

static int
ctl_copy(int from)
{
	static char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return EXIT_FAILURE;
	close(from);
	return n == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
ctl_show_offline(const struct ctl *ctl, uint64_t evpid, bool is_message)
{
	char error[STORE_ERROR_SIZE];
	int fd = queue_offline_open(ctl->paths->folder, evpid, is_message,
	    error);

	if (fd >= 0)
		return ctl_copy(fd);
	fprintf(stderr, "smtpctl: %s\n", error);
	return EXIT_FAILURE;
}

int
ctl_run_show(struct ctl *ctl, const struct words_match *match,
    uint32_t is_message)
{
	struct message request = { .type = MESSAGE_CTL_SHOW }, answer;

	if (ctl->client.fd == -1)
		return ctl_show_offline(ctl, match->id, is_message != 0);
	request.ctl_show.evpid = match->id;
	request.ctl_show.is_message = is_message != 0;
	if (!ctl_ask(ctl, &request, &answer, MESSAGE_RESULT))
		return EXIT_FAILURE;
	if (answer.result.is_ok && answer.fd != -1)
		return ctl_copy(answer.fd);
	if (answer.fd != -1)
		close(answer.fd);
	fprintf(stderr, "smtpctl: %.*s\n", STR_ARG(answer.result.error));
	return EXIT_FAILURE;
}

/* State. */

int
ctl_run_status(struct ctl *ctl, const struct words_match *match,
    uint32_t unused)
{
	struct message request = { .type = MESSAGE_CTL_STATUS }, answer;
	uint32_t paused;

	(void)match;
	(void)unused;
	if (!ctl_ask(ctl, &request, &answer, MESSAGE_CTL_STATUS_IS))
		return EXIT_FAILURE;
	paused = answer.ctl_status_is.paused;
	printf("MDA %s\nMTA %s\nSMTP %s\n",
	    (paused & SUBSYSTEM_MDA) != 0 ? "paused" : "running",
	    (paused & SUBSYSTEM_MTA) != 0 ? "paused" : "running",
	    (paused & SUBSYSTEM_SMTP) != 0 ? "paused" : "running");
	return EXIT_SUCCESS;
}
