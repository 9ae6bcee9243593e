/*
 * Texts to trees: order, shape and places of statements, inclusion through
 * the callback, what is kept of lost statements, and definitions.
 */
#include "grammar/parse.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <errno.h>

#include "grammar/tests/diag_env.h"

/* The files that can be included; ino is the index. */
struct parse_file {
	const char *path;
	const char *text;
};

static const struct parse_file *env_files;
static unsigned env_reads;

static void
parse_copy(const char *from, uint64_t ino, struct parse_text *text_r)
{
	size_t len = strlen(from);
	char *text = calloc(1, len + 2);

	cr_assert_not_null(text);
	memcpy(text, from, len);
	*text_r = (struct parse_text){ text, len, 1, ino };
}

static int
parse_read(void *arg, const char *path, struct parse_text *text_r)
{
	(void)arg;
	env_reads++;
	for (uint64_t i = 0; env_files != NULL && env_files[i].path != NULL;
	     i++) {
		if (strcmp(env_files[i].path, path) != 0)
			continue;
		parse_copy(env_files[i].text, i, text_r);
		return 0;
	}
	return -ENOENT;
}

/* Every file includes another one that nobody has seen before. */
static int
parse_read_endless(void *arg, const char *path, struct parse_text *text_r)
{
	(void)arg;
	(void)path;
	parse_copy("include \"next\"\n", ++env_reads, text_r);
	return 0;
}

static struct tree *
parse_with(struct parse_options *options, const char *text)
{
	struct parse_text main_text;
	struct tree *tree;

	env_init();
	if (options->read == NULL)
		options->read = parse_read;
	parse_copy(text, UINT64_MAX, &main_text);
	cr_assert_eq(parse_config(options, &env_list, "main", &main_text,
			 &tree),
	    PARSE_OK);
	return tree;
}

static struct tree *
parse_text(const char *text)
{
	struct parse_options options = { .has_target = false };

	return parse_with(&options, text);
}

static unsigned
parse_reports(void)
{
	unsigned count = 0;

	for (const struct diag *d = env_list.head; d != NULL; d = d->next)
		count++;
	return count;
}

static void
parse_expect_text(struct srcpos pos, const char *text)
{
	struct str found = source_text(&env_map, pos);

	cr_expect(str_is(found, text), "'%.*s' is not '%s'", STR_ARG(found),
	    text);
}

Test(parse, keeps_statements_in_order)
{
	static const enum stmt_kind kinds[] = { STMT_MACRO, STMT_TABLE,
		STMT_LISTEN, STMT_LISTEN_SOCKET, STMT_PKI, STMT_ACTION,
		STMT_MATCH, STMT_MATCH };
	struct tree *tree = parse_text("m = x\n"
				       "table t { a }\n"
				       "listen on lo\n"
				       "listen on socket\n"
				       "pki x cert \"/c\"\n"
				       "action a relay\n"
				       "match for any action a\n"
				       "match reject\n");
	const struct stmt *stmt = tree->stmts;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		cr_assert_not_null(stmt);
		cr_expect_eq(stmt->kind, kinds[i], "statement %zu", i);
		stmt = stmt->next;
	}
	cr_expect_null(stmt);
	cr_expect_eq(tree->rule_count, 2u);
	cr_expect_eq(parse_reports(), 0u);
	env_fini();
}

Test(parse, gives_clauses_their_places)
{
	struct tree *tree = parse_text("action a relay host <h> tls no-verify\n"
				       "match ! from src \"x y\" for any "
				       "action a\n");
	const struct clause *c = tree->stmts->clauses;

	parse_expect_text(tree->stmts->pos,
	    "action a relay host <h> tls no-verify");
	cr_assert_eq(c->kind, CLAUSE_RELAY);
	c = c->next;
	cr_assert_eq(c->kind, CLAUSE_HOST);
	parse_expect_text(c->pos, "host <h>");
	cr_expect_eq(c->table->kind, TABREF_NAMED);
	parse_expect_text(c->table->pos, "<h>");
	parse_expect_text(c->table->word.pos, "h");
	c = c->next;
	cr_assert_eq(c->kind, CLAUSE_TLS);
	parse_expect_text(c->qualifier, "no-verify");
	cr_expect_null(c->next);

	c = tree->stmts->next->clauses;
	cr_assert_eq(c->kind, CLAUSE_FROM_SRC);
	cr_expect(c->flags & CLAUSE_NEGATED);
	parse_expect_text(c->pos, "! from src \"x y\"");
	cr_expect(str_is(word_str(c->table->word), "x y"));
	parse_expect_text(c->table->word.pos, "\"x y\"");
	env_fini();
}

