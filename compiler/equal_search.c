/*
 * Witnesses: a walk through two diagrams at once to where they differ, an
 * envelope for the path, and the loops of both sides, which have the last
 * word.
 */
#include "compiler/equal_private.h"

/* Users. */

static void
equal_add_user(struct equal_search *search, struct str user)
{
	for (uint32_t i = 0; i < search->user_count; i++)
		if (str_eq(search->users[i], user))
			return;
	if (search->user_count < EQUAL_USERS_MAX)
		search->users[search->user_count++] = user;
}

/* Users that a question may be about. */
static void
equal_add_users(struct equal_search *search, struct bind *bind, uint32_t number)
{
	const struct table *table;

	if (number == RULESET_NO_TABLE ||
	    bind_state_of(bind, number) != BIND_READY ||
	    bind->tables[number].table == NULL)
		return;
	table = bind->tables[number].table;
	for (uint32_t i = 0; i < table_count(table) && i < EQUAL_USERS_MAX; i++)
		equal_add_user(search, table_entry_at(table, i)->key);
}

void
equal_search_init(struct equal_search *search, struct equal *equal,
    const struct equal_labels labels[2], uint32_t count_max,
    struct equal_result *result)
{
	*search = (struct equal_search){
		.equal = equal,
		.labels = labels,
		.replayed = EQUAL_REPLAYED,
		.tail = &result->witnesses,
		.count_max = count_max,
		.result = result,
	};
	strmap_init(&search->seen, equal->arena);
	strmap_init(&search->rule_pairs, equal->arena);
	for (uint32_t i = 0; i < equal->space.question_count; i++) {
		const struct space_question *question =
		    &equal->space.questions[i];

		if (question->pred->kind == PRED_AUTH)
			equal_add_users(search, question->bind,
			    question->pred->table);
	}
}

static bool
equal_is_done(const struct equal_search *search)
{
	return search->result->has_more || search->pairs >= EQUAL_PAIRS ||
	    search->replayed == 0;
}

/* Values as texts. */

/* The first text of the class, or one that the class chooses. */
static struct str
equal_text(const struct equal_search *search, enum space_level level,
    const char *const *usual)
{
	const struct space *space = &search->equal->space;
	const struct classes *classes = space->classes[level];
	uint32_t class = space_class(space, level, search->values[level]);

	for (; *usual != NULL; usual++)
		if (classes_find(classes, str_from(*usual)) == class)
			return str_from(*usual);
	return classes_representative(classes, class);
}

static struct str
equal_host_text(const struct equal_search *search, enum space_level level)
{
	static const char *const hosts[] = { "client.example.net", NULL };

	return equal_text(search, level, hosts);
}

/* As the side's daemon spells it. */
static struct str
equal_peer(const struct equal_search *search, uint32_t side)
{
	static const char *const own[] = { "127.0.0.1", "::1", NULL };
	static const char *const others[] = { "192.0.2.1", "198.51.100.1",
		"203.0.113.1", "2001:db8::1", NULL };
	enum space_origin origin = search->values[SPACE_ORIGIN];
	struct str text = equal_text(search, SPACE_ADDRESS,
	    origin == SPACE_OWN_ADDRESS ? own : others);
	struct netaddr addr;

	if (origin == SPACE_SOCKET)
		return STR_LIT("local");
	if (netaddr_parse_cidr(text, NETADDR_BRACKETS, &addr) != NETADDR_OK)
		return text;
	return host_spell(search->equal->space.sides[side].bind->host, &addr);
}

static struct mailaddr
equal_sender(const struct equal_search *search)
{
	static const char *const users[] = { "sender", NULL };
	static const char *const domains[] = { "example.net", NULL };

	return (struct mailaddr){
		equal_text(search, SPACE_SENDER_USER, users),
		equal_text(search, SPACE_SENDER_DOMAIN, domains),
	};
}

static struct mailaddr
equal_rcpt(const struct equal_search *search)
{
	static const char *const users[] = { "rcpt", NULL };
	static const char *const domains[] = { "example.com", NULL };
	static const char *const own[] = { "localhost", NULL };

	return (struct mailaddr){
		equal_text(search, SPACE_RCPT_USER, users),
		equal_text(search, SPACE_RCPT_DOMAIN,
		    search->values[SPACE_RCPT_LOCAL] != 0 ? own : domains),
	};
}

static struct str
equal_login(const struct equal_search *search)
{
	static const char *const users[] = { "user", NULL };
	static const char *const domains[] = { "example.net", NULL };
	struct str user = equal_text(search, SPACE_LOGIN_USER, users), domain;

	if (search->values[SPACE_LOGIN] == 0)
		return user;
	domain = equal_text(search, SPACE_LOGIN_DOMAIN, domains);
	return str_from(arena_printf(search->equal->arena, "%.*s@%.*s",
	    STR_ARG(user), STR_ARG(domain)));
}

