/*
 * Dialects and targets. A target is the daemon whose meaning applies
 * (docs/ARCHITECTURE.md): a released version, or our own.
 */
#ifndef RUNTIME_RULESET_TARGET_H
#define RUNTIME_RULESET_TARGET_H

#include <stdbool.h>

#include "runtime/base/str.h"

enum dialect {
	DIALECT_LEGACY, /* accept, reject: up to 6.0.x */
	DIALECT_MODERN, /* action, match: from 6.4 on */
};

/*
 * Versions are major * 100 + minor, so that they compare: 600 is 6.0.3,
 * 704 is 7.4. Ours has everything, so it is above all others.
 */
enum {
	TARGET_LEGACY = 600,
	TARGET_6_6 = 606,
	TARGET_6_7 = 607,
	TARGET_6_8 = 608,
	TARGET_7_3 = 703,
	TARGET_7_5 = 705,
	TARGET_NATIVE = 10000,
};

struct target {
	enum dialect dialect;
	unsigned version;
};

/* 6.0.3 for a legacy file, ours for a modern one. */
struct target target_default(enum dialect dialect);

/*
 * Reads "native", "6.0.3", "7.8", "6.6.4" (patch levels are cut off).
 * False where there is no such release; *nearest_r is then the name of the
 * nearest that there is.
 */
bool target_parse(struct str name, struct target *target_r,
    const char **nearest_r);

/* "6.0.3", "7.8", "native". */
const char *target_name(unsigned version);

const char *dialect_name(enum dialect dialect);

#endif
