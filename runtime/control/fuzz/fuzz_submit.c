/*
 * Fuzzes what sendmail makes of a message: whatever comes in, what goes out
 * is a header of fields that names its author and its date and no hidden
 * recipient, and a body whose lines fit if it was encoded. The first byte
 * says which options were given.
 */
#include <assert.h>
#include <stdlib.h>
#include <strings.h>

#include "runtime/control/submit.h"

enum {
	FUZZ_SIZE_MAX = 64 * 1024,
	FUZZ_ENCODED_MAX = 76, /* RFC 2045 6.7 */

	/* Bits of the first byte. */
	FUZZ_RECIPIENTS = 1, /* -t */
	FUZZ_FROM = 2,       /* -f */
	FUZZ_NAME = 4,       /* -F */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
fuzz_is(struct str line, const char *name)
{
	return line.len >= strlen(name) &&
	    strncasecmp(line.ptr, name, strlen(name)) == 0;
}

/* The next line, without its end. */
static struct str
fuzz_take_line(struct str *rest)
{
	const char *end = memchr(rest->ptr, '\n', rest->len);
	struct str line;

	assert(end != NULL);
	line = (struct str){ rest->ptr, (uint32_t)(end - rest->ptr) };
	rest->ptr += line.len + 1;
	rest->len -= line.len + 1;
	return line;
}

/* Whether it says that the body is quoted-printable of our making. */
static bool
fuzz_check_header(struct str *rest)
{
	bool has_from = false, has_date = false, has_our_encoding = false;
	bool is_first = true;
	struct str line;

	while ((line = fuzz_take_line(rest)).len > 0) {
		if (line.ptr[0] == ' ' || line.ptr[0] == '\t') {
			assert(!is_first);
			continue;
		}
		is_first = false;
		assert(memchr(line.ptr, ':', line.len) != NULL);
		assert(!fuzz_is(line, "Bcc:") &&
		    !fuzz_is(line, "Return-Path:"));
		has_from |= fuzz_is(line, "From:");
		has_date |= fuzz_is(line, "Date:");
		has_our_encoding |= str_is(line,
		    "Content-Transfer-Encoding: quoted-printable");
	}
	assert(has_from && has_date);
	return has_our_encoding;
}

static void
fuzz_check(const struct submit *submit, struct str text, bool had_encoding)
{
	bool is_encoded = fuzz_check_header(&text) && !had_encoding;

	while (text.len > 0 && is_encoded)
		assert(fuzz_take_line(&text).len <= FUZZ_ENCODED_MAX);
	assert(strlen(submit->sender) < sizeof(submit->sender));
	for (unsigned i = 0; i < submit->recipients.count; i++)
		assert(strchr(submit->recipients.list[i], '@') != NULL);
}

static void
fuzz_set_options(struct submit *submit, uint8_t bits)
{
	*submit = (struct submit){
		.takes_recipients = (bits & FUZZ_RECIPIENTS) != 0,
		.has_from = (bits & FUZZ_FROM) != 0,
		.full_name = (bits & FUZZ_NAME) != 0 ? "A. User" : "",
		.mailname = "mail.example.org",
		.sender = "user@mail.example.org",
		.from = "user@mail.example.org",
	};
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char encoding[] = "Content-Transfer-Encoding:";
	static struct submit submit;
	char *out = NULL, *text;
	size_t out_size = 0;
	FILE *from, *to;

	if (size < 2 || size > FUZZ_SIZE_MAX)
		return 0;
	text = malloc(size);
	if (text == NULL)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	fuzz_set_options(&submit, data[0]);
	from = fmemopen(text, size - 1, "r");
	to = open_memstream(&out, &out_size);
	assert(from != NULL && to != NULL);
	if (submit_rewrite(&submit, from, to))
		fuzz_check(&submit, (struct str){ out, (uint32_t)out_size },
		    strcasestr(text, encoding) != NULL);
	fclose(from);
	fclose(to);
	recipients_fini(&submit.recipients);
	free(out);
	free(text);
	return 0;
}
