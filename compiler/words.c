/*
 * Words and their parts. The text of a word is compared with the source:
 * only where both are the same does a part of one lie in the other.
 */
#include "compiler/words.h"

/* The word as written, without its quotes; empty if that differs. */
static struct srcpos
words_inside(const struct source_map *map, struct word word)
{
	struct srcpos pos = word.pos;

	if (srcpos_is_none(pos) || source_expansion_at(map, pos) != NULL)
		return (struct srcpos){ 0, 0 };
	if (word.kind == WORD_QUOTED) {
		pos.begin++;
		pos.end--;
	}
	if (pos.end < pos.begin ||
	    !str_eq(source_text(map, pos), word_str(word)))
		return (struct srcpos){ 0, 0 };
	return pos;
}

static bool
words_locate(const struct source_map *map, struct word word, struct str part,
    struct srcpos *pos_r)
{
	struct srcpos inside = words_inside(map, word);
	uint32_t offset = (uint32_t)(part.ptr - word.ptr);

	if (srcpos_is_none(inside))
		return false;
	*pos_r = (struct srcpos){
		.begin = inside.begin + offset,
		.end = inside.begin + offset + part.len,
	};
	return true;
}

struct srcpos
words_part(const struct source_map *map, struct word word, struct str part)
{
	struct srcpos pos;

	if (part.len == 0 || part.len == word.len ||
	    !words_locate(map, word, part, &pos))
		return word.pos;
	return pos;
}

/* Whether a text is a word without quotes, by a rule that is too strict. */
static bool
words_is_bare(const char *text)
{
	if (!str_is_alnum(text[0]))
		return false;
	for (const char *p = text; *p != '\0'; p++)
		if (!str_is_alnum(*p) && strchr("._-:+@", *p) == NULL)
			return false;
	return true;
}

void
words_replace(struct diag_list *list, struct diag *diag, struct word word,
    struct str part, const char *text)
{
	bool is_bare = word.kind == WORD_QUOTED || words_is_bare(text);
	struct srcpos pos;

	if (!words_locate(list->map, word, part, &pos))
		return;
	if (is_bare)
		diag_edit(list, diag, pos, "%s", text);
	else if (part.len == word.len)
		diag_edit(list, diag, pos, "\"%s\"", text);
}

void
words_suggest_table(const struct names *names, struct diag_list *list,
    struct diag *diag, struct word word)
{
	struct names_entry *entry = names_find(names, NAMES_TABLE,
	    word_str(word));
	struct str text;

	if (entry == NULL || (entry->stmt->flags & STMT_BUILTIN))
		return;
	diag_note(list, diag, entry->stmt->name.pos,
	    "did you mean <%.*s>, declared here?", WORD_ARG(word));
	if (source_expansion_at(list->map, word.pos) != NULL)
		return;
	text = source_text(list->map, word.pos);
	diag_edit(list, diag, word.pos, "<%.*s>", STR_ARG(text));
}

bool
words_is_quoted_table(const struct names *names, struct word word,
    struct str *name_r)
{
	struct str name = word_str(word);

	if (word.kind != WORD_QUOTED || name.len <= 2 || name.ptr[0] != '<' ||
	    name.ptr[name.len - 1] != '>')
		return false;
	/* Those that need no declaration have brackets in their names. */
	if (names_find(names, NAMES_TABLE, name) == NULL)
		name = (struct str){ name.ptr + 1, name.len - 2 };
	*name_r = name;
	return names_find(names, NAMES_TABLE, name) != NULL;
}

struct str
words_lower(struct arena *arena, struct str text)
{
	uint32_t i = 0;
	char *copy;

	while (i < text.len && str_lower(text.ptr[i]) == text.ptr[i])
		i++;
	if (i == text.len)
		return text;
	copy = arena_bytes(arena, text.len);
	for (i = 0; i < text.len; i++)
		copy[i] = str_lower(text.ptr[i]);
	return (struct str){ copy, text.len };
}
