/*
 * Addresses, networks and host names. Nothing is looked up: a word that is
 * no address may be the name of an interface or host where one is taken.
 */
#include "compiler/values.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "compiler/words.h"
#include "runtime/base/hostname.h"
#include "runtime/base/netaddr.h"

/* How the target spells addresses in tables. */
static unsigned
values_brackets(const struct values *v)
{
	return v->target->version >= TARGET_6_6 ? NETADDR_BRACKETS : 0;
}

/*
 * What is no address is given to the resolver, which understands the forms
 * of inet_aton(3): "127.1", and octal "010.0.0.1".
 */
static void
values_listen_resolved(struct values *v, struct word word,
    enum netaddr_status status)
{
	char buf[INET_ADDRSTRLEN];
	struct in_addr addr;

	if (!inet_aton(arena_copy(v->diags->arena, word_str(word)).ptr,
		&addr) ||
	    inet_ntop(AF_INET, &addr, buf, sizeof(buf)) == NULL)
		diag_report(v->diags, CHECK_INVALID_ADDRESS, word.pos,
		    "cannot listen on '%.*s': %s", WORD_ARG(word),
		    netaddr_status_text(status));
	else
		diag_add(v->diags, CHECK_INVALID_ADDRESS, DIAG_WARNING,
		    word.pos, "'%.*s' is read as %s: write four octets",
		    WORD_ARG(word), buf);
}

static void
values_listen_family(struct values *v, const struct stmt *stmt, unsigned family)
{
	enum clause_kind other = family == 4 ? CLAUSE_INET6 : CLAUSE_INET4;
	const struct clause *clause = stmt_clause(stmt, other);
	struct diag *diag;

	if (clause == NULL)
		return;
	diag = diag_report(v->diags, CHECK_INVALID_ADDRESS, clause->pos,
	    "'%.*s' is not an address of family %s", WORD_ARG(stmt->name),
	    clause_words(other, v->target->dialect));
	diag_note(v->diags, diag, stmt->name.pos, "the address is here");
}

/* An interface or host may have any name that is not meant as an address. */
void
values_listen(struct values *v, const struct stmt *stmt)
{
	struct word word = stmt->name;
	enum netaddr_status status;
	struct netaddr addr;
	struct diag *diag;

	status = netaddr_parse_host(word_str(word), NETADDR_ZONE, &addr, NULL);
	if (status == NETADDR_OK) {
		values_listen_family(v, stmt, addr.family);
		return;
	}
	if (status == NETADDR_NOT_ADDRESS)
		return;
	if (status == NETADDR_TOO_FEW_PARTS || status == NETADDR_LEADING_ZERO) {
		values_listen_resolved(v, word, status);
		return;
	}
	diag = diag_report(v->diags, CHECK_INVALID_ADDRESS, word.pos,
	    "cannot listen on '%.*s': %s", WORD_ARG(word),
	    netaddr_status_text(status));
	if (status == NETADDR_BRACKETS_REFUSED && word.len > 2 &&
	    word.ptr[word.len - 1] == ']')
		words_replace(v->diags, diag, word, word_str(word),
		    arena_printf(v->diags->arena, "%.*s", (int)word.len - 2,
			word.ptr + 1));
}

/* An address in brackets is a name as well, in SMTP. */
void
values_hostname(struct values *v, struct word word)
{
	struct str text = word_str(word);
	enum hostname_status status = hostname_check(text);
	struct netaddr addr;

	if (status == HOSTNAME_OK)
		return;
	if (text.len > 2 && text.ptr[0] == '[' &&
	    text.ptr[text.len - 1] == ']' &&
	    netaddr_parse_host((struct str){ text.ptr + 1, text.len - 2 },
		NETADDR_TAG, &addr, NULL) == NETADDR_OK)
		return;
	diag_add(v->diags, CHECK_INVALID_HOSTNAME, DIAG_WARNING, word.pos,
	    "'%.*s' is not a host name: %s", WORD_ARG(word),
	    hostname_status_text(status));
}

/*
 * "192.168" is 192.168.0.0/24: a network written short is no wider than the
 * class of its address.
 */
static void
values_network_width(struct values *v, const struct values_elem *at,
    struct netaddr *addr)
{
	struct str text = word_str(at->elem->key);
	char buf[NETADDR_TEXT_SIZE];
	unsigned octets = 1;

