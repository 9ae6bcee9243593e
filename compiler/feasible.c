/*
 * Combinations of values that no session has.
 */
#include "compiler/feasible.h"

#include <stdlib.h>

static uint32_t
feasible_is(struct space *space, enum space_level level, uint32_t value)
{
	struct diagram_edge edge = { value, diagram_true(space->diagram) };

	return diagram_node(space->diagram, level, diagram_no_match(), &edge,
	    1);
}

static uint32_t
feasible_empty(struct space *space, enum space_level level)
{
	return feasible_is(space, level,
	    space_value(space, level, CLASSES_EMPTY));
}

/* Whether the level has one of the values that cannot be. */
static uint32_t
feasible_is_any(struct space *space, enum space_level level,
    bool (*holds)(const struct space *, enum space_level, uint32_t))
{
	struct diagram *diagram = space->diagram;
	uint32_t yes = diagram_true(diagram), no = diagram_no_match();
	uint32_t count = space_value_count(space, level), used = 0;
	struct diagram_edge *edges = malloc(count * sizeof(*edges) + 1);
	bool is_common = holds(space, level, 0);
	uint32_t result;

	if (edges == NULL)
		abort();
	for (uint32_t value = 1; value < count; value++)
		edges[used++] = (struct diagram_edge){ value,
			holds(space, level, value) ? yes : no };
	result = diagram_node(diagram, level, is_common ? yes : no, edges,
	    used);
	free(edges);
	return result;
}

/* A login may have any domain: it is only a text. */
static bool
feasible_cannot_be(const struct space *space, enum space_level level,
    uint32_t value)
{
	return space->classes[level] != NULL && level != SPACE_LOGIN_DOMAIN &&
	    !classes_is_feasible(space->classes[level],
		space_class(space, level, value));
}

static bool
feasible_is_no_socket_tag(const struct space *space, enum space_level level,
    uint32_t value)
{
	(void)level;
	return !space->tags[value].is_socket;
}

static bool
feasible_is_no_network_tag(const struct space *space, enum space_level level,
    uint32_t value)
{
	(void)level;
	return !space->tags[value].is_network;
}

static bool
feasible_is_tag_without_auth(const struct space *space, enum space_level level,
    uint32_t value)
{
	(void)level;
	return !space->tags[value].offers_auth;
}

static bool
feasible_is_tag_without_tls(const struct space *space, enum space_level level,
    uint32_t value)
{
	(void)level;
	return !space->tags[value].offers_tls;
}

static bool
feasible_is_tag_with_tls_only(const struct space *space, enum space_level level,
    uint32_t value)
{
	(void)level;
	return !space->tags[value].offers_plain;
}

static bool
feasible_is_part_of_address(const struct space *space, enum space_level level,
    uint32_t value)
{
	struct str name = classes_representative(space->classes[level],
	    space_class(space, level, value));

	return name.len > 0 && memchr(name.ptr, '@', name.len) != NULL;
}

/* A name that is no address has no "@", and on the network it is not empty. */
static uint32_t
feasible_never_login(struct space *space)
{
	struct diagram *diagram = space->diagram;
	uint32_t yes = diagram_true(diagram), no = diagram_no_match();

	return diagram_ite(diagram, feasible_is(space, SPACE_LOGIN, 1), no,
	    diagram_ite(diagram, feasible_empty(space, SPACE_LOGIN_USER), yes,
		feasible_is_any(space, SPACE_LOGIN_USER,
		    feasible_is_part_of_address)));
}

/*
 * On the network: authenticated may be who uses TLS, where the listener
 * offers it.
 */
