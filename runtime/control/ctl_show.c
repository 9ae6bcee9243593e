/*
 * Commands that show something.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/control/ctl_private.h"
#include "runtime/proc/stats.h"
#include "runtime/queue/queue_line.h"
#include "runtime/queue/queue_offline.h"

enum { CTL_MONITOR_LINES = 25 }; /* before the header comes again */

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

/* Counters. */

struct ctl_counters {
	int64_t values[STAT_COUNT];
	uint64_t uptime;
};

/* The sum of all processes' rows. */
static bool
ctl_read_counters(struct ctl *ctl, struct ctl_counters *counters_r)
{
	struct message request = { .type = MESSAGE_CTL_STATS }, answer;
	const char *rows;
	struct stat st;

	if (!ctl_ask(ctl, &request, &answer, MESSAGE_CTL_STATS_ARE))
		return false;
	memset(counters_r, 0, sizeof(*counters_r));
	counters_r->uptime = answer.ctl_stats_are.uptime;
	if (answer.fd == -1 || fstat(answer.fd, &st) != 0)
		return false;
	rows = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, answer.fd,
	    0);
	close(answer.fd);
	if (rows == MAP_FAILED)
		return false;
	for (off_t at = 0; at + STATS_ROW <= st.st_size; at += STATS_ROW) {
		const struct stats *row = (const void *)(rows + at);

		for (unsigned i = 0; i < STAT_COUNT; i++)
			counters_r->values[i] +=
			    atomic_load_explicit(&row->values[i],
				memory_order_relaxed);
	}
	munmap((void *)(uintptr_t)rows, (size_t)st.st_size);
	return true;
}

static int
ctl_compare_lines(const void *a, const void *b)
{
	return strcmp(a, b);
}

int
ctl_run_stats(struct ctl *ctl, const struct words_match *match, uint32_t unused)
{
	static char lines[STAT_COUNT + 2][128];
	struct ctl_counters counters;
	char human[QUEUE_DELAY_SIZE];
	size_t count = 0;

	(void)match;
	(void)unused;
	if (!ctl_read_counters(ctl, &counters))
		return EXIT_FAILURE;
	for (unsigned i = 0; i < STAT_COUNT; i++)
		if (counters.values[i] != 0)
			snprintf(lines[count++], sizeof(lines[0]), "%s=%lld",
			    stats_name((enum stats_counter)i),
			    (long long)counters.values[i]);
	snprintf(lines[count++], sizeof(lines[0]), "uptime=%llu",
	    (unsigned long long)counters.uptime);
	snprintf(lines[count++], sizeof(lines[0]), "uptime.human=%s",
	    queue_delay((int64_t)counters.uptime, human));
	qsort(lines, count, sizeof(lines[0]), ctl_compare_lines);
	for (size_t i = 0; i < count; i++)
		printf("%s\n", lines[i]);
	return EXIT_SUCCESS;
}

/* What the columns of monitor count; the first is a state, no event. */
static const enum stats_counter ctl_columns[] = {
	STAT_SMTP_SESSION,
	STAT_SCHEDULER_ENVELOPE,
	STAT_SCHEDULER_INFLIGHT,
	STAT_DELIVERY_OK,
	STAT_DELIVERY_TEMPFAIL,
	STAT_DELIVERY_PERMFAIL,
	STAT_DELIVERY_LOOP,
	STAT_SCHEDULER_EXPIRED,
	STAT_SCHEDULER_REMOVED,
};

enum {
	CTL_COLUMNS = sizeof(ctl_columns) / sizeof(ctl_columns[0]),
	CTL_STATES = 3,
};

static void
ctl_print_monitor(const struct ctl_counters *before,
    const struct ctl_counters *now)
{
	for (size_t i = 0; i < CTL_COLUMNS; i++) {
		enum stats_counter counter = ctl_columns[i];
		int64_t value = now->values[counter];

		if (i >= CTL_STATES)
			value -= before->values[counter];
		printf("%7lld", (long long)value);
	}
	printf("\n");
	fflush(stdout);
}

int
ctl_run_monitor(struct ctl *ctl, const struct words_match *match,
    uint32_t unused)
{
	struct ctl_counters before, now;
	unsigned line = 0;

	(void)match;
	(void)unused;
	if (!ctl_read_counters(ctl, &before))
		return EXIT_FAILURE;
	for (;;) {
		if (line % CTL_MONITOR_LINES == 0)
			printf("%s--- client  -- envelope --  ---- delivery "
			       "--------------------  -- queue -----\n"
			       "   curr   curr  deliv     ok tmpfail "
			       "prmfail loop expire remove\n",
			    line == 0 ? "" : "\n");
		sleep(1);
		if (!ctl_read_counters(ctl, &now))
			return EXIT_FAILURE;
		ctl_print_monitor(&before, &now);
		before = now;
		line++;
	}
}

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
