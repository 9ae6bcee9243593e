/*
 * Which language a text is taken for.
 */
#include "grammar/dialect.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct guess {
	char text[160];
	enum dialect dialect;
	bool is_known;
	bool is_mixed;
};

#define LEGACY(text) \
	{ \
		text, DIALECT_LEGACY, true, false \
	}
#define MODERN(text) \
	{ \
		text, DIALECT_MODERN, true, false \
	}
#define UNKNOWN(text) \
	{ \
		text, DIALECT_MODERN, false, false \
	}

ParameterizedTestParameters(dialect, guesses_from_first_words)
{
	static struct guess guesses[] = {
		LEGACY("accept for any relay\n"),
		LEGACY("reject from any\n"),
		LEGACY("table t { a }\n\n  accept for any relay"),
		LEGACY("expire 4d\n"),
		LEGACY("limit session max-rcpt 5\n"),
		LEGACY("pki x certificate \"/x\"\n"),
		LEGACY("ca x certificate \"/x\"\n"),
		LEGACY("smtp limit max-rcpt 5\naccept for any relay\n"),
		LEGACY("\xef\xbb\xbf"
		       "accept for any relay\n"),
		LEGACY("# match\naccept for any relay # action\n"),
		LEGACY("table t {\nmatch\n}\naccept for any relay\n"),
		MODERN("action a relay\n"),
		MODERN("match for any action a\n"),
		MODERN("smtp limit max-rcpt 5\n"),
		MODERN("pki x cert \"/x\"\n"),
		MODERN("# the next line is lost \\\naccept\nmatch reject\n"),
		MODERN("\"accept\" = x\nmatch reject\n"),
		MODERN("accept = x\nmatch reject\n"),
		MODERN("s = \"\naccept\n\"\nmatch reject\n"),
		UNKNOWN(""),
		UNKNOWN("# accept for any relay\n"),
		UNKNOWN("table t { a }\nlisten on lo\n"),
		UNKNOWN("accept"
			"able\nmatchbox\n"),
		UNKNOWN("\\"),
		UNKNOWN("\"accept"),
		UNKNOWN("{{{{"),
		{ "accept\nmatch\nmatch\n", DIALECT_MODERN, true, true },
		{ "accept\naccept\nmatch\n", DIALECT_LEGACY, true, true },
		{ "expire 4d\naccept\nmatch\n", DIALECT_LEGACY, true, true },
	};

	return cr_make_param_array(struct guess, guesses,
	    sizeof(guesses) / sizeof(guesses[0]));
}

static struct dialect_evidence
dialect_scan_text(char *text)
{
	struct dialect_evidence evidence = { .include_count = 0 };
	struct source_file file = {
		.text = text,
		.len = (uint32_t)strlen(text),
		.base = 1,
	};

	dialect_scan(&file, &evidence);
	return evidence;
}

ParameterizedTest(struct guess *guess, dialect, guesses_from_first_words)
{
	struct dialect_evidence evidence = dialect_scan_text(guess->text);

	cr_expect_eq(dialect_guess(&evidence), guess->dialect, "%s",
	    guess->text);
	cr_expect_eq(dialect_is_known(&evidence), guess->is_known, "%s",
	    guess->text);
	cr_expect_eq(dialect_is_mixed(&evidence), guess->is_mixed, "%s",
	    guess->text);
}

Test(dialect, remembers_where_rules_are)
{
	char text[] = "accept\n  match x\naccept\naccept\naccept\n";
	struct dialect_evidence evidence = dialect_scan_text(text);

	cr_expect_eq(evidence.rules[DIALECT_LEGACY], 4u);
	cr_expect_eq(evidence.samples[DIALECT_LEGACY][1].begin, 18u);
	cr_expect_eq(evidence.samples[DIALECT_MODERN][0].begin, 10u);
	cr_expect_eq(evidence.samples[DIALECT_MODERN][0].end, 15u);
}

Test(dialect, remembers_inclusions)
{
	char text[] = "include \"a b\"\ninclude c.conf\ninclude\n";
	struct dialect_evidence evidence = dialect_scan_text(text);

	cr_assert_eq(evidence.include_count, 2u);
	cr_expect(str_is(evidence.includes[0], "a b"));
	cr_expect(str_is(evidence.includes[1], "c.conf"));
}
