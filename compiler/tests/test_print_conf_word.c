#include "compiler/print_conf_private.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>

struct word_case {
	char word[32];
	char modern[40];
	char v6_4[40]; /* empty: the same */
};

ParameterizedTestParameters(print_conf_word, quoting)
{
	static struct word_case cases[] = {
		/* Bare. */
		{ "joe", "joe", "" },
		{ "_smtpd", "_smtpd", "" },
		{ "joe+x@a.example", "joe+x@a.example", "" },
		{ "smtp+tls://h:25", "smtp+tls://h:25", "" },
		{ "4d", "4d", "" },
		{ "10.0.0.0/8", "10.0.0.0/8", "" },
		{ "LOCAL", "LOCAL", "" },
		{ "accept", "accept", "" }, /* legacy only */

		/* In quotes. */
		{ "", "\"\"", "" },
		{ "local", "\"local\"", "" },
		{ "to", "\"to\"", "" },     /* up to 6.4 */
		{ "admd", "\"admd\"", "" }, /* from 6.8 on */
		{ "25", "\"25\"", "" },
		{ "10/8", "\"10/8\"", "" },
		{ "-1", "\"-1\"", "" },
		{ "/etc/mail", "\"/etc/mail\"", "" },
		{ "@a.example", "\"@a.example\"", "" },
		{ "*.example", "\"*.example\"", "" },
		{ "::1", "\"::1\"", "" },
		{ "a b", "\"a b\"", "" },
		{ "a#b", "\"a#b\"", "" },
		{ "HIGH:!aNULL", "\"HIGH:!aNULL\"", "" },
		{ "$m", "\"$m\"", "" },
		{ "caf\xc3\xa9", "\"caf\xc3\xa9\"", "" },

		/* Quotes and backslashes. */
		{ "it's", "\"it's\"", "" },
		{ "say \"x\"", "'say \"x\"'", "" },
		{ "'\"", "\"'\\\"\"", "" },
		{ "a\\.b", "\"a\\.b\"", "" },
		{ "a\\\\b", "\"a\\\\b\"", "" },
		{ "a\\ b", "\"a\\\\ b\"", "\"a\\ b\"" },
		{ "a\\\tb", "\"a\\\\\tb\"", "\"a\\\tb\"" },
		{ "a\\", "a\\\\", "" },
		{ "a\"\\b\\", "a\"\\\\b\\\\", "" },
		{ "a\\\\ b", "\"a\\\\\\ b\"", "\"a\\\\ b\"" },
	};

	return cr_make_param_array(struct word_case, cases,
	    sizeof(cases) / sizeof(cases[0]));
}

static void
check(const char *word, const char *wanted, unsigned version)
{
	struct print_conf conf = { .version = version };
	char *text;
	size_t len;

	conf.out = open_memstream(&text, &len);
	cr_assert_not_null(conf.out);
	print_conf_word(&conf, str_from(word));
	fclose(conf.out);
	cr_assert_str_eq(text, wanted);
	free(text);
}

ParameterizedTest(struct word_case *c, print_conf_word, quoting)
{
	check(c->word, c->modern, TARGET_NATIVE);
	check(c->word, c->v6_4[0] != '\0' ? c->v6_4 : c->modern, 604);
}
