/*
 * The releases that can be a target. Versions without a portable release
 * (6.5, 6.9 to 7.2) never ran anywhere but on one system and are left out.
 */
#include "runtime/ruleset/target.h"

#include <stddef.h>

static const struct {
	unsigned version;
	const char *name;
} target_releases[] = {
	{ TARGET_LEGACY, "6.0.3" },
	{ 604, "6.4" },
	{ TARGET_6_6, "6.6" },
	{ TARGET_6_7, "6.7" },
	{ TARGET_6_8, "6.8" },
	{ TARGET_7_3, "7.3" },
	{ 704, "7.4" },
	{ TARGET_7_5, "7.5" },
	{ 706, "7.6" },
	{ 707, "7.7" },
	{ 708, "7.8" },
	{ TARGET_NATIVE, "native" },
};

enum { TARGET_COUNT = sizeof(target_releases) / sizeof(target_releases[0]) };

struct target
target_default(enum dialect dialect)
{
	return (struct target){ dialect,
		dialect == DIALECT_LEGACY ? TARGET_LEGACY : TARGET_NATIVE };
}

/* Reads "major.minor[.anything]"; 0 where it is not of that form. */
static unsigned
target_read_version(struct str name)
{
	unsigned parts[2] = { 0, 0 };
	uint32_t i = 0;

	for (unsigned part = 0; part < 2; part++) {
		uint32_t begin = i;

		for (; i < name.len && str_is_digit(name.ptr[i]); i++)
			if (i - begin < 2)
				parts[part] = parts[part] * 10 +
				    (unsigned)(name.ptr[i] - '0');
		if (i == begin || i - begin > 2)
			return 0;
		if (part == 0 && (i == name.len || name.ptr[i++] != '.'))
			return 0;
	}
	if (i < name.len && name.ptr[i] != '.' && name.ptr[i] != 'p')
		return 0;
	return parts[0] * 100 + parts[1];
}

static const char *
target_nearest(unsigned version)
{
	const char *nearest = target_releases[0].name;
	unsigned best = UINT32_MAX;

	if (version == 0)
		return "native";
	for (size_t i = 0; i + 1 < TARGET_COUNT; i++) {
		unsigned there = target_releases[i].version;
		unsigned gap = there > version ? there - version :
						 version - there;

		if (gap < best) {
			best = gap;
			nearest = target_releases[i].name;
		}
	}
	return nearest;
}

bool
target_parse(struct str name, struct target *target_r, const char **nearest_r)
{
	unsigned version = str_is(name, "native") ? TARGET_NATIVE :
						    target_read_version(name);

	for (size_t i = 0; i < TARGET_COUNT; i++) {
		if (version != target_releases[i].version)
			continue;
		target_r->version = version;
		target_r->dialect = version == TARGET_LEGACY ? DIALECT_LEGACY :
							       DIALECT_MODERN;
		return true;
	}
	*nearest_r = target_nearest(version);
	return false;
}

const char *
target_name(unsigned version)
{
	for (size_t i = 0; i < TARGET_COUNT; i++)
		if (target_releases[i].version == version)
			return target_releases[i].name;
	return "unknown";
}

const char *
dialect_name(enum dialect dialect)
{
	return dialect == DIALECT_LEGACY ? "legacy" : "modern";
}
