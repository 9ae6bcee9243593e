/*
 * Opening a blob: the header, the table of sections and the identity are
 * looked at here, all else by blob_verify.
 */
#include "runtime/ruleset/blob.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/ruleset/blob_private.h"

bool
blob_is_blob(const void *data, size_t size)
{
	return size >= BLOB_MAGIC_SIZE &&
	    memcmp(data, BLOB_MAGIC, BLOB_MAGIC_SIZE) == 0;
}

int
blob_bad(struct blob *blob, enum blob_section_id id, uint32_t record)
{
	blob->bad_section = id;
	blob->bad_record = record;
	return BLOB_EFORMAT;
}

/* Sizes. */

static int
blob_open_sizes(struct blob *blob)
{
	if (blob->size < BLOB_AT_TABLE)
		return BLOB_ESIZE;
	blob->version = blob_get16(blob->data + BLOB_AT_VERSION);
	blob->public_size = blob_get32(blob->data + BLOB_AT_PUBLIC);
	blob->total_size = blob_get32(blob->data + BLOB_AT_TOTAL);
	blob->has_secrets = blob->size == blob->total_size;
	if (blob_get16(blob->data + BLOB_AT_LEAST) > BLOB_VERSION)
		return BLOB_ENEWER;
	if (blob->version < BLOB_OLDEST)
		return BLOB_EOLDER;
	if (blob->public_size < BLOB_AT_TABLE ||
	    blob->public_size > blob->total_size ||
	    (blob->size != blob->total_size && blob->size != blob->public_size))
		return BLOB_ESIZE;
	return BLOB_OK;
}

/* Identity. */

static bool
blob_digest_is(const unsigned char *from, size_t size,
    const unsigned char *expected)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	return EVP_Digest(from, size, digest, NULL, EVP_sha256(), NULL) == 1 &&
	    memcmp(digest, expected, BLOB_IDENTITY_SIZE) == 0;
}

static int
blob_open_identity(const struct blob *blob)
{
	const unsigned char *data = blob->data;

	if (!blob_digest_is(data + BLOB_AT_VERSION,
		blob->public_size - BLOB_AT_VERSION, data + BLOB_AT_IDENTITY))
		return BLOB_EDIGEST;
	if (blob->has_secrets && blob->total_size > blob->public_size &&
	    !blob_digest_is(data + blob->public_size,
		blob->total_size - blob->public_size,
		data + BLOB_AT_SECRETS_DIGEST))
		return BLOB_EDIGEST;
	return BLOB_OK;
}

/* Sections. */

static bool
blob_is_zero(const unsigned char *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (from[i] != 0)
			return false;
	return true;
}

/* One section, behind the one before it, which ends at *end_r. */
static bool
blob_open_section(struct blob *blob, uint32_t n, bool is_last, uint64_t *end_r)
{
	const unsigned char *at = blob->data + BLOB_AT_TABLE +
	    (size_t)n * BLOB_SECTION_SIZE;
	uint32_t id = blob_get32(at), place = blob_get32(at + 8);
	struct blob_section section = { blob->data + place, blob_get32(at + 4),
		blob_get32(at + 12) };
	uint64_t size = (uint64_t)section.stride * section.count;
	uint64_t begin = blob_section_begin(id, size, *end_r);

	if (place != begin || begin + size > blob->total_size ||
	    (id == BLOB_SECRETS) != is_last ||
	    (is_last ? blob->public_size != begin :
		       begin + size > blob->public_size) ||
	    !blob_is_zero(blob->data + *end_r, begin - *end_r))
		return false;
	*end_r = begin + size;
	if (id >= BLOB_SECTIONS)
		return blob->version > BLOB_VERSION;
	if (blob->sections[id].data != NULL ||
	    section.stride < blob_record_size((enum blob_section_id)id) ||
	    (section.stride > blob_record_size((enum blob_section_id)id) &&
		blob->version <= BLOB_VERSION))
		return false;
	blob->sections[id] = section;
	return true;
}

static int
blob_open_sections(struct blob *blob)
{
	uint32_t count = blob_get32(blob->data + BLOB_AT_SECTIONS);
	uint64_t end = BLOB_AT_TABLE + (uint64_t)count * BLOB_SECTION_SIZE;

	if (count < BLOB_SECTIONS || end > blob->public_size)
		return blob_bad(blob, BLOB_STRINGS, 0);
	for (uint32_t i = 0; i < count; i++)
		if (!blob_open_section(blob, i, i + 1 == count, &end))
			return blob_bad(blob,
			    i < BLOB_SECTIONS ? (enum blob_section_id)i :
						BLOB_SECRETS,
			    0);
	for (unsigned id = 0; id < BLOB_SECTIONS; id++)
		if (blob->sections[id].data == NULL)
			return blob_bad(blob, (enum blob_section_id)id, 0);
	if (end != blob->total_size)
		return BLOB_ESIZE;
	return BLOB_OK;
}

