/*
 * The lookup process by its messages, with real files and databases.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "runtime/expand/srs.h"
#include "runtime/lookup/makemap.h"
#include "runtime/tests/channels.h"
#include "runtime/tests/compiled.h"
#include "runtime/tests/scratch.h"

#define TEST_HASH /* of "secret" */ \
	"$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA"

static char test_root[] = "/tmp/test_lookup.XXXXXX";
static struct child test_child;
static struct channel *test_asker;
static char test_text[64 * 1024]; /* of the last answer */
static struct message test_answer;
static bool test_has_answer;

static void
test_write(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	cr_assert_not_null(file);
	cr_assert_geq(fputs(text, file), 0);
	cr_assert_eq(fclose(file), 0);
}

static void
test_make_database(const char *text)
{
	struct makemap makemap = { .source = "source", .out = "aliases.db" };

	test_write("source", text);
	cr_assert_geq(makemap_build(&makemap), 0L);
}

static struct ruleset_use *
test_compile(uint32_t generation)
{
	struct ruleset_use *use;
	char config[4096];

	snprintf(config, sizeof(config),
	    "srs key secret\n"
	    "table aliases file:%s/aliases\n"
	    "table db db:%s/aliases.db\n"
	    "table domains file:%s/domains\n"
	    "table users { joe = 1001:1002:/home/joe, bad = nobody }\n"
	    "table creds { ann = \"" TEST_HASH "\", bob = \"ann:" TEST_HASH
	    "\", eve = x }\n"
	    "action a3 relay host smtp+tls://l@h.example auth <creds>\n"
	    "action a1 maildir alias <aliases>\n"
	    "action a2 maildir virtual <db> userbase <users>\n"
	    "match from any for domain <domains> action a1\n"
	    "match from any for domain regex { \"^x+$\" } action a1\n"
	    "match auth from any for any action a3\n"
	    "match from any for any action a2\n",
	    test_root, test_root, test_root);
	use = compiled_new(config);
	use->generation = generation;
	return use;
}

static void
test_init(void)
{
	struct channel *of_lookup;

	cr_assert_not_null(mkdtemp(test_root));
	test_child.base = event_base_new();
	channels_connect(test_child.base,
	    (struct channels_end){ &test_child, lookup_ops.on_message },
	    &of_lookup, (struct channels_end){ NULL, lookup_ops.on_message },
	    &test_asker);
	/* The compiler's path is relative to the project. */
	cr_assert_eq(chdir(test_root), 0);
	test_write("aliases", "Root: joe, ann\nlist:\t|cmd\n");
	test_write("domains", "a.example\n*.b.example\n");
	test_make_database("root: db-joe\n*.c.example: x\n");
	cr_assert_eq(chdir(getenv("PWD")), 0);
	test_child.ruleset = test_compile(1);
	cr_assert_eq(chdir(test_root), 0);
}

static void
test_fini(void)
{
	lookup_ops.fini(&test_child);
	ruleset_drop(test_child.ruleset);
	scratch_delete(test_root);
}

TestSuite(lookup, .init = test_init, .fini = test_fini, .timeout = 60);

static void
test_start(void)
{
	const char *error = lookup_ops.init(&test_child);

	cr_assert_null(error, "%s", error);
	error = lookup_ops.use_ruleset(&test_child, test_child.ruleset);
	cr_assert_null(error, "%s", error);
}

static void
test_on_answer(void *arg, struct message *message)
{
	struct str *text = NULL;

	(void)arg;
	cr_assert_not_null(message);
	test_answer = *message;
	test_has_answer = true;
	if (message->type == MESSAGE_LOOKUP_ANSWER)
		text = &test_answer.lookup_answer.value;
	else if (message->type == MESSAGE_RDNS_ANSWER)
		text = &test_answer.rdns_answer.name;
	else if (message->type == MESSAGE_RESULT)
		text = &test_answer.result.error;
	else if (message->type == MESSAGE_INCLUDE_ANSWER)
		text = &test_answer.include_answer.text;
	else if (message->type == MESSAGE_SRS_ANSWER)
		text = &test_answer.srs_answer.address;
	else if (message->type == MESSAGE_USERINFO_ANSWER)
		text = &test_answer.userinfo_answer.home;
	test_text[0] = '\0';
	if (text != NULL)
		snprintf(test_text, sizeof(test_text), "%.*s", STR_ARG(*text));
	event_base_loopbreak(test_child.base);
}

/* Takes the message's descriptor. */
static void
test_send(struct message message)
{
	test_has_answer = false;
	cr_assert_neq(channel_ask(test_asker, &message, test_on_answer, NULL),
	    0u);
	event_base_dispatch(test_child.base);
	cr_assert(test_has_answer);
}

static void
test_ask(struct message message)
{
	message.fd = -1;
	test_send(message);
}

