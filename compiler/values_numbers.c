/*
 * Numbers, ports, delays, sizes and limits. The lexer makes numbers of any
 * length; the daemon's reads no larger ones than int64_t holds, and what is
 * above that is reported here, where a number is used.
 */
#include "compiler/values.h"

#include <inttypes.h>

#include "compiler/words.h"
#include "grammar/suggest.h"
#include "runtime/base/units.h"

enum {
	VALUES_BOUNCE_DELAYS = 4, /* the daemon keeps */
	VALUES_DAY = 24 * 60 * 60,
};

static bool
values_read_number(struct str text, int64_t *value_r)
{
	bool is_negative = str_has_prefix(text, "-");
	int64_t value = 0;

	for (uint32_t i = is_negative; i < text.len; i++) {
		int digit = text.ptr[i] - '0';

		/* Downwards, where there is room for one more. */
		if (value < (INT64_MIN + digit) / 10)
			return false;
		value = value * 10 - digit;
	}
	if (!is_negative && value == INT64_MIN)
		return false;
	*value_r = is_negative ? value : -value;
	return true;
}

/* False, and reported, where it is out of range. */
static bool
values_number(struct values *v, struct word word, int64_t *value_r)
{
	if (values_read_number(word_str(word), value_r))
		return true;
	diag_report(v->diags, CHECK_NUMBER_OUT_OF_RANGE, word.pos,
	    "the number is too %s: the limit is %" PRId64,
	    word.ptr[0] == '-' ? "small" : "large",
	    word.ptr[0] == '-' ? INT64_MIN : INT64_MAX);
	return false;
}

static bool
values_is_number(struct str text)
{
	for (uint32_t i = 0; i < text.len; i++)
		if (!str_is_digit(text.ptr[i]))
			return false;
	return text.len > 0;
}

static void
values_service(struct values *v, struct word word)
{
	struct suggest nearest;
	struct diag *diag;
	uint16_t port;
	const char *name;

	if (units_parse_service(word_str(word), &port) == UNITS_OK)
		return;
	if (values_is_number(word_str(word))) {
		diag = diag_report(v->diags, CHECK_INVALID_PORT, word.pos,
		    "\"%.*s\" in quotes is the name of a service: write "
		    "numbers without",
		    WORD_ARG(word));
		if (source_expansion_at(v->diags->map, word.pos) == NULL)
			diag_edit(v->diags, diag, word.pos, "%.*s",
			    WORD_ARG(word));
		return;
	}
	diag = diag_report(v->diags, CHECK_INVALID_PORT, word.pos,
	    "'%.*s' is neither a port nor a mail service", WORD_ARG(word));
	suggest_init(&nearest, word_str(word));
	for (unsigned i = 0; (name = units_service_name(i)) != NULL; i++)
		suggest_offer(&nearest, str_from(name));
	if (nearest.best.len == 0)
		return;
	diag_note(v->diags, diag, (struct srcpos){ 0, 0 },
	    "did you mean '%.*s'?", STR_ARG(nearest.best));
	words_replace(v->diags, diag, word, word_str(word), nearest.best.ptr);
}

void
values_port(struct values *v, struct word word)
{
	int64_t number;

	if (word.kind != WORD_NUMBER)
		values_service(v, word);
	else if (values_number(v, word, &number) &&
	    (number < 1 || number > UINT16_MAX))
		diag_report(v->diags, CHECK_INVALID_PORT, word.pos,
		    "there is no port %" PRId64 ": ports are 1 to %d", number,
		    UINT16_MAX);
}

/* A capital unit, and weeks: what was meant is certain. */
static void
values_fix_delay(struct values *v, struct diag *diag, struct word word)
{
	struct str digits = { word.ptr, word.len - 1 };
	struct str unit = { word.ptr + digits.len, 1 };
	uint32_t seconds, days;
	const char *days_text;
	const char *text;

	switch (*unit.ptr) {
	case 'S':
		text = "s";
		break;
	case 'H':
		text = "h";
		break;
	case 'D':
		text = "d";
		break;
	case 'w':
	case 'W':
		days_text = arena_printf(v->diags->arena, "%.*sd",
		    STR_ARG(digits));
		if (units_parse_delay(str_from(days_text), &seconds) !=
			UNITS_OK ||
		    seconds > UNITS_DELAY_MAX / 7)
			return;
		days = seconds / VALUES_DAY * 7;
		words_replace(v->diags, diag, word, word_str(word),
		    arena_printf(v->diags->arena, "%ud", days));
		return;
	default:
		return;
	}
	words_replace(v->diags, diag, word, unit, text);
}

