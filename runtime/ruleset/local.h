/*
 * What a host's own addresses and names are called, which differs by
 * target. The addresses come from whoever knows them: the machine for the
 * daemon, options for the tools.
 */
#ifndef RUNTIME_RULESET_LOCAL_H
#define RUNTIME_RULESET_LOCAL_H

#include "runtime/base/netaddr.h"

#define LOCAL_TEXT_SIZE (NETADDR_TEXT_SIZE + 8)

struct local {
	unsigned version;       /* of the target */
	struct str server_name; /* empty: unknown */
	const struct netaddr *addresses;
	uint32_t address_count;
};

/*
 * An address as the target's daemon writes it, in tables, envelopes and
 * logs: "192.0.2.1", "[2001:db8::1]", up to 6.4 "IPv6:2001:db8::1". Returns
 * buf.
 */
const char *local_spell(unsigned version, const struct netaddr *addr,
    char buf[LOCAL_TEXT_SIZE]);

bool local_is_address(const struct local *local, const struct netaddr *addr);

/* A domain that is the host itself, in any case. */
bool local_is_name(const struct local *local, struct str name);

#endif
