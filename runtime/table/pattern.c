/*
 * Regular expressions within bounds.
 */
#include "runtime/table/pattern.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* "+" and "{n,}" behind something that may hold one of them already. */
static bool
pattern_doubles(const char *pattern, const char *p)
{
	return (*p == '+' || *p == '{') && p > pattern &&
	    strchr(")*+?}", p[-1]) != NULL;
}

/*
 * What it may take to compile: the states, as if all repetitions were
 * nested, each of which may be looked at again by each "*". Saturates.
 */
static uint32_t
pattern_cost(const char *pattern)
{
	uint64_t states = strlen(pattern) + 1, loops = 1;
	unsigned long count;

	for (const char *p = pattern; *p != '\0'; p++) {
		loops += strchr("*+?{", *p) != NULL;
		states *= pattern_doubles(pattern, p) ? 2 : 1;
		count = *p == '{' || *p == ',' ? strtoul(p + 1, NULL, 10) : 1;
		if (count > PATTERN_COST_MAX)
			return UINT32_MAX;
		states *= count > 1 ? count : 1;
		if (states > PATTERN_COST_MAX)
			return UINT32_MAX;
	}
	return states * loops > UINT32_MAX ? UINT32_MAX :
					     (uint32_t)(states * loops);
}

enum pattern_status
pattern_compile(const char *pattern, uint32_t *left, regex_t *compiled_r,
    int *error_r)
{
	int flags = REG_EXTENDED | REG_NOSUB, error;
	uint32_t cost;

	if (strncmp(pattern, "(?i)", 4) == 0) {
		pattern += 4;
		flags |= REG_ICASE; /* [[:upper:]] is all letters then */
	}
	cost = pattern_cost(pattern);
	if (cost > PATTERN_COST_MAX || cost > *left)
		return PATTERN_COSTLY;
	*left -= cost;
	error = regcomp(compiled_r, pattern, flags);
	if (error_r != NULL)
		*error_r = error;
	return error == 0 ? PATTERN_OK : PATTERN_BAD;
}
