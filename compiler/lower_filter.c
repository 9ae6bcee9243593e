/*
 * Lowering of programs and filters: wrappers of delivery commands, filter
 * processes, filters of one phase, and chains of filters.
 */
#include "compiler/lower_private.h"

static const char *const lower_phases[IR_PHASES] = {
	[IR_PHASE_CONNECT] = "connect",
	[IR_PHASE_HELO] = "helo",
	[IR_PHASE_EHLO] = "ehlo",
	[IR_PHASE_AUTH] = "auth",
	[IR_PHASE_MAIL_FROM] = "mail-from",
	[IR_PHASE_RCPT_TO] = "rcpt-to",
	[IR_PHASE_DATA] = "data",
	[IR_PHASE_COMMIT] = "commit",
};

/* What each condition looks up in its table. */
static const struct {
	enum clause_kind clause;
	enum service service;
} lower_conditions[IR_CONDITIONS] = {
	[IR_CONDITION_FCRDNS] = { CLAUSE_COND_FCRDNS, SERVICE_STRING },
	[IR_CONDITION_RDNS] = { CLAUSE_COND_RDNS, SERVICE_DOMAIN },
	[IR_CONDITION_SRC] = { CLAUSE_COND_SRC, SERVICE_NETADDR },
	[IR_CONDITION_HELO] = { CLAUSE_COND_HELO, SERVICE_DOMAIN },
	[IR_CONDITION_AUTH] = { CLAUSE_COND_AUTH, SERVICE_STRING },
	[IR_CONDITION_MAIL_FROM] = { CLAUSE_COND_MAIL_FROM, SERVICE_MAILADDR },
	[IR_CONDITION_RCPT_TO] = { CLAUSE_COND_RCPT_TO, SERVICE_MAILADDR },
};

static const enum clause_kind lower_filter_decisions[IR_DECISIONS] = {
	[IR_DECISION_REJECT] = CLAUSE_REJECT,
	[IR_DECISION_DISCONNECT] = CLAUSE_DISCONNECT,
	[IR_DECISION_REWRITE] = CLAUSE_REWRITE,
	[IR_DECISION_REPORT] = CLAUSE_REPORT,
	[IR_DECISION_JUNK] = CLAUSE_JUNK,
	[IR_DECISION_BYPASS] = CLAUSE_BYPASS,
};

const char *
ir_phase_word(enum ir_phase phase)
{
	return lower_phases[phase];
}

const char *
ir_condition_word(enum ir_condition condition)
{
	return clause_words(lower_conditions[condition].clause, DIALECT_MODERN);
}

const char *
ir_decision_word(enum ir_decision decision)
{
	return clause_words(lower_filter_decisions[decision], DIALECT_MODERN);
}

static void
lower_wrapper(struct lower *lower, const struct stmt *stmt)
{
	struct str name = word_str(stmt->name);
	struct ir_wrapper *wrapper = lower_put(lower, &lower->wrappers, name);

	*wrapper = (struct ir_wrapper){ name, word_str(stmt->value),
		stmt->pos };
}

/* A "proc-exec" replaces the process that has its name. */
static uint32_t
lower_proc(struct lower *lower, const struct stmt *stmt, struct word command)
{
	struct str name = word_str(stmt->name);
	struct ir_proc *proc = lower_put(lower, &lower->procs, name);

	*proc = (struct ir_proc){
		.name = name,
		.command = word_str(command),
		.user = lower_word(stmt, CLAUSE_USER),
		.group = lower_word(stmt, CLAUSE_GROUP),
		.chroot = lower_word(stmt, CLAUSE_CHROOT),
		.pos = stmt->pos,
	};
	return lower_find(&lower->procs, name);
}

/* Chains. */

static void
lower_members(struct lower *lower, const struct list *list,
    struct ir_filter *filter)
{
	uint32_t *members = arena_alloc(lower->arena,
	    list->count * sizeof(*members));

