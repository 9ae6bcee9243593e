/*
 * Matching word by word: each one leaves fewer patterns. A word that is
 * written out wins against those that it only begins.
 */
#include "runtime/control/words.h"

#include <stdlib.h>
#include <string.h>

/* The n-th word of a pattern; its length is 0 behind the last. */
static const char *
words_at(const char *pattern, unsigned n, size_t *len_r)
{
	while (n-- > 0) {
		pattern += strcspn(pattern, " ");
		pattern += *pattern == ' ';
	}
	*len_r = strcspn(pattern, " ");
	return pattern;
}

static bool
words_is(const char *word, size_t len, const char *literal)
{
	return strlen(literal) == len && memcmp(word, literal, len) == 0;
}

static bool
words_read_id(const char *text, size_t digits, uint64_t *id_r)
{
	if (strlen(text) != digits ||
	    strspn(text, "0123456789abcdefABCDEF") != digits)
		return false;
	*id_r = strtoull(text, NULL, 16);
	return *id_r != 0;
}

enum words_fit { WORDS_NO, WORDS_BEGINS, WORDS_FITS };

static enum words_fit
words_fit(const char *word, size_t len, const char *text,
    struct words_match *match)
{
	uint64_t id;

	if (len == 0)
		return WORDS_NO;
	if (words_is(word, len, "<evpid>")) {
		if (!words_read_id(text, 16, &id))
			return WORDS_NO;
		match->id = id;
		return WORDS_FITS;
	}
	if (words_is(word, len, "<msgid>")) {
		if (!words_read_id(text, 8, &id))
			return WORDS_NO;
		match->id = id << 32;
		return WORDS_FITS;
	}
	if (words_is(word, len, "<str>")) {
		match->text = text;
		return WORDS_FITS;
	}
	if (strlen(text) > len || memcmp(word, text, strlen(text)) != 0)
		return WORDS_NO;
	return strlen(text) == len ? WORDS_FITS : WORDS_BEGINS;
}

/* Drops patterns that the word does not fit; false: it fits none. */
static bool
words_narrow(const char *const *patterns, unsigned count, unsigned n,
    const char *text, bool *is_possible)
{
	enum words_fit fits[WORDS_COMMANDS_MAX], best = WORDS_NO;
	struct words_match unused;

	for (unsigned i = 0; i < count; i++) {
		size_t len;
		const char *word = words_at(patterns[i], n, &len);

		fits[i] = is_possible[i] ? words_fit(word, len, text, &unused) :
					   WORDS_NO;
		if (fits[i] > best)
			best = fits[i];
	}
	for (unsigned i = 0; i < count && best != WORDS_NO; i++)
		is_possible[i] = fits[i] == best;
	return best != WORDS_NO;
}

/* Whether the first count words of two patterns are the same. */
static bool
words_begin_alike(const char *a, const char *b, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		size_t a_len, b_len;
		const char *a_word = words_at(a, n, &a_len);
		const char *b_word = words_at(b, n, &b_len);

		if (a_len != b_len || memcmp(a_word, b_word, a_len) != 0)
			return false;
	}
	return true;
}

/*
 * The pattern that ends where the words do, if no other could be meant:
 * "s" is "stop" as little as "show". count where there is none.
 */
static unsigned
words_choose(const char *const *patterns, unsigned count, unsigned word_count,
    const bool *is_possible)
{
	unsigned found = count;
	size_t len;

	for (unsigned i = 0; i < count && found == count; i++) {
		words_at(patterns[i], word_count, &len);
		if (is_possible[i] && len == 0)
			found = i;
	}
	for (unsigned i = 0; i < count && found < count; i++)
		if (is_possible[i] &&
		    !words_begin_alike(patterns[i], patterns[found],
			word_count))
			return count;
	return found;
}

int
words_length(const char *pattern, unsigned count)
{
	size_t len;
	const char *last = words_at(pattern, count - 1, &len);

	return len == 0 ? 0 : (int)(last + len - pattern);
}

/* All that is possible begins alike, up to a word that is not there yet. */
static unsigned
words_count_unclear(const char *const *patterns, unsigned count,
    unsigned word_count, const bool *is_possible)
{
	unsigned first = count;

	for (unsigned i = 0; i < count; i++) {
		if (!is_possible[i])
			continue;
		if (first == count)
			first = i;
		if (!words_begin_alike(patterns[i], patterns[first],
			word_count))
			return word_count;
	}
	return word_count + 1;
}

enum words_status
words_find(const char *const *patterns, unsigned count,
    const char *const *words, unsigned word_count, struct words_match *match_r,
    bool is_possible_r[WORDS_COMMANDS_MAX])
{
	unsigned found;

	memset(match_r, 0, sizeof(*match_r));
	for (unsigned i = 0; i < count; i++)
		is_possible_r[i] = true;
	for (unsigned n = 0; n < word_count; n++) {
		match_r->unclear = n + 1;
		if (n == WORDS_MAX ||
		    !words_narrow(patterns, count, n, words[n], is_possible_r))
			return WORDS_INVALID;
	}
	match_r->unclear = words_count_unclear(patterns, count, word_count,
	    is_possible_r);
	found = words_choose(patterns, count, word_count, is_possible_r);
	if (found == count || word_count == 0)
		return WORDS_INCOMPLETE;
	match_r->command = found;
	for (unsigned n = 0; n < word_count; n++) {
		size_t len;
		const char *word = words_at(patterns[found], n, &len);

		words_fit(word, len, words[n], match_r);
	}
	return WORDS_OK;
}
