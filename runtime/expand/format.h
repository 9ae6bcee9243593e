/*
 * Format strings: "%{token[a:b]:modifier|modifier}" in maildir paths, in
 * commands, in wrappers and in targets of aliases. The scanner cuts a text
 * into pieces; the checks look for bad ones, the expansion replaces tokens
 * by values. Never allocates: every piece points into the text.
 *
 *     text  = [ "~/" ] { byte | "%%" | "%{" token "}" }
 *     token = NAME [ "[" index "]" | "[" [ index ] ":" [ index ] "]" ]
 *             [ ":" MODIFIER { "|" MODIFIER } ]
 */
#ifndef RUNTIME_EXPAND_FORMAT_H
#define RUNTIME_EXPAND_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/mailaddr.h"
#include "runtime/base/str.h"

#define FORMAT_TOKEN_MAX  127  /* bytes between "%{" and "}" */
#define FORMAT_INDEX_MAX  1024 /* of a slice, either sign */
#define FORMAT_RESULT_MAX 1023 /* bytes of a value, and of the whole */

/* Append-only; names are compared without case. */
#define FORMAT_TOKENS(X) \
	X(SENDER, "sender") \
	X(SENDER_USER, "sender.user") \
	X(SENDER_DOMAIN, "sender.domain") \
	X(RCPT, "rcpt") \
	X(RCPT_USER, "rcpt.user") \
	X(RCPT_DOMAIN, "rcpt.domain") \
	X(DEST, "dest") \
	X(DEST_USER, "dest.user") \
	X(DEST_DOMAIN, "dest.domain") \
	X(USER_USERNAME, "user.username") \
	X(USER_DIRECTORY, "user.directory") \
	X(MBOX_FROM, "mbox.from") \
	X(MDA, "mda")

enum format_token {
#define FORMAT_TOKEN_ENUM(id, name) FORMAT_TOKEN_##id,
	FORMAT_TOKENS(FORMAT_TOKEN_ENUM)
#undef FORMAT_TOKEN_ENUM
	    FORMAT_TOKEN_COUNT
};

enum format_modifier {
	FORMAT_LOWERCASE,
	FORMAT_UPPERCASE,
	FORMAT_STRIP,
	FORMAT_RAW,
	FORMAT_MODIFIER_COUNT
};

/* Where a format stands and who expands it. 0: a legacy rule. */
enum {
	FORMAT_MODERN = 1,  /* %{mbox.from} exists */
	FORMAT_WRAPPER = 2, /* %{mda} exists */
	FORMAT_NATIVE = 4,  /* none of the original's defects in slices */

	/* Of the expansion only. Up to 6.4, and mended: no "/" or "^". */
	FORMAT_NO_SLASH = 8,

	/*
	 * Up to 6.4: an empty value or result is an error, the null sender
	 * is "@", and with FORMAT_NO_SLASH raw values have no "/" either.
	 */
	FORMAT_STRICT = 16,
};

enum format_kind {
	FORMAT_LITERAL, /* text, verbatim */
	FORMAT_HOME,    /* "~/" at the very beginning */
	FORMAT_VALUE,   /* token, slice, modifiers */
	FORMAT_BAD,     /* error, text: the part at fault */
};

enum format_error {
	FORMAT_OK,
	FORMAT_UNTERMINATED,
	FORMAT_TOO_LONG,
	FORMAT_UNKNOWN_TOKEN,
	FORMAT_MODERN_TOKEN,  /* needs FORMAT_MODERN */
	FORMAT_WRAPPER_TOKEN, /* needs FORMAT_WRAPPER */
	FORMAT_UNKNOWN_MODIFIER,
	FORMAT_COMMA,
	FORMAT_BAD_SLICE,
	FORMAT_EMPTY_SLICE, /* can never hold a byte */
	FORMAT_JUNK,        /* behind a slice, no modifier */

	/* Valid by the manual, never works in the original. */
	FORMAT_NEGATIVE_INDEX,
	FORMAT_SLICE_WITH_MODIFIER,

	/* Of the expansion: these depend on the values. */
	FORMAT_SLICE_OUTSIDE,
	FORMAT_EMPTY,
	FORMAT_RESULT_TOO_LONG,
	FORMAT_ERROR_COUNT
};

/*
 * Both ends inclusive; a negative begin counts from the end of the value,
 * so does a negative end, but it is exclusive: [-4:-1] is three bytes.
 */
struct format_slice {
	enum {
		FORMAT_SLICE_NONE,
		FORMAT_SLICE_INDEX, /* one byte: begin */
		FORMAT_SLICE_RANGE,
	} kind;
	int begin;
	int end; /* FORMAT_INDEX_MAX: to the end */
};

struct format_piece {
	enum format_kind kind;
	uint32_t offset; /* of text in the format */
	struct str text; /* of a value: with "%{" and "}" */

	/* FORMAT_VALUE */
	enum format_token token;
	struct format_slice slice;
	struct str modifiers; /* for format_next_modifier */

	/* FORMAT_BAD */
	enum format_error error;
};

struct format_scan {
	struct str text;
	uint32_t next;
	unsigned flags;
};

void format_scan_init(struct format_scan *scan, struct str text,
    unsigned flags);

/*
 * False at the end of the text. A bad piece is skipped as a whole and the
 * scan can go on behind it; an unterminated one ends it. The texts of
 * literals, home, and values in order make up the format, but for the
 * first byte of each "%%".
 */
bool format_scan_next(struct format_scan *scan, struct format_piece *piece_r);

/* The first bad piece, or FORMAT_OK and *piece_r undefined. */
enum format_error format_check(struct str text, unsigned flags,
    struct format_piece *piece_r);

/*
 * Takes one modifier from the front of a value's modifiers, in the order
 * in which they apply; false when there is none left.
 */
bool format_next_modifier(struct str *modifiers,
    enum format_modifier *modifier_r);

/* What a format is expanded with. The null sender is empty. */
struct format_values {
	struct mailaddr sender;
	struct mailaddr rcpt; /* as given in the RCPT command */
	struct mailaddr dest; /* after expansion */
	struct str username;
	struct str directory;
	struct str mda; /* FORMAT_WRAPPER: the command that is wrapped */
};

struct format_result {
	char text[FORMAT_RESULT_MAX + 1]; /* ends in NUL */
	uint32_t len;
};

/*
 * A value goes through its modifiers from left to right, is sanitised, and
 * sliced. Sanitising makes ":" of each of !#$%&'*?`{|}~, but not in
 * user.directory, mda, and values with the modifier "raw". "strip" takes
 * out what stands from the first delimiter up to "@" or the end. *result_r
 * is undefined after an error.
 */
enum format_error format_expand(struct str format, unsigned flags,
    char delimiter, const struct format_values *values,
    struct format_result *result_r);

/* Names for messages and suggestions. */
const char *format_token_name(enum format_token token);
const char *format_modifier_name(enum format_modifier modifier);
bool format_token_is_valid(enum format_token token, unsigned flags);

/* One clause for a message, without full stop. */
const char *format_error_text(enum format_error error);

#endif
