/*
 * Sessions for which there is no memory now and then: what is refused is
 * refused for now, the last reply of one that ends is 421, and nothing that
 * was begun stays so.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/smtp/smtp.h"
#include "runtime/tests/shortage.h"

enum { TEST_OUTPUT_MAX = 16384, TEST_REQUESTS_MAX = 1000 };

static const struct smtp_peer test_peer = {
	.hostname = { "mail.example.org", 16 },
	.address = { "[192.0.2.1]", 11 },
	.rdns = { "client.example.net", 18 },
};

static const struct smtp_config test_config = {
	.login = SMTP_LOGIN_OFFERED,
	.completes_messages = true,
	.domain = { "mail.example.org", 16 },
	.size_max = 1000000,
	.mails_max = 100,
	.rcpts_max = 100,
};

/* What a client says, and how the last reply to it begins. */
static const struct {
	const char *text, *reply;
} test_steps[] = {
	{ "EHLO client.example\r\n", "250 " },
	{ "AUTH PLAIN\r\n", "334 " },
	{ "AHVzZXIAc2VjcmV0\r\n", "535 " },
	{ "AUTH LOGIN dXNlcg==\r\n", "334 " },
	{ "c2VjcmV0\r\n", "535 " },
	{ "MAIL FROM:<a@b.example> BODY=8BITMIME ENVID=x+2By\r\n", "250 " },
	{ "RCPT TO:<c@d.example> NOTIFY=FAILURE ORCPT=rfc822;c@d.example\r\n",
	    "250 " },
	{ "RCPT TO:<e@f.example>\r\n", "250 " },
	{ "DATA\r\n", "354 " },
	{ "From: <a@b.example>,\r\n <c@d.example>\r\nSubject: x\r\n\r\n"
	  "body\r\n.\r\n",
	    "250 " },
	{ "MAIL FROM:<a@b.example>\r\n", "250 " },
	{ "RSET\r\n", "250 " },
	{ "HELP\r\n", "214 " },
	{ "QUIT\r\n", "221 " },
};

enum { TEST_STEPS = sizeof(test_steps) / sizeof(test_steps[0]) };

static struct smtp test_smtp;
static char test_output[TEST_OUTPUT_MAX];
static size_t test_len;
static int test_begun;

/* Answers come at once. */

static void
test_auth(void *arg, struct str user, struct str password)
{
	(void)user;
	(void)password;
	smtp_answer_auth(arg, ANSWER_NO);
}

static void
test_mail(void *arg)
{
	test_begun++;
	smtp_answer_mail(arg, SMTP_MAIL_OK);
}

static void
test_rcpt(void *arg, const struct smtp_rcpt *rcpt)
{
	(void)rcpt;
	smtp_answer_rcpt(arg, STR_LIT(""));
}

static void
test_data(void *arg)
{
	const struct smtp_message message = { .msgid = 1 };

	smtp_answer_data(arg, &message);
}

static void
test_commit(void *arg)
{
	test_begun--;
	smtp_answer_commit(arg, true);
}

static void
test_start_tls(void *arg)
{
	(void)arg;
}

static bool
test_append(void *arg, struct str bytes)
{
	(void)arg;
	(void)bytes;
	return true;
}

static void
test_rollback(void *arg)
{
	(void)arg;
	test_begun--;
}

static void
test_refused(void *arg, struct str command, struct str reply)
{
	(void)arg;
	(void)command;
	(void)reply;
}

static void
test_bad_input(void *arg, struct str reply)
{
	(void)arg;
	(void)reply;
}

static const struct smtp_ops test_ops = {
	.auth = test_auth,
	.mail = test_mail,
	.rcpt = test_rcpt,
	.data = test_data,
	.commit = test_commit,
	.start_tls = test_start_tls,
	.append = test_append,
	.rollback = test_rollback,
	.refused = test_refused,
	.bad_input = test_bad_input,
};

static void
test_drain(void)
{
	struct str output;

	while ((output = smtp_output(&test_smtp)).len > 0) {
		cr_assert_lt(test_len + output.len, sizeof(test_output));
		memcpy(test_output + test_len, output.ptr, output.len);
		test_len += output.len;
		smtp_sent(&test_smtp, output.len);
	}
	test_output[test_len] = '\0';
}

/* The last line of what is replied to a text, fed in pieces of a size. */
static const char *
test_ask(const char *text, size_t size)
{
	size_t len = strlen(text);
	char *line = test_output, *next;

	test_len = 0;
	test_output[0] = '\0';
	for (size_t at = 0; at < len; at += size)
		if (test_smtp.phase != SMTP_CLOSED) {
			smtp_input(&test_smtp, text + at,
			    len - at < size ? len - at : size);
			test_drain();
		}
	while ((next = strstr(line, "\r\n")) != NULL && next[2] != '\0')
		line = next + 2;
	return line;
}

/* True: it went as far as it can. */
static bool
test_go_on(unsigned n, unsigned step, size_t size)
{
	const char *reply = test_ask(test_steps[step].text, size);

	if (strncmp(reply, test_steps[step].reply, 4) == 0)
		return true;
	cr_expect_eq(reply[0], '4', "request %u, step %u: %s", n, step, reply);
	if (test_smtp.phase == SMTP_CLOSED)
		cr_expect_eq(strncmp(reply, "421 ", 4), 0, "request %u: %s", n,
		    reply);
	return false;
}

/* A dialogue in which the n-th request fails; how many did. */
static unsigned
test_talk(unsigned n, unsigned length, size_t size)
{
	unsigned step = 0, failed;

	test_begun = 0;
	test_len = 0;
	shortage_of_memory(n, length);
	smtp_init(&test_smtp, &test_config, &test_ops, &test_smtp);
	smtp_secure(&test_smtp, STR_LIT("tls"));
	smtp_greet(&test_smtp, &test_peer);
	test_drain();
	while (test_smtp.phase != SMTP_CLOSED && step < TEST_STEPS &&
	    test_go_on(n, step, size))
		step++;
	failed = shortage_of_memory_end();
	smtp_fini(&test_smtp);
	cr_expect_eq(test_begun, 0, "request %u: %d left", n, test_begun);
	cr_expect_eq(step<TEST_STEPS, failed> 0, "request %u: step %u", n,
	    step);
	return failed;
}

static void
test_sweep(unsigned length, size_t size)
{
	unsigned n = 1, failed;

	do {
		failed = test_talk(n, length, size);
		cr_assert_lt(n++, TEST_REQUESTS_MAX);
	} while (failed > 0);
	cr_expect_gt(n, 5u);
}

TestSuite(smtp_shortage, .timeout = 60);

Test(smtp_shortage, once)
{
	test_sweep(1, 4096);
	test_sweep(1, 7);
}

Test(smtp_shortage, for_a_while)
{
	test_sweep(5, 4096);
	test_sweep(5, 7);
}

Test(smtp_shortage, from_then_on)
{
	test_sweep(TEST_REQUESTS_MAX, 4096);
	test_sweep(TEST_REQUESTS_MAX, 7);
}