static uint32_t
test_table(const char *name)
{
	return blob_find_table(&test_child.ruleset->blob, str_from(name));
}

/* "YES value", "NO", "FAILED" */
static const char *
test_lookup(uint32_t generation, uint32_t table, enum service service,
    const char *key)
{
	static char text[sizeof(test_text) + 8];

	test_ask((struct message){
	    .type = MESSAGE_LOOKUP,
	    .lookup = { generation, table, service, str_from(key) },
	});
	cr_assert_eq(test_answer.type, MESSAGE_LOOKUP_ANSWER);
	if (test_answer.lookup_answer.answer == (uint32_t)ANSWER_NO)
		return "NO";
	if (test_answer.lookup_answer.answer == (uint32_t)ANSWER_FAILED)
		return "FAILED";
	snprintf(text, sizeof(text), "YES %s", test_text);
	return text;
}

static void
test_expect(const char *table, enum service service, const char *key,
    const char *wanted)
{
	const char *seen = test_lookup(1, test_table(table), service, key);

	cr_expect_str_eq(seen, wanted, "%s %s: %s", table, key, seen);
}

static enum answer
test_decode(uint32_t generation, struct str address)
{
	test_ask((struct message){
	    .type = MESSAGE_SRS,
	    .srs = { generation, address },
	});
	cr_assert_eq(test_answer.type, MESSAGE_SRS_ANSWER);
	return (enum answer)(int32_t)test_answer.srs_answer.answer;
}

Test(lookup, decodes_what_the_ruleset_signed)
{
	struct srs srs = { .key = STR_LIT("secret"),
		.today = (uint32_t)(time(NULL) / (24 * 60 * 60)) };
	struct srs_address address;

	test_start();
	cr_assert(srs_encode(&srs, mailaddr_split(STR_LIT("joe@far.example")),
	    STR_LIT("hub.example"), &address));
	cr_expect_eq(test_decode(1, str_from(address.text)), ANSWER_YES);
	cr_expect_str_eq(test_text, "joe@far.example");
	cr_expect_eq(test_decode(7, str_from(address.text)), ANSWER_FAILED);
	address.text[sizeof("SRS0=") - 1] ^= 1;
	cr_expect_eq(test_decode(1, str_from(address.text)), ANSWER_NO);
	cr_expect_str_eq(test_text, "");
}

/* One that was taken over could take all descriptors away. */
Test(lookup, closes_what_comes_along)
{
	struct message message = {
		.type = MESSAGE_UPDATE_TABLE,
		.update_table = { STR_LIT("none") },
	};
	int next;

	test_start();
	next = open("/dev/null", O_RDONLY);
	message.fd = next;
	test_send(message);
	message.fd = open("/dev/null", O_RDONLY);
	cr_expect_eq(message.fd, next, "left open");
	close(message.fd);
}

/* Tables. */

Test(lookup, file)
{
	test_start();
	test_expect("aliases", SERVICE_ALIAS, "root", "YES joe, ann");
	test_expect("aliases", SERVICE_ALIAS, "ROOT", "YES joe, ann");
	test_expect("aliases", SERVICE_ALIAS, "nobody", "NO");
	test_expect("domains", SERVICE_DOMAIN, "x.b.example", "YES ");
	test_expect("domains", SERVICE_DOMAIN, "b.example", "NO");
}

Test(lookup, database)
{
	test_start();
	test_expect("db", SERVICE_ALIAS, "Root", "YES db-joe");
	test_expect("db", SERVICE_ALIAS, "nobody", "NO");
	test_expect("db", SERVICE_DOMAIN, "x.c.example", "YES ");
	test_expect("db", SERVICE_DOMAIN, "c.example", "NO");
}

/* Written again, it is opened again. */
Test(lookup, database_changes)
{
	test_start();
	test_expect("db", SERVICE_DOMAIN, "d.example", "NO");
	test_make_database("root: other\nd.example: x\n");
	test_expect("db", SERVICE_ALIAS, "root", "YES other");
	test_expect("db", SERVICE_DOMAIN, "d.example", "YES ");
}

Test(lookup, database_that_is_gone)
{
	test_start();
	cr_assert_eq(unlink("aliases.db"), 0);
	test_expect("db", SERVICE_ALIAS, "root", "FAILED");
	test_write("aliases.db", "no database");
	test_expect("db", SERVICE_ALIAS, "root", "FAILED");
	test_make_database("root: back\n");
	test_expect("db", SERVICE_ALIAS, "root", "YES back");
}

