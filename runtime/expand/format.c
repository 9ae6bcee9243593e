/*
 * The scanner of format strings, and their expansion. A specifier is read
 * in the original's order (token text up to the first '}', brackets,
 * modifiers, name), so that what it accepts is what is accepted here.
 */
#include "runtime/expand/format.h"

static const char *const format_token_names[FORMAT_TOKEN_COUNT] = {
#define FORMAT_TOKEN_NAME(id, name) [FORMAT_TOKEN_##id] = name,
	FORMAT_TOKENS(FORMAT_TOKEN_NAME)
#undef FORMAT_TOKEN_NAME
};

static const char *const format_modifier_names[FORMAT_MODIFIER_COUNT] = {
	[FORMAT_LOWERCASE] = "lowercase",
	[FORMAT_UPPERCASE] = "uppercase",
	[FORMAT_STRIP] = "strip",
	[FORMAT_RAW] = "raw",
};

static const char *const format_error_texts[FORMAT_ERROR_COUNT] = {
	[FORMAT_OK] = "valid",
	[FORMAT_UNTERMINATED] = "'%{' has no closing '}'",
	[FORMAT_TOO_LONG] = "a specifier is longer than 127 bytes",
	[FORMAT_UNKNOWN_TOKEN] = "the token does not exist",
	[FORMAT_MODERN_TOKEN] = "the token exists only since 6.4",
	[FORMAT_WRAPPER_TOKEN] = "the token exists only in an mda wrapper",
	[FORMAT_UNKNOWN_MODIFIER] = "the modifier does not exist",
	[FORMAT_COMMA] = "modifiers are separated by '|', not ','",
	[FORMAT_BAD_SLICE] = "the slice is not [n], [a:b], [a:] or [:b]",
	[FORMAT_EMPTY_SLICE] = "the slice ends before it begins",
	[FORMAT_JUNK] = "only ':' and modifiers may follow a slice",
	[FORMAT_NEGATIVE_INDEX] =
	    "a single negative index never works in OpenSMTPD",
	[FORMAT_SLICE_WITH_MODIFIER] =
	    "a slice together with a modifier never works in OpenSMTPD",
	[FORMAT_SLICE_OUTSIDE] = "the slice lies outside of the value",
	[FORMAT_EMPTY] = "it expands to nothing",
	[FORMAT_RESULT_TOO_LONG] = "it expands to more than 1023 bytes",
};

const char *
format_token_name(enum format_token token)
{
	return format_token_names[token];
}

const char *
format_modifier_name(enum format_modifier modifier)
{
	return format_modifier_names[modifier];
}

const char *
format_error_text(enum format_error error)
{
	return format_error_texts[error];
}

bool
format_token_is_valid(enum format_token token, unsigned flags)
{
	if (token == FORMAT_TOKEN_MBOX_FROM)
		return (flags & FORMAT_MODERN) != 0;
	if (token == FORMAT_TOKEN_MDA)
		return (flags & FORMAT_WRAPPER) != 0;
	return true;
}

static struct str
format_slice_of(struct str s, uint32_t begin, uint32_t end)
{
	return (struct str){ s.ptr + begin, end - begin };
}

/* The index of the first c from begin on; s.len if there is none. */
static uint32_t
format_find(struct str s, uint32_t begin, char c)
{
	const char *at = NULL;

	if (begin < s.len)
		at = memchr(s.ptr + begin, c, s.len - begin);
	return at == NULL ? s.len : (uint32_t)(at - s.ptr);
}

/* FORMAT_MODIFIER_COUNT where there is none of that name. */
static enum format_modifier
format_modifier_by_name(struct str name)
{
	unsigned i = 0;

	while (i < FORMAT_MODIFIER_COUNT &&
	    !str_eq_nocase(name, str_from(format_modifier_names[i])))
		i++;
	return (enum format_modifier)i;
}