	filter->kind = IR_FILTER_CHAIN;
	filter->members = members;
	for (const struct elem *e = list->elems; e != NULL; e = e->next) {
		uint32_t member = lower_find(&lower->filters, word_str(e->key));

		if (member != IR_NONE)
			members[filter->member_count++] = member;
	}
}

uint32_t
lower_filter(struct lower *lower, const struct stmt *stmt)
{
	const struct clause *clause = stmt_clause(stmt, CLAUSE_FILTER);
	struct ir_filter *chain;

	/* Before 6.6 there was a word for filters, and no filter. */
	if (clause == NULL || lower->target.version < TARGET_6_6)
		return IR_NONE;
	if (clause->names == NULL)
		return lower_find(&lower->filters, word_str(clause->arg));
	if (clause->names->count == 1)
		return lower_find(&lower->filters,
		    word_str(clause->names->elems->key));
	chain = lower_push(lower, &lower->filters.array);
	chain->pos = clause->pos;
	lower_members(lower, clause->names, chain);
	return lower->filters.array.count - 1;
}

/* Filters of one phase. */

static enum ir_phase
lower_phase(struct str word)
{
	unsigned i = 0;

	/* Any other phase was reported. */
	while (i + 1 < IR_PHASES && !str_is(word, lower_phases[i]))
		i++;
	return (enum ir_phase)i;
}

static void
lower_condition(struct lower *lower, const struct stmt *stmt,
    struct ir_filter *filter)
{
	for (unsigned i = 0; i < IR_CONDITIONS; i++) {
		const struct clause *clause = stmt_clause(stmt,
		    lower_conditions[i].clause);

		if (clause == NULL)
			continue;
		filter->condition = (enum ir_condition)i;
		filter->is_negated = (clause->flags & CLAUSE_NEGATED) != 0;
		filter->table = lower_table(lower, clause->table);
		filter->service = (clause->flags & CLAUSE_REGEX) ?
		    SERVICE_REGEX :
		    lower_conditions[i].service;
	}
}

static void
lower_phase_filter(struct lower *lower, const struct stmt *stmt,
    struct ir_filter *filter)
{
	filter->kind = IR_FILTER_PHASE;
	filter->phase = lower_phase(lower_word(stmt, CLAUSE_PHASE));
	filter->acts_at_connect = filter->phase == IR_PHASE_AUTH &&
	    lower->target.version != TARGET_NATIVE;
	lower_condition(lower, stmt, filter);
	for (unsigned i = 0; i < IR_DECISIONS; i++) {
		const struct clause *clause = stmt_clause(stmt,
		    lower_filter_decisions[i]);

		if (clause == NULL)
			continue;
		filter->decision = (enum ir_decision)i;
		filter->text = word_str(clause->arg);
	}
}

static void
lower_filter_stmt(struct lower *lower, const struct stmt *stmt)
{
	const struct clause *first = stmt->clauses;
	struct ir_filter filter = {
		.name = word_str(stmt->name),
		.proc = IR_NONE,
		.table = IR_NONE,
		.pos = stmt->pos,
	};

	switch ((unsigned)first->kind) {
	case CLAUSE_PROC:
		filter.kind = IR_FILTER_PROC;
		filter.proc = lower_find(&lower->procs, word_str(first->arg));
		break;
	case CLAUSE_PROC_EXEC:
		filter.kind = IR_FILTER_PROC;
		filter.proc = lower_proc(lower, stmt, first->arg);
		break;
	case CLAUSE_CHAIN:
		lower_members(lower, first->names, &filter);
		break;
	default:
		lower_phase_filter(lower, stmt, &filter);
		break;
	}
	*(struct ir_filter *)lower_put(lower, &lower->filters,
	    filter.name) = filter;
}

void
lower_filters(struct lower *lower, const struct stmt *stmt)
{
	if (stmt->kind == STMT_MDA_WRAPPER)
		lower_wrapper(lower, stmt);
	else if (stmt->kind == STMT_PROC)
		lower_proc(lower, stmt, stmt->value);
	else if (stmt->kind == STMT_FILTER && (stmt->flags & STMT_OLD) == 0)
		lower_filter_stmt(lower, stmt);
}
