/*
 * Deciding an envelope: one walk a tree, then the questions of the lowest
 * rule that is left, as the loop would ask them. A value is classified when
 * a node first asks for it.
 */
#include "runtime/ruleset/blob_private.h"

/* Values. */

/* As it stands where some entry has a delimiter, else up to it. */
static uint32_t
decide_user(const struct blob *blob, const struct blob_level *level,
    struct str user)
{
	uint32_t whole = blob_class(blob, level, user);
	const char *cut;

	if (whole != 0 || user.len == 0)
		return whole;
	cut = memchr(user.ptr, blob->delimiter, user.len);
	if (cut == NULL)
		return whole;
	user.len = (uint32_t)(cut - user.ptr);
	return blob_class(blob, level, user);
}

static bool
decide_is_address(struct str login)
{
	return login.len > 0 && memchr(login.ptr, '@', login.len) != NULL;
}

static uint32_t
decide_login_user(const struct blob *blob, const struct blob_level *level,
    struct str login)
{
	if (!decide_is_address(login))
		return blob_class(blob, level, login);
	return decide_user(blob, level, mailaddr_split(login).user);
}

static uint32_t
decide_origin(const struct blob_decision *decision)
{
	const struct ruleset_envelope *envelope = decision->envelope;
	const struct ruleset_callbacks *callbacks = decision->callbacks;

	if (envelope->is_internal)
		return BLOB_ORIGIN_INTERNAL;
	if (envelope->is_socket)
		return BLOB_ORIGIN_SOCKET;
	return callbacks->is_local_address(callbacks->arg, envelope->peer) ?
	    BLOB_ORIGIN_OWN :
	    BLOB_ORIGIN_REMOTE;
}

static uint32_t
decide_value(const struct blob_decision *decision,
    const struct blob_level *level)
{
	const struct blob *blob = decision->blob;
	const struct ruleset_envelope *envelope = decision->envelope;
	const struct ruleset_callbacks *callbacks = decision->callbacks;

	switch ((enum blob_attribute)level->attribute) {
	case BLOB_ASK_RCPT_DOMAIN:
		return blob_class(blob, level, envelope->dest.domain);
	case BLOB_ASK_RCPT_LOCAL:
		return callbacks->is_local_name(callbacks->arg,
		    envelope->dest.domain);
	case BLOB_ASK_RCPT_USER:
		return decide_user(blob, level, envelope->dest.user);
	case BLOB_ASK_SENDER_DOMAIN:
		return blob_class(blob, level, envelope->sender.domain);
	case BLOB_ASK_SENDER_USER:
		return decide_user(blob, level, envelope->sender.user);
	case BLOB_ASK_ORIGIN:
		return decide_origin(decision);
	case BLOB_ASK_ADDRESS:
		return blob_class(blob, level, envelope->peer);
	case BLOB_ASK_AUTH:
		return envelope->is_authenticated;
	case BLOB_ASK_LOGIN:
		return decide_is_address(envelope->username);
	case BLOB_ASK_LOGIN_DOMAIN:
		return blob_class(blob, level,
		    mailaddr_split(envelope->username).domain);
	case BLOB_ASK_LOGIN_USER:
		return decide_login_user(blob, level, envelope->username);
	case BLOB_ASK_TAG:
		return blob_class(blob, level, envelope->tag);
	case BLOB_ASK_HELO:
		return blob_class(blob, level, envelope->helo);
	case BLOB_ASK_RDNS:
		return blob_class(blob, level, envelope->rdns);
	case BLOB_ASK_TLS:
		return envelope->is_tls;
	case BLOB_ATTRIBUTES:
		break;
	}
	assert(false); /* verified */
	return 0;
}

static uint32_t
decide_class(struct blob_decision *decision, uint32_t level)
{
	if ((decision->known & (1u << level)) == 0) {
		decision->values[level] = decide_value(decision,
		    &decision->blob->levels[level]);
		decision->known |= 1u << level;
	}
	return decision->values[level];
}

/* Trees. */

/*
 * Classes ascend along the edges, so that the one sought is at most as far
 * from the first edge as it differs from that: exactly so far if no class is
 * left out, which is where to look first.
 */
