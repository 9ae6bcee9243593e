/*
 * Lists of protocols and ciphers. That configs with useless ones are refused
 * is tested with the daemon.
 */
#include "runtime/proc/tlswords.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define TEST_COUNT(table) (sizeof(table) / sizeof((table)[0]))

static SSL_CTX *test_ctx;

static void
test_open(void)
{
	test_ctx = SSL_CTX_new(TLS_server_method());
	cr_assert_not_null(test_ctx);
}

static void
test_close(void)
{
	SSL_CTX_free(test_ctx);
}

TestSuite(tlswords, .init = test_open, .fini = test_close);

static const struct {
	const char *list;
	const char *allowed; /* the last digits of versions */
} test_protocols[] = {
	{ "", "23" },
	{ "tlsv1.3", "3" },
	{ "tlsv1.2,tlsv1.3", "23" },
	{ "TLSv1.2: tlsv1.3", "23" },
	{ "tlsv1.0:tlsv1.1", "01" },
	{ "all:!tlsv1.3", "2" },
	{ "all, !tlsv1.3", "2" },
	{ "!tlsv1.2", "3" },
	{ "secure", "23" },
};

Test(tlswords, sets_protocols)
{
	static const uint64_t options[] = { SSL_OP_NO_TLSv1, SSL_OP_NO_TLSv1_1,
		SSL_OP_NO_TLSv1_2, SSL_OP_NO_TLSv1_3 };

	for (size_t i = 0; i < TEST_COUNT(test_protocols); i++) {
		char seen[8] = "";

		cr_assert(tlswords_set_protocols(test_ctx,
			      str_from(test_protocols[i].list)),
		    "\"%s\"", test_protocols[i].list);
		for (unsigned v = 0; v < TEST_COUNT(options); v++)
			if ((SSL_CTX_get_options(test_ctx) & options[v]) == 0)
				seen[strlen(seen)] = (char)('0' + v);
		cr_expect_str_eq(seen, test_protocols[i].allowed, "\"%s\"",
		    test_protocols[i].list);
	}
}

Test(tlswords, refuses_protocols)
{
	static const char *const bad[] = { "nonsense", "tlsv1.2,", ",tlsv1.2",
		"tlsv1.4", "sslv3", "!", "tlsv1.2 tlsv1.3", "tlsv1.2:!tlsv1.2",
		" " };

	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		cr_expect_not(tlswords_set_protocols(test_ctx,
				  str_from(bad[i])),
		    "\"%s\"", bad[i]);
}

Test(tlswords, sets_ciphers)
{
	static const char *const good[] = { "", "secure", "default", "compat",
		"legacy", "insecure", "all", "HIGH:!aNULL",
		"ECDHE-RSA-AES128-GCM-SHA256" };

	for (size_t i = 0; i < TEST_COUNT(good); i++)
		cr_expect(tlswords_set_ciphers(test_ctx, str_from(good[i])),
		    "\"%s\"", good[i]);
}

static const struct {
	const char *list;
	const char *suites; /* the first of TLS 1.3 */
	unsigned count;     /* of TLS 1.3 */
	bool has_1_2;
} test_suites[] = {
	{ "ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_256_GCM_SHA384", 3, true },
	{ "ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_128_GCM_SHA256",
	    "TLS_AES_128_GCM_SHA256", 1, true },
	{ "TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256 HIGH:!aNULL",
	    "TLS_CHACHA20_POLY1305_SHA256", 2, true },
	{ "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", 1, false },
};

/* Ciphers that are in use, of a version; first_r may be NULL. */
static unsigned
test_count_ciphers(const char *version, const char **first_r)
{
	STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(test_ctx);
	unsigned count = 0;

	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *one = sk_SSL_CIPHER_value(ciphers, i);

		if (strcmp(SSL_CIPHER_get_version(one), version) != 0)
			continue;
		if (count++ == 0)
			*first_r = SSL_CIPHER_get_name(one);
	}
	return count;
}

Test(tlswords, sets_suites_of_1_3)
{
	for (size_t i = 0; i < TEST_COUNT(test_suites); i++) {
		const char *first = "";

		test_close();
		test_open();
		cr_assert(tlswords_set_ciphers(test_ctx,
			      str_from(test_suites[i].list)),
		    "\"%s\"", test_suites[i].list);
		cr_expect_eq(test_count_ciphers("TLSv1.3", &first),
		    test_suites[i].count);
		cr_expect_str_eq(first, test_suites[i].suites);
		cr_expect_eq((SSL_CTX_get_options(test_ctx) &
				 SSL_OP_NO_TLSv1_2) == 0,
		    test_suites[i].has_1_2);
	}
	cr_expect_not(tlswords_set_ciphers(test_ctx, STR_LIT("TLS_NONSENSE")));
	cr_assert(tlswords_set_protocols(test_ctx, STR_LIT("tlsv1.2")));
	cr_expect_not(tlswords_set_ciphers(test_ctx,
	    STR_LIT("TLS_AES_128_GCM_SHA256")));
}

/* Long enough to be cut into a list that could be used. */
Test(tlswords, refuses_ciphers)
{
	char text[TLSWORDS_MAX + 2];

	cr_expect_not(tlswords_set_ciphers(test_ctx, STR_LIT("nonsense")));
	/* Without a key exchange that is for this connection alone. */
	cr_expect_not(tlswords_set_ciphers(test_ctx,
	    STR_LIT("AES128-GCM-SHA256")));
	for (size_t i = 0; i < sizeof(text) - 1; i += 5)
		snprintf(text + i, sizeof(text) - i, "HIGH:");
	cr_assert_eq(strlen(text), (size_t)TLSWORDS_MAX + 1);
	cr_expect_not(tlswords_set_ciphers(test_ctx, str_from(text)));
	text[TLSWORDS_MAX] = '\0';
	cr_expect(tlswords_set_ciphers(test_ctx, str_from(text)));
}
