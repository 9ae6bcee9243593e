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