Test(lookup, regular_expression_of_the_ruleset)
{
	const struct blob *blob = &test_child.ruleset->blob;
	bool is_asked = false;

	test_start();
	for (uint32_t i = 0; i < blob_table_count(blob); i++) {
		struct blob_entry entry;
		struct ir_table table;

		blob_table(blob, i, &table);
		if (!blob_table_is_inline(blob, i) || table.entry_count != 1)
			continue;
		blob_entry(blob, i, 0, &entry);
		if (!str_is(entry.key, "^x+$"))
			continue;
		is_asked = true;
		cr_expect_str_eq(test_lookup(1, i, SERVICE_REGEX, "XXX"),
		    "YES ");
		cr_expect_str_eq(test_lookup(1, i, SERVICE_REGEX, "xyx"), "NO");
	}
	cr_expect(is_asked);
}

Test(lookup, requests_that_make_no_sense)
{
	test_start();
	cr_expect_str_eq(test_lookup(2, 0, SERVICE_ALIAS, "a"), "FAILED");
	cr_expect_str_eq(test_lookup(1, 100000, SERVICE_ALIAS, "a"), "FAILED");
	cr_expect_str_eq(test_lookup(1, IR_NONE, SERVICE_ALIAS, "a"), "FAILED");
	cr_expect_str_eq(test_lookup(1, 0, (enum service)77, "a"), "FAILED");
	test_expect("localnames", SERVICE_ALIAS, "a", "FAILED");
}

/* A session is never told a secret. */
Test(lookup, secrets_stay)
{
	test_start();
	test_expect("creds", SERVICE_CREDENTIALS, "ann", "FAILED");
}

Test(lookup, missing_file_at_start)
{
	const char *error;

	cr_assert_eq(unlink("aliases"), 0);
	error = lookup_ops.init(&test_child);
	cr_assert_not_null(error);
	cr_expect_not_null(strstr(error, "table \"aliases\": "), "%s", error);
	cr_expect_not_null(strstr(error, "/aliases: No such file"), "%s",
	    error);
}

/* Updates. */

static bool
test_update(const char *name)
{
	test_ask((struct message){
	    .type = MESSAGE_UPDATE_TABLE, .update_table = { str_from(name) } });
	cr_assert_eq(test_answer.type, MESSAGE_RESULT);
	return test_answer.result.is_ok;
}

Test(lookup, update)
{
	test_start();
	test_write("aliases", "root: new\n");
	test_expect("aliases", SERVICE_ALIAS, "root", "YES joe, ann");
	cr_expect(test_update("aliases"));
	test_expect("aliases", SERVICE_ALIAS, "root", "YES new");
	cr_expect(test_update("users"), "inline");
	cr_expect(test_update("db"));
	cr_expect_not(test_update("nonesuch"));
	cr_expect_not(test_update(""));
}

/* Of which the ruleset holds the entries. */
static void
test_embed_aliases(void)
{
	char config[128];

	ruleset_drop(test_child.ruleset);
	snprintf(config, sizeof(config),
	    "table aliases file:%s/aliases\n"
	    "action a maildir alias <aliases>\n"
	    "match for any action a\n",
	    test_root);
	cr_assert_eq(chdir(getenv("PWD")), 0);
	test_child.ruleset = compiled_new_embedding(config);
	cr_assert_eq(chdir(test_root), 0);
}

static void
test_expect_log(const char *wanted)
{
	char log[1024] = "";
	FILE *file = fopen("log", "r");

	cr_assert_not_null(file);
	log[fread(log, 1, sizeof(log) - 1, file)] = '\0';
	fclose(file);
	if (wanted == NULL)
		cr_expect_str_empty(log);
	else
		cr_expect_not_null(strstr(log, wanted), "%s", log);
}

Test(lookup, embedded_file)
{
	test_embed_aliases();
	cr_assert_not_null(freopen("log", "w", stderr));
	test_start();
	test_expect_log(NULL);
	cr_expect(test_update("aliases"), "it has not changed");
	test_write("aliases", "root: new\n");
	cr_expect_not(test_update("aliases"));
	cr_expect_not_null(strstr(test_text,
			       "/aliases has changed since the ruleset was "
			       "compiled: compile it and reload"),
	    "%s", test_text);
	cr_assert_eq(unlink("aliases"), 0);
	cr_expect(test_update("aliases"), "it is not needed");
}

Test(lookup, embedded_file_that_is_stale_at_start)
{
	test_embed_aliases();
	test_write("aliases", "root: new\n");
	cr_assert_not_null(freopen("log", "w", stderr));
	test_start();
	test_expect_log("warn: table \"aliases\": ");
	test_expect_log("/aliases has changed since the ruleset was compiled");
}

/* A file that does not serve leaves what was there. */
Test(lookup, update_fails)
{
	test_start();
	test_write("aliases", "root: new\nlonely\n");
	cr_expect_not(test_update("aliases"));
	cr_expect_not_null(strstr(test_text, "/aliases:2: "), "%s", test_text);
	test_expect("aliases", SERVICE_ALIAS, "root", "YES joe, ann");
	cr_assert_eq(unlink("aliases"), 0);
	cr_expect_not(test_update("aliases"));
	test_expect("aliases", SERVICE_ALIAS, "root", "YES joe, ann");
}