static enum format_token
format_token_by_name(struct str name)
{
	unsigned i = 0;

	while (i < FORMAT_TOKEN_COUNT &&
	    !str_eq_nocase(name, str_from(format_token_names[i])))
		i++;
	return (enum format_token)i;
}

static bool
format_read_index(struct str s, int *index_r)
{
	bool is_negative = s.len > 0 && s.ptr[0] == '-';
	uint32_t i = is_negative;
	int value = 0;

	if (i == s.len)
		return false;
	for (; i < s.len; i++) {
		if (!str_is_digit(s.ptr[i]))
			return false;
		value = value * 10 + (s.ptr[i] - '0');
		if (value > FORMAT_INDEX_MAX)
			return false;
	}
	*index_r = is_negative ? -value : value;
	return true;
}

/* s is what stands between the brackets. */
static enum format_error
format_read_slice(struct str s, unsigned flags, struct format_slice *slice)
{
	uint32_t colon = format_find(s, 0, ':');
	struct str begin = format_slice_of(s, 0, colon), end;
	int last;

	if (colon == s.len) {
		slice->kind = FORMAT_SLICE_INDEX;
		if (!format_read_index(s, &slice->begin))
			return FORMAT_BAD_SLICE;
		slice->end = slice->begin;
		if (slice->begin < 0 && (flags & FORMAT_NATIVE) == 0)
			return FORMAT_NEGATIVE_INDEX;
		return FORMAT_OK;
	}
	end = format_slice_of(s, colon + 1, s.len);
	slice->kind = FORMAT_SLICE_RANGE;
	slice->end = FORMAT_INDEX_MAX;
	if ((begin.len > 0 && !format_read_index(begin, &slice->begin)) ||
	    (end.len > 0 && !format_read_index(end, &slice->end)))
		return FORMAT_BAD_SLICE;
	if ((slice->begin < 0) != (slice->end < 0))
		return FORMAT_OK;
	last = slice->end < 0 ? slice->end - 1 : slice->end;
	return last < slice->begin ? FORMAT_EMPTY_SLICE : FORMAT_OK;
}

bool
format_next_modifier(struct str *modifiers, enum format_modifier *modifier_r)
{
	uint32_t bar;

	if (modifiers->len == 0)
		return false;
	bar = format_find(*modifiers, 0, '|');
	*modifier_r = format_modifier_by_name(format_slice_of(*modifiers, 0,
	    bar));
	if (bar < modifiers->len)
		bar++;
	*modifiers = format_slice_of(*modifiers, bar, modifiers->len);
	return true;
}

/* Every modifier, also an empty one. */
static enum format_error
format_check_modifiers(struct str modifiers, struct format_piece *piece)
{
	uint32_t begin = 0, end;

	for (;; begin = end + 1) {
		end = format_find(modifiers, begin, '|');
		piece->text = format_slice_of(modifiers, begin, end);
		if (format_find(piece->text, 0, ',') < piece->text.len)
			return FORMAT_COMMA;
		if (format_modifier_by_name(piece->text) ==
		    FORMAT_MODIFIER_COUNT)
			return FORMAT_UNKNOWN_MODIFIER;
		if (end == modifiers.len)
			return FORMAT_OK;
	}
}

static enum format_error
format_read_name(struct str name, unsigned flags, struct format_piece *piece)
{
	piece->text = name;
	piece->token = format_token_by_name(name);
	if (piece->token == FORMAT_TOKEN_COUNT)
		return FORMAT_UNKNOWN_TOKEN;
	if (format_token_is_valid(piece->token, flags))
		return FORMAT_OK;
	if (piece->token == FORMAT_TOKEN_MBOX_FROM)
		return FORMAT_MODERN_TOKEN;
	return FORMAT_WRAPPER_TOKEN;
}

/*
 * inner is what stands between the braces. Sets piece->text to the part at
 * fault on failure.
 */
