/*
 * Addresses and networks as texts of a config: parsing, matching, order,
 * printing. Never resolves a name and never looks at the machine. Used by
 * the checks, by table matching and by the daemon.
 *
 * Parsing tells a text that is no address at all (a host name, "local")
 * from one that was meant as an address and does not parse, because the
 * daemon silently never matches the latter.
 */
#ifndef RUNTIME_BASE_NETADDR_H
#define RUNTIME_BASE_NETADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/str.h"

/* Longest address, "/128", NUL. */
#define NETADDR_TEXT_SIZE 52

struct sockaddr;

struct netaddr {
	uint8_t family;    /* 4 or 6; 0: no address */
	uint8_t prefix;    /* bits, 0 to 32 or 128 */
	uint8_t bytes[16]; /* network order; beyond the family's length 0 */
};

enum netaddr_status {
	NETADDR_OK,
	NETADDR_NOT_ADDRESS, /* not even meant as one */

	/* Meant as one, but: */
	NETADDR_OCTET_RANGE,
	NETADDR_EMPTY_PART,
	NETADDR_TOO_MANY_PARTS,
	NETADDR_TOO_FEW_PARTS,
	NETADDR_LEADING_ZERO,
	NETADDR_WILDCARD,
	NETADDR_RANGE,
	NETADDR_NETMASK,
	NETADDR_PREFIX_RANGE,
	NETADDR_PREFIX_SYNTAX,
	NETADDR_PREFIX_REFUSED,
	NETADDR_PREFIX_OUTSIDE,
	NETADDR_GROUP_TOO_LONG,
	NETADDR_TWO_GAPS,
	NETADDR_BRACKETS_REFUSED,
	NETADDR_BRACKETS_V4,
	NETADDR_BRACKET_OPEN,
	NETADDR_ZONE_REFUSED,
	NETADDR_PORT,
	NETADDR_SYNTAX,
	NETADDR_STATUS_COUNT
};

/* What a place or a target's version accepts. */
enum {
	NETADDR_BRACKETS = 1, /* [v6], [v6/n]; networks: from 6.6 on */
	NETADDR_TAG = 2,      /* "IPv6:" in front; networks: always */
	NETADDR_ZONE = 4,     /* v6%zone; networks: never */
};

/*
 * An entry of a table of networks: address[/bits]. IPv4 is what the C
 * library's inet_net_pton(3) takes: one to four octets or hexadecimal,
 * missing octets are 0, and without "/bits" the width of the octets
 * written or of the address class, whichever is wider. bytes keep their
 * host bits, see netaddr_mask. On failure *addr_r is untouched. Of flags
 * only NETADDR_BRACKETS matters.
 */
enum netaddr_status netaddr_parse_cidr(struct str text, unsigned flags,
    struct netaddr *addr_r);

/*
 * One literal address: a full dotted quad or IPv6. prefix is the family's
 * width. *zone_r is the text behind '%', empty if there is none; it may be
 * NULL without NETADDR_ZONE. On failure nothing is stored. What fails may
 * still be a host name: it is for the caller to try.
 */
enum netaddr_status netaddr_parse_host(struct str text, unsigned flags,
    struct netaddr *addr_r, struct str *zone_r);

/*
 * An address of a socket, without its port. False, and family 0: NULL, or
 * of another family.
 */
bool netaddr_read_sockaddr(const struct sockaddr *sockaddr,
    struct netaddr *addr_r);

/* One clause for a message, without full stop. */
const char *netaddr_status_text(enum netaddr_status status);

/* Clears the bits behind the prefix. */
void netaddr_mask(struct netaddr *addr);
bool netaddr_has_host_bits(const struct netaddr *addr);

/* addr's prefix is ignored. A v4-mapped IPv6 address is not IPv4. */
bool netaddr_contains(const struct netaddr *net, const struct netaddr *addr);

/* The last address of a network. Its prefix means nothing. */
struct netaddr netaddr_last(struct netaddr net);

/* To the next address; false behind the family's last one. */
bool netaddr_increase(struct netaddr *addr);

/* Family and bytes. */
int netaddr_compare_addresses(const struct netaddr *a, const struct netaddr *b);

/* Total order: family, bytes, prefix. Networks must have been masked. */
int netaddr_compare(const struct netaddr *a, const struct netaddr *b);

/*
 * Canonical text, without brackets, "/bits" only where the prefix is
 * shorter than the address. Returns buf; "" for family 0.
 */
const char *netaddr_format(const struct netaddr *addr,
    char buf[NETADDR_TEXT_SIZE]);

#endif
