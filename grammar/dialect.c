/*
 * Dialect detection.
 */
#include "grammar/dialect.h"

#include "grammar/keyword.h"

enum { DIALECT_WORDS = 3 };

/* The first words of a statement; missing ones are empty. */
struct dialect_line {
	struct str words[DIALECT_WORDS];
	unsigned count;
	unsigned depth; /* of braces */
};

/* What a statement's first word tells. */
enum dialect_sign {
	DIALECT_NOTHING,
	DIALECT_RULE_LEGACY,
	DIALECT_RULE_MODERN,
	DIALECT_SETTING_LEGACY,
	DIALECT_SETTING_MODERN,
};

static const uint8_t dialect_signs[KEYWORD_COUNT] = {
	[KEYWORD_ACCEPT] = DIALECT_RULE_LEGACY,
	[KEYWORD_REJECT] = DIALECT_RULE_LEGACY,
	[KEYWORD_ACTION] = DIALECT_RULE_MODERN,
	[KEYWORD_MATCH] = DIALECT_RULE_MODERN,

	[KEYWORD_BOUNCE_WARN] = DIALECT_SETTING_LEGACY,
	[KEYWORD_CIPHERS] = DIALECT_SETTING_LEGACY,
	[KEYWORD_ENQUEUER] = DIALECT_SETTING_LEGACY,
	[KEYWORD_EXPIRE] = DIALECT_SETTING_LEGACY,
	[KEYWORD_HOSTNAME] = DIALECT_SETTING_LEGACY,
	[KEYWORD_LIMIT] = DIALECT_SETTING_LEGACY,
	[KEYWORD_MAP] = DIALECT_SETTING_LEGACY,
	[KEYWORD_MAX_MESSAGE_SIZE] = DIALECT_SETTING_LEGACY,
	[KEYWORD_MAX_MTA_DEFERRED] = DIALECT_SETTING_LEGACY,
	[KEYWORD_SUBADDRESSING_DELIMITER] = DIALECT_SETTING_LEGACY,

	[KEYWORD_ADMD] = DIALECT_SETTING_MODERN,
	[KEYWORD_BOUNCE] = DIALECT_SETTING_MODERN,
	[KEYWORD_MDA] = DIALECT_SETTING_MODERN,
	[KEYWORD_MTA] = DIALECT_SETTING_MODERN,
	[KEYWORD_PROC] = DIALECT_SETTING_MODERN,
	[KEYWORD_REPORT] = DIALECT_SETTING_MODERN,
	[KEYWORD_SCHEDULER] = DIALECT_SETTING_MODERN,
	[KEYWORD_SMTP] = DIALECT_SETTING_MODERN,
	[KEYWORD_SRS] = DIALECT_SETTING_MODERN,
};

/* Bytes that stand alone or separate, NUL among them. */
static const bool dialect_breaks[256] = {
	['\0'] = true,
	['\t'] = true,
	['\n'] = true,
	['\r'] = true,
	[' '] = true,
	['!'] = true,
	['#'] = true,
	['('] = true,
	[')'] = true,
	[','] = true,
	['<'] = true,
	['='] = true,
	['>'] = true,
	['\\'] = true,
	['{'] = true,
	['}'] = true,
};

static bool
dialect_is_word_byte(char c)
{
	return !dialect_breaks[(uint8_t)c];
}

/* Past a quoted string; it may span lines. */
static const char *
dialect_skip_quotes(const char *p, const char *end)
{
	char quote = *p++;

	while (p < end && *p != quote)
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	return p < end ? p + 1 : end;
}

static const char *
dialect_skip_comment(const char *p, const char *end)
{
	while (p < end && *p != '\n')
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	return p;
}

static void
dialect_add_word(struct dialect_line *line, const char *begin, const char *end)
{
	if (line->count < DIALECT_WORDS)
		line->words[line->count] = (struct str){ begin,
			(uint32_t)(end - begin) };
	line->count++;
}

