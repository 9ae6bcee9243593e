/*
 * How texts and times of a config stand in a dump, whatever its format.
 * Pure functions; results are the argument or live in the arena.
 */
#ifndef COMPILER_DUMP_TEXT_H
#define COMPILER_DUMP_TEXT_H

#include "runtime/base/arena.h"
#include "runtime/base/str.h"

/*
 * A config is bytes, a dump is UTF-8. A text that is not UTF-8 has each byte
 * that is in the way as \xHH, and its backslashes doubled.
 */
struct str dump_text_clean(struct arena *arena, struct str text);

/* Order of bytes, as of memcmp(3). */
int dump_text_compare(struct str a, struct str b);

/* In the largest unit that takes a whole number: "90m", "4d". */
struct str dump_text_delay(struct arena *arena, uint32_t seconds);

#endif
