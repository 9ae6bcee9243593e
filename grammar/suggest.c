/*
 * Nearest-word search. Of several equally near candidates one as long as the
 * word is kept, else the first.
 */
#include "grammar/suggest.h"

void
suggest_init(struct suggest *suggest, struct str word)
{
	/* A third of the word may be wrong, and one letter of a short one. */
	*suggest = (struct suggest){
		.word = word,
		.distance = word.len / 3 + (word.len < 3 ? 1 : 0) + 1,
	};
	if (word.len <= 1)
		suggest->distance = 0;
}

static unsigned
suggest_min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance, case ignored. */
static unsigned
suggest_distance(struct str a, struct str b)
{
	unsigned rows[3][SUGGEST_LEN_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2], *spare;

	for (unsigned j = 0; j <= b.len; j++)
		last[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		char ca = str_lower(a.ptr[i - 1]);

		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			char cb = str_lower(b.ptr[j - 1]);

			row[j] = suggest_min(last[j], row[j - 1]) + 1;
			row[j] = suggest_min(row[j], last[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca != cb &&
			    ca == str_lower(b.ptr[j - 2]) &&
			    cb == str_lower(a.ptr[i - 2]))
				row[j] = suggest_min(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b.len];
}

void
suggest_offer(struct suggest *suggest, struct str candidate)
{
	struct str word = suggest->word;
	unsigned gap, distance;

	if (word.len > SUGGEST_LEN_MAX || candidate.len > SUGGEST_LEN_MAX ||
	    candidate.len == 0)
		return;
	gap = word.len > candidate.len ? word.len - candidate.len :
					 candidate.len - word.len;
	if (gap > suggest->distance)
		return;
	distance = suggest_distance(word, candidate);
	/* Of two as near, letters are rather swapped than left out. */
	if (distance < suggest->distance ||
	    (distance == suggest->distance && suggest->best.len > 0 &&
		gap == 0 && suggest->best.len != word.len)) {
		suggest->best = candidate;
		suggest->distance = distance;
	}
}
