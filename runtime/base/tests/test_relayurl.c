/*
 * Relay URLs of both languages.
 */
#include "runtime/base/relayurl.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* "tls[ lmtp][ backup] label@host:port[ junk=...]" */
static void
test_print(const struct relayurl *url, char *out, size_t size)
{
	static const char *const tls[] = {
		[RELAYURL_TLS_NEVER] = "never",
		[RELAYURL_TLS_IF_OFFERED] = "if-offered",
		[RELAYURL_TLS_STARTTLS] = "starttls",
		[RELAYURL_TLS_SMTPS] = "smtps",
		[RELAYURL_TLS_BOTH] = "both",
	};

	snprintf(out, size, "%s%s%s %.*s@%.*s%s%u%s%.*s", tls[url->tls],
	    url->is_lmtp ? " lmtp" : "", url->is_backup ? " backup" : "",
	    STR_ARG(url->label), STR_ARG(url->host),
	    url->has_port ? ":" : "::", url->port,
	    url->junk.len > 0 ? " junk=" : "", STR_ARG(url->junk));
}

struct test_case {
	const char *text;
	const char *printed; /* "::" in front of a default port */
};

static void
test_parses(const struct test_case *test, enum relayurl_dialect dialect)
{
	struct relayurl url;
	enum relayurl_status status;
	char out[256];

	status = relayurl_parse(str_from(test->text), dialect, &url);
	cr_assert_eq(status, RELAYURL_OK, "%s: %s", test->text,
	    relayurl_status_text(status));
	test_print(&url, out, sizeof(out));
	cr_expect_str_eq(out, test->printed);
}

static const struct test_case test_legacy[] = {
	{ "mx.test", "if-offered @mx.test::25" },
	{ "mx.test:587", "if-offered @mx.test:587" },
	{ "smtp://mx.test", "never @mx.test::25" },
	{ "smtp+tls://mx.test", "if-offered @mx.test::25" },
	{ "tls://mx.test", "starttls @mx.test::25" },
	{ "tls+auth://me@mx.isp.net:587", "starttls me@mx.isp.net:587" },
	{ "smtps://mx.test", "smtps @mx.test::465" },
	{ "smtps+auth://L@mx.test", "smtps L@mx.test::465" },
	{ "secure://mx.test", "both @mx.test::25" },
	{ "secure+auth://L@mx.test:26", "both L@mx.test:26" },
	{ "lmtp://mx.test:24", "never lmtp @mx.test:24" },
	{ "backup://mx.test", "if-offered backup @mx.test::25" },
	{ "tls+backup://mx.test", "starttls backup @mx.test::25" },
	{ "TLS+Auth://L@mx.test", "starttls L@mx.test::25" },

	{ "smtp://h/path", "never @h::25 junk=/path" },
	{ "smtp://h/path:26", "never @h::25 junk=/path:26" },
	{ "smtp://h/a://b", "never @h::25 junk=/a://b" },
	{ "smtp://@h", "never @h::25" },
	{ "smtp://127.0.0.1:10027", "never @127.0.0.1:10027" },
	{ "smtp://[127.0.0.1]", "never @[127.0.0.1]::25" },
	{ "smtp://[::1]:26", "never @[::1]:26" },
	{ "smtp://[IPv6:::1]", "never @[IPv6:::1]::25" },
	{ "smtp://[::1]x", "never @[::1]::25 junk=x" },
	{ "smtp://a_b-c.test:1", "never @a_b-c.test:1" },
	{ "smtp://mx.test.", "never @mx.test.::25" },
	{ "tls+auth://l/b:c@h", "starttls l/b:c@h::25" },
	{ "tls+auth://mail.example.org@value1:587",
	    "starttls mail.example.org@value1:587" },
};

Test(relayurl, parses_legacy_urls)
{
	for (size_t i = 0; i < TEST_COUNT(test_legacy); i++)
		test_parses(&test_legacy[i], RELAYURL_LEGACY);
}

