/*
 * The lines of table programs.
 */
#include "runtime/lookup/tableproto.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

#define TEST_ID 0x12abu

/* Writing. */

Test(tableproto, config)
{
	char buf[256];
	size_t len = tableproto_write_config(STR_LIT("al"), buf, sizeof(buf));

	cr_expect(str_is((struct str){ buf, (uint32_t)len },
	    "config|smtpd-version|7.8.0-portable\n"
	    "config|protocol|0.1\n"
	    "config|tablename|al\n"
	    "config|ready\n"));
	cr_expect_eq(tableproto_write_config(STR_LIT("al"), buf, len), 0u);
	cr_expect_eq(tableproto_write_config(STR_LIT("a|l"), buf, 256), 0u);
	cr_expect_eq(tableproto_write_config(STR_LIT("a\nl"), buf, 256), 0u);
	cr_expect_eq(tableproto_write_config(STR_LIT(""), buf, 256), 0u);
}

struct test_request {
	enum tableproto_op op;
	unsigned service;
	char key[32];
	char line[96]; /* empty: it cannot be asked */
};

ParameterizedTestParameters(tableproto, requests)
{
#define TEST_HEAD "table|0.1|7.000042|al|"
	static struct test_request requests[] = {
		{ TABLEPROTO_UPDATE, 0, "", TEST_HEAD "update|000012ab\n" },
		{ TABLEPROTO_LOOKUP, SERVICE_ALIAS, "RooT",
		    TEST_HEAD "lookup|alias|000012ab|root\n" },
		{ TABLEPROTO_CHECK, SERVICE_DOMAIN, "a|b",
		    TEST_HEAD "check|domain|000012ab|a|b\n" },
		{ TABLEPROTO_CHECK, SERVICE_STRING, "",
		    TEST_HEAD "check|string|000012ab|\n" },
		{ TABLEPROTO_CHECK, TABLEPROTO_AUTH, "Ann:Pa:Ss",
		    TEST_HEAD "check|auth|000012ab|ann:Pa:Ss\n" },
		{ TABLEPROTO_FETCH, TABLEPROTO_SOURCE, "",
		    TEST_HEAD "fetch|source|000012ab\n" },
		{ TABLEPROTO_LOOKUP, SERVICE_ALIAS, "a\nb", "" },
		{ TABLEPROTO_LOOKUP, SERVICE_ALIAS, "a\rb", "" },
	};

	return cr_make_param_array(struct test_request, requests,
	    sizeof(requests) / sizeof(requests[0]));
}

ParameterizedTest(struct test_request *test, tableproto, requests)
{
	struct tableproto_request request = { .op = test->op,
		.service = test->service,
		.id = TEST_ID,
		.time = { 7, 42 },
		.table = STR_LIT("al"),
		.key = str_from(test->key) };
	char buf[TABLEPROTO_REQUEST_MAX];
	size_t len = tableproto_write(&request, buf, sizeof(buf));

	cr_expect(str_is((struct str){ buf, (uint32_t)len }, test->line),
	    "%.*s", (int)len, buf);
	for (size_t room = 0; room < len; room++)
		cr_expect_eq(tableproto_write(&request, buf, room), 0u);
}

Test(tableproto, key_with_nul)
{
	struct tableproto_request request = { .op = TABLEPROTO_CHECK,
		.table = STR_LIT("al"),
		.key = STR_LIT("a\0b") };
	char buf[TABLEPROTO_REQUEST_MAX];

	cr_expect_eq(tableproto_write(&request, buf, sizeof(buf)), 0u);
}

/* Reading. */

Test(tableproto, services)
{
	for (unsigned i = 0; i < TABLEPROTO_SERVICES; i++) {
		unsigned service = TABLEPROTO_SERVICES;
		char line[64], name[32];

		snprintf(line, sizeof(line), "register|%s",
		    tableproto_service_names(1u << i, "", name, sizeof(name)));
		cr_expect_eq(tableproto_read_register(str_from(line), &service),
		    TABLEPROTO_REGISTER_SERVICE);
		cr_expect_eq(service, i);
	}
}

Test(tableproto, names_of_services)
{
	unsigned services = 1u << SERVICE_ALIAS | 1u << SERVICE_DOMAIN;
	char buf[64];

	cr_expect_str_eq(tableproto_service_names(services, " or ", buf,
			     sizeof(buf)),
	    "domain or alias");
	cr_expect_str_eq(tableproto_service_names(services, ", ", buf, 5),
	    "doma");
	cr_expect_str_eq(tableproto_service_names(0, ", ", buf, 5), "");
}

struct test_register {
	char line[40];
	enum tableproto_register wanted;
};

