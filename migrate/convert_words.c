/*
 * Words, lists and tables of converted statements, and edits of statements
 * that are copied. What a macro yields stays a reference to it wherever the
 * target reads the same out of it.
 */
#include "migrate/convert_private.h"

#include "compiler/print_conf.h"
#include "compiler/words.h"
#include "grammar/keyword.h"
#include "grammar/lexer.h"

static struct str
convert_source(const struct convert *convert, struct srcpos pos)
{
	return source_text(&convert->comp->map, pos);
}

static bool
convert_reserves(const struct convert *convert, struct str word)
{
	enum keyword keyword = keyword_find(word);

	return keyword != KEYWORD_NONE &&
	    keyword_class(keyword, convert->target) == KEYWORD_RESERVED;
}

bool
convert_is_reserved(const struct convert *convert, struct word word)
{
	return word.kind == WORD_BARE &&
	    convert_reserves(convert, word_str(word));
}

/* Macros. */

static bool
convert_is_reference(const struct convert *convert, struct srcpos pos)
{
	return source_expansion_at(&convert->comp->map, pos) != NULL &&
	    str_has_prefix(convert_source(convert, pos), "$");
}

/* "$name" and what follows it directly. */
static const struct macro *
convert_macro(const struct convert *convert, struct str text,
    struct str *rest_r)
{
	uint32_t len = 1;

	while (len < text.len &&
	    (str_is_alnum(text.ptr[len]) || text.ptr[len] == '_'))
		len++;
	*rest_r = (struct str){ text.ptr + len, text.len - len };
	return strmap_get(&convert->comp->tree->macros,
	    (struct str){ text.ptr + 1, len - 1 });
}

/* Whether the reference, and what follows it, is this word and no more. */
static bool
convert_yields(const struct convert *convert, const struct macro *macro,
    struct str rest, struct str word)
{
	const char *value = macro->value;
	uint32_t len = macro->value_len;

	if (len + rest.len == word.len && memcmp(value, word.ptr, len) == 0 &&
	    memcmp(rest.ptr, word.ptr + len, rest.len) == 0)
		return !convert_reserves(convert, word);
	return rest.len == 0 && len == word.len + 2 &&
	    (value[0] == '"' || value[0] == '\'') &&
	    value[len - 1] == value[0] && memchr(value, '\\', len) == NULL &&
	    memcmp(value + 1, word.ptr, word.len) == 0;
}

static void
convert_use_macro(struct convert *convert, const struct macro *macro)
{
	*strmap_put(&convert->state->macros, macro->name) = convert;
}

static bool
convert_put_reference(struct convert *convert, struct word word)
{
	struct str text = convert_source(convert, word.pos), rest;
	const struct macro *macro = convert_macro(convert, text, &rest);

	if (macro == NULL ||
	    !convert_yields(convert, macro, rest, word_str(word)))
		return false;
	convert_use_macro(convert, macro);
	fwrite(text.ptr, 1, text.len, convert->state->out);
	return true;
}

static void
convert_note_expansion(struct convert *convert, struct srcpos pos)
{
	struct str rest, text = convert_source(convert, pos);
	const struct macro *macro = convert_macro(convert, text, &rest);

	if (macro != NULL)
		notes_add(&convert->notes, NOTE_MACRO_EXPANDED, pos,
		    "the value of '$%.*s' reads differently in %s, so it is "
		    "written out here: later changes of the macro do not "
		    "count here",
		    STR_ARG(macro->name), target_name(convert->target.version));
}

/* Words. */

void
convert_put_text(struct convert *convert, struct str text)
{
	print_conf_put_word(convert->state->out, text, convert->target.version);
}

void
convert_put_quoted(struct convert *convert, struct str text)
{
	FILE *out = convert->state->out;

	if (memchr(text.ptr, '"', text.len) != NULL ||
	    memchr(text.ptr, '\\', text.len) != NULL)
		convert_put_text(convert, text);
	else
		fprintf(out, "\"%.*s\"", STR_ARG(text));
}

void
convert_put_word(struct convert *convert, struct word word)
{
	struct str text = convert_source(convert, word.pos);

	if (convert_is_reference(convert, word.pos)) {
		if (convert_put_reference(convert, word))
			return;
		convert_note_expansion(convert, word.pos);
		convert_put_text(convert, word_str(word));
		return;
	}
	/* Quotes stay as they are where no escape is read in another way. */
	if (word.kind == WORD_QUOTED &&
	    memchr(text.ptr, '\\', text.len) == NULL &&
	    memchr(text.ptr, '\n', text.len) == NULL)
		fwrite(text.ptr, 1, text.len, convert->state->out);
	else if (word.kind == WORD_NUMBER ||
	    (word.kind == WORD_BARE && !convert_is_reserved(convert, word)))
		fprintf(convert->state->out, "%.*s", WORD_ARG(word));
	else
		convert_put_text(convert, word_str(word));
}

