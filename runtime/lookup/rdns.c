/*
 * Two questions, one after the other: PTR, then A or AAAA of the first name
 * that it gave. libunbound asks them in our event loop.
 */
#include "runtime/lookup/rdns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>

#include "runtime/lookup/dns_packet.h"

enum {
	RDNS_NOERROR = 0,
	RDNS_NXDOMAIN = 3,
};

#define RDNS_HOSTS "/etc/hosts"

struct rdns {
	struct event_base *base;
	struct ub_ctx *ub;
	unsigned running;
};

struct rdns_query {
	struct rdns *rdns;
	struct netaddr address;
	rdns_fn *done;
	void *arg;
	struct event *timer;
	char name[DNS_NAME_MAX + 1];
	bool is_done;    /* answered; waits for the resolver */
	bool is_waiting; /* the resolver will call back */
};

/* "1.2.0.192.in-addr.arpa" */
static void
rdns_name_address(const struct netaddr *address, char *buf, size_t room)
{
	const uint8_t *b = address->bytes;
	size_t len = 0;

	if (address->family == 4) {
		snprintf(buf, room, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2],
		    b[1], b[0]);
		return;
	}
	for (int i = 15; i >= 0; i--)
		len += (size_t)snprintf(buf + len, room - len, "%x.%x.",
		    b[i] & 15u, b[i] >> 4);
	snprintf(buf + len, room - len, "ip6.arpa");
}

/*
 * Names of addresses: of a hosts file the resolver itself takes only the
 * addresses of names. The first line of an address counts, as for the C
 * library.
 */

enum { RDNS_LINE_MAX = 1024 };

static void
rdns_add_line(struct ub_ctx *ub, char *line, char *last, size_t room)
{
	struct netaddr address;
	char arpa[DNS_NAME_MAX + 1], data[2 * DNS_NAME_MAX];
	char *text, *name, *rest = NULL;

	line[strcspn(line, "#\n")] = '\0';
	text = strtok_r(line, " \t\r", &rest);
	name = text == NULL ? NULL : strtok_r(NULL, " \t\r", &rest);
	if (name == NULL || strlen(name) > DNS_NAME_MAX ||
	    netaddr_parse_host(str_from(text), 0, &address, NULL) != NETADDR_OK)
		return;
	rdns_name_address(&address, arpa, sizeof(arpa));
	if (strcmp(arpa, last) == 0)
		return;
	snprintf(last, room, "%s", arpa);
	snprintf(data, sizeof(data), "%s. 3600 IN PTR %s", arpa, name);
	ub_ctx_data_add(ub, data);
}

static void
rdns_add_hosts(struct ub_ctx *ub)
{
	FILE *file = fopen(RDNS_HOSTS, "re");
	char line[RDNS_LINE_MAX], last[DNS_NAME_MAX + 1] = "";

	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL)
		rdns_add_line(ub, line, last, sizeof(last));
	fclose(file);
}

struct rdns *
rdns_new(struct event_base *base)
{
	struct rdns *rdns = calloc(1, sizeof(*rdns));

	if (rdns == NULL)
		return NULL;
	rdns->base = base;
	rdns->ub = ub_ctx_create_event(base);
	if (rdns->ub == NULL) {
		free(rdns);
		return NULL;
	}
	/* Without the files there are still the root servers. */
	ub_ctx_resolvconf(rdns->ub, NULL);
	ub_ctx_hosts(rdns->ub, RDNS_HOSTS);
	rdns_add_hosts(rdns->ub);
	return rdns;
}

void
rdns_free(struct rdns *rdns)
{
	if (rdns == NULL)
		return;
	ub_ctx_delete(rdns->ub);
	free(rdns);
}

static void
rdns_query_free(struct rdns_query *query)
{
	query->rdns->running--;
	if (query->timer != NULL)
		event_free(query->timer);
	free(query);
}

