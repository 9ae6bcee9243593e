/*
 * Walks over the patterns of a table, which are a tree of their bytes. The
 * matcher of domain.h never backtracks, so that the bytes that lead to a node
 * say how much of a text they use up, if they fit it at all: no node is
 * visited twice, and of most tables few are visited at all. What a walk
 * finds may fit; what it does not find does not.
 */
#include "runtime/ruleset/blob_private.h"

static const unsigned char *
walk_node(const struct blob_walk *walk, uint32_t n)
{
	assert(n < walk->count);
	return walk->nodes + (size_t)n * walk->stride;
}

static unsigned char
walk_byte(const struct blob_walk *walk, uint32_t n)
{
	return walk_node(walk, n)[BLOB_WILD_BYTE];
}

static uint32_t
walk_children(const struct blob_walk *walk, uint32_t n)
{
	return n < walk->count ?
	    blob_get32(walk_node(walk, n) + BLOB_WILD_FIRST) :
	    walk->count;
}

/* 0: there is none. */
static uint32_t
walk_child(const struct blob_walk *walk, uint32_t n, unsigned char byte)
{
	uint32_t low = walk_children(walk, n);
	uint32_t end = walk_children(walk, n + 1), high = end;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (walk_byte(walk, middle) < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low < end && walk_byte(walk, low) == byte ? low : 0;
}

static void
walk_enter(struct blob_walk *walk, uint32_t node, uint32_t at, bool is_star)
{
	walk->node = node;
	walk->at = at;
	walk->is_star = is_star;
}

/* From a node to one below it, a star's first. */
static bool
walk_down(struct blob_walk *walk)
{
	unsigned char byte;
	uint32_t literal, star;

	if (walk->is_star || walk->at == walk->text.len)
		return false;
	byte = (unsigned char)walk->text.ptr[walk->at];
	literal = byte == '*' ? 0 : walk_child(walk, walk->node, byte);
	star = walk_child(walk, walk->node, '*');
	if (star == 0) {
		if (literal != 0)
			walk_enter(walk, literal, walk->at + 1, false);
		return literal != 0;
	}
	/* Each is further on in the text than the one before it. */
	assert(walk->depth < BLOB_STARS_MAX);
	walk->stars[walk->depth++] = (struct blob_star){
		.next = walk_children(walk, star),
		.end = walk_children(walk, star + 1),
		.at = walk->at,
		.literal = literal,
	};
	walk_enter(walk, star, walk->at, true);
	return true;
}

/* Behind the last star: where the bytes that may follow it come first. */
static bool
walk_star(struct blob_walk *walk)
{
	struct blob_star *star = &walk->stars[walk->depth - 1];
	const char *from = walk->text.ptr + star->at, *found;

	while (star->next < star->end) {
		uint32_t child = star->next++;

		found = memchr(from, walk_byte(walk, child),
		    walk->text.len - star->at);
		if (found == NULL)
			continue;
		walk_enter(walk, child, (uint32_t)(found - walk->text.ptr) + 1,
		    false);
		return true;
	}
	return false;
}

static bool
walk_on(struct blob_walk *walk)
{
	const struct blob_star *star;

	if (walk_down(walk))
		return true;
	for (; walk->depth > 0;) {
		if (walk_star(walk))
			return true;
		star = &walk->stars[--walk->depth];
		if (star->literal == 0)
			continue;
		walk_enter(walk, star->literal, star->at + 1, false);
		return true;
	}
	return false;
}

void
blob_walk_begin(struct blob_walk *walk, const struct blob *blob,
    struct blob_range nodes, struct str text)
{
	const struct blob_section *wild = &blob->sections[BLOB_WILD];

	assert(text.len <= BLOB_STARS_MAX);
	walk->nodes = wild->data + (size_t)nodes.first * wild->stride;
	walk->stride = wild->stride;
	walk->count = nodes.count;
	walk->text = text;
	walk->depth = 0;
	walk->is_done = nodes.count == 0;
	walk_enter(walk, 0, 0, false);
}

uint32_t
blob_walk_next(struct blob_walk *walk)
{
	uint32_t entry = 0;

	while (entry == 0 && !walk->is_done) {
		entry = blob_get32(walk_node(walk, walk->node) +
		    BLOB_WILD_ENTRY);
		walk->is_done = !walk_on(walk);
	}
	return entry == 0 ? BLOB_NOT_FOUND : entry - 1;
}
