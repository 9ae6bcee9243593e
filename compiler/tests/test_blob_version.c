/*
 * Blobs of other releases: a newer one that says that it may be read decides
 * as this one's; one that says that it may not, and what no release writes,
 * is refused.
 */
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "compiler/blob_write.h"
#include "compiler/tests/ir_env.h"
#include "runtime/ruleset/blob_private.h"
#include "runtime/ruleset/fuzz/exercise.h"

enum {
	NEW_SECTION = BLOB_SECTIONS + 7, /* a number that nobody knows */
	NEW_SECTION_SIZE = 123,
	NEW_FIELD = 5, /* bytes behind each record */
};

static const char config[] =
    "table nets { 192.0.2.0/24, 10.0.0.0/8, 2001:db8::/32 }\n"
    "table creds { 'relay' = 'bob:sekrit' }\n"
    "table list { a.example, '*.b.example', '*x*.example', bob, c, d, e, f,\n"
    "    '@a.example' }\n"
    "listen on 192.0.2.1 tag EXT\n"
    "action in mbox\n"
    "action out relay host smtp+tls://relay@mx.example auth <creds>\n"
    "match from src <nets> for domain <list> action in\n"
    "match from any mail-from <list> for domain a.example reject\n"
    "match tag EXT from any helo '*.b.example' for any action out\n"
    "match auth <list> from any for any action out\n"
    "match from any for any action in\n";

static struct ir_env env;
static struct blob_image image;

static void
test_init(void)
{
	const char *why;

	ir_env_init(&env);
	ir_env_compile(&env, NULL, config);
	cr_assert(blob_write(&env.bind, "test.conf", &image, &why), "%s", why);
	cr_assert(image.has_secrets);
}

static void
test_fini(void)
{
	blob_image_fini(&image);
	ir_env_fini(&env);
}

TestSuite(blob_version, .init = test_init, .fini = test_fini);

/* Writing. */

static void
put(unsigned char *at, uint32_t number, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (unsigned char)(number >> 8 * i);
}

static void
seal(unsigned char *data)
{
	uint32_t public = blob_get32(data + BLOB_AT_PUBLIC);
	uint32_t total = blob_get32(data + BLOB_AT_TOTAL);

	cr_assert_eq(EVP_Digest(data + public, total - public,
			 data + BLOB_AT_SECRETS_DIGEST, NULL, EVP_sha256(),
			 NULL),
	    1);
	cr_assert_eq(EVP_Digest(data + BLOB_AT_VERSION,
			 public - BLOB_AT_VERSION, data + BLOB_AT_IDENTITY,
			 NULL, EVP_sha256(), NULL),
	    1);
}

static void
set_versions(unsigned char *data, unsigned version, unsigned least)
{
	put(data + BLOB_AT_VERSION, version, 2);
	put(data + BLOB_AT_LEAST, least, 2);
}

/* What a newer release writes of the same config. */
struct newer {
	unsigned char *data;
	uint64_t end;    /* of what was written */
	uint32_t count;  /* sections so far */
	unsigned longer; /* bytes that each record has more */
};

static void
newer_add(struct newer *newer, uint32_t id, const unsigned char *from,
    uint32_t stride, uint32_t count)
{
	unsigned longer = id == BLOB_STRINGS || id == BLOB_SECRETS ?
	    0 :
	    newer->longer;
	uint64_t place = blob_section_begin(id, (uint64_t)stride * count,
	    newer->end);
	unsigned char *at = newer->data + BLOB_AT_TABLE +
	    (size_t)newer->count++ * BLOB_SECTION_SIZE;

	put(at, id, 4);
	put(at + 4, stride + longer, 4);
	put(at + 8, (uint32_t)place, 4);
	put(at + 12, count, 4);
	if (id == BLOB_SECRETS)
		put(newer->data + BLOB_AT_PUBLIC, (uint32_t)place, 4);
	for (uint32_t i = 0; i < count; i++) {
		at = newer->data + place + (size_t)i * (stride + longer);
		memcpy(at, from + (size_t)i * stride, stride);
		memset(at + stride, 0xa5, longer);
	}
	newer->end = place + (uint64_t)(stride + longer) * count;
}

