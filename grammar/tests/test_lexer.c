/*
 * Texts to tokens: what separates, joins, quotes and escapes, by version.
 * Tokens are written as one line: W:word, Q:quoted, N:number, "!" for an
 * invalid one, "/" for the end of a line, "." for the end of the file.
 */
#include "grammar/lexer.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "grammar/tests/diag_env.h"

static struct lexer env_lexer;

static void
lexer_define(const char *name, const char *value)
{
	struct macro *macro = ARENA_NEW(&env_arena, struct macro);
	size_t len = strlen(value);

	macro->name = str_from(name);
	macro->value = arena_bytes(&env_arena, len + 2);
	memcpy(macro->value, value, len);
	memset(macro->value + len, 0, 2);
	macro->value_len = (uint32_t)len;
	*strmap_put(&env_lexer.macros, macro->name) = macro;
}

static void
lexer_start(unsigned version, const char *text, size_t len)
{
	env_init();
	env_lexer = (struct lexer){
		.arena = &env_arena,
		.map = &env_map,
		.diags = &env_list,
		.target = { version == TARGET_LEGACY ? DIALECT_LEGACY :
						       DIALECT_MODERN,
		    version },
	};
	strmap_init(&env_lexer.macros, &env_arena);
	cr_assert_eq(lexer_init(&env_lexer), 0);
	cr_assert_eq(lexer_push_file(&env_lexer,
			 env_add_bytes("t", text, len, env_nowhere)),
	    0);
}

static void
lexer_stop(void)
{
	lexer_fini(&env_lexer);
	env_fini();
}

static void
lexer_write(FILE *out, const struct token *token)
{
	static const char kinds[] = { [WORD_BARE] = 'W', [WORD_QUOTED] = 'Q' };

	switch (token->kind) {
	case TOKEN_FILE_END:
	case TOKEN_STOP:
		fputs(token->kind == TOKEN_STOP ? "0" : ".", out);
		return;
	case TOKEN_NEWLINE:
		fputs("/ ", out);
		return;
	case TOKEN_INVALID:
		fputs("! ", out);
		return;
	case TOKEN_ARROW:
		fputs("=> ", out);
		return;
	case TOKEN_CHAR:
		fprintf(out, "%c ", token->ch);
		return;
	case TOKEN_NUMBER:
		fprintf(out, "N:%.*s ", WORD_ARG(token->word));
		return;
	case TOKEN_WORD:
		fprintf(out, "%c:%.*s ", kinds[token->word.kind],
		    WORD_ARG(token->word));
		return;
	}
}

/* All tokens of the text that was pushed, as a line. */
static char *
lexer_line(void)
{
	struct token token;
	size_t size;
	char *line;
	FILE *out = open_memstream(&line, &size);

	do {
		lexer_next(&env_lexer, &token);
		lexer_write(out, &token);
	} while (token.kind != TOKEN_FILE_END && token.kind != TOKEN_STOP);
	fclose(out);
	return line;
}

static unsigned
lexer_reports(void)
{
	unsigned count = 0;

	for (const struct diag *d = env_list.head; d != NULL; d = d->next)
		count++;
	return count;
}

struct scan {
	unsigned version; /* 0: ours */
	char text[80];
	char tokens[160];
	unsigned reports;
};

