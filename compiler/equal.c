/*
 * Comparison of two rulesets.
 */
#include "compiler/equal.h"

#include <stdlib.h>

#include "compiler/feasible.h"

/* One diagram of a side; EQUAL_STEPS bounds it. */
static uint32_t
equal_build_side(struct equal *equal, uint32_t side)
{
	const struct space_side *from = &equal->space.sides[side];
	uint32_t root = diagram_no_match();
	struct forest forest;

	forest_build(&forest, &equal->diagram, from->rules,
	    from->bind->ir->ruleset.rule_count);
	for (uint32_t i = 0; i < forest.tree_count; i++) {
		root = diagram_min(&equal->diagram, root, forest.trees[i].root,
		    EQUAL_STEPS);
		equal->is_too_large |= equal->diagram.has_given_up;
	}
	forest_fini(&forest);
	return root;
}

void
equal_init(struct equal *equal, struct bind *const binds[2])
{
	*equal = (struct equal){ .arena = &binds[0]->comp->arena };
	diagram_init(&equal->diagram);
	space_init(&equal->space, binds, 2, &equal->diagram);
	for (uint32_t side = 0; side < 2; side++)
		equal->roots[side] = equal_build_side(equal, side);
}

void
equal_fini(struct equal *equal)
{
	space_fini(&equal->space);
	diagram_fini(&equal->diagram);
}

/* Labels. */

struct equal_relabel {
	struct equal *equal;
	const struct equal_labels *labels;
	uint32_t *done; /* node to new node + 1 */
};

/*
 * A question whose answer makes no difference is dropped, as one that is
 * asked for its failure only: lookups count as not failing.
 */
static uint32_t
equal_relabel_residue(struct equal_relabel *relabel, uint32_t number)
{
	struct diagram *diagram = &relabel->equal->diagram;
	struct diagram_residue residue = diagram->residues[number];
	uint32_t label, next;

	if (number == DIAGRAM_NO_MATCH)
		return diagram_no_match();
	next = residue.questions == 0 ?
	    diagram_no_match() :
	    equal_relabel_residue(relabel, residue.next);
	if (!residue.matches)
		return next;
	label = relabel->labels->of_rules[residue.rule];
	if (residue.questions == 0 && label == EQUAL_REFUSED)
		return diagram_no_match();
	residue.rule = label;
	residue.next = DIAGRAM_NO_MATCH;
	if (residue.questions != 0) {
		struct diagram_residue alike = residue;

		alike.questions = 0;
		if ((label == EQUAL_REFUSED && next == diagram_no_match()) ||
		    (label != EQUAL_REFUSED &&
			next == diagram_leaf(diagram, alike)))
			return next;
		residue.next = next & ~DIAGRAM_LEAF;
	}
	return diagram_leaf(diagram, residue);
}

static uint32_t
equal_relabel_node(struct equal_relabel *relabel, uint32_t node)
{
	struct diagram *diagram = &relabel->equal->diagram;
	struct diagram_node n;
	struct diagram_edge *edges;
	uint32_t otherwise, result;

	if (node & DIAGRAM_LEAF)
		return equal_relabel_residue(relabel, node & ~DIAGRAM_LEAF);
	if (relabel->done[node] != 0)
		return relabel->done[node] - 1;
	n = diagram->nodes[node];
	edges = malloc(n.edge_count * sizeof(*edges) + 1);
	if (edges == NULL)
		abort();
	otherwise = equal_relabel_node(relabel, n.otherwise);
	for (uint32_t i = 0; i < n.edge_count; i++) {
		struct diagram_edge edge = diagram->edges[n.first_edge + i];

		edges[i].value = edge.value;
		edges[i].child = equal_relabel_node(relabel, edge.child);
	}
	result = diagram_node(diagram, n.level, otherwise, edges, n.edge_count);
	free(edges);
	relabel->done[node] = result + 1;
	return result;
}

static uint32_t
equal_relabel(struct equal *equal, uint32_t root,
    const struct equal_labels *labels)
{
	struct equal_relabel relabel = { equal, labels, NULL };

	relabel.done = calloc(equal->diagram.node_count + 1,
	    sizeof(*relabel.done));
	if (relabel.done == NULL)
		abort();
	root = equal_relabel_node(&relabel, root);
	free(relabel.done);
	return root;
}

/* Witnesses. */

struct equal_search {
	struct equal *equal;
	const struct equal_labels *labels;
	uint32_t values[SPACE_LEVELS];
	struct strmap seen; /* pairs of nodes */
	uint32_t pairs;
	struct strmap rule_pairs; /* that have a witness */
	struct equal_witness *first, **tail;
	uint32_t count;
	uint32_t count_max;
};

