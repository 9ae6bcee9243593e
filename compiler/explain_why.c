/*
 * One function for each sort of predicate. What is said of a look-up is
 * what was looked up, not the attribute that it came from: a client that
 * counts as the host itself is looked up as "local".
 */
#include "compiler/explain_why.h"

#include "grammar/render.h"

enum { EXPLAIN_WHY_SOURCE_MAX = 240 };

/* One predicate, and what it was asked about. */
struct explain_why {
	FILE *out;
	struct bind *bind;
	const struct ruleset_envelope *envelope;
	const struct decide_step *step;
	const struct ruleset_pred *pred;
	bool holds; /* before a negation */
};

static void
explain_why_put(const struct explain_why *why, struct str text)
{
	render_escaped(why->out, text);
}

static void
explain_why_quote(const struct explain_why *why, struct str text)
{
	fputc('\'', why->out);
	explain_why_put(why, text);
	fputc('\'', why->out);
}

/* Tables. */

void
explain_why_table(FILE *out, const struct bind *bind, uint32_t table)
{
	const struct ir_table *t = &bind->ir->tables[table];

	if (t->name.len == 0 && t->entry_count == 1) {
		fputc('\'', out);
		render_escaped(out, t->entries[0].key);
		fputc('\'', out);
		return;
	}
	if (t->name.len == 0) {
		explain_why_source(out, bind, t->pos);
		return;
	}
	/* Names of those without declaration have their brackets. */
	fputs(t->is_builtin ? "" : "<", out);
	render_escaped(out, t->name);
	fputs(t->is_builtin ? "" : ">", out);
}

/* Why the file of a table is of no use. */
static const char *
explain_why_broken(struct bind *bind, const struct ir_table *table)
{
	const struct files_file *file = files_read(&bind->comp->files,
	    table->config, FILES_SIZE_MAX);

	return file->error == 0 ? "does not parse" :
				  rootdir_error_text(file->error);
}

void
explain_why_failed(FILE *out, struct bind *bind, uint32_t table)
{
	const struct ir_table *t;

	if (table == IR_NONE) {
		fputs("there is no table to ask", out);
		return;
	}
	t = &bind->ir->tables[table];
	explain_why_table(out, bind, table);
	switch (bind_state_of(bind, table)) {
	case BIND_DYNAMIC:
		fputs(" is a table of ", out);
		render_escaped(out,
		    t->kind == IR_TABLE_DB ? STR_LIT("db") : t->backend);
		fputs(", which only the running daemon can ask", out);
		break;
	case BIND_BROKEN:
		fputs(" cannot be asked: ", out);
		render_escaped(out, t->config);
		fprintf(out, ": %s", explain_why_broken(bind, t));
		break;
	case BIND_UNREAD:
	case BIND_READY:
		fputs(" refuses what is looked up, or has a value that does "
		      "not parse or a regular expression that would take too "
		      "much memory",
		    out);
		break;
	}
}

/* "matches no entry of <t>", of an unnamed list without its name. */
static void
explain_why_missed(const struct explain_why *why)
{
	const struct ir_table *table = &why->bind->ir->tables[why->pred->table];
	bool is_network = why->pred->service == SERVICE_NETADDR;

	if (table->name.len > 0) {
		fputs(is_network ? " is in no network of " :
				   " matches no entry of ",
		    why->out);
		explain_why_table(why->out, why->bind, why->pred->table);
	} else if (table->entry_count == 1) {
		fputs(is_network ? " is not in " : " does not match ",
		    why->out);
		explain_why_quote(why, table->entries[0].key);
	} else {
		fputs(is_network ? " is in none of them" :
				   " matches none of them",
		    why->out);
	}
}

static void
explain_why_lookup(const struct explain_why *why)
{
	const struct ir_table *table = &why->bind->ir->tables[why->pred->table];

	if (!why->holds) {
		explain_why_missed(why);
		return;
	}
	fputs(why->pred->service == SERVICE_NETADDR ? " is in " : " matches ",
	    why->out);
	if (why->step->entry.len > 0) {
		explain_why_quote(why, why->step->entry);
		if (table->name.len == 0)
			return;
		fputs(" of ", why->out);
	}
	explain_why_table(why->out, why->bind, why->pred->table);
}

/* Predicates. */

