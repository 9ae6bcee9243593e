/*
 * The reader of target lists. Forms are tried in the original's order, so
 * that what fits two of them means what it always meant.
 */
#include "runtime/expand/targets.h"

#include "runtime/base/mailaddr.h"

static struct str
targets_skip(struct str s, uint32_t count)
{
	return (struct str){ s.ptr + count, s.len - count };
}

static bool
targets_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct str
targets_trim(struct str s)
{
	while (s.len > 0 && targets_is_space(s.ptr[0]))
		s = targets_skip(s, 1);
	while (s.len > 0 && targets_is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

/* Whether all bytes are letters, digits or in extra. */
static bool
targets_holds_only(struct str s, const char *extra)
{
	size_t extra_len = strlen(extra);

	for (uint32_t i = 0; i < s.len; i++)
		if (!str_is_alnum(s.ptr[i]) &&
		    memchr(extra, s.ptr[i], extra_len) == NULL)
			return false;
	return true;
}

/* Takes a prefix off, in any case. */
static bool
targets_take(struct str *s, const char *prefix)
{
	struct str head = { s->ptr, (uint32_t)strlen(prefix) };

	if (s->len < head.len || !str_eq_nocase(head, str_from(prefix)))
		return false;
	*s = targets_skip(*s, head.len);
	return true;
}

static bool
target_is_path(struct str s)
{
	return s.len > 0 && s.ptr[0] == '/' && s.len <= TARGETS_TEXT_MAX;
}

static bool
target_read_error(struct str s, struct targets_entry *target)
{
	if (!targets_take(&s, ":error:") && !targets_take(&s, "error:"))
		return false;
	*target = (struct targets_entry){ TARGET_ERROR, s };
	return s.len >= 5 && s.len <= TARGETS_TEXT_MAX &&
	    (s.ptr[0] == '4' || s.ptr[0] == '5') && str_is_digit(s.ptr[1]) &&
	    str_is_digit(s.ptr[2]) && s.ptr[3] == ' ' && str_is_alnum(s.ptr[4]);
}

static bool
target_read_include(struct str s, struct targets_entry *target)
{
	if (!targets_take(&s, ":include:") && !targets_take(&s, "include:"))
		return false;
	*target = (struct targets_entry){ TARGET_INCLUDE, s };
	return target_is_path(s);
}

static bool
target_read_command(struct str s, struct targets_entry *target)
{
	bool is_quoted = targets_take(&s, "\"");

	if (!targets_take(&s, "|") || s.len > TARGETS_TEXT_MAX)
		return false;
	if (is_quoted && (s.len == 0 || s.ptr[s.len - 1] != '"'))
		return false;
	s.len -= is_quoted;
	*target = (struct targets_entry){ TARGET_COMMAND, s };
	return true;
}

static bool
target_read_file(struct str s, struct targets_entry *target)
{
	*target = (struct targets_entry){ TARGET_FILE, s };
	return target_is_path(s);
}

static bool
target_read_user(struct str s, struct targets_entry *target)
{
	*target = (struct targets_entry){ TARGET_USER, s };
	return s.len > 0 && s.len <= TARGETS_NAME_MAX &&
	    targets_holds_only(s, "_.-+");
}

static bool
target_read_address(struct str s, unsigned flags, struct targets_entry *target)
{
	const char *at = memchr(s.ptr, '@', s.len);
	struct str local, domain;

	if (at == NULL || at == s.ptr || at == s.ptr + s.len - 1)
		return false;
	local = (struct str){ s.ptr, (uint32_t)(at - s.ptr) };
	domain = targets_skip(s, local.len + 1);
	*target = (struct targets_entry){ TARGET_ADDRESS, s };
	if (targets_holds_only(local, "!#$%*/?|^{}`~&'+-=_.") &&
	    targets_holds_only(domain, "-."))
		return local.len <= TARGETS_NAME_MAX &&
		    domain.len <= TARGETS_NAME_MAX;
	return (flags & TARGETS_BAD_DOMAIN_IS_USER) != 0 &&
	    target_read_user(local, target);
}

static bool
target_read_maildir(struct str s, unsigned flags, struct targets_entry *target)
{
	if ((flags & TARGETS_MAILDIR) == 0 || !targets_take(&s, "maildir:"))
		return false;
	*target = (struct targets_entry){ TARGET_MAILDIR, s };
	return s.len <= TARGETS_TEXT_MAX;
}

static bool
target_read(struct str s, unsigned flags, struct targets_entry *target)
{
	return target_read_error(s, target) || target_read_include(s, target) ||
	    target_read_command(s, target) || target_read_file(s, target) ||
	    target_read_address(s, flags, target) ||
	    target_read_maildir(s, flags, target) ||
	    target_read_user(s, target);
}

/*
 * Takes a target and the comma behind it off the list. False where the
 * list ends inside of quotes or after a backslash, and at a NUL, behind
 * which the original does not look.
 */
static bool
targets_cut(struct targets *targets, struct str *token_r)
{
	struct str rest = targets->rest;
	bool is_escaped = false;
	char quote = '\0';
	uint32_t i, len = 0;

	for (i = 0; i < rest.len && rest.ptr[i] != '\0'; i++) {
		char c = rest.ptr[i];

		if (!is_escaped && c == '\\') {
			is_escaped = true;
			continue;
		}
		if (!is_escaped && quote == '\0' && c == ',')
			break;
		if (!is_escaped && c == quote)
			quote = '\0';
		else if (!is_escaped && quote == '\0' &&
		    (c == '"' || c == '\''))
			quote = c;
		targets->token[len++] = c;
		is_escaped = false;
	}
	*token_r = targets_trim((struct str){ targets->token, len });
	if (i == rest.len) {
		targets->rest = targets_skip(rest, i);
		return !is_escaped && quote == '\0';
	}
	targets->rest = targets_skip(rest, i + 1);
	return rest.ptr[i] == ',';
}

void
targets_init(struct targets *targets, struct str list, unsigned flags)
{
	targets->rest = list;
	targets->flags = flags;
}

enum targets_status
targets_next(struct targets *targets, struct targets_entry *target_r)
{
	struct str token;

	while (targets->rest.len > 0) {
		if (targets->rest.len > TARGETS_LIST_MAX ||
		    !targets_cut(targets, &token)) {
			targets->rest.len = 0;
			return TARGETS_BAD;
		}
		if (token.len == 0)
			continue;
		if (target_read(token, targets->flags, target_r))
			return TARGETS_ONE;
		targets->rest.len = 0;
		return TARGETS_BAD;
	}
	return TARGETS_END;
}

/* As of texts that end in NUL. */
static int
target_compare_bytes(struct str a, struct str b)
{
	uint32_t len = a.len < b.len ? a.len : b.len;
	int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

int
target_compare(const struct targets_entry *a, const struct targets_entry *b)
{
	struct mailaddr first, second;
	int order;

	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	if (a->kind != TARGET_ADDRESS)
		return target_compare_bytes(a->text, b->text);
	first = mailaddr_split(a->text);
	second = mailaddr_split(b->text);
	order = target_compare_bytes(first.user, second.user);
	if (order != 0)
		return order;
	return target_compare_bytes(first.domain, second.domain);
}

void
targets_file_init(struct targets_file *file, struct str text)
{
	file->rest = text;
}

/*
 * Takes a line as it stands in the file off its text; the result is
 * without comment, line end, and the backslash that joins lines.
 */
static struct str
targets_file_cut(struct targets_file *file, bool *is_joined_r)
{
	struct str rest = file->rest;
	bool is_escaped = false, is_comment = false;
	uint32_t i, len = 0;

	for (i = 0; i < rest.len && rest.ptr[i] != '\n'; i++) {
		if (!is_escaped && rest.ptr[i] == '#')
			is_comment = true;
		if (is_comment)
			continue;
		is_escaped = !is_escaped && rest.ptr[i] == '\\';
		len++;
	}
	file->rest = targets_skip(rest, i < rest.len ? i + 1 : i);
	*is_joined_r = is_escaped;
	return (struct str){ rest.ptr, len - *is_joined_r };
}

enum targets_status
targets_file_next(struct targets_file *file, struct str *list_r)
{
	bool is_joined = true, fits = true;
	uint32_t len = 0;

	if (file->rest.len == 0)
		return TARGETS_END;
	while (is_joined && file->rest.len > 0) {
		struct str part = targets_file_cut(file, &is_joined);

		fits = fits && part.len <= TARGETS_LIST_MAX - len;
		if (!fits)
			continue;
		memcpy(file->line + len, part.ptr, part.len);
		len += part.len;
	}
	*list_r = (struct str){ file->line, len };
	return fits ? TARGETS_ONE : TARGETS_BAD;
}
