/*
 * Sources of tables, as written and of the spellings of 5.x.
 */
#include "compiler/tablesrc.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct test_source {
	char text[32];
	unsigned flags;
	enum tablesrc_kind kind;
	char backend[16];
	char config[24];
	bool has_config;
};

ParameterizedTestParameters(tablesrc, sources)
{
	static struct test_source sources[] = {
		{ "/etc/x", 0, TABLESRC_FILE, "", "/etc/x", true },
		{ "file:/etc/x", 0, TABLESRC_FILE, "file", "/etc/x", true },
		{ "static:/x", 0, TABLESRC_FILE, "static", "/x", true },
		{ "db:/etc/x.db", 0, TABLESRC_DB, "db", "/etc/x.db", true },
		{ "getpwnam", 0, TABLESRC_GETPWNAM, "getpwnam", "", false },
		{ "proc:/bin/x", 0, TABLESRC_PROGRAM, "proc", "/bin/x", true },
		{ "quux", 0, TABLESRC_PROGRAM, "quux", "", false },
		{ "FILE:/x", 0, TABLESRC_PROGRAM, "FILE", "/x", true },
		{ "file", 0, TABLESRC_FILE, "file", "", false },
		{ "file:", 0, TABLESRC_FILE, "file", "", true },
		{ "file:a:b", 0, TABLESRC_FILE, "file", "a:b", true },
		{ ":/x", 0, TABLESRC_PROGRAM, "", "/x", true },
		{ "", 0, TABLESRC_PROGRAM, "", "", false },
		{ "/x.db", STMT_OLD, TABLESRC_DB, "", "/x.db", true },
		{ "/x", STMT_OLD | STMT_OLD_PLAIN, TABLESRC_FILE, "", "/x",
		    true },
		{ "db:/x", STMT_OLD | STMT_OLD_WORD, TABLESRC_DB, "db", "/x",
		    true },
	};

	return cr_make_param_array(struct test_source, sources,
	    sizeof(sources) / sizeof(sources[0]));
}

ParameterizedTest(struct test_source *source, tablesrc, sources)
{
	struct stmt stmt = {
		.kind = STMT_TABLE,
		.flags = source->flags,
		.value = { .ptr = source->text,
		    .len = (uint32_t)strlen(source->text),
		    .kind = WORD_QUOTED },
	};
	struct tablesrc src;

	tablesrc_parse(&stmt, &src);
	cr_expect_eq((int)src.kind, (int)source->kind, "%s", source->text);
	cr_expect(str_is(src.backend, source->backend), "%s", source->text);
	cr_expect(str_is(src.config, source->config), "%s", source->text);
	cr_expect_eq(src.has_config, source->has_config, "%s", source->text);
}

Test(tablesrc, inline_table)
{
	struct list list = { 0 };
	struct stmt stmt = { .kind = STMT_TABLE, .list = &list };
	struct tablesrc src;

	tablesrc_parse(&stmt, &src);
	cr_expect_eq((int)src.kind, TABLESRC_INLINE);
	cr_expect_not(src.has_config);
}

/* Of a declaration that was lost only the name is known. */
Test(tablesrc, lost_declaration)
{
	struct stmt stmt = { .kind = STMT_TABLE, .flags = STMT_LOST };
	struct tablesrc src;

	tablesrc_parse(&stmt, &src);
	cr_expect_eq((int)src.kind, TABLESRC_PROGRAM);
	cr_expect_eq(src.backend.len, 0);
}

Test(tablesrc, usual_backends_end)
{
	unsigned count = 0;

	while (tablesrc_backend_name(count) != NULL)
		count++;
	cr_expect(str_is(str_from(tablesrc_backend_name(0)), "file"));
	cr_expect_gt(count, 5);
}
