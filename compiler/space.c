/*
 * Building a space, stage by stage; its values, and the classes of an
 * envelope.
 */
#include "compiler/space.h"

#include <stdlib.h>

#include "compiler/space_private.h"

static void
space_make_classes(struct space *space)
{
	static const enum classes_kind kinds[] = {
		[SPACE_RCPT_DOMAIN] = CLASSES_DOMAIN,
		[SPACE_RCPT_USER] = CLASSES_STRING,
		[SPACE_SENDER_DOMAIN] = CLASSES_DOMAIN,
		[SPACE_SENDER_USER] = CLASSES_STRING,
		[SPACE_ADDRESS] = CLASSES_NETWORK,
		[SPACE_LOGIN_DOMAIN] = CLASSES_DOMAIN,
		[SPACE_LOGIN_USER] = CLASSES_STRING,
		[SPACE_HELO] = CLASSES_DOMAIN,
		[SPACE_RDNS] = CLASSES_DOMAIN,
	};

	for (unsigned level = 0; level < SPACE_LEVELS; level++)
		if (level != SPACE_RCPT_LOCAL && level != SPACE_ORIGIN &&
		    level != SPACE_AUTH && level != SPACE_LOGIN &&
		    level != SPACE_TAG && level != SPACE_TLS)
			space->classes[level] = classes_new(space->arena,
			    kinds[level]);
}

/*
 * A value that hardly any entry names: its class is value 0 of the level,
 * which is every diagram's common case.
 */
static void
space_build_classes(struct space *space)
{
	for (unsigned level = 0; level < SPACE_LEVELS; level++) {
		struct classes *classes = space->classes[level];
		struct classes_list blame;

		if (classes == NULL)
			continue;
		while (classes_build(classes, SPACE_BUDGET) != 0) {
			blame = classes_blame(classes);
			for (uint32_t i = 0; i < blame.count; i++)
				classes_leave_out(classes, blame.ids[i]);
		}
		space->common[level] = classes_find(classes,
		    level == SPACE_ADDRESS ? STR_LIT("240.0.0.1") :
					     STR_LIT("q7-zx3.kqvj-w9.invalid"));
	}
}

/* Classes and values of a level differ in which is number 0. */
uint32_t
space_value(const struct space *space, enum space_level level, uint32_t class)
{
	if (class == space->common[level])
		return 0;
	return class == 0 ? space->common[level] : class;
}

uint32_t
space_class(const struct space *space, enum space_level level, uint32_t value)
{
	/* The exchange of two numbers is its own inverse. */
	return space_value(space, level, value);
}

uint32_t
space_value_count(const struct space *space, enum space_level level)
{
	if (space->classes[level] != NULL)
		return classes_count(space->classes[level]);
	return level == SPACE_TAG ? space->tag_count :
	    level == SPACE_ORIGIN ? SPACE_INTERNAL + 1 :
				    2;
}

void
space_set_order(struct diagram *diagram, enum space_order order)
{
	static const uint32_t sender_first[SPACE_LEVELS] = {
		SPACE_SENDER_DOMAIN,
		SPACE_SENDER_USER,
		SPACE_RCPT_DOMAIN,
		SPACE_RCPT_LOCAL,
		SPACE_RCPT_USER,
		SPACE_ORIGIN,
		SPACE_ADDRESS,
		SPACE_AUTH,
		SPACE_LOGIN,
		SPACE_LOGIN_DOMAIN,
		SPACE_LOGIN_USER,
		SPACE_TAG,
		SPACE_HELO,
		SPACE_RDNS,
		SPACE_TLS,
	};

	if (order == SPACE_SENDER_FIRST)
		diagram_set_order(diagram, sender_first, SPACE_LEVELS);
}

/* A stage of building, for each side. */
static void
space_each_side(struct space_builder *builder,
    void (*stage)(struct space_builder *))
{
	for (uint32_t i = 0; i < builder->space->side_count; i++) {
		builder->side = i;
		builder->bind = builder->space->sides[i].bind;
		builder->ir = builder->bind->ir;
		stage(builder);
	}
}

void
space_init(struct space *space, struct bind *const *binds, uint32_t side_count,
    struct diagram *diagram)
{
	const struct space_tag none = { .on = { STR_LIT(""), STR_LIT("") } };
	/* Of a byte that no tag of a config has. */
	const struct space_tag other = { .on = { STR_LIT("\x01"),
					     STR_LIT("\x01") } };
	struct space_builder builder = { .space = space };