void
convert_put_option(struct convert *convert, const char *option,
    const struct clause *clause)
{
	if (clause == NULL)
		return;
	fprintf(convert->state->out, " %s ", option);
	convert_put_word(convert, clause->arg);
}

/* Names. */

const char *
convert_pki_name(const struct convert *convert, struct str name)
{
	struct str shown = convert_passes(convert, TARGET_7_3) ?
	    words_lower(convert->arena, name) :
	    name;

	return arena_copy(convert->arena, shown).ptr;
}

const char *
convert_pki_text(const struct convert *convert, struct str name)
{
	const char *shown = convert_pki_name(convert, name);
	bool is_bare = str_is_alnum(shown[0]) &&
	    !convert_reserves(convert, str_from(shown));

	return is_bare ? shown : arena_printf(convert->arena, "\"%s\"", shown);
}

void
convert_put_pki(struct convert *convert, const char *option,
    const struct clause *clause)
{
	const char *name;

	if (clause == NULL)
		return;
	name = convert_pki_name(convert, word_str(clause->arg));
	if (str_is(word_str(clause->arg), name)) {
		convert_put_option(convert, option, clause);
		return;
	}
	fprintf(convert->state->out, " %s ", option);
	convert_put_text(convert, str_from(name));
}

const char *
convert_new_name(struct convert *convert, const char *name)
{
	const char *taken = name;
	void **slot;

	for (unsigned n = 2;
	     strmap_get(&convert->state->names, str_from(taken)) != NULL; n++)
		taken = arena_printf(convert->arena, "%s_%u", name, n);
	slot = strmap_put(&convert->state->names, str_from(taken));
	*slot = convert;
	return taken;
}

/* Tables. */

static bool
convert_is_plain_list(const struct convert *convert, const struct list *list)
{
	struct str text = convert_source(convert, list->pos);

	if (memchr(text.ptr, '\n', text.len) != NULL ||
	    memchr(text.ptr, '\\', text.len) != NULL || text.ptr[0] == '(')
		return false;
	for (const struct elem *e = list->elems; e != NULL; e = e->next) {
		if (convert_is_reserved(convert, e->key) ||
		    convert_is_reserved(convert, e->value))
			return false;
		/* A reference among them is looked at by itself. */
		if (text.ptr[0] == '{' &&
		    (convert_is_reference(convert, e->key.pos) ||
			(e->value.kind != WORD_NONE &&
			    convert_is_reference(convert, e->value.pos))))
			return false;
	}
	return true;
}

/* A whole list or table from one macro. */
static bool
convert_put_whole(struct convert *convert, struct srcpos pos, char first)
{
	struct str text = convert_source(convert, pos), rest;
	const struct macro *macro = convert_macro(convert, text, &rest);

	if (macro == NULL || rest.len > 0 || macro->value_len == 0 ||
	    macro->value[0] != first ||
	    memchr(macro->value, '\\', macro->value_len) != NULL)
		return false;
	convert_use_macro(convert, macro);
	fwrite(text.ptr, 1, text.len, convert->state->out);
	return true;
}

void
convert_put_list(struct convert *convert, const struct list *list)
{
	FILE *out = convert->state->out;
	struct str text = convert_source(convert, list->pos);

	if (convert_is_reference(convert, list->pos)) {
		if (convert_is_plain_list(convert, list) &&
		    convert_put_whole(convert, list->pos, '{'))
			return;
		convert_note_expansion(convert, list->pos);
	} else if (convert_is_plain_list(convert, list)) {
		fwrite(text.ptr, 1, text.len, out);
		return;
	}
	fputs("{ ", out);
	for (const struct elem *e = list->elems; e != NULL; e = e->next) {
		convert_put_word(convert, e->key);
		if (e->value.kind != WORD_NONE) {
			fputs(" = ", out);
			convert_put_word(convert, e->value);
		}
		fputs(e->next == NULL ? " }" : ", ", out);
	}
}

void
convert_put_tabref(struct convert *convert, const struct tabref *ref)
{
	FILE *out = convert->state->out;

	switch (ref->kind) {
	case TABREF_NAMED:
		if (convert_is_reference(convert, ref->pos) &&
		    !convert_reserves(convert, word_str(ref->word)) &&
		    convert_put_whole(convert, ref->pos, '<'))
			break;
		putc('<', out);
		convert_put_word(convert, ref->word);
		putc('>', out);
		break;
	case TABREF_WORD:
		convert_put_word(convert, ref->word);
		break;
	case TABREF_LIST:
		convert_put_list(convert, ref->list);
		break;
	}
}

void
convert_put_table_option(struct convert *convert, const char *option,
    const struct clause *clause)
{
	if (clause == NULL)
		return;
	fprintf(convert->state->out, " %s", option);
	if (clause->table == NULL)
		return;
	putc(' ', convert->state->out);
	convert_put_tabref(convert, clause->table);
}

/* Copies. */