static enum format_error
format_read_value(struct str inner, unsigned flags, struct format_piece *piece)
{
	uint32_t open = format_find(inner, 0, '[');
	uint32_t close = format_find(inner, 0, ']');
	bool has_slice = open < inner.len && close < inner.len;
	uint32_t name_end = has_slice ? open : format_find(inner, 0, ':');
	uint32_t tail = has_slice ? close + 1 : name_end;
	enum format_error error;
	struct str part;

	if (has_slice && close < open) {
		piece->text = inner;
		return FORMAT_BAD_SLICE;
	}
	part = format_slice_of(inner, 0, name_end);
	error = format_read_name(part, flags, piece);
	if (error == FORMAT_OK && has_slice) {
		piece->text = format_slice_of(inner, open, close + 1);
		part = format_slice_of(inner, open + 1, close);
		error = format_read_slice(part, flags, &piece->slice);
	}
	if (error != FORMAT_OK || tail == inner.len)
		return error;
	piece->text = format_slice_of(inner, tail, inner.len);
	if (inner.ptr[tail] != ':')
		return FORMAT_JUNK;
	if (has_slice && (flags & FORMAT_NATIVE) == 0)
		return FORMAT_SLICE_WITH_MODIFIER;
	piece->modifiers = format_slice_of(inner, tail + 1, inner.len);
	return format_check_modifiers(piece->modifiers, piece);
}

/* At "%{". */
static void
format_scan_value(struct format_scan *scan, struct format_piece *piece)
{
	uint32_t begin = scan->next;
	uint32_t close = format_find(scan->text, begin, '}');
	struct str inner;

	piece->kind = FORMAT_BAD;
	if (close == scan->text.len) {
		scan->next = close;
		piece->text = format_slice_of(scan->text, begin, close);
		piece->error = FORMAT_UNTERMINATED;
		return;
	}
	scan->next = close + 1;
	inner = format_slice_of(scan->text, begin + 2, close);
	if (inner.len > FORMAT_TOKEN_MAX) {
		piece->text = inner;
		piece->error = FORMAT_TOO_LONG;
		return;
	}
	piece->error = format_read_value(inner, scan->flags, piece);
	if (piece->error != FORMAT_OK)
		return;
	piece->kind = FORMAT_VALUE;
	piece->text = format_slice_of(scan->text, begin, scan->next);
}

void
format_scan_init(struct format_scan *scan, struct str text, unsigned flags)
{
	*scan = (struct format_scan){ text, 0, flags };
}

static bool
format_is_at(const struct format_scan *scan, uint32_t at, const char *two)
{
	return at + 1 < scan->text.len &&
	    memcmp(scan->text.ptr + at, two, 2) == 0;
}

/* The end of a run of plain bytes that begins at begin. */
static uint32_t
format_literal_end(const struct format_scan *scan, uint32_t begin)
{
	uint32_t end = format_find(scan->text, begin + 1, '%');

	while (end < scan->text.len && !format_is_at(scan, end, "%%") &&
	    !format_is_at(scan, end, "%{"))
		end = format_find(scan->text, end + 1, '%');
	return end;
}

bool
format_scan_next(struct format_scan *scan, struct format_piece *piece_r)
{
	uint32_t begin = scan->next;

	*piece_r = (struct format_piece){ 0 };
	if (begin == scan->text.len)
		return false;
	if (format_is_at(scan, begin, "%{")) {
		format_scan_value(scan, piece_r);
	} else {
		piece_r->kind = FORMAT_LITERAL;
		if (begin == 0 && format_is_at(scan, 0, "~/")) {
			piece_r->kind = FORMAT_HOME;
			scan->next = 2;
		} else if (format_is_at(scan, begin, "%%")) {
			scan->next = begin + 2;
			begin++;
		} else
			scan->next = format_literal_end(scan, begin);
		piece_r->text = format_slice_of(scan->text, begin, scan->next);
	}
	piece_r->offset = (uint32_t)(piece_r->text.ptr - scan->text.ptr);
	return true;
}

