/*
 * Fields that may change are collected until the next one begins; all others
 * pass line by line.
 */
#include "runtime/smtp/header.h"

void
header_init(struct header *header, const struct header_options *options)
{
	*header = (struct header){ .options = options };
}

void
header_fini(struct header *header)
{
	bytes_fini(&header->field);
}

static bool
header_write(const struct header *header, struct str bytes)
{
	return bytes.len == 0 ||
	    header->options->write(header->options->arg, bytes);
}

static enum header_status
header_write_line(const struct header *header, struct str line)
{
	return header_write(header, line) &&
		header_write(header, STR_LIT("\n")) ?
	    HEADER_OK :
	    HEADER_NOT_WRITTEN;
}

/* Ends the address field that is being collected, if any. */
static enum header_status
header_flush(struct header *header)
{
	const struct header_options *options = header->options;
	const struct mailboxes_change change = {
		.domain = options->domain,
		.replace = header->is_from ? options->masquerade : STR_LIT(""),
		.write = options->write,
		.arg = options->arg,
	};
	struct str field = { bytes_front(&header->field),
		(uint32_t)header->field.len };
	struct str name = { field.ptr, header->name_len };
	struct str value = { field.ptr + name.len, field.len - name.len };
	bool is_written;

	if (field.len == 0)
		return HEADER_OK;
	is_written = header_write(header, name) &&
	    mailboxes_rewrite(value, &change) &&
	    header_write(header, STR_LIT("\n"));
	bytes_fini(&header->field);
	return is_written ? HEADER_OK : HEADER_NOT_WRITTEN;
}

static enum header_status
header_collect(struct header *header, struct str line)
{
	bool is_first = header->field.len == 0;

	if (header->field.len + line.len + 1 > HEADER_FIELD_MAX)
		return HEADER_MALFORMED;
	if ((!is_first &&
		!bytes_append(&header->field, "\n", 1, HEADER_FIELD_MAX)) ||
	    !bytes_append(&header->field, line.ptr, line.len, HEADER_FIELD_MAX))
		return HEADER_NOT_WRITTEN;
	return HEADER_OK;
}

static enum header_status
header_begin_field(struct header *header, struct str line, uint32_t colon)
{
	struct str name = { line.ptr, colon };

	while (name.len > 0 &&
	    (name.ptr[name.len - 1] == ' ' || name.ptr[name.len - 1] == '\t'))
		name.len--;
	header->has_field = true;
	header->is_dropping = str_eq_nocase(name, STR_LIT("bcc"));
	header->is_from = str_eq_nocase(name, STR_LIT("from"));
	if (header->is_dropping)
		return HEADER_OK;
	if (header->is_from || str_eq_nocase(name, STR_LIT("to")) ||
	    str_eq_nocase(name, STR_LIT("cc"))) {
		header->name_len = colon + 1;
		return header_collect(header, line);
	}
	if (str_eq_nocase(name, STR_LIT("received")) &&
	    ++header->received >= HEADER_RECEIVED_MAX)
		return HEADER_LOOP;
	header->has_date |= str_eq_nocase(name, STR_LIT("date"));
	header->has_message_id |= str_eq_nocase(name, STR_LIT("message-id"));
	return header_write_line(header, line);
}

static enum header_status
header_continue_field(struct header *header, struct str line)
{
	if (!header->has_field)
		return HEADER_MALFORMED;
	if (header->is_dropping)
		return HEADER_OK;
	if (header->field.len > 0)
		return header_collect(header, line);
	return header_write_line(header, line);
}

static bool
header_write_missing(const struct header *header, const char *name,
    struct str body)
{
	return body.len == 0 ||
	    (header_write(header, str_from(name)) &&
		header_write(header, body) &&
		header_write(header, STR_LIT("\n")));
}

/* Behind the last field. */
static enum header_status
header_complete(struct header *header)
{
	const struct header_options *options = header->options;
	enum header_status status = header_flush(header);

	if (status != HEADER_OK)
		return status;
	header->is_body = true;
	if (!header->has_date &&
	    !header_write_missing(header, "Date: ", options->date))
		return HEADER_NOT_WRITTEN;
	if (!header->has_message_id &&
	    !header_write_missing(header, "Message-ID: ", options->message_id))
		return HEADER_NOT_WRITTEN;
	return HEADER_OK;
}

enum header_status
header_line(struct header *header, struct str line)
{
	enum header_status status;
	const char *colon;

	if (header->is_body)
		return header_write_line(header, line);
	if (line.len == 0) {
		status = header_complete(header);
		return status != HEADER_OK ? status :
					     header_write_line(header, line);
	}
	if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
		return header_continue_field(header, line);
	colon = memchr(line.ptr, ':', line.len);
	if (colon == NULL || colon - line.ptr > HEADER_NAME_MAX)
		return HEADER_MALFORMED;
	status = header_flush(header);
	return status != HEADER_OK ?
	    status :
	    header_begin_field(header, line, (uint32_t)(colon - line.ptr));
}

enum header_status
header_end(struct header *header)
{
	return header->is_body ? HEADER_OK : header_complete(header);
}
