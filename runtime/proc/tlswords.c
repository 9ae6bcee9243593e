/*
 * Words to options of OpenSSL.
 */
#include "runtime/proc/tlswords.h"

#include <openssl/err.h>
#include <stdio.h>

enum {
	TLSWORDS_1_0 = 1,
	TLSWORDS_1_1 = 2,
	TLSWORDS_1_2 = 4,
	TLSWORDS_1_3 = 8,
	TLSWORDS_NEW = TLSWORDS_1_2 | TLSWORDS_1_3,
};

/* 0: no such word. */
static unsigned
tlswords_protocol(struct str word)
{
	static const struct {
		const char *word;
		unsigned protocols;
	} words[] = {
		{ "tlsv1.0", TLSWORDS_1_0 },
		{ "tlsv1.1", TLSWORDS_1_1 },
		{ "tlsv1.2", TLSWORDS_1_2 },
		{ "tlsv1.3", TLSWORDS_1_3 },
		{ "tlsv1", TLSWORDS_NEW },
		{ "all", TLSWORDS_NEW },
		{ "legacy", TLSWORDS_NEW },
		{ "default", TLSWORDS_NEW },
		{ "secure", TLSWORDS_NEW },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_eq_nocase(word, str_from(words[i].word)))
			return words[i].protocols;
	return 0;
}

/* One word, with what stands in front of it. */
static bool
tlswords_add_protocol(struct str word, unsigned *allowed)
{
	bool is_negated;
	unsigned protocols;

	while (word.len > 0 && (word.ptr[0] == ' ' || word.ptr[0] == '\t'))
		word = (struct str){ word.ptr + 1, word.len - 1 };
	is_negated = word.len > 0 && word.ptr[0] == '!';
	if (is_negated)
		word = (struct str){ word.ptr + 1, word.len - 1 };
	protocols = tlswords_protocol(word);
	/* "!tlsv1.2" alone is all but that. */
	if (is_negated && *allowed == 0)
		*allowed = TLSWORDS_NEW;
	if (is_negated)
		*allowed &= ~protocols;
	else
		*allowed |= protocols;
	return protocols != 0;
}

bool
tlswords_set_protocols(SSL_CTX *ctx, struct str list)
{
	static const struct {
		unsigned protocol;
		uint64_t option;
	} options[] = {
		{ TLSWORDS_1_0, SSL_OP_NO_TLSv1 },
		{ TLSWORDS_1_1, SSL_OP_NO_TLSv1_1 },
		{ TLSWORDS_1_2, SSL_OP_NO_TLSv1_2 },
		{ TLSWORDS_1_3, SSL_OP_NO_TLSv1_3 },
	};
	unsigned allowed = list.len == 0 ? TLSWORDS_NEW : 0;
	uint32_t begin = 0;

	for (uint32_t i = 0; list.len > 0 && i <= list.len; i++) {
		if (i < list.len && list.ptr[i] != ',' && list.ptr[i] != ':')
			continue;
		if (!tlswords_add_protocol((struct str){ list.ptr + begin,
					       i - begin },
			&allowed))
			return false;
		begin = i + 1;
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if ((allowed & options[i].protocol) != 0)
			SSL_CTX_clear_options(ctx, options[i].option);
		else
			SSL_CTX_set_options(ctx, options[i].option);
	return allowed != 0;
}

/* OpenSSL has a list of its own for what TLS 1.3 may use. */
static void
tlswords_divide(char *list, char *suites, size_t room)
{
	size_t left = 0, used = 0;
	char *next, *save = NULL;

	for (next = strtok_r(list, ":, ", &save); next != NULL;
	     next = strtok_r(NULL, ":, ", &save)) {
		size_t len = strlen(next);

		if (strncmp(next, "TLS_", 4) == 0) {
			used += (size_t)snprintf(suites + used, room - used,
			    "%s%s", used > 0 ? ":" : "", next);
			continue;
		}
		/* Never ahead of where it is read. */
		if (left > 0)
			list[left++] = ':';
		memmove(list + left, next, len);
		left += len;
	}
	list[left] = '\0';
}

/* Without a cipher for TLS 1.2 it is not spoken. */
static bool
tlswords_allow_only_1_3(SSL_CTX *ctx)
{
	return (SSL_CTX_set_options(ctx,
		    SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2) &
		   SSL_OP_NO_TLSv1_3) == 0;
}

bool
tlswords_set_ciphers(SSL_CTX *ctx, struct str list)
{
	static const char secure[] = "ECDHE+AESGCM:ECDHE+CHACHA20:"
				     "DHE+AESGCM:DHE+CHACHA20";
	static const struct {
		const char *word;
		const char *ciphers;
	} words[] = {
		{ "", secure },
		{ "secure", secure },
		{ "default", secure },
		{ "compat", "HIGH:!aNULL" },
		{ "legacy", "HIGH:MEDIUM:!aNULL" },
		{ "insecure", "ALL:!aNULL:!eNULL" },
		{ "all", "ALL:!aNULL:!eNULL" },
	};
	static const char ephemeral[] = ":!kRSA";
	char suites[TLSWORDS_MAX + 1] = "";
	char ciphers[TLSWORDS_MAX + sizeof(ephemeral)];

	if (list.len > TLSWORDS_MAX)
		return false;
	snprintf(ciphers, sizeof(ciphers), "%.*s", STR_ARG(list));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (str_is(list, words[i].word))
			snprintf(ciphers, sizeof(ciphers), "%s",
			    words[i].ciphers);
	tlswords_divide(ciphers, suites, sizeof(suites));
	if (suites[0] != '\0' && SSL_CTX_set_ciphersuites(ctx, suites) != 1)
		return false;
	if (suites[0] != '\0' && ciphers[0] == '\0')
		return tlswords_allow_only_1_3(ctx);
	strcat(ciphers, ephemeral);
	return SSL_CTX_set_cipher_list(ctx, ciphers) == 1;
}

/* What of a listener cannot be used; NULL: nothing. */
static const char *
tlswords_check_listener(SSL_CTX *ctx, const struct ir_listener *listener,
    struct str ciphers, struct str *list_r)
{
	*list_r = listener->protocols;
	if (!tlswords_set_protocols(ctx, *list_r))
		return "protocols";
	*list_r = listener->ciphers.len > 0 ? listener->ciphers : ciphers;
	return tlswords_set_ciphers(ctx, *list_r) ? NULL : "ciphers";
}

bool
tlswords_check(const struct blob *blob, char *error, size_t room)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const char *bad = ctx == NULL ? "" : NULL;
	struct ir_settings settings;
	struct ir_listener listener;
	struct str list;

	blob_settings(blob, &settings);
	if (ctx == NULL)
		snprintf(error, room, "out of memory");
	for (uint32_t i = 0; bad == NULL && i < blob_listener_count(blob);
	     i++) {
		blob_listener(blob, i, &listener);
		if (listener.tls == IR_LISTEN_PLAIN)
			continue;
		bad = tlswords_check_listener(ctx, &listener, settings.ciphers,
		    &list);
		if (bad != NULL)
			snprintf(error, room,
			    "listen on %.*s port %u: no TLS can be spoken with "
			    "%s \"%.*s\"",
			    STR_ARG(listener.address), listener.port, bad,
			    STR_ARG(list));
	}
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return bad == NULL;
}
