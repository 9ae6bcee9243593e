/*
 * Signing and checking are the same hash over the text behind it.
 */
#include "runtime/expand/srs.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>

enum {
	SRS_PREFIX = 5, /* "SRS0=" */
	SRS_HASH = 4,
	SRS_DAY = 2,
	SRS_DAYS = 1024,
	SRS_PART_MAX = 255,
};

static const char srs_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* Texts. */

static bool
srs_is_kind(struct str user, char kind)
{
	return user.len > SRS_PREFIX &&
	    str_eq_nocase((struct str){ user.ptr, 3 }, STR_LIT("SRS")) &&
	    user.ptr[3] == kind && user.ptr[4] == '=';
}

bool
srs_is_signed(struct mailaddr address)
{
	return srs_is_kind(address.user, '0') || srs_is_kind(address.user, '1');
}

static struct str
srs_skip(struct str text, uint32_t count)
{
	return (struct str){ text.ptr + count, text.len - count };
}

static bool
srs_is_delimiter(char c)
{
	return c == '=' || c == '+' || c == '-';
}

/* Up to the first '='; false: there is none, or nothing before it. */
static bool
srs_cut(struct str *text, struct str *field_r)
{
	const char *end = memchr(text->ptr, '=', text->len);

	if (end == NULL || end == text->ptr)
		return false;
	*field_r = (struct str){ text->ptr, (uint32_t)(end - text->ptr) };
	*text = srs_skip(*text, field_r->len + 1);
	return true;
}

/* False: it does not fit. */
static bool
srs_write(struct srs_address *address, const char *user_prefix,
    struct str hashed_user, struct str domain)
{
	int len = snprintf(address->text, sizeof(address->text), "%s%.*s@%.*s",
	    user_prefix, STR_ARG(hashed_user), STR_ARG(domain));

	if (len < 0 || (size_t)len >= sizeof(address->text))
		return false;
	address->address = mailaddr_split(str_from(address->text));
	return address->address.user.len > 0 &&
	    address->address.user.len <= SRS_PART_MAX &&
	    address->address.domain.len > 0 &&
	    address->address.domain.len <= SRS_PART_MAX;
}

/* Hashes. */

/* Of "user@domain". */
static bool
srs_hash(struct str key, struct str user, struct str domain,
    char hash[SRS_HASH + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE], text[EVP_MAX_MD_SIZE * 2];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned len = 0;
	bool is_hashed = ctx != NULL &&
	    EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, key.ptr, key.len) == 1 &&
	    EVP_DigestUpdate(ctx, user.ptr, user.len) == 1 &&
	    EVP_DigestUpdate(ctx, "@", 1) == 1 &&
	    EVP_DigestUpdate(ctx, domain.ptr, domain.len) == 1 &&
	    EVP_DigestFinal_ex(ctx, digest, &len) == 1;

	EVP_MD_CTX_free(ctx);
	if (!is_hashed)
		return false;
	EVP_EncodeBlock(text, digest, (int)len);
	for (unsigned i = 0; i < SRS_HASH; i++)
		hash[i] = text[i] == '/' ? '_' :
		    text[i] == '+'       ? '-' :
					   (char)text[i];
	hash[SRS_HASH] = '\0';
	return true;
}

static bool
srs_is_ours(struct str key, const char *seen, struct str user,
    struct str domain)
{
	char hash[SRS_HASH + 1];

	return key.len > 0 && srs_hash(key, user, domain, hash) &&
	    CRYPTO_memcmp(hash, seen, SRS_HASH) == 0;
}

/* What stands behind "HHHH" and its delimiter; false: it is not ours. */
static bool
srs_check(const struct srs *srs, struct mailaddr address, struct str *signed_r)
{
	struct str text = srs_skip(address.user, SRS_PREFIX);

	if (text.len <= SRS_HASH + 1)
		return false;
	*signed_r = srs_skip(text, SRS_HASH + 1);
	return srs_is_ours(srs->key, text.ptr, *signed_r, address.domain) ||
	    srs_is_ours(srs->backup, text.ptr, *signed_r, address.domain);
}

