/*
 * The name of a client's address, and whether that name leads back to it.
 * Asks the servers of /etc/resolv.conf, and /etc/hosts before them; never
 * blocks.
 */
#ifndef RUNTIME_LOOKUP_RDNS_H
#define RUNTIME_LOOKUP_RDNS_H

#include <event2/event.h>

#include "runtime/base/netaddr.h"
#include "runtime/base/service.h"

#define RDNS_SECONDS     10   /* for both questions */
#define RDNS_QUERIES_MAX 4096 /* at a time; more are answered "unknown" */

struct rdns;

/* name: "" for unknown. fcrdns: whether it leads back. */
typedef void rdns_fn(void *arg, const char *name, enum answer fcrdns);

/* Reads the system's files, where they are there. NULL: no memory. */
struct rdns *rdns_new(struct event_base *base);
void rdns_free(struct rdns *rdns);

/* done is called once, perhaps at once. */
void rdns_find(struct rdns *rdns, const struct netaddr *address, rdns_fn *done,
    void *arg);

#endif