static uint32_t
decide_child(const struct blob *blob, uint32_t node, uint32_t class)
{
	const struct blob_section *all = &blob->sections[BLOB_EDGES];
	struct blob_range edges = blob_list(blob, BLOB_NODES, node,
	    BLOB_NODE_EDGES, BLOB_EDGES);
	const unsigned char *first = all->data +
	    (size_t)edges.first * all->stride;
	uint32_t low = 0, high = edges.count, middle = 0;

	if (high > 0 && class > blob_get32(first + BLOB_EDGE_CLASS))
		middle = class - blob_get32(first + BLOB_EDGE_CLASS);
	if (middle >= high)
		middle = high / 2;
	else
		high = middle + 1;
	for (; low < high; middle = low + (high - low) / 2) {
		const unsigned char *at = first + (size_t)middle * all->stride;
		uint32_t found = blob_get32(at + BLOB_EDGE_CLASS);

		if (found == class)
			return blob_get32(at + BLOB_EDGE_CHILD);
		if (found < class)
			low = middle + 1;
		else
			high = middle;
	}
	return blob_get32(blob_at(blob, BLOB_NODES, node) +
	    BLOB_NODE_OTHERWISE);
}

static uint32_t
decide_walk(struct blob_decision *decision, uint32_t tree)
{
	const struct blob *blob = decision->blob;
	uint32_t node = blob_get32(blob_at(blob, BLOB_TREES, tree) +
	    BLOB_TREE_ROOT);

	while (!(node & BLOB_LEAF)) {
		uint32_t level = blob_get32(blob_at(blob, BLOB_NODES, node) +
		    BLOB_NODE_LEVEL);

		node = decide_child(blob, node, decide_class(decision, level));
	}
	return node;
}

/* Residues. */

static const unsigned char *
decide_residue(const struct blob *blob, uint32_t leaf)
{
	return blob_at(blob, BLOB_RESIDUES, leaf & ~(BLOB_LEAF | BLOB_RESIDUE));
}

static bool
decide_is_residue(uint32_t leaf)
{
	return leaf != BLOB_NO_MATCH && (leaf & BLOB_RESIDUE) != 0;
}

static uint32_t
decide_rule(const struct blob *blob, uint32_t leaf)
{
	if (leaf == BLOB_NO_MATCH)
		return UINT32_MAX;
	if (!decide_is_residue(leaf))
		return leaf & ~BLOB_LEAF;
	return blob_get32(decide_residue(blob, leaf) + BLOB_RESIDUE_RULE) &
	    ~BLOB_LEAF;
}

/*
 * What is left of a tree. Only the first trees' leaves are kept, since the
 * decision has a fixed size; the others are walked again.
 */
static uint32_t
decide_leaf(struct blob_decision *decision, uint32_t tree)
{
	const struct blob *blob = decision->blob;
	uint32_t leaf = tree < decision->tree_count ?
	    decision->leaves[tree] :
	    decide_walk(decision, tree);

	while (decide_rule(blob, leaf) < decision->next_rule)
		leaf = decide_is_residue(leaf) ?
		    blob_get32(decide_residue(blob, leaf) + BLOB_RESIDUE_NEXT) :
		    BLOB_NO_MATCH;
	if (tree < BLOB_TREES_KEPT) {
		decision->leaves[tree] = leaf;
		if (tree == decision->tree_count)
			decision->tree_count++;
	}
	return leaf;
}

/* The leaf with the lowest rule. No later tree has a rule below its first. */
static uint32_t
decide_lowest(struct blob_decision *decision)
{
	const struct blob *blob = decision->blob;
	uint32_t lowest = BLOB_NO_MATCH, best = UINT32_MAX;

	for (uint32_t i = 0; i < blob_count(blob, BLOB_TREES); i++) {
		uint32_t first = blob_get32(blob_at(blob, BLOB_TREES, i) +
		    BLOB_TREE_RULE);
		uint32_t leaf;

		if (best < first)
			break;
		leaf = decide_leaf(decision, i);
		if (decide_rule(blob, leaf) < best) {
			best = decide_rule(blob, leaf);
			lowest = leaf;
		}
	}
	return lowest;
}

/* Questions. */

/* Answers what the blob can; the rest is left to who called run. */
static enum answer
decide_lookup(void *arg, uint32_t table, enum service service, struct str key)
{
	struct blob_decision *decision = arg;
	enum answer answer;

	if (decision->is_answered)
		return decision->answer;
	if (table == RULESET_NO_TABLE)
		return ANSWER_FAILED;
	if (blob_can_look_up(decision->blob, table, service))
		return blob_lookup(decision->blob, table, service, key, NULL);
	answer = blob_ask_host(decision->blob, table, key, decision->callbacks);
	if (answer != ANSWER_FAILED)
		return answer;
	if (key.len > 0)
		memcpy(decision->text, key.ptr, key.len);
	decision->text[key.len] = '\0';
	decision->table = table;
	decision->service = service;
	decision->key = (struct str){ decision->text, key.len };
	decision->is_asking = true;
	return ANSWER_FAILED;
}

