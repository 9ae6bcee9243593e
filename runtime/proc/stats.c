/*
 * Names of the counters.
 */
#include "runtime/proc/stats.h"

static const char *const stats_names[] = {
#define STAT_NAME(ID, name) [STAT_##ID] = name,
	STATS(STAT_NAME)
#undef STAT_NAME
};

const char *
stats_name(enum stats_counter counter)
{
	return stats_names[counter];
}
