/*
 * Sections of a blob.
 */
#include "compiler/dump_sections.h"

static void
dump_sections_tables(FILE *out, const struct blob *blob)
{
	for (uint32_t i = 0; i < blob_table_count(blob); i++) {
		struct str digest = blob_table_digest(blob, i);
		struct ir_table table;

		if (digest.len == 0)
			continue;
		blob_table(blob, i, &table);
		fprintf(out, "embedded    %.*s  sha256 %.*s\n",
		    STR_ARG(table.config), STR_ARG(digest));
	}
}

void
dump_sections_print(FILE *out, const struct blob *blob)
{
	const unsigned char *identity = blob_identity(blob);

	fprintf(out, "version     %u\ntarget      %s\nsize        %zu\n",
	    blob->version, target_name(blob->target.version), blob->size);
	fputs("identity    ", out);
	for (unsigned i = 0; i < BLOB_IDENTITY_SIZE; i++)
		fprintf(out, "%02x", identity[i]);
	fputs("\n", out);
	dump_sections_tables(out, blob);
	fprintf(out, "\n%-14s %10s %8s %12s\n", "section", "records", "size",
	    "bytes");
	for (unsigned id = 0; id < BLOB_SECTIONS; id++) {
		const struct blob_section *section = &blob->sections[id];

		fprintf(out, "%-14s %10u %8u %12zu\n",
		    blob_section_word((enum blob_section_id)id), section->count,
		    section->stride, (size_t)section->count * section->stride);
	}
}