static bool
decide_is_local_address(void *arg, struct str peer)
{
	const struct blob_decision *decision = arg;

	return decision->callbacks->is_local_address(decision->callbacks->arg,
	    peer);
}

static bool
decide_is_local_name(void *arg, struct str domain)
{
	const struct blob_decision *decision = arg;

	return decision->callbacks->is_local_name(decision->callbacks->arg,
	    domain);
}

static enum answer
decide_ask(struct blob_decision *decision, uint32_t pred)
{
	struct ruleset_pred asked = blob_pred_at(decision->blob, pred);
	const struct ruleset_callbacks callbacks = {
		.arg = decision,
		.lookup = decide_lookup,
		.is_local_address = decide_is_local_address,
		.is_local_name = decide_is_local_name,
	};
	enum answer answer = ruleset_ask(&asked, decision->envelope,
	    &callbacks);

	decision->is_answered = false;
	return answer;
}

/* Of the rule at hand. FAILED with is_asking: one has to wait. */
static enum answer
decide_ask_all(struct blob_decision *decision)
{
	const struct blob *blob = decision->blob;

	while (decision->questions != 0) {
		const unsigned char *at = blob_at(blob, BLOB_QUESTIONS,
		    decision->questions - 1);
		enum answer answer = decide_ask(decision,
		    blob_get32(at + BLOB_QUESTION_PRED));

		if (answer != ANSWER_YES)
			return answer;
		decision->questions = blob_get32(at + BLOB_QUESTION_NEXT);
	}
	return decision->is_match ? ANSWER_YES : ANSWER_NO;
}

/* The next rule that has questions. */
static void
decide_enter(struct blob_decision *decision, uint32_t leaf)
{
	const unsigned char *at = decide_residue(decision->blob, leaf);

	decision->next_rule = decide_rule(decision->blob, leaf);
	decision->questions = blob_get32(at + BLOB_RESIDUE_QUESTIONS);
	decision->is_match = (blob_get32(at + BLOB_RESIDUE_RULE) & BLOB_LEAF) !=
	    0;
	decision->is_in_rule = true;
}

static bool
decide_end(struct blob_decision *decision, enum ruleset_verdict verdict,
    uint32_t rule)
{
	decision->result = (struct ruleset_result){ verdict, rule };
	return true;
}

/* From outside. */

void
blob_decision_init(struct blob_decision *decision, const struct blob *blob,
    const struct ruleset_envelope *envelope,
    const struct ruleset_callbacks *callbacks)
{
	decision->blob = blob;
	decision->envelope = envelope;
	decision->callbacks = callbacks;
	decision->next_rule = 0;
	decision->questions = 0;
	decision->is_in_rule = false;
	decision->is_asking = false;
	decision->is_answered = false;
	decision->known = 0;
	decision->tree_count = 0;
}

bool
blob_decision_run(struct blob_decision *decision)
{
	enum answer answer;

	for (;;) {
		uint32_t leaf = BLOB_RESIDUE;

		if (!decision->is_in_rule)
			leaf = decide_lowest(decision);
		if (leaf == BLOB_NO_MATCH)
			return decide_end(decision, RULESET_NO_MATCH, 0);
		if (!decide_is_residue(leaf))
			return decide_end(decision, RULESET_MATCH,
			    decide_rule(decision->blob, leaf));
		if (!decision->is_in_rule)
			decide_enter(decision, leaf);
		answer = decide_ask_all(decision);
		if (decision->is_asking)
			return false;
		if (answer != ANSWER_NO)
			return decide_end(decision,
			    answer == ANSWER_YES ? RULESET_MATCH :
						   RULESET_TEMPFAIL,
			    decision->next_rule);
		decision->next_rule++;
		decision->is_in_rule = false;
	}
}

void
blob_decision_answer(struct blob_decision *decision, enum answer answer)
{
	assert(decision->is_asking);
	decision->is_asking = false;
	decision->is_answered = true;
	decision->answer = answer;
}

struct ruleset_result
ruleset_decide(const struct blob *blob, const struct ruleset_envelope *envelope,
    const struct ruleset_callbacks *callbacks)
{
	struct blob_decision decision;

	blob_decision_init(&decision, blob, envelope, callbacks);
	while (!blob_decision_run(&decision))
		blob_decision_answer(&decision,
		    callbacks->lookup(callbacks->arg, decision.table,
			decision.service, decision.key));
	return decision.result;
}
