/*
 * Classes of addresses. Networks nest or are disjoint, so that in order of
 * their first address one stack is enough to cut both families into
 * intervals of addresses that are in the same networks.
 */
#include "compiler/classes_private.h"

#include <assert.h>
#include <stdlib.h>

/* Networks around an address: prefixes of 0 to 128, and the family. */
enum { NETWORK_DEPTH = 130 };

struct network_open {
	struct netaddr last;
	struct classes_signature *signature; /* with those around it */
};

struct network_sweep {
	struct classes *classes;
	struct classes_intervals *intervals;
	struct network_open open[NETWORK_DEPTH]; /* the widest first */
	unsigned depth;
};

/*
 * Where representatives are looked for, the best first: documentation, then
 * what is not reserved, then anywhere.
 */
static const char *const network_preferred[] = {
	"192.0.2.0/24",
	"198.51.100.0/24",
	"203.0.113.0/24",
	"2001:db8::/32",
	"128.0.0.0/2",
	"192.0.0.0/3",
	"64.0.0.0/2",
	"2000::/3",
	"0.0.0.0/0",
	"::/0",
};

enum {
	NETWORK_PREFERRED = sizeof(network_preferred) /
	    sizeof(network_preferred[0]),
};

/* Addresses. */

static struct netaddr
network_of(const struct classes_entry *entry)
{
	struct netaddr net;

	memcpy(&net, entry->text.ptr, sizeof(net));
	return net;
}

static unsigned
network_size(const struct netaddr *addr)
{
	return addr->family == 4 ? 4 : 16;
}

static void
network_decrease(struct netaddr *addr)
{
	for (unsigned i = network_size(addr); i-- > 0;)
		if (addr->bytes[i]-- != 0)
			return;
}

/* A network's own address, or where it is broadcast to, as a rule. */
static bool
network_is_odd(const struct netaddr *addr)
{
	uint8_t byte = addr->bytes[network_size(addr) - 1];

	return byte == 0 || (addr->family == 4 && byte == UINT8_MAX);
}

/* Intervals. */

/* From first on. Of several for one address the last counts. */
static void
network_emit(struct network_sweep *sweep, struct netaddr first,
    struct classes_signature *signature)
{
	struct classes_intervals *intervals = sweep->intervals;
	struct classes_interval *items = intervals->items;

	if (intervals->count > 0 &&
	    netaddr_compare_addresses(&items[intervals->count - 1].first,
		&first) == 0)
		intervals->count--;
	items[intervals->count++] = (struct classes_interval){ first,
		signature };
}

static void
network_enter(struct network_sweep *sweep, const struct netaddr *net,
    struct classes_signature *signature)
{
	assert(sweep->depth < NETWORK_DEPTH);
	sweep->open[sweep->depth++] = (struct network_open){ netaddr_last(*net),
		signature };
	network_emit(sweep, *net, signature);
}

/* Leaves the networks that end before an address, or all if it is NULL. */
static void
network_leave(struct network_sweep *sweep, const struct netaddr *before)
{
	struct network_open *top = &sweep->open[sweep->depth - 1];
	struct netaddr next;

	for (; sweep->depth > 1; sweep->depth--, top--) {
		if (before != NULL &&
		    netaddr_compare_addresses(&top->last, before) >= 0)
			return;
		next = top->last;
		if (netaddr_increase(&next))
			network_emit(sweep, next, top[-1].signature);
	}
}

static int
network_sweep_entry(struct network_sweep *sweep,
    const struct classes_entry *entry)
{
	const struct netaddr net = network_of(entry);
	struct classes_signature *signature;

	network_leave(sweep, &net);
	signature = sweep->open[sweep->depth - 1].signature;
	signature = classes_sign_union(sweep->classes, signature->sets,
	    entry->sets);
	if (signature == NULL)
		return -1;
	network_enter(sweep, &net, signature);
	return 0;
}

/* Entries of the family from *next on; adds them to *next. */
static int
network_sweep_family(struct network_sweep *sweep, uint8_t family,
    struct classes_entry *const **next, struct classes_entry *const *end)
{
	const struct netaddr all = { .family = family };
	struct classes_list none = { NULL, 0 };
	struct classes_signature *signature = classes_sign(sweep->classes,
	    none);

	if (signature == NULL)
		return -1;
	sweep->depth = 0;
	network_enter(sweep, &all, signature);
	for (; *next < end; ++*next) {
		if (network_of(**next).family != family)
			break;
		if (network_sweep_entry(sweep, **next) < 0)
			return -1;
	}
	network_leave(sweep, NULL);
	return 0;
}

/* Representatives. */

