#include "compiler/dump_redact.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

/* The first four bytes of SHA-256 of "secret". */
#define MARK "<redacted sha256:2bb80d53>"

static struct arena arena;
static struct dump_redact redact;
static struct ir_table tables[3];
static struct ir ir;

/* Table 0 is for listeners' auth, 1 for hosts of relays, 2 for nothing. */
static void
setup(void)
{
	static struct ir_listener listener = {
		.credentials = 0,
	};
	static struct ir_action action = {
		.method = IR_RELAY,
		.relay = { .hosts = 1, .domains = IR_NONE, .auth = IR_NONE },
	};

	ir = (struct ir){
		.tables = tables,
		.table_count = 3,
		.listeners = &listener,
		.listener_count = 1,
		.actions = &action,
		.action_count = 1,
	};
	arena_init(&arena, NULL);
	dump_redact_init(&redact, &arena, &ir, false);
}

static void
teardown(void)
{
	arena_fini(&arena);
}

TestSuite(dump_redact, .init = setup, .fini = teardown);

struct url_case {
	char url[64];
	char shown[80];
};

ParameterizedTestParameters(dump_redact, url)
{
	static struct url_case cases[] = {
		{ "", "" },
		{ "host", "host" },
		{ "host:25", "host:25" },
		{ "smtp://host:25", "smtp://host:25" },
		{ "smtps://label@host:465", "smtps://label@host:465" },
		{ "smtp://[::1]:25", "smtp://[::1]:25" },
		{ "smtps://label@[::1]:465", "smtps://label@[::1]:465" },
		{ "smtps://joe:secret@host", "smtps://joe:" MARK "@host" },
		{ "smtps://joe:secret@host:465",
		    "smtps://joe:" MARK "@host:465" },
		{ "joe:secret@host", "joe:" MARK "@host" },
		{ "smtps://:secret@host", "smtps://:" MARK "@host" },
		{ "smtps://joe:@host", "smtps://joe:@host" },
		{ "smtps://joe:s@ecret@host",
		    "smtps://joe:<redacted sha256:e075dbb8>@host" },
	};

	return cr_make_param_array(struct url_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct url_case *c, dump_redact, url)
{
	struct str shown = dump_redact_url(&redact, str_from(c->url));

	cr_assert(str_is(shown, c->shown), "%.*s, not %s", STR_ARG(shown),
	    c->shown);
}

Test(dump_redact, no_secret_is_none)
{
	cr_assert(str_is(dump_redact_secret(&redact, STR_LIT("")), ""));
}

Test(dump_redact, a_secret_is_its_digest)
{
	cr_assert(str_is(dump_redact_secret(&redact, STR_LIT("secret")), MARK));
}

Test(dump_redact, everything_shows_on_request)
{
	dump_redact_init(&redact, &arena, &ir, true);
	cr_assert(str_is(dump_redact_secret(&redact, STR_LIT("secret")),
	    "secret"));
	cr_assert(str_is(dump_redact_url(&redact, STR_LIT("a:secret@b")),
	    "a:secret@b"));
}

Test(dump_redact, the_queue_key_may_come_from_elsewhere)
{
	cr_assert(str_is(dump_redact_queue_key(&redact, STR_LIT("STDIN")),
	    "STDIN"));
	cr_assert(str_is(dump_redact_queue_key(&redact, STR_LIT("-")), "-"));
	cr_assert(str_is(dump_redact_queue_key(&redact, STR_LIT("secret")),
	    MARK));
}

Test(dump_redact, values_of_credentials)
{
	tables[0].kind = IR_TABLE_MAPPING;
	cr_assert(str_is(dump_redact_key(&redact, &tables[0], STR_LIT("joe")),
	    "joe"));
	cr_assert(str_is(dump_redact_value(&redact, &tables[0],
			     STR_LIT("secret")),
	    MARK));
}

Test(dump_redact, elements_of_a_list_of_credentials)
{
	tables[0].kind = IR_TABLE_LIST;
	cr_assert(str_is(dump_redact_key(&redact, &tables[0],
			     STR_LIT("secret")),
	    MARK));
}

Test(dump_redact, urls_in_tables_of_hosts)
{
	tables[1].kind = IR_TABLE_LIST;
	cr_assert(str_is(dump_redact_key(&redact, &tables[1],
			     STR_LIT("a:secret@b")),
	    "a:" MARK "@b"));
}

Test(dump_redact, other_tables_show)
{
	tables[2].kind = IR_TABLE_MAPPING;
	cr_assert(str_is(dump_redact_value(&redact, &tables[2],
			     STR_LIT("a:secret@b")),
	    "a:secret@b"));
}

Test(dump_redact, a_path_with_a_colon_is_no_url)
{
	tables[2].config = STR_LIT("/etc/a:b@c");
	cr_assert(str_is(dump_redact_config(&redact, &tables[2]),
	    "/etc/a:b@c"));
}

Test(dump_redact, a_url_of_a_table_program)
{
	tables[2].config = STR_LIT("ldap://joe:secret@host/dc=x");
	cr_assert(str_is(dump_redact_config(&redact, &tables[2]),
	    "ldap://joe:" MARK "@host/dc=x"));
}

Test(dump_redact, a_url_whose_schema_names_the_program)
{
	tables[2].config = STR_LIT("//joe:secret@host/dc=x");
	cr_assert(str_is(dump_redact_config(&redact, &tables[2]),
	    "//joe:" MARK "@host/dc=x"));
}
