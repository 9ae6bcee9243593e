/*
 * The command language of smtpctl: words that may be cut as long as what is
 * left means one thing. Knows patterns, runs nothing.
 */
#ifndef RUNTIME_CONTROL_WORDS_H
#define RUNTIME_CONTROL_WORDS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	WORDS_MAX = 6, /* of a command */
	WORDS_COMMANDS_MAX = 128,
};

/*
 * Words of a pattern stand between single blanks: a literal word, <evpid>
 * (16 hexadecimal digits), <msgid> (8 of them) or <str>.
 */
struct words_match {
	unsigned command; /* index of the pattern */
	const char *text; /* of <str>, or NULL */
	uint64_t id;      /* of <evpid>; of <msgid> the upper half */
	unsigned unclear; /* how many words say what could have been meant */
};

enum words_status {
	WORDS_OK,
	WORDS_INVALID,    /* the last of unclear is no word of a command */
	WORDS_INCOMPLETE, /* or ambiguous */
};

/* Bytes that the first count words of a pattern take; 0: it has fewer. */
int words_length(const char *pattern, unsigned count);

/* is_possible_r: unless it is OK, the commands that could have been meant. */
enum words_status words_find(const char *const *patterns, unsigned count,
    const char *const *words, unsigned word_count, struct words_match *match_r,
    bool is_possible_r[WORDS_COMMANDS_MAX]);

#endif
