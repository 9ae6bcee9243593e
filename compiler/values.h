/*
 * The parts of check_values, by kind of value. Each function judges one
 * word, or the elements of one table, for one purpose and reports; which
 * words are what is known to check_values.c alone.
 */
#ifndef COMPILER_VALUES_H
#define COMPILER_VALUES_H

#include "compiler/compilation.h"

/* What the elements of a table are for. */
enum values_use {
	VALUES_NETWORK,      /* clients, as addresses and networks */
	VALUES_SOURCE,       /* addresses to send from */
	VALUES_ADDRNAME,     /* addresses to host names */
	VALUES_RELAY_HOST,   /* relay URLs */
	VALUES_RELAY_DOMAIN, /* domains to relay URLs */
	VALUES_REGEX,
	VALUES_USES
};

struct values {
	struct compilation *comp;
	struct diag_list *diags;
	const struct target *target;

	/* Declared tables that have been gone through for a use. */
	struct strmap seen[VALUES_USES];

	uint32_t regex_left; /* cost of the patterns that are still tried */
	unsigned reported;   /* by values_warn */
};

/* One element, and the table clause that it is used in. */
struct values_elem {
	const struct elem *elem;
	const struct clause *clause;
	bool is_declared;  /* stands in the declaration of the table */
	const char *where; /* or in its file: "PATH:LINE: ", else "" */
};

/* values_numbers.c */
void values_port(struct values *v, struct word word);
void values_delay(struct values *v, struct word word);
void values_srs_ttl(struct values *v, struct word word);
void values_bounce_delays(struct values *v, const struct stmt *stmt);
void values_size(struct values *v, struct word word);
void values_count(struct values *v, struct word word);
void values_limits(struct values *v, const struct stmt *stmt);

/* values_hosts.c */
void values_listen(struct values *v, const struct stmt *stmt);
void values_hostname(struct values *v, struct word word);
void values_network(struct values *v, const struct values_elem *at);
void values_source(struct values *v, const struct values_elem *at);
void values_addrname(struct values *v, const struct values_elem *at);

/* values_texts.c */
void values_format(struct values *v, struct word word, unsigned flags);
void values_via(struct values *v, struct word word);
void values_relay_host(struct values *v, const struct values_elem *at);
void values_relay_domain(struct values *v, const struct values_elem *at);
void values_regex(struct values *v, const struct values_elem *at);
void values_reply(struct values *v, struct word word);

/* check_values.c */

/* A warning about a part of an element, with a note about its use. */
struct diag *values_warn(struct values *v, const struct values_elem *at,
    enum check_id id, struct srcpos pos, const char *text);

#endif
