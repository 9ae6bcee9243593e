/*
 * Addresses and networks. IPv4 is scanned here, since the forms that
 * inet_net_pton(3) takes differ between C libraries and the daemon's
 * behaviour is glibc's. IPv6 goes through inet_pton(3), which is the same
 * everywhere; only when it refuses is the reason looked for.
 */
#include "runtime/base/netaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
	NETADDR_V4_BITS = 32,
	NETADDR_V6_BITS = 128,

	/* Beside the flags of the header: "/bits" is accepted. */
	NETADDR_NET = 128,
};

static const char *const netaddr_status_texts[NETADDR_STATUS_COUNT] = {
	[NETADDR_OK] = "valid",
	[NETADDR_NOT_ADDRESS] = "not an address",
	[NETADDR_OCTET_RANGE] = "an octet is larger than 255",
	[NETADDR_EMPTY_PART] = "a part between two dots is empty",
	[NETADDR_TOO_MANY_PARTS] = "the address has too many parts",
	[NETADDR_TOO_FEW_PARTS] = "the address has too few parts",
	[NETADDR_LEADING_ZERO] = "an octet begins with 0",
	[NETADDR_WILDCARD] = "addresses have no wildcards, only /bits",
	[NETADDR_RANGE] = "a range of addresses is not understood, only /bits",
	[NETADDR_NETMASK] = "a netmask is not understood, only /bits",
	[NETADDR_PREFIX_RANGE] = "the prefix is longer than the address",
	[NETADDR_PREFIX_SYNTAX] = "what follows '/' is not a number",
	[NETADDR_PREFIX_REFUSED] = "a single address is needed, not a network",
	[NETADDR_PREFIX_OUTSIDE] = "/bits must stand inside the brackets",
	[NETADDR_GROUP_TOO_LONG] = "a group has more than four digits",
	[NETADDR_TWO_GAPS] = "'::' may stand only once",
	[NETADDR_BRACKETS_REFUSED] = "brackets are not understood here",
	[NETADDR_BRACKETS_V4] = "only IPv6 addresses stand in brackets",
	[NETADDR_BRACKET_OPEN] = "the closing bracket is missing",
	[NETADDR_ZONE_REFUSED] = "a zone ('%') cannot be used here",
	[NETADDR_PORT] = "a port cannot be part of the address",
	[NETADDR_SYNTAX] = "the address is malformed",
};

bool
netaddr_read_sockaddr(const struct sockaddr *sockaddr, struct netaddr *addr_r)
{
	sa_family_t family = AF_UNSPEC;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;

	if (sockaddr != NULL)
		family = sockaddr->sa_family;
	*addr_r = (struct netaddr){ .family = 0 };
	if (family == AF_INET) {
		memcpy(&in4, sockaddr, sizeof(in4));
		addr_r->family = 4;
		addr_r->prefix = NETADDR_V4_BITS;
		memcpy(addr_r->bytes, &in4.sin_addr, sizeof(in4.sin_addr));
	} else if (family == AF_INET6) {
		memcpy(&in6, sockaddr, sizeof(in6));
		addr_r->family = 6;
		addr_r->prefix = NETADDR_V6_BITS;
		memcpy(addr_r->bytes, &in6.sin6_addr, sizeof(in6.sin6_addr));
	}
	return addr_r->family != 0;
}

const char *
netaddr_status_text(enum netaddr_status status)
{
	return netaddr_status_texts[status];
}

static bool
netaddr_has(struct str s, char c)
{
	return s.len > 0 && memchr(s.ptr, c, s.len) != NULL;
}

static struct str
netaddr_from(struct str s, uint32_t begin)
{
	return (struct str){ s.ptr + begin, s.len - begin };
}

/* Cuts s at the first c; true, with the rest behind c, if there is one. */
static bool
netaddr_cut(struct str *s, char c, struct str *rest_r)
{
	const char *at = s->len > 0 ? memchr(s->ptr, c, s->len) : NULL;
	uint32_t len;

	if (at == NULL)
		return false;
	len = (uint32_t)(at - s->ptr);
	*rest_r = netaddr_from(*s, len + 1);
	s->len = len;
	return true;
}

static struct str
netaddr_untag(struct str s)
{
	const struct str tag = STR_LIT("ipv6:");

	if (s.len >= tag.len &&
	    str_eq_nocase((struct str){ s.ptr, tag.len }, tag))
		return netaddr_from(s, tag.len);
	return s;
}