static int
blob_open_target(struct blob *blob)
{
	const unsigned char *data = blob->data;

	blob->target = (struct target){
		.dialect = (enum dialect)data[BLOB_AT_DIALECT],
		.version = blob_get16(data + BLOB_AT_TARGET),
	};
	if (data[BLOB_AT_DIALECT] > DIALECT_MODERN ||
	    data[BLOB_AT_DIALECT + 1] != 0 ||
	    blob_get32(data + BLOB_AT_ZERO) != 0)
		return blob_bad(blob, BLOB_SETTINGS, 0);
	return BLOB_OK;
}

/* What is asked for every envelope is kept as it is used. */
static void
blob_open_settings(struct blob *blob)
{
	struct ir_settings settings;

	blob_settings(blob, &settings);
	blob->delimiter = settings.delimiter;
	for (uint32_t i = 0; i < blob_count(blob, BLOB_LEVELS); i++)
		blob_read(blob, BLOB_LEVELS, i, &blob->levels[i]);
}

int
blob_open(struct blob *blob, const void *data, size_t size, unsigned flags)
{
	int error;

	*blob = (struct blob){ .data = data, .size = size };
	if (!blob_is_blob(data, size))
		return BLOB_EMAGIC;
	error = blob_open_sizes(blob);
	if (error == BLOB_OK && (flags & BLOB_IS_INTACT) == 0)
		error = blob_open_identity(blob);
	if (error == BLOB_OK)
		error = blob_open_target(blob);
	if (error == BLOB_OK)
		error = blob_open_sections(blob);
	if (error == BLOB_OK)
		error = blob_verify(blob);
	if (error == BLOB_OK)
		blob_open_settings(blob);
	return error;
}

/* Files. */

/* What of the file is to be mapped, once it is known to be one. */
static int
blob_map_size(int fd, bool without_secrets, size_t *size_r)
{
	unsigned char head[BLOB_AT_TABLE];
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) != 0)
		return BLOB_EREAD;
	if (!S_ISREG(st.st_mode) || st.st_size > UINT32_MAX) {
		errno = EINVAL;
		return BLOB_EREAD;
	}
	got = pread(fd, head, sizeof(head), 0);
	if (got < 0)
		return BLOB_EREAD;
	if (!blob_is_blob(head, (size_t)got))
		return BLOB_EMAGIC;
	*size_r = (size_t)st.st_size;
	if (got < (ssize_t)sizeof(head))
		return BLOB_ESIZE;
	if (without_secrets && blob_get32(head + BLOB_AT_PUBLIC) < *size_r)
		*size_r = blob_get32(head + BLOB_AT_PUBLIC);
	return *size_r < sizeof(head) ? BLOB_ESIZE : BLOB_OK;
}

int
blob_map(struct blob *blob, int fd, bool without_secrets, unsigned flags)
{
	size_t size;
	void *data;
	int error = blob_map_size(fd, without_secrets, &size);

	*blob = (struct blob){ .data = NULL };
	if (error != BLOB_OK)
		return error;
	data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return BLOB_EREAD;
	error = blob_open(blob, data, size, flags);
	if (error != BLOB_OK)
		munmap(data, size);
	return error;
}

void
blob_unmap(struct blob *blob)
{
	union {
		const void *in;
		void *out;
	} data = { blob->data };

	munmap(data.out, blob->size);
	blob->data = NULL;
}

/* Answers. */

const unsigned char *
blob_identity(const struct blob *blob)
{
	return blob->data + BLOB_AT_IDENTITY;
}

const char *
blob_error_text(const struct blob *blob, int error, char *buf, size_t size)
{
	switch ((enum blob_error)error) {
	case BLOB_OK:
		return "all is well";
	case BLOB_EMAGIC:
		return "not a compiled ruleset";
	case BLOB_ENEWER:
		snprintf(buf, size,
		    "compiled for programs newer than this one, which reads "
		    "version %d; compile it again with this release's "
		    "smtpd-compile",
		    BLOB_VERSION);
		return buf;
	case BLOB_EOLDER:
		snprintf(buf, size,
		    "of version %u, which is no longer read; compile it again",
		    blob->version);
		return buf;
	case BLOB_ESIZE:
		return "not of the size that it says it has; compile it again";
	case BLOB_EDIGEST:
		return "changed since it was written; compile it again";
	case BLOB_EFORMAT:
		snprintf(buf, size,
		    "damaged: record %u of section \"%s\" is not sound; "
		    "compile it again",
		    blob->bad_record, blob_section_word(blob->bad_section));
		return buf;
	case BLOB_EREAD:
		break;
	}
	return strerror(errno);
}
