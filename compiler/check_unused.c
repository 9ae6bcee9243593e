/*
 * Names that are declared and that nothing refers to. resolve has noted
 * which are referred to; certificates may also be chosen by their name.
 */
#include "compiler/check.h"

#include "compiler/check_facts.h"
#include "compiler/words.h"

struct unused {
	struct compilation *comp;
	struct strmap mentioned; /* tables that a word is spelt like */
	bool is_implicit[NAMES_KINDS];
};

/*
 * Up to 6.8 a client that asks for a name gets the pki of that name, and a
 * relay takes those named like its HELO name, or "*", unless told another.
 */
static void
unused_find_implicit(struct unused *unused)
{
	const struct tree *tree = unused->comp->tree;

	if (tree->target.version >= TARGET_7_3)
		return;
	for (const struct stmt *s = tree->others; s != NULL;
	     s = s->next_other) {
		if (check_facts_relays(s))
			unused->is_implicit[NAMES_PKI] =
			    unused->is_implicit[NAMES_CA] = true;
		else if (s->kind == STMT_LISTEN && check_facts_tls(s) != NULL)
			unused->is_implicit[NAMES_PKI] = true;
	}
}

/* A word that was meant as a table is reported where it stands. */
static void
unused_find_mentioned(struct unused *unused)
{
	const struct names *names = &unused->comp->names;
	struct str name;

	for (const struct stmt *s = unused->comp->tree->stmts; s != NULL;
	     s = s->next)
		for (const struct clause *c = s->clauses; c != NULL;
		     c = c->next) {
			if (c->kind == CLAUSE_LIMIT || c->table == NULL ||
			    c->table->kind != TABREF_WORD)
				continue;
			name = word_str(c->table->word);
			words_is_quoted_table(names, c->table->word, &name);
			if (names_find(names, NAMES_TABLE, name) != NULL)
				*strmap_put(&unused->mentioned, name) = unused;
		}
}

static void
unused_check(struct unused *unused, enum names_kind kind,
    const struct strmap_slot *slot)
{
	const struct names_entry *entry = slot->value;
	const struct stmt *stmt;

	if (entry == NULL || entry->is_used)
		return;
	stmt = entry->stmt;
	if (stmt->flags & (STMT_BUILTIN | STMT_LOST | STMT_OLD))
		return;
	if (kind == NAMES_TABLE &&
	    strmap_get(&unused->mentioned, slot->key) != NULL)
		return;
	diag_report(&unused->comp->diags, CHECK_UNUSED_NAME, stmt->name.pos,
	    "%s '%.*s' is declared, and nothing uses it", names_word(kind),
	    WORD_ARG(stmt->name));
}

void
check_unused(struct compilation *comp)
{
	struct unused unused = { .comp = comp };

	if (check_facts_is_partial(comp))
		return;
	strmap_init(&unused.mentioned, &comp->arena);
	unused_find_implicit(&unused);
	unused_find_mentioned(&unused);
	for (unsigned kind = 0; kind < NAMES_KINDS; kind++) {
		const struct strmap *map = &comp->names.maps[kind];

		for (uint32_t i = 0; i < map->room; i++)
			if (!unused.is_implicit[kind])
				unused_check(&unused, (enum names_kind)kind,
				    &map->slots[i]);
	}
}
