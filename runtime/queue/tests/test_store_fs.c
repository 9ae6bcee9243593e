/*
 * The back end of files: what it keeps, what it refuses, and what is left
 * when any of its system calls fails or is the last.
 */
#include "runtime/queue/store.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/queue/tests/faults.h"
#include "runtime/tests/scratch.h"

static char test_spool[64];
static const struct codec test_plain;
static const struct codec test_packed = {
	.compresses = true,
	.has_key = true,
	.key = "0123456789abcdef0123456789abcdef",
};

static const char test_body[] = "Received: from x\n\nhello\n";
static const char test_text[] = "version: 3\ntype: mda\n";

static void
test_make(void)
{
	snprintf(test_spool, sizeof(test_spool), "/tmp/test_store.XXXXXX");
	cr_assert_not_null(mkdtemp(test_spool));
}

static void
test_clean(void)
{
	scratch_delete(test_spool);
}

static struct store *
test_open_with(const struct sys *sys, const struct codec *codec)
{
	struct store_fs_options options = { test_spool, sys, codec, geteuid(),
		getegid() };
	char error[STORE_ERROR_SIZE] = "";
	struct store *store = store_fs_open(&options, error);

	cr_assert_not_null(store, "%s", error);
	return store;
}

static struct store *
test_open(void)
{
	return test_open_with(&sys_real, &test_plain);
}

static uint64_t
test_evpid(uint32_t msgid, uint32_t i)
{
	return (uint64_t)msgid << 32 | (i + 1);
}

/* Begins, writes and commits; the result, and the number. */
static int
test_commit(struct store *store, uint32_t count, uint32_t *msgid_r)
{
	struct store_envelope envelopes[3];
	struct store_message message = { .size = sizeof(test_body) - 1,
		.envelopes = envelopes,
		.envelope_count = count };
	int fd = store->ops->begin(store, msgid_r), error;

	if (fd < 0)
		return fd;
	cr_assert_eq(sys_real.write(fd, test_body, sizeof(test_body) - 1),
	    (ssize_t)sizeof(test_body) - 1);
	close(fd);
	message.msgid = *msgid_r;
	for (uint32_t i = 0; i < count; i++)
		envelopes[i] = (struct store_envelope){
			test_evpid(*msgid_r, i),
			STR_LIT(test_text),
		};
	error = store->ops->commit(store, &message);
	if (error != 0)
		store->ops->rollback(store, *msgid_r);
	return error;
}

/* How many sound envelopes a walk finds; -1 if there is anything else. */
static int
test_walk(struct store *store)
{
	struct store_found found;
	int count = 0, status;

	while ((status = store->ops->walk(store, &found)) == 1) {
		if (found.error != 0 || !str_is(found.text, test_text))
			return -1;
		count++;
	}
	return status == 0 ? count : -1;
}

static bool
test_has_body(struct store *store, uint32_t msgid)
{
	int fd = store->ops->open_message(store, msgid);
	char buf[64];
	ssize_t n;

	if (fd < 0)
		return false;
	n = sys_real.read(fd, buf, sizeof(buf));
	close(fd);
	return n == (ssize_t)sizeof(test_body) - 1 &&
	    memcmp(buf, test_body, (size_t)n) == 0;
}

