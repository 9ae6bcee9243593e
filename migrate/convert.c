/*
 * The walk over the statements of the original.
 */
#include "migrate/convert_private.h"

#include <stdlib.h>

#include "grammar/lexer.h"

/* What is known before the first statement. */

static void
convert_note_table(struct convert *convert, const struct clause *clause)
{
	struct convert_table *table;

	if (clause->kind == CLAUSE_LIMIT || clause->table == NULL ||
	    clause->table->kind != TABREF_NAMED || clause->table->table == NULL)
		return;
	table = strmap_get(&convert->state->tables,
	    word_str(clause->table->table->name));
	if (table == NULL)
		return;
	if (clause->kind == CLAUSE_COND_MAIL_FROM ||
	    clause->kind == CLAUSE_COND_RCPT_TO)
		table->is_addresses = true;
	else
		table->is_others = true;
	table->is_host_keys |= clause->kind == CLAUSE_HOSTNAMES ||
	    clause->kind == CLAUSE_HELO_SRC;
}

static void
convert_note_stmt(struct convert *convert, const struct stmt *stmt)
{
	struct convert_state *state = convert->state;
	struct convert_table *table;

	if (stmt->kind == STMT_TABLE) {
		table = ARENA_NEW(convert->arena, struct convert_table);
		table->stmt = stmt;
		*strmap_put(&state->tables, word_str(stmt->name)) = table;
		*strmap_put(&state->names, word_str(stmt->name)) = table;
	}
	if (stmt->kind == STMT_LISTEN_SOCKET)
		state->has_socket = true;
	if (stmt->kind == STMT_LISTEN)
		state->last_listen = stmt;
	if (stmt->kind == STMT_QUEUE_TTL)
		state->last_ttl = stmt;
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next)
		convert_note_table(convert, c);
}

static int
convert_compare_comments(const void *a, const void *b)
{
	const struct comment *const *left = a, *const *right = b;

	return (*left)->pos.begin < (*right)->pos.begin ? -1 :
	    (*left)->pos.begin > (*right)->pos.begin    ? 1 :
							  0;
}

static void
convert_sort_comments(struct convert *convert)
{
	struct convert_state *state = convert->state;
	uint32_t i = 0;

	for (const struct comment *c = convert->comp->tree->comments; c;
	     c = c->next)
		state->comment_count++;
	state->comments = arena_alloc(convert->arena,
	    state->comment_count * sizeof(struct comment *));
	for (const struct comment *c = convert->comp->tree->comments; c;
	     c = c->next)
		state->comments[i++] = c;
	if (i > 0)
		qsort(state->comments, i, sizeof(struct comment *),
		    convert_compare_comments);
}

/* Files. */

static struct convert_file *
convert_add_file(struct convert *convert, const struct source_file *source)
{
	struct convert_file *file = ARENA_NEW(convert->arena,
	    struct convert_file);
	struct convert_file **tail = &convert->files;
	void **slot = strmap_put(&convert->state->included,
	    str_from(source->path));

	file->source = source;
	file->tail = &file->items;
	file->done = source->base;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = file;
	if (*slot != NULL)
		notes_add(&convert->notes, NOTE_INCLUDE_TWICE,
		    source->included_at,
		    "'%s' is included twice: see that both copies agree",
		    source->path);
	*slot = file;
	return file;
}

static struct convert_file *
convert_file_of(struct convert *convert, const struct source_file *source)
{
	if (convert->state->file != NULL &&
	    convert->state->file->source == source)
		return convert->state->file;
	for (struct convert_file *f = convert->files; f != NULL; f = f->next)
		if (f->source == source)
			return f;
	return convert_add_file(convert, source);
}

/* The file that a statement includes; NULL where it could not be read. */
static const struct source_file *
convert_inclusion(const struct convert *convert, const struct stmt *stmt)
{
	const struct source_map *map = &convert->comp->map;

	for (uint32_t i = 0; i < map->file_count; i++)
		if (map->files[i]->included_at.begin == stmt->name.pos.begin)
			return map->files[i];
	return NULL;
}

/* Statements that look the same. */

static void
convert_include(struct convert *convert)
{
	const struct source_file *source = convert_inclusion(convert,
	    convert->state->stmt);
	struct convert_item *item;

	convert_begin_item(convert);
	convert_edit_words(convert, convert->state->stmt);
	convert_put_copy(convert, convert->state->stmt->pos);
	item = convert_end_item(convert, NULL);
	if (source != NULL)
		item->included = convert_file_of(convert, source);
}

