/*
 * Prints planned changes as a unified diff. The places of the changes are
 * known, so nothing is searched: each run of edits becomes a block of whole
 * lines, and blocks near each other share a hunk.
 */
#include "grammar/fix_private.h"

enum { FIX_CONTEXT = 3 }; /* lines */

/* Whole lines that differ; offsets into the old and the new text. */
struct fix_block {
	size_t old_begin;
	size_t old_end;
	size_t new_begin;
	size_t new_end;
};

/* A text, and how many lines were passed up to a place in it. */
struct fix_cursor {
	const char *text;
	size_t len;
	size_t at;
	size_t lines;
};

struct fix_diff {
	FILE *out;
	struct fix_cursor before;
	struct fix_cursor after;
	struct fix_block *blocks;
	size_t count;
};

static size_t
fix_line_begin(const char *text, size_t at)
{
	const char *feed = memrchr(text, '\n', at);

	return feed == NULL ? 0 : (size_t)(feed - text) + 1;
}

/* After the line feed. */
static size_t
fix_line_end(const char *text, size_t len, size_t at)
{
	const char *feed = memchr(text + at, '\n', len - at);

	return feed == NULL ? len : (size_t)(feed - text) + 1;
}

static size_t
fix_context_begin(const struct fix_cursor *c, size_t at)
{
	for (unsigned i = 0; i < FIX_CONTEXT && at > 0; i++)
		at = fix_line_begin(c->text, at - 1);
	return at;
}

static size_t
fix_context_end(const struct fix_cursor *c, size_t at)
{
	for (unsigned i = 0; i < FIX_CONTEXT && at < c->len; i++)
		at = fix_line_end(c->text, c->len, at);
	return at;
}

static size_t
fix_count_lines(const char *text, size_t begin, size_t end)
{
	size_t lines = 0;

	for (; begin < end; lines++)
		begin = fix_line_end(text, end, begin);
	return lines;
}

static bool
fix_is_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* Takes away the lines that are the same at both ends of a block. */
static void
fix_block_trim(const struct fix_diff *diff, struct fix_block *b)
{
	const char *old = diff->before.text, *new = diff->after.text;

	while (b->old_begin < b->old_end && b->new_begin < b->new_end) {
		size_t o = fix_line_end(old, b->old_end, b->old_begin);
		size_t n = fix_line_end(new, b->new_end, b->new_begin);

		if (!fix_is_same(old + b->old_begin, o - b->old_begin,
			new + b->new_begin, n - b->new_begin))
			break;
		b->old_begin = o;
		b->new_begin = n;
	}
	while (b->old_begin < b->old_end && b->new_begin < b->new_end) {
		size_t o = fix_line_begin(old, b->old_end - 1);
		size_t n = fix_line_begin(new, b->new_end - 1);

		if (!fix_is_same(old + o, b->old_end - o, new + n,
			b->new_end - n))
			break;
		b->old_end = o;
		b->new_end = n;
	}
}

/*
 * A block ends with a line feed that no edit of it touches, or with the
 * file, so what follows it is the same in both texts.
 */
static void
fix_diff_blocks(struct fix_diff *diff, const struct fix_change *change)
{
	const struct fix_cursor *old = &diff->before;
	struct fix_block *last = NULL;
	size_t shift = 0, kept = 0; /* shift is modulo 2^n */

	for (size_t i = 0; i < change->count; i++) {
		const struct fix_edit *edit = &change->edits[i];
		size_t begin = fix_line_begin(old->text,
		    edit->range.begin - change->file->base);
		size_t end = fix_line_end(old->text, old->len,
		    edit->range.end - change->file->base);

		if (last == NULL || begin > last->old_end ||
		    (begin == last->old_end && begin < old->len)) {
			last = &diff->blocks[diff->count++];
			last->old_begin = begin;
			last->new_begin = begin + shift;
		}
		shift += edit->text.len;
		shift -= edit->range.end - edit->range.begin;
		last->old_end = end;
		last->new_end = end + shift;
	}
	for (size_t i = 0; i < diff->count; i++) {
		struct fix_block block = diff->blocks[i];

		fix_block_trim(diff, &block);
		if (block.old_begin < block.old_end ||
		    block.new_begin < block.new_end)
			diff->blocks[kept++] = block;
	}
	diff->count = kept;
}

