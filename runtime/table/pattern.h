/*
 * Regular expressions within bounds. Compiling one may take memory that is
 * exponential in its length: the C library repeats in memory what stands
 * before "{n,m}", before "+" once, and nested ones multiply. What a pattern
 * may take is estimated from its text, and one beyond the bound is not
 * compiled. Both the checks and the tables go by this.
 */
#ifndef RUNTIME_TABLE_PATTERN_H
#define RUNTIME_TABLE_PATTERN_H

#include <regex.h>
#include <stdint.h>

/* The cost of one pattern: some 10 MB at worst. */
#define PATTERN_COST_MAX (1u << 18)

/* Of all patterns that are compiled together: some seconds at worst. */
#define PATTERN_COST_TOTAL (1u << 25)

enum pattern_status {
	PATTERN_OK,
	PATTERN_BAD,    /* it does not compile */
	PATTERN_COSTLY, /* not tried */
};

/*
 * Compiles a POSIX extended pattern that is in lower case already, for
 * searches that only ask whether; "(?i)" in front is taken off. *left is
 * what is left for this pattern and others; what it costs is taken off.
 * With PATTERN_OK compiled_r is to be freed, with PATTERN_BAD *error_r is
 * for regerror(3); error_r may be NULL.
 */
enum pattern_status pattern_compile(const char *pattern, uint32_t *left,
    regex_t *compiled_r, int *error_r);

#endif
