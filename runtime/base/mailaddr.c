/*
 * Mail addresses: split, and match against an entry of an address table.
 */
#include "runtime/base/mailaddr.h"

#include "runtime/base/domain.h"

struct mailaddr
mailaddr_split(struct str text)
{
	uint32_t at = text.len;

	while (at > 0 && text.ptr[at - 1] != '@')
		at--;
	if (at == 0)
		return (struct mailaddr){ .user = text };
	return (struct mailaddr){
		.user = { text.ptr, at - 1 },
		.domain = { text.ptr + at, text.len - at },
	};
}

static struct str
mailaddr_cut(struct str user, char delimiter)
{
	uint32_t len = 0;

	while (len < user.len && user.ptr[len] != delimiter)
		len++;
	return (struct str){ user.ptr, len };
}

bool
mailaddr_match(const struct mailaddr *addr, const struct mailaddr *entry,
    char delimiter, enum mailaddr_rule rule)
{
	struct str user = addr->user;

	if (entry->user.len == 0 && entry->domain.len == 0)
		return true;
	if ((entry->domain.len > 0 || rule == MAILADDR_LEGACY) &&
	    !domain_match(addr->domain, entry->domain))
		return false;
	if (entry->user.len == 0)
		return true;
	if (mailaddr_cut(entry->user, delimiter).len == entry->user.len)
		user = mailaddr_cut(user, delimiter);
	return str_eq_nocase(user, entry->user);
}
