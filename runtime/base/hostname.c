/*
 * Host names. The same answers as glibc's res_hnok(3), which is what the
 * original asks, except that the empty name and the root are refused.
 */
#include "runtime/base/hostname.h"

static const char *const hostname_status_texts[HOSTNAME_STATUS_COUNT] = {
	[HOSTNAME_OK] = "valid",
	[HOSTNAME_EMPTY] = "the name is empty",
	[HOSTNAME_TOO_LONG] = "the name is longer than 253 bytes",
	[HOSTNAME_EMPTY_LABEL] = "a label between two dots is empty",
	[HOSTNAME_LABEL_TOO_LONG] = "a label is longer than 63 bytes",
	[HOSTNAME_LEADING_HYPHEN] = "the name begins with '-'",
	[HOSTNAME_BAD_CHARACTER] =
	    "a name has only letters, digits, '-', '_' and '.'",
};

const char *
hostname_status_text(enum hostname_status status)
{
	return hostname_status_texts[status];
}

enum hostname_status
hostname_check(struct str name)
{
	uint32_t label_len = 0;

	if (name.len > 0 && name.ptr[0] == '-')
		return HOSTNAME_LEADING_HYPHEN;
	if (name.len > 1 && name.ptr[name.len - 1] == '.')
		name.len--;
	if (name.len == 0)
		return HOSTNAME_EMPTY;
	if (name.len > HOSTNAME_LEN_MAX)
		return HOSTNAME_TOO_LONG;
	for (uint32_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (c == '.') {
			if (label_len == 0)
				return HOSTNAME_EMPTY_LABEL;
			label_len = 0;
		} else if (str_is_alnum(c) || c == '-' || c == '_') {
			if (++label_len > HOSTNAME_LABEL_MAX)
				return HOSTNAME_LABEL_TOO_LONG;
		} else
			return HOSTNAME_BAD_CHARACTER;
	}
	return label_len == 0 ? HOSTNAME_EMPTY_LABEL : HOSTNAME_OK;
}

bool
hostname_is_valid(struct str name)
{
	return hostname_check(name) == HOSTNAME_OK;
}