static void
equal_fill(const struct equal_search *search, uint32_t side, struct str login,
    struct ruleset_envelope *e)
{
	const uint32_t *v = search->values;
	bool is_socket = v[SPACE_ORIGIN] == SPACE_SOCKET;

	*e = (struct ruleset_envelope){
		.tag = search->equal->space.tags[v[SPACE_TAG]].on[side],
		.is_socket = is_socket,
		.peer = equal_peer(search, side),
		.rdns = equal_host_text(search, SPACE_RDNS),
		.helo = equal_host_text(search, SPACE_HELO),
		.is_tls = v[SPACE_TLS] != 0,
		.is_authenticated = v[SPACE_AUTH] != 0,
		.username = v[SPACE_AUTH] != 0 && !is_socket ? login :
							       STR_LIT(""),
		.sender = equal_sender(search),
		.dest = equal_rcpt(search),
		.is_internal = v[SPACE_ORIGIN] == SPACE_INTERNAL,
	};
}

/* Replay. */

struct equal_asking {
	struct bind *bind;
	struct equal_witness *witness;
	uint32_t answers; /* a bit for each table that is assumed about */
};

static bool
equal_is_same_source(const struct ir_table *a, const struct ir_table *b)
{
	return a->kind == b->kind && str_eq(a->backend, b->backend) &&
	    str_eq(a->config, b->config);
}

static enum answer
equal_assume(struct equal_asking *asking, const struct ir_table *table)
{
	struct equal_witness *witness = asking->witness;
	uint32_t i = 0;

	while (i < witness->assumed_count &&
	    !equal_is_same_source(witness->assumed[i].table, table))
		i++;
	if (i == EQUAL_TABLES_MAX)
		return ANSWER_NO;
	if (i == witness->assumed_count)
		witness->assumed[witness->assumed_count++] =
		    (struct equal_assumption){ table,
			    (asking->answers >> i & 1) != 0 };
	return witness->assumed[i].has_it ? ANSWER_YES : ANSWER_NO;
}