/* Tells the result; the query lives on while the resolver knows it. */
static void
rdns_finish(struct rdns_query *query, enum answer fcrdns)
{
	if (!query->is_done) {
		query->is_done = true;
		query->done(query->arg, query->name, fcrdns);
	}
	if (!query->is_waiting)
		rdns_query_free(query);
}

static void
rdns_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct rdns_query *query = arg;

	(void)fd;
	(void)what;
	rdns_finish(query, ANSWER_FAILED);
}

static bool
rdns_ask(struct rdns_query *query, const char *name, int type,
    ub_event_callback_type callback)
{
	query->is_waiting = true;
	if (ub_resolve_event(query->rdns->ub, name, type, DNS_CLASS_IN, query,
		callback, NULL) == 0)
		return true;
	query->is_waiting = false;
	return false;
}

/* The name: forward. */

static bool
rdns_is_address(const struct rdns_query *query, const struct dns_packet *packet,
    const struct dns_record *record)
{
	bool is_v4 = query->address.family == 4;
	size_t len = is_v4 ? 4 : 16;

	return record->type == (is_v4 ? DNS_A : DNS_AAAA) &&
	    record->len == len &&
	    memcmp(packet->bytes + record->offset, query->address.bytes, len) ==
	    0;
}

static void
rdns_on_forward(void *arg, int rcode, void *bytes, int len, int secure,
    char *why_bogus, int was_ratelimited)
{
	struct rdns_query *query = arg;
	enum answer fcrdns = ANSWER_NO;
	struct dns_packet packet;
	struct dns_record record;

	(void)secure;
	(void)why_bogus;
	(void)was_ratelimited;
	query->is_waiting = false;
	if (rcode != RDNS_NOERROR && rcode != RDNS_NXDOMAIN)
		fcrdns = ANSWER_FAILED;
	else if (len > 0 && dns_packet_init(&packet, bytes, (size_t)len))
		while (dns_packet_next(&packet, &record))
			if (rdns_is_address(query, &packet, &record))
				fcrdns = ANSWER_YES;
	rdns_finish(query, fcrdns);
}

/* The address: backward. */

static void
rdns_on_backward(void *arg, int rcode, void *bytes, int len, int secure,
    char *why_bogus, int was_ratelimited)
{
	struct rdns_query *query = arg;
	struct dns_packet packet;
	struct dns_record record;
	bool has_name = false;

	(void)secure;
	(void)why_bogus;
	(void)was_ratelimited;
	query->is_waiting = false;
	if (rcode == RDNS_NOERROR && len > 0 &&
	    dns_packet_init(&packet, bytes, (size_t)len))
		while (!has_name && dns_packet_next(&packet, &record))
			has_name = record.type == DNS_PTR &&
			    dns_packet_name(&packet, record.offset,
				query->name);
	if (!has_name)
		query->name[0] = '\0';
	if (query->is_done || !has_name)
		rdns_finish(query, ANSWER_NO);
	else if (!rdns_ask(query, query->name,
		     query->address.family == 4 ? DNS_A : DNS_AAAA,
		     rdns_on_forward))
		rdns_finish(query, ANSWER_FAILED);
}

void
rdns_find(struct rdns *rdns, const struct netaddr *address, rdns_fn *done,
    void *arg)
{
	static const struct timeval limit = { .tv_sec = RDNS_SECONDS };
	struct rdns_query *query;
	char name[DNS_NAME_MAX + 1];

	query = rdns->running == RDNS_QUERIES_MAX ? NULL :
						    calloc(1, sizeof(*query));
	if (query == NULL) {
		done(arg, "", ANSWER_FAILED);
		return;
	}
	rdns->running++;
	query->rdns = rdns;
	query->address = *address;
	query->done = done;
	query->arg = arg;
	query->timer = evtimer_new(rdns->base, rdns_on_timer, query);
	rdns_name_address(address, name, sizeof(name));
	if (query->timer == NULL || evtimer_add(query->timer, &limit) == -1 ||
	    !rdns_ask(query, name, DNS_PTR, rdns_on_backward))
		rdns_finish(query, ANSWER_FAILED);
}
