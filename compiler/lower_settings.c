/*
 * Lowering of settings, limits and certificates, which both languages have
 * in common. Later statements replace earlier ones, attribute by attribute.
 */
#include "compiler/lower_private.h"

#include <stdlib.h>

#include "compiler/words.h"
#include "runtime/base/units.h"

enum {
	LOWER_HOUR = 60 * 60,
	LOWER_DAY = 24 * LOWER_HOUR,
	LOWER_BOUNCE_DELAYS = 4,
};

const struct ir_limit_info ir_limit_table[IR_LIMITS] = {
#define LIMIT(group, id, word, fallback) \
	[IR_LIMIT_##group##_##id] = { STMT_LIMIT_##group, word, fallback },
#include "runtime/ruleset/limits.def"
#undef LIMIT
};

const struct ir_settings ir_default_settings = {
	.queue_ttl = 4 * LOWER_DAY,
	.max_message_size = 35 * 1024 * 1024,
	.bounce_delays = { 4 * LOWER_HOUR },
	.bounce_delay_count = 1,
	.delimiter = '+',
	.max_deferred = 100,
	.srs_ttl = 4 * LOWER_DAY,
	.limits.values = {
#define LIMIT(group, id, word, fallback) [IR_LIMIT_##group##_##id] = fallback,
#include "runtime/ruleset/limits.def"
#undef LIMIT
	},
};

/* What does not fit was reported. */
static int64_t
lower_number(struct lower *lower, struct word word)
{
	return strtoll(arena_copy(lower->arena, word_str(word)).ptr, NULL, 10);
}

static void
lower_bounce_delays(const struct stmt *stmt, struct ir_settings *settings)
{
	settings->bounce_delay_count = 0;
	for (const struct clause *c = stmt->clauses;
	     c != NULL && settings->bounce_delay_count < LOWER_BOUNCE_DELAYS;
	     c = c->next)
		settings->bounce_delays[settings->bounce_delay_count++] =
		    lower_delay(word_str(c->arg), 4 * LOWER_HOUR);
}

/* Limits. */

/*
 * A domain starts with what the others have where it is first named; later
 * changes do not reach it. "default" are the others.
 */
static struct ir_limits *
lower_limits_of(struct lower *lower, const struct stmt *stmt)
{
	struct ir_limits *others = &lower->ir->settings.limits;
	struct str domain = lower_word(stmt, CLAUSE_LIMIT_DOMAIN);
	struct ir_domain_limits *limits;

	if (stmt_clause(stmt, CLAUSE_LIMIT_DOMAIN) == NULL ||
	    str_is(domain, "default"))
		return others;
	limits = lower_put(lower, &lower->domain_limits, domain);
	if (limits->domain.ptr == NULL)
		*limits = (struct ir_domain_limits){ domain, *others };
	return &limits->limits;
}

static void
lower_limit(struct lower *lower, const struct stmt *stmt,
    const struct clause *clause, struct ir_limits *limits)
{
	for (unsigned i = 0; i < IR_LIMITS; i++)
		if (ir_limit_table[i].group == stmt->kind &&
		    str_is(word_str(clause->arg), ir_limit_table[i].word))
			limits->values[i] = lower_number(lower, clause->value);
}

static void
lower_limits(struct lower *lower, const struct stmt *stmt)
{
	struct ir_limits *limits = lower_limits_of(lower, stmt);

	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		if (c->kind == CLAUSE_INET4)
			limits->family = 4;
		else if (c->kind == CLAUSE_INET6)
			limits->family = 6;
		else if (c->kind == CLAUSE_LIMIT)
			lower_limit(lower, stmt, c, limits);
	}
}

/* Certificates. */

static enum ir_dhe
lower_dhe(struct str text)
{
	if (str_eq_nocase(text, STR_LIT("auto")))
		return IR_DHE_AUTO;
	if (str_eq_nocase(text, STR_LIT("legacy")))
		return IR_DHE_LEGACY;
	return IR_DHE_NONE;
}

static void
lower_pki(struct lower *lower, const struct stmt *stmt)
{
	struct str name = words_lower(lower->arena, word_str(stmt->name));
	struct ir_pki *pki = lower_put(lower, &lower->pkis, name);

	if (pki->name.ptr == NULL) {
		pki->name = name;
		pki->pos = stmt->pos;
	}
	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		if (c->kind == CLAUSE_CERT)
			pki->cert = word_str(c->arg);
		else if (c->kind == CLAUSE_KEY)
			pki->key = word_str(c->arg);
		else if (c->kind == CLAUSE_DHE)
			pki->dhe = lower_dhe(word_str(c->arg));
	}
}

static void
lower_ca(struct lower *lower, const struct stmt *stmt)
{
	struct str name = words_lower(lower->arena, word_str(stmt->name));
	struct ir_ca *ca = lower_put(lower, &lower->cas, name);

	*ca = (struct ir_ca){ name, lower_word(stmt, CLAUSE_CERT), stmt->pos };
}

/* Settings of one value. */
static void
lower_value(struct lower *lower, const struct stmt *stmt)
{
	struct ir_settings *settings = &lower->ir->settings;
	struct str value = word_str(stmt->name);

	switch ((unsigned)stmt->kind) {
	case STMT_ADMD:
		settings->admd = value;
		break;
	case STMT_CIPHERS:
		settings->ciphers = value;
		break;
	case STMT_MAX_DEFERRED:
		settings->max_deferred = lower_number(lower, stmt->name);
		break;
	case STMT_MAX_MESSAGE_SIZE:
		units_parse_size(value, &settings->max_message_size);
		break;
	case STMT_QUEUE_TTL:
		settings->queue_ttl = lower_delay(value, settings->queue_ttl);
		break;
	case STMT_SUB_ADDR_DELIM:
		if (value.len == 1)
			settings->delimiter = value.ptr[0];
		break;
	case STMT_SRS_KEY:
		settings->srs_key = value;
		break;
	case STMT_SRS_KEY_BACKUP:
		settings->srs_key_backup = value;
		break;
	case STMT_SRS_TTL:
		settings->srs_ttl = lower_delay(value, settings->srs_ttl);
		settings->srs_ttl -= settings->srs_ttl % LOWER_DAY;
		break;
	default:
		break;
	}
}

void
lower_settings(struct lower *lower, const struct stmt *stmt)
{
	struct ir_settings *settings = &lower->ir->settings;

	switch ((unsigned)stmt->kind) {
	case STMT_BOUNCE_WARN:
		lower_bounce_delays(stmt, settings);
		break;
	case STMT_LIMIT_SMTP:
	case STMT_LIMIT_MDA:
	case STMT_LIMIT_MTA:
	case STMT_LIMIT_SCHEDULER:
		lower_limits(lower, stmt);
		break;
	case STMT_PKI:
		lower_pki(lower, stmt);
		break;
	case STMT_CA:
		lower_ca(lower, stmt);
		break;
	case STMT_QUEUE_COMPRESSION:
		settings->queue_compression = true;
		break;
	case STMT_QUEUE_ENCRYPTION:
		settings->queue_encryption = true;
		settings->queue_key = word_str(stmt->name);
		break;
	default:
		lower_value(lower, stmt);
		break;
	}
}
