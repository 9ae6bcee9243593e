/*
 * A config as a neutral tree of values, which printers walk: what is called
 * how, in what order, with which defaults, is decided here once. The tree
 * depends on the meaning of the config only: sets are sorted, nothing tells
 * how the text was written, and secrets are redacted.
 *
 * Everything lives in the compilation's arena. Depth is bounded by the
 * model, not by the config.
 */
#ifndef COMPILER_DUMP_MODEL_H
#define COMPILER_DUMP_MODEL_H

#include "compiler/compilation.h"
#include "compiler/ir.h"

enum dump_kind {
	DUMP_NULL,
	DUMP_FLAG,
	DUMP_NUMBER,
	DUMP_TEXT,
	DUMP_LIST,
	DUMP_MAP, /* no key twice */
};

struct dump_item;

struct dump_value {
	enum dump_kind kind;
	int64_t number;          /* FLAG: 0 or 1; NUMBER */
	struct str text;         /* TEXT, always UTF-8 */
	struct dump_item *items; /* LIST, MAP */
	struct dump_item *last;
};

struct dump_item {
	struct str key; /* in a MAP, always UTF-8 */
	struct dump_value *value;
	struct dump_item *next;
};

struct dump_options {
	bool shows_secrets;
	bool shows_positions; /* FILE:LINE of what the config declares */
};

/* The compilation must be without errors, ir its IR. */
const struct dump_value *dump_model_build(struct compilation *comp,
    const struct ir *ir, const struct dump_options *options);

#endif
