/*
 * Any bytes as a blob: refused, or used without a fault. The digest is not
 * compared, so that changes reach the verifier; a size that does not fit is
 * made to fit, half of the time with what is public alone.
 */
#include <stdlib.h>

#include "runtime/ruleset/blob_private.h"
#include "runtime/ruleset/fuzz/exercise.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_set32(unsigned char *at, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(number >> 8 * i);
}

static volatile unsigned fuzz_sum;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char *copy;
	struct blob blob;

	if (size < BLOB_AT_TABLE)
		return 0;
	copy = malloc(size);
	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	memcpy(copy, BLOB_MAGIC, BLOB_MAGIC_SIZE);
	if (blob_get32(copy + BLOB_AT_TOTAL) != size) {
		if (blob_get32(copy + BLOB_AT_TOTAL) ==
		    blob_get32(copy + BLOB_AT_PUBLIC))
			fuzz_set32(copy + BLOB_AT_PUBLIC, (uint32_t)size);
		fuzz_set32(copy + BLOB_AT_TOTAL, (uint32_t)size);
	}
	if (blob_open(&blob, copy, size, BLOB_IS_INTACT) == BLOB_OK)
		fuzz_sum += exercise_blob(&blob);
	free(copy);
	return 0;
}
