/*
 * The scanner of format strings: pieces of good ones, faults of bad ones.
 */
#include "runtime/expand/format.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum {
	TEST_MODERN = FORMAT_MODERN,
	TEST_WRAPPER = FORMAT_MODERN | FORMAT_WRAPPER,
	TEST_NATIVE = FORMAT_MODERN | FORMAT_NATIVE,
};

static int
test_print_piece(const struct format_piece *piece, char *out, size_t size)
{
	struct str rest = piece->modifiers;
	enum format_modifier modifier;
	int len;

	if (piece->kind == FORMAT_LITERAL)
		return snprintf(out, size, "'%.*s'", STR_ARG(piece->text));
	if (piece->kind == FORMAT_HOME)
		return snprintf(out, size, "home");
	if (piece->kind == FORMAT_BAD)
		return snprintf(out, size, "bad");
	len = snprintf(out, size, "%s", format_token_name(piece->token));
	if (piece->slice.kind == FORMAT_SLICE_INDEX)
		len += snprintf(out + len, size - (size_t)len, "[%d]",
		    piece->slice.begin);
	if (piece->slice.kind == FORMAT_SLICE_RANGE)
		len += snprintf(out + len, size - (size_t)len, "[%d:%d]",
		    piece->slice.begin, piece->slice.end);
	while (format_next_modifier(&rest, &modifier))
		len += snprintf(out + len, size - (size_t)len, ":%s",
		    format_modifier_name(modifier));
	return len;
}

/* The pieces of a text with blanks between them. */
static void
test_print(const char *text, unsigned flags, char *out, size_t size)
{
	struct format_piece piece;
	struct format_scan scan;
	size_t used = 0;

	out[0] = '\0';
	format_scan_init(&scan, str_from(text), flags);
	while (format_scan_next(&scan, &piece)) {
		if (used > 0)
			out[used++] = ' ';
		used += (size_t)test_print_piece(&piece, out + used,
		    size - used);
		cr_assert_lt(used, size - 64);
	}
}

static const struct {
	const char *text;
	unsigned flags;
	const char *pieces;
} test_pieces[] = {
	{ "", 0, "" },
	{ "/var/mail", 0, "'/var/mail'" },
	{ "~/Maildir", 0, "home 'Maildir'" },
	{ "~/", 0, "home" },
	{ "~user/x", 0, "'~user/x'" },
	{ "/a/~/b", 0, "'/a/~/b'" },
	{ "100%%", 0, "'100' '%'" },
	{ "%%{sender}", 0, "'%' '{sender}'" },
	{ "%%%{sender}", 0, "'%' sender" },
	{ "/m/%u", 0, "'/m/%u'" },
	{ "%", 0, "'%'" },
	{ "a%", 0, "'a%'" },
	{ "%u%%", 0, "'%u' '%'" },
	{ "~/M/%{dest.domain}", 0, "home 'M/' dest.domain" },
	{ "%{user.directory}/M", 0, "user.directory '/M'" },
	{ "%{sender}%{rcpt}", 0, "sender rcpt" },
	{ "%{Sender.USER}", 0, "sender.user" },
	{ "%{dest.user:lowercase}", 0, "dest.user:lowercase" },
	{ "%{dest:lowercase|strip}", 0, "dest:lowercase:strip" },
	{ "%{dest:STRIP|Raw|uppercase}", 0, "dest:strip:raw:uppercase" },
	{ "%{dest.user[0:2]}", 0, "dest.user[0:2]" },
	{ "%{dest.user[-3:]}", 0, "dest.user[-3:1024]" },
	{ "%{dest.user[-4:-1]}", 0, "dest.user[-4:-1]" },
	{ "%{dest.domain[0:-4]}", 0, "dest.domain[0:-4]" },
	{ "%{dest.user[:2]}", 0, "dest.user[0:2]" },
	{ "%{dest.user[:]}", 0, "dest.user[0:1024]" },
	{ "%{dest.user[1]}", 0, "dest.user[1]" },
	{ "%{dest.user[2:2]}", 0, "dest.user[2:2]" },
	{ "%{dest.user[9:]}", 0, "dest.user[9:1024]" },
	{ "%{dest.user[1024]}", 0, "dest.user[1024]" },
	{ "%{mbox.from}", TEST_MODERN, "mbox.from" },
	{ "w -f %{mbox.from} %{mda}", TEST_WRAPPER,
	    "'w -f ' mbox.from ' ' mda" },
	{ "%{dest.user[0]:uppercase}", TEST_NATIVE, "dest.user[0]:uppercase" },
	{ "%{dest.user[-1]}", TEST_NATIVE, "dest.user[-1]" },
	{ "a%{nosuch}b%{dest}%{x", 0, "'a' bad 'b' dest bad" },
};

