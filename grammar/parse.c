/*
 * The front end in order: find the language, read, note what comments
 * allow.
 */
#include "grammar/parse.h"

#include <stdlib.h>

#include "grammar/allow.h"
#include "grammar/build.h"
#include "grammar/dialect.h"

/* Of the generated parsers. */
int legacy_yyparse(struct parse *parse);
int modern_yyparse(struct parse *parse);

bool
parse_define_is_valid(const char *define)
{
	const char *equals = strrchr(define, '=');

	if (equals == NULL || equals == define ||
	    strlen(equals + 1) > LEXER_STRING_MAX)
		return false;
	for (const char *p = define; p < equals; p++)
		if (!str_is_alnum(*p) && *p != '_')
			return false;
	return true;
}

/* Where the main file has no rules, what it includes tells. */
static void
parse_scan_includes(const struct parse_options *options,
    struct diag_list *diags, struct dialect_evidence *evidence)
{
	struct dialect_evidence main = *evidence;

	for (uint32_t i = 0; i < main.include_count; i++) {
		struct parse_text text = { .text = NULL };
		struct source_file file = { .base = 1 };
		const char *path =
		    arena_copy(diags->arena, main.includes[i]).ptr;

		if (options->read(options->read_arg, path, &text) != 0)
			continue;
		file.text = text.text;
		file.len = text.len < SOURCE_SIZE_MAX ? (uint32_t)text.len : 0;
		evidence->include_count = DIALECT_INCLUDES;
		dialect_scan(&file, evidence);
		free(text.text);
	}
}

static void
parse_report_mixed(struct diag_list *diags,
    const struct dialect_evidence *evidence, enum dialect dialect)
{
	enum dialect other = dialect == DIALECT_LEGACY ? DIALECT_MODERN :
							 DIALECT_LEGACY;
	const struct srcpos *samples = evidence->samples[other];
	struct diag *diag;

	diag = diag_report(diags, CHECK_MIXED_DIALECTS, samples[0],
	    "the file mixes both languages: this statement is %s, the file "
	    "is read as %s",
	    dialect_name(other), dialect_name(dialect));
	for (uint32_t i = 1; i < DIALECT_SAMPLES && i < evidence->rules[other];
	     i++)
		diag_note(diags, diag, samples[i], "%s too",
		    dialect_name(other));
	samples = evidence->samples[dialect];
	for (uint32_t i = 0;
	     i < DIALECT_SAMPLES && i < evidence->rules[dialect]; i++)
		diag_note(diags, diag, samples[i], "%s", dialect_name(dialect));
}

/* Decides the target; false where the one asked for cannot be. */
static bool
parse_choose(const struct parse_options *options, struct diag_list *diags,
    const struct source_file *file, struct parse *parse)
{
	struct dialect_evidence evidence = { .include_count = 0 };
	enum dialect dialect;

	dialect_scan(file, &evidence);
	if (!dialect_is_known(&evidence) && evidence.include_count > 0)
		parse_scan_includes(options, diags, &evidence);
	parse->is_mixed = dialect_is_mixed(&evidence);
	dialect = dialect_guess(&evidence);
	if (options->has_dialect)
		dialect = options->dialect;
	else if (options->has_target &&
	    (parse->is_mixed || !dialect_is_known(&evidence)))
		dialect = options->target.dialect;
	parse->target = options->has_target ? options->target :
					      target_default(dialect);
	parse->tree->target = parse->target;
	if (parse->is_mixed)
		parse_report_mixed(diags, &evidence, dialect);
	if (options->has_target && options->target.dialect != dialect) {
		parse->tree->target.dialect = dialect;
		return false;
	}
	return true;
}

static void
parse_run(const struct parse_options *options, struct diag_list *diags,
    struct parse *parse, struct source_file *file, const struct parse_text *id)
{
	struct reader *reader = ARENA_NEW(parse->arena, struct reader);

	if (reader_init(reader, options, diags, parse->target, file, id) != 0)
		abort();
	parse->reader = reader;
	parse->tail = &parse->tree->stmts;
	parse->other_tail = &parse->tree->others;
	if (parse->target.dialect == DIALECT_LEGACY)
		legacy_yyparse(parse);
	else
		modern_yyparse(parse);
	parse->tree->comments = reader->lexer.comments;
	parse->tree->macros = reader->lexer.macros;
	reader_fini(reader);
}

int
parse_config(const struct parse_options *options, struct diag_list *diags,
    const char *path, struct parse_text *text, struct tree **tree_r)
{
	struct parse parse = { .arena = diags->arena, .diags = diags };
	struct source_file *file;

	parse.tree = ARENA_NEW(diags->arena, struct tree);
	*tree_r = parse.tree;
	file = source_add(diags->map, path, text->text, text->len,
	    (struct srcpos){ 0, 0 });
	text->text = NULL;
	if (file == NULL)
		return PARSE_ESIZE;
	parse.tree->main_file = file;
	if (!parse_choose(options, diags, file, &parse))
		return PARSE_ETARGET;
	parse_run(options, diags, &parse, file, text);
	allow_read(diags, parse.tree->comments);
	return PARSE_OK;
}