/* 0, and reported, where it is none. */
static uint32_t
values_read_delay(struct values *v, struct word word)
{
	uint32_t seconds = 0;
	enum units_status status = units_parse_delay(word_str(word), &seconds);
	struct diag *diag;

	if (status == UNITS_OK)
		return seconds;
	diag = diag_report(v->diags, CHECK_INVALID_DELAY, word.pos,
	    "'%.*s' is not a delay: %s; write a number and one of s, m, h, d",
	    WORD_ARG(word), units_status_text(status));
	if (status == UNITS_BAD_UNIT)
		values_fix_delay(v, diag, word);
	return 0;
}

void
values_delay(struct values *v, struct word word)
{
	values_read_delay(v, word);
}

void
values_srs_ttl(struct values *v, struct word word)
{
	uint32_t seconds = values_read_delay(v, word);

	if (seconds == 0)
		return;
	if (seconds < VALUES_DAY)
		diag_report(v->diags, CHECK_INVALID_DELAY, word.pos,
		    "'%.*s' is less than a day, and srs counts days",
		    WORD_ARG(word));
	else if (seconds % VALUES_DAY != 0)
		diag_report(v->diags, CHECK_IGNORED_VALUE, word.pos,
		    "srs counts days: '%.*s' is rounded down to %ud",
		    WORD_ARG(word), seconds / VALUES_DAY);
}

void
values_bounce_delays(struct values *v, const struct stmt *stmt)
{
	const struct clause *last_kept = NULL, *first = NULL, *last = NULL;
	const struct source_map *map = v->diags->map;
	bool is_expanded = false;
	struct diag *diag;
	unsigned count = 0;

	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		values_delay(v, c->arg);
		last = c;
		if (++count == VALUES_BOUNCE_DELAYS)
			last_kept = c;
		else if (count == VALUES_BOUNCE_DELAYS + 1)
			first = c;
		if (source_expansion_at(map, c->pos) != NULL)
			is_expanded = true;
	}
	if (first == NULL)
		return;
	diag = diag_report(v->diags, CHECK_IGNORED_VALUE,
	    srcpos_join(first->pos, last->pos),
	    "only the first %d delays are used", VALUES_BOUNCE_DELAYS);
	if (!is_expanded)
		diag_edit(v->diags, diag,
		    (struct srcpos){ last_kept->pos.end, last->pos.end }, "%s",
		    "");
}

/* "35MB" and "35MiB": the daemon wants one letter. */
static void
values_fix_size(struct values *v, struct diag *diag, struct word word)
{
	struct str text = word_str(word);
	uint64_t bytes;

	if (text.len < 2 || str_lower(text.ptr[text.len - 1]) != 'b')
		return;
	text.len--;
	if (text.len > 1 && str_lower(text.ptr[text.len - 1]) == 'i')
		text.len--;
	if (units_parse_size(text, &bytes) != UNITS_OK)
		return;
	words_replace(v->diags, diag, word, word_str(word),
	    arena_printf(v->diags->arena, "%.*s", STR_ARG(text)));
}

void
values_size(struct values *v, struct word word)
{
	enum units_status status;
	struct diag *diag;
	int64_t number;
	uint64_t bytes;

	if (word.kind == WORD_NUMBER) {
		if (values_number(v, word, &number) && number < 0)
			diag_report(v->diags, CHECK_INVALID_SIZE, word.pos,
			    "a size cannot be negative");
		return;
	}
	status = units_parse_size(word_str(word), &bytes);
	if (status == UNITS_OK)
		return;
	diag = diag_report(v->diags, CHECK_INVALID_SIZE, word.pos,
	    "'%.*s' is not a size: %s; write a number, and K, M or G behind it",
	    WORD_ARG(word), units_status_text(status));
	if (status == UNITS_BAD_UNIT)
		values_fix_size(v, diag, word);
}

