/*
 * Reading paths. An address is refused when its local part is no dot-atom,
 * whether it has a domain or not: CVE-2020-7247 was that difference.
 */
#include "runtime/smtp/address.h"

#include "runtime/base/hostname.h"
#include "runtime/base/netaddr.h"

static bool
address_is_atom_byte(char c)
{
	static const char extra[] = "!#$%&'*/?^`{|}~+-=_";

	return str_is_alnum(c) ||
	    (c != '\0' && memchr(extra, c, sizeof(extra) - 1) != NULL);
}

static bool
address_is_local(struct str local)
{
	bool was_dot = true;

	if (local.len == 0 || local.len > ADDRESS_LOCAL_MAX)
		return false;
	for (uint32_t i = 0; i < local.len; i++) {
		bool is_dot = local.ptr[i] == '.';

		if (is_dot ? was_dot : !address_is_atom_byte(local.ptr[i]))
			return false;
		was_dot = is_dot;
	}
	return !was_dot;
}

static bool
address_is_literal(struct str domain)
{
	struct netaddr addr;
	struct str inner = { domain.ptr + 1, domain.len - 2 };

	return domain.ptr[domain.len - 1] == ']' &&
	    netaddr_parse_host(inner, NETADDR_TAG, &addr, NULL) == NETADDR_OK;
}

bool
address_is_domain(struct str domain)
{
	if (domain.len == 0 || domain.len > ADDRESS_DOMAIN_MAX)
		return false;
	if (domain.ptr[0] == '[')
		return domain.len > 2 && address_is_literal(domain);
	return domain.ptr[domain.len - 1] != '.' && hostname_is_valid(domain);
}

bool
address_is_complete(const struct mailaddr *addr)
{
	return address_is_local(addr->user) && address_is_domain(addr->domain);
}

bool
address_read_path(struct str text, struct mailaddr *addr_r, struct str *rest_r)
{
	const char *end = memchr(text.ptr, '>', text.len), *colon;
	struct str inner;
	struct mailaddr addr;

	if (text.len == 0 || text.ptr[0] != '<' || end == NULL)
		return false;
	inner = (struct str){ text.ptr + 1, (uint32_t)(end - text.ptr) - 1 };
	addr = mailaddr_split(inner);
	colon = memchr(addr.user.ptr, ':', addr.user.len);
	if (colon != NULL) {
		addr.user.len -= (uint32_t)(colon + 1 - addr.user.ptr);
		addr.user.ptr = colon + 1;
	}
	if (addr.user.len == 0 ? addr.domain.len > 0 || colon != NULL :
				 !address_is_local(addr.user))
		return false;
	if (addr.domain.len > 0 && !address_is_domain(addr.domain))
		return false;
	*addr_r = addr;
	*rest_r = (struct str){ end + 1,
		text.len - (uint32_t)(end + 1 - text.ptr) };
	return true;
}
