/*
 * Local addresses and names by comparison with each of them: hosts have few.
 */
#include "runtime/ruleset/local.h"

#include <stdio.h>

#include "runtime/ruleset/target.h"

const char *
local_spell(unsigned version, const struct netaddr *addr,
    char buf[LOCAL_TEXT_SIZE])
{
	char text[NETADDR_TEXT_SIZE];
	const char *format = addr->family == 4 ? "%s" :
	    version < TARGET_6_6               ? "IPv6:%s" :
						 "[%s]";

	snprintf(buf, LOCAL_TEXT_SIZE, format, netaddr_format(addr, text));
	return buf;
}

bool
local_is_address(const struct local *local, const struct netaddr *addr)
{
	for (uint32_t i = 0; i < local->address_count; i++)
		if (netaddr_contains(&local->addresses[i], addr))
			return true;
	return false;
}

/* Whether name is text between prefix and "]". */
static bool
local_is_bracketed(struct str name, const char *prefix, struct str text)
{
	struct str head = { name.ptr, (uint32_t)strlen(prefix) };
	struct str middle = { name.ptr + head.len, text.len };

	return name.len == head.len + text.len + 1 &&
	    str_eq_nocase(head, str_from(prefix)) &&
	    str_eq_nocase(middle, text) && name.ptr[name.len - 1] == ']';
}

/* How each version spells the addresses that count as local domains. */
static bool
local_names_address(const struct local *local, const struct netaddr *addr,
    struct str name)
{
	char buf[LOCAL_TEXT_SIZE];
	struct str text = str_from(local_spell(local->version, addr, buf));

	if (str_eq_nocase(name, text))
		return true;
	if (local->version >= TARGET_7_5)
		return false;
	return local_is_bracketed(name, "[", text) ||
	    (addr->family == 6 && local_is_bracketed(name, "[ipv6:", text));
}

bool
local_is_name(const struct local *local, struct str name)
{
	if (str_eq_nocase(name, STR_LIT("localhost")) ||
	    (local->server_name.len > 0 &&
		str_eq_nocase(name, local->server_name)))
		return true;
	for (uint32_t i = 0; i < local->address_count; i++)
		if (local_names_address(local, &local->addresses[i], name))
			return true;
	return false;
}
