/*
 * Looks for a representative of each signature that a domain can have by
 * patterns alone. Used by classes_domain.c.
 */
#ifndef COMPILER_CLASSES_SEARCH_H
#define COMPILER_CLASSES_SEARCH_H

#include "compiler/classes_automaton.h"

/*
 * Admits the first shortest host name of each, else a text that looks like
 * an address in brackets, else any. None of them is one of the texts to be
 * avoided: entries without a '*', whose own sets add to the signature.
 * A signature that gets none is that of no value.
 */
void classes_search(struct classes *classes,
    const struct classes_automaton *automaton,
    struct classes_entry *const *avoided, uint32_t count);

#endif