static struct str
equal_pair_key(struct equal *equal, uint32_t a, uint32_t b)
{
	uint32_t *pair = arena_alloc(equal->arena, 2 * sizeof(*pair));

	pair[0] = a;
	pair[1] = b;
	return (struct str){ (const char *)pair, 2 * sizeof(*pair) };
}

/* A value of the level that a person would write, or the class's own. */
static struct str
equal_text(const struct equal *equal, enum space_level level, uint32_t value,
    const char *usual)
{
	const struct classes *classes = equal->space.classes[level];
	uint32_t class = space_class(&equal->space, level, value);

	if (classes_find(classes, str_from(usual)) == class)
		return str_from(usual);
	return classes_representative(classes, class);
}

static struct str
equal_peer(const struct equal *equal, uint32_t side, struct str address)
{
	struct netaddr addr;

	if (netaddr_parse_cidr(address, NETADDR_BRACKETS, &addr) != NETADDR_OK)
		return address;
	return host_spell(equal->space.sides[side].bind->host, &addr);
}

static void
equal_fill(const struct equal_search *search, uint32_t side,
    struct ruleset_envelope *e)
{
	const struct equal *equal = search->equal;
	const uint32_t *v = search->values;
	enum space_origin origin = (enum space_origin)v[SPACE_ORIGIN];

	*e = (struct ruleset_envelope){
		.tag = equal->space.tags[v[SPACE_TAG]].on[side],
		.is_socket = origin == SPACE_SOCKET,
		.peer = origin == SPACE_SOCKET ? STR_LIT("local") :
		    equal_peer(equal, side, equal_text(equal, SPACE_ADDRESS,
		    v[SPACE_ADDRESS], "192.0.2.1")),
		.rdns = equal_text(equal, SPACE_RDNS, v[SPACE_RDNS],
		    "client.example.net"),
		.helo = equal_text(equal, SPACE_HELO, v[SPACE_HELO],
		    "client.example.net"),
		.is_tls = v[SPACE_TLS] != 0,
		.is_authenticated = v[SPACE_AUTH] != 0,
		.username = v[SPACE_AUTH] != 0 && origin != SPACE_SOCKET ?
		    STR_LIT("user") : STR_LIT(""),
		.sender = {
			equal_text(equal, SPACE_SENDER_USER,
			    v[SPACE_SENDER_USER], "sender"),
			equal_text(equal, SPACE_SENDER_DOMAIN,
			    v[SPACE_SENDER_DOMAIN], "example.net"),
		},
		.dest = {
			equal_text(equal, SPACE_RCPT_USER,
			    v[SPACE_RCPT_USER], "rcpt"),
			equal_text(equal, SPACE_RCPT_DOMAIN,
			    v[SPACE_RCPT_DOMAIN], "example.com"),
		},
		.is_internal = origin == SPACE_INTERNAL,
	};
}

struct equal_asking {
	struct bind *bind;
	struct equal_witness *witness;
};

static enum answer
equal_lookup(void *arg, uint32_t table, enum service service, struct str key)
{
	struct equal_asking *asking = arg;
	const struct table_entry *entry;

	if (bind_state_of(asking->bind, table) != BIND_READY) {
		asking->witness->has_assumed = true;
		return asking->witness->assumed;
	}
	return bind_lookup(asking->bind, table, service, key, &entry);
}

static bool
equal_is_own_address(void *arg, struct str peer)
{
	(void)peer;
	return ((struct equal_asking *)arg)->witness->facts.is_own_address;
}

static bool
equal_is_own_name(void *arg, struct str domain)
{
	(void)domain;
	return ((struct equal_asking *)arg)->witness->facts.is_own_name;
}

/* The label of what the loop of a side says. */
static uint32_t
equal_replay(const struct equal_search *search, uint32_t side,
    struct equal_witness *witness)
{
	struct bind *bind = search->equal->space.sides[side].bind;
	struct equal_asking asking = { bind, witness };
	const struct ruleset_callbacks callbacks = {
		.arg = &asking,
		.lookup = equal_lookup,
		.is_local_address = equal_is_own_address,
		.is_local_name = equal_is_own_name,
	};
	struct ruleset_result result;

	equal_fill(search, side, &witness->envelopes[side]);
	result = ruleset_eval(&bind->ir->ruleset, &witness->envelopes[side],
	    &callbacks);
	witness->results[side] = result;
	if (result.verdict == RULESET_TEMPFAIL)
		return UINT32_MAX;
	return result.verdict == RULESET_NO_MATCH ?
	    EQUAL_REFUSED :
	    search->labels[side].of_rules[result.rule];
}