static const struct test_case test_modern[] = {
	{ "mx.test", "if-offered @mx.test::25" },
	{ "smtp://mx.test", "if-offered @mx.test::25" },
	{ "smtp+tls://mx.test", "starttls @mx.test::25" },
	{ "smtp+tls://me@mx.isp.net:587", "starttls me@mx.isp.net:587" },
	{ "smtp+notls://mx.test", "never @mx.test::25" },
	{ "smtps://mx.test", "smtps @mx.test::465" },
	{ "smtps://L@mx.test:466", "smtps L@mx.test:466" },
	{ "lmtp://localhost:24", "never lmtp @localhost:24" },
	{ "LMTP://[::1]:24", "never lmtp @[::1]:24" },
	{ "smtp://@h", "if-offered @h::25" },
};

Test(relayurl, parses_modern_urls)
{
	for (size_t i = 0; i < TEST_COUNT(test_modern); i++)
		test_parses(&test_modern[i], RELAYURL_MODERN);
}

struct test_fault {
	const char *text;
	enum relayurl_status status;
	const char *fault;
};

static void
test_fails(const struct test_fault *test, enum relayurl_dialect dialect)
{
	struct relayurl url;
	enum relayurl_status status;

	status = relayurl_parse(str_from(test->text), dialect, &url);
	cr_expect_eq(status, test->status, "%s: %s", test->text,
	    relayurl_status_text(status));
	cr_expect(str_is(url.fault, test->fault), "%s: at \"%.*s\"", test->text,
	    STR_ARG(url.fault));
	cr_expect(url.fault.ptr >= test->text &&
		url.fault.ptr + url.fault.len <=
		    test->text + strlen(test->text),
	    "%s: the fault lies outside", test->text);
}

static const struct test_fault test_legacy_faults[] = {
	{ "foo://x", RELAYURL_UNKNOWN_SCHEMA, "foo" },
	{ "smtp+notls://x", RELAYURL_UNKNOWN_SCHEMA, "smtp+notls" },
	{ "ssl://x", RELAYURL_UNKNOWN_SCHEMA, "ssl" },
	{ "://x", RELAYURL_UNKNOWN_SCHEMA, "" },
	{ "h/smtp://x", RELAYURL_UNKNOWN_SCHEMA, "h/smtp" },
	{ "tls+auth://h", RELAYURL_LABEL_MISSING, "" },
	{ "tls+auth://@h", RELAYURL_LABEL_MISSING, "" },
	{ "smtps://smtp@h", RELAYURL_LABEL_REFUSED, "smtp" },
	{ "l@h", RELAYURL_LABEL_REFUSED, "l" },
	{ "", RELAYURL_NO_HOST, "" },
	{ "smtp://", RELAYURL_NO_HOST, "" },
	{ "smtp://:25", RELAYURL_NO_HOST, "" },
	{ "smtp://*.test", RELAYURL_NO_HOST, "" },
	{ "smtp://-h", RELAYURL_BAD_HOST, "-h" },
	{ "smtp://a..b:25", RELAYURL_BAD_HOST, "a..b" },
	{ "smtp://[h]", RELAYURL_BAD_LITERAL, "[h]" },
	{ "smtp://[]", RELAYURL_BAD_LITERAL, "[]" },
	{ "smtp://[::1", RELAYURL_BAD_LITERAL, "[::1" },
	{ "smtp://[10.0.0.0/8]", RELAYURL_BAD_LITERAL, "[10.0.0.0/8]" },
	{ "smtp://2001:db8::1", RELAYURL_BARE_IPV6, "2001:db8::1" },
	{ "smtp://::1", RELAYURL_BARE_IPV6, "::1" },
	{ "smtp://h:", RELAYURL_BAD_PORT, "" },
	{ "smtp://h:0", RELAYURL_BAD_PORT, "0" },
	{ "smtp://h:65536", RELAYURL_BAD_PORT, "65536" },
	{ "smtp://h:25/x", RELAYURL_BAD_PORT, "25/x" },
	{ "smtp://h:smtp", RELAYURL_BAD_PORT, "smtp" },
	{ "lmtp://h", RELAYURL_PORT_MISSING, "" },
	{ "lmtp://h/24", RELAYURL_PORT_MISSING, "" },
};

Test(relayurl, tells_what_is_wrong_with_a_legacy_url)
{
	for (size_t i = 0; i < TEST_COUNT(test_legacy_faults); i++)
		test_fails(&test_legacy_faults[i], RELAYURL_LEGACY);
}

