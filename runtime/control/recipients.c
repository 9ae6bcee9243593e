/*
 * Address lists, by a walk over characters:
 *
 *     Name <user@domain>, "a, b" <c@d>, e@f (comment), group: g@h, i@j;
 *
 * What stands in angle brackets is the address; where there are none, all
 * that is no comment.
 */
#include "runtime/control/recipients.h"

#include <stdlib.h>

/* One address as it is collected. */
struct recipients_walk {
	struct str rest;
	char text[RECIPIENTS_SIZE_MAX];
	size_t len;
	bool has_angle; /* text is what stood in brackets */
	bool is_too_long;
	bool is_behind_blank;
	bool has_gap; /* a blank that is not in text stood inside it */
};

static void
recipients_put(struct recipients_walk *walk, char c)
{
	walk->has_gap |= walk->is_behind_blank && walk->len > 0;
	walk->is_behind_blank = false;
	if (walk->len + 1 < sizeof(walk->text))
		walk->text[walk->len++] = c;
	else
		walk->is_too_long = true;
}

/* From an opening character to its end; copies it if asked to. */
static void
recipients_take_quoted(struct recipients_walk *walk, char end, bool is_copied)
{
	uint32_t i = 0;
	unsigned depth = 0;

	do {
		char c = walk->rest.ptr[i++];

		if (is_copied)
			recipients_put(walk, c);
		if (c == '\\' && i < walk->rest.len) {
			if (is_copied)
				recipients_put(walk, walk->rest.ptr[i]);
			i++;
			continue;
		}
		if (c == '(' && end == ')')
			depth++;
		else if (c == end && (end == ')' ? --depth == 0 : i > 1))
			break;
	} while (i < walk->rest.len);
	walk->rest.ptr += i;
	walk->rest.len -= i;
}

static bool
recipients_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What was taken is no part of the address. */
static void
recipients_begin(struct recipients_walk *walk)
{
	walk->len = 0;
	walk->is_behind_blank = walk->has_gap = false;
}

static void
recipients_take(struct recipients_walk *walk, bool *is_angle)
{
	char c = walk->rest.ptr[0];

	if (c == '"' && (!walk->has_angle || *is_angle)) {
		recipients_take_quoted(walk, '"', true);
		return;
	}
	if (c == '(') {
		recipients_take_quoted(walk, ')', false);
		walk->is_behind_blank = true;
		return;
	}
	walk->rest.ptr++;
	walk->rest.len--;
	if (c == '<') {
		recipients_begin(walk);
		walk->has_angle = *is_angle = true;
	} else if (c == '>') {
		*is_angle = false;
	} else if (c == ':' && !*is_angle) {
		recipients_begin(walk); /* behind the name of a group */
	} else if (recipients_is_blank(c)) {
		walk->is_behind_blank = true;
	} else if (!walk->has_angle || *is_angle) {
		recipients_put(walk, c);
	}
}

/* False: no more. The address may be empty. */
static bool
recipients_next(struct recipients_walk *walk)
{
	bool is_angle = false;

	if (walk->rest.len == 0)
		return false;
	recipients_begin(walk);
	walk->has_angle = walk->is_too_long = false;
	while (walk->rest.len > 0) {
		char c = walk->rest.ptr[0];

		if ((c == ',' || c == ';') && !is_angle) {
			walk->rest.ptr++;
			walk->rest.len--;
			break;
		}
		recipients_take(walk, &is_angle);
	}
	walk->text[walk->len] = '\0';
	return true;
}

static bool
recipients_has(const struct recipients *recipients, const char *address)
{
	for (unsigned i = 0; i < recipients->count; i++)
		if (strcmp(recipients->list[i], address) == 0)
			return true;
	return false;
}

static bool
recipients_append(struct recipients *recipients, const char *address)
{
	char **grown;
	char *copy;

	if (recipients_has(recipients, address))
		return true;
	if (recipients->count == RECIPIENTS_MAX)
		return false;
	grown = realloc(recipients->list,
	    (recipients->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return false;
	recipients->list = grown;
	copy = strdup(address);
	if (copy != NULL)
		grown[recipients->count++] = copy;
	return copy != NULL;
}

/* The address with its domain; empty: none. False: too long. */
static bool
recipients_complete(const struct recipients_walk *walk, const char *domain,
    char *buf, size_t room)
{
	bool has_domain = strchr(walk->text, '@') != NULL;

	buf[0] = '\0';
	if (walk->len == 0)
		return true;
	return !walk->is_too_long &&
	    snprintf(buf, room, has_domain ? "%s" : "%s@%s", walk->text,
		domain) < (int)room;
}

bool
recipients_add(struct recipients *recipients, struct str list,
    const char *domain)
{
	struct recipients_walk walk = { .rest = list };
	char address[RECIPIENTS_SIZE_MAX];

	while (recipients_next(&walk)) {
		if (!recipients_complete(&walk, domain, address,
			sizeof(address)))
			return false;
		if (address[0] != '\0' &&
		    !recipients_append(recipients, address))
			return false;
	}
	return true;
}

bool
recipients_first(struct str list, const char *domain, char *buf, size_t room)
{
	struct recipients_walk walk = { .rest = list };
	char address[RECIPIENTS_SIZE_MAX];

	while (recipients_next(&walk)) {
		if (!recipients_complete(&walk, domain, address,
			sizeof(address)) ||
		    address[0] == '\0')
			continue;
		if (strlen(address) >= room)
			return false;
		memcpy(buf, address, strlen(address) + 1);
		return true;
	}
	return false;
}

bool
recipients_has_gap(struct str list)
{
	struct recipients_walk walk = { .rest = list };

	while (recipients_next(&walk))
		if (walk.has_gap)
			return true;
	return false;
}

void
recipients_fini(struct recipients *recipients)
{
	for (unsigned i = 0; i < recipients->count; i++)
		free(recipients->list[i]);
	free(recipients->list);
	recipients->list = NULL;
	recipients->count = 0;
}