ParameterizedTestParameters(tableproto, registers)
{
	static struct test_register lines[] = {
		{ "register|ready", TABLEPROTO_REGISTER_READY },
		{ "register|", TABLEPROTO_REGISTER_UNKNOWN },
		{ "register|aliases", TABLEPROTO_REGISTER_UNKNOWN },
		{ "register|alias|domain", TABLEPROTO_REGISTER_UNKNOWN },
		{ "register", TABLEPROTO_REGISTER_BAD },
		{ "register alias", TABLEPROTO_REGISTER_BAD },
		{ "register|alias\r", TABLEPROTO_REGISTER_BAD },
		{ "", TABLEPROTO_REGISTER_BAD },
		{ "config|ready", TABLEPROTO_REGISTER_BAD },
	};

	return cr_make_param_array(struct test_register, lines,
	    sizeof(lines) / sizeof(lines[0]));
}

ParameterizedTest(struct test_register *test, tableproto, registers)
{
	unsigned service;

	cr_expect_eq(tableproto_read_register(str_from(test->line), &service),
	    test->wanted, "%s", test->line);
}

struct test_answer {
	enum tableproto_op op;
	char line[64];
	enum tableproto_result wanted;
	char text[32];
};

ParameterizedTestParameters(tableproto, answers)
{
	static struct test_answer answers[] = {
		{ TABLEPROTO_UPDATE, "update-result|000012ab|ok",
		    TABLEPROTO_FOUND, "" },
		{ TABLEPROTO_UPDATE, "update-result|000012ab|error",
		    TABLEPROTO_ERROR, "" },
		{ TABLEPROTO_UPDATE, "update-result|000012ab|error|a | b",
		    TABLEPROTO_ERROR, "a | b" },
		{ TABLEPROTO_UPDATE, "update-result|000012ab|found",
		    TABLEPROTO_BAD, "" },
		{ TABLEPROTO_UPDATE, "update-result|000012ab|not-found",
		    TABLEPROTO_BAD, "" },
		{ TABLEPROTO_CHECK, "check-result|000012ab|found",
		    TABLEPROTO_FOUND, "" },
		{ TABLEPROTO_CHECK, "check-result|000012ab|not-found",
		    TABLEPROTO_NOT_FOUND, "" },
		{ TABLEPROTO_CHECK, "check-result|000012ab|found|x",
		    TABLEPROTO_BAD, "" },
		{ TABLEPROTO_CHECK, "check-result|000012ab|ok", TABLEPROTO_BAD,
		    "" },
		{ TABLEPROTO_LOOKUP, "lookup-result|000012ab|found|a|b, c",
		    TABLEPROTO_FOUND, "a|b, c" },
		{ TABLEPROTO_LOOKUP, "lookup-result|000012ab|found||",
		    TABLEPROTO_FOUND, "|" },
		{ TABLEPROTO_LOOKUP, "lookup-result|000012ab|found|",
		    TABLEPROTO_BAD, "" },
		{ TABLEPROTO_LOOKUP, "lookup-result|000012ab|found",
		    TABLEPROTO_BAD, "" },
		{ TABLEPROTO_LOOKUP, "lookup-result|000012ab|not-found",
		    TABLEPROTO_NOT_FOUND, "" },
		{ TABLEPROTO_LOOKUP, "lookup-result|000012ab|not-found|",
		    TABLEPROTO_BAD, "" },
		{ TABLEPROTO_LOOKUP, "lookup-result|000012AB|not-found",
		    TABLEPROTO_BAD, "" },
		{ TABLEPROTO_LOOKUP, "lookup-result|12ab|not-found",
		    TABLEPROTO_BAD, "" },
		{ TABLEPROTO_LOOKUP, "check-result|000012ab|not-found",
		    TABLEPROTO_BAD, "" },
		{ TABLEPROTO_LOOKUP, "", TABLEPROTO_BAD, "" },
		{ TABLEPROTO_FETCH, "fetch-result|000012ab|found|x",
		    TABLEPROTO_FOUND, "x" },
		{ TABLEPROTO_FETCH, "lookup-result|000012ab|found|x",
		    TABLEPROTO_FOUND, "x" },
		{ TABLEPROTO_FETCH, "fetch-result|000012ab|not-found",
		    TABLEPROTO_NOT_FOUND, "" },
	};

	return cr_make_param_array(struct test_answer, answers,
	    sizeof(answers) / sizeof(answers[0]));
}

/* Whatever it is cut to, nothing behind it is read (the sanitizer sees). */
ParameterizedTest(struct test_answer *test, tableproto, answers)
{
	struct str line = str_from(test->line), text;

	cr_expect_eq(tableproto_read(line, test->op, TEST_ID, &text),
	    test->wanted, "%s", test->line);
	cr_expect(str_is(text, test->text), "%s: %.*s", test->line,
	    STR_ARG(text));
	for (uint32_t len = 0; len < line.len; len++) {
		char *cut = malloc(len + (len == 0));

		cr_assert_not_null(cut);
		memcpy(cut, line.ptr, len);
		(void)tableproto_read((struct str){ cut, len }, test->op,
		    TEST_ID, &text);
		free(cut);
	}
}