ParameterizedTestParameters(lexer, cuts_into_tokens)
{
	static struct scan scans[] = {
		/* Blanks, lines, comments. */
		{ 0, "", "/ .", 0 },
		{ 0, "a \t b\n", "W:a W:b / / .", 0 },
		{ 0, "a\n\nb", "W:a / / W:b / .", 0 },
		{ 0, "a#b\nc", "W:a / W:c / .", 0 },
		{ 0, "# a \\\nb\nc", "/ W:c / .", 0 },
		{ 0, "# a", "/ .", 0 },
		{ 0, "re\\\nlay", "W:relay / .", 0 },
		{ 0, "a \\\n b", "W:a W:b / .", 0 },
		{ 0, "a\\", "W:a / .", 0 },
		/* Backslashes outside quotes. */
		{ 0, "a\\ b", "W:a W:b / .", 0 },
		{ 0, "a\\b", "W:ab / .", 0 },
		{ 0, "a\\\\b", "W:a\\b / .", 0 },
		{ 0, "\\#a", "/ .", 0 },
		{ 0, "\\\"a b\"", "Q:a b / .", 0 },
		{ 0, "\\a", "W:a / .", 0 },
		{ 0, "\\\\a", "! W:a / .", 1 },
		/* Quotes. */
		{ 0, "\"a b\" 'c'", "Q:a b Q:c / .", 0 },
		{ 0, "\"\"", "Q: / .", 0 },
		{ 0, "\"it's\" 'a\"b'", "Q:it's Q:a\"b / .", 0 },
		{ 0, "\"a\\\"b\"", "Q:a\"b / .", 0 },
		{ 0, "\"a\\'b\\n\\\\x\"", "Q:a\\'b\\n\\\\x / .", 0 },
		{ 0, "\"a\nb\" 'c\\\nd'", "Q:ab Q:cd / .", 0 },
		{ 0, "foo\"bar\" \"foo\"bar", "W:foo\"bar\" Q:foo W:bar / .",
		    0 },
		{ 0, "\"$m #{}\"", "Q:$m #{} / .", 0 },
		{ 0, "\"a", "! / .", 1 },
		{ 0, "\"a\\\\\"", "! / .", 1 },
		{ 0, "\"a\\ b\"", "Q:a b / .", 0 },
		{ 604, "\"a\\ b\"", "Q:a\\ b / .", 0 },
		{ TARGET_LEGACY, "\"a\\ b\"\n", "Q:a\\ b / / .", 0 },
		/* Numbers. */
		{ 0, "10 -5 25,10}", "N:10 N:-5 N:25 , N:10 } / .", 0 },
		{ 0, "10a 4d 1.5G 10:1 10>",
		    "W:10a W:4d W:1.5G W:10:1 W:10 > "
		    "/ .",
		    0 },
		{ 0, "10.0.0.0/8", "W:10.0.0.0/8 / .", 0 },
		{ 0, "10#x", "W:10 / .", 0 },
		{ 0, "1\\\n0", "N:10 / .", 0 },
		{ 0, "10", "N:10 / .", 0 },
		{ 0, "10/8", "Q:10/8 / .", 1 },
		{ 0, "-x -", "Q:-x Q:- / .", 2 },
		/* Words and single bytes. */
		{ 0, "a:b ::1 _x x$y x[0]|~^",
		    "W:a:b W:::1 W:_x W:x$y "
		    "W:x[0]|~^ / .",
		    0 },
		{ 0, "a(b)c", "W:a ( W:b ) W:c / .", 0 },
		{ 0, "a=>b = > c!", "W:a => W:b = > W:c ! / .", 0 },
		{ 0, "{a,b}<t>", "{ W:a , W:b } < W:t > / .", 0 },
		{ 0, "*.a @b /c %{d.e}/f", "Q:*.a Q:@b Q:/c Q:%{d.e}/f / .",
		    4 },
		/* Bytes that are nothing. */
		{ 0, "a\r\nb", "W:a / W:b / .", 1 },
		{ 0, "a\rb", "W:a ! W:b / .", 1 },
		{ 0,
		    "a\x01"
		    "b",
		    "W:a W:b / .", 1 },
		{ TARGET_LEGACY,
		    "a\x01"
		    "b\n",
		    "W:a ! W:b / / .", 1 },
		{ 0, "a\x0b\x7f", "W:a ! ! / .", 2 },
		{ 0, "a\xc3\xa9z", "W:a ! W:z / .", 1 },
		{ 0, "\"\xc3\xa9\"", "Q:\xc3\xa9 / .", 0 },
		{ 0,
		    "\xef\xbb\xbf"
		    "a\xc2\xa0"
		    "b",
		    "W:a W:b / .", 2 },
		/* The last line. */
		{ TARGET_LEGACY, "a", "W:a / .", 1 },
		{ TARGET_LEGACY, "a\n", "W:a / / .", 0 },
		{ TARGET_LEGACY, "a\n# b", "W:a / / .", 0 },
	};

	return cr_make_param_array(struct scan, scans,
	    sizeof(scans) / sizeof(scans[0]));
}

