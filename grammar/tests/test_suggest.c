/*
 * Which candidate a misspelt word is taken for, and when none is near.
 */
#include "grammar/suggest.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct guess {
	char word[80];
	char offers[3][80];
	char best[80]; /* empty: none */
};

#define SIXTEEN    "abcdefghijklmnop"
#define SIXTY_FOUR SIXTEEN SIXTEEN SIXTEEN SIXTEEN

ParameterizedTestParameters(suggest, picks_the_nearest)
{
	static struct guess guesses[] = {
		{ "alaises", { "aliases", "domains" }, "aliases" },
		{ "relya", { "relay", "reload" }, "relay" },
		{ "mach", { "match", "mask" }, "match" },
		{ "matchh", { "match" }, "match" },
		{ "LISTEN", { "listen" }, "listen" },
		{ "form", { "from", "for" }, "from" },
		{ "ot", { "to" }, "to" },
		{ "lmtp", { "mbox", "maildir" }, "" },
		{ "x", { "y", "" }, "" },
		{ "", { "a" }, "" },
		{ "abc", { "" }, "" },
		{ "cat", { "bat", "hat" }, "bat" },
		{ "abcdef", { "abcxyz" }, "" },
		{ SIXTY_FOUR, { SIXTEEN, SIXTY_FOUR }, SIXTY_FOUR },
		{ SIXTY_FOUR "a", { SIXTY_FOUR }, "" },
		{ SIXTY_FOUR, { SIXTY_FOUR "a" }, "" },
	};

	return cr_make_param_array(struct guess, guesses,
	    sizeof(guesses) / sizeof(guesses[0]));
}

ParameterizedTest(struct guess *guess, suggest, picks_the_nearest)
{
	struct suggest suggest;

	suggest_init(&suggest, str_from(guess->word));
	for (unsigned i = 0; i < 3; i++)
		suggest_offer(&suggest, str_from(guess->offers[i]));
	cr_expect(str_is(suggest.best, guess->best), "%s: got '%.*s'",
	    guess->word, STR_ARG(suggest.best));
}