Test(parse, counts_elements)
{
	struct tree *tree = parse_text("table t { a, b\nc }\n"
				       "table u { k = v, l => w }\n");
	const struct list *list = tree->stmts->list;

	cr_expect_eq(list->count, 3u);
	cr_expect_eq(list->flags & LIST_MAPPING, 0u);
	cr_expect(srcpos_is_none(list->loose_break));
	parse_expect_text(list->pos, "{ a, b\nc }");
	list = tree->stmts->next->list;
	cr_expect_eq(list->count, 2u);
	cr_expect(list->flags & LIST_MAPPING);
	cr_expect(str_is(word_str(list->last->key), "l"));
	cr_expect(str_is(word_str(list->last->value), "w"));
	env_fini();
}

struct loose {
	char text[40];
	uint32_t offset; /* of the first break; 0: none */
};

ParameterizedTestParameters(parse, finds_loose_breaks)
{
	static struct loose lists[] = {
		{ "table t { a\nb }\n", 0 },
		{ "table t {\na }\n", 9 },
		{ "table t { a\n}\n", 11 },
		{ "table t { a,\nb }\n", 12 },
		{ "table t {\na,\nb\n}\n", 9 },
		{ "table t {\na = b,\nc = d\n}\n", 9 },
	};

	return cr_make_param_array(struct loose, lists,
	    sizeof(lists) / sizeof(lists[0]));
}

ParameterizedTest(struct loose *loose, parse, finds_loose_breaks)
{
	struct tree *tree = parse_text(loose->text);
	struct srcpos pos = tree->stmts->list->loose_break;

	if (loose->offset == 0)
		cr_expect(srcpos_is_none(pos));
	else
		cr_expect_eq(pos.begin - tree->main_file->base, loose->offset);
	env_fini();
}

Test(parse, follows_inclusions)
{
	static const struct parse_file files[] = {
		{ "one", "table a { x }\ninclude \"two\"\ntable c { x }" },
		{ "two", "table b { x }\n" },
		{ NULL, NULL },
	};
	static const char *const names[] = { "a", "b", "c", "d", "e" };
	struct tree *tree;
	unsigned count = 0;

	env_files = files;
	tree = parse_text("include one table d { x }\ntable e { x }\n");
	for (const struct stmt *s = tree->stmts; s != NULL; s = s->next) {
		if (s->kind != STMT_TABLE)
			continue;
		cr_assert_lt(count, 5u);
		cr_expect(str_is(word_str(s->name), names[count]), "%u", count);
		count++;
	}
	cr_expect_eq(count, 5u);
	cr_expect_eq(parse_reports(), 0u);
	cr_expect_eq(env_map.file_count, 3u);
	parse_expect_text(env_map.files[1]->included_at, "one");
	parse_expect_text(env_map.files[2]->included_at, "\"two\"");
	env_fini();
}

Test(parse, stops_at_cycles)
{
	static const struct parse_file files[] = {
		{ "one", "include two\n" },
		{ "two", "include one\n" },
		{ NULL, NULL },
	};

	env_files = files;
	parse_text("include one\nmatch reject\n");
	cr_expect_eq(parse_reports(), 1u);
	cr_expect_eq(env_list.head->id, CHECK_INCLUDE_ERROR);
	cr_expect_eq(env_reads, 3u);
	env_fini();
}

Test(parse, limits_inclusions)
{
	struct parse_options options = { .read = parse_read_endless };

	parse_with(&options, "match reject\ninclude first\n");
	cr_expect_eq(parse_reports(), 1u);
	cr_expect_eq(env_list.head->id, CHECK_INCLUDE_ERROR);
	cr_expect_eq(env_reads, (unsigned)PARSE_INCLUDES_MAX);
	env_fini();
}

