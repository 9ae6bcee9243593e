/*
 * Envelope files: the grammar, the limits, and round trips.
 */
#include "runtime/queue/envelope.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define TEST_HEAD \
	"version: 3\ndispatcher: d\ntype: mda\nsmtpname: mx\nhelo: h\n" \
	"hostname: n\nsockaddr: 127.0.0.1\nsender: s@a\nrcpt: r@b\n" \
	"dest: r@b\nctime: 1795441598\n"
#define TEST_COUNTERS \
	"last-try: 0\nlast-bounce: 0\nttl: 0\nretry: 0\ndsn-notify: 0\n"
#define TEST_V2 \
	"version: 2\ntype: mda\nhelo: h\nhostname: n\nsockaddr: IPv6:::1\n" \
	"sender: @\nrcpt: r@b\ndest: r@b\nctime: 1\n"

static enum envelope_status
test_read(const char *text, struct envelope *envelope)
{
	struct str field;

	return envelope_read(str_from(text), envelope, &field);
}

static struct envelope
test_envelope(void)
{
	return (struct envelope){
		.type = ENVELOPE_MDA,
		.dispatcher = STR_LIT("d"),
		.smtpname = STR_LIT("mx"),
		.helo = STR_LIT("h"),
		.hostname = STR_LIT("n"),
		.sockaddr = STR_LIT("127.0.0.1"),
		.sender = STR_LIT("s@a"),
		.rcpt = STR_LIT("r@b"),
		.dest = STR_LIT("r@b"),
		.ctime = 1795441598,
	};
}

static void
test_expect_text(const struct envelope *envelope, const char *text)
{
	char buf[ENVELOPE_TEXT_MAX];
	size_t len = envelope_write(envelope, buf, sizeof(buf));

	cr_expect_eq(len, strlen(text), "%zu bytes: %.*s", len, (int)len, buf);
	cr_expect_eq(memcmp(buf, text, len), 0, "%.*s", (int)len, buf);
}

Test(envelope, writes_least)
{
	struct envelope envelope = test_envelope();

	test_expect_text(&envelope, TEST_HEAD TEST_COUNTERS);
}

Test(envelope, writes_everything_in_order)
{
	struct envelope envelope = test_envelope();

	envelope.tag = STR_LIT("t");
	envelope.username = STR_LIT("u");
	envelope.errorline = STR_LIT("e: f");
	envelope.flags = ENVELOPE_AUTHENTICATED | ENVELOPE_INTERNAL;
	envelope.dsn_ret = ENVELOPE_RET_HDRS;
	envelope.dsn_envid = STR_LIT("id");
	envelope.dsn_orcpt = STR_LIT("rfc822;o@b");
	envelope.esc_class = 4;
	envelope.mda_exec = STR_LIT("/bin/x %{rcpt}");
	envelope.mda_subaddress = STR_LIT("sub");
	envelope.mda_user = STR_LIT("joe");
	test_expect_text(&envelope,
	    "version: 3\ndispatcher: d\ntag: t\ntype: mda\nsmtpname: mx\n"
	    "helo: h\nhostname: n\nusername: u\nerrorline: e: f\n"
	    "sockaddr: 127.0.0.1\nsender: s@a\nrcpt: r@b\ndest: r@b\n"
	    "ctime: 1795441598\nlast-try: 0\nlast-bounce: 0\nttl: 0\nretry: 0\n"
	    "flags: authenticated internal\ndsn-notify: 0\ndsn-ret: HDRS\n"
	    "dsn-envid: id\ndsn-orcpt: rfc822;o@b\nesc-class: 4\nesc-code: 0\n"
	    "mda-exec: /bin/x %{rcpt}\nmda-subaddress: sub\nmda-user: joe\n");
}

Test(envelope, writes_delays_of_delayed_bounces_only)
{
	struct envelope envelope = test_envelope();
	char buf[ENVELOPE_TEXT_MAX + 1];

	envelope.type = ENVELOPE_BOUNCE;
	envelope.bounce_delay = 3;
	envelope.bounce_type = ENVELOPE_FAILED;
	buf[envelope_write(&envelope, buf, ENVELOPE_TEXT_MAX)] = '\0';
	cr_expect_not_null(strstr(buf, "\nbounce-type: failed\n"));
	cr_expect_null(strstr(buf, "bounce-delay"));
	envelope.bounce_type = ENVELOPE_DELAYED;
	buf[envelope_write(&envelope, buf, ENVELOPE_TEXT_MAX)] = '\0';
	cr_expect_not_null(strstr(buf,
	    "\nbounce-delay: 3\nbounce-type: delayed\n"));
}