static enum answer
equal_lookup(void *arg, uint32_t table, enum service service, struct str key)
{
	struct equal_asking *asking = arg;
	const struct table_entry *entry;
	bool is_ready = bind_state_of(asking->bind, table) == BIND_READY;

	if (!is_ready && asking->bind->assumes_plain &&
	    service == SERVICE_NETADDR && str_is(key, "local"))
		return ANSWER_NO;
	if (!is_ready)
		return equal_assume(asking, &asking->bind->ir->tables[table]);
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
equal_replay(struct equal_search *search, uint32_t side, uint32_t answers,
    struct equal_witness *witness)
{
	struct bind *bind = search->equal->space.sides[side].bind;
	const struct ruleset *ruleset = &bind->ir->ruleset;
	struct equal_asking asking = { bind, witness, answers };
	const struct ruleset_callbacks callbacks = {
		.arg = &asking,
		.lookup = equal_lookup,
		.is_local_address = equal_is_own_address,
		.is_local_name = equal_is_own_name,
	};
	struct ruleset_result result = ruleset_eval(ruleset,
	    &witness->envelopes[side], &callbacks);

	search->replayed -= search->replayed < ruleset->rule_count ?
	    search->replayed :
	    ruleset->rule_count;
	witness->results[side] = result;
	if (result.verdict == RULESET_TEMPFAIL)
		return EQUAL_FAILED;
	return result.verdict == RULESET_NO_MATCH ?
	    EQUAL_REFUSED :
	    search->labels[side].of_rules[result.rule];
}

/* For all answers that tables which cannot be read might give. */
static bool
equal_confirm_user(struct equal_search *search, struct str user,
    struct equal_witness *witness)
{
	uint32_t labels[2], tables = 0;

	for (uint32_t side = 0; side < 2; side++)
		equal_fill(search, side, user, &witness->envelopes[side]);
	for (uint32_t answers = 0; answers < 1u << tables || answers == 0;
	     answers++) {
		witness->assumed_count = 0;
		for (uint32_t side = 0; side < 2; side++)
			labels[side] = equal_replay(search, side, answers,
			    witness);
		if (labels[0] != labels[1])
			return true;
		if (tables < witness->assumed_count)
			tables = witness->assumed_count;
	}
	return false;
}

/* What the loops do not confirm is no witness. */
static bool
equal_confirm(struct equal_search *search, struct equal_witness *witness)
{
	uint32_t users = search->values[SPACE_AUTH] != 0 &&
		search->values[SPACE_ORIGIN] != SPACE_SOCKET ?
	    search->user_count :
	    0;

	if (equal_confirm_user(search, equal_login(search), witness))
		return true;
	for (uint32_t i = 0; i < users && search->replayed > 0; i++)
		if (equal_confirm_user(search, search->users[i], witness))
			return true;
	return false;
}

/* Pairs that are looked at. */

/* False for a pair that was there. */
static bool
equal_note_pair(struct equal_search *search, struct strmap *map, uint32_t a,
    uint32_t b)
{
	uint32_t *pair = arena_alloc(search->equal->arena, 2 * sizeof(*pair));
	void **slot;

	pair[0] = a;
	pair[1] = b;
	slot = strmap_put(map,
	    (struct str){ (const char *)pair, 2 * sizeof(*pair) });
	if (*slot != NULL)
		return false;
	*slot = search;
	return true;
}

static uint32_t
equal_rule(const struct ruleset_result *result)
{
	return result->verdict == RULESET_NO_MATCH ? UINT32_MAX : result->rule;
}

/* False where the envelope of the values is none. */
static bool
equal_add_witness(struct equal_search *search)
{
	struct equal_witness *witness = ARENA_NEW(search->equal->arena,
	    struct equal_witness);

	witness->facts.is_own_address = search->values[SPACE_ORIGIN] ==
	    SPACE_OWN_ADDRESS;
	witness->facts.is_own_name = search->values[SPACE_RCPT_LOCAL] != 0;
	if (!equal_confirm(search, witness))
		return false;
	if (!equal_note_pair(search, &search->rule_pairs,
		equal_rule(&witness->results[0]),
		equal_rule(&witness->results[1])))
		return true;
	if (search->count == search->count_max) {
		search->result->has_more = true;
		return true;
	}
	*search->tail = witness;
	search->tail = &witness->next;
	search->count++;
	return true;
}

static void
equal_add_question(struct equal_result *result, uint32_t question)
{
	for (uint32_t i = 0; i < result->question_count; i++)
		if (result->questions[i] == question)
			return;
	if (result->question_count < EQUAL_QUESTIONS_MAX)
		result->questions[result->question_count++] = question;
}

/* What a leaf asks. */
static void
equal_add_questions(struct equal_search *search, uint32_t leaf)
{
	const struct diagram *diagram = &search->equal->diagram;
	uint32_t r, q;

	for (r = leaf & ~DIAGRAM_LEAF; r != DIAGRAM_NO_MATCH;
	     r = diagram->residues[r].next)
		for (q = diagram->residues[r].questions; q != 0;
		     q = diagram->questions[q].next)
			equal_add_question(search->result,
			    diagram->questions[q].question);
}

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

/* All values that either node tells from others. */
static void
equal_search_edges(struct equal_search *search, uint32_t a, uint32_t b,
    uint32_t node, uint32_t level)
{
	const struct diagram *diagram = &search->equal->diagram;
	struct diagram_node n;

	if ((node & DIAGRAM_LEAF) || diagram->nodes[node].level != level)
		return;
	n = diagram->nodes[node];
	for (uint32_t i = 0; i < n.edge_count && !equal_is_done(search); i++)
		equal_search_value(search, a, b, level,
		    diagram->edges[n.first_edge + i].value);
}

void
equal_search_pair(struct equal_search *search, uint32_t a, uint32_t b)
{
	const struct diagram *diagram = &search->equal->diagram;
	uint32_t upper = diagram_depth(diagram, b) < diagram_depth(diagram, a) ?
	    b :
	    a;
	uint32_t level;

	if (equal_is_done(search) ||
	    equal_relabel(&search->relabels[0], a) ==
		equal_relabel(&search->relabels[1], b))
		return;
	if (upper & DIAGRAM_LEAF) {
		if (!equal_add_witness(search)) {
			equal_add_questions(search, a);
			equal_add_questions(search, b);
		}
		return;
	}
	if (!equal_note_pair(search, &search->seen, a, b))
		return;
	search->pairs++;
	level = diagram->nodes[upper].level;
	equal_search_value(search, a, b, level, 0);
	equal_search_edges(search, a, b, a, level);
	equal_search_edges(search, a, b, b, level);
}

void
equal_search_probe(struct equal_search *search, uint32_t condition)
{
	struct diagram *diagram = &search->equal->diagram;
	uint32_t node = diagram_ite(diagram, search->equal->never,
	    diagram_no_match(), condition);

	if (node == diagram_no_match() || equal_is_done(search))
		return;
	/* A node that leads nowhere would not be a node. */
	while (!(node & DIAGRAM_LEAF)) {
		const struct diagram_node *n = &diagram->nodes[node];
		uint32_t value = 0, child = n->otherwise;

		for (uint32_t i = 0; child == diagram_no_match(); i++) {
			value = diagram->edges[n->first_edge + i].value;
			child = diagram->edges[n->first_edge + i].child;
		}
		search->values[n->level] = value;
		node = child;
	}
	equal_add_witness(search);
	memset(search->values, 0, sizeof(search->values));
}