static void
convert_copy(struct convert *convert)
{
	const struct stmt *stmt = convert->state->stmt;
	bool is_changed;

	convert_begin_item(convert);
	convert_edit_words(convert, stmt);
	is_changed = convert->state->edit_count > 0;
	convert_put_copy(convert, stmt->pos);
	convert_end_item(convert,
	    is_changed ? "the target reserves a word, so it is in quotes" :
			 NULL);
}

/* The socket's statement, where no listener is there to be followed. */
static void
convert_add_socket(struct convert *convert)
{
	enum stmt_kind kind = convert->state->stmt->kind;

	if ((kind != STMT_ACTION && kind != STMT_MATCH) ||
	    convert->state->last_listen != NULL ||
	    !convert_begin_socket(convert))
		return;
	convert_end_item(convert, convert_why_socket);
	convert->state->first = NULL;
}

/* One statement. */

static void
convert_any_stmt(struct convert *convert)
{
	convert_add_socket(convert);
	switch ((unsigned)convert->state->stmt->kind) {
	case STMT_ACCEPT:
	case STMT_REJECT:
		convert_rule(convert);
		break;
	case STMT_INCLUDE:
		convert_include(convert);
		break;
	case STMT_MACRO:
		convert_copy(convert);
		break;
	case STMT_TABLE:
		convert_table(convert);
		break;
	case STMT_PKI:
	case STMT_CA:
		convert_certificate(convert);
		break;
	case STMT_LISTEN:
	case STMT_LISTEN_SOCKET:
		convert_listen(convert);
		break;
	case STMT_ACTION:
		convert_upgrade_action(convert);
		break;
	default:
		if (convert_is_upgrade(convert))
			convert_copy(convert);
		else
			convert_setting(convert);
		break;
	}
}

bool
convert_is_upgrade(const struct convert *convert)
{
	return convert->ir->target.dialect == DIALECT_MODERN;
}

static bool
convert_is_rule(const struct stmt *stmt)
{
	return stmt->kind == STMT_ACCEPT || stmt->kind == STMT_REJECT;
}

/* Comments inside of a statement that is written anew stand above it. */
static void
convert_lift_comments(struct convert *convert, const struct stmt *stmt)
{
	struct convert_state *state = convert->state;
	uint32_t low = 0, high = state->comment_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (state->comments[middle]->pos.begin < stmt->pos.begin)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < state->comment_count &&
	     state->comments[low]->pos.begin < stmt->pos.end;
	     low++) {
		struct str text = source_text(&convert->comp->map,
		    state->comments[low]->pos);

		while (text.len > 0 && text.ptr[0] == '#') {
			text.ptr++;
			text.len--;
		}
		convert_remark(convert, "%.*s",
		    (int)(text.len > 0 && text.ptr[0] == ' ' ? text.len - 1 :
							       text.len),
		    text.len > 0 && text.ptr[0] == ' ' ? text.ptr + 1 :
							 text.ptr);
	}
}

/* The blanks that a line begins with, if nothing else is before a place. */
static const char *
convert_indent_of(struct convert *convert, const struct convert_file *file,
    uint32_t begin, uint32_t *line_r)
{
	const char *text = file->source->text;
	uint32_t at = begin - file->source->base, start = at;

	while (start > file->done - file->source->base &&
	    text[start - 1] != '\n')
		start--;
	*line_r = start + file->source->base;
	for (uint32_t i = start; i < at; i++)
		if (text[i] != ' ' && text[i] != '\t')
			return "";
	return arena_copy(convert->arena,
	    (struct str){ text + start, at - start })
	    .ptr;
}

/* What stands behind a statement on its line: a comment, mostly. */
static void
convert_finish_line(struct convert *convert, struct convert_file *file,
    uint32_t end)
{
	struct convert_item *first = convert->state->first;
	const char *text = file->source->text + (end - file->source->base);
	uint32_t left = file->source->len - (end - file->source->base);
	const char *lf = memchr(text, '\n', left);
	uint32_t len = lf == NULL ? left : (uint32_t)(lf - text);
	uint32_t skip = 0;

	while (skip < len && (text[skip] == ' ' || text[skip] == '\t'))
		skip++;
	if (skip < len && text[skip] == '#') {
		if (first != NULL && first->included != NULL)
			first->comment = arena_printf(convert->arena, "%.*s",
			    (int)len, text);
		else if (first != NULL)
			first->text = arena_printf(convert->arena, "%s%.*s",
			    first->text, (int)len, text);
		else
			convert_keep_line(convert, file,
			    (struct str){ text + skip, len - skip });
		skip = len;
	}
	file->done = end + (skip < len ? 0 : len + (lf != NULL));
}