/* Entries of a folder of the spool. */
static int
test_count(const char *folder)
{
	char path[256];
	int count = 0;
	DIR *list;

	snprintf(path, sizeof(path), "%s/%s", test_spool, folder);
	list = opendir(path);
	cr_assert_not_null(list, "%s", path);
	for (struct dirent *entry; (entry = readdir(list)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(list);
	return count;
}

static void
test_purge(struct store *store)
{
	int status;

	for (int i = 0; (status = store->ops->purge(store)) == 1; i++)
		cr_assert_lt(i, 100);
	cr_expect_eq(status, 0);
	cr_expect_eq(test_count("purge"), 0);
}

TestSuite(store_fs, .init = test_make, .fini = test_clean);

Test(store_fs, keeps_what_was_committed)
{
	const struct codec *codecs[] = { &test_plain, &test_packed };

	for (int i = 0; i < 2; i++) {
		struct store *store = test_open_with(&sys_real, codecs[i]);
		uint32_t msgid;

		cr_assert_eq(test_commit(store, 3, &msgid), 0);
		store->ops->close(store);
		store = test_open_with(&sys_real, codecs[i]);
		cr_expect_eq(test_walk(store), 3);
		cr_expect_eq(test_walk(store), 3);
		cr_expect(test_has_body(store, msgid));
		for (uint32_t j = 0; j < 3; j++)
			cr_expect_eq(store->ops->remove(store,
					 test_evpid(msgid, j), j == 2),
			    0);
		cr_expect_eq(test_walk(store), 0);
		cr_expect(!test_has_body(store, msgid));
		cr_expect_eq(test_count("temporary"), 0);
		cr_expect_eq(test_count("incoming"), 0);
		store->ops->close(store);
	}
}

Test(store_fs, has_the_layout)
{
	struct store *store = test_open();
	char path[256], text[64] = "";
	struct stat st;
	uint32_t msgid;
	FILE *file;

	cr_assert_eq(test_commit(store, 1, &msgid), 0);
	snprintf(path, sizeof(path), "%s/queue/%02x/%08x/message", test_spool,
	    msgid >> 24, msgid);
	cr_expect_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0600);
	snprintf(path, sizeof(path), "%s/queue/%02x/%08x/%08x00000001",
	    test_spool, msgid >> 24, msgid, msgid);
	file = fopen(path, "r");
	cr_assert_not_null(file);
	cr_expect_eq(fread(text, 1, sizeof(text), file), sizeof(test_text) - 1);
	cr_expect_str_eq(text, test_text);
	fclose(file);
	store->ops->close(store);
}

Test(store_fs, syncs_before_it_answers)
{
	struct store *store = test_open_with(&sys_faulty, &test_plain);

	for (uint32_t count = 1; count <= 3; count++) {
		char path[256];
		uint32_t msgid;

		faults_set(FAULTS_NONE, 0, 0);
		cr_assert_eq(test_commit(store, count, &msgid), 0);
		cr_expect(!faults_moved_dirty());
		snprintf(path, sizeof(path), "%s/queue", test_spool);
		cr_expect(!faults_is_dirty(AT_FDCWD, path));
		snprintf(path, sizeof(path), "%s/queue/%02x", test_spool,
		    msgid >> 24);
		cr_expect(!faults_is_dirty(AT_FDCWD, path));
		for (uint32_t i = 0; i < count; i++) {
			snprintf(path, sizeof(path),
			    "%s/queue/%02x/%08x/%016llx", test_spool,
			    msgid >> 24, msgid,
			    (unsigned long long)test_evpid(msgid, i));
			cr_expect(!faults_is_dirty(AT_FDCWD, path));
		}
	}
	store->ops->close(store);
}

/* All or nothing, whatever call fails; then nothing is in the way. */
static void
test_commit_failing(const struct codec *codec, uint32_t count, unsigned n,
    int error)
{
	struct store *store = test_open_with(&sys_faulty, codec);
	uint32_t msgid, other;
	int result;

	faults_set(FAULTS_FAIL, n, error);
	result = test_commit(store, count, &msgid);
	faults_set(FAULTS_NONE, 0, 0);
	cr_expect_eq(test_walk(store), result == 0 ? (int)count : 0,
	    "call %u: %s", n, strerror(-result));
	if (result == 0)
		cr_expect(test_has_body(store, msgid), "call %u", n);
	cr_expect_eq(test_commit(store, 1, &other), 0);
	store->ops->close(store);
	test_purge(store = test_open());
	store->ops->close(store);
	test_clean();
	cr_assert_eq(mkdir(test_spool, 0700), 0);
}

static unsigned
test_calls(const struct codec *codec, uint32_t count)
{
	struct store *store = test_open_with(&sys_faulty, codec);
	unsigned calls;
	uint32_t msgid;

	faults_set(FAULTS_NONE, 0, 0);
	cr_assert_eq(test_commit(store, count, &msgid), 0);
	calls = faults_count();
	store->ops->close(store);
	test_clean();
	cr_assert_eq(mkdir(test_spool, 0700), 0);
	return calls;
}

Test(store_fs, commits_all_or_nothing_when_a_call_fails)
{
	static const int errors[] = { ENOSPC, EIO };
	const struct codec *codecs[] = { &test_plain, &test_packed };

	for (int i = 0; i < 4; i++) {
		const struct codec *codec = codecs[i / 2];
		uint32_t count = i % 2 == 0 ? 1 : 3;
		unsigned calls = test_calls(codec, count);

		cr_assert_gt(calls, 12);
		for (unsigned n = 1; n <= calls; n++)
			test_commit_failing(codec, count, n, errors[i % 2]);
	}
}

/* Dies at a call; what is found by the next process is legal. */
static void
test_commit_crashing(const struct codec *codec, uint32_t count, unsigned n)
{
	struct store *store = test_open_with(&sys_faulty, codec);
	uint32_t msgid;
	int found;

	faults_set(FAULTS_CRASH, n, EIO);
	cr_expect_lt(test_commit(store, count, &msgid), 0);
	store->ops->close(store);
	faults_set(FAULTS_NONE, 0, 0);

	store = test_open_with(&sys_real, codec);
	found = test_walk(store);
	cr_expect(found == 0 || found == (int)count, "call %u: %d", n, found);
	if (found > 0)
		cr_expect(test_has_body(store, msgid), "call %u", n);
	cr_expect_eq(test_count("temporary"), 0);
	cr_expect_eq(test_count("incoming"), 0);
	test_purge(store);
	store->ops->close(store);
	test_clean();
	cr_assert_eq(mkdir(test_spool, 0700), 0);
}

Test(store_fs, recovers_from_a_crash_at_every_call)
{
	const struct codec *codecs[] = { &test_plain, &test_packed };

	for (int i = 0; i < 4; i++) {
		const struct codec *codec = codecs[i / 2];
		uint32_t count = i % 2 == 0 ? 1 : 3;
		unsigned calls = test_calls(codec, count);

		for (unsigned n = 1; n <= calls; n++)
			test_commit_crashing(codec, count, n);
	}
}

static int
test_update(struct store *store, uint64_t evpid, const char *text)
{
	struct store_envelope envelope = { evpid, str_from(text) };

	return store->ops->update(store, &envelope);
}

static bool
test_holds(struct store *store, uint64_t evpid, const char *text)
{
	char buf[ENVELOPE_TEXT_MAX];
	size_t len = 0;

	return store->ops->load(store, evpid, buf, &len) == 0 &&
	    str_is((struct str){ buf, (uint32_t)len }, text);
}

Test(store_fs, updates_an_envelope_or_leaves_it)
{
	static const enum faults_kind kinds[] = { FAULTS_FAIL, FAULTS_CRASH };

	for (unsigned i = 0; i < 2; i++) {
		struct store *store = test_open_with(&sys_faulty, &test_plain);
		uint32_t msgid;
		uint64_t evpid;

		faults_set(FAULTS_NONE, 0, 0);
		cr_assert_eq(test_commit(store, 1, &msgid), 0);
		evpid = test_evpid(msgid, 0);
		for (unsigned n = 1; n <= 4; n++) {
			faults_set(kinds[i], n, ENOSPC);
			cr_expect_lt(test_update(store, evpid, "retry: 1\n"),
			    0);
			faults_set(FAULTS_NONE, 0, 0);
			cr_expect(test_holds(store, evpid, test_text));
			if (kinds[i] == FAULTS_CRASH) {
				store->ops->close(store);
				store = test_open_with(&sys_faulty,
				    &test_plain);
			}
		}
		cr_expect_eq(test_update(store, evpid, "retry: 1\n"), 0);
		cr_expect(test_holds(store, evpid, "retry: 1\n"));
		cr_expect_eq(test_count("incoming"), 0);
		store->ops->close(store);
		test_clean();
		cr_assert_eq(mkdir(test_spool, 0700), 0);
	}
}

/* The last that its user knows of need not be the last. */
Test(store_fs, keeps_a_message_that_has_other_envelopes)
{
	struct store *store = test_open();
	uint32_t msgid;

	cr_assert_eq(test_commit(store, 2, &msgid), 0);
	cr_expect_eq(store->ops->remove(store, test_evpid(msgid, 0), true), 0);
	cr_expect(test_has_body(store, msgid));
	cr_expect_eq(test_walk(store), 1);
	cr_expect_eq(store->ops->remove(store, test_evpid(msgid, 1), true), 0);
	cr_expect(!test_has_body(store, msgid));
	store->ops->close(store);
}

Test(store_fs, removes_what_a_crash_left_of_a_removal)
{
	for (unsigned n = 1; n <= 4; n++) {
		struct store *store = test_open_with(&sys_faulty, &test_plain);
		uint32_t msgid;

		faults_set(FAULTS_NONE, 0, 0);
		cr_assert_eq(test_commit(store, 1, &msgid), 0);
		faults_set(FAULTS_CRASH, n, EIO);
		store->ops->remove(store, test_evpid(msgid, 0), true);
		store->ops->close(store);
		faults_set(FAULTS_NONE, 0, 0);
		/* Ticks of the clock that files have. */
		usleep(20000);
		store = test_open();
		cr_expect_eq(test_walk(store), n == 1);
		if (n == 1)
			cr_expect(test_has_body(store, msgid));
		else
			cr_expect(!test_has_body(store, msgid));
		test_purge(store);
		store->ops->close(store);
		test_clean();
		cr_assert_eq(mkdir(test_spool, 0700), 0);
	}
}

Test(store_fs, refuses_a_size_that_was_not_written)
{
	struct store_envelope envelope = { .text = STR_LIT(test_text) };
	struct store *store = test_open();
	struct store_message message = {
		.size = 1, .envelopes = &envelope, .envelope_count = 1
	};
	int fd = store->ops->begin(store, &message.msgid);

	cr_assert_geq(fd, 0);
	close(fd);
	envelope.evpid = test_evpid(message.msgid, 0);
	cr_expect_eq(store->ops->commit(store, &message), -EIO);
	store->ops->rollback(store, message.msgid);
	cr_expect_eq(test_walk(store), 0);
	store->ops->close(store);
}

Test(store_fs, rolls_back)
{
	struct store *store = test_open();
	uint32_t msgid;
	int fd = store->ops->begin(store, &msgid);

	cr_assert_geq(fd, 0);
	close(fd);
	cr_expect_eq(test_count("temporary") + test_count("incoming"), 2);
	store->ops->rollback(store, msgid);
	cr_expect_eq(test_count("temporary") + test_count("incoming"), 0);
	store->ops->close(store);
}

static void
test_put(const char *path, const char *text)
{
	char whole[256];
	int fd;

	snprintf(whole, sizeof(whole), "%s/%s", test_spool, path);
	if (text == NULL) {
		cr_assert_eq(mkdir(whole, 0700), 0, "%s", whole);
		return;
	}
	fd = open(whole, O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0, "%s", whole);
	sys_real.write(fd, text, strlen(text));
	close(fd);
}

Test(store_fs, passes_by_what_is_strange)
{
	struct store *store = test_open();
	char target[256];

	test_put("queue/zz", NULL);
	test_put("queue/0", NULL);
	test_put("queue/AA", NULL);
	test_put("queue/file", "x");
	test_put("queue/12", NULL);
	test_put("queue/12/34567890", NULL);
	test_put("queue/12/12345678", NULL);
	test_put("queue/12/12345678/1234567800000001", test_text);
	test_put("queue/12/12345678/1234567900000001", test_text);
	test_put("queue/12/12345678/1234567800000002.tmp", test_text);
	test_put("queue/12/12345678/message", test_body);
	test_put("queue/12/123456789", NULL);
	test_put("queue/34", "a file");
	snprintf(target, sizeof(target), "%s/queue/56", test_spool);
	cr_assert_eq(symlink("12", target), 0);
	cr_expect_eq(test_walk(store), 1);
	cr_expect(test_has_body(store, 0x12345678));
	store->ops->close(store);
}

Test(store_fs, tells_of_what_cannot_be_read)
{
	struct store *store = test_open();
	struct store_found found;
	char path[256];

	test_put("queue/12", NULL);
	test_put("queue/12/12345678", NULL);
	test_put("queue/12/12345678/1234567800000001", NULL);
	cr_assert_eq(store->ops->walk(store, &found), 1);
	cr_expect_eq(found.evpid, 0x1234567800000001);
	cr_expect_neq(found.error, 0);
	cr_expect_eq(store->ops->walk(store, &found), 0);
	snprintf(path, sizeof(path), "%s/queue/12/12345678/1234567800000001",
	    test_spool);
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(store->ops->walk(store, &found), 1);
	cr_expect_eq(found.error, -EINVAL);
	cr_expect_eq(store->ops->walk(store, &found), 0);
	store->ops->close(store);
}

Test(store_fs, loads_no_giant)
{
	struct store *store = test_open();
	char *giant = calloc(1, 2 * ENVELOPE_TEXT_MAX);
	struct store_found found;

	memset(giant, 'x', 2 * ENVELOPE_TEXT_MAX - 1);
	test_put("queue/12", NULL);
	test_put("queue/12/12345678", NULL);
	test_put("queue/12/12345678/1234567800000001", giant);
	cr_assert_eq(store->ops->walk(store, &found), 1);
	cr_expect_eq(found.error, -EFBIG);
	store->ops->close(store);
	free(giant);
}

Test(store_fs, purges_whatever_lies_there)
{
	struct store *store = test_open();
	char path[128] = "temporary/d";

	test_put(path, NULL);
	for (int i = 0; i < 10; i++) {
		strcat(path, "/d");
		test_put(path, NULL);
	}
	strcat(path, "/file");
	test_put(path, "x");
	test_put("incoming/file", "x");
	store->ops->close(store);
	store = test_open();
	cr_expect_eq(test_count("temporary") + test_count("incoming"), 0);
	test_purge(store);
	store->ops->close(store);
}

Test(store_fs, refuses_folders_open_to_others)
{
	struct store_fs_options options = { test_spool, &sys_real, &test_plain,
		geteuid(), getegid() };
	struct store *store = test_open();
	char error[STORE_ERROR_SIZE], path[256];

	store->ops->close(store);
	snprintf(path, sizeof(path), "%s/queue", test_spool);
	cr_assert_eq(chmod(path, 0750), 0);
	cr_expect_null(store_fs_open(&options, error));
	cr_expect_not_null(strstr(error, "queue must belong to user id"));
	cr_assert_eq(chmod(path, 0700), 0);
	options.spool = "/dev/null/none";
	cr_expect_null(store_fs_open(&options, error));
	cr_expect_not_null(strstr(error, "cannot open the spool"));
}

Test(store_fs, can_be_looked_at)
{
	struct store_fs_options options = { test_spool, &sys_real, &test_packed,
		geteuid(), getegid() };
	struct store *store = test_open_with(&sys_real, &test_packed);
	char error[STORE_ERROR_SIZE];
	uint32_t msgid;

	cr_expect_eq(test_commit(store, 2, &msgid), 0);
	store->ops->close(store);
	store = store_fs_open_readonly(&options, error);
	cr_assert_not_null(store, "%s", error);
	cr_expect_eq(test_walk(store), 2);
	cr_expect(test_has_body(store, msgid));
	store->ops->close(store);
}