static void
fix_diff_lines(FILE *out, char sign, const char *text, size_t len)
{
	for (size_t at = 0, end; at < len; at = end) {
		end = fix_line_end(text, len, at);
		fputc(sign, out);
		fwrite(text + at, 1, end - at, out);
		if (text[end - 1] != '\n')
			fputs("\n\\ No newline at end of file\n", out);
	}
}

/* "12,7": of an empty range, the line before it. */
static void
fix_diff_range(FILE *out, struct fix_cursor *c, size_t begin, size_t end)
{
	size_t lines = fix_count_lines(c->text, begin, end);

	c->lines += fix_count_lines(c->text, c->at, begin);
	c->at = begin;
	fprintf(out, "%zu,%zu", c->lines + (lines > 0), lines);
}

static void
fix_diff_hunk(struct fix_diff *diff, const struct fix_block *first,
    const struct fix_block *last)
{
	const char *old = diff->before.text, *new = diff->after.text;
	size_t at = fix_context_begin(&diff->before, first->old_begin);
	size_t end = fix_context_end(&diff->before, last->old_end);

	fputs("@@ -", diff->out);
	fix_diff_range(diff->out, &diff->before, at, end);
	fputs(" +", diff->out);
	fix_diff_range(diff->out, &diff->after,
	    first->new_begin - (first->old_begin - at),
	    last->new_end + (end - last->old_end));
	fputs(" @@\n", diff->out);
	for (const struct fix_block *b = first; b <= last; b++) {
		fix_diff_lines(diff->out, ' ', old + at, b->old_begin - at);
		fix_diff_lines(diff->out, '-', old + b->old_begin,
		    b->old_end - b->old_begin);
		fix_diff_lines(diff->out, '+', new + b->new_begin,
		    b->new_end - b->new_begin);
		at = b->old_end;
	}
	fix_diff_lines(diff->out, ' ', old + at, end - at);
}

/* Quoted as git does where the name could end or break the line. */
static void
fix_diff_path(FILE *out, const char *lead, const char *path)
{
	bool quoted = false;

	while (path[0] == '/' || strncmp(path, "./", 2) == 0)
		path++;
	for (const char *p = path; *p != '\0'; p++)
		quoted = quoted || (unsigned char)*p < ' ' || *p == '"' ||
		    *p == '\\' || *p == '\177';
	fprintf(out, "%.4s%s%s", lead, quoted ? "\"" : "", lead + 4);
	for (const char *p = path; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == '\177')
			fprintf(out, "\\%03o", (unsigned)*p);
		else if (quoted && (*p == '"' || *p == '\\'))
			fprintf(out, "\\%c", *p);
		else
			fputc(*p, out);
	if (quoted)
		fputc('"', out);
	else if (strchr(path, ' ') != NULL)
		fputc('\t', out);
	fputc('\n', out);
}

static void
fix_diff_print(FILE *out, struct arena *arena, const struct fix_change *change)
{
	const struct source_file *file = change->file;
	struct fix_diff diff = {
		.out = out,
		.before = { .text = file->text, .len = file->len },
		.after = { .text = change->text, .len = change->len },
		.blocks = (struct fix_block *)arena_alloc(arena,
		    change->count * sizeof(struct fix_block)),
	};

	fix_diff_blocks(&diff, change);
	if (diff.count == 0)
		return;
	fix_diff_path(out, "--- a/", file->path);
	fix_diff_path(out, "+++ b/", file->path);
	for (size_t i = 0, j; i < diff.count; i = j) {
		for (j = i + 1; j < diff.count; j++)
			if (fix_context_end(&diff.before,
				diff.blocks[j - 1].old_end) <
			    fix_context_begin(&diff.before,
				diff.blocks[j].old_begin))
				break;
		fix_diff_hunk(&diff, &diff.blocks[i], &diff.blocks[j - 1]);
	}
}

int
fix_print_diff(FILE *out, const struct diag_list *list,
    struct fix_result *result_r)
{
	struct fix_plan plan;
	struct fix_change change;
	size_t at = 0;

	fix_plan_init(&plan, list, result_r);
	while (fix_plan_next(&plan, &at, &change))
		fix_diff_print(out, list->arena, &change);
	return fflush(out) == 0 && !ferror(out) ? FIX_OK : FIX_EIO;
}
