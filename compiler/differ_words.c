/*
 * A witness as words that smtpd-explain takes, so that both configs can be
 * asked. Words stand only for what differs from what it assumes by itself.
 */
#include "compiler/differ.h"

struct differ_writer {
	struct differ *differ;
	const struct equal_witness *witness;
	struct differ_words *to;
	uint32_t note_count;
};

static struct arena *
differ_arena(const struct differ_writer *writer)
{
	return &writer->differ->sides[0].comp.arena;
}

static void
differ_note(struct differ_writer *writer, const char *note)
{
	if (writer->note_count < DIFFER_NOTES_MAX)
		writer->to->notes[writer->note_count++] = note;
}

/* Bytes that no shell looks at. */
static bool
differ_is_plain(char c)
{
	return str_is_alnum(c) ||
	    (c != '\0' && strchr("@%+=:,./_-", c) != NULL);
}

/* One more word, in quotes where a shell needs them. */
static void
differ_word(struct differ_writer *writer, const char *word)
{
	struct arena *arena = differ_arena(writer);
	const char *text = writer->to->words;
	bool is_plain = true;

	for (const char *c = word; *c != '\0'; c++)
		is_plain &= differ_is_plain(*c);
	if (text[0] != '\0')
		text = arena_printf(arena, "%s ", text);
	if (is_plain) {
		writer->to->words = arena_printf(arena, "%s%s", text, word);
		return;
	}
	text = arena_printf(arena, "%s'", text);
	for (const char *c = word; *c != '\0'; c++)
		text = *c == '\'' ? arena_printf(arena, "%s'\\''", text) :
				    arena_printf(arena, "%s%c", text, *c);
	writer->to->words = arena_printf(arena, "%s'", text);
}

static bool
differ_asks(const struct differ *differ, enum ruleset_pred_kind kind)
{
	for (unsigned side = 0; side < 2; side++) {
		const struct ruleset *ruleset =
		    &differ->sides[side].ir->ruleset;

		for (uint32_t r = 0; r < ruleset->rule_count; r++)
			for (uint32_t i = 0; i < ruleset->rules[r].pred_count;
			     i++)
				if (ruleset->rules[r].preds[i].kind == kind)
					return true;
	}
	return false;
}

static bool
differ_has_tags(const struct ir *ir)
{
	for (uint32_t i = 0; i < ir->listener_count; i++)
		if (!ir->listeners[i].is_socket && ir->listeners[i].tag.len > 0)
			return true;
	return false;
}

/* The tag of a session of the network; the socket has its own. */
static void
differ_write_tag(struct differ_writer *writer)
{
	struct arena *arena = differ_arena(writer);
	struct str a = writer->witness->envelopes[0].tag;
	struct str b = writer->witness->envelopes[1].tag;

	if (!str_eq(a, b))
		differ_note(writer,
		    arena_printf(arena, "with the tag '%.*s', then '%.*s'",
			STR_ARG(a), STR_ARG(b)));
	else if (a.len > 0 || differ_has_tags(writer->differ->sides[0].ir) ||
	    differ_has_tags(writer->differ->sides[1].ir))
		differ_word(writer,
		    arena_printf(arena, "tag=%.*s", STR_ARG(a)));
}

static void
differ_write_client(struct differ_writer *writer)
{
	struct arena *arena = differ_arena(writer);
	const struct ruleset_envelope *e = &writer->witness->envelopes[0];
	bool is_own = writer->witness->facts.is_own_address, is_known = true;
	struct netaddr addr;

	differ_word(writer, arena_printf(arena, "src=%.*s", STR_ARG(e->peer)));
	if (netaddr_parse_cidr(e->peer, NETADDR_BRACKETS | NETADDR_TAG,
		&addr) == NETADDR_OK)
		for (unsigned side = 0; side < 2; side++)
			is_known &= is_own ==
			    host_is_local_address(&writer->differ->sides[side]
						       .host,
				&addr);
	if (!is_known)
		differ_note(writer,
		    is_own ? "from an address of the host" :
			     "from an address that is not the host's");
	if (differ_asks(writer->differ, PRED_FROM_RDNS))
		differ_word(writer,
		    arena_printf(arena, "rdns=%.*s", STR_ARG(e->rdns)));
}

static void
differ_write_network(struct differ_writer *writer)
{
	struct arena *arena = differ_arena(writer);
	const struct ruleset_envelope *e = &writer->witness->envelopes[0];

	differ_write_client(writer);
	differ_write_tag(writer);
	if (e->is_tls)
		differ_word(writer, "tls");
	if (e->is_authenticated)
		differ_word(writer,
		    arena_printf(arena, "auth=%.*s", STR_ARG(e->username)));
	if (differ_asks(writer->differ, PRED_HELO))
		differ_word(writer,
		    arena_printf(arena, "helo=%.*s", STR_ARG(e->helo)));
}

static void
differ_write_addresses(struct differ_writer *writer)
{
	struct arena *arena = differ_arena(writer);
	const struct ruleset_envelope *e = &writer->witness->envelopes[0];
	bool is_own = writer->witness->facts.is_own_name, is_known = true;

	differ_word(writer,
	    arena_printf(arena, "mail-from=%.*s%s%.*s", STR_ARG(e->sender.user),
		e->sender.domain.len > 0 ? "@" : "",
		STR_ARG(e->sender.domain)));
	differ_word(writer,
	    arena_printf(arena, "rcpt-to=%.*s@%.*s", STR_ARG(e->dest.user),
		STR_ARG(e->dest.domain)));
	for (unsigned side = 0; side < 2; side++)
		is_known &= is_own ==
		    host_is_local_name(&writer->differ->sides[side].host,
			e->dest.domain);
	if (!is_known)
		differ_note(writer,
		    is_own ? "to a name of the host" :
			     "to a name that is not the host's");
}

static const char *
differ_table_text(struct arena *arena, const struct ir_table *table)
{
	if (table->name.len > 0)
		return arena_printf(arena, "<%.*s>", STR_ARG(table->name));
	return arena_printf(arena, "'%.*s'", STR_ARG(table->config));
}

void
differ_words(struct differ *differ, const struct equal_witness *witness,
    struct differ_words *words_r)
{
	struct differ_writer writer = { differ, witness, words_r, 0 };
	struct arena *arena = differ_arena(&writer);

	*words_r = (struct differ_words){ .words = "" };
	if (witness->envelopes[0].is_socket) {
		differ_word(&writer, "socket");
		if (differ_asks(differ, PRED_FROM_RDNS))
			differ_note(&writer,
			    arena_printf(arena,
				"the server's name being '%.*s'",
				STR_ARG(witness->envelopes[0].rdns)));
	} else {
		differ_write_network(&writer);
	}
	differ_write_addresses(&writer);
	if (witness->envelopes[0].is_internal)
		differ_note(&writer, "to an address that expansion made");
	for (uint32_t i = 0; i < witness->assumed_count; i++)
		differ_note(&writer,
		    arena_printf(arena, "if %s %s it",
			differ_table_text(arena, witness->assumed[i].table),
			witness->assumed[i].has_it ? "has" : "does not have"));
}
