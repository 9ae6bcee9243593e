/*
 * The header of a submitted message: what is missing is added, what nobody
 * should see is left out. The body stays as it is, but for lines that are
 * too long for SMTP, which are encoded as quoted-printable.
 */
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "runtime/control/submit.h"

enum {
	SUBMIT_LINE_MAX = 989, /* one as long is encoded */
	SUBMIT_HEADER_MAX = 1024 * 1024,
	SUBMIT_ENCODED_MAX = 76,
};

struct submit_header {
	struct submit *submit;
	FILE *raw;        /* as it was read, if it turns out to be body */
	FILE *clean;      /* as it is sent */
	struct str field; /* with its continuation lines */
	bool is_known;    /* has a field that only headers have */
	bool has_from, has_date;
	bool has_mime, has_type, has_disposition, has_encoding;
	bool has_failed;
};

/* Lines, without their end; -1: no more. */
static ssize_t
submit_line(FILE *in, char **line, size_t *room)
{
	ssize_t len = getline(line, room, in);

	if (len > 0 && (*line)[len - 1] == '\n')
		(*line)[--len] = '\0';
	if (len > 0 && (*line)[len - 1] == '\r')
		(*line)[--len] = '\0';
	return len;
}

static bool
submit_has_long_line(FILE *in)
{
	size_t len = 0;
	int c;

	while (len < SUBMIT_LINE_MAX && (c = getc(in)) != EOF)
		len = c == '\n' ? 0 : len + 1;
	rewind(in);
	return len == SUBMIT_LINE_MAX;
}

/* Fields. */

/* The length of the name; 0: no field begins here. */
static size_t
submit_name(const char *line)
{
	size_t len = 0;

	while (line[len] > ' ' && line[len] < 0x7f && line[len] != ':')
		len++;
	return line[len] == ':' ? len : 0;
}

static bool
submit_is(struct str field, const char *name)
{
	size_t len = strlen(name);

	return field.len > len && field.ptr[len] == ':' &&
	    strncasecmp(field.ptr, name, len) == 0;
}

static struct str
submit_value(struct str field)
{
	const char *colon = memchr(field.ptr, ':', field.len);
	uint32_t skip = (uint32_t)(colon + 1 - field.ptr);

	return (struct str){ field.ptr + skip, field.len - skip };
}

static void
submit_note_field(struct submit_header *header, struct str field)
{
	static const char *const known[] = { "To", "Cc", "Bcc", "Subject",
		"Message-Id", "User-Agent" };

	header->has_from |= submit_is(field, "From");
	header->has_date |= submit_is(field, "Date");
	header->has_mime |= submit_is(field, "MIME-Version");
	header->has_type |= submit_is(field, "Content-Type");
	header->has_disposition |= submit_is(field, "Content-Disposition");
	header->has_encoding |= submit_is(field, "Content-Transfer-Encoding");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		header->is_known |= submit_is(field, known[i]);
	header->is_known |= header->has_from || header->has_date ||
	    header->has_mime || str_has_prefix(field, "Content-");
}

static void
submit_end_field(struct submit_header *header)
{
	struct submit *submit = header->submit;
	struct str field = header->field;
	bool is_bcc = submit_is(field, "Bcc");

	if (field.len == 0)
		return;
	header->field.len = 0;
	submit_note_field(header, field);
	if (submit->takes_recipients &&
	    (is_bcc || submit_is(field, "To") || submit_is(field, "Cc")) &&
	    !recipients_add(&submit->recipients, submit_value(field),
		submit->mailname))
		header->has_failed = true;
	if (!submit->has_from && submit_is(field, "From"))
		recipients_first(submit_value(field), submit->mailname,
		    submit->sender, sizeof(submit->sender));
	if (is_bcc || submit_is(field, "Return-Path"))
		return;
	fwrite(field.ptr, 1, field.len, header->clean);
	putc('\n', header->clean);
}

/* With a line feed in front of a continuation. */
static bool
submit_grow_field(struct submit_header *header, const char *line, size_t len)
{
	struct str *field = &header->field;
	size_t size = field->len + len + 1;
	char *grown;

	if (size > SUBMIT_HEADER_MAX)
		return false;
	/* The field is the header's own, from malloc. */
	grown = realloc((char *)(uintptr_t)field->ptr, size);
	if (grown == NULL)
		return false;
	if (field->len > 0)
		grown[field->len++] = '\n';
	memcpy(grown + field->len, line, len);
	field->ptr = grown;
	field->len += (uint32_t)len;
	return true;
}

/* False: the line is none of the header's. */
static bool
submit_take_line(struct submit_header *header, const char *line, size_t len)
{
	bool is_more = line[0] == ' ' || line[0] == '\t';

	if (is_more ? header->field.len == 0 : submit_name(line) == 0)
		return false;
	if (!is_more)
		submit_end_field(header);
	if (!submit_grow_field(header, line, len))
		header->has_failed = true;
	fwrite(line, 1, len, header->raw);
	putc('\n', header->raw);
	return true;
}