Test(envelope, makes_blanks_of_line_ends_in_the_error)
{
	struct envelope envelope = test_envelope(), again;
	char buf[ENVELOPE_TEXT_MAX];
	struct str field;
	size_t len;

	envelope.errorline = STR_LIT("553-\r\nmda-exec: id\nx\0y");
	len = envelope_write(&envelope, buf, sizeof(buf));
	cr_assert_eq(envelope_read((struct str){ buf, (uint32_t)len }, &again,
			 &field),
	    ENVELOPE_OK);
	cr_expect(str_is(again.errorline, "553-  mda-exec: id x y"));
	cr_expect_eq(again.mda_exec.len, 0);
}

Test(envelope, refuses_line_ends_elsewhere)
{
	static const char *const values[] = { "a\nb", "a\rb", "a\n", "\r" };
	char buf[ENVELOPE_TEXT_MAX];

	for (size_t i = 0; i < TEST_COUNT(values); i++) {
		struct envelope envelope = test_envelope();

		envelope.username = str_from(values[i]);
		cr_expect_eq(envelope_write(&envelope, buf, sizeof(buf)), 0);
		envelope = test_envelope();
		envelope.mda_exec = str_from(values[i]);
		cr_expect_eq(envelope_write(&envelope, buf, sizeof(buf)), 0);
	}
}

Test(envelope, refuses_to_write_what_is_missing_or_too_long)
{
	static char longest[ENVELOPE_LINE_MAX + 1];
	struct envelope envelope = test_envelope();
	char buf[ENVELOPE_TEXT_MAX];

	memset(longest, 'x', sizeof(longest));
	cr_assert_neq(envelope_write(&envelope, buf, sizeof(buf)), 0);
	envelope.errorline = (struct str){ longest, ENVELOPE_LINE_MAX };
	cr_expect_neq(envelope_write(&envelope, buf, sizeof(buf)), 0);
	envelope.errorline.len++;
	cr_expect_eq(envelope_write(&envelope, buf, sizeof(buf)), 0);
	envelope = test_envelope();
	envelope.helo.len = 0;
	cr_expect_eq(envelope_write(&envelope, buf, sizeof(buf)), 0);
	envelope = test_envelope();
	envelope.sender = STR_LIT("nobody");
	cr_expect_eq(envelope_write(&envelope, buf, sizeof(buf)), 0);
	envelope = test_envelope();
	envelope.retry = UINT16_MAX + 1;
	cr_expect_eq(envelope_write(&envelope, buf, sizeof(buf)), 0);
	envelope = test_envelope();
	envelope.type = ENVELOPE_TYPES;
	cr_expect_eq(envelope_write(&envelope, buf, sizeof(buf)), 0);
}

Test(envelope, needs_the_room)
{
	struct envelope envelope = test_envelope();
	size_t len = strlen(TEST_HEAD TEST_COUNTERS);
	char buf[ENVELOPE_TEXT_MAX];

	for (size_t room = 0; room < len; room++)
		cr_expect_eq(envelope_write(&envelope, buf, room), 0);
	cr_expect_eq(envelope_write(&envelope, buf, len), len);
}

