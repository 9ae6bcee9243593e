/*
 * The source map of a blob: for each file of the config a text in which what
 * has a place in it stands at its line and column, rules in modern words.
 * Used by blob_ir.c only.
 */
#ifndef COMPILER_BLOB_IR_TEXT_H
#define COMPILER_BLOB_IR_TEXT_H

#include <stdio.h>

#include "compiler/compilation.h"
#include "compiler/ir.h"
#include "compiler/print_conf_private.h"
#include "runtime/ruleset/blob.h"

/* Beyond it nothing has a place: no config that we read has such a line. */
#define BLOB_IR_LINES_MAX (64u * 1024 * 1024)

struct blob_ir_item {
	struct blob_place place;
	struct srcpos *pos;     /* what is to be told */
	struct srcpos words;    /* in the texts of all rules */
	struct clause *clauses; /* of a rule; their pos in words */
	uint32_t clause_count;
};

struct blob_ir_text {
	struct compilation *comp;
	const struct blob *blob;
	struct blob_ir_item *items; /* from malloc */
	size_t count;
	size_t room;
	size_t left;            /* bytes that the files may still have */
	struct print_conf conf; /* into words */
	char *words;
	size_t words_size;
};

void blob_ir_text_init(struct blob_ir_text *text, struct compilation *comp,
    const struct blob *blob, const struct ir *ir);

/*
 * *pos is the blob's, and the map's once all is finished: none behind what
 * sources may have together, whatever the blob says.
 */
void blob_ir_text_place(struct blob_ir_text *text, struct srcpos *pos);
void blob_ir_text_listener(struct blob_ir_text *text,
    struct ir_listener *listener);
void blob_ir_text_rule(struct blob_ir_text *text,
    const struct ruleset_rule *rule, struct stmt *stmt, struct clause *clauses);
void blob_ir_text_finish(struct blob_ir_text *text);

#endif
