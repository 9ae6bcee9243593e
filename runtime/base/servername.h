/*
 * What the host calls itself in mail: the first line of the mailname file,
 * else the host's name, completed by the resolver if it has no dot.
 */
#ifndef RUNTIME_BASE_SERVERNAME_H
#define RUNTIME_BASE_SERVERNAME_H

#include <stdbool.h>
#include <stddef.h>

/* False: the machine has no name. May ask the resolver. */
bool servername_find(char *buf, size_t room);

#endif