/* What the loop does not confirm is no witness. */
static bool
equal_confirm(const struct equal_search *search, struct equal_witness *witness)
{
	static const enum answer answers[] = { ANSWER_NO, ANSWER_YES };
	uint32_t labels[2];

	for (unsigned i = 0; i < 2; i++) {
		witness->assumed = answers[i];
		witness->has_assumed = false;
		for (uint32_t side = 0; side < 2; side++)
			labels[side] = equal_replay(search, side, witness);
		if (labels[0] != labels[1])
			return true;
	}
	return false;
}

static void
equal_add_witness(struct equal_search *search)
{
	struct equal_witness *witness = arena_alloc(search->equal->arena,
	    sizeof(*witness));
	uint32_t origin = search->values[SPACE_ORIGIN], rules[2];
	void **slot;

	witness->facts.is_own_address = origin == SPACE_OWN_ADDRESS;
	witness->facts.is_own_name = search->values[SPACE_RCPT_LOCAL] != 0;
	if (!equal_confirm(search, witness))
		return;
	for (uint32_t side = 0; side < 2; side++)
		rules[side] = witness->results[side].verdict == RULESET_MATCH ?
		    witness->results[side].rule :
		    UINT32_MAX;
	slot = strmap_put(&search->rule_pairs,
	    equal_pair_key(search->equal, rules[0], rules[1]));
	if (*slot != NULL)
		return;
	*slot = witness;
	*search->tail = witness;
	search->tail = &witness->next;
	search->count++;
}

static void equal_search_pair(struct equal_search *, uint32_t, uint32_t);

static void
equal_search_value(struct equal_search *search, uint32_t a, uint32_t b,
    uint32_t level, uint32_t value)
{
	const struct diagram *diagram = &search->equal->diagram;
	uint32_t ca = a, cb = b, old = search->values[level];

	if (!(a & DIAGRAM_LEAF) && diagram->nodes[a].level == level)
		ca = diagram_child(diagram, a, value);
	if (!(b & DIAGRAM_LEAF) && diagram->nodes[b].level == level)
		cb = diagram_child(diagram, b, value);
	search->values[level] = value;
	equal_search_pair(search, ca, cb);
	search->values[level] = old;
}

static uint32_t
equal_level(const struct diagram *diagram, uint32_t node)
{
	return node & DIAGRAM_LEAF ? SPACE_LEVELS : diagram->nodes[node].level;
}

/* All values that either node tells from others. */
static void
equal_search_edges(struct equal_search *search, uint32_t a, uint32_t b,
    uint32_t node, uint32_t level)
{
	const struct diagram *diagram = &search->equal->diagram;
	struct diagram_node n;

	if (equal_level(diagram, node) != level)
		return;
	n = diagram->nodes[node];
	for (uint32_t i = 0;
	     i < n.edge_count && search->count < search->count_max; i++)
		equal_search_value(search, a, b, level,
		    diagram->edges[n.first_edge + i].value);
}

static void
equal_search_pair(struct equal_search *search, uint32_t a, uint32_t b)
{
	const struct diagram *diagram = &search->equal->diagram;
	uint32_t la = equal_level(diagram, a), lb = equal_level(diagram, b);
	uint32_t level = la < lb ? la : lb;
	void **slot;

	if (a == b || search->count >= search->count_max ||
	    search->pairs >= EQUAL_PAIRS)
		return;
	if (level == SPACE_LEVELS) {
		equal_add_witness(search);
		return;
	}
	slot = strmap_put(&search->seen, equal_pair_key(search->equal, a, b));
	if (*slot != NULL)
		return;
	*slot = search;
	search->pairs++;
	equal_search_value(search, a, b, level, 0);
	equal_search_edges(search, a, b, a, level);
	equal_search_edges(search, a, b, b, level);
}

enum equal_verdict
equal_compare(struct equal *equal, const struct equal_labels labels[2],
    uint32_t witnesses_max, struct equal_witness **witnesses_r)
{
	struct equal_search search = {
		.equal = equal,
		.labels = labels,
		.count_max = witnesses_max,
	};
	uint32_t infeasible, roots[2];

	*witnesses_r = NULL;
	if (equal->is_too_large)
		return EQUAL_UNDECIDED;
	infeasible = feasible_never(&equal->space);
	for (uint32_t side = 0; side < 2; side++)
		roots[side] = diagram_ite(&equal->diagram, infeasible,
		    diagram_no_match(),
		    equal_relabel(equal, equal->roots[side], &labels[side]));
	if (roots[0] == roots[1])
		return EQUAL_SAME;
	strmap_init(&search.seen, equal->arena);
	strmap_init(&search.rule_pairs, equal->arena);
	search.tail = &search.first;
	equal_search_pair(&search, roots[0], roots[1]);
	*witnesses_r = search.first;
	return search.first != NULL ? EQUAL_DIFFERENT : EQUAL_UNDECIDED;
}