	if (addr->family != 4 || memchr(text.ptr, '/', text.len) != NULL ||
	    str_lower(text.ptr[text.len > 1]) == 'x')
		return;
	for (uint32_t i = 0; i < text.len; i++)
		octets += text.ptr[i] == '.';
	if (addr->prefix <= 8 * octets)
		return;
	netaddr_mask(addr);
	values_warn(v, at, CHECK_INVALID_ADDRESS, at->elem->key.pos,
	    arena_printf(v->diags->arena,
		"'%.*s' is only %s, by the class of the address: write the "
		"length of the prefix",
		STR_ARG(text), netaddr_format(addr, buf)));
}

/*
 * Entries are compared with the client's address as text first: that is
 * how "local" matches, and an address with a zone.
 */
static bool
values_is_client_text(const struct values *v, struct str text,
    enum netaddr_status status)
{
	if (status == NETADDR_ZONE_REFUSED)
		return values_brackets(v) ? text.ptr[0] == '[' :
					    str_lower(text.ptr[0]) == 'i';
	return str_eq_nocase(text, STR_LIT("local"));
}

void
values_network(struct values *v, const struct values_elem *at)
{
	struct word word = at->elem->key;
	enum netaddr_status status;
	struct netaddr addr;
	struct diag *diag;

	status = netaddr_parse_cidr(word_str(word), values_brackets(v), &addr);
	if (status == NETADDR_OK) {
		values_network_width(v, at, &addr);
		return;
	}
	if (values_is_client_text(v, word_str(word), status))
		return;
	diag = values_warn(v, at, CHECK_INVALID_ADDRESS, word.pos,
	    arena_printf(v->diags->arena, "'%.*s' matches no client: %s",
		WORD_ARG(word),
		status == NETADDR_NOT_ADDRESS ?
		    "host names are not looked up here" :
		    netaddr_status_text(status)));
	if (!at->is_declared)
		words_suggest_table(&v->comp->names, v->diags, diag, word);
}

void
values_source(struct values *v, const struct values_elem *at)
{
	struct word word = at->elem->key;
	enum netaddr_status status;
	struct netaddr addr;
	struct str zone;
	struct diag *diag;

	status = netaddr_parse_host(word_str(word),
	    values_brackets(v) | NETADDR_TAG | NETADDR_ZONE, &addr, &zone);
	if (status == NETADDR_OK)
		return;
	diag = values_warn(v, at, CHECK_INVALID_ADDRESS, word.pos,
	    arena_printf(v->diags->arena,
		"'%.*s' is no address to send from: %s", WORD_ARG(word),
		status == NETADDR_NOT_ADDRESS ? "names are not looked up here" :
						netaddr_status_text(status)));
	if (!at->is_declared)
		words_suggest_table(&v->comp->names, v->diags, diag, word);
}

/* The text that the target makes of an address, to look up a name. */
static const char *
values_address_key(const struct values *v, const struct netaddr *addr,
    struct str zone)
{
	char buf[NETADDR_TEXT_SIZE];
	bool is_new = values_brackets(v) != 0;

	netaddr_format(addr, buf);
	if (addr->family == 4)
		return arena_printf(v->diags->arena, "%s", buf);
	return arena_printf(v->diags->arena, "%s%s%s%.*s%s",
	    is_new ? "[" : "IPv6:", buf, zone.len > 0 ? "%" : "", STR_ARG(zone),
	    is_new ? "]" : "");
}

void
values_addrname(struct values *v, const struct values_elem *at)
{
	struct word word = at->elem->key;
	struct str text = word_str(word), zone = { "", 0 };
	enum netaddr_status status;
	struct netaddr addr;
	struct diag *diag;
	const char *key;

	if (at->elem->value.kind == WORD_NONE)
		return;
	values_hostname(v, at->elem->value);
	status = netaddr_parse_host(text,
	    NETADDR_BRACKETS | NETADDR_TAG | NETADDR_ZONE, &addr, &zone);
	if (status != NETADDR_OK) {
		if (str_eq_nocase(text, STR_LIT("local")))
			return;
		values_warn(v, at, CHECK_INVALID_ADDRESS, word.pos,
		    arena_printf(v->diags->arena,
			"'%.*s' is never looked up: %s", WORD_ARG(word),
			status == NETADDR_NOT_ADDRESS ?
			    "the key must be an address" :
			    netaddr_status_text(status)));
		return;
	}
	key = values_address_key(v, &addr, zone);
	if (str_eq_nocase(text, str_from(key)))
		return;
	diag = values_warn(v, at, CHECK_INVALID_ADDRESS, word.pos,
	    arena_printf(v->diags->arena,
		"'%.*s' is never looked up: %s spells it '%s'", WORD_ARG(word),
		v->target->version == TARGET_NATIVE ? "smtpd" : "this version",
		key));
	words_replace(v->diags, diag, word, text, key);
}