Test(format, cuts_a_text_into_pieces)
{
	for (size_t i = 0; i < TEST_COUNT(test_pieces); i++) {
		char out[512];

		test_print(test_pieces[i].text, test_pieces[i].flags, out,
		    sizeof(out));
		cr_expect_str_eq(out, test_pieces[i].pieces, "\"%s\": %s",
		    test_pieces[i].text, out);
	}
}

static const struct {
	const char *text;
	unsigned flags;
	enum format_error error;
	const char *fault;
} test_faults[] = {
	{ "/m/%{nosuch}", 0, FORMAT_UNKNOWN_TOKEN, "nosuch" },
	{ "/m/%{ dest }", 0, FORMAT_UNKNOWN_TOKEN, " dest " },
	{ "%{}", 0, FORMAT_UNKNOWN_TOKEN, "" },
	{ "%{:raw}", 0, FORMAT_UNKNOWN_TOKEN, "" },
	{ "%{dest.user[0}", 0, FORMAT_UNKNOWN_TOKEN, "dest.user[0" },
	{ "%{user}", 0, FORMAT_UNKNOWN_TOKEN, "user" },
	{ "%{%{dest}}", 0, FORMAT_UNKNOWN_TOKEN, "%{dest" },
	{ "%{mbox.from}", 0, FORMAT_MODERN_TOKEN, "mbox.from" },
	{ "%{mda}", 0, FORMAT_WRAPPER_TOKEN, "mda" },
	{ "%{mda}", TEST_MODERN, FORMAT_WRAPPER_TOKEN, "mda" },
	{ "/m/%{dest", 0, FORMAT_UNTERMINATED, "%{dest" },
	{ "%{", 0, FORMAT_UNTERMINATED, "%{" },
	{ "%{sender.user:strip,lowercase}", 0, FORMAT_COMMA,
	    "strip,lowercase" },
	{ "%{dest:lower}", 0, FORMAT_UNKNOWN_MODIFIER, "lower" },
	{ "%{dest:raw|lower|strip}", 0, FORMAT_UNKNOWN_MODIFIER, "lower" },
	{ "%{dest:}", 0, FORMAT_UNKNOWN_MODIFIER, "" },
	{ "%{dest:raw|}", 0, FORMAT_UNKNOWN_MODIFIER, "" },
	{ "%{dest: raw}", 0, FORMAT_UNKNOWN_MODIFIER, " raw" },
	{ "%{dest[]}", 0, FORMAT_BAD_SLICE, "[]" },
	{ "%{dest[a]}", 0, FORMAT_BAD_SLICE, "[a]" },
	{ "%{dest[1-2]}", 0, FORMAT_BAD_SLICE, "[1-2]" },
	{ "%{dest[1:2:3]}", 0, FORMAT_BAD_SLICE, "[1:2:3]" },
	{ "%{dest[-]}", 0, FORMAT_BAD_SLICE, "[-]" },
	{ "%{dest[1025]}", 0, FORMAT_BAD_SLICE, "[1025]" },
	{ "%{dest[99999999999999999999:]}", 0, FORMAT_BAD_SLICE,
	    "[99999999999999999999:]" },
	{ "%{dest]0[}", 0, FORMAT_BAD_SLICE, "dest]0[" },
	{ "%{dest[3:2]}", 0, FORMAT_EMPTY_SLICE, "[3:2]" },
	{ "%{dest[-1:-1]}", 0, FORMAT_EMPTY_SLICE, "[-1:-1]" },
	{ "%{dest[0]x}", 0, FORMAT_JUNK, "x" },
	{ "%{dest[0][1]}", 0, FORMAT_JUNK, "[1]" },
	{ "%{dest[-1]}", 0, FORMAT_NEGATIVE_INDEX, "[-1]" },
	{ "%{dest.user[0]:uppercase}", 0, FORMAT_SLICE_WITH_MODIFIER,
	    ":uppercase" },
	{ "%{dest.user[0]:upper}", TEST_NATIVE, FORMAT_UNKNOWN_MODIFIER,
	    "upper" },
};

Test(format, reports_the_part_at_fault)
{
	for (size_t i = 0; i < TEST_COUNT(test_faults); i++) {
		const char *text = test_faults[i].text;
		struct format_piece piece;
		enum format_error error;

		error = format_check(str_from(text), test_faults[i].flags,
		    &piece);
		cr_expect_eq(error, test_faults[i].error, "%s: %s", text,
		    format_error_text(error));
		cr_expect(str_is(piece.text, test_faults[i].fault),
		    "%s: at \"%.*s\"", text, STR_ARG(piece.text));
		cr_expect_eq(piece.text.ptr, text + piece.offset, "%s", text);
	}
}