ParameterizedTest(struct scan *scan, lexer, cuts_into_tokens)
{
	char *line;

	lexer_start(scan->version != 0 ? scan->version : TARGET_NATIVE,
	    scan->text, strlen(scan->text));
	line = lexer_line();
	cr_expect_str_eq(line, scan->tokens, "%s: %s", scan->text, line);
	cr_expect_eq(lexer_reports(), scan->reports, "%s: %u reports",
	    scan->text, lexer_reports());
	free(line);
	lexer_stop();
}

struct expand {
	unsigned version;
	char value[40]; /* of $m */
	char text[40];
	char tokens[80];
	unsigned reports;
};

ParameterizedTestParameters(lexer, expands_macros)
{
	static struct expand expands[] = {
		{ 0, "a", "$m", "W:a / .", 0 },
		{ 0, "a b { c }", "$m", "W:a W:b { W:c } / .", 0 },
		{ 0, "25", "$m $m", "N:25 N:25 / .", 0 },
		{ 0, "mail", "$m.example.org", "W:mail.example.org / .", 0 },
		{ 0, "10", "$m.0.0.1 ${m", "W:10.0.0.1 ! { W:m / .", 1 },
		{ 0, "a", "x$m \"$m\" #$m", "W:x$m Q:$m / .", 0 },
		{ 0, "a #", "$m b", "W:a / .", 0 },
		{ 0, "'a ", "$m b' c", "Q:a  b W:c / .", 0 },
		{ 0, "'*.a'", "$m", "Q:*.a / .", 0 },
		{ 0, "*.a", "$m", "Q:*.a / .", 1 },
		{ 0, "$x", "$m", "! W:x / .", 1 },
		{ 0, "", "a$m $m b", "W:a$m W:b / .", 0 },
		{ 0, "a\\b", "$m", "W:ab / .", 0 },
		{ TARGET_LEGACY, "a\\b", "$m\n", "W:a\\b / / .", 0 },
		{ TARGET_LEGACY, "\\b", "$m\n", "! W:b / / .", 1 },
		{ 0, "a", "$n", "! / .", 1 },
		{ 0, "a", "$m-b $mm", "W:a-b ! / .", 1 },
	};

	return cr_make_param_array(struct expand, expands,
	    sizeof(expands) / sizeof(expands[0]));
}

ParameterizedTest(struct expand *expand, lexer, expands_macros)
{
	char *line;

	lexer_start(expand->version != 0 ? expand->version : TARGET_NATIVE,
	    expand->text, strlen(expand->text));
	lexer_define("m", expand->value);
	line = lexer_line();
	cr_expect_str_eq(line, expand->tokens, "%s: %s", expand->text, line);
	cr_expect_eq(lexer_reports(), expand->reports, "%s", expand->text);
	free(line);
	lexer_stop();
}

Test(lexer, stops_at_nul)
{
	static const char text[] = "a\0b\n";
	char *line;

	lexer_start(708, text, sizeof(text) - 1);
	line = lexer_line();
	cr_expect_str_eq(line, "W:a 0");
	free(line);
	lexer_stop();
}

Test(lexer, skips_nul_in_comments)
{
	static const char text[] = "#\0b\nc";
	char *line;

	lexer_start(708, text, sizeof(text) - 1);
	line = lexer_line();
	cr_expect_str_eq(line, "/ W:c / .");
	cr_expect_eq(lexer_reports(), 0u);
	free(line);
	lexer_stop();
}

/* Words of the greatest length, and one byte more. */
Test(lexer, measures_words)
{
	static const struct {
		uint32_t len;
		bool is_quoted;
		enum token_kind kind;
	} cases[] = {
		{ LEXER_WORD_MAX, false, TOKEN_WORD },
		{ LEXER_WORD_MAX + 1, false, TOKEN_INVALID },
		{ LEXER_STRING_MAX, true, TOKEN_WORD },
		{ LEXER_STRING_MAX + 1, true, TOKEN_INVALID },
	};
	static char text[LEXER_WORD_MAX + 4];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t len = cases[i].len + (cases[i].is_quoted ? 2 : 0);
		struct token token;

		memset(text, 'x', len);
		if (cases[i].is_quoted)
			text[0] = text[len - 1] = '"';
		lexer_start(TARGET_NATIVE, text, len);
		lexer_next(&env_lexer, &token);
		cr_expect_eq(token.kind, cases[i].kind, "%u bytes",
		    cases[i].len);
		lexer_stop();
	}
}

