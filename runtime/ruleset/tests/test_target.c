/*
 * Names of targets: which are known, what is cut off, which is nearest.
 */
#include "runtime/ruleset/target.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct known {
	char name[16];
	unsigned version;
	enum dialect dialect;
};

ParameterizedTestParameters(target, parses_releases)
{
	static struct known names[] = {
		{ "native", TARGET_NATIVE, DIALECT_MODERN },
		{ "6.0.3", TARGET_LEGACY, DIALECT_LEGACY },
		{ "6.0", TARGET_LEGACY, DIALECT_LEGACY },
		{ "6.0.3p1", TARGET_LEGACY, DIALECT_LEGACY },
		{ "6.4", 604, DIALECT_MODERN },
		{ "6.4.2p1", 604, DIALECT_MODERN },
		{ "6.6.4", TARGET_6_6, DIALECT_MODERN },
		{ "6.7", TARGET_6_7, DIALECT_MODERN },
		{ "6.8.0p2", TARGET_6_8, DIALECT_MODERN },
		{ "7.3", TARGET_7_3, DIALECT_MODERN },
		{ "7.4", 704, DIALECT_MODERN },
		{ "7.5", TARGET_7_5, DIALECT_MODERN },
		{ "7.6", 706, DIALECT_MODERN },
		{ "7.7", 707, DIALECT_MODERN },
		{ "7.8.0p1", 708, DIALECT_MODERN },
	};

	return cr_make_param_array(struct known, names,
	    sizeof(names) / sizeof(names[0]));
}

ParameterizedTest(struct known *known, target, parses_releases)
{
	struct target target;
	const char *nearest;

	cr_assert(target_parse(str_from(known->name), &target, &nearest));
	cr_expect_eq(target.version, known->version);
	cr_expect_eq(target.dialect, known->dialect);
}

struct unknown {
	char name[16];
	char nearest[16];
};

ParameterizedTestParameters(target, names_the_nearest)
{
	static struct unknown names[] = {
		{ "5.9", "6.0.3" },
		{ "6.1", "6.0.3" },
		{ "6.5", "6.4" },
		{ "6.9", "6.8" },
		{ "7.0", "7.3" },
		{ "7.2", "7.3" },
		{ "7.9", "7.8" },
		{ "99.99", "7.8" },
		{ "", "native" },
		{ "7", "native" },
		{ "7.", "native" },
		{ ".8", "native" },
		{ "7.8x", "native" },
		{ "7.123", "native" },
		{ "Native", "native" },
		{ "-7.8", "native" },
	};

	return cr_make_param_array(struct unknown, names,
	    sizeof(names) / sizeof(names[0]));
}

ParameterizedTest(struct unknown *unknown, target, names_the_nearest)
{
	struct target target;
	const char *nearest = "";

	cr_assert_not(target_parse(str_from(unknown->name), &target, &nearest));
	cr_expect_str_eq(nearest, unknown->nearest);
}

Test(target, name_is_what_parse_reads)
{
	static const unsigned versions[] = { TARGET_LEGACY, 604, TARGET_6_6,
		TARGET_6_7, TARGET_6_8, TARGET_7_3, 704, TARGET_7_5, 706, 707,
		708, TARGET_NATIVE };

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const char *name = target_name(versions[i]), *nearest;
		struct target target;

		cr_assert(target_parse(str_from(name), &target, &nearest));
		cr_expect_eq(target.version, versions[i], "%s", name);
	}
}

Test(target, defaults_follow_the_dialect)
{
	cr_expect_eq(target_default(DIALECT_LEGACY).version, TARGET_LEGACY);
	cr_expect_eq(target_default(DIALECT_MODERN).version, TARGET_NATIVE);
}