enum format_error
format_check(struct str text, unsigned flags, struct format_piece *piece_r)
{
	struct format_scan scan;

	format_scan_init(&scan, text, flags);
	while (format_scan_next(&scan, piece_r))
		if (piece_r->kind == FORMAT_BAD)
			return piece_r->error;
	return FORMAT_OK;
}

/* The expansion. */

/* False where it does not fit. */
static bool
format_append(struct format_result *result, struct str s)
{
	if (s.len > FORMAT_RESULT_MAX - result->len)
		return false;
	if (s.len > 0)
		memcpy(result->text + result->len, s.ptr, s.len);
	result->len += s.len;
	return true;
}

static bool
format_append_address(struct format_result *result, struct mailaddr address)
{
	return format_append(result, address.user) &&
	    format_append(result, STR_LIT("@")) &&
	    format_append(result, address.domain);
}

static bool
format_append_sender(struct format_result *result, struct mailaddr sender,
    const char *null_sender)
{
	if (sender.user.len == 0 && sender.domain.len == 0)
		return format_append(result, str_from(null_sender));
	return format_append_address(result, sender);
}

static bool
format_append_token(struct format_result *result, enum format_token token,
    unsigned flags, const struct format_values *values)
{
	switch (token) {
	case FORMAT_TOKEN_SENDER:
		return format_append_sender(result, values->sender,
		    (flags & FORMAT_STRICT) != 0 ? "@" : "");
	case FORMAT_TOKEN_MBOX_FROM:
		return format_append_sender(result, values->sender,
		    "MAILER-DAEMON");
	case FORMAT_TOKEN_RCPT:
		return format_append_address(result, values->rcpt);
	case FORMAT_TOKEN_DEST:
		return format_append_address(result, values->dest);
	case FORMAT_TOKEN_SENDER_USER:
		return format_append(result, values->sender.user);
	case FORMAT_TOKEN_SENDER_DOMAIN:
		return format_append(result, values->sender.domain);
	case FORMAT_TOKEN_RCPT_USER:
		return format_append(result, values->rcpt.user);
	case FORMAT_TOKEN_RCPT_DOMAIN:
		return format_append(result, values->rcpt.domain);
	case FORMAT_TOKEN_DEST_USER:
		return format_append(result, values->dest.user);
	case FORMAT_TOKEN_DEST_DOMAIN:
		return format_append(result, values->dest.domain);
	case FORMAT_TOKEN_USER_USERNAME:
		return format_append(result, values->username);
	case FORMAT_TOKEN_USER_DIRECTORY:
		return format_append(result, values->directory);
	case FORMAT_TOKEN_MDA:
		return format_append(result, values->mda);
	case FORMAT_TOKEN_COUNT:
		break;
	}
	return false;
}

static void
format_strip(struct format_result *value, char delimiter)
{
	struct str text = { value->text, value->len };
	uint32_t begin = format_find(text, 0, delimiter);
	uint32_t end = format_find(text, begin, '@');

	memmove(value->text + begin, value->text + end, value->len - end);
	value->len -= end - begin;
}

