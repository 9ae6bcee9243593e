/*
 * The facts of the host that a ruleset is asked about: its name and
 * addresses, its users, the reverse names that it would find. They come
 * from options and from files below --root, never from the machine that the
 * tools run on.
 */
#ifndef COMPILER_HOST_H
#define COMPILER_HOST_H

#include "compiler/compilation.h"
#include "runtime/base/netaddr.h"
#include "runtime/base/strmap.h"
#include "runtime/ruleset/local.h"
#include "runtime/ruleset/ruleset.h"

struct host_user {
	struct str name;
	uint32_t uid;
	uint32_t gid;
	struct str home;
	struct str shell;
};

struct host {
	struct arena *arena;
	unsigned version; /* of the target: it decides spellings */
	struct str name;  /* empty: unknown */
	const struct netaddr *addresses;
	uint32_t address_count;
	struct strmap users;   /* to struct host_user */
	struct strmap reverse; /* address text to a str */
	bool knows_users;
};

enum host_error {
	HOST_OK = 0,
	HOST_EADDRESS = -1, /* *what_r is not an address */
	HOST_EUSERS = -2,   /* *what_r cannot be read; errno is set */
};

/* *what_r names the culprit. */
int host_init(struct host *host, struct compilation *comp, const char **what_r);

/* An address as the target's daemon writes it, for tables and logs. */
struct str host_spell(const struct host *host, const struct netaddr *addr);

bool host_is_local_address(const struct host *host, const struct netaddr *addr);
bool host_is_local_name(const struct host *host, struct str name);

/* NULL: no such user. */
const struct host_user *host_find_user(const struct host *host,
    struct str name);

/* The reverse name of an address, empty for none. */
struct str host_reverse(const struct host *host, const struct netaddr *addr);

#endif
