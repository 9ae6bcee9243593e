/*
 * Fuzzes paths of MAIL and RCPT: what is taken has no byte that a shell, a
 * file name or a line could take for more than it is, and says the same when
 * it is read again. Headers of proxies and base64 come along.
 */
#include <assert.h>
#include <stdlib.h>

#include "runtime/smtp/address.h"
#include "runtime/smtp/base64.h"
#include "runtime/smtp/proxy.h"

enum { FUZZ_SIZE_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_check_bytes(struct str s, const char *forbidden)
{
	for (uint32_t i = 0; i < s.len; i++) {
		assert(s.ptr[i] > ' ' && s.ptr[i] < 0x7f);
		assert(strchr(forbidden, s.ptr[i]) == NULL);
	}
}

static size_t
fuzz_join(const struct mailaddr *addr, char *buf)
{
	size_t len = 0;

	buf[len++] = '<';
	memcpy(buf + len, addr->user.ptr, addr->user.len);
	len += addr->user.len;
	buf[len++] = '@';
	if (addr->domain.len > 0)
		memcpy(buf + len, addr->domain.ptr, addr->domain.len);
	len += addr->domain.len;
	buf[len++] = '>';
	return len;
}

static void
fuzz_path(struct str text)
{
	struct mailaddr addr, again;
	struct str rest, joined;
	char buf[ADDRESS_LOCAL_MAX + ADDRESS_DOMAIN_MAX + 4];

	if (!address_read_path(text, &addr, &rest))
		return;
	assert(addr.user.len <= ADDRESS_LOCAL_MAX);
	assert(addr.domain.len <= ADDRESS_DOMAIN_MAX);
	assert(rest.ptr + rest.len == text.ptr + text.len);
	fuzz_check_bytes(addr.user, "\"\\;()<>@,:[]");
	fuzz_check_bytes(addr.domain, "\"\\;()<>@,$`|&'*!");
	if (addr.user.len == 0)
		return;
	joined = (struct str){ buf, (uint32_t)fuzz_join(&addr, buf) };
	assert(address_read_path(joined, &again, &rest));
	assert(str_eq(addr.user, again.user));
	assert(str_eq(addr.domain, again.domain));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text, decoded[FUZZ_SIZE_MAX];
	struct str s;
	struct proxy proxy;
	uint32_t len;
	size_t used;

	if (size == 0 || size > FUZZ_SIZE_MAX)
		return 0;
	/* Its own block, so that a byte too far is seen. */
	text = malloc(size);
	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	s = (struct str){ text, (uint32_t)size };
	fuzz_path(s);
	address_is_domain(s);
	if (base64_decode(s, decoded, sizeof(decoded), &len))
		assert(len <= size / 4 * 3);
	if (proxy_read(text, size, &proxy, &used) == PROXY_OK)
		assert(used <= size);
	free(text);
	return 0;
}
