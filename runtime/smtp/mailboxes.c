/*
 * One pass: the scanner knows whether a byte is quoted or in a comment, and
 * a mailbox remembers where its address begins and ends.
 */
#include "runtime/smtp/mailboxes.h"

#define MAILBOX_NONE UINT32_MAX

/* What is known of a mailbox up to its comma. Offsets into the value. */
struct mailbox {
	uint32_t begin;
	uint32_t end;
	uint32_t open;        /* behind "<", or MAILBOX_NONE */
	uint32_t close;       /* the ">" */
	uint32_t token_begin; /* the last word outside of comments */
	uint32_t token_end;
	bool has_at;
	bool is_odd; /* a group, or something does not balance */
};

struct mailbox_scan {
	struct str value;
	uint32_t at;
	unsigned comments; /* that are open */
	bool is_quoted;
	bool is_escaped;
};

static bool
mailbox_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
mailbox_add_token(struct mailbox *mailbox, uint32_t at)
{
	if (mailbox->token_end != at || mailbox->token_begin == MAILBOX_NONE)
		mailbox->token_begin = at;
	mailbox->token_end = at + 1;
}

/* A byte outside of quotes and comments. */
static void
mailbox_add_plain(struct mailbox *mailbox, char c, uint32_t at)
{
	switch (c) {
	case '<':
		mailbox->is_odd |= mailbox->open != MAILBOX_NONE;
		mailbox->open = at + 1;
		break;
	case '>':
		mailbox->is_odd |= mailbox->open == MAILBOX_NONE ||
		    mailbox->close != MAILBOX_NONE;
		mailbox->close = at;
		break;
	case '@':
		mailbox->has_at = true;
		break;
	case ':':
	case ';':
	case ')':
		mailbox->is_odd = true;
		break;
	}
	if (!mailbox_is_blank(c))
		mailbox_add_token(mailbox, at);
}

static void
mailbox_add(struct mailbox *mailbox, struct mailbox_scan *scan)
{
	char c = scan->value.ptr[scan->at];

	if (scan->is_escaped) {
		scan->is_escaped = false;
	} else if (c == '\\') {
		scan->is_escaped = true;
	} else if (scan->comments > 0) {
		if (c == '(')
			scan->comments++;
		else if (c == ')')
			scan->comments--;
		return;
	} else if (c == '"') {
		scan->is_quoted = !scan->is_quoted;
	} else if (c == '(' && !scan->is_quoted) {
		scan->comments++;
		return;
	} else if (!scan->is_quoted) {
		mailbox_add_plain(mailbox, c, scan->at);
		return;
	}
	if (scan->comments == 0)
		mailbox_add_token(mailbox, scan->at);
}

/* Up to the next comma that separates. */
static void
mailbox_scan(struct mailbox_scan *scan, struct mailbox *mailbox_r)
{
	*mailbox_r = (struct mailbox){
		.begin = scan->at,
		.open = MAILBOX_NONE,
		.close = MAILBOX_NONE,
		.token_begin = MAILBOX_NONE,
	};
	for (; scan->at < scan->value.len; scan->at++) {
		if (scan->value.ptr[scan->at] == ',' && !scan->is_quoted &&
		    scan->comments == 0 && !scan->is_escaped &&
		    (mailbox_r->open == MAILBOX_NONE ||
			mailbox_r->close != MAILBOX_NONE))
			break;
		mailbox_add(mailbox_r, scan);
	}
	mailbox_r->end = scan->at;
	mailbox_r->is_odd |= scan->is_quoted || scan->is_escaped ||
	    scan->comments > 0 ||
	    (mailbox_r->open == MAILBOX_NONE) !=
		(mailbox_r->close == MAILBOX_NONE);
}

static bool
mailboxes_write(const struct mailboxes_change *change, struct str value,
    uint32_t begin, uint32_t end)
{
	return begin == end ||
	    change->write(change->arg,
		(struct str){ value.ptr + begin, end - begin });
}

/* Puts text in the place of what stands from begin to end. */
static bool
mailboxes_splice(const struct mailboxes_change *change, struct str value,
    const struct mailbox *mailbox, const struct str place[2])
{
	uint32_t begin = (uint32_t)(place[0].ptr - value.ptr);

	return mailboxes_write(change, value, mailbox->begin, begin) &&
	    change->write(change->arg, place[1]) &&
	    mailboxes_write(change, value, begin + place[0].len, mailbox->end);
}

static bool
mailboxes_change(const struct mailboxes_change *change, struct str value,
    const struct mailbox *mailbox)
{
	bool has_brackets = mailbox->open != MAILBOX_NONE;
	uint32_t begin = has_brackets ? mailbox->open : mailbox->token_begin;
	uint32_t end = has_brackets ? mailbox->close : mailbox->token_end;
	struct str place[2] = { { value.ptr + begin, end - begin },
		change->replace };

	if (change->replace.len > 0)
		return mailboxes_splice(change, value, mailbox, place);
	return mailboxes_write(change, value, mailbox->begin, end) &&
	    change->write(change->arg, STR_LIT("@")) &&
	    change->write(change->arg, change->domain) &&
	    mailboxes_write(change, value, end, mailbox->end);
}

static bool
mailboxes_needs_change(const struct mailboxes_change *change,
    const struct mailbox *mailbox)
{
	bool has_address = mailbox->token_begin != MAILBOX_NONE &&
	    (mailbox->open == MAILBOX_NONE || mailbox->open < mailbox->close);

	if (mailbox->is_odd || !has_address)
		return false;
	return change->replace.len > 0 ||
	    (change->domain.len > 0 && !mailbox->has_at);
}

bool
mailboxes_rewrite(struct str value, const struct mailboxes_change *change)
{
	struct mailbox_scan scan = { .value = value };
	struct mailbox mailbox;

	for (;;) {
		mailbox_scan(&scan, &mailbox);
		if (mailboxes_needs_change(change, &mailbox)) {
			if (!mailboxes_change(change, value, &mailbox))
				return false;
		} else if (!mailboxes_write(change, value, mailbox.begin,
			       mailbox.end))
			return false;
		if (scan.at == value.len)
			return true;
		if (!change->write(change->arg, STR_LIT(",")))
			return false;
		scan.at++;
	}
}
