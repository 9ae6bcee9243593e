/*
 * crypt(3), with answers.
 */
#include "runtime/lookup/password.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* In a time that does not depend on where they differ. */
static bool
password_is_equal(const char *a, const char *b)
{
	size_t len = strlen(a);

	return strlen(b) == len && CRYPTO_memcmp(a, b, len) == 0;
}

enum answer
password_compare(const char *password, const char *hash)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	enum answer answer = ANSWER_FAILED;
	const char *made;

	if (data == NULL)
		return ANSWER_FAILED;
	made = crypt_r(password, hash, data);
	if (hash[0] == '\0' || hash[0] == '!' || hash[0] == '*')
		answer = ANSWER_NO;
	else if (crypt_checksalt(hash) != CRYPT_SALT_INVALID && made != NULL &&
	    made[0] != '*')
		answer = password_is_equal(made, hash) ? ANSWER_YES : ANSWER_NO;
	explicit_bzero(data, sizeof(*data));
	free(data);
	return answer;
}