/* Why the client counts as the host itself, or NULL. */
static const char *
explain_why_is_host(const struct explain_why *why)
{
	const struct ruleset_envelope *envelope = why->envelope;
	unsigned classes = why->pred->local_classes;

	if (envelope->is_internal && (classes & ORIGIN_INTERNAL))
		return "an expanded address";
	if (envelope->is_socket && (classes & ORIGIN_SOCKET))
		return "mail from the local socket";
	if (envelope->is_authenticated && (classes & ORIGIN_AUTH))
		return "a client that has logged in";
	return NULL;
}

static void
explain_why_from_local(const struct explain_why *why)
{
	const char *cause = explain_why_is_host(why);

	if (cause != NULL) {
		fprintf(why->out, "%s counts as local", cause);
		return;
	}
	explain_why_put(why, why->envelope->peer);
	fputs(why->holds ? " is an address of this host" :
			   " is no address of this host",
	    why->out);
}

static void
explain_why_from_table(const struct explain_why *why)
{
	const char *cause = explain_why_is_host(why);

	if (cause != NULL)
		fprintf(why->out, "%s is looked up as 'local', which", cause);
	else
		explain_why_put(why, why->envelope->peer);
	explain_why_lookup(why);
}

static void
explain_why_from_socket(const struct explain_why *why)
{
	fputs(why->envelope->is_internal ?
		"an expanded address does not come from a client" :
		why->holds ? "the mail comes from the local socket" :
			     "the client is connected by network",
	    why->out);
}

static void
explain_why_rdns(const struct explain_why *why)
{
	const struct ruleset_envelope *envelope = why->envelope;

	if (envelope->is_internal && why->pred->table == RULESET_NO_TABLE) {
		fputs("an expanded address has no reverse name", why->out);
	} else if (envelope->is_internal) {
		fputs("an expanded address is looked up as 'local', which",
		    why->out);
		explain_why_lookup(why);
	} else if (envelope->rdns.len == 0) {
		explain_why_put(why, envelope->peer);
		fputs(" has no reverse name", why->out);
	} else {
		explain_why_quote(why, envelope->rdns);
		if (why->pred->table == RULESET_NO_TABLE)
			fputs(" is the reverse name", why->out);
		else
			explain_why_lookup(why);
	}
}

static void
explain_why_auth(const struct explain_why *why)
{
	const struct ruleset_envelope *envelope = why->envelope;

	if (!envelope->is_authenticated) {
		fputs("the client has not logged in", why->out);
	} else if (why->pred->table == RULESET_NO_TABLE) {
		fputs(envelope->is_socket ?
			"mail from the local socket counts as logged in" :
			"the client has logged in",
		    why->out);
	} else {
		fputs("the user ", why->out);
		explain_why_quote(why, envelope->username);
		explain_why_lookup(why);
	}
}

static void
explain_why_tag(const struct explain_why *why)
{
	struct str tag = why->envelope->tag;

	if (tag.len == 0) {
		fputs("there is no tag", why->out);
		return;
	}
	fputs("the tag ", why->out);
	explain_why_quote(why, tag);
	if (why->pred->table != RULESET_NO_TABLE) {
		explain_why_lookup(why);
		return;
	}
	fputs(why->holds ? " is " : " is not ", why->out);
	explain_why_quote(why, why->pred->text);
}

static void
explain_why_mailbox(const struct explain_why *why, struct mailaddr mailbox)
{
	if (mailbox.user.len == 0 && mailbox.domain.len == 0) {
		fputs("the null sender", why->out);
	} else {
		fputc('\'', why->out);
		explain_why_put(why, mailbox.user);
		fputc('@', why->out);
		explain_why_put(why, mailbox.domain);
		fputc('\'', why->out);
	}
	explain_why_lookup(why);
}

static void
explain_why_for_local(const struct explain_why *why)
{
	explain_why_quote(why, why->envelope->dest.domain);
	fputs(why->holds ? " is a name of this host" :
			   " is no name of this host",
	    why->out);
}

static void
explain_why_text(const struct explain_why *why, struct str text)
{
	explain_why_quote(why, text);
	explain_why_lookup(why);
}