static const struct {
	const char *text;
	enum envelope_status status;
} test_texts[] = {
	{ TEST_HEAD, ENVELOPE_OK },
	{ TEST_HEAD "TTL: 1\n", ENVELOPE_OK },
	{ TEST_HEAD "flags: bounce,internal|authenticated\n", ENVELOPE_OK },
	{ TEST_HEAD "flags: enqueued\n", ENVELOPE_OK },
	{ TEST_HEAD "retry: 65535\n", ENVELOPE_OK },
	{ TEST_HEAD "dsn-ret: full\n", ENVELOPE_OK },
	{ TEST_HEAD "errorline: caf\xc3\xa9\t\xff\n", ENVELOPE_OK },
	{ "", ENVELOPE_MISSING_FIELD },
	{ "type: mda\n", ENVELOPE_MISSING_FIELD },
	{ "version: 1\n", ENVELOPE_VERSION_MISMATCH },
	{ "version: 4\n", ENVELOPE_VERSION_MISMATCH },
	{ "version: 3\n", ENVELOPE_MISSING_FIELD },
	{ TEST_HEAD "\n", ENVELOPE_BAD_LINE },
	{ TEST_HEAD "ttl: 1", ENVELOPE_BAD_LINE },
	{ TEST_HEAD "ttl:1\n", ENVELOPE_BAD_LINE },
	{ TEST_HEAD "ttl : 1\n", ENVELOPE_BAD_LINE },
	{ TEST_HEAD "ttl: \n", ENVELOPE_BAD_LINE },
	{ TEST_HEAD " ttl: 1\n", ENVELOPE_BAD_LINE },
	{ TEST_HEAD "ttl\n", ENVELOPE_BAD_LINE },
	{ TEST_HEAD ": 1\n", ENVELOPE_BAD_LINE },
	{ TEST_HEAD "\xff: 1\n", ENVELOPE_BAD_LINE },
	{ TEST_HEAD "ttl: 1\r\n", ENVELOPE_BAD_FIELD },
	{ TEST_HEAD "ttl: -1\n", ENVELOPE_BAD_FIELD },
	{ TEST_HEAD "ttl: +1\n", ENVELOPE_BAD_FIELD },
	{ TEST_HEAD "ttl: 0x1\n", ENVELOPE_BAD_FIELD },
	{ TEST_HEAD "ttl: 9223372036854775808\n", ENVELOPE_BAD_FIELD },
	{ TEST_HEAD "ttl: 18446744073709551616\n", ENVELOPE_BAD_FIELD },
	{ TEST_HEAD "retry: 65536\n", ENVELOPE_BAD_FIELD },
	{ TEST_HEAD "flags: other\n", ENVELOPE_BAD_FIELD },
	{ TEST_HEAD "dsn-ret: NONE\n", ENVELOPE_BAD_FIELD },
	{ TEST_HEAD "colour: red\n", ENVELOPE_UNKNOWN_FIELD },
	{ TEST_HEAD "expire: 1\n", ENVELOPE_UNKNOWN_FIELD },
	{ TEST_HEAD "bounce-type: failed\n", ENVELOPE_UNKNOWN_FIELD },
	{ TEST_HEAD "type: mta\n", ENVELOPE_REPEATED_FIELD },
	{ TEST_HEAD "Helo: other\n", ENVELOPE_REPEATED_FIELD },
	{ TEST_V2, ENVELOPE_OK },
	{ TEST_V2 "expire: 86400\nmda-method: maildir\nmda-buffer: ~/M\n",
	    ENVELOPE_OK },
	{ TEST_V2 "dispatcher: d\n", ENVELOPE_UNKNOWN_FIELD },
	{ TEST_V2 "mta-relay: smtp://a\n", ENVELOPE_UNKNOWN_FIELD },
};

Test(envelope, reads_by_the_grammar)
{
	for (size_t i = 0; i < TEST_COUNT(test_texts); i++) {
		struct envelope envelope;
		enum envelope_status status;

		status = test_read(test_texts[i].text, &envelope);
		cr_expect_eq(status, test_texts[i].status, "%s: %s",
		    test_texts[i].text, envelope_status_text(status));
	}
}

static const struct {
	const char *value;
	bool is_valid;
} test_sockaddrs[] = {
	{ "local", true },
	{ "192.0.2.1", true },
	{ "[2001:db8::1]", true },
	{ "[fe80::1%lo0]", true },
	{ "IPv6:2001:db8::1", true },
	{ "Local", false },
	{ "192.0.2", false },
	{ "[2001:db8::1", false },
	{ "[]", false },
	{ "mx.example", false },
	{ "127.0.0.1:25", false },
};

Test(envelope, reads_addresses_of_clients)
{
	for (size_t i = 0; i < TEST_COUNT(test_sockaddrs); i++) {
		struct envelope envelope = test_envelope();
		char buf[ENVELOPE_TEXT_MAX];

		envelope.sockaddr = str_from(test_sockaddrs[i].value);
		cr_expect_eq(envelope_write(&envelope, buf, sizeof(buf)) > 0,
		    test_sockaddrs[i].is_valid, "%s", test_sockaddrs[i].value);
	}
}

Test(envelope, refuses_a_nul)
{
	static const char text[] = TEST_HEAD "tag: a\0b\n";
	struct envelope envelope;
	struct str field;

	cr_expect_eq(envelope_read((struct str){ text, sizeof(text) - 1 },
			 &envelope, &field),
	    ENVELOPE_BAD_LINE);
}

Test(envelope, refuses_all_that_is_cut_off)
{
	static const char text[] = TEST_HEAD;
	size_t must = sizeof(text) - 1;

	for (uint32_t len = 0; len < must; len++) {
		struct envelope envelope;
		struct str field;

		cr_expect_neq(envelope_read((struct str){ text, len },
				  &envelope, &field),
		    ENVELOPE_OK, "the first %u bytes", len);
	}
}

Test(envelope, names_the_field)
{
	struct envelope envelope;
	struct str field;

	envelope_read(str_from(TEST_HEAD "retry: x\n"), &envelope, &field);
	cr_expect(str_is(field, "retry"));
	envelope_read(STR_LIT("version: 3\n"), &envelope, &field);
	cr_expect(str_is(field, "dispatcher"));
}
