/*
 * The words that each version reserves, against lists of its own.
 */
#include "grammar/keyword.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#define WORDS_LEGACY \
	"accept alias any as auth auth-optional authenticated backup " \
	"bounce-warn ca certificate ciphers compression deliver dhe " \
	"domain encryption expire filter for forward-only from " \
	"hostname hostnames include inet4 inet6 key limit listen lmtp " \
	"local maildir mask-source masquerade max-message-size " \
	"max-mta-deferred mbox mda mta no-dsn on pki port queue " \
	"rcpt-to received-auth recipient reject relay scheduler " \
	"sender senders session smtps socket source " \
	"subaddressing-delimiter table tag tagged tls tls-require to " \
	"userbase verify via virtual"
#define WORDS_6_4 \
	"action alias any auth auth-optional backup bounce ca cert " \
	"ciphers compression dhe domain encryption expand-only filter " \
	"for forward-only from helo helo-src host hostname hostnames " \
	"include inet4 inet6 junk key limit listen lmtp local " \
	"mail-from maildir mask-src masquerade match max-deferred " \
	"max-message-size mbox mda mta mx no-dsn no-verify on pki " \
	"port queue rcpt-to received-auth recipient reject relay " \
	"scheduler senders smtp smtps socket src sub-addr-delim table " \
	"tag tagged tls tls-require to ttl user userbase verify " \
	"virtual warn-interval wrapper"
/* What 6.6 added; it also gave up "to". */
#define WORDS_6_6 \
	" chain chroot commit connect data data-line disconnect ehlo fcrdns " \
	"group noop phase proc proc-exec proxy-v2 quit rdns regex report " \
	"rewrite rset smtp-in smtp-out srs"

struct reserved {
	unsigned version;
	unsigned count;
	char words[1400];
};

ParameterizedTestParameters(keyword, reserves_by_version)
{
	static struct reserved sets[] = {
		{ TARGET_LEGACY, 68, WORDS_LEGACY },
		{ 604, 75, WORDS_6_4 },
		{ TARGET_6_6, 98, WORDS_6_4 WORDS_6_6 },
		{ TARGET_6_7, 99, WORDS_6_4 WORDS_6_6 " bypass" },
		{ TARGET_6_8, 100, WORDS_6_4 WORDS_6_6 " bypass admd" },
		{ TARGET_7_3, 101,
		    WORDS_6_4 WORDS_6_6 " bypass admd protocols" },
		{ 708, 101, WORDS_6_4 WORDS_6_6 " bypass admd protocols" },
		{ TARGET_NATIVE, 101,
		    WORDS_6_4 WORDS_6_6 " bypass admd protocols" },
	};

	return cr_make_param_array(struct reserved, sets,
	    sizeof(sets) / sizeof(sets[0]));
}

static struct target
keyword_target(unsigned version)
{
	return (struct target){
		version == TARGET_LEGACY ? DIALECT_LEGACY : DIALECT_MODERN,
		version,
	};
}

static bool
keyword_is_listed(const struct reserved *set, const char *word)
{
	char padded[sizeof(set->words) + 2], needle[64];

	if (strcmp(word, "to") == 0 && set->version >= TARGET_6_6)
		return false;
	snprintf(padded, sizeof(padded), " %s ", set->words);
	snprintf(needle, sizeof(needle), " %s ", word);
	return strstr(padded, needle) != NULL;
}

ParameterizedTest(struct reserved *set, keyword, reserves_by_version)
{
	struct target target = keyword_target(set->version);
	unsigned count = 0;

	for (unsigned i = KEYWORD_NONE + 1; i < KEYWORD_COUNT; i++) {
		enum keyword_class class = keyword_class((enum keyword)i,
		    target);
		const char *word = keyword_text((enum keyword)i);

		cr_expect_eq(class == KEYWORD_RESERVED,
		    keyword_is_listed(set, word), "%s: %s",
		    target_name(set->version), word);
		count += class == KEYWORD_RESERVED;
	}
	cr_expect_eq(count, set->count, "%s: %u", target_name(set->version),
	    count);
}

Test(keyword, finds_every_word_and_no_other)
{
	static const char *const others[] = { "", "LOCAL", "Relay", "relay ",
		"rela", "relayx", "max-rcpt",
		"a-word-longer-than-any-keyword" };

	for (unsigned i = KEYWORD_NONE + 1; i < KEYWORD_COUNT; i++)
		cr_expect_eq(keyword_find(str_from(keyword_text((enum keyword)
				     i))),
		    i);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_eq(keyword_find(str_from(others[i])), KEYWORD_NONE,
		    "'%s'", others[i]);
}

Test(keyword, knows_old_words_as_names)
{
	struct target legacy = keyword_target(TARGET_LEGACY);
	struct target modern = keyword_target(708);

	cr_expect_eq(keyword_class(KEYWORD_MAP, legacy), KEYWORD_CONTEXTUAL);
	cr_expect_eq(keyword_class(KEYWORD_MAP, modern), KEYWORD_FOREIGN);
	cr_expect_eq(keyword_class(KEYWORD_BUILTIN, modern),
	    KEYWORD_CONTEXTUAL);
	cr_expect_eq(keyword_class(KEYWORD_ACTION, legacy), KEYWORD_FOREIGN);
}

Test(keyword, since_is_the_first_version)
{
	cr_expect_eq(keyword_since(KEYWORD_ACTION), 604u);
	cr_expect_eq(keyword_since(KEYWORD_ADMD), TARGET_6_8);
	cr_expect_eq(keyword_since(KEYWORD_PROTOCOLS), TARGET_7_3);
	cr_expect_eq(keyword_since(KEYWORD_ACCEPT), 0u);
}