/* Days. */

/* -1: no digit. */
static int
srs_digit(char c)
{
	const char *at = c == '\0' ? NULL : strchr(srs_digits, c);

	return at == NULL ? -1 : (int)(at - srs_digits);
}

/* The text begins with TT. A clock that is a day ahead loses no bounce. */
static bool
srs_is_fresh(const struct srs *srs, struct str text)
{
	int high = text.len > SRS_DAY ? srs_digit(text.ptr[0]) : -1;
	int low = text.len > SRS_DAY ? srs_digit(text.ptr[1]) : -1;
	uint32_t age;

	if (high < 0 || low < 0)
		return false;
	age = (srs->today - (uint32_t)(high * 32 + low)) % SRS_DAYS;
	return age <= srs->ttl || age == SRS_DAYS - 1;
}

/* Decoding. */

/* TT=dom=user */
static bool
srs_decode_first(const struct srs *srs, struct str text,
    struct srs_address *address_r)
{
	struct str domain;

	if (!srs_is_fresh(srs, text))
		return false;
	text = srs_skip(text, SRS_DAY + 1);
	return srs_cut(&text, &domain) &&
	    srs_write(address_r, "", text, domain);
}

/* last=Y, where Y is "=hhhh=TT=dom=user", signed by another. */
static bool
srs_decode_second(const struct srs *srs, struct str text,
    struct srs_address *address_r)
{
	struct str last, first;

	if (!srs_cut(&text, &last) || text.len <= 1 + SRS_HASH + 1 + SRS_DAY)
		return false;
	first = srs_skip(text, 1 + SRS_HASH + 1);
	return srs_is_fresh(srs, first) && srs_is_delimiter(first.ptr[2]) &&
	    srs_write(address_r, "SRS0", text, last);
}

bool
srs_decode(const struct srs *srs, struct mailaddr address,
    struct srs_address *address_r)
{
	struct str text;

	if (!srs_is_signed(address) || !srs_check(srs, address, &text))
		return false;
	return srs_is_kind(address.user, '0') ?
	    srs_decode_first(srs, text, address_r) :
	    srs_decode_second(srs, text, address_r);
}

/* Encoding. */

static int
srs_compose(const struct srs *srs, struct mailaddr sender, char *text,
    size_t room)
{
	struct str user = sender.user;

	if (srs_is_kind(user, '0'))
		return snprintf(text, room, "%.*s==%.*s",
		    STR_ARG(sender.domain),
		    STR_ARG(srs_skip(user, SRS_PREFIX)));
	if (srs_is_kind(user, '1')) {
		/* The hash of the one before us falls away. */
		user = srs_skip(user, SRS_PREFIX);
		if (user.len <= SRS_HASH + 1 ||
		    !srs_is_delimiter(user.ptr[SRS_HASH]))
			return -1;
		return snprintf(text, room, "%.*s",
		    STR_ARG(srs_skip(user, SRS_HASH + 1)));
	}
	return snprintf(text, room, "%c%c=%.*s=%.*s",
	    srs_digits[srs->today / 32 % 32], srs_digits[srs->today % 32],
	    STR_ARG(sender.domain), STR_ARG(user));
}

bool
srs_encode(const struct srs *srs, struct mailaddr sender, struct str domain,
    struct srs_address *address_r)
{
	char user[SRS_TEXT_MAX + 1], prefix[SRS_PREFIX + SRS_HASH + 2];
	char hash[SRS_HASH + 1];
	struct str text = { user, 0 };
	int len;

	if (srs->key.len == 0 || sender.domain.len == 0 || domain.len == 0)
		return false;
	len = srs_compose(srs, sender, user, sizeof(user));
	if (len <= 0 || (size_t)len >= sizeof(user))
		return false;
	text.len = (uint32_t)len;
	if (!srs_hash(srs->key, text, domain, hash))
		return false;
	snprintf(prefix, sizeof(prefix),
	    "SRS%c=%s=", srs_is_signed(sender) ? '1' : '0', hash);
	return srs_write(address_r, prefix, text, domain);
}
