/*
 * Edits that checks attach to diagnostics.
 */
#include "compiler/check_edit.h"

bool
check_edit_is(const struct source_map *map, struct srcpos pos, const char *word)
{
	return str_has_prefix(source_text(map, pos), word);
}

bool
check_edit_clause_is(const struct source_map *map, const struct clause *clause,
    const char *word)
{
	return check_edit_is(map, clause->pos, word) &&
	    (clause->next == NULL ||
		clause->next->pos.begin >= clause->pos.end);
}

struct srcpos
check_edit_head(const struct source_map *map, const struct clause *clause,
    const char *words)
{
	struct srcpos pos = clause->pos;

	if (check_edit_is(map, pos, words))
		pos.end = pos.begin + (uint32_t)strlen(words);
	return pos;
}

void
check_edit_remove(struct diag_list *diags, struct diag *diag, struct srcpos pos)
{
	const struct source_file *file = source_file_at(diags->map, pos.begin);

	while (file != NULL && pos.begin > file->base) {
		char before = file->text[pos.begin - file->base - 1];

		if (before != ' ' && before != '\t')
			break;
		pos.begin--;
	}
	diag_edit(diags, diag, pos, "%s", "");
}

void
check_edit_insert(struct diag_list *diags, struct diag *diag, uint32_t offset,
    const char *fmt, ...)
{
	struct srcpos at = { offset, offset };
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(diags->arena, fmt, ap);
	va_end(ap);
	diag_edit(diags, diag, at, "%s", text);
}

void
check_edit_move(struct diag_list *diags, struct diag *diag, struct srcpos pos,
    uint32_t behind)
{
	struct str text = source_text(diags->map, pos);

	check_edit_remove(diags, diag, pos);
	check_edit_insert(diags, diag, behind, " %.*s", STR_ARG(text));
}
