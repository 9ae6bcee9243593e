/*
 * Allow comments.
 */
#include "grammar/allow.h"

#define ALLOW_PREFIX "smtpd-compile:"

static uint32_t
allow_skip_blanks(struct str text, uint32_t i)
{
	while (i < text.len &&
	    (text.ptr[i] == ' ' || text.ptr[i] == '\t' || text.ptr[i] == '\r' ||
		text.ptr[i] == ','))
		i++;
	return i;
}

static uint32_t
allow_skip_word(struct str text, uint32_t i)
{
	while (i < text.len && text.ptr[i] != ' ' && text.ptr[i] != '\t' &&
	    text.ptr[i] != '\r' && text.ptr[i] != ',')
		i++;
	return i;
}

/* The index behind "# smtpd-compile: allow", or 0. */
static uint32_t
allow_match(struct str text)
{
	struct str prefix = STR_LIT(ALLOW_PREFIX), rest;
	uint32_t i = 0, end;

	while (i < text.len && text.ptr[i] == '#')
		i++;
	i = allow_skip_blanks(text, i);
	rest = (struct str){ text.ptr + i, text.len - i };
	if (!str_has_prefix(rest, prefix.ptr))
		return 0;
	i = allow_skip_blanks(text, i + prefix.len);
	end = allow_skip_word(text, i);
	return str_is((struct str){ text.ptr + i, end - i }, "allow") ? end : 0;
}

static void
allow_add(struct diag_list *diags, struct srcpos pos, enum check_id id)
{
	struct diag_allow *allow = ARENA_NEW(diags->arena, struct diag_allow);
	struct source_location loc;

	if (!source_locate(diags->map, pos.begin, &loc))
		return;
	allow->id = id;
	allow->file_base = loc.file->base;
	allow->line = loc.line;
	allow->next = diags->allows;
	diags->allows = allow;
}

static void
allow_report(struct diag_list *diags, struct srcpos pos, struct str name)
{
	const char *nearest = check_suggest(name);
	struct diag *diag = diag_report(diags, CHECK_UNKNOWN_CHECK, pos,
	    "there is no check named '%.*s'", STR_ARG(name));

	if (nearest != NULL) {
		diag_note(diags, diag, (struct srcpos){ 0, 0 },
		    "did you mean '%s'?", nearest);
		diag_edit(diags, diag, pos, "%s", nearest);
	}
}

static void
allow_read_names(struct diag_list *diags, struct srcpos at, struct str text,
    uint32_t i)
{
	while ((i = allow_skip_blanks(text, i)) < text.len) {
		uint32_t end = allow_skip_word(text, i);
		struct str name = { text.ptr + i, end - i };
		struct srcpos pos = { at.begin + i, at.begin + end };
		enum check_id id = check_by_name(name);

		/* What follows is the reason, in prose. */
		if (str_is(name, "--"))
			return;
		if (id == CHECK_COUNT)
			allow_report(diags, pos, name);
		else
			allow_add(diags, pos, id);
		i = end;
	}
}

void
allow_read(struct diag_list *diags, const struct comment *comments)
{
	for (const struct comment *c = comments; c != NULL; c = c->next) {
		struct str text = source_text(diags->map, c->pos);
		uint32_t i = allow_match(text);

		if (i > 0)
			allow_read_names(diags, c->pos, text, i);
	}
}