static void
explain_why_answered(const struct explain_why *why)
{
	const struct ruleset_envelope *envelope = why->envelope;

	switch (why->pred->kind) {
	case PRED_TAG:
		explain_why_tag(why);
		break;
	case PRED_FROM_ANY:
		fputs("it never holds", why->out);
		break;
	case PRED_FOR_ANY:
		fputs(why->holds ? "it never holds" :
				   "the address has no domain",
		    why->out);
		break;
	case PRED_FROM_LOCAL:
		explain_why_from_local(why);
		break;
	case PRED_FROM_SOCKET:
		explain_why_from_socket(why);
		break;
	case PRED_FROM_TABLE:
		explain_why_from_table(why);
		break;
	case PRED_FROM_RDNS:
		explain_why_rdns(why);
		break;
	case PRED_FOR_LOCAL:
		explain_why_for_local(why);
		break;
	case PRED_FOR_TABLE:
		explain_why_text(why, envelope->dest.domain);
		break;
	case PRED_HELO:
		explain_why_text(why, envelope->helo);
		break;
	case PRED_AUTH:
		explain_why_auth(why);
		break;
	case PRED_TLS:
		fputs(why->holds ? "the session is encrypted" :
				   "the session is not encrypted",
		    why->out);
		break;
	case PRED_MAIL_FROM:
		explain_why_mailbox(why, envelope->sender);
		break;
	case PRED_RCPT_TO:
		explain_why_mailbox(why, envelope->dest);
		break;
	case PRED_KINDS:
		break;
	}
}

static void
explain_why_unanswered(const struct explain_why *why)
{
	const char *target = target_name(why->bind->ir->target.version);

	if (why->pred->flags & PRED_FAILS)
		fprintf(why->out, "OpenSMTPD %s fails whenever it asks this",
		    target);
	else if (why->pred->flags & PRED_FAILS_IF_AUTH)
		fprintf(why->out,
		    "OpenSMTPD %s fails to ask this of a client that has "
		    "logged in",
		    target);
	else
		explain_why_failed(why->out, why->bind, why->pred->table);
}

/* Source text. */

/* Bytes of the white space at i: backslash and line feed are some. */
static uint32_t
explain_why_blank(struct str text, uint32_t i)
{
	if (text.ptr[i] == '\\' && i + 1 < text.len && text.ptr[i + 1] == '\n')
		return 2;
	return strchr(" \t\r\n", text.ptr[i]) != NULL && text.ptr[i] != '\0';
}

/* White space that breaks the line becomes one blank. */
void
explain_why_source(FILE *out, const struct bind *bind, struct srcpos pos)
{
	struct str text = source_text(&bind->comp->map, pos);
	bool is_cut = text.len > EXPLAIN_WHY_SOURCE_MAX;
	uint32_t begin = 0, end, size;

	if (is_cut)
		text.len = EXPLAIN_WHY_SOURCE_MAX;
	while (begin < text.len) {
		bool breaks = false;

		for (end = begin;
		     end < text.len && explain_why_blank(text, end) == 0;)
			end++;
		render_escaped(out,
		    (struct str){ text.ptr + begin, end - begin });
		for (begin = end; end < text.len &&
		     (size = explain_why_blank(text, end)) > 0;
		     end += size)
			breaks = breaks || text.ptr[end] != ' ';
		if (breaks)
			fputc(' ', out);
		else
			render_escaped(out,
			    (struct str){ text.ptr + begin, end - begin });
		begin = end;
	}
	fputs(is_cut ? " ..." : "", out);
}

/* The clause, or the default that stands for none. */
static void
explain_why_words(const struct explain_why *why)
{
	const struct clause *clause =
	    why->bind->ir->rules[why->step->rule].clauses[why->step->pred];

	if (clause != NULL) {
		fputc('\'', why->out);
		explain_why_source(why->out, why->bind, clause->pos);
		fputs("': ", why->out);
		return;
	}
	fputs(why->pred->kind == PRED_FOR_LOCAL ?
		"'for local' (the default): " :
		"'from local' (the default): ",
	    why->out);
}

void
explain_why(FILE *out, struct bind *bind,
    const struct ruleset_envelope *envelope, const struct decide_step *step)
{
	struct explain_why why = {
		.out = out,
		.bind = bind,
		.envelope = envelope,
		.step = step,
		.pred = &bind->ir->ruleset.rules[step->rule].preds[step->pred],
	};

	why.holds = (step->answer == ANSWER_YES) !=
	    ((why.pred->flags & PRED_NEGATED) != 0);
	explain_why_words(&why);
	if (step->answer == ANSWER_FAILED)
		explain_why_unanswered(&why);
	else
		explain_why_answered(&why);
}
