/*
 * One fuzz input holds a whole compilation, as text that people can write:
 *
 *     7.8                     target as of --target; anything else: none
 *     include "1"             the main file, to the first line "%%"
 *     %%
 *     match for local reject  the file "1"; the next part would be "2"
 *     %%
 *     -Dname=value            a definition
 *
 * Both harnesses include this. It bounds what is read, opens no file, and
 * holds the arena, the map and the diagnostics of the run.
 */
#ifndef GRAMMAR_FUZZ_INPUT_H
#define GRAMMAR_FUZZ_INPUT_H

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "grammar/fix.h"
#include "grammar/parse.h"
#include "grammar/render.h"
#include "runtime/base/fuzz/cut.h"

enum {
	INPUT_SIZE_MAX = 16 * 1024,
	INPUT_PARTS_MAX = 16,
	INPUT_READS_MAX = 200, /* inclusions; the daemon's own limit is far */
};

struct input {
	struct str parts[INPUT_PARTS_MAX]; /* the main file first */
	unsigned count;
	unsigned reads;
	const char *defines[INPUT_PARTS_MAX];
	struct parse_options options;
};

static inline void
input_copy(struct str part, struct parse_text *text_r)
{
	char *copy = calloc(1, (size_t)part.len + 2);

	if (copy == NULL)
		abort();
	memcpy(copy, part.ptr, part.len);
	*text_r = (struct parse_text){ .text = copy, .len = part.len };
}

/* A parse_read_fn: the number of a part, and nothing else, is a path. */
static inline int
input_read(void *arg, const char *path, struct parse_text *text_r)
{
	struct input *input = arg;
	unsigned i = 0;

	for (const char *p = path; str_is_digit(*p) && i < input->count; p++)
		i = i * 10 + (unsigned)(*p - '0');
	if (i == 0 || i >= input->count)
		return -ENOENT;
	if (input->reads++ == INPUT_READS_MAX)
		return -EMFILE;
	input_copy(input->parts[i], text_r);
	text_r->ino = i;
	return 0;
}

static inline void
input_add(struct input *input, struct arena *arena, struct str part)
{
	const char *define;

	if (!str_has_prefix(part, "-D")) {
		input->parts[input->count++] = part;
		return;
	}
	part = (struct str){ part.ptr + 2, part.len - 2 };
	define = arena_copy(arena, part).ptr;
	/* As the option's handler does. */
	if (parse_define_is_valid(define))
		input->defines[input->options.define_count++] = define;
}

/* False for what is too long to be worth its time. */
static inline bool
input_init(struct input *input, struct arena *arena, const uint8_t *data,
    size_t size)
{
	struct str rest = { (const char *)data, (uint32_t)size };
	struct parse_options *options = &input->options;
	const char *nearest;

	*input = (struct input){ .count = 0 };
	if (size > INPUT_SIZE_MAX)
		return false;
	options->has_target = target_parse(cut_part(&rest, "\n"),
	    &options->target, &nearest);
	options->has_dialect = options->has_target;
	options->dialect = options->target.dialect;
	input->parts[input->count++] = cut_part(&rest, CUT_SEPARATOR);
	for (unsigned i = 1; i < INPUT_PARTS_MAX && rest.len > 0; i++)
		input_add(input, arena, cut_part(&rest, CUT_SEPARATOR));
	options->defines = input->defines;
	options->read = input_read;
	options->read_arg = input;
	return true;
}

/* Parses the main file and looks at every span of the tree. */
static inline struct tree *
input_parse(struct input *input, struct diag_list *diags)
{
	struct parse_text text;
	struct tree *tree;
	int error;

	input_copy(input->parts[0], &text);
	error = parse_config(&input->options, diags, "main", &text, &tree);
	/* Dialect and target were given together. */
	assert(error == PARSE_OK);
	for (const struct stmt *s = tree->stmts; s != NULL; s = s->next)
		assert(source_file_at(diags->map, s->pos.begin) != NULL);
	return tree;
}

static inline void
input_print(FILE *out, const struct diag_list *diags, enum render_format format)
{
	struct render_options options = {
		.format = format,
		.color = diags->errors % 2 == 1,
		.tool = "fuzz",
		.version = "0",
	};

	assert(render_diags(out, diags, &options));
}

/*
 * Prints finished diagnostics as text, in another form that the size of the
 * first text chooses, since SARIF lists every check and takes the most time,
 * and their fixes.
 */
static inline void
input_render(const struct diag_list *diags)
{
	static const enum render_format others[] = { RENDER_JSON, RENDER_GITHUB,
		RENDER_JSON, RENDER_GITHUB, RENDER_SARIF };
	struct fix_result fixes;
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		abort();
	input_print(out, diags, RENDER_TEXT);
	fflush(out);
	input_print(out, diags, others[size % 5]);
	assert(fix_print_diff(out, diags, &fixes) == FIX_OK);
	fclose(out);
	free(text);
}

#endif