void
convert_edit(struct convert *convert, struct srcpos range, const char *fmt, ...)
{
	struct convert_state *state = convert->state;
	struct convert_edit *wider;
	uint32_t i = state->edit_count;
	va_list ap;

	if (state->edit_count == state->edit_room) {
		state->edit_room = state->edit_room * 2 + 16;
		wider = arena_alloc(convert->arena,
		    state->edit_room * sizeof(*wider));
		if (i > 0)
			memcpy(wider, state->edits, i * sizeof(*wider));
		state->edits = wider;
	}
	/* They come nearly in order. */
	for (; i > 0 && state->edits[i - 1].range.begin > range.begin; i--)
		state->edits[i] = state->edits[i - 1];
	va_start(ap, fmt);
	state->edits[i] = (struct convert_edit){ range,
		arena_vprintf(convert->arena, fmt, ap) };
	va_end(ap);
	state->edit_count++;
}

static void
convert_edit_word(struct convert *convert, struct word word)
{
	if (convert_is_reserved(convert, word) &&
	    !convert_is_reference(convert, word.pos))
		convert_edit(convert, word.pos, "\"%.*s\"", WORD_ARG(word));
}

static void
convert_edit_list(struct convert *convert, const struct list *list)
{
	if (list == NULL)
		return;
	for (const struct elem *e = list->elems; e != NULL; e = e->next) {
		convert_edit_word(convert, e->key);
		convert_edit_word(convert, e->value);
	}
	if (list->flags & LIST_OLD_PARENS) {
		convert_edit(convert,
		    (struct srcpos){ list->pos.begin, list->pos.begin + 1 },
		    "{");
		convert_edit(convert,
		    (struct srcpos){ list->pos.end - 1, list->pos.end }, "}");
	}
}

static void
convert_edit_tabref(struct convert *convert, const struct tabref *ref)
{
	if (ref->kind == TABREF_LIST)
		convert_edit_list(convert, ref->list);
	else if (ref->is_old)
		convert_edit(convert, ref->pos, "<%s%.*s%s>",
		    convert_is_reserved(convert, ref->word) ? "\"" : "",
		    WORD_ARG(ref->word),
		    convert_is_reserved(convert, ref->word) ? "\"" : "");
	else
		convert_edit_word(convert, ref->word);
}

void
convert_edit_words(struct convert *convert, const struct stmt *stmt)
{
	convert_edit_word(convert, stmt->name);
	convert_edit_word(convert, stmt->value);
	convert_edit_list(convert, stmt->list);
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		/* "port smtp" is grammar from 6.6 on. */
		if (c->kind != CLAUSE_PORT ||
		    convert->target.version < TARGET_6_6)
			convert_edit_word(convert, c->arg);
		if (c->kind == CLAUSE_LIMIT)
			continue;
		if (c->table != NULL)
			convert_edit_tabref(convert, c->table);
		convert_edit_list(convert, c->names);
	}
}

void
convert_edit_out(struct convert *convert, struct srcpos pos)
{
	struct str text = convert_source(convert,
	    (struct srcpos){ convert->state->stmt->pos.begin, pos.begin });

	while (text.len > 0 &&
	    (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) {
		text.len--;
		pos.begin--;
	}
	convert_edit(convert, pos, "%s", "");
}

/* References in the copy keep their macros. */
static void
convert_note_uses(struct convert *convert, struct str text)
{
	struct str rest;

	for (uint32_t i = 0; i < text.len; i++) {
		struct str from = { text.ptr + i, text.len - i };
		const struct macro *macro;

		if (text.ptr[i] != '$')
			continue;
		macro = convert_macro(convert, from, &rest);
		if (macro != NULL)
			convert_use_macro(convert, macro);
	}
}

void
convert_put_copy(struct convert *convert, struct srcpos pos)
{
	struct convert_state *state = convert->state;
	struct srcpos rest = pos;

	for (uint32_t i = 0; i < state->edit_count; i++) {
		const struct convert_edit *edit = &state->edits[i];
		struct str before;

		if (edit->range.begin < rest.begin)
			continue;
		before = convert_source(convert,
		    (struct srcpos){ rest.begin, edit->range.begin });
		fwrite(before.ptr, 1, before.len, state->out);
		convert_note_uses(convert, before);
		fputs(edit->text, state->out);
		rest.begin = edit->range.end;
	}
	if (rest.begin < rest.end) {
		struct str text = convert_source(convert, rest);

		fwrite(text.ptr, 1, text.len, state->out);
		convert_note_uses(convert, text);
	}
	state->edit_count = 0;
}

void
convert_put_comment(struct convert *convert, struct str text)
{
	FILE *out = convert->state->out;

	fputs("# ", out);
	for (uint32_t i = 0; i < text.len; i++) {
		putc(text.ptr[i], out);
		if (text.ptr[i] == '\n')
			fputs("# ", out);
	}
}

void
convert_comment_out(struct convert *convert, const char *why)
{
	convert_begin_item(convert);
	convert_put_comment(convert,
	    convert_source(convert, convert->state->stmt->pos));
	convert_end_item(convert, why);
}
