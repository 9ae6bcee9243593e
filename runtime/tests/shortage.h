/*
 * What a system may lack, for tests: descriptors and memory. Memory is that
 * of this project's files and of libevent; the build sends their requests
 * here (mk/test.mk).
 */
#ifndef RUNTIME_TESTS_SHORTAGE_H
#define RUNTIME_TESTS_SHORTAGE_H

/* No descriptor more can be opened but so many. */
void shortage_of_descriptors(unsigned spare);
void shortage_of_descriptors_end(void);

/*
 * The n-th request for memory from now on fails, and those up to the length
 * behind it; n is from 1.
 */
void shortage_of_memory(unsigned n, unsigned length);
/* All are served again; returns how many have failed. */
unsigned shortage_of_memory_end(void);

#endif