/* The daemon converts what is negative, to nonsense; ours refuses it. */
void
values_count(struct values *v, struct word word)
{
	int64_t number;

	if (values_number(v, word, &number) && number < 0)
		diag_add(v->diags, CHECK_INVALID_LIMIT,
		    v->target->version == TARGET_NATIVE ? DIAG_ERROR :
							  DIAG_WARNING,
		    word.pos, "a limit cannot be negative");
}

/* The words that each limit statement knows, ended by NULL. */
static const struct {
	enum stmt_kind kind;
	const char *words[21];
} values_limit_words[] = {
	{ STMT_LIMIT_SMTP, { "max-rcpt", "max-mails" } },
	{ STMT_LIMIT_MDA,
	    { "max-session", "max-session-per-user", "task-hiwat", "task-lowat",
		"task-release" } },
	{ STMT_LIMIT_SCHEDULER,
	    { "max-inflight", "max-evp-batch-size", "max-msg-batch-size",
		"max-schedule" } },
	{ STMT_LIMIT_MTA,
	    { "max-conn-per-host", "max-conn-per-route", "max-conn-per-source",
		"max-conn-per-connector", "max-conn-per-relay",
		"max-conn-per-domain", "conn-delay-host", "conn-delay-route",
		"conn-delay-source", "conn-delay-connector", "conn-delay-relay",
		"conn-delay-domain", "reconn-delay-route", "session-mail-max",
		"session-transaction-delay", "session-keepalive",
		"max-failures-per-session", "task-hiwat", "task-lowat",
		"task-release" } },
};

enum {
	VALUES_LIMITS = sizeof(values_limit_words) /
	    sizeof(values_limit_words[0])
};

static const char *const *
values_words_of(enum stmt_kind kind)
{
	unsigned i = 0;

	while (values_limit_words[i].kind != kind)
		i++;
	return values_limit_words[i].words;
}

static bool
values_has_word(const char *const *words, struct str word)
{
	for (; *words != NULL; words++)
		if (str_is(word, *words))
			return true;
	return false;
}

static void
values_suggest_limit(struct values *v, struct diag *diag, enum stmt_kind kind,
    struct word word)
{
	struct str text = word_str(word);
	struct suggest nearest;

	for (unsigned i = 0; i < VALUES_LIMITS; i++)
		if (values_has_word(values_limit_words[i].words, text)) {
			diag_note(v->diags, diag, (struct srcpos){ 0, 0 },
			    "'%.*s' is a limit of '%s'", STR_ARG(text),
			    stmt_words(values_limit_words[i].kind,
				v->target->dialect));
			return;
		}
	suggest_init(&nearest, text);
	for (const char *const *w = values_words_of(kind); *w != NULL; w++)
		suggest_offer(&nearest, str_from(*w));
	if (nearest.best.len == 0)
		return;
	diag_note(v->diags, diag, (struct srcpos){ 0, 0 },
	    "did you mean '%.*s'?", STR_ARG(nearest.best));
	words_replace(v->diags, diag, word, text, nearest.best.ptr);
}

void
values_limits(struct values *v, const struct stmt *stmt)
{
	const char *const *words = values_words_of(stmt->kind);
	struct diag *diag;

	for (const struct clause *c = stmt->clauses; c != NULL; c = c->next) {
		if (c->kind != CLAUSE_LIMIT)
			continue;
		values_count(v, c->value);
		if (values_has_word(words, word_str(c->arg)))
			continue;
		diag = diag_report(v->diags, CHECK_INVALID_LIMIT, c->arg.pos,
		    "'%s' has no limit '%.*s'",
		    stmt_words(stmt->kind, v->target->dialect),
		    WORD_ARG(c->arg));
		values_suggest_limit(v, diag, stmt->kind, c->arg);
	}
}