Test(format, reports_the_first_fault)
{
	struct format_piece piece;

	cr_expect_eq(format_check(STR_LIT("%{dest}%{x}%{y}"), 0, &piece),
	    FORMAT_UNKNOWN_TOKEN);
	cr_expect_eq(piece.offset, 9);
}

Test(format, accepts_a_text_without_fault)
{
	struct format_piece piece;

	cr_expect_eq(format_check(STR_LIT("~/%{dest.user}/%%%d"), 0, &piece),
	    FORMAT_OK);
}

/* "%{NAME:raw|raw...}" */
static enum format_error
test_long(const char *name, unsigned modifiers)
{
	struct format_piece piece;
	char text[256];
	int len;

	len = snprintf(text, sizeof(text), "%%{%s:raw", name);
	for (unsigned i = 1; i < modifiers; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "|raw");
	snprintf(text + len, sizeof(text) - (size_t)len, "}");
	return format_check(str_from(text), 0, &piece);
}

Test(format, accepts_127_bytes_in_a_specifier)
{
	cr_expect_eq(test_long("sender.user", 29), FORMAT_OK);
	cr_expect_eq(test_long("dest", 31), FORMAT_TOO_LONG);
}

/* Nothing of a text is lost but the first byte of each "%%". */
Test(format, covers_the_whole_text)
{
	const char *text = "~/a%%b%{dest}%u%{rcpt.user[0:3]}c%%";
	char joined[64] = "";
	struct format_piece piece;
	struct format_scan scan;

	format_scan_init(&scan, str_from(text), 0);
	while (format_scan_next(&scan, &piece))
		strncat(joined, piece.text.ptr, piece.text.len);
	cr_expect_str_eq(joined, "~/a%b%{dest}%u%{rcpt.user[0:3]}c%");
}

Test(format, has_a_name_for_each_token_and_modifier)
{
	for (unsigned i = 0; i < FORMAT_TOKEN_COUNT; i++)
		cr_expect_not_null(format_token_name((enum format_token)i));
	for (unsigned i = 0; i < FORMAT_MODIFIER_COUNT; i++)
		cr_expect_not_null(format_modifier_name((enum format_modifier)
			i));
}

Test(format, has_a_text_for_each_error)
{
	for (unsigned i = 0; i < FORMAT_ERROR_COUNT; i++)
		cr_expect_not_null(format_error_text((enum format_error)i));
}

static const struct format_values test_values = {
	.sender = { { "Joe.B+box", 9 }, { "Send.Test", 9 } },
	.rcpt = { { "bob+Tag", 7 }, { "F.test", 6 } },
	.dest = { { "carol/x^y|z+T", 13 }, { "example.org", 11 } },
	.username = { "carol", 5 },
	.directory = { "/home/c|d", 9 },
	.mda = { "/bin/mda 'x' | y", 16 },
};

static const struct format_values test_null_sender = {
	.rcpt = { { "bob+Tag", 7 }, { "F.test", 6 } },
	.dest = { { "bob", 3 }, { "F.test", 6 } },
};

enum {
	TEST_6_0 = FORMAT_NO_SLASH | FORMAT_STRICT,
	TEST_6_4 = TEST_6_0 | FORMAT_MODERN,
	TEST_MENDED = TEST_NATIVE | FORMAT_NO_SLASH,
};

struct test_expansion {
	const char *format;
	unsigned flags;
	const char *text; /* NULL: error */
	enum format_error error;
};

static void
test_expand(const struct test_expansion *cases, size_t count,
    const struct format_values *values)
{
	for (size_t i = 0; i < count; i++) {
		const struct test_expansion *one = &cases[i];
		struct format_result result;
		enum format_error error;

		error = format_expand(str_from(one->format), one->flags, '+',
		    values, &result);
		cr_expect_eq(error, one->error, "%s: %s", one->format,
		    format_error_text(error));
		if (one->text == NULL || error != FORMAT_OK)
			continue;
		cr_expect_str_eq(result.text, one->text, "%s: %s", one->format,
		    result.text);
		cr_expect_eq(result.len, strlen(one->text), "%s", one->format);
	}
}

