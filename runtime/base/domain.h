/*
 * The wildcard matcher for domains that every version of the language
 * has. It is not fnmatch(3): '*' is the only special byte, and it stops at
 * the first byte that equals the one behind it and never tries a later
 * one. So "*.example.com" matches "a.example.com", not "a.b.example.com".
 */
#ifndef RUNTIME_BASE_DOMAIN_H
#define RUNTIME_BASE_DOMAIN_H

#include <stdbool.h>

#include "runtime/base/str.h"

/* ASCII case does not matter. Linear in the length of both. */
bool domain_match(struct str name, struct str pattern);

#endif
