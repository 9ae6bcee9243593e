/*
 * Compression and encryption of queue files: round trips, and everything
 * that must not be taken.
 */
#include "runtime/queue/codec.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TEST_BIG = 200 * 1000 };

static const struct codec test_codecs[] = {
	{ .compresses = true },
	{ .has_key = true, .key = "0123456789abcdef0123456789abcdef" },
	{ .compresses = true,
	    .has_key = true,
	    .key = "0123456789abcdef0123456789abcdef" },
};

enum { TEST_CODECS = sizeof(test_codecs) / sizeof(test_codecs[0]) };

static const struct codec test_plain;

/* Neither compressible nor constant. */
static void
test_fill(uint8_t *data, size_t len)
{
	uint32_t x = 2463534242;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		data[i] = (uint8_t)(i < 2 ? 'a' : x >> (i / 1000 % 8));
	}
}

static int
test_file(const void *data, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	cr_assert_geq(fd, 0);
	cr_assert_eq(sys_real.write(fd, data, len), (ssize_t)len);
	cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void
test_round(const struct codec *codec, size_t len)
{
	uint8_t *data = malloc(len + 1), *again = malloc(len + 1);
	int in, packed = test_file("", 0), out = test_file("", 0);

	test_fill(data, len);
	in = test_file(data, len);
	cr_expect_eq(codec_pack_file(codec, &sys_real, in, packed), 0);
	cr_assert_eq(lseek(packed, 0, SEEK_SET), 0);
	cr_expect_eq(codec_unpack_file(codec, &sys_real, packed, out), 0,
	    "%zu bytes", len);
	cr_assert_eq(lseek(out, 0, SEEK_SET), 0);
	cr_expect_eq(sys_real.read(out, again, len + 1), (ssize_t)len);
	cr_expect_eq(memcmp(data, again, len), 0);
	close(in);
	close(packed);
	close(out);
	free(data);
	free(again);
}

Test(codec, keeps_files)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 15, 16, 17, 31, 32, 33,
		1000, 65523, 65535, 65536, 65537, 131072, TEST_BIG };

	for (size_t i = 0; i < TEST_CODECS; i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			test_round(&test_codecs[i], sizes[j]);
}

static size_t
test_pack(const struct codec *codec, const char *text, uint8_t *buf,
    size_t room)
{
	size_t len;

	cr_assert_eq(codec_pack(codec, text, strlen(text), buf, room, &len), 0);
	return len;
}

Test(codec, keeps_texts)
{
	static const char text[] = "version: 3\nhelo: x\n";

	for (size_t i = 0; i < TEST_CODECS; i++) {
		uint8_t packed[256], out[256];
		size_t len = test_pack(&test_codecs[i], text, packed, 256);

		cr_expect_leq(len, sizeof(text) + CODEC_OVERHEAD);
		cr_expect_eq(codec_unpack(&test_codecs[i], packed, len, out,
				 sizeof(out), &len),
		    0);
		cr_expect_eq(len, sizeof(text) - 1);
		cr_expect_eq(memcmp(out, text, len), 0);
	}
}

Test(codec, takes_nothing_that_was_cut_or_changed)
{
	static const char text[] = "version: 3\nhelo: some text or other\n";

	for (size_t i = 0; i < TEST_CODECS; i++) {
		uint8_t packed[256], out[256];
		size_t len = test_pack(&test_codecs[i], text, packed, 256);
		size_t done;

		/* The first bytes tell what it is: without, it is plain. */
		for (size_t n = 2; n < len; n++)
			cr_expect_eq(codec_unpack(&test_codecs[i], packed, n,
					 out, sizeof(out), &done),
			    -EBADMSG, "codec %zu, %zu bytes", i, n);
		if (!test_codecs[i].has_key)
			continue;
		for (size_t n = 1; n < len; n++) {
			packed[n] ^= 1;
			cr_expect_eq(codec_unpack(&test_codecs[i], packed, len,
					 out, sizeof(out), &done),
			    -EBADMSG, "codec %zu, byte %zu", i, n);
			packed[n] ^= 1;
		}
	}
}

Test(codec, takes_nothing_behind_the_end)
{
	uint8_t packed[256], out[256];
	size_t len = test_pack(&test_codecs[0], "some text", packed, 256);

	packed[len] = 'x';
	cr_expect_eq(codec_unpack(&test_codecs[0], packed, len + 1, out,
			 sizeof(out), &len),
	    -EBADMSG);
}

Test(codec, knows_what_lies_there)
{
	uint8_t packed[256], out[256];
	size_t len;

	/* Plain and compressed are told apart. */
	len = test_pack(&test_codecs[0], "some text", packed, 256);
	cr_expect_eq(codec_unpack(&test_plain, packed, len, out, sizeof(out),
			 &len),
	    0);
	cr_expect_eq(len, 9);
	cr_expect_eq(codec_unpack(&test_codecs[0], "plain", 5, out, sizeof(out),
			 &len),
	    0);
	cr_expect_eq(len, 5);

	/* A key is not optional. */
	len = test_pack(&test_codecs[1], "some text", packed, 256);
	cr_expect_eq(codec_unpack(&test_plain, packed, len, out, sizeof(out),
			 &len),
	    -ENOKEY);
	cr_expect_eq(codec_unpack(&test_codecs[1], "plain", 5, out, sizeof(out),
			 &len),
	    -EPERM);
}

Test(codec, needs_the_key)
{
	struct codec other = test_codecs[1];
	uint8_t packed[256], out[256];
	size_t len = test_pack(&test_codecs[1], "some text", packed, 256);

	other.key[31] ^= 1;
	cr_expect_eq(codec_unpack(&other, packed, len, out, sizeof(out), &len),
	    -EBADMSG);
}

Test(codec, stays_in_its_room)
{
	uint8_t buf[64];
	size_t len;

	cr_expect_eq(codec_pack(&test_codecs[1], "0123456789", 10, buf, 38,
			 &len),
	    -EMSGSIZE);
	cr_expect_eq(codec_pack(&test_codecs[1], "0123456789", 10, buf, 39,
			 &len),
	    0);
	cr_expect_eq(codec_unpack(&test_codecs[1], buf, 39, buf, 9, &len),
	    -EMSGSIZE);
}