static uint32_t
feasible_never_network(struct space *space)
{
	struct diagram *diagram = space->diagram;
	uint32_t yes = diagram_true(diagram), no = diagram_no_match();
	uint32_t auth = feasible_is(space, SPACE_AUTH, 1);
	uint32_t tls = feasible_is(space, SPACE_TLS, 1);
	uint32_t with_tls = diagram_ite(diagram,
	    feasible_is_any(space, SPACE_TAG, feasible_is_tag_without_tls), yes,
	    diagram_ite(diagram, auth,
		diagram_ite(diagram,
		    feasible_is_any(space, SPACE_TAG,
			feasible_is_tag_without_auth),
		    yes, feasible_never_login(space)),
		no));
	uint32_t without_tls = diagram_ite(diagram, auth, yes,
	    feasible_is_any(space, SPACE_TAG, feasible_is_tag_with_tls_only));

	return diagram_ite(diagram,
	    feasible_is_any(space, SPACE_TAG, feasible_is_no_network_tag), yes,
	    diagram_ite(diagram, tls, with_tls, without_tls));
}

static bool
feasible_is_not_localhost(const struct space *space, enum space_level level,
    uint32_t value)
{
	return classes_find(space->classes[level], STR_LIT("localhost")) !=
	    space_class(space, level, value);
}

/*
 * On the socket all are authenticated without a name, say localhost, and use
 * no TLS.
 */
static uint32_t
feasible_never_socket(struct space *space)
{
	struct diagram *diagram = space->diagram;
	uint32_t yes = diagram_true(diagram), no = diagram_no_match(), bad;

	bad = diagram_ite(diagram, feasible_is(space, SPACE_AUTH, 1),
	    feasible_is_any(space, SPACE_TAG, feasible_is_no_socket_tag), yes);
	bad = diagram_ite(diagram,
	    diagram_ite(diagram, feasible_is(space, SPACE_LOGIN, 1), no,
		feasible_empty(space, SPACE_LOGIN_USER)),
	    bad, yes);
	bad = diagram_ite(diagram,
	    feasible_is_any(space, SPACE_HELO, feasible_is_not_localhost), yes,
	    bad);
	return diagram_ite(diagram, feasible_is(space, SPACE_TLS, 1), yes, bad);
}

/* Relays take addresses as they are. */
static bool
feasible_has_expansion(const struct space *space)
{
	for (uint32_t side = 0; side < space->side_count; side++) {
		const struct ir *ir = space->sides[side].bind->ir;

		for (uint32_t i = 0; i < ir->action_count; i++)
			if (ir->actions[i].method != IR_RELAY)
				return true;
	}
	return false;
}

/* What expansion makes has all but the peer of the session. */
static uint32_t
feasible_never_session(struct space *space)
{
	struct diagram *diagram = space->diagram;
	uint32_t socket = feasible_never_socket(space);
	uint32_t network = feasible_never_network(space);
	uint32_t internal = feasible_has_expansion(space) ?
	    diagram_ite(diagram, socket, network, diagram_no_match()) :
	    diagram_true(diagram);

	return diagram_ite(diagram,
	    feasible_is(space, SPACE_ORIGIN, SPACE_INTERNAL), internal,
	    diagram_ite(diagram, feasible_is(space, SPACE_ORIGIN, SPACE_SOCKET),
		socket, network));
}

/*
 * Recipients have a domain; the null sender has neither domain nor user,
 * and every other sender has both.
 */
uint32_t
feasible_never(struct space *space)
{
	struct diagram *diagram = space->diagram;
	uint32_t yes = diagram_true(diagram), no = diagram_no_match();
	uint32_t domain = feasible_empty(space, SPACE_SENDER_DOMAIN);
	uint32_t user = feasible_empty(space, SPACE_SENDER_USER);
	uint32_t bad = feasible_never_session(space);

	bad = diagram_ite(diagram,
	    diagram_ite(diagram, domain, diagram_ite(diagram, user, no, yes),
		user),
	    yes, bad);
	bad = diagram_ite(diagram, feasible_empty(space, SPACE_RCPT_DOMAIN),
	    yes, bad);
	for (unsigned level = 0; level < SPACE_LEVELS; level++)
		bad = diagram_ite(diagram,
		    feasible_is_any(space, (enum space_level)level,
			feasible_cannot_be),
		    yes, bad);
	return bad;
}