/* A word that is put together has the same limit. */
Test(lexer, measures_words_in_pieces)
{
	static char text[2 * LEXER_WORD_MAX];
	struct token token;
	uint32_t len = 0;

	for (unsigned i = 0; i < LEXER_WORD_MAX / 2; i++) {
		memcpy(text + len, "xy\\\n", 4);
		len += 4;
		if (len + 4 > sizeof(text))
			break;
	}
	text[len++] = 'z';
	lexer_start(TARGET_NATIVE, text, len);
	lexer_next(&env_lexer, &token);
	cr_expect_eq(token.kind, TOKEN_WORD);
	cr_expect_eq(token.word.len, len / 2 + 1);
	cr_expect_eq(token.word.ptr[token.word.len - 1], 'z');
	lexer_stop();
}

Test(lexer, gives_places)
{
	static const char text[] = "ab \"c d\" $m\nx\\\ny";
	struct token token;
	struct source_file *file;

	lexer_start(TARGET_NATIVE, text, sizeof(text) - 1);
	lexer_define("m", "p q");
	file = env_map.files[0];
	lexer_next(&env_lexer, &token);
	cr_expect_eq(token.word.pos.begin, env_find(file, "ab").begin);
	cr_expect_eq(token.word.pos.end, env_find(file, "ab").end);
	lexer_next(&env_lexer, &token);
	cr_expect_eq(token.word.pos.begin, env_find(file, "\"c d\"").begin);
	cr_expect_eq(token.word.pos.end, env_find(file, "\"c d\"").end);
	for (unsigned i = 0; i < 2; i++) {
		lexer_next(&env_lexer, &token);
		cr_expect_eq(token.word.pos.begin, env_find(file, "$m").begin);
		cr_expect_eq(token.word.pos.end, env_find(file, "$m").end);
	}
	lexer_next(&env_lexer, &token);
	cr_expect_eq(token.kind, TOKEN_NEWLINE);
	lexer_next(&env_lexer, &token);
	cr_expect_eq(token.word.pos.begin, env_find(file, "x").begin);
	cr_expect_eq(token.word.pos.end, env_find(file, "\ny").end);
	lexer_stop();
}

Test(lexer, keeps_comments)
{
	static const char text[] = "a # one\n# two";

	lexer_start(TARGET_NATIVE, text, sizeof(text) - 1);
	free(lexer_line());
	cr_assert_not_null(env_lexer.comments);
	cr_assert_not_null(env_lexer.comments->next);
	cr_expect(str_is(source_text(&env_map, env_lexer.comments->pos),
	    "# one"));
	cr_expect(str_is(source_text(&env_map, env_lexer.comments->next->pos),
	    "# two"));
	cr_expect_null(env_lexer.comments->next->next);
	lexer_stop();
}

Test(lexer, limits_expansion)
{
	static char value[1024 * 1024 + 1];
	struct token token = { .kind = TOKEN_WORD };
	unsigned count = 0;

	memset(value, ' ', sizeof(value) - 1);
	lexer_start(TARGET_NATIVE, "$m", 2);
	lexer_define("m", value);
	env_lexer.expanded = LEXER_EXPANSION_MAX - (sizeof(value) - 1) + 1;
	while (token.kind != TOKEN_FILE_END && count++ < 4)
		lexer_next(&env_lexer, &token);
	cr_assert_not_null(env_list.head);
	cr_expect_eq(env_list.head->id, CHECK_INPUT_TOO_LARGE);
	lexer_stop();
}

Test(lexer, peeks_behind_the_token)
{
	struct token token;

	lexer_start(TARGET_NATIVE, "ab \t= c=d", 9);
	lexer_next(&env_lexer, &token);
	cr_expect_eq(lexer_peek(&env_lexer), '=');
	lexer_next(&env_lexer, &token);
	cr_expect_eq(lexer_peek(&env_lexer), 'c');
	lexer_next(&env_lexer, &token);
	cr_expect_eq(lexer_peek(&env_lexer), '=');
	lexer_stop();
}
