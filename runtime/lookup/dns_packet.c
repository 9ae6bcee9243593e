/*
 * Wire format. Pointers of compressed names only lead backwards, so that
 * every name comes to an end.
 */
#include "runtime/lookup/dns_packet.h"

#include <string.h>

enum {
	DNS_HEADER = 12,
	DNS_POINTER = 0xc0, /* the two highest bits of a length */
	DNS_RECORD = 10,    /* type, class, ttl, length */
};

static unsigned
dns_read_u16(const struct dns_packet *packet, size_t at)
{
	return (unsigned)packet->bytes[at] << 8 | packet->bytes[at + 1];
}

/* Whether len bytes are there at an offset. */
static bool
dns_has(const struct dns_packet *packet, size_t at, size_t len)
{
	return at <= packet->len && len <= packet->len - at;
}

/* The offset behind a name; false: it breaks off. */
static bool
dns_skip_name(const struct dns_packet *packet, size_t at, size_t *next_r)
{
	while (dns_has(packet, at, 1)) {
		unsigned len = packet->bytes[at];

		if ((len & DNS_POINTER) == DNS_POINTER) {
			*next_r = at + 2;
			return dns_has(packet, at, 2);
		}
		if ((len & DNS_POINTER) != 0)
			return false;
		at += len + 1;
		if (len == 0) {
			*next_r = at;
			return true;
		}
	}
	return false;
}

bool
dns_packet_init(struct dns_packet *packet, const void *bytes, size_t len)
{
	unsigned questions;

	*packet = (struct dns_packet){ .bytes = bytes, .len = len };
	if (len < DNS_HEADER)
		return false;
	questions = dns_read_u16(packet, 4);
	packet->left = dns_read_u16(packet, 6);
	packet->next = DNS_HEADER;
	for (; questions > 0; questions--) {
		if (!dns_skip_name(packet, packet->next, &packet->next) ||
		    !dns_has(packet, packet->next, 4))
			return false;
		packet->next += 4;
	}
	return true;
}

bool
dns_packet_next(struct dns_packet *packet, struct dns_record *record_r)
{
	while (packet->left > 0) {
		size_t at;
		unsigned class;

		packet->left--;
		if (!dns_skip_name(packet, packet->next, &at) ||
		    !dns_has(packet, at, DNS_RECORD))
			break;
		record_r->type = dns_read_u16(packet, at);
		class = dns_read_u16(packet, at + 2);
		record_r->len = dns_read_u16(packet, at + 8);
		record_r->offset = at + DNS_RECORD;
		if (!dns_has(packet, record_r->offset, record_r->len))
			break;
		packet->next = record_r->offset + record_r->len;
		if (class == DNS_CLASS_IN)
			return true;
	}
	packet->left = 0;
	return false;
}

/* Copies one label and a dot; false: what it must not hold, or no room. */
static bool
dns_copy_label(const uint8_t *label, unsigned len, char *name, size_t *name_len)
{
	if (*name_len + len + 1 > DNS_NAME_MAX + 1)
		return false;
	for (unsigned i = 0; i < len; i++)
		if (label[i] <= ' ' || label[i] >= 0x7f || label[i] == '.')
			return false;
	memcpy(name + *name_len, label, len);
	*name_len += len;
	name[(*name_len)++] = '.';
	return true;
}

bool
dns_packet_name(const struct dns_packet *packet, size_t offset,
    char name_r[DNS_NAME_MAX + 1])
{
	size_t len = 0, at = offset;

	while (dns_has(packet, at, 1)) {
		unsigned count = packet->bytes[at];

		if ((count & DNS_POINTER) == DNS_POINTER) {
			size_t to;

			if (!dns_has(packet, at, 2))
				return false;
			to = dns_read_u16(packet, at) & 0x3fff;
			if (to >= offset)
				return false;
			at = offset = to;
			continue;
		}
		if ((count & DNS_POINTER) != 0 ||
		    !dns_has(packet, at + 1, count))
			return false;
		if (count == 0) {
			name_r[len > 0 ? len - 1 : 0] = '\0';
			return len > 0;
		}
		if (!dns_copy_label(packet->bytes + at + 1, count, name_r,
			&len))
			return false;
		at += count + 1;
	}
	return false;
}