static void
format_modify(struct format_result *value, enum format_modifier modifier,
    char delimiter)
{
	if (modifier == FORMAT_STRIP)
		format_strip(value, delimiter);
	for (uint32_t i = 0; i < value->len; i++) {
		char *c = &value->text[i];

		if (modifier == FORMAT_LOWERCASE)
			*c = str_lower(*c);
		else if (modifier == FORMAT_UPPERCASE && *c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
	}
}

static void
format_sanitise(struct format_result *value, const char *unsafe)
{
	for (uint32_t i = 0; i < value->len; i++)
		if (value->text[i] != '\0' &&
		    strchr(unsafe, value->text[i]) != NULL)
			value->text[i] = ':';
}

/* The bytes to be replaced in a value of the piece. */
static const char *
format_unsafe_bytes(const struct format_piece *piece, unsigned flags)
{
	struct str rest = piece->modifiers;
	enum format_modifier modifier;
	bool has_slashes = (flags & FORMAT_NO_SLASH) == 0;

	if (piece->token == FORMAT_TOKEN_USER_DIRECTORY ||
	    piece->token == FORMAT_TOKEN_MDA)
		return "";
	while (format_next_modifier(&rest, &modifier))
		if (modifier == FORMAT_RAW)
			return has_slashes || (flags & FORMAT_STRICT) == 0 ?
			    "" :
			    "/";
	return has_slashes ? "!#$%&'*?`{|}~" : "!#$%&'*?`{|}~/^";
}

/* False where nothing of it is left. */
static bool
format_slice_value(const struct format_piece *piece, struct str *value)
{
	int len = (int)value->len;
	int begin = piece->slice.begin, end = piece->slice.end;

	if (piece->slice.kind == FORMAT_SLICE_NONE)
		return true;
	if (begin >= len)
		return false;
	if (end >= len)
		end = len - 1;
	if (begin < 0)
		begin += len;
	if (piece->slice.kind == FORMAT_SLICE_INDEX)
		end = begin;
	else if (end < 0)
		end += len - 1;
	if (begin < 0 || end < begin)
		return false;
	*value = format_slice_of(*value, (uint32_t)begin, (uint32_t)end + 1);
	return true;
}

static enum format_error
format_expand_value(const struct format_piece *piece, unsigned flags,
    char delimiter, const struct format_values *values,
    struct format_result *result)
{
	struct format_result value = { .len = 0 };
	struct str rest = piece->modifiers, text;
	enum format_modifier modifier;

	if (!format_append_token(&value, piece->token, flags, values))
		return FORMAT_RESULT_TOO_LONG;
	while (format_next_modifier(&rest, &modifier))
		format_modify(&value, modifier, delimiter);
	format_sanitise(&value, format_unsafe_bytes(piece, flags));
	text = (struct str){ value.text, value.len };
	if (text.len == 0)
		return (flags & FORMAT_STRICT) != 0 ? FORMAT_EMPTY : FORMAT_OK;
	if (!format_slice_value(piece, &text))
		return FORMAT_SLICE_OUTSIDE;
	return format_append(result, text) ? FORMAT_OK : FORMAT_RESULT_TOO_LONG;
}

static enum format_error
format_expand_piece(const struct format_piece *piece, unsigned flags,
    char delimiter, const struct format_values *values,
    struct format_result *result)
{
	bool fits = true;

	switch (piece->kind) {
	case FORMAT_VALUE:
		return format_expand_value(piece, flags, delimiter, values,
		    result);
	case FORMAT_BAD:
		return piece->error;
	case FORMAT_HOME:
		fits = format_append(result, values->directory) &&
		    format_append(result, STR_LIT("/"));
		break;
	case FORMAT_LITERAL:
		fits = format_append(result, piece->text);
		break;
	}
	return fits ? FORMAT_OK : FORMAT_RESULT_TOO_LONG;
}

enum format_error
format_expand(struct str format, unsigned flags, char delimiter,
    const struct format_values *values, struct format_result *result_r)
{
	enum format_error error = FORMAT_OK;
	struct format_piece piece;
	struct format_scan scan;

	result_r->len = 0;
	format_scan_init(&scan, format, flags);
	while (error == FORMAT_OK && format_scan_next(&scan, &piece))
		error = format_expand_piece(&piece, flags, delimiter, values,
		    result_r);
	if (error == FORMAT_OK && result_r->len == 0 &&
	    (flags & FORMAT_STRICT) != 0)
		error = FORMAT_EMPTY;
	result_r->text[result_r->len] = '\0';
	return error;
}
