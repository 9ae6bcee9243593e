/*
 * Fuzzes the reader of DNS answers: no record and no name reaches beyond the
 * packet, and a name is one that the log and a look-up can take.
 */
#include <assert.h>
#include <string.h>

#include "runtime/lookup/dns_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_read_name(const struct dns_packet *packet, size_t offset)
{
	char name[DNS_NAME_MAX + 1];
	size_t len;

	if (!dns_packet_name(packet, offset, name))
		return;
	len = strlen(name);
	assert(len > 0 && len <= DNS_NAME_MAX && name[len - 1] != '.');
	for (size_t i = 0; i < len; i++)
		assert(name[i] > ' ' && name[i] < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_packet packet;
	struct dns_record record;

	if (!dns_packet_init(&packet, data, size))
		return 0;
	while (dns_packet_next(&packet, &record)) {
		assert(record.offset <= size);
		assert(record.len <= size - record.offset);
		fuzz_read_name(&packet, record.offset);
	}
	return 0;
}