static const struct test_expansion test_expansions[] = {
	{ "", TEST_MODERN, "", FORMAT_OK },
	{ "", TEST_6_0, NULL, FORMAT_EMPTY },
	{ "/m/100%% %u %", TEST_6_0, "/m/100% %u %", FORMAT_OK },
	{ "~/Maildir", TEST_6_0, "/home/c|d/Maildir", FORMAT_OK },
	{ "/~/", TEST_6_0, "/~/", FORMAT_OK },
	{ "%{sender} %{rcpt}", TEST_6_0, "Joe.B+box@Send.Test bob+Tag@F.test",
	    FORMAT_OK },
	{ "%{sender.user} %{sender.domain}", TEST_6_0, "Joe.B+box Send.Test",
	    FORMAT_OK },
	{ "%{rcpt.user} %{rcpt.domain}", TEST_6_0, "bob+Tag F.test",
	    FORMAT_OK },
	{ "%{dest.domain} %{user.username}", TEST_6_0, "example.org carol",
	    FORMAT_OK },
	{ "%{mbox.from}", TEST_6_4, "Joe.B+box@Send.Test", FORMAT_OK },
	{ "%{mbox.from}", TEST_6_0, NULL, FORMAT_MODERN_TOKEN },
	{ "w %{mda}", TEST_WRAPPER, "w /bin/mda 'x' | y", FORMAT_OK },
	{ "%{user.directory}/M", TEST_6_0, "/home/c|d/M", FORMAT_OK },
	{ "%{nosuch}", TEST_6_0, NULL, FORMAT_UNKNOWN_TOKEN },
	{ "a%{dest", TEST_MODERN, NULL, FORMAT_UNTERMINATED },
};

Test(format, replaces_tokens_by_values)
{
	test_expand(test_expansions, TEST_COUNT(test_expansions), &test_values);
}

static const struct test_expansion test_sanitised[] = {
	{ "%{dest}", TEST_6_0, "carol:x:y:z+T@example.org", FORMAT_OK },
	{ "%{dest}", TEST_MENDED, "carol:x:y:z+T@example.org", FORMAT_OK },
	{ "%{dest}", TEST_MODERN, "carol/x^y:z+T@example.org", FORMAT_OK },
	{ "%{dest.user:raw}", TEST_6_0, "carol:x^y|z+T", FORMAT_OK },
	{ "%{dest.user:raw}", TEST_MENDED, "carol/x^y|z+T", FORMAT_OK },
	{ "%{dest.user:raw}", TEST_MODERN, "carol/x^y|z+T", FORMAT_OK },
	{ "%{dest.user:raw|uppercase}", TEST_MODERN, "CAROL/X^Y|Z+T",
	    FORMAT_OK },
};

Test(format, sanitises_values)
{
	test_expand(test_sanitised, TEST_COUNT(test_sanitised), &test_values);
}

Test(format, sanitises_each_unsafe_byte)
{
	struct format_values values = test_values;
	struct format_result result;

	values.username = STR_LIT("!#$%&'*?`{|}~+-=_.\"\\ aZ9");
	cr_expect_eq(format_expand(STR_LIT("%{user.username}"), TEST_MODERN,
			 '+', &values, &result),
	    FORMAT_OK);
	cr_expect_str_eq(result.text, ":::::::::::::+-=_.\"\\ aZ9");
}

static const struct test_expansion test_modified[] = {
	{ "%{sender:lowercase}", TEST_6_0, "joe.b+box@send.test", FORMAT_OK },
	{ "%{sender.domain:UPPERCASE}", TEST_6_0, "SEND.TEST", FORMAT_OK },
	{ "%{sender.user:strip}", TEST_6_0, "Joe.B", FORMAT_OK },
	{ "%{sender:strip}", TEST_6_0, "Joe.B@Send.Test", FORMAT_OK },
	{ "%{sender:lowercase|strip}", TEST_6_0, "joe.b@send.test", FORMAT_OK },
	{ "%{dest.domain:strip}", TEST_6_0, "example.org", FORMAT_OK },
	{ "%{sender:strip,lowercase}", TEST_6_0, NULL, FORMAT_COMMA },
	{ "%{sender:nosuch}", TEST_6_0, NULL, FORMAT_UNKNOWN_MODIFIER },
};

Test(format, applies_modifiers)
{
	test_expand(test_modified, TEST_COUNT(test_modified), &test_values);
}

