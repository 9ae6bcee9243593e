/*
 * Spools that OpenSMTPD wrote: 7.8, and 6.0.3 for what lies there compressed
 * and encrypted.
 */
#include "runtime/queue/store.h"

#include <criterion/criterion.h>
#include <unistd.h>

static struct store *
test_open(const char *spool, const struct codec *codec)
{
	struct store_fs_options options = {
		.spool = spool, .sys = &sys_real, .codec = codec
	};
	char error[STORE_ERROR_SIZE];
	struct store *store = store_fs_open_readonly(&options, error);

	cr_assert_not_null(store, "%s", error);
	return store;
}

/* Reads all; what is of version 3 must be written as it was. */
static unsigned
test_walk(struct store *store)
{
	struct store_found found;
	unsigned count = 0;
	int status;

	while ((status = store->ops->walk(store, &found)) == 1) {
		char again[ENVELOPE_TEXT_MAX];
		struct envelope envelope;
		struct str field;
		size_t len;

		count++;
		cr_expect_eq(found.error, 0, "%016llx: %s",
		    (unsigned long long)found.evpid, strerror(-found.error));
		cr_assert_eq(envelope_read(found.text, &envelope, &field),
		    ENVELOPE_OK, "%016llx: %.*s",
		    (unsigned long long)found.evpid, STR_ARG(field));
		if (envelope.version != ENVELOPE_VERSION)
			continue;
		len = envelope_write(&envelope, again, sizeof(again));
		cr_expect(str_eq((struct str){ again, (uint32_t)len },
			      found.text),
		    "%.*s\n%.*s", STR_ARG(found.text), (int)len, again);
	}
	cr_expect_eq(status, 0);
	return count;
}

static const struct {
	const char *spool;
	unsigned envelopes;
} test_spools[] = {
	{ "fixtures/queue/pristine", 30 },
	{ "fixtures/queue/attempted", 43 },
	{ "fixtures/queue/bounces", 4 },
};

Test(spool, rewrites_every_envelope_as_it_was)
{
	static const struct codec plain;

	for (size_t i = 0; i < sizeof(test_spools) / sizeof(test_spools[0]);
	     i++) {
		struct store *store = test_open(test_spools[i].spool, &plain);

		cr_expect_eq(test_walk(store), test_spools[i].envelopes);
		store->ops->close(store);
	}
}

static void
test_message(const char *spool, const struct codec *codec, uint32_t msgid)
{
	struct store *store = test_open(spool, codec);
	int fd = store->ops->open_message(store, msgid);
	char buf[4096];
	ssize_t len;

	cr_assert_geq(fd, 0, "%s", strerror(-fd));
	len = sys_real.read(fd, buf, sizeof(buf));
	cr_assert_gt(len, 10);
	cr_expect_eq(memcmp(buf, "Received: ", 10), 0);
	close(fd);
	cr_expect_eq(test_walk(store), 2);
	store->ops->close(store);
}

Test(spool, decompresses)
{
	static const struct codec plain;

	test_message("fixtures/queue/compressed", &plain, 0x010d9804);
}

Test(spool, decrypts)
{
	static const struct codec codec = { .has_key = true,
		.key = "0123456789abcdef0123456789abcdef" };

	test_message("fixtures/queue/encrypted", &codec, 0x208c1072);
}
