/*
 * A place in the texts of a compilation (grammar/source.h).
 */
#ifndef RUNTIME_BASE_SRCPOS_H
#define RUNTIME_BASE_SRCPOS_H

#include <stdint.h>

/* Bytes [begin, end) as offsets into the map; {0, 0} is "no position". */
struct srcpos {
	uint32_t begin;
	uint32_t end;
};

#endif