static const struct test_expansion test_sliced[] = {
	{ "%{user.username[0]}", TEST_6_0, "c", FORMAT_OK },
	{ "%{user.username[4]}", TEST_6_0, "l", FORMAT_OK },
	{ "%{user.username[5]}", TEST_6_0, NULL, FORMAT_SLICE_OUTSIDE },
	{ "%{user.username[0:2]}", TEST_6_0, "car", FORMAT_OK },
	{ "%{user.username[1:1]}", TEST_6_0, "a", FORMAT_OK },
	{ "%{user.username[-3:]}", TEST_6_0, "rol", FORMAT_OK },
	{ "%{user.username[-4:-1]}", TEST_6_0, "aro", FORMAT_OK },
	{ "%{dest.domain[0:-4]}", TEST_6_0, "example", FORMAT_OK },
	{ "%{user.username[:2]}", TEST_6_0, "car", FORMAT_OK },
	{ "%{user.username[:]}", TEST_6_0, "carol", FORMAT_OK },
	{ "%{user.username[2:99]}", TEST_6_0, "rol", FORMAT_OK },
	{ "%{user.username[9:]}", TEST_6_0, NULL, FORMAT_SLICE_OUTSIDE },
	{ "%{user.username[-9:]}", TEST_6_0, NULL, FORMAT_SLICE_OUTSIDE },
	{ "%{user.username[0:-9]}", TEST_6_0, NULL, FORMAT_SLICE_OUTSIDE },
	{ "%{user.username[4:-3]}", TEST_6_0, NULL, FORMAT_SLICE_OUTSIDE },
	{ "%{user.username[-1]}", TEST_6_4, NULL, FORMAT_NEGATIVE_INDEX },
	{ "%{user.username[-1]}", TEST_NATIVE, "l", FORMAT_OK },
	{ "%{user.username[-5]}", TEST_NATIVE, "c", FORMAT_OK },
	{ "%{user.username[-6]}", TEST_NATIVE, NULL, FORMAT_SLICE_OUTSIDE },
	{ "%{sender.user[0:1]:lowercase}", TEST_6_4, NULL,
	    FORMAT_SLICE_WITH_MODIFIER },
	{ "%{sender.user[0:1]:lowercase}", TEST_NATIVE, "jo", FORMAT_OK },
	{ "%{sender.user[-2:]:strip}", TEST_NATIVE, ".B", FORMAT_OK },
	{ "%{dest.user[4:6]}", TEST_6_0, "l:x", FORMAT_OK },
};

Test(format, slices_values)
{
	test_expand(test_sliced, TEST_COUNT(test_sliced), &test_values);
}

static const struct test_expansion test_empty[] = {
	{ "%{sender}", TEST_6_0, "@", FORMAT_OK },
	{ "%{sender[2:5]}", TEST_6_0, NULL, FORMAT_SLICE_OUTSIDE },
	{ "a%{sender.user}", TEST_6_0, NULL, FORMAT_EMPTY },
	{ "%{mbox.from}", TEST_6_4, "MAILER-DAEMON", FORMAT_OK },
	{ "a%{sender}b", TEST_MODERN, "ab", FORMAT_OK },
	{ "a%{sender.user}b", TEST_MODERN, "ab", FORMAT_OK },
	{ "a%{sender[2:5]}b", TEST_MODERN, "ab", FORMAT_OK },
	{ "%{sender.user:strip|raw}", TEST_MODERN, "", FORMAT_OK },
	{ "%{mbox.from}", TEST_MODERN, "MAILER-DAEMON", FORMAT_OK },
};

Test(format, expands_empty_values)
{
	test_expand(test_empty, TEST_COUNT(test_empty), &test_null_sender);
}

/* A format of that many bytes, then one value of that many. */
static enum format_error
test_long_result(uint32_t literal, uint32_t value)
{
	struct format_values values = test_values;
	char format[2048], username[2048];
	struct format_result result;
	int len;

	memset(format, 'a', literal);
	memset(username, 'b', value);
	values.username = (struct str){ username, value };
	len = snprintf(format + literal, sizeof(format) - literal,
	    "%%{user.username}");
	return format_expand((struct str){ format, literal + (uint32_t)len },
	    TEST_MODERN, '+', &values, &result);
}

Test(format, limits_the_result)
{
	const uint32_t max = FORMAT_RESULT_MAX;

	cr_expect_eq(test_long_result(max, 0), FORMAT_OK);
	cr_expect_eq(test_long_result(0, max), FORMAT_OK);
	cr_expect_eq(test_long_result(max - 5, 5), FORMAT_OK);
	cr_expect_eq(test_long_result(max + 1, 0), FORMAT_RESULT_TOO_LONG);
	cr_expect_eq(test_long_result(0, max + 1), FORMAT_RESULT_TOO_LONG);
	cr_expect_eq(test_long_result(max - 5, 6), FORMAT_RESULT_TOO_LONG);
}
