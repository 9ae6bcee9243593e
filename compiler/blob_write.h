/*
 * Writing blobs: an IR and its tables as the bytes that runtime/ruleset/blob
 * reads. Each function of the writer has its mirror in the reader. The same
 * config gives the same bytes, wherever and whenever it is compiled. Writes
 * into memory; blob_file.h puts that on the disk.
 */
#ifndef COMPILER_BLOB_WRITE_H
#define COMPILER_BLOB_WRITE_H

#include "compiler/bind.h"

struct blob_image {
	unsigned char *data; /* from malloc */
	size_t size;
	bool has_secrets;
};

/*
 * The bind must be fresh, and bound with leaves_files unless table files are
 * to be embedded. False where it cannot be: why, in the compilation's arena.
 */
bool blob_write(struct bind *bind, const char *main_path,
    struct blob_image *image_r, const char **why_r);
void blob_image_fini(struct blob_image *image);

#endif