/* longer: of each record; with a section of its own. Freed by the caller. */
static unsigned char *
newer_make(unsigned longer, bool has_section, size_t *size_r)
{
	static const unsigned char section[NEW_SECTION_SIZE] = { 1, 2, 3 };
	uint32_t count = BLOB_SECTIONS + (has_section ? 1 : 0);
	struct newer newer = { .longer = longer };

	newer.data = calloc(1, 4 * image.size + BLOB_PAGE);
	cr_assert_not_null(newer.data);
	memcpy(newer.data, image.data, BLOB_AT_TABLE);
	newer.end = BLOB_AT_TABLE + (uint64_t)count * BLOB_SECTION_SIZE;
	for (uint32_t i = 0; i < BLOB_SECTIONS; i++) {
		const unsigned char *at = image.data + BLOB_AT_TABLE +
		    (size_t)i * BLOB_SECTION_SIZE;

		if (blob_get32(at) == BLOB_SECRETS && has_section)
			newer_add(&newer, NEW_SECTION, section,
			    NEW_SECTION_SIZE, 1);
		newer_add(&newer, blob_get32(at),
		    image.data + blob_get32(at + 8), blob_get32(at + 4),
		    blob_get32(at + 12));
	}
	put(newer.data + BLOB_AT_SECTIONS, count, 4);
	put(newer.data + BLOB_AT_TOTAL, (uint32_t)newer.end, 4);
	*size_r = newer.end;
	return newer.data;
}

/* Reading. */

static void
expect_as_ours(unsigned char *data, size_t size)
{
	char buf[BLOB_ERROR_SIZE];
	struct blob ours, blob;
	int error;

	seal(data);
	cr_assert_eq(blob_open(&ours, image.data, image.size, 0), BLOB_OK);
	error = blob_open(&blob, data, size, 0);
	cr_assert_eq(error, BLOB_OK, "%s",
	    blob_error_text(&blob, error, buf, sizeof(buf)));
	cr_expect_eq(exercise_blob(&blob), exercise_blob(&ours));
}

static void
expect_refused(unsigned char *data, size_t size, int expected,
    const char *wanted)
{
	char buf[BLOB_ERROR_SIZE];
	struct blob blob;
	const char *text;
	int error;

	seal(data);
	error = blob_open(&blob, data, size, 0);
	text = blob_error_text(&blob, error, buf, sizeof(buf));
	cr_expect_eq(error, expected, "%s", text);
	cr_expect_not_null(strstr(text, wanted), "%s", text);
}

Test(blob_version, newer_with_more_in_it)
{
	static const struct {
		unsigned longer;
		bool has_section;
	} kinds[] = { { 0, true }, { NEW_FIELD, false }, { NEW_FIELD, true } };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t size;
		unsigned char *data = newer_make(kinds[i].longer,
		    kinds[i].has_section, &size);

		set_versions(data, BLOB_VERSION + 1, BLOB_VERSION);
		expect_as_ours(data, size);
		free(data);
	}
}

/* The version says what may be in it. */
Test(blob_version, ours_with_more_in_it)
{
	size_t size;
	unsigned char *data = newer_make(0, true, &size);

	expect_refused(data, size, BLOB_EFORMAT, "damaged");
	free(data);
	data = newer_make(NEW_FIELD, false, &size);
	expect_refused(data, size, BLOB_EFORMAT, "damaged");
	free(data);
}

Test(blob_version, newer_that_may_not_be_read)
{
	char wanted[64];

	set_versions(image.data, BLOB_VERSION + 1, BLOB_VERSION + 1);
	snprintf(wanted, sizeof(wanted),
	    "newer than this one, which reads version %d", BLOB_VERSION);
	expect_refused(image.data, image.size, BLOB_ENEWER, wanted);
	set_versions(image.data, UINT16_MAX, UINT16_MAX);
	expect_refused(image.data, image.size, BLOB_ENEWER, wanted);
}

Test(blob_version, older_than_what_is_read)
{
	set_versions(image.data, BLOB_OLDEST - 1, BLOB_OLDEST - 1);
	expect_refused(image.data, image.size, BLOB_EOLDER, "no longer read");
}
