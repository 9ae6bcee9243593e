/*
 * Conversations with table programs, whose part the test plays.
 */
#include "runtime/lookup/tableproc.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TEST_START_MS = 300, TEST_ANSWER_MS = 300, TEST_TURN_MS = 1000 };

static struct event_base *test_base;
static struct tableproc *test_proc;
static int test_fd = -1; /* the program's end */
static unsigned test_starts, test_stops;
static bool test_is_settled;
static bool test_is_unwanted; /* though it registered services */
static char test_error[TABLEPROC_ERROR_MAX];
static char test_said[4096]; /* "YES value;NO ;" of all answers */

static void
test_on_start(void *arg, struct tableproc *proc)
{
	int ends[2];

	(void)arg;
	test_starts++;
	if (test_fd != -1)
		close(test_fd);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	test_fd = ends[1];
	tableproc_connect(proc, ends[0], "/x/table-x", "");
}

static void
test_on_settled(void *arg, struct tableproc *proc, const char *error)
{
	(void)arg;
	cr_expect_not(test_is_settled);
	test_is_settled = true;
	if (error == NULL && !test_is_unwanted)
		return;
	snprintf(test_error, sizeof(test_error), "%s",
	    error == NULL ? "unwanted" : error);
	test_proc = NULL;
	tableproc_drop(proc);
	cr_expect_eq(test_stops, 1u);
}

static void
test_on_stop(void *arg, struct tableproc *proc)
{
	(void)arg;
	(void)proc;
	test_stops++;
}

static struct tableproc *
test_new(void)
{
	struct tableproc_config config = { .base = test_base,
		.table = STR_LIT("al"),
		.start_ms = TEST_START_MS,
		.answer_ms = TEST_ANSWER_MS,
		.start = test_on_start,
		.settled = test_on_settled,
		.stop = test_on_stop };
	struct tableproc *proc = tableproc_new(&config);

	cr_assert_not_null(proc);
	return proc;
}

static void
test_init(void)
{
	test_base = event_base_new();
	test_proc = test_new();
	tableproc_start(test_proc);
}

static void
test_fini(void)
{
	tableproc_drop(test_proc);
	if (test_fd != -1)
		close(test_fd);
	event_base_free(test_base);
}

TestSuite(tableproc, .init = test_init, .fini = test_fini, .timeout = 30);

static void
test_say(const char *text)
{
	size_t len = strlen(text);

	if (len > 0)
		cr_assert_eq(write(test_fd, text, len), (ssize_t)len);
	event_base_loop(test_base, EVLOOP_NONBLOCK);
}

static void
test_hello(void)
{
	test_say("register|alias\nregister|domain\nregister|ready\n");
}

/* Until the condition holds, or fails the test. */
#define test_wait(condition) \
	do { \
		unsigned left = TEST_TURN_MS; \
		while (!(condition) && left-- > 0) { \
			event_base_loop(test_base, EVLOOP_NONBLOCK); \
			usleep(1000); \
		} \
		cr_assert(condition); \
	} while (0)

/* All that the program has been told, from the first "table|" on. */
static const char *
test_told(void)
{
	static char told[64 * 1024];
	ssize_t n = recv(test_fd, told, sizeof(told) - 1, MSG_DONTWAIT);
	char *first;

	told[n < 0 ? 0 : n] = '\0';
	first = strstr(told, "table|");
	return first == NULL ? "" : first;
}

/* The answer to what it was told last. */
static void
test_answer(const char *op, const char *rest)
{
	const char *told = test_told();
	char line[256], words[8][32] = { "" };
	int n = sscanf(told,
	    "%31[^|]|%31[^|]|%31[^|]|%31[^|]|%31[^|]|%31[^|]|%31[^|]", words[0],
	    words[1], words[2], words[3], words[4], words[5], words[6]);

	cr_assert_eq(n, 7, "%s", told);
	snprintf(line, sizeof(line), "%s-result|%s|%s\n", op, words[6], rest);
	test_say(line);
}

static void
test_on_answer(void *arg, enum answer answer, struct str text)
{
	static const char *const names[] = { "FAILED", "NO", "YES" };
	size_t len = strlen(test_said);

	(void)arg;
	snprintf(test_said + len, sizeof(test_said) - len, "%s %.*s;",
	    names[(int)answer + 1], STR_ARG(text));
}

static void
test_ask(const char *key)
{
	tableproc_ask(test_proc, TABLEPROTO_LOOKUP, SERVICE_ALIAS,
	    str_from(key), test_on_answer, NULL);
}

