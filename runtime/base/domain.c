/*
 * The wildcard matcher for domains, without backtracking on purpose: a
 * rule file means what the original's matcher made of it.
 */
#include "runtime/base/domain.h"

static bool
domain_is_same(char a, char b)
{
	return str_lower(a) == str_lower(b);
}

bool
domain_match(struct str name, struct str pattern)
{
	uint32_t i = 0, j = 0;

	while (i < name.len && j < pattern.len) {
		if (pattern.ptr[j] == '*') {
			while (j < pattern.len && pattern.ptr[j] == '*')
				j++;
			while (i < name.len &&
			    (j == pattern.len ||
				!domain_is_same(name.ptr[i], pattern.ptr[j])))
				i++;
		} else if (!domain_is_same(name.ptr[i++], pattern.ptr[j++]))
			return false;
	}
	return i == name.len && j == pattern.len;
}
