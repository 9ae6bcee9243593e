/*
 * Folders that tests make for themselves, by mkdtemp.
 */
#ifndef RUNTIME_TESTS_SCRATCH_H
#define RUNTIME_TESTS_SCRATCH_H

/* With all that is in it; fails the test where something stays. */
void scratch_delete(const char *folder);

#endif
