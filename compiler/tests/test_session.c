/*
 * Sessions: what their facts may be, which listener they meet, and what
 * they look like to the rules.
 */
#include "compiler/session.h"

#include <criterion/criterion.h>

#include "compiler/tests/ir_env.h"

#define TEST_RULES "action \"out\" relay\nmatch for any action \"out\"\n"

/* Of the password "secret". */
#define TEST_HASH "$5$saltstring$C3o4O1TC6aRHF4FI.QSZMXtHbaj2gSXr4sUc/3NcUi."

static struct ir_env test_env;
static struct session test_session;

static void
test_setup(void)
{
	ir_env_init(&test_env);
	session_init(&test_session);
}

static void
test_teardown(void)
{
	ir_env_fini(&test_env);
}

TestSuite(session, .init = test_setup, .fini = test_teardown);

/* The words of one text, separated by blanks. */
static const char *
test_read(const char *words)
{
	struct arena *arena = &test_env.comp.arena;
	const char *why = NULL;
	char *copy, *word, *rest;

	session_init(&test_session);
	copy = arena_bytes(arena, strlen(words) + 1);
	strcpy(copy, words);
	for (word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		if (!session_read_word(&test_session, arena, word, &why))
			return why;
	return NULL;
}

static struct session_context
test_enter(const char *words)
{
	struct session_context context;
	const char *why = test_read(words);

	cr_assert_null(why, "%s: %s", words, why);
	session_enter(&test_session, &test_env.bind, &context);
	return context;
}

Test(session, refuses_what_no_session_has)
{
	static const struct {
		const char *word;
		const char *why;
	} cases[] = {
		{ "src=", "not an address" },
		{ "src=192.0.2.256", "not an address" },
		{ "dst=localhost", "not an address" },
		{ "port=", "not a number from 1 to 65535" },
		{ "port=65536", "not a number from 1 to 65535" },
		{ "tls=yes", "neither starttls nor smtps" },
		{ "socket=1", "it takes no value" },
		{ "auth=", "no user name" },
		{ "rcpt-to=", "no address" },
		{ "rcpt-too=x", "did you mean 'rcpt-to'?" },
		{ "SRC=::1", "did you mean 'src'?" },
	};

	ir_env_compile(&test_env, NULL, TEST_RULES);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = test_read(cases[i].word);

		cr_expect_not_null(why, "%s", cases[i].word);
		cr_expect_str_eq(why, cases[i].why, "%s: %s", cases[i].word,
		    why);
	}
}

Test(session, takes_a_thousand_recipients)
{
	const char *why;

	ir_env_compile(&test_env, NULL, TEST_RULES);
	for (unsigned i = 0; i < SESSION_RCPTS_MAX; i++)
		cr_assert(session_read_word(&test_session, &test_env.comp.arena,
		    "rcpt-to=a@b", &why));
	cr_expect_eq(test_session.rcpt_count, SESSION_RCPTS_MAX);
	cr_expect_not(session_read_word(&test_session, &test_env.comp.arena,
	    "rcpt-to=a@b", &why));
	cr_expect_str_eq(why, "too many recipients");
}

Test(session, meets_a_listener)
{
	static const struct {
		const char *words;
		const char *tag; /* of the listener; NULL: none */
	} cases[] = {
		/* The address and port. */
		{ "dst=192.0.2.1", "A" },
		{ "dst=192.0.2.1 port=587", "B" },
		{ "dst=192.0.2.2", NULL },
		{ "dst=192.0.2.1 port=26", NULL },
		{ "dst=127.0.0.1", "L" },
		{ "dst=127.0.0.2", NULL },
		{ "dst=2001:db8::1 port=587", "6" },
		{ "dst=192.0.2.1 port=2525", "4" },
		{ "dst=192.0.2.1 tls=smtps", "S" },
		{ "dst=192.0.2.1 tls=smtps port=25", "A" },
		{ "dst=203.0.113.1 port=10025", "egress" },
		{ "dst=127.0.0.1 port=10025", "lo" },

		/* Where the client could have connected to. */
		{ "src=127.0.0.1", "L" },
		{ "src=198.51.100.9", "A" },
		{ "src=198.51.100.9 port=587", "B" },
		{ "src=2001:db8::9 port=587", "6" },
		{ "src=2001:db8::9", NULL },
		{ "src=198.51.100.9 port=10025", "egress" },
		{ "src=127.0.0.1 port=10025", "lo" },
		{ "src=127.0.0.1 port=587", "B" },

		{ "socket", "socket" },
	};

	ir_env_compile(&test_env, NULL,
	    "pki p cert \"/c\" key \"/k\"\n"
	    "listen on 127.0.0.1 tag L\n"
	    "listen on 192.0.2.1 tag A\n"
	    "listen on \"::\" port 587 tag \"6\"\n"
	    "listen on 192.0.2.1 port 587 tag B\n"
	    "listen on 192.0.2.1 smtps pki p tag S\n"
	    "listen on 0.0.0.0 port 2525 tag \"4\"\n"
	    "listen on egress port 10025 tag egress\n"
	    "listen on lo port 10025 tag lo\n"
	    "listen on socket tag \"socket\"\n" TEST_RULES);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct session_context context = test_enter(cases[i].words);
		struct str tag = STR_LIT("");

		cr_expect_eq(context.listener == NULL, cases[i].tag == NULL,
		    "%s", cases[i].words);
		if (context.listener == NULL || cases[i].tag == NULL)
			continue;
		tag = context.envelope.tag;
		cr_expect(str_is(tag, cases[i].tag), "%s: %.*s", cases[i].words,
		    STR_ARG(tag));
	}
}

