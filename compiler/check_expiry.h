/*
 * The warning about certificates that have expired or soon will. Reads no
 * file: check_files, which loads certificates, calls it with what it found.
 */
#ifndef COMPILER_CHECK_EXPIRY_H
#define COMPILER_CHECK_EXPIRY_H

#include <time.h>

#include "grammar/diag.h"
#include "grammar/word.h"

/* Renewal is late when this is all that is left. */
#define CHECK_EXPIRY_DAYS 14

/*
 * The time to judge by: SOURCE_DATE_EPOCH of the environment, in seconds,
 * where it is set and a number, else the present.
 */
time_t check_expiry_now(void);

/* word names the file, not_after is the end of what expires first. */
void check_expiry(struct diag_list *diags, struct word word, time_t not_after,
    time_t now);

#endif
