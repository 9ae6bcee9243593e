/*
 * Facts about statements and about the whole config.
 */
#include "compiler/check_facts.h"

#include "compiler/tablesrc.h"
#include "compiler/words.h"

/*
 * In checks.def the checks of reading come first, and then those of unknown
 * names, which are warnings where the daemon looks late.
 */
bool
check_facts_is_partial(const struct compilation *comp)
{
	if (comp->tree->has_syntax_errors)
		return true;
	for (const struct diag *d = comp->diags.head; d != NULL; d = d->next)
		if (d->id <= CHECK_UNKNOWN_CA &&
		    (d->severity == DIAG_ERROR || d->id >= CHECK_UNKNOWN_TABLE))
			return true;
	return false;
}

/* The first clause of three kinds. */
static const struct clause *
check_facts_first(const struct stmt *stmt, enum clause_kind a,
    enum clause_kind b, enum clause_kind c)
{
	for (const struct clause *at = stmt->clauses; at != NULL; at = at->next)
		if (at->kind == a || at->kind == b || at->kind == c)
			return at;
	return NULL;
}

const struct clause *
check_facts_tls(const struct stmt *listener)
{
	return check_facts_first(listener, CLAUSE_TLS, CLAUSE_TLS_REQUIRE,
	    CLAUSE_SMTPS);
}

const struct clause *
check_facts_auth(const struct stmt *listener)
{
	return check_facts_first(listener, CLAUSE_AUTH, CLAUSE_AUTH_OPTIONAL,
	    CLAUSE_AUTH);
}

bool
check_facts_wants(const struct compilation *comp, enum check_id id)
{
	return comp->diags.policy.advice || comp->diags.policy.enabled[id];
}

bool
check_facts_relays(const struct stmt *stmt)
{
	return (stmt->kind == STMT_ACTION || stmt->kind == STMT_ACCEPT) &&
	    stmt_clause(stmt, CLAUSE_RELAY) != NULL;
}

bool
check_facts_open_file(struct compilation *comp, const struct stmt *decl,
    struct tablefile *table_r, struct str *path_r)
{
	struct files_file *file;
	struct tablesrc src;

	if (decl->flags & STMT_BUILTIN)
		return false;
	tablesrc_parse(decl, &src);
	if (src.kind != TABLESRC_FILE || !str_has_prefix(src.config, "/"))
		return false;
	file = files_read(&comp->files, src.config, FILES_SIZE_MAX);
	if (file->error != 0)
		return false;
	files_open_table(file, comp->tree->target.version, table_r);
	*path_r = src.config;
	return true;
}

struct word
check_facts_file_word(const struct compilation *comp, const struct stmt *decl,
    struct str path, struct str text)
{
	return (struct word){
		.kind = WORD_BARE,
		.ptr = text.ptr,
		.len = text.len,
		.pos = words_part(&comp->map, decl->value, path),
	};
}

const struct macro *
check_facts_quoted_macro(const struct compilation *comp, struct word word,
    struct str *part_r)
{
	if (word.kind != WORD_QUOTED ||
	    source_expansion_at(&comp->map, word.pos) != NULL)
		return NULL;
	for (uint32_t i = 0; i + 1 < word.len; i++) {
		struct str name = { word.ptr + i + 1, 0 };
		const struct macro *macro;

		if (word.ptr[i] != '$')
			continue;
		while (i + 1 + name.len < word.len &&
		    (str_is_alnum(name.ptr[name.len]) ||
			name.ptr[name.len] == '_'))
			name.len++;
		macro = strmap_get(&comp->tree->macros, name);
		if (macro != NULL) {
			*part_r = (struct str){ word.ptr + i, name.len + 1 };
			return macro;
		}
	}
	return NULL;
}