/* Sessions of the old ruleset go on with it. */
Test(lookup, reload)
{
	struct ruleset_use *second;

	test_start();
	test_write("aliases", "root: new\n");
	cr_assert_eq(chdir(getenv("PWD")), 0);
	second = test_compile(2);
	cr_assert_null(lookup_ops.use_ruleset(&test_child, second));
	ruleset_drop(second);
	cr_expect_str_eq(test_lookup(1, test_table("aliases"), SERVICE_ALIAS,
			     "root"),
	    "YES joe, ann");
	cr_expect_str_eq(test_lookup(2, test_table("aliases"), SERVICE_ALIAS,
			     "root"),
	    "YES new");
}

/* Users. */

static enum answer
test_userinfo(uint32_t table, const char *user)
{
	test_ask((struct message){ .type = MESSAGE_USERINFO,
	    .userinfo = { 1, table, str_from(user) } });
	cr_assert_eq(test_answer.type, MESSAGE_USERINFO_ANSWER);
	return (enum answer)test_answer.userinfo_answer.answer;
}

Test(lookup, userinfo)
{
	test_start();
	cr_expect_eq(test_userinfo(test_table("users"), "Joe"), ANSWER_YES);
	cr_expect_eq(test_answer.userinfo_answer.uid, 1001u);
	cr_expect_eq(test_answer.userinfo_answer.gid, 1002u);
	cr_expect_str_eq(test_text, "/home/joe");
	cr_expect_eq(test_userinfo(test_table("users"), "ann"), ANSWER_NO);
	cr_expect_eq(test_userinfo(test_table("users"), "bad"), ANSWER_FAILED);
}

Test(lookup, userinfo_of_the_system)
{
	test_start();
	cr_expect_eq(test_userinfo(IR_NONE, "root"), ANSWER_YES);
	cr_expect_eq(test_answer.userinfo_answer.uid, 0u);
	cr_expect_eq(test_userinfo(IR_NONE, "no-such-user"), ANSWER_NO);
	cr_expect_eq(test_userinfo(IR_NONE, ""), ANSWER_NO);
}

/* Passwords. */

static enum answer
test_credentials(const char *user, const char *password)
{
	test_ask((struct message){ .type = MESSAGE_CREDENTIALS,
	    .credentials = {
		1, test_table("creds"), str_from(user), str_from(password) } });
	cr_assert_eq(test_answer.type, MESSAGE_CREDENTIALS_ANSWER);
	return (enum answer)test_answer.credentials_answer.answer;
}

Test(lookup, credentials)
{
	test_start();
	cr_expect_eq(test_credentials("ann", "secret"), ANSWER_YES);
	cr_expect_eq(test_credentials("ANN", "secret"), ANSWER_YES);
	cr_expect_eq(test_credentials("bob", "secret"), ANSWER_YES);
	cr_expect_eq(test_credentials("ann", "Secret"), ANSWER_NO);
	cr_expect_eq(test_credentials("ann", ""), ANSWER_NO);
	cr_expect_eq(test_credentials("nobody", "secret"), ANSWER_NO);
	cr_expect_eq(test_credentials("eve", "x"), ANSWER_FAILED);
}

/* Names of addresses. */

static enum answer
test_rdns(const char *address)
{
	test_ask((struct message){
	    .type = MESSAGE_RDNS, .rdns = { str_from(address) } });
	cr_assert_eq(test_answer.type, MESSAGE_RDNS_ANSWER);
	return (enum answer)test_answer.rdns_answer.fcrdns;
}

Test(lookup, rdns)
{
	test_start();
	cr_expect_eq(test_rdns("127.0.0.1"), ANSWER_YES);
	cr_expect_neq(test_text[0], '\0');
	cr_expect_eq(test_rdns("not an address"), ANSWER_FAILED);
	cr_expect_str_eq(test_text, "");
}

/* Include files. */

Test(lookup, include)
{
	test_start();
	test_write("include", "joe\nann\n");
	test_ask((struct message){
	    .type = MESSAGE_INCLUDE, .include = { STR_LIT("include") } });
	cr_expect(test_answer.include_answer.is_open);
	cr_expect_str_eq(test_text, "joe\nann\n");
	test_ask((struct message){
	    .type = MESSAGE_INCLUDE, .include = { STR_LIT("nothing") } });
	cr_expect_not(test_answer.include_answer.is_open);
	test_ask((struct message){
	    .type = MESSAGE_INCLUDE, .include = { STR_LIT("/dev/zero") } });
	cr_expect_not(test_answer.include_answer.is_open);
}