/* What is added. */

static void
submit_add_date(FILE *out)
{
	time_t now = time(NULL);
	char day[8], rest[64];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(day, sizeof(day), "%a", &tm);
	strftime(rest, sizeof(rest), "%b %Y %H:%M:%S %z (%Z)", &tm);
	fprintf(out, "Date: %s, %d %s\n", day, tm.tm_mday, rest);
}

static void
submit_add_fields(const struct submit_header *header, bool has_long_line,
    FILE *out)
{
	const struct submit *submit = header->submit;
	const char *name = submit->full_name;

	if (!header->has_from && name != NULL && name[0] != '\0')
		fprintf(out, "From: %s <%s>\n", name, submit->from);
	else if (!header->has_from)
		fprintf(out, "From: <%s>\n", submit->from);
	if (!header->has_date)
		submit_add_date(out);
	if (!has_long_line)
		return;
	if (!header->has_mime)
		fprintf(out, "MIME-Version: 1.0\n");
	if (!header->has_type)
		fprintf(out,
		    "Content-Type: text/plain; "
		    "charset=unknown-8bit\n");
	if (!header->has_disposition)
		fprintf(out, "Content-Disposition: inline\n");
	if (!header->has_encoding)
		fprintf(out, "Content-Transfer-Encoding: quoted-printable\n");
}

/* Body. */

static void
submit_encode_line(const char *line, size_t len, FILE *out)
{
	size_t column = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];
		bool is_plain = (c > ' ' && c < 0x7f && c != '=') ||
		    ((c == ' ' || c == '\t') && i + 1 < len);
		size_t width = is_plain ? 1 : 3;

		if (column + width >= SUBMIT_ENCODED_MAX) {
			fputs("=\n", out);
			column = 0;
		}
		fprintf(out, is_plain ? "%c" : "=%02X", c);
		column += width;
	}
	putc('\n', out);
}

static void
submit_copy_line(const char *line, size_t len, bool is_encoded, FILE *out)
{
	if (is_encoded) {
		submit_encode_line(line, len, out);
		return;
	}
	fwrite(line, 1, len, out);
	putc('\n', out);
}

static void
submit_copy_text(const char *text, size_t size, bool is_encoded, FILE *out)
{
	while (size > 0) {
		const char *lf = memchr(text, '\n', size);
		size_t len = lf == NULL ? size : (size_t)(lf - text);

		submit_copy_line(text, len, is_encoded, out);
		size -= lf == NULL ? len : len + 1;
		text += len + 1;
	}
}

/* The rest of the input, behind the header. */
static void
submit_copy_body(FILE *in, bool is_encoded, FILE *out)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = submit_line(in, &line, &room)) != -1)
		submit_copy_line(line, (size_t)len, is_encoded, out);
	free(line);
}

/* Reads the header; the line behind it is in *line, with *len_r. */
static void
submit_read_header(struct submit_header *header, FILE *in, char **line,
    ssize_t *len_r)
{
	bool is_first = true;
	size_t room = 0;

	while ((*len_r = submit_line(in, line, &room)) != -1) {
		/* The separator of an mbox. */
		if (is_first && strncmp(*line, "From ", 5) == 0)
			continue;
		is_first = false;
		if (!submit_take_line(header, *line, (size_t)*len_r))
			break;
	}
	submit_end_field(header);
}

bool
submit_rewrite(struct submit *submit, FILE *in, FILE *out)
{
	char *raw = NULL, *clean = NULL, *line = NULL;
	size_t raw_size = 0, clean_size = 0;
	struct submit_header header = { .submit = submit };
	bool has_long_line, is_encoded;
	ssize_t len;

	header.raw = open_memstream(&raw, &raw_size);
	header.clean = open_memstream(&clean, &clean_size);
	if (header.raw == NULL || header.clean == NULL)
		return false;
	has_long_line = submit_has_long_line(in);
	submit_read_header(&header, in, &line, &len);
	header.has_failed |= fclose(header.raw) != 0;
	header.has_failed |= fclose(header.clean) != 0;
	is_encoded = has_long_line && !header.has_encoding;
	submit_add_fields(&header, has_long_line, out);
	if (header.is_known)
		fwrite(clean, 1, clean_size, out);
	putc('\n', out);
	if (!header.is_known)
		submit_copy_text(raw, raw_size, is_encoded, out);
	if (len > 0 || (len == 0 && !header.is_known))
		submit_copy_line(line, (size_t)len, is_encoded, out);
	if (len != -1)
		submit_copy_body(in, is_encoded, out);
	free((char *)(uintptr_t)header.field.ptr);
	free(raw);
	free(clean);
	free(line);
	return !header.has_failed && !ferror(in) && fflush(out) == 0 &&
	    !ferror(out);
}