Test(parse, goes_on_after_errors)
{
	struct tree *tree = parse_text("listen in lo\n"
				       "table t { a\n"
				       "action b relay foo\n"
				       "match for any action b\n"
				       "accept\n");

	cr_expect(tree->has_syntax_errors);
	cr_expect_eq(tree->rule_count, 1u);
	cr_assert_not_null(tree->stmts);
	cr_expect_eq(tree->stmts->kind, STMT_MATCH);
	cr_expect_null(tree->stmts->next);
	env_fini();
}

Test(parse, notes_what_lost_statements_declare)
{
	struct tree *tree = parse_text("table t { a, }\n"
				       "action \"b c\" realy\n"
				       "filter { }\n"
				       "listen on lo foo\n"
				       "match reject\n");
	const struct stmt *lost = tree->lost;

	cr_assert_not_null(lost);
	cr_expect_eq(lost->kind, STMT_ACTION);
	cr_expect(str_is(word_str(lost->name), "b c"));
	lost = lost->next;
	cr_assert_not_null(lost);
	cr_expect_eq(lost->kind, STMT_TABLE);
	cr_expect_null(lost->next);
	env_fini();
}

Test(parse, follows_the_target_when_nothing_tells)
{
	struct parse_options options = {
		.has_target = true,
		.target = { DIALECT_LEGACY, TARGET_LEGACY },
	};
	struct tree *tree = parse_with(&options, "table t { a }\n");

	cr_expect_eq(tree->target.dialect, DIALECT_LEGACY);
	env_fini();
}

Test(parse, follows_inclusions_when_nothing_else_tells)
{
	static const struct parse_file files[] = {
		{ "rules", "accept for any relay\n" },
		{ NULL, NULL },
	};
	struct tree *tree;

	env_files = files;
	tree = parse_text("include rules\n");
	cr_expect_eq(tree->target.dialect, DIALECT_LEGACY);
	cr_expect_eq(tree->target.version, TARGET_LEGACY);
	cr_expect_eq(tree->rule_count, 1u);
	env_fini();
}

Test(parse, refuses_a_target_of_the_other_language)
{
	struct parse_options options = {
		.has_target = true,
		.target = { DIALECT_LEGACY, TARGET_LEGACY },
		.read = parse_read,
	};
	struct parse_text text;
	struct tree *tree;

	env_init();
	parse_copy("match reject\n", UINT64_MAX, &text);
	cr_expect_eq(parse_config(&options, &env_list, "main", &text, &tree),
	    PARSE_ETARGET);
	cr_expect_eq(tree->target.dialect, DIALECT_MODERN);
	cr_expect_null(text.text);
	env_fini();
}

Test(parse, defines_before_the_file)
{
	static const char *const defines[] = { "m=x y", "m=t" };
	struct parse_options options = {
		.defines = defines,
		.define_count = 2,
	};
	struct tree *tree = parse_with(&options, "m = u\ntable $m { a }\n");
	const struct stmt *table = tree->stmts->next;
	const struct source_expansion *expansion;

	cr_expect(str_is(word_str(table->name), "t"));
	parse_expect_text(table->name.pos, "$m");
	expansion = source_expansion_at(&env_map, table->name.pos);
	cr_assert_not_null(expansion);
	parse_expect_text(expansion->defined_at, "m");
	cr_expect(source_file_at(&env_map, expansion->defined_at.begin)
		      ->is_command_line);
	env_fini();
}

struct define {
	char text[32];
	bool is_valid;
};

ParameterizedTestParameters(parse, judges_definitions)
{
	static struct define defines[] = {
		{ "a=b", true },
		{ "a=", true },
		{ "A_1=b c", true },
		{ "1=2", true },
		{ "", false },
		{ "a", false },
		{ "=b", false },
		{ "a b=c", false },
		{ "a-b=c", false },
		{ "a=b=c", false },
	};

	return cr_make_param_array(struct define, defines,
	    sizeof(defines) / sizeof(defines[0]));
}

ParameterizedTest(struct define *define, parse, judges_definitions)
{
	cr_expect_eq(parse_define_is_valid(define->text), define->is_valid,
	    "%s", define->text);
}
