/*
 * The name spaces of a config.
 */
#include "compiler/names.h"

#include "grammar/suggest.h"

static const char *const names_words[NAMES_KINDS] = {
	[NAMES_TABLE] = "table",
	[NAMES_ACTION] = "action",
	[NAMES_FILTER] = "filter",
	[NAMES_PROC] = "proc",
	[NAMES_PKI] = "pki",
	[NAMES_CA] = "ca",
	[NAMES_WRAPPER] = "mda wrapper",
};

void
names_init(struct names *names, struct arena *arena)
{
	for (unsigned i = 0; i < NAMES_KINDS; i++)
		strmap_init(&names->maps[i], arena);
}

const char *
names_word(enum names_kind kind)
{
	return names_words[kind];
}

struct names_entry *
names_find(const struct names *names, enum names_kind kind, struct str name)
{
	return strmap_get(&names->maps[kind], name);
}

struct names_entry *
names_add(struct names *names, enum names_kind kind, struct str name,
    bool *is_new_r)
{
	struct strmap *map = &names->maps[kind];
	void **slot = strmap_put(map, name);

	*is_new_r = *slot == NULL;
	if (*slot == NULL)
		*slot = ARENA_NEW(map->arena, struct names_entry);
	return *slot;
}

void
names_suggest(struct names *names, enum names_kind kind, struct word name,
    struct diag_list *diags, struct diag *diag)
{
	const struct strmap *map = &names->maps[kind];
	struct names_entry *entry;
	struct suggest nearest;
	bool is_quoted;

	if (++names->suggested > NAMES_SUGGESTIONS_MAX)
		return;
	suggest_init(&nearest, word_str(name));
	for (uint32_t i = 0; i < map->room; i++)
		if (map->slots[i].key.ptr != NULL)
			suggest_offer(&nearest, map->slots[i].key);
	if (nearest.best.len == 0)
		return;
	entry = names_find(names, kind, nearest.best);
	if (srcpos_is_none(entry->stmt->name.pos))
		return;
	diag_note(diags, diag, entry->stmt->name.pos,
	    "did you mean '%.*s', declared here?", STR_ARG(nearest.best));
	if (source_expansion_at(diags->map, name.pos) != NULL ||
	    memchr(nearest.best.ptr, '"', nearest.best.len) != NULL)
		return;
	is_quoted = name.kind == WORD_QUOTED ||
	    entry->stmt->name.kind == WORD_QUOTED;
	diag_edit(diags, diag, name.pos, is_quoted ? "\"%.*s\"" : "%.*s",
	    STR_ARG(nearest.best));
}