static const struct test_fault test_modern_faults[] = {
	{ "tls://h", RELAYURL_UNKNOWN_SCHEMA, "tls" },
	{ "tls+auth://l@h", RELAYURL_UNKNOWN_SCHEMA, "tls+auth" },
	{ "secure://h", RELAYURL_UNKNOWN_SCHEMA, "secure" },
	{ "backup://h", RELAYURL_UNKNOWN_SCHEMA, "backup" },
	{ "smtp://dragon@h", RELAYURL_LABEL_REFUSED, "dragon" },
	{ "smtp+notls://l@h", RELAYURL_LABEL_REFUSED, "l" },
	{ "lmtp://l@h:24", RELAYURL_LABEL_REFUSED, "l" },
	{ "smtp://mx.test.", RELAYURL_TRAILING_DOT, "mx.test." },
	{ "lmtp://h", RELAYURL_PORT_MISSING, "" },
};

Test(relayurl, tells_what_is_wrong_with_a_modern_url)
{
	for (size_t i = 0; i < TEST_COUNT(test_modern_faults); i++)
		test_fails(&test_modern_faults[i], RELAYURL_MODERN);
}

Test(relayurl, accepts_1023_bytes)
{
	char buf[1024];
	struct relayurl url;

	memset(buf, '/', sizeof(buf));
	memcpy(buf, "smtp://h", 8);
	cr_expect_eq(relayurl_parse((struct str){ buf, 1023 }, RELAYURL_LEGACY,
			 &url),
	    RELAYURL_OK);
	cr_expect_eq(relayurl_parse((struct str){ buf, 1024 }, RELAYURL_LEGACY,
			 &url),
	    RELAYURL_TOO_LONG);
}

Test(relayurl, stores_the_address_of_a_literal)
{
	struct relayurl url;
	char buf[NETADDR_TEXT_SIZE];

	cr_assert_eq(relayurl_parse(STR_LIT("smtp://[IPv6:2001:db8::1]"),
			 RELAYURL_MODERN, &url),
	    RELAYURL_OK);
	cr_expect(url.is_literal);
	cr_expect_str_eq(netaddr_format(&url.address, buf), "2001:db8::1");
}

Test(relayurl, takes_a_bare_ipv4_address_for_a_name)
{
	struct relayurl url;

	cr_assert_eq(relayurl_parse(STR_LIT("smtp://10.0.0.1"), RELAYURL_MODERN,
			 &url),
	    RELAYURL_OK);
	cr_expect_not(url.is_literal);
	cr_expect_eq(url.address.family, 0);
}

static const struct {
	const char *url;
	const char *modern;
} test_forms[] = {
	{ "tls://h", "smtp+tls" },
	{ "tls+auth://l@h", "smtp+tls" },
	{ "smtps+auth://l@h", "smtps" },
	{ "Secure://h", "smtp+tls" },
	{ "secure+auth://l@h", "smtp+tls" },
	{ "ssl://h", "smtp+tls" },
	{ "ssl+auth://l@h", "smtp+tls" },
	{ "backup://h", NULL },
	{ "smtp://h", NULL },
	{ "smtps://h", NULL },
	{ "foo://h", NULL },
	{ "h", NULL },
};

Test(relayurl, names_the_modern_schema)
{
	for (size_t i = 0; i < TEST_COUNT(test_forms); i++) {
		const char *form =
		    relayurl_modern_form(str_from(test_forms[i].url));

		if (test_forms[i].modern == NULL)
			cr_expect_null(form, "%s", test_forms[i].url);
		else
			cr_expect_str_eq(form, test_forms[i].modern, "%s",
			    test_forms[i].url);
	}
}

static unsigned
test_count_schemas(enum relayurl_dialect dialect)
{
	unsigned count = 0;

	while (relayurl_schema_name(dialect, count) != NULL)
		count++;
	return count;
}

Test(relayurl, lists_the_schemas_of_each_language)
{
	cr_expect_eq(test_count_schemas(RELAYURL_LEGACY), 11);
	cr_expect_eq(test_count_schemas(RELAYURL_MODERN), 5);
	cr_expect_null(relayurl_schema_name(RELAYURL_MODERN, 100));
}

Test(relayurl, has_a_text_for_each_status)
{
	for (unsigned i = 0; i < RELAYURL_STATUS_COUNT; i++)
		cr_expect_not_null(relayurl_status_text((enum relayurl_status)
			i));
}
