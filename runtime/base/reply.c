/*
 * Reply texts of filters.
 */
#include "runtime/base/reply.h"

static const char *const reply_status_texts[REPLY_STATUS_COUNT] = {
	[REPLY_OK] = "valid",
	[REPLY_CODE_SYNTAX] = "a reply begins with a code of three digits",
	[REPLY_CODE_RANGE] = "the code of a refusal begins with 4 or 5",
	[REPLY_NO_SPACE] = "a space must follow the code",
	[REPLY_NO_TEXT] = "no text follows the code",
	[REPLY_UNPRINTABLE] = "a reply holds only printable ASCII",
};

const char *
reply_status_text(enum reply_status status)
{
	return reply_status_texts[status];
}

enum reply_status
reply_check(struct str text)
{
	const uint32_t code_len = 3;

	for (uint32_t i = 0; i < code_len; i++)
		if (i >= text.len || !str_is_digit(text.ptr[i]))
			return REPLY_CODE_SYNTAX;
	if (text.ptr[0] != '4' && text.ptr[0] != '5')
		return REPLY_CODE_RANGE;
	if (text.len == code_len)
		return REPLY_NO_TEXT;
	if (text.ptr[code_len] != ' ')
		return REPLY_NO_SPACE;
	if (text.len == code_len + 1)
		return REPLY_NO_TEXT;
	for (uint32_t i = code_len + 1; i < text.len; i++)
		if ((text.ptr[i] < ' ' || text.ptr[i] > '~') &&
		    text.ptr[i] != '\t')
			return REPLY_UNPRINTABLE;
	return REPLY_OK;
}
