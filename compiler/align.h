/*
 * Two sequences that mostly agree, aligned: which elements of one stand in
 * the other in the same order. Knows elements by keys only, allocates
 * nothing that lasts. Called to compare rulesets.
 */
#ifndef COMPILER_ALIGN_H
#define COMPILER_ALIGN_H

#include <stdbool.h>
#include <stdint.h>

struct align_side {
	const uint64_t *keys;
	uint32_t count;
	bool *is_common; /* one for each key; written */
};

/*
 * Marks a common subsequence of both sides, as many elements here as there;
 * not always a longest one. Takes n log n.
 */
void align_run(struct align_side *a, struct align_side *b);

#endif
