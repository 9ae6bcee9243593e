/*
 * Macros that are defined and never referred to, and references in quotes,
 * which the daemon takes as they are.
 */
#include "compiler/check.h"

#include "compiler/check_facts.h"
#include "compiler/words.h"
#include "grammar/keyword.h"
#include "grammar/lexer.h"

struct macros {
	struct compilation *comp;
	struct strmap done; /* names that have a report */
};

/*
 * Whether a value stands for one word wherever its macro is referred to: a
 * name that is neither a keyword nor a number, or one string in quotes.
 */
static bool
macros_is_word(const struct macro *macro)
{
	struct str value = { macro->value, macro->value_len };
	uint32_t digits = 0;

	while (digits < value.len && str_is_digit(value.ptr[digits]))
		digits++;
	if (value.len > 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'') &&
	    memchr(value.ptr, '\\', value.len) == NULL)
		return memchr(value.ptr + 1, value.ptr[0], value.len - 1) ==
		    value.ptr + value.len - 1;
	/* "25" is a number, and "10/8" one and a stray slash. */
	if (digits == value.len || value.ptr[digits] == '/' ||
	    !str_is_alnum(value.ptr[0]) || keyword_find(value) != KEYWORD_NONE)
		return false;
	for (uint32_t i = 0; i < value.len; i++)
		if (!str_is_alnum(value.ptr[i]) &&
		    memchr("._-:/+@", value.ptr[i], 7) == NULL)
			return false;
	return true;
}

static void
macros_check_word(struct macros *macros, struct word word)
{
	struct diag_list *diags = &macros->comp->diags;
	const struct macro *macro;
	struct diag *diag;
	struct str part;

	macro = check_facts_quoted_macro(macros->comp, word, &part);
	if (macro == NULL)
		return;
	*strmap_put(&macros->done, macro->name) = macros;
	diag = diag_report(diags, CHECK_QUOTED_MACRO,
	    words_part(diags->map, word, part),
	    "in quotes, '%.*s' is not replaced by the macro's value",
	    STR_ARG(part));
	diag_note(diags, diag, macro->pos, "the macro is defined here");
	if (part.len == word.len && macros_is_word(macro))
		diag_edit(diags, diag, word.pos, "%.*s", STR_ARG(part));
}

static void
macros_check_list(struct macros *macros, const struct list *list)
{
	if (list == NULL)
		return;
	for (const struct elem *e = list->elems; e != NULL; e = e->next) {
		macros_check_word(macros, e->key);
		macros_check_word(macros, e->value);
	}
}

static void
macros_check_stmt(struct macros *macros, const struct stmt *stmt)
{
	macros_check_word(macros, stmt->name);
	macros_check_word(macros, stmt->value);
	macros_check_list(macros, stmt->list);
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		macros_check_word(macros, c->arg);
		/* The union holds a number. */
		if (c->kind == CLAUSE_LIMIT)
			continue;
		macros_check_list(macros, c->names);
		if (c->table == NULL)
			continue;
		macros_check_word(macros, c->table->word);
		macros_check_list(macros, c->table->list);
	}
}

/* Of several definitions of one name the first is reported. */
static void
macros_check_use(struct macros *macros, const struct stmt *stmt)
{
	struct str name = word_str(stmt->name);
	const struct macro *macro = strmap_get(&macros->comp->tree->macros,
	    name);
	void **done;

	if (macro == NULL || macro->is_used)
		return;
	done = strmap_put(&macros->done, name);
	if (*done == NULL)
		diag_report(&macros->comp->diags, CHECK_UNUSED_MACRO,
		    stmt->name.pos, "macro '%.*s' is never used",
		    STR_ARG(name));
	*done = macros;
}

void
check_macros(struct compilation *comp)
{
	struct macros macros = { .comp = comp };

	strmap_init(&macros.done, &comp->arena);
	if (comp->tree->macros.count == 0)
		return;
	for (const struct stmt *s = comp->tree->stmts; s != NULL; s = s->next)
		macros_check_stmt(&macros, s);
	if (check_facts_is_partial(comp))
		return;
	for (const struct stmt *s = comp->tree->others; s != NULL;
	     s = s->next_other)
		if (s->kind == STMT_MACRO)
			macros_check_use(&macros, s);
}
