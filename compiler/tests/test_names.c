/*
 * The name spaces of a config, and the suggestions made from them.
 */
#include "compiler/names.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct arena names_arena;
static struct source_map names_map;
static struct diag_list names_diags;
static struct names names;
static struct source_file *names_file;

/* The text is one line of words; each is a declaration or a reference. */
static void
names_start(const char *text)
{
	size_t len = strlen(text);
	char *copy = calloc(1, len + 2);

	cr_assert_not_null(copy);
	memcpy(copy, text, len);
	arena_init(&names_arena, NULL);
	source_map_init(&names_map, &names_arena);
	diag_list_init(&names_diags, &names_arena, &names_map);
	names_init(&names, &names_arena);
	names_file = source_add(&names_map, "t", copy, len,
	    (struct srcpos){ 0, 0 });
	cr_assert_not_null(names_file);
}

static void
names_stop(void)
{
	source_map_fini(&names_map);
	arena_fini(&names_arena);
}

static struct word
names_word_at(const char *text)
{
	const char *at = strstr(names_file->text, text);
	uint32_t begin;

	cr_assert_not_null(at);
	begin = names_file->base + (uint32_t)(at - names_file->text);
	return (struct word){
		.ptr = at,
		.len = (uint32_t)strlen(text),
		.kind = WORD_BARE,
		.pos = { begin, begin + (uint32_t)strlen(text) },
	};
}

static struct stmt *
names_declare(enum names_kind kind, const char *text)
{
	struct stmt *stmt = ARENA_NEW(&names_arena, struct stmt);
	bool is_new;

	stmt->name = names_word_at(text);
	names_add(&names, kind, word_str(stmt->name), &is_new)->stmt = stmt;
	cr_assert(is_new);
	return stmt;
}

static struct diag *
names_ask(enum names_kind kind, struct word word)
{
	struct diag *diag = diag_report(&names_diags, CHECK_UNKNOWN_TABLE,
	    word.pos, "missing");

	names_suggest(&names, kind, word, &names_diags, diag);
	return diag;
}

Test(names, kinds_are_apart)
{
	struct stmt *table, *action;

	names_start("a");
	table = names_declare(NAMES_TABLE, "a");
	action = names_declare(NAMES_ACTION, "a");
	cr_expect_eq(names_find(&names, NAMES_TABLE, STR_LIT("a"))->stmt,
	    table);
	cr_expect_eq(names_find(&names, NAMES_ACTION, STR_LIT("a"))->stmt,
	    action);
	cr_expect_null(names_find(&names, NAMES_FILTER, STR_LIT("a")));
	names_stop();
}

Test(names, add_gives_the_first_again)
{
	struct stmt *first;
	bool is_new = true;

	names_start("a");
	first = names_declare(NAMES_PKI, "a");
	cr_expect_eq(names_add(&names, NAMES_PKI, STR_LIT("a"), &is_new)->stmt,
	    first);
	cr_expect_not(is_new);
	names_stop();
}

Test(names, suggests_the_nearest_of_the_kind)
{
	struct diag *diag;

	names_start("aliases alaises aliasse");
	names_declare(NAMES_TABLE, "aliases");
	names_declare(NAMES_ACTION, "aliasse");
	diag = names_ask(NAMES_TABLE, names_word_at("alaises"));
	cr_assert_not_null(diag->notes);
	cr_expect_eq(diag->notes->pos.begin,
	    names_word_at("aliases").pos.begin);
	cr_assert_not_null(diag->edits);
	cr_expect_str_eq(diag->edits->text, "aliases");
	names_stop();
}

Test(names, quotes_the_fix_of_a_quoted_word)
{
	struct word word;
	struct diag *diag;

	names_start("aliases alaises");
	names_declare(NAMES_TABLE, "aliases");
	word = names_word_at("alaises");
	word.kind = WORD_QUOTED;
	diag = names_ask(NAMES_TABLE, word);
	cr_assert_not_null(diag->edits);
	cr_expect_str_eq(diag->edits->text, "\"aliases\"");
	names_stop();
}

/* It was quoted for a reason: a reserved word, blanks. */
Test(names, quotes_the_fix_as_the_declaration_is)
{
	struct diag *diag;

	names_start("host hots");
	names_declare(NAMES_TABLE, "host")->name.kind = WORD_QUOTED;
	diag = names_ask(NAMES_TABLE, names_word_at("hots"));
	cr_assert_not_null(diag->edits);
	cr_expect_str_eq(diag->edits->text, "\"host\"");
	names_stop();
}

Test(names, suggests_nothing_far_away)
{
	struct diag *diag;

	names_start("aliases domains");
	names_declare(NAMES_TABLE, "aliases");
	diag = names_ask(NAMES_TABLE, names_word_at("domains"));
	cr_expect_null(diag->notes);
	cr_expect_null(diag->edits);
	names_stop();
}

Test(names, offers_no_fix_inside_a_macro)
{
	struct word word;
	struct diag *diag;

	names_start("aliases $m");
	names_declare(NAMES_TABLE, "aliases");
	word = names_word_at("$m");
	source_add_expansion(&names_map,
	    (struct source_expansion){ word.pos, word.pos });
	word.ptr = "alaises";
	word.len = 7;
	diag = names_ask(NAMES_TABLE, word);
	cr_expect_not_null(diag->notes);
	cr_expect_null(diag->edits);
	names_stop();
}

Test(names, searches_a_bounded_number_of_times)
{
	struct diag *diag = NULL;

	names_start("aliases alaises");
	names_declare(NAMES_TABLE, "aliases");
	for (unsigned i = 0; i < NAMES_SUGGESTIONS_MAX; i++)
		diag = names_ask(NAMES_TABLE, names_word_at("alaises"));
	cr_expect_not_null(diag->notes);
	diag = names_ask(NAMES_TABLE, names_word_at("alaises"));
	cr_expect_null(diag->notes);
	names_stop();
}
