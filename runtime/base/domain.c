/*
 * The wildcard matcher for domains, without backtracking on purpose: a
 * rule file means what the original's matcher made of it.
 */
#include "runtime/base/domain.h"

bool
domain_match(struct str name, struct str pattern)
{
	uint32_t i = 0, j = 0;

	while (i < name.len && j < pattern.len) {
		if (pattern.ptr[j] == '*') {
			while (j < pattern.len && pattern.ptr[j] == '*')
				j++;
			while (i < name.len && (j == pattern.len ||
			    str_lower(name.ptr[i]) !=
			    str_lower(pattern.ptr[j])))
				i++;
		} else if (str_lower(name.ptr[i++]) !=
		    str_lower(pattern.ptr[j++]))
			return false;
	}
	return i == name.len && j == pattern.len;
}
