/*
 * JSON lines: all members, nothing left out, always valid.
 */
#include "grammar/render.h"

#include <criterion/criterion.h>
#include <jansson.h>

#include "grammar/tests/diag_env.h"
#include "grammar/tests/render_env.h"

TestSuite(render_json, .init = env_init, .fini = env_fini);

Test(render_json, has_all_members)
{
	struct source_file *file = env_add("a", "one\ntwo\n");
	struct diag *diag = render_env_report(env_range(file, 1, 5), "msg");

	diag_note(&env_list, diag, env_find(file, "two"), "n");
	diag_note(&env_list, diag, env_nowhere, "m");
	diag_edit(&env_list, diag, env_find(file, "two\n"), "2");
	cr_expect_str_eq(render_env_all(RENDER_JSON, false),
	    "{\"file\":\"a\",\"line\":1,\"column\":2,"
	    "\"endLine\":2,\"endColumn\":2,"
	    "\"severity\":\"error\",\"id\":\"unknown-table\","
	    "\"message\":\"msg\",\"notes\":["
	    "{\"file\":\"a\",\"line\":2,\"column\":1,"
	    "\"endLine\":2,\"endColumn\":4,\"message\":\"n\"},"
	    "{\"file\":null,\"line\":null,\"column\":null,"
	    "\"endLine\":null,\"endColumn\":null,\"message\":\"m\"}],"
	    "\"fix\":[{\"file\":\"a\",\"line\":2,\"column\":1,"
	    "\"endLine\":3,\"endColumn\":1,\"replacement\":\"2\"}]}\n");
}

Test(render_json, shows_all_one_a_line)
{
	char *text;

	for (unsigned i = 0; i < 50; i++)
		diag_report(&env_list, CHECK_UNKNOWN_TABLE, env_nowhere, "%u",
		    i);
	text = render_env_all(RENDER_JSON, false);
	cr_expect_eq(render_env_count(text, "\n"), 50);
	cr_expect_eq(render_env_count(text, "{\"file\":null,"), 50);
}

Test(render_json, replaces_what_is_not_utf8)
{
	struct source_file *file = env_add("p\xff", "x\n");
	json_t *object;

	render_env_report(env_find(file, "x"), "\xc3\xa9 \xc3( \xff\xfe \x1b");
	object = json_loads(render_env_all(RENDER_JSON, false), 0, NULL);
	cr_assert_not_null(object);
	cr_expect_str_eq(json_string_value(json_object_get(object, "file")),
	    "p\xef\xbf\xbd");
	cr_expect_str_eq(json_string_value(json_object_get(object, "message")),
	    "\xc3\xa9 \xef\xbf\xbd( \xef\xbf\xbd\xef\xbf\xbd "
	    "\x1b");
	json_decref(object);
}

Test(render_json, span_ends_with_its_file)
{
	struct source_file *a = env_add("a", "abc");
	struct source_file *b = env_add("b", "def");

	render_env_report((struct srcpos){ a->base, b->base + 2 }, "x");
	cr_expect_not_null(strstr(render_env_all(RENDER_JSON, false),
	    "\"endLine\":1,\"endColumn\":4"));
}
