/*
 * One deterministic automaton of all domain patterns of a ruleset that have
 * a '*': from the state in which a name ends follow all sets in which it is
 * because of a pattern. Made and used by classes_domain.c, walked through
 * by classes_search.c.
 */
#ifndef COMPILER_CLASSES_AUTOMATON_H
#define COMPILER_CLASSES_AUTOMATON_H

#include "compiler/classes_private.h"

struct classes_edge {
	uint32_t target;
	uint8_t byte; /* never an upper case letter */
};

/*
 * A name goes on by the edge of its next byte. Where there is a tail, and so
 * no edge, it comes to match if all the rest of it is the tail; else it comes
 * to otherwise, which it then does not leave any more.
 */
struct classes_state {
	uint32_t first_edge; /* up to that of the next state, by byte */
	uint32_t otherwise;  /* the state after any other byte */
	uint32_t match;
	struct str tail;
	struct classes_signature *signature; /* of names that end here */
};

/* State 0 is that of the empty name, to which no edge leads. */
struct classes_automaton {
	const struct classes_state *states; /* and one more behind the last */
	uint32_t count;
	const struct classes_edge *edges;
};

/* NULL where there is no room for it; something was blamed then. */
struct classes_automaton *classes_automaton_build(struct classes *classes);

/* The state after all of a name, in which case does not matter. */
uint32_t classes_automaton_run(const struct classes_automaton *automaton,
    struct str name);

#endif
