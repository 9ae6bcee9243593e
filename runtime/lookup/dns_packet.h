/*
 * Reads answers of the DNS (RFC 1035, 4.1) as the resolver library hands
 * them on. Believes no length and no pointer; allocates nothing.
 */
#ifndef RUNTIME_LOOKUP_DNS_PACKET_H
#define RUNTIME_LOOKUP_DNS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_MAX 255 /* bytes of a name as text */

enum {
	DNS_A = 1,
	DNS_PTR = 12,
	DNS_AAAA = 28,
	DNS_CLASS_IN = 1,
};

/* Members are private. */
struct dns_packet {
	const uint8_t *bytes;
	size_t len;
	size_t next;   /* the record to be read */
	unsigned left; /* of the answer section */
};

struct dns_record {
	unsigned type;
	size_t offset; /* of the data in the packet */
	size_t len;
};

/* False: no packet, or its questions cannot be skipped. */
bool dns_packet_init(struct dns_packet *packet, const void *bytes, size_t len);

/*
 * The next record of the answer section of class IN; false at its end, or
 * where the packet breaks off.
 */
bool dns_packet_next(struct dns_packet *packet, struct dns_record *record_r);

/*
 * The name at an offset, "host.example", without the last dot. False: it is
 * damaged, too long, or has other bytes than printing ones without blank
 * and dot.
 */
bool dns_packet_name(const struct dns_packet *packet, size_t offset,
    char name_r[DNS_NAME_MAX + 1]);

#endif
