/*
 * See rounds.h.
 */
#include "compiler/tests/rounds.h"

#include <stdlib.h>

enum { ROUNDS_MAX = 1000000 };

uint32_t
rounds_factor(void)
{
	const char *text = getenv("ROUNDS");
	long factor = text == NULL ? 1 : strtol(text, NULL, 10);

	return factor < 1       ? 1 :
	    factor > ROUNDS_MAX ? ROUNDS_MAX :
				  (uint32_t)factor;
}
