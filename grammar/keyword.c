/*
 * Keyword look-up: a small closed hash over all words, filled at the first
 * use by the single thread that compiles.
 */
#include "grammar/keyword.h"

enum keyword_legacy { NO, OLD, YES };

static const struct {
	const char *text;
	uint8_t len;
	uint8_t legacy;
	uint8_t modern;
	uint16_t since;
	uint16_t until;
} keyword_table[KEYWORD_COUNT] = {
	[KEYWORD_NONE] = { "", 0, NO, NO, 0, 0 },
#define KEYWORD(id, text, legacy, modern, since, until) \
	[KEYWORD_## \
	    id] = { text, sizeof(text) - 1, legacy, modern, since, until },
#include "grammar/keywords.def"
#undef KEYWORD
};

enum {
	KEYWORD_SLOTS = 1024,
	KEYWORD_LEN_MAX = 24,
};

static uint16_t keyword_slots[KEYWORD_SLOTS];
static bool keyword_slots_filled;

static uint32_t
keyword_hash(struct str word)
{
	uint32_t hash = word.len;

	for (uint32_t i = 0; i < word.len; i++)
		hash = hash * 31 + (uint8_t)word.ptr[i];
	return (hash ^ hash >> 11) % KEYWORD_SLOTS;
}

static void
keyword_fill(void)
{
	for (uint16_t i = 1; i < KEYWORD_COUNT; i++) {
		struct str word = { keyword_table[i].text,
			keyword_table[i].len };
		uint32_t slot = keyword_hash(word);

		while (keyword_slots[slot] != 0)
			slot = (slot + 1) % KEYWORD_SLOTS;
		keyword_slots[slot] = i;
	}
	keyword_slots_filled = true;
}

enum keyword
keyword_find(struct str word)
{
	uint32_t slot;

	if (word.len == 0 || word.len > KEYWORD_LEN_MAX)
		return KEYWORD_NONE;
	if (!keyword_slots_filled)
		keyword_fill();
	for (slot = keyword_hash(word); keyword_slots[slot] != 0;
	     slot = (slot + 1) % KEYWORD_SLOTS) {
		unsigned i = keyword_slots[slot];

		if (keyword_table[i].len == word.len &&
		    memcmp(keyword_table[i].text, word.ptr, word.len) == 0)
			return (enum keyword)i;
	}
	return KEYWORD_NONE;
}

const char *
keyword_text(enum keyword keyword)
{
	return keyword_table[keyword].text;
}

enum keyword_class
keyword_class(enum keyword keyword, struct target target)
{
	unsigned since = keyword_table[keyword].since;
	unsigned until = keyword_table[keyword].until;

	if (target.dialect == DIALECT_LEGACY) {
		if (keyword_table[keyword].legacy == YES)
			return KEYWORD_RESERVED;
		return keyword_table[keyword].legacy == OLD ?
		    KEYWORD_CONTEXTUAL :
		    KEYWORD_FOREIGN;
	}
	if (since != 0 && since <= target.version &&
	    (until == 0 || target.version < until))
		return KEYWORD_RESERVED;
	return keyword_table[keyword].modern == OLD ? KEYWORD_CONTEXTUAL :
						      KEYWORD_FOREIGN;
}

unsigned
keyword_since(enum keyword keyword)
{
	return keyword_table[keyword].since;
}

bool
keyword_is_legacy(enum keyword keyword)
{
	return keyword_table[keyword].legacy == YES;
}
