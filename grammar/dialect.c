/*
 * Dialect detection.
 */
#include "grammar/dialect.h"

enum { DIALECT_WORDS = 3 };

/* The first words of a statement; missing ones are empty. */
struct dialect_line {
	struct str words[DIALECT_WORDS];
	unsigned count;
	unsigned depth; /* of braces */
};

static const char *const dialect_rules[][2] = {
	[DIALECT_LEGACY] = { "accept", "reject" },
	[DIALECT_MODERN] = { "action", "match" },
};

static const char *const dialect_settings[][10] = {
	[DIALECT_LEGACY] = { "bounce-warn", "ciphers", "expire", "limit",
	    "max-message-size", "max-mta-deferred", "subaddressing-delimiter",
	    "map", "hostname", "enqueuer" },
	[DIALECT_MODERN] = { "admd", "bounce", "mda", "mta", "proc",
	    "scheduler", "smtp", "srs", "report", NULL },
};

static bool
dialect_is_word_byte(char c)
{
	return memchr(" \t\n\r{}()<>!=#,", c, 15) == NULL;
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

		if (*p == '#') {
			p = dialect_skip_comment(p, end);
		} else if (*p == '"' || *p == '\'') {
			p = dialect_skip_quotes(p, end);
			dialect_add_word(line, begin, p);
		} else if (*p == '\\' && p + 1 < end) {
			p += 2;
		} else if (dialect_is_word_byte(*p)) {
			while (p < end && dialect_is_word_byte(*p) &&
			    *p != '\\')
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

static bool
dialect_is_one_of(struct str word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count && words[i] != NULL; i++)
		if (str_is(word, words[i]))
			return true;
	return false;
}

static void
dialect_judge(const struct source_file *file, const struct dialect_line *line,
    struct dialect_evidence *evidence)
{
	struct str first = line->words[0], third = line->words[2];
	uint32_t at = file->base + (uint32_t)(first.ptr - file->text);

	for (unsigned d = 0; d < 2; d++) {
		if (dialect_is_one_of(first, dialect_rules[d], 2)) {
			if (evidence->rules[d] < DIALECT_SAMPLES)
				evidence->samples[d][evidence->rules[d]] =
				    (struct srcpos){ at, at + first.len };
			evidence->rules[d]++;
		}
		if (dialect_is_one_of(first, dialect_settings[d], 10))
			evidence->settings[d]++;
	}
	if (str_is(first, "pki") || str_is(first, "ca")) {
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