struct convert_stmt *
convert_add_stmt(struct convert *convert, const struct stmt *stmt)
{
	struct convert_stmt *made = ARENA_NEW(convert->arena,
	    struct convert_stmt);

	made->stmt = stmt;
	made->tail = &made->items;
	*convert->state->stmts_tail = made;
	convert->state->stmts_tail = &made->next;
	return made;
}

/* Whether it is one item of the same text. */
static bool
convert_is_changed(const struct convert *convert,
    const struct convert_stmt *made)
{
	struct str text = source_text(&convert->comp->map, made->stmt->pos);
	const char *indent = convert->state->indent;

	return made->items == NULL || made->items->next_of_stmt != NULL ||
	    !str_is(text, made->items->text + strlen(indent));
}

static void
convert_one(struct convert *convert, const struct stmt *stmt)
{
	struct convert_state *state = convert->state;
	const struct source_file *source = source_file_at(&convert->comp->map,
	    stmt->pos.begin);
	struct convert_file *file = convert_file_of(convert, source);
	uint32_t line;
	bool is_done = stmt->kind == STMT_PKI && state->has_hoisted_pkis;

	state->stmt = stmt;
	state->file = file;
	state->first = NULL;
	state->indent = convert_indent_of(convert, file, stmt->pos.begin,
	    &line);
	if (!convert_is_rule(stmt))
		state->rules_file = NULL;
	convert_keep_gap(convert, file, line);
	if (!is_done)
		state->made = convert_add_stmt(convert, stmt);
	if (convert_is_rule(stmt)) {
		convert_begin_rules(convert);
		convert_lift_comments(convert, stmt);
	}
	if (!is_done) {
		convert_any_stmt(convert);
		convert_flush_remarks(convert);
		state->made->is_changed = convert_is_changed(convert,
		    state->made);
	}
	convert_finish_line(convert, file, stmt->pos.end);
}

/* A macro that nothing refers to any more would mislead whoever edits it. */
static void
convert_drop_macros(struct convert *convert)
{
	struct convert_state *state = convert->state;

	state->indent = "";
	for (struct convert_stmt *s = convert->stmts; s != NULL; s = s->next) {
		struct str name = word_str(s->stmt->name);
		const struct macro *macro;

		if (s->stmt->kind != STMT_MACRO || s->items == NULL)
			continue;
		macro = strmap_get(&convert->comp->tree->macros, name);
		if (macro == NULL || !macro->is_used ||
		    strmap_get(&state->macros, name) != NULL)
			continue;
		convert_begin_item(convert);
		fputs("# smtpd-migrate: written out below, where it was used "
		      "[macro-expanded]\n",
		    state->out);
		convert_put_comment(convert, str_from(s->items->text));
		s->items->text = convert_take_text(convert);
		s->is_changed = true;
	}
}

/* All together. */

static void
convert_init_state(struct convert *convert)
{
	struct convert_state *state = ARENA_NEW(convert->arena,
	    struct convert_state);

	convert->state = state;
	state->indent = "";
	state->stmts_tail = &convert->stmts;
	state->has_action = arena_alloc(convert->arena,
	    convert->ir->action_count * sizeof(bool));
	state->remarks_tail = &state->remarks;
	strmap_init(&state->tags, convert->arena);
	strmap_init(&state->folded, convert->arena);
	strmap_init(&state->macros, convert->arena);
	strmap_init(&state->tables, convert->arena);
	strmap_init(&state->names, convert->arena);
	strmap_init(&state->pkis, convert->arena);
	strmap_init(&state->included, convert->arena);
	convert_sort_comments(convert);
	for (const struct stmt *s = convert->comp->tree->stmts; s; s = s->next)
		convert_note_stmt(convert, s);
	convert_name_tags(convert);
}

void
convert_run(struct convert *convert, struct compilation *comp,
    const struct ir *ir, struct bind *bind,
    const struct convert_options *options)
{
	*convert = (struct convert){
		.comp = comp,
		.ir = ir,
		.bind = bind,
		.arena = &comp->arena,
		.target = options->target,
		.style = options->style,
	};
	notes_init(&convert->notes, convert->arena);
	convert_init_state(convert);
	convert_add_file(convert, comp->tree->main_file);
	for (const struct stmt *s = comp->tree->stmts; s != NULL; s = s->next)
		if (!source_file_at(&comp->map, s->pos.begin)->is_command_line)
			convert_one(convert, s);
	for (struct convert_file *f = convert->files; f != NULL; f = f->next)
		convert_keep_gap(convert, f, f->source->base + f->source->len);
	convert_drop_macros(convert);
	convert_check_files(convert);
	if (convert_is_upgrade(convert)) {
		convert_note_upgrade(convert);
		return;
	}
	convert_check_aliases(convert);
	convert_count_residues(convert);
}
