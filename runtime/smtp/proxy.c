/*
 * A signature of 12 bytes, version and command, family, length, addresses:
 *
 *	TCP over IPv4    source 4, destination 4, ports 2 + 2
 *	TCP over IPv6    source 16, destination 16, ports 2 + 2
 *	local stream     source 108, destination 108
 *
 * What follows them, up to the length, is skipped.
 */
#include "runtime/smtp/proxy.h"

enum {
	PROXY_SIGNATURE = 12,
	PROXY_FIXED = 16,
	PROXY_LOCAL = 0,
	PROXY_PROXY = 1,
	PROXY_UNSPEC = 0x00,
	PROXY_TCP4 = 0x11,
	PROXY_TCP6 = 0x21,
	PROXY_UNIX = 0x31,
};

static const char *const proxy_texts[PROXY_STATUSES] = {
	[PROXY_OK] = "none",
	[PROXY_MORE] = "incomplete",
	[PROXY_BAD_SIGNATURE] = "protocol error (invalid signature)",
	[PROXY_BAD_VERSION] = "protocol error (invalid version)",
	[PROXY_BAD_COMMAND] = "protocol error (unknown command)",
	[PROXY_BAD_FAMILY] = "protocol error (unsupported address family)",
	[PROXY_TOO_LONG] = "protocol error (header too long)",
	[PROXY_TOO_SHORT] = "protocol error (address info too short)",
	[PROXY_NO_ADDRESS] =
	    "address translation (UNSPEC family not supported for PROXYing)",
};

const char *
proxy_status_text(enum proxy_status status)
{
	return proxy_texts[status];
}

/* Bytes of the addresses; -1: not for us. */
static int
proxy_address_size(unsigned char family)
{
	switch (family) {
	case PROXY_UNSPEC:
		return 0;
	case PROXY_TCP4:
		return 12;
	case PROXY_TCP6:
		return 36;
	case PROXY_UNIX:
		return 216;
	default:
		return -1;
	}
}

static void
proxy_read_address(const unsigned char *bytes, unsigned char family,
    struct proxy *proxy)
{
	size_t size = family == PROXY_TCP4 ? 4 : 16;

	if (family == PROXY_UNIX) {
		proxy->is_local = true;
		return;
	}
	proxy->address.family = family == PROXY_TCP4 ? 4 : 6;
	proxy->address.prefix = (uint8_t)(size * 8);
	memcpy(proxy->address.bytes, bytes, size);
}

static enum proxy_status
proxy_check_fixed(const unsigned char *bytes, size_t *length_r)
{
	unsigned char command = bytes[12] & 0x0f, family = bytes[13];
	int size = proxy_address_size(family);

	*length_r = (size_t)bytes[14] << 8 | bytes[15];
	if (bytes[12] >> 4 != 2)
		return PROXY_BAD_VERSION;
	if (command != PROXY_LOCAL && command != PROXY_PROXY)
		return PROXY_BAD_COMMAND;
	if (size < 0)
		return PROXY_BAD_FAMILY;
	if (family == PROXY_UNSPEC && command == PROXY_PROXY)
		return PROXY_NO_ADDRESS;
	if (*length_r < (size_t)size)
		return PROXY_TOO_SHORT;
	return *length_r > PROXY_HEADER_MAX - PROXY_FIXED ? PROXY_TOO_LONG :
							    PROXY_OK;
}

enum proxy_status
proxy_read(const char *data, size_t len, struct proxy *proxy_r, size_t *size_r)
{
	static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
	const unsigned char *bytes = (const unsigned char *)data;
	enum proxy_status status;
	size_t length;

	if (memcmp(data, signature,
		len < PROXY_SIGNATURE ? len : PROXY_SIGNATURE) != 0)
		return PROXY_BAD_SIGNATURE;
	*size_r = PROXY_FIXED;
	if (len < PROXY_FIXED)
		return PROXY_MORE;
	status = proxy_check_fixed(bytes, &length);
	if (status != PROXY_OK)
		return status;
	*size_r = PROXY_FIXED + length;
	if (len < *size_r)
		return PROXY_MORE;
	*proxy_r = (struct proxy){
		.keeps_peer = (bytes[12] & 0x0f) == PROXY_LOCAL,
	};
	if (!proxy_r->keeps_peer)
		proxy_read_address(bytes + PROXY_FIXED, bytes[13], proxy_r);
	return PROXY_OK;
}
