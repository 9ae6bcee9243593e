/*
 * Classes of domains. Entries without a '*' are names, of which each has the
 * sets that it stands in beside those that patterns put it in; all other
 * names have the latter only. Whatever value a class gets as representative
 * is one that classes_find says to be in it.
 */
#include "compiler/classes_automaton.h"
#include "compiler/classes_search.h"

#include <stdlib.h>

#include "runtime/base/hostname.h"
#include "runtime/base/netaddr.h"
#include "runtime/table/tablefile.h"

/* The signature that patterns give to a name. */
static struct classes_signature *
classes_domain_by_patterns(const struct classes *classes, struct str name)
{
	const struct classes_automaton *automaton = classes->automaton;

	return automaton->states[classes_automaton_run(automaton, name)]
	    .signature;
}

static unsigned
classes_domain_rank(struct str name)
{
	struct netaddr addr;

	if (name.ptr[0] == '[' && name.ptr[name.len - 1] == ']' &&
	    netaddr_parse_host((struct str){ name.ptr + 1, name.len - 2 },
		NETADDR_TAG, &addr, NULL) == NETADDR_OK)
		return CLASSES_RANK_ADDRESS;
	if (hostname_is_valid(name) && name.ptr[name.len - 1] != '.')
		return CLASSES_RANK_BEST;
	return CLASSES_RANK_INFEASIBLE;
}

static bool
classes_domain_is_name(const struct classes_entry *entry)
{
	return entry->sets.count > 0 && entry->text.len > 0 &&
	    memchr(entry->text.ptr, '*', entry->text.len) == NULL;
}

static bool
classes_domain_is_subset(struct classes_list inner, struct classes_list outer)
{
	for (uint32_t i = 0; i < inner.count; i++)
		if (!classes_list_has(outer, inner.ids[i]))
			return false;
	return true;
}

/* A name that reads well, for the class that has it. */
static void
classes_domain_admit_other(struct classes *classes)
{
	const struct str name = STR_LIT("other.example");

	if (classes_find_entry(classes, name) == NULL)
		classes_admit(classes,
		    classes_domain_by_patterns(classes, name), name,
		    CLASSES_RANK_BEST);
}

/* *adds_r: the name's own sets are not all among those by patterns. */
static int
classes_domain_admit_name(struct classes *classes, struct classes_entry *entry,
    bool *adds_r)
{
	struct classes_signature *signature =
	    classes_domain_by_patterns(classes, entry->text);

	*adds_r = !classes_domain_is_subset(entry->sets, signature->sets);
	if (*adds_r)
		signature = classes_sign_union(classes, entry->sets,
		    signature->sets);
	if (signature == NULL)
		return -1;
	entry->class = classes_admit(classes, signature, entry->text,
	    classes_domain_rank(entry->text));
	return 0;
}

static int
classes_domain_compare(const void *a, const void *b)
{
	struct str x = (*(struct classes_entry *const *)a)->text;
	struct str y = (*(struct classes_entry *const *)b)->text;
	int order = memcmp(x.ptr, y.ptr, x.len < y.len ? x.len : y.len);

	return order != 0 ? order : (x.len > y.len) - (x.len < y.len);
}

int
classes_build_domains(struct classes *classes)
{
	uint32_t count = classes->entries.count, avoided_count = 0;
	struct classes_entry **avoided, *entry;
	bool adds;

	classes->automaton = classes_automaton_build(classes);
	if (classes->automaton == NULL)
		return -1;
	classes_domain_admit_other(classes);
	avoided = (struct classes_entry **)arena_alloc(classes->arena,
	    count * sizeof(*avoided));
	for (uint32_t i = 0; i < count; i++) {
		entry = classes_entry_at(classes, i);
		if (!classes_domain_is_name(entry))
			continue;
		if (classes_domain_admit_name(classes, entry, &adds) < 0)
			return -1;
		if (adds)
			avoided[avoided_count++] = entry;
	}
	qsort(avoided, avoided_count, sizeof(*avoided), classes_domain_compare);
	classes_search(classes, classes->automaton, avoided, avoided_count);
	return 0;
}

uint32_t
classes_find_domain(const struct classes *classes, struct str key)
{
	const struct classes_entry *entry = NULL;
	char buf[TABLEFILE_KEY_MAX];

	if (classes_fold(classes->kind, key, buf, &key))
		entry = classes_find_entry(classes, key);
	if (entry != NULL && entry->class != CLASSES_NONE)
		return entry->class;
	return classes_domain_by_patterns(classes, key)->class;
}
