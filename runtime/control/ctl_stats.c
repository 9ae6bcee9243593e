/*
 * Commands that show counters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/control/ctl_private.h"
#include "runtime/proc/stats.h"
#include "runtime/queue/queue_line.h"

enum { CTL_MONITOR_LINES = 25 }; /* before the header comes again */

struct ctl_counters {
	int64_t values[STAT_COUNT];
	bool is_used[STAT_COUNT];
	uint64_t uptime;
};

/* The sum of all processes' rows. */
static void
ctl_sum_rows(const char *rows, off_t size, struct ctl_counters *counters)
{
	for (off_t at = 0; at + STATS_ROW <= size; at += STATS_ROW) {
		const struct stats *row = (const void *)(rows + at);

		for (unsigned i = 0; i < STAT_COUNT; i++) {
			counters->values[i] +=
			    atomic_load_explicit(&row->values[i],
				memory_order_relaxed);
			counters->is_used[i] |=
			    atomic_load_explicit(&row->is_used[i],
				memory_order_relaxed);
		}
	}
}

static bool
ctl_read_counters(struct ctl *ctl, struct ctl_counters *counters_r)
{
	struct message request = { .type = MESSAGE_CTL_STATS }, answer;
	struct stat st;
	void *rows;

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
	ctl_sum_rows(rows, st.st_size, counters_r);
	munmap(rows, (size_t)st.st_size);
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
	for (unsigned i = 0; i < STAT_COUNT; i++) {
		const char *name = stats_name((enum stats_counter)i);

		if (name != NULL && counters.is_used[i])
			snprintf(lines[count++], sizeof(lines[0]), "%s=%lld",
			    name, (long long)counters.values[i]);
	}
	snprintf(lines[count++], sizeof(lines[0]), "uptime=%llu",
	    (unsigned long long)counters.uptime);
	snprintf(lines[count++], sizeof(lines[0]), "uptime.human=%s",
	    queue_delay((int64_t)counters.uptime, human));
	qsort(lines, count, sizeof(lines[0]), ctl_compare_lines);
	for (size_t i = 0; i < count; i++)
		printf("%s\n", lines[i]);
	return EXIT_SUCCESS;
}

/* Monitor. */

static const char ctl_header[] =
    "--- client ---  -- envelope --  --- relay and delivery --  "
    "------ queue -------\n"
    "curr conn disc  curr  enq  deq    ok tmpfail prmfail loop  "
    "expire remove bounce\n";

/* What there is now, or what has happened since, of each column. */
static void
ctl_print_monitor(const struct ctl_counters *before,
    const struct ctl_counters *now)
{
#define CTL_SINCE(ID) \
	((long long)(now->values[STAT_##ID] - before->values[STAT_##ID]))
	const struct {
		long long value;
		int width;
	} columns[] = {
		{ now->values[STAT_SMTP_SESSION], 4 },
		{ CTL_SINCE(SMTP_CONNECTED), 5 },
		/* Who is no longer there has left. */
		{ CTL_SINCE(SMTP_CONNECTED) - CTL_SINCE(SMTP_SESSION), 5 },
		{ now->values[STAT_SCHEDULER_ENVELOPE], 6 },
		{ CTL_SINCE(SCHEDULER_ENQUEUED), 5 },
		{ CTL_SINCE(SCHEDULER_ENQUEUED) - CTL_SINCE(SCHEDULER_ENVELOPE),
		    5 },
		{ CTL_SINCE(DELIVERY_OK), 6 },
		{ CTL_SINCE(DELIVERY_TEMPFAIL), 8 },
		{ CTL_SINCE(DELIVERY_PERMFAIL), 8 },
		{ CTL_SINCE(DELIVERY_LOOP), 5 },
		{ CTL_SINCE(SCHEDULER_EXPIRED), 8 },
		{ CTL_SINCE(SCHEDULER_REMOVED), 7 },
		/* None is sent yet. */
		{ 0, 7 },
	};
#undef CTL_SINCE

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		printf("%*lld", columns[i].width, columns[i].value);
	printf("\n");
	fflush(stdout);
}

int
ctl_run_monitor(struct ctl *ctl, const struct words_match *match,
    uint32_t unused)
{
	struct ctl_counters before, now;

	(void)match;
	(void)unused;
	if (!ctl_read_counters(ctl, &before))
		return EXIT_FAILURE;
	for (unsigned line = 0; !ferror(stdout); line++) {
		if (line % CTL_MONITOR_LINES == 0)
			printf("%s%s", line == 0 ? "" : "\n", ctl_header);
		sleep(1);
		if (!ctl_read_counters(ctl, &now))
			return EXIT_FAILURE;
		ctl_print_monitor(&before, &now);
		before = now;
	}
	return EXIT_FAILURE;
}
