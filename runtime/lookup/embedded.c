/*
 * Compares digests. The file is read as the compiler read it.
 */
#include "runtime/lookup/embedded.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "runtime/base/rootdir.h"
#include "runtime/lookup/dyntable.h"

/* Of which the ruleset records the digest: in hexadecimal digits. */
static bool
embedded_text_has_digest(const struct rootdir_text *text, struct str recorded)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned int size = 0;

	if (EVP_Digest(text->text, text->len, digest, &size, EVP_sha256(),
		NULL) != 1)
		return false;
	for (unsigned i = 0; i < size; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", digest[i]);
	return str_eq(str_from(hex), recorded);
}

bool
embedded_is_stale(const struct blob *blob, uint32_t table)
{
	struct str recorded = blob_table_digest(blob, table);
	struct rootdir_text text;
	struct ir_table source;
	struct rootdir root;
	bool is_stale;

	if (recorded.len == 0)
		return false;
	blob_table(blob, table, &source);
	rootdir_init(&root, NULL);
	if (rootdir_read_file(&root, source.config.ptr, DYNTABLE_FILE_MAX,
		&text) != 0)
		return false;
	is_stale = !embedded_text_has_digest(&text, recorded);
	rootdir_text_fini(&text);
	return is_stale;
}