static int
netaddr_hex(char c)
{
	if (str_is_digit(c))
		return c - '0';
	c = str_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
netaddr_is_v6_shaped(struct str s)
{
	return s.len > 0 && (s.ptr[0] == '[' || netaddr_has(s, ':'));
}

static bool
netaddr_is_hex_form(struct str s)
{
	return s.len > 2 && s.ptr[0] == '0' && str_lower(s.ptr[1]) == 'x' &&
	    netaddr_hex(s.ptr[2]) >= 0;
}

/* Only bytes that an address, or a usual mistake in one, is made of. */
static bool
netaddr_is_meant(struct str s, const char *others)
{
	for (uint32_t i = 0; i < s.len; i++)
		if (netaddr_hex(s.ptr[i]) < 0 &&
		    (s.ptr[i] == '\0' || strchr(others, s.ptr[i]) == NULL))
			return false;
	return true;
}

static bool
netaddr_is_v4_meant(struct str s)
{
	if (netaddr_is_hex_form(s))
		return netaddr_is_meant(netaddr_from(s, 2), "/");
	if (s.len == 0 || !str_is_digit(s.ptr[0]))
		return false;
	for (uint32_t i = 0; i < s.len; i++)
		if (str_is_alnum(s.ptr[i]) && !str_is_digit(s.ptr[i]))
			return false;
	return netaddr_is_meant(s, "./*-");
}

static enum netaddr_status
netaddr_read_prefix(struct str s, unsigned max, uint8_t *prefix_r)
{
	unsigned bits = 0;

	if (s.len == 0)
		return NETADDR_PREFIX_SYNTAX;
	if (netaddr_has(s, '.') || netaddr_has(s, ':'))
		return NETADDR_NETMASK;
	for (uint32_t i = 0; i < s.len; i++) {
		if (!str_is_digit(s.ptr[i]))
			return NETADDR_PREFIX_SYNTAX;
		if (bits <= max)
			bits = bits * 10 + (unsigned)(s.ptr[i] - '0');
	}
	if (bits > max)
		return NETADDR_PREFIX_RANGE;
	*prefix_r = (uint8_t)bits;
	return NETADDR_OK;
}

/* Hexadecimal, behind "0x": two digits an octet, an odd last one is high. */
static enum netaddr_status
netaddr_read_hex(struct str s, struct netaddr *addr, unsigned *count_r)
{
	if (s.len > 8)
		return NETADDR_TOO_MANY_PARTS;
	for (uint32_t i = 0; i < s.len; i++) {
		int nibble = netaddr_hex(s.ptr[i]);

		if (i % 2 == 0)
			nibble <<= 4;
		addr->bytes[i / 2] |= (uint8_t)nibble;
	}
	*count_r = (s.len + 1) / 2;
	return NETADDR_OK;
}

static enum netaddr_status
netaddr_read_octets(struct str s, struct netaddr *addr, unsigned *count_r)
{
	struct str part, rest = s;
	unsigned count = 0;
	bool more;

	do {
		unsigned value = 0;

		part = rest;
		more = netaddr_cut(&part, '.', &rest);
		if (part.len == 0)
			return NETADDR_EMPTY_PART;
		for (uint32_t i = 0; i < part.len; i++) {
			if (!str_is_digit(part.ptr[i]))
				return NETADDR_SYNTAX;
			value = value * 10 + (unsigned)(part.ptr[i] - '0');
			if (value > 255)
				return NETADDR_OCTET_RANGE;
		}
		if (count == 4)
			return NETADDR_TOO_MANY_PARTS;
		addr->bytes[count++] = (uint8_t)value;
	} while (more);
	*count_r = count;
	return NETADDR_OK;
}

/* The width of a network written without one. */
static uint8_t
netaddr_classful(uint8_t first, unsigned count)
{
	unsigned bits = 8;

	if (first >= 240)
		bits = 32;
	else if (first >= 192 && first < 224)
		bits = 24;
	else if (first >= 128 && first < 192)
		bits = 16;
	if (bits < 8 * count)
		bits = 8 * count;
	if (bits == 8 && first == 224)
		bits = 4;
	return (uint8_t)bits;
}

static enum netaddr_status
netaddr_cidr_v4(struct str s, struct netaddr *addr)
{
	enum netaddr_status status;
	struct str prefix = { 0 };
	unsigned count;
	bool has_prefix;

	if (!netaddr_is_v4_meant(s))
		return NETADDR_NOT_ADDRESS;
	if (netaddr_has(s, '*'))
		return NETADDR_WILDCARD;
	if (netaddr_has(s, '-'))
		return NETADDR_RANGE;
	has_prefix = netaddr_cut(&s, '/', &prefix);
	addr->family = 4;
	if (netaddr_is_hex_form(s))
		status = netaddr_read_hex(netaddr_from(s, 2), addr, &count);
	else
		status = netaddr_read_octets(s, addr, &count);
	if (status != NETADDR_OK)
		return status;
	if (has_prefix)
		return netaddr_read_prefix(prefix, NETADDR_V4_BITS,
		    &addr->prefix);
	addr->prefix = netaddr_classful(addr->bytes[0], count);
	return NETADDR_OK;
}

/* What inet_pton(3) takes: four decimal octets without leading zeros. */
static enum netaddr_status
netaddr_read_quad(struct str s, struct netaddr *addr)
{
	enum netaddr_status status;
	unsigned count = 0;

	status = netaddr_read_octets(s, addr, &count);
	if (status != NETADDR_OK)
		return status;
	if (count < 4)
		return NETADDR_TOO_FEW_PARTS;
	for (uint32_t i = 0; i + 1 < s.len; i++)
		if (s.ptr[i] == '0' && (i == 0 || s.ptr[i - 1] == '.') &&
		    s.ptr[i + 1] != '.')
			return NETADDR_LEADING_ZERO;
	return NETADDR_OK;
}

/* Why inet_pton(3) refused s. */
static enum netaddr_status
netaddr_diagnose_v6(struct str s)
{
	struct netaddr unused = { 0 };
	struct str part, rest = s;
	unsigned groups = 0, gaps = 0;
	enum netaddr_status status;
	bool more;

	do {
		part = rest;
		more = netaddr_cut(&part, ':', &rest);
		if (netaddr_has(part, '.')) {
			status = netaddr_read_quad(part, &unused);
			if (status != NETADDR_OK)
				return status;
			if (more)
				return NETADDR_PORT;
			groups++;
		} else if (part.len > 4)
			return NETADDR_GROUP_TOO_LONG;
		if (part.len == 0 && part.ptr != s.ptr && more)
			gaps++;
		groups += part.len > 0;
	} while (more);
	if (gaps > 1)
		return NETADDR_TWO_GAPS;
	if (groups > 8)
		return NETADDR_TOO_MANY_PARTS;
	if (groups < 8 && gaps == 0)
		return NETADDR_TOO_FEW_PARTS;
	return NETADDR_SYNTAX;
}

static enum netaddr_status
netaddr_read_v6(struct str s, struct netaddr *addr)
{
	char buf[INET6_ADDRSTRLEN];

	addr->family = 6;
	addr->prefix = NETADDR_V6_BITS;
	if (s.len >= sizeof(buf))
		return netaddr_diagnose_v6(s);
	memcpy(buf, s.ptr, s.len);
	buf[s.len] = '\0';
	if (inet_pton(AF_INET6, buf, addr->bytes) != 1)
		return netaddr_diagnose_v6(s);
	return NETADDR_OK;
}

/* Strips "[", a tag inside, and "]". */
static enum netaddr_status
netaddr_unbracket(struct str *s, unsigned flags)
{
	struct str rest;

	if (s->len == 0 || s->ptr[0] != '[')
		return NETADDR_OK;
	if ((flags & NETADDR_BRACKETS) == 0)
		return NETADDR_BRACKETS_REFUSED;
	*s = netaddr_untag(netaddr_from(*s, 1));
	if (!netaddr_cut(s, ']', &rest))
		return NETADDR_BRACKET_OPEN;
	if (rest.len == 0)
		return NETADDR_OK;
	if (rest.ptr[0] == '/')
		return NETADDR_PREFIX_OUTSIDE;
	return rest.ptr[0] == ':' ? NETADDR_PORT : NETADDR_SYNTAX;
}

/* What inet_pton(3) takes, with brackets, "%zone" and "/bits" by flags. */
static enum netaddr_status
netaddr_parse_v6(struct str s, unsigned flags, struct netaddr *addr,
    struct str *zone_r)
{
	bool is_bracketed = s.ptr[0] == '[', has_prefix, has_zone;
	struct str prefix = { 0 };
	enum netaddr_status status;

	status = netaddr_unbracket(&s, flags);
	if (status != NETADDR_OK)
		return status;
	has_prefix = netaddr_cut(&s, '/', &prefix);
	has_zone = netaddr_cut(&s, '%', zone_r);
	if (!netaddr_has(s, ':'))
		return NETADDR_BRACKETS_V4;
	if (!netaddr_is_meant(s, ":."))
		return is_bracketed ? NETADDR_SYNTAX : NETADDR_NOT_ADDRESS;
	if (has_prefix && (flags & NETADDR_NET) == 0)
		return NETADDR_PREFIX_REFUSED;
	if (has_zone && (flags & NETADDR_ZONE) == 0)
		return NETADDR_ZONE_REFUSED;
	if (has_zone && zone_r->len == 0)
		return NETADDR_SYNTAX;
	status = netaddr_read_v6(s, addr);
	if (status != NETADDR_OK || !has_prefix)
		return status;
	return netaddr_read_prefix(prefix, NETADDR_V6_BITS, &addr->prefix);
}

enum netaddr_status
netaddr_parse_cidr(struct str text, unsigned flags, struct netaddr *addr_r)
{
	struct str s = netaddr_untag(text), zone;
	struct netaddr addr = { 0 };
	enum netaddr_status status;

	if (netaddr_is_v6_shaped(s))
		status = netaddr_parse_v6(s,
		    (flags & NETADDR_BRACKETS) | NETADDR_NET, &addr, &zone);
	else
		status = netaddr_cidr_v4(s, &addr);
	if (status == NETADDR_OK)
		*addr_r = addr;
	return status;
}

static enum netaddr_status
netaddr_host_v4(struct str s, struct netaddr *addr)
{
	if (!netaddr_is_v4_meant(s))
		return NETADDR_NOT_ADDRESS;
	if (netaddr_has(s, '/'))
		return NETADDR_PREFIX_REFUSED;
	addr->family = 4;
	addr->prefix = NETADDR_V4_BITS;
	return netaddr_read_quad(s, addr);
}

enum netaddr_status
netaddr_parse_host(struct str text, unsigned flags, struct netaddr *addr_r,
    struct str *zone_r)
{
	struct str s = (flags & NETADDR_TAG) != 0 ? netaddr_untag(text) : text;
	struct netaddr addr = { 0 };
	struct str zone = { "", 0 };
	enum netaddr_status status;

	if (netaddr_is_v6_shaped(s))
		status = netaddr_parse_v6(s, flags, &addr, &zone);
	else
		status = netaddr_host_v4(s, &addr);
	if (status != NETADDR_OK)
		return status;
	*addr_r = addr;
	if (zone_r != NULL)
		*zone_r = zone;
	return NETADDR_OK;
}

static unsigned
netaddr_width(const struct netaddr *addr)
{
	return addr->family == 4 ? NETADDR_V4_BITS : NETADDR_V6_BITS;
}

/* The bits of byte i that lie inside the prefix. */
static uint8_t
netaddr_mask_byte(const struct netaddr *addr, unsigned i)
{
	if (addr->prefix >= 8 * (i + 1))
		return 0xff;
	if (addr->prefix <= 8 * i)
		return 0;
	return (uint8_t)(0xffu << (8 * (i + 1) - addr->prefix));
}

void
netaddr_mask(struct netaddr *addr)
{
	for (unsigned i = 0; i < sizeof(addr->bytes); i++)
		addr->bytes[i] &= netaddr_mask_byte(addr, i);
}

bool
netaddr_has_host_bits(const struct netaddr *addr)
{
	struct netaddr masked = *addr;

	netaddr_mask(&masked);
	return netaddr_compare(addr, &masked) != 0;
}

bool
netaddr_contains(const struct netaddr *net, const struct netaddr *addr)
{
	if (net->family != addr->family)
		return false;
	for (unsigned i = 0; i < sizeof(net->bytes); i++) {
		unsigned difference = net->bytes[i] ^ addr->bytes[i];

		if ((difference & netaddr_mask_byte(net, i)) != 0)
			return false;
	}
	return true;
}

struct netaddr
netaddr_last(struct netaddr net)
{
	for (unsigned bit = net.prefix; bit < netaddr_width(&net); bit++)
		net.bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	return net;
}

bool
netaddr_increase(struct netaddr *addr)
{
	for (unsigned i = netaddr_width(addr) / 8; i-- > 0;)
		if (++addr->bytes[i] != 0)
			return true;
	return false;
}

int
netaddr_compare_addresses(const struct netaddr *a, const struct netaddr *b)
{
	int order;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	order = memcmp(a->bytes, b->bytes, sizeof(a->bytes));
	return (order > 0) - (order < 0);
}

int
netaddr_compare(const struct netaddr *a, const struct netaddr *b)
{
	int order = netaddr_compare_addresses(a, b);

	return order != 0 ? order :
			    (a->prefix > b->prefix) - (a->prefix < b->prefix);
}

const char *
netaddr_format(const struct netaddr *addr, char buf[NETADDR_TEXT_SIZE])
{
	size_t len;

	buf[0] = '\0';
	if (addr->family == 0)
		return buf;
	inet_ntop(addr->family == 4 ? AF_INET : AF_INET6, addr->bytes, buf,
	    NETADDR_TEXT_SIZE);
	len = strlen(buf);
	if (addr->prefix < netaddr_width(addr))
		snprintf(buf + len, NETADDR_TEXT_SIZE - len, "/%u",
		    addr->prefix);
	return buf;
}