/* Hand-shakes. */

Test(tableproc, hand_shake)
{
	cr_expect_not(test_is_settled);
	test_say("register|al");
	test_say("ias\nregister|domain\n");
	cr_expect_not(test_is_settled);
	test_say("register|ready\n");
	cr_expect(test_is_settled);
	cr_expect_str_eq(test_error, "");
	cr_expect(tableproc_has_service(test_proc, SERVICE_ALIAS));
	cr_expect_not(tableproc_has_service(test_proc, SERVICE_USERINFO));
	cr_expect_eq(tableproc_services(test_proc),
	    1u << SERVICE_ALIAS | 1u << SERVICE_DOMAIN);
}

static void
test_refused(const char *lines, const char *error)
{
	test_say(lines);
	test_wait(test_is_settled);
	cr_expect_not_null(strstr(test_error, "/x/table-x "), "%s", test_error);
	cr_expect_not_null(strstr(test_error, error), "%s", test_error);
	cr_expect_eq(test_stops, 1u);
	cr_expect_eq(test_starts, 1u);
}

Test(tableproc, hand_shake_of_another_kind)
{
	test_refused("hello\n", "OpenSMTPD 7.5 and before");
}

Test(tableproc, hand_shake_with_unknown_service)
{
	test_refused("register|alias\nregister|cake\n", "\"register|cake\"");
}

Test(tableproc, hand_shake_without_service)
{
	test_refused("register|ready\n", "registers no service");
}

Test(tableproc, hand_shake_that_never_ends)
{
	test_refused("register|alias\n", "registers nothing in time");
}

Test(tableproc, end_before_the_hand_shake)
{
	shutdown(test_fd, SHUT_RDWR);
	test_refused("", "ended without registering");
}

/* What its name lies in may be gone by then. */
Test(tableproc, dropped_for_its_services)
{
	test_is_unwanted = true;
	test_say("register|alias\nregister|ready\nregister|domain\n");
	cr_expect_str_eq(test_error, "unwanted");
	cr_expect_eq(test_stops, 1u);
	cr_expect_eq(test_starts, 1u);
}

Test(tableproc, more_after_the_hand_shake)
{
	test_say("register|alias\nregister|ready\nregister|domain\n");
	cr_expect(test_is_settled);
	cr_expect_str_eq(test_error, "");
	test_wait(test_starts == 2);
}

/* Requests. */

Test(tableproc, one_request_at_a_time)
{
	test_hello();
	test_ask("a");
	test_ask("b");
	test_answer("lookup", "found|joe|x");
	cr_expect_str_eq(test_said, "YES joe|x;");
	test_answer("lookup", "not-found");
	cr_expect_str_eq(test_said, "YES joe|x;NO ;");
	test_ask("c");
	test_answer("lookup", "error|no server");
	cr_expect_str_eq(test_said, "YES joe|x;NO ;FAILED no server;");
	cr_expect_eq(test_starts, 1u);
}

Test(tableproc, fetch)
{
	test_say("register|source\nregister|ready\n");
	tableproc_ask(test_proc, TABLEPROTO_FETCH, TABLEPROTO_SOURCE,
	    STR_LIT(""), test_on_answer, NULL);
	cr_expect_not_null(strstr(test_told(), "|fetch|source|"));
	test_say("fetch-result|00000001|found|192.0.2.1\n");
	cr_expect_str_eq(test_said, "YES 192.0.2.1;");
}

Test(tableproc, what_cannot_be_asked)
{
	test_hello();
	tableproc_ask(test_proc, TABLEPROTO_LOOKUP, SERVICE_USERINFO,
	    STR_LIT("x"), test_on_answer, NULL);
	test_ask("a\nb");
	cr_expect_str_eq(test_said,
	    "FAILED the program cannot be asked this;"
	    "FAILED the program cannot be asked this;");
	cr_expect_str_eq(test_told(), "");
	test_ask("c");
	test_answer("lookup", "found|joe");
	cr_expect_not_null(strstr(test_said, "YES joe;"));
}

static void
test_count(void *arg, enum answer answer, struct str text)
{
	unsigned *counts = arg;

	(void)text;
	counts[answer == ANSWER_FAILED]++;
}

