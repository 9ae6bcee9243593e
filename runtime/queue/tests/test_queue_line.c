/*
 * Lines of "show queue", from a running queue and from a spool at rest.
 */
#include "runtime/queue/queue_line.h"

#include <criterion/criterion.h>

static struct envelope
test_envelope(void)
{
	return (struct envelope){
		.type = ENVELOPE_MTA,
		.sockaddr = STR_LIT("192.0.2.1"),
		.sender = STR_LIT("a@sender.test"),
		.rcpt = STR_LIT("b@r.test"),
		.dest = STR_LIT("b@r.test"),
		.ctime = 1795441598,
	};
}

Test(queue_line, has_the_form)
{
	struct queue_line_state state = { .word = "inflight",
		.seconds = 4,
		.expires = 1795441598,
		.last_try = 1795441598 };
	struct envelope envelope = test_envelope();
	char buf[QUEUE_LINE_SIZE];

	cr_expect_str_eq(queue_line(0x949784ea4d015cbe, &envelope, &state, buf),
	    "949784ea4d015cbe|inet4|mta||a@sender.test|b@r.test|b@r.test|"
	    "1795441598|1795441598|1795441598|0|inflight|4|");
}

Test(queue_line, has_flags_and_errors)
{
	struct envelope envelope = test_envelope();
	struct queue_line_state state = { .word = "offline",
		.seconds = -1,
		.is_suspended = true,
		.is_held = true,
		.retry = 3,
		.note = "a note" };
	char buf[QUEUE_LINE_SIZE];

	envelope.type = ENVELOPE_BOUNCE;
	envelope.flags = ENVELOPE_AUTHENTICATED | ENVELOPE_IS_BOUNCE |
	    ENVELOPE_INTERNAL;
	envelope.sockaddr = STR_LIT("[::1]");
	envelope.sender = STR_LIT("@");
	envelope.ctime = 7;
	cr_expect_str_eq(queue_line(0x100000001, &envelope, &state, buf),
	    "0000000100000001|inet6|bounce|bounce,auth,internal,suspend,hold|"
	    "@|b@r.test|b@r.test|7|0|0|3|offline||a note");
	envelope.errorline = STR_LIT("bad\nnews");
	envelope.sockaddr = STR_LIT("local");
	cr_expect_str_eq(queue_line(0x100000001, &envelope, &state, buf),
	    "0000000100000001|local|bounce|bounce,auth,internal,suspend,hold|"
	    "@|b@r.test|b@r.test|7|0|0|3|offline||bad\\^Jnews");
}

Test(queue_line, has_room_for_the_worst)
{
	static char worst[ENVELOPE_LINE_MAX];
	struct envelope envelope = test_envelope();
	struct queue_line_state state = { .word = "pending", .seconds = -1 };
	char buf[QUEUE_LINE_SIZE];
	size_t len;

	memset(worst, '\x81', sizeof(worst));
	envelope.errorline = (struct str){ worst, sizeof(worst) };
	len = strlen(queue_line(1, &envelope, &state, buf));
	cr_expect_lt(len, sizeof(buf) - 1);
	cr_expect_str_eq(buf + len - 8, "\\M^A\\M^A");
}

static const struct {
	int64_t seconds;
	const char *text;
} test_delays[] = {
	{ -1, "0s" },
	{ 0, "0s" },
	{ 59, "59s" },
	{ 60, "1m" },
	{ 93784, "1d2h3m4s" },
	{ 86401, "1d1s" },
};

Test(queue_line, writes_delays)
{
	for (size_t i = 0; i < sizeof(test_delays) / sizeof(test_delays[0]);
	     i++) {
		char buf[QUEUE_DELAY_SIZE];

		cr_expect_str_eq(queue_delay(test_delays[i].seconds, buf),
		    test_delays[i].text);
	}
}