Test(session, the_family_of_a_name_is_that_of_the_listener)
{
	ir_env_compile(&test_env, NULL,
	    "listen on egress inet6 tag \"6\"\n" TEST_RULES);
	cr_expect_null(test_enter("src=192.0.2.7").listener);
	cr_expect_not_null(test_enter("src=2001:db8::7").listener);
}

Test(session, the_socket_is_someone_who_has_logged_in)
{
	struct ruleset_envelope envelope;

	test_env.options.hostname = "mail.example.org";
	ir_env_compile(&test_env, NULL, TEST_RULES);
	envelope = test_enter("socket auth=alice helo=x").envelope;
	cr_expect(envelope.is_socket);
	cr_expect(envelope.is_authenticated);
	cr_expect_eq(envelope.username.len, 0);
	cr_expect(str_is(envelope.peer, "local"));
	cr_expect(str_is(envelope.rdns, "mail.example.org"));
	cr_expect(str_is(envelope.helo, "localhost"));
}

Test(session, facts_reach_the_envelope)
{
	struct ruleset_envelope envelope;

	ir_env_write(&test_env, "etc/hosts", "192.0.2.7 desk.example.org\n");
	ir_env_compile(&test_env, NULL, TEST_RULES);
	envelope = test_enter("src=192.0.2.7 tls helo=h auth=bob tag=T "
			      "mail-from=a@b")
		       .envelope;
	cr_expect(str_is(envelope.peer, "192.0.2.7"));
	cr_expect(str_is(envelope.rdns, "desk.example.org"));
	cr_expect(str_is(envelope.helo, "h"));
	cr_expect(str_is(envelope.tag, "T"));
	cr_expect(str_is(envelope.username, "bob"));
	cr_expect(str_is(envelope.sender.domain, "b"));
	cr_expect(envelope.is_tls);
	cr_expect(envelope.is_authenticated);
	cr_expect_not(envelope.is_internal);
	envelope = test_enter("src=192.0.2.7 rdns= mail-from=<>").envelope;
	cr_expect_eq(envelope.rdns.len, 0);
	cr_expect_eq(envelope.sender.user.len + envelope.sender.domain.len, 0);
	cr_expect_not(envelope.is_tls);
	cr_expect_not(envelope.is_authenticated);
}

Test(session, addresses_without_domain_get_the_servers_name)
{
	struct session_context context;
	struct mailaddr mailbox;

	test_env.options.hostname = "mail.example.org";
	ir_env_compile(&test_env, NULL,
	    "listen on 192.0.2.1 hostname relay.example.org\n" TEST_RULES);
	context = test_enter("src=192.0.2.7");
	mailbox = session_mailbox(&context, STR_LIT("bob"));
	cr_expect(str_is(mailbox.domain, "relay.example.org"));
	mailbox = session_mailbox(&context, STR_LIT("a@b@c"));
	cr_expect(str_is(mailbox.user, "a@b"));
	cr_expect(str_is(mailbox.domain, "c"));
	context = test_enter("socket");
	mailbox = session_mailbox(&context, STR_LIT("bob"));
	cr_expect(str_is(mailbox.domain, "mail.example.org"));
}

/* Passwords are of envelopes files. */

static bool
test_logs_in(const char *words, const char *password)
{
	struct session_context context;

	cr_assert_null(test_read(words));
	test_session.password = str_from(password);
	session_enter(&test_session, &test_env.bind, &context);
	return context.envelope.is_authenticated;
}

Test(session, checks_passwords_that_it_is_given)
{
	ir_env_compile(&test_env, NULL,
	    "pki p cert \"/c\" key \"/k\"\n"
	    "table t { \"bob\" = \"" TEST_HASH "\", \"eve\" = \"x\" }\n"
	    "listen on 192.0.2.1 tls pki p auth-optional <t>\n"
	    "listen on 192.0.2.1 port 26\n" TEST_RULES);
	cr_expect(test_logs_in("dst=192.0.2.1 tls auth=bob", "secret"));
	cr_expect_not(test_logs_in("dst=192.0.2.1 tls auth=bob", "Secret"));
	cr_expect_not(test_logs_in("dst=192.0.2.1 tls auth=eve", "x"));
	cr_expect_not(test_logs_in("dst=192.0.2.1 tls auth=ann", "secret"));
	cr_expect_not(test_logs_in("dst=192.0.2.1 auth=bob", "secret"));
	cr_expect_not(test_logs_in("dst=192.0.2.1 port=26 tls auth=bob",
	    "secret"));
}

Test(session, believes_users_of_the_system)
{
	ir_env_write(&test_env, "etc/passwd", "bob:x:1:1::/home/bob:/bin/sh\n");
	ir_env_compile(&test_env, NULL,
	    "pki p cert \"/c\" key \"/k\"\n"
	    "listen on 192.0.2.1 tls pki p auth\n" TEST_RULES);
	cr_expect(test_logs_in("dst=192.0.2.1 tls auth=bob", "whatever"));
	cr_expect_not(test_logs_in("dst=192.0.2.1 tls auth=ann", "whatever"));
}