Test(tableproc, full_queue)
{
	unsigned counts[2] = { 0, 0 };

	test_hello();
	for (int i = 0; i < TABLEPROC_QUEUE_MAX + 5; i++)
		tableproc_ask(test_proc, TABLEPROTO_LOOKUP, SERVICE_ALIAS,
		    STR_LIT("a"), test_count, counts);
	cr_expect_eq(counts[1], 5u);
	shutdown(test_fd, SHUT_RDWR);
	test_wait(counts[1] == TABLEPROC_QUEUE_MAX + 5u);
	cr_expect_eq(counts[0], 0u);
}

/* Whoever asks again when told is asked again after the others. */
static void
test_again(void *arg, enum answer answer, struct str text)
{
	(void)arg;
	test_on_answer(NULL, answer, text);
	test_ask("again");
}

Test(tableproc, asks_in_the_answer)
{
	test_hello();
	tableproc_ask(test_proc, TABLEPROTO_LOOKUP, SERVICE_ALIAS, STR_LIT("a"),
	    test_again, NULL);
	test_ask("b");
	test_answer("lookup", "found|x");
	cr_expect_not_null(strstr(test_told(), "|b\n"));
	test_say("lookup-result|00000002|found|y\n");
	cr_expect_not_null(strstr(test_told(), "|again\n"));
	cr_expect_str_eq(test_said, "YES x;YES y;");
}

/* Misdeeds. */

static void
test_starts_again(const char *lines)
{
	test_hello();
	test_ask("a");
	test_ask("b");
	test_say(lines);
	test_wait(test_said[0] != '\0');
	cr_expect_str_eq(test_said,
	    "FAILED the program does not answer;"
	    "FAILED the program does not answer;");
	cr_expect_eq(test_starts, 1u);
	test_ask("c");
	cr_expect_not_null(strstr(test_said, "cannot be asked now;"));
	test_wait(test_starts == 2);
	/* What comes while it starts waits. */
	test_ask("d");
	test_hello();
	test_answer("lookup", "found|joe");
	cr_expect_not_null(strstr(test_said, "YES joe;"), "%s", test_said);
	cr_expect_eq(test_stops, 0u);
}

Test(tableproc, rubbish)
{
	test_starts_again("rubbish\n");
}

Test(tableproc, wrong_id)
{
	test_starts_again("lookup-result|00000002|not-found\n");
}

Test(tableproc, end)
{
	test_hello();
	shutdown(test_fd, SHUT_RDWR);
	test_wait(test_starts == 2);
}

Test(tableproc, silence)
{
	test_starts_again("");
}

Test(tableproc, line_without_end)
{
	char text[1024];

	test_hello();
	test_ask("a");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (unsigned i = 0; i < 70 && test_said[0] == '\0'; i++)
		test_say(text);
	cr_expect_str_eq(test_said, "FAILED the program does not answer;");
}

/* Later and later, until it answers. */
Test(tableproc, backoff)
{
	struct timespec from, to;

	test_hello();
	for (unsigned i = 2; i < 4; i++) {
		shutdown(test_fd, SHUT_RDWR);
		clock_gettime(CLOCK_MONOTONIC, &from);
		test_wait(test_starts == i);
		test_hello();
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	/* Timers go by a coarse clock. */
	cr_expect_gt((to.tv_sec - from.tv_sec) * 1000 +
		(to.tv_nsec - from.tv_nsec) / 1000000,
	    3L * TABLEPROC_BACKOFF_MIN / 2);
}

/* Ends. */

Test(tableproc, retired)
{
	test_hello();
	tableproc_retire(test_proc, 0);
	test_wait(test_stops == 1);
	test_ask("a");
	cr_expect_not_null(strstr(test_said, "FAILED "));
	tableproc_retire(test_proc, 0);
}

Test(tableproc, moved)
{
	struct tableproc *old = test_proc;
	int old_fd = test_fd;

	test_hello();
	test_ask("a");
	test_ask("b");
	test_is_settled = false;
	test_fd = -1;
	test_proc = test_new();
	tableproc_start(test_proc);
	test_hello();
	tableproc_move(old, test_proc);
	tableproc_drop(old);
	cr_expect_eq(test_stops, 1u);
	test_answer("lookup", "found|x");
	test_answer("lookup", "found|y");
	cr_expect_str_eq(test_said, "YES x;YES y;");
	close(old_fd);
}

Test(tableproc, dropped)
{
	test_hello();
	test_ask("a");
	tableproc_drop(test_proc);
	test_proc = NULL;
	cr_expect_str_eq(test_said, "FAILED the program does not answer;");
	cr_expect_eq(test_stops, 1u);
}