	*space = (struct space){
		.arena = &binds[0]->comp->arena,
		.diagram = diagram,
		.side_count = side_count,
	};
	for (uint32_t i = 0; i < side_count; i++)
		space->sides[i].bind = binds[i];
	builder.has_one_delimiter = binds[0]->rules.delimiter ==
	    binds[side_count - 1]->rules.delimiter;
	strmap_init(&builder.delimited, space->arena);
	strmap_init(&space->question_numbers, space->arena);
	space_make_classes(space);
	space_add_tag(space, none);
	space_each_side(&builder, space_stage_names);
	space_each_side(&builder, space_stage_tags);
	space_add_tag(space, other);
	space_each_side(&builder, space_collect_side);
	space_build_classes(space);
	space_each_side(&builder, space_build_rules);
}

void
space_fini(struct space *space)
{
	free(space->tags);
	free(space->questions);
	space->tags = NULL;
	space->questions = NULL;
}

/* Envelopes. */

static uint32_t
space_find(const struct space *space, enum space_level level, struct str key)
{
	return space_value(space, level,
	    classes_find(space->classes[level], key));
}

/* As it stands where some entry has a delimiter, else without. */
static uint32_t
space_find_user(const struct space *space, enum space_level level,
    struct str user)
{
	uint32_t whole = space_find(space, level, user);
	bool is_delimited;

	if (whole != 0)
		return whole;
	return space_find(space, level,
	    space_user_of(user, space->sides[0].bind->rules.delimiter,
		&is_delimited));
}

/* A name that is no address is looked up as a whole. */
static void
space_classify_login(const struct space *space, struct str name,
    uint32_t classes_r[SPACE_LEVELS])
{
	bool is_address = name.len > 0 && memchr(name.ptr, '@', name.len);
	struct mailaddr addr = mailaddr_split(name);

	classes_r[SPACE_LOGIN] = is_address;
	classes_r[SPACE_LOGIN_DOMAIN] = space_find(space, SPACE_LOGIN_DOMAIN,
	    addr.domain);
	classes_r[SPACE_LOGIN_USER] = is_address ?
	    space_find_user(space, SPACE_LOGIN_USER, addr.user) :
	    space_find(space, SPACE_LOGIN_USER, name);
}

/* Case counts in the legacy language only. */
static uint32_t
space_find_tag(const struct space *space, uint32_t side, struct str tag)
{
	bool is_exact = space->sides[side].bind->ir->target.dialect ==
	    DIALECT_LEGACY;

	for (uint32_t i = 0; i < space->tag_count; i++)
		if (str_eq(space->tags[i].on[side], tag))
			return i;
	for (uint32_t i = 0; !is_exact && i < space->tag_count; i++)
		if (str_eq_nocase(space->tags[i].on[side], tag))
			return i;
	return space->tag_count - 1;
}

void
space_classify(const struct space *space, uint32_t side,
    const struct ruleset_envelope *envelope, struct space_facts facts,
    uint32_t classes_r[SPACE_LEVELS])
{
	classes_r[SPACE_RCPT_DOMAIN] = space_find(space, SPACE_RCPT_DOMAIN,
	    envelope->dest.domain);
	classes_r[SPACE_RCPT_LOCAL] = facts.is_own_name;
	classes_r[SPACE_RCPT_USER] = space_find_user(space, SPACE_RCPT_USER,
	    envelope->dest.user);
	classes_r[SPACE_SENDER_DOMAIN] = space_find(space, SPACE_SENDER_DOMAIN,
	    envelope->sender.domain);
	classes_r[SPACE_SENDER_USER] = space_find_user(space, SPACE_SENDER_USER,
	    envelope->sender.user);
	classes_r[SPACE_ORIGIN] = envelope->is_internal ? SPACE_INTERNAL :
	    envelope->is_socket                         ? SPACE_SOCKET :
	    facts.is_own_address                        ? SPACE_OWN_ADDRESS :
							  SPACE_REMOTE;
	classes_r[SPACE_ADDRESS] = space_find(space, SPACE_ADDRESS,
	    envelope->peer);
	classes_r[SPACE_AUTH] = envelope->is_authenticated;
	space_classify_login(space, envelope->username, classes_r);
	classes_r[SPACE_TAG] = space_find_tag(space, side, envelope->tag);
	classes_r[SPACE_HELO] = space_find(space, SPACE_HELO, envelope->helo);
	classes_r[SPACE_RDNS] = space_find(space, SPACE_RDNS, envelope->rdns);
	classes_r[SPACE_TLS] = envelope->is_tls;
}