/* Reads one statement, up to its line feed. */
static const char *
dialect_read_line(const char *p, const char *end, struct dialect_line *line)
{
	*line = (struct dialect_line){ .count = 0 };
	while (p < end && (*p != '\n' || line->depth > 0)) {
		const char *begin = p;

		if (*p == ' ') {
			p++;
		} else if (*p == '#') {
			p = dialect_skip_comment(p, end);
		} else if (*p == '"' || *p == '\'') {
			p = dialect_skip_quotes(p, end);
			dialect_add_word(line, begin, p);
		} else if (*p == '\\') {
			p += p + 1 < end ? 2 : 1;
		} else if (dialect_is_word_byte(*p)) {
			while (p < end && dialect_is_word_byte(*p))
				p++;
			dialect_add_word(line, begin, p);
		} else {
			if (*p == '{')
				line->depth++;
			else if (*p == '}' && line->depth > 0)
				line->depth--;
			else if (*p == '=' && line->count == 1)
				line->count = DIALECT_WORDS + 1;
			p++;
		}
	}
	return p < end ? p + 1 : end;
}

static void
dialect_add_rule(struct dialect_evidence *evidence, enum dialect dialect,
    struct srcpos pos)
{
	if (evidence->rules[dialect] < DIALECT_SAMPLES)
		evidence->samples[dialect][evidence->rules[dialect]] = pos;
	evidence->rules[dialect]++;
}

static void
dialect_judge(const struct source_file *file, const struct dialect_line *line,
    struct dialect_evidence *evidence)
{
	struct str first = line->words[0], third = line->words[2];
	uint32_t at = file->base + (uint32_t)(first.ptr - file->text);
	struct srcpos pos = { at, at + first.len };
	enum keyword keyword = keyword_find(first);

	switch ((enum dialect_sign)dialect_signs[keyword]) {
	case DIALECT_RULE_LEGACY:
		dialect_add_rule(evidence, DIALECT_LEGACY, pos);
		break;
	case DIALECT_RULE_MODERN:
		dialect_add_rule(evidence, DIALECT_MODERN, pos);
		break;
	case DIALECT_SETTING_LEGACY:
		evidence->settings[DIALECT_LEGACY]++;
		break;
	case DIALECT_SETTING_MODERN:
		evidence->settings[DIALECT_MODERN]++;
		break;
	case DIALECT_NOTHING:
		break;
	}
	if (keyword == KEYWORD_PKI || keyword == KEYWORD_CA) {
		evidence->settings[DIALECT_LEGACY] += str_is(third,
		    "certificate");
		evidence->settings[DIALECT_MODERN] += str_is(third, "cert");
	}
}

static void
dialect_note_include(const struct dialect_line *line,
    struct dialect_evidence *evidence)
{
	struct str path = line->words[1];

	if (!str_is(line->words[0], "include") || path.len < 3 ||
	    evidence->include_count == DIALECT_INCLUDES)
		return;
	if (path.ptr[0] == '"' || path.ptr[0] == '\'')
		path = (struct str){ path.ptr + 1, path.len - 2 };
	evidence->includes[evidence->include_count++] = path;
}

void
dialect_scan(const struct source_file *file, struct dialect_evidence *evidence)
{
	const char *p = file->text, *end = p + file->len;
	struct dialect_line line;

	/* A byte order mark is reported when the file is read. */
	if (file->len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	while (p < end) {
		p = dialect_read_line(p, end, &line);
		/* A macro definition's name tells nothing. */
		if (line.count == 0 || line.words[0].len == 0 ||
		    (line.count > DIALECT_WORDS && line.words[1].len == 0))
			continue;
		dialect_judge(file, &line, evidence);
		dialect_note_include(&line, evidence);
	}
}

bool
dialect_is_mixed(const struct dialect_evidence *evidence)
{
	return evidence->rules[DIALECT_LEGACY] > 0 &&
	    evidence->rules[DIALECT_MODERN] > 0;
}

bool
dialect_is_known(const struct dialect_evidence *evidence)
{
	return evidence->rules[DIALECT_LEGACY] > 0 ||
	    evidence->rules[DIALECT_MODERN] > 0 ||
	    evidence->settings[DIALECT_LEGACY] > 0 ||
	    evidence->settings[DIALECT_MODERN] > 0;
}

enum dialect
dialect_guess(const struct dialect_evidence *evidence)
{
	const uint32_t *counts = evidence->rules;

	if (counts[DIALECT_LEGACY] == counts[DIALECT_MODERN])
		counts = evidence->settings;
	return counts[DIALECT_LEGACY] > counts[DIALECT_MODERN] ?
	    DIALECT_LEGACY :
	    DIALECT_MODERN;
}