/* The first address of both the interval and the network, or a better. */
static bool
network_pick(const struct classes_interval *interval,
    const struct netaddr *last, const struct netaddr *net,
    struct netaddr *addr_r)
{
	struct netaddr net_last = netaddr_last(*net);

	*addr_r = interval->first;
	if (net->family != addr_r->family)
		return false;
	if (netaddr_compare_addresses(net, addr_r) > 0)
		*addr_r = *net;
	if (netaddr_compare_addresses(&net_last, last) < 0)
		last = &net_last;
	if (netaddr_compare_addresses(addr_r, last) > 0)
		return false;
	while (network_is_odd(addr_r) &&
	    netaddr_compare_addresses(addr_r, last) < 0)
		netaddr_increase(addr_r);
	return true;
}

static struct netaddr
network_interval_last(const struct classes_intervals *intervals, uint32_t i)
{
	struct netaddr last = intervals->items[i].first;

	if (i + 1 < intervals->count &&
	    intervals->items[i + 1].first.family == last.family) {
		last = intervals->items[i + 1].first;
		network_decrease(&last);
		return last;
	}
	last.prefix = 0;
	return netaddr_last(last);
}

static void
network_admit(struct classes *classes, struct classes_signature *signature,
    struct netaddr *addr, unsigned rank)
{
	char text[NETADDR_TEXT_SIZE];

	addr->prefix = (uint8_t)(8 * network_size(addr));
	classes_admit(classes, signature, str_from(netaddr_format(addr, text)),
	    rank);
}

static void
network_admit_interval(struct classes *classes, uint32_t i,
    const struct netaddr *preferred)
{
	const struct classes_interval *interval = &classes->intervals->items[i];
	struct netaddr last = network_interval_last(classes->intervals, i);
	struct netaddr addr;

	for (unsigned rank = 0; rank < NETWORK_PREFERRED; rank++) {
		if (!classes_is_wanted(classes, interval->signature, rank * 2))
			return;
		if (!network_pick(interval, &last, &preferred[rank], &addr))
			continue;
		network_admit(classes, interval->signature, &addr,
		    rank * 2 + network_is_odd(&addr));
		return;
	}
}

static void
network_admit_all(struct classes *classes)
{
	struct netaddr preferred[NETWORK_PREFERRED];

	for (unsigned i = 0; i < NETWORK_PREFERRED; i++)
		netaddr_parse_cidr(str_from(network_preferred[i]), 0,
		    &preferred[i]);
	for (uint32_t i = 0; i < classes->intervals->count; i++)
		network_admit_interval(classes, i, preferred);
}

/* From outside. */

static int
network_compare_entries(const void *a, const void *b)
{
	struct netaddr x = network_of(*(struct classes_entry *const *)a);
	struct netaddr y = network_of(*(struct classes_entry *const *)b);

	return netaddr_compare(&x, &y);
}

int
classes_build_networks(struct classes *classes)
{
	uint32_t total = classes->entries.count, count = 0;
	struct network_sweep sweep = { .classes = classes };
	struct classes_entry **entries = (struct classes_entry **)
	    arena_alloc(classes->arena, total * sizeof(*entries));
	struct classes_entry *const *next = entries;

	for (uint32_t i = 0; i < total; i++)
		if (classes_entry_at(classes, i)->sets.count > 0)
			entries[count++] = classes_entry_at(classes, i);
	qsort(entries, count, sizeof(*entries), network_compare_entries);

	/* Where each network begins and ends, and the two families. */
	classes->intervals = ARENA_NEW(classes->arena,
	    struct classes_intervals);
	classes->intervals->items =
	    (struct classes_interval *)arena_alloc(classes->arena,
		(2 * (size_t)count + 2) * sizeof(struct classes_interval));
	sweep.intervals = classes->intervals;
	if (network_sweep_family(&sweep, 4, &next, entries + count) < 0 ||
	    network_sweep_family(&sweep, 6, &next, entries + count) < 0)
		return -1;
	network_admit_all(classes);
	return 0;
}

uint32_t
classes_find_network(const struct classes *classes, struct str key)
{
	const struct classes_intervals *intervals = classes->intervals;
	uint32_t low = 0, high = intervals->count, middle;
	struct netaddr addr;

	if (netaddr_parse_cidr(key, NETADDR_BRACKETS, &addr) != NETADDR_OK)
		return CLASSES_EMPTY;
	/* The last one that begins at or before it: low, from 0 on. */
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (netaddr_compare_addresses(&intervals->items[middle].first,
			&addr) <= 0)
			low = middle;
		else
			high = middle;
	}
	return intervals->items[low].signature->class;
}
