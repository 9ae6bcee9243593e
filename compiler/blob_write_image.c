/*
 * The sections as one image: the header, the table of sections, and what
 * tells whether all is as it was written. The mirror of blob.c.
 */
#include <openssl/evp.h>
#include <stdlib.h>

#include "compiler/blob_write_private.h"

struct blob_layout {
	uint64_t places[BLOB_SECTIONS];
	uint64_t public_size;
	uint64_t total;
};

static void
blob_lay_out(const struct blob_writer *writer, struct blob_layout *layout)
{
	uint64_t at = BLOB_AT_TABLE + BLOB_SECTIONS * BLOB_SECTION_SIZE;

	for (unsigned id = 0; id < BLOB_SECTIONS; id++) {
		size_t size = writer->sections[id].size;

		at = blob_section_begin(id, size, at);
		layout->places[id] = at;
		at += size;
	}
	layout->public_size = layout->places[BLOB_SECRETS];
	layout->total = at;
}

static uint32_t
blob_section_count(const struct blob_writer *writer, enum blob_section_id id)
{
	return id == BLOB_STRINGS || id == BLOB_SECRETS ?
	    (uint32_t)writer->sections[id].size :
	    writer->counts[id];
}

static void
blob_image_sections(const struct blob_writer *writer,
    const struct blob_layout *layout, unsigned char *data)
{
	unsigned char *at = data + BLOB_AT_TABLE;

	for (unsigned id = 0; id < BLOB_SECTIONS; id++) {
		const struct blob_bytes *bytes = &writer->sections[id];
		uint32_t stride = blob_record_size((enum blob_section_id)id);
		uint32_t count = blob_section_count(writer,
		    (enum blob_section_id)id);

		assert((uint64_t)stride * count == bytes->size);
		blob_set32(at, id);
		blob_set32(at + 4, stride);
		blob_set32(at + 8, (uint32_t)layout->places[id]);
		blob_set32(at + 12, count);
		at += BLOB_SECTION_SIZE;
		if (bytes->size > 0)
			memcpy(data + layout->places[id], bytes->data,
			    bytes->size);
	}
}

static void
blob_image_digest(unsigned char *to, const unsigned char *from, size_t size)
{
	if (EVP_Digest(from, size, to, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

static void
blob_image_header(const struct blob_writer *writer,
    const struct blob_layout *layout, unsigned char *data)
{
	const struct target *target = &writer->ir->target;

	memcpy(data, BLOB_MAGIC, BLOB_MAGIC_SIZE);
	blob_set16(data + BLOB_AT_VERSION, BLOB_VERSION);
	blob_set16(data + BLOB_AT_LEAST, BLOB_VERSION);
	blob_set32(data + BLOB_AT_SECTIONS, BLOB_SECTIONS);
	blob_set32(data + BLOB_AT_PUBLIC, (uint32_t)layout->public_size);
	blob_set32(data + BLOB_AT_TOTAL, (uint32_t)layout->total);
	data[BLOB_AT_DIALECT] = (unsigned char)target->dialect;
	blob_set16(data + BLOB_AT_TARGET, target->version);
	if (layout->total > layout->public_size)
		blob_image_digest(data + BLOB_AT_SECRETS_DIGEST,
		    data + layout->public_size,
		    layout->total - layout->public_size);
	blob_image_digest(data + BLOB_AT_IDENTITY, data + BLOB_AT_VERSION,
	    layout->public_size - BLOB_AT_VERSION);
}

void
blob_image_make(struct blob_writer *writer, struct blob_image *image_r)
{
	struct blob_layout layout;

	blob_lay_out(writer, &layout);
	if (layout.total > UINT32_MAX) {
		writer->why = "it is larger than 4 GB";
		return;
	}
	image_r->size = layout.total;
	image_r->data = blob_write_alloc(layout.total);
	image_r->has_secrets = layout.total > layout.public_size;
	blob_image_sections(writer, &layout, image_r->data);
	blob_image_header(writer, &layout, image_r->data);
}

void
blob_image_fini(struct blob_image *image)
{
	if (image->data != NULL)
		OPENSSL_cleanse(image->data, image->size);
	free(image->data);
	image->data = NULL;
}
