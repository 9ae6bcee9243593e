/*
 * Blobs that somebody changed: every one that is cut off, every single byte
 * changed, and several at once are refused, or used without a fault, also by
 * the programs that make a config of them. What counts is the run under
 * sanitizers. ROUNDS=100 in the environment: so many
 * times as many changes of each.
 */
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "compiler/blob_write.h"
#include "compiler/dump_model.h"
#include "compiler/print_conf.h"
#include "compiler/tests/ir_env.h"
#include "compiler/tests/rounds.h"
#include "runtime/ruleset/blob_private.h"
#include "runtime/ruleset/fuzz/exercise.h"

enum {
	MUTATIONS = 10000, /* of each config */
	CHANGES_MAX = 4,   /* of one mutation */
};

static const char *const configs[] = {
	/* Networks, patterns, secrets, questions. */
	"table nets { 192.0.2.0/24, 10.0.0.0/8, 2001:db8::/32 }\n"
	"table creds { 'relay' = 'bob:sekrit' }\n"
	"table users { root = joe, joe = 'joe@a.example' }\n"
	"table list { a.example, '*.b.example', '*x*.example', bob, 'local',\n"
	"    10.1.0.0/16, '@a.example', alice, c, d, e, 'x*', '*x', 'a*.*e',\n"
	"    'bob@*.example', '@*', 'bob+x@*a*', 'alice@*.*' }\n"
	"srs key '0123456789'\n"
	"listen on 192.0.2.1 tag EXT\n"
	"action in mbox alias <users>\n"
	"action out relay host smtp+tls://relay@mx.example auth <creds>\n"
	"match from src <nets> for domain <list> action in\n"
	"match from any mail-from regex '^x' for any reject\n"
	"match from any helo '*.b.example' for domain regex a action in\n"
	"match tag EXT from any mail-from <list> for any action out\n"
	"match from any rcpt-to { 'bob@a.example', alice } for any reject\n"
	"match auth <list> from any for any action out\n"
	"match from rdns for any action in\n",

	/* Filters, and everything that has a name. */
	"table l { '@bad.example' }\n"
	"filter a phase connect match !rdns disconnect '550 no'\n"
	"filter b phase mail-from match mail-from <l> reject '550 no'\n"
	"filter c chain { a, b }\n"
	"filter p proc-exec '/bin/cat -u' user nobody\n"
	"listen on 127.0.0.1 port 2525 filter { a, p }\n"
	"listen on 127.0.0.1 port 2526 filter c\n"
	"mda wrapper w '/bin/w %{mda}'\n"
	"action in maildir wrapper w\n"
	"match for local action in\n",

	/* One rule. */
	"match from any reject\n",
};

static struct blob_image
compile(struct ir_env *env, const char *text)
{
	struct blob_image image;
	const char *why;

	ir_env_init(env);
	ir_env_compile(env, NULL, text);
	cr_assert(blob_write(&env->bind, "test.conf", &image, &why));
	return image;
}

static uint64_t random_state = 1;

static uint32_t
random_below(uint32_t n)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695;
	return (uint32_t)(random_state >> 33) % n;
}

static volatile unsigned total;

/* Returns whether it was taken. */
static bool
use(const unsigned char *data, size_t size)
{
	struct blob blob;

	if (blob_open(&blob, data, size, BLOB_IS_INTACT) != BLOB_OK)
		return false;
	total += exercise_blob(&blob);
	return true;
}

static void
try_cuts(const struct blob_image *image)
{
	struct blob blob;

	for (size_t size = 0; size < image->size; size++) {
		unsigned char *copy = malloc(size + 1);

		memcpy(copy + 1, image->data, size);
		if (blob_open(&blob, copy + 1, size, BLOB_IS_INTACT) ==
		    BLOB_OK) {
			/* What is public stands alone. */
			cr_assert_eq(size, blob.public_size);
			cr_assert_not(blob.has_secrets);
			total += exercise_blob(&blob);
		}
		free(copy);
	}
}

static void
try_bytes(const struct blob_image *image)
{
	static const unsigned char values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	unsigned refused = 0, taken = 0;
	struct blob blob;

	for (size_t at = 0; at < image->size; at++) {
		unsigned char was = image->data[at];

		image->data[at] = (unsigned char)(was ^ 1u << random_below(8));
		cr_assert_neq(blob_open(&blob, image->data, image->size, 0),
		    BLOB_OK);
		for (size_t i = 0; i < sizeof(values); i++) {
			image->data[at] = i == 0 ? image->data[at] : values[i];
			if (use(image->data, image->size))
				taken++;
			else
				refused++;
		}
		image->data[at] = was;
	}
	cr_expect_gt(refused, 0);
	cr_expect_gt(taken, 0);
}

static void
try_mutations(const struct blob_image *image)
{
	unsigned taken = 0;

	for (uint32_t i = 0; i < MUTATIONS * rounds_factor(); i++) {
		uint32_t count = 1 + random_below(CHANGES_MAX);
		uint32_t places[CHANGES_MAX];
		unsigned char was[CHANGES_MAX];

		for (uint32_t j = 0; j < count; j++) {
			places[j] = random_below((uint32_t)image->size);
			was[j] = image->data[places[j]];
			image->data[places[j]] = random_below(2) == 0 ?
			    (unsigned char)random_below(8) :
			    (unsigned char)random_below(256);
		}
		taken += use(image->data, image->size);
		while (count-- > 0)
			image->data[places[count]] = was[count];
	}
	cr_expect_gt(taken, 0);
}

/* Its digest is made to fit, as who means harm would do. */
static void
sign(unsigned char *data)
{
	uint32_t size = blob_get32(data + BLOB_AT_PUBLIC) - BLOB_AT_VERSION;

	cr_assert_eq(EVP_Digest(data + BLOB_AT_VERSION, size,
			 data + BLOB_AT_IDENTITY, NULL, EVP_sha256(), NULL),
	    1);
}

/* As smtpd-dump uses it. Returns whether it was taken. */
static bool
dump(const struct blob_image *image)
{
	const struct dump_options shown = { true, true };
	const struct options options = { .root = NULL };
	struct parse_text text = { malloc(image->size + 2), image->size, 0, 0 };
	struct compilation comp;
	FILE *out = fopen("/dev/null", "w");
	bool is_taken;

	memcpy(text.text, image->data, image->size);
	compilation_init(&comp, &options);
	is_taken = compilation_run_text(&comp, "x.blob", &text) ==
	    COMPILATION_OK;
	if (is_taken) {
		dump_model_build(&comp, comp.ir, &shown);
		print_conf_write(out, &comp.arena, comp.ir, true);
	}
	compilation_fini(&comp);
	fclose(out);
	return is_taken;
}

/* What conditions say, in all ways. */
static void
try_preds(const struct blob_image *image)
{
	unsigned refused = 0, taken = 0;
	const struct blob_section *preds;
	struct blob blob;

	cr_assert_eq(blob_open(&blob, image->data, image->size, 0), BLOB_OK);
	preds = &blob.sections[BLOB_PREDS];
	for (uint32_t i = 0; i < preds->count * preds->stride; i++) {
		unsigned char *at = image->data + (preds->data - image->data) +
		    i;
		unsigned char was = *at;

		for (unsigned value = 0; value <= PRED_KINDS; value++) {
			*at = (unsigned char)(was ^ value);
			sign(image->data);
			if (dump(image))
				taken++;
			else
				refused++;
		}
		*at = was;
	}
	sign(image->data);
	cr_expect_gt(refused, 0);
	cr_expect_gt(taken, 0);
}

/* Whether a blob is refused that has a number there. */
static bool
is_refused_with(const struct blob_image *image, const unsigned char *place,
    uint32_t number)
{
	unsigned char *at = image->data + (place - image->data), was[4];
	bool is_taken;

	memcpy(was, at, sizeof(was));
	for (unsigned i = 0; i < sizeof(was); i++)
		at[i] = (unsigned char)(number >> 8 * i);
	is_taken = use(image->data, image->size);
	memcpy(at, was, sizeof(was));
	return !is_taken;
}

/* Children that are above or beyond, entries that there are not. */
static void
try_nodes(const struct blob_image *image, const struct blob *blob,
    struct blob_range nodes)
{
	for (uint32_t i = 0; i < nodes.count; i++) {
		const unsigned char *at = blob_at(blob, BLOB_WILD,
		    nodes.first + i);

		cr_expect(is_refused_with(image, at + BLOB_WILD_FIRST, i));
		cr_expect(is_refused_with(image, at + BLOB_WILD_FIRST, 0));
		cr_expect(is_refused_with(image, at + BLOB_WILD_FIRST,
		    nodes.count + 1));
		cr_expect(is_refused_with(image, at + BLOB_WILD_ENTRY,
		    blob_count(blob, BLOB_ENTRIES) + 1));
	}
}

static void
try_patterns(const struct blob_image *image)
{
	struct blob_table_facts facts;
	struct blob blob;
	uint32_t count;

	cr_assert_eq(blob_open(&blob, image->data, image->size, 0), BLOB_OK);
	count = blob_count(&blob, BLOB_TABLE_FACTS);
	for (uint32_t i = 0; i < count; i++) {
		blob_read(&blob, BLOB_TABLE_FACTS, i, &facts);
		try_nodes(image, &blob, facts.wild);
		try_nodes(image, &blob, facts.wild_mail);
	}
}

static void
try_configs(void (*try)(const struct blob_image *image))
{
	static struct ir_env env;

	for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		struct blob_image image = compile(&env, configs[i]);

		cr_assert(use(image.data, image.size));
		try(&image);
		cr_assert(use(image.data, image.size));
		blob_image_fini(&image);
		ir_env_fini(&env);
	}
}

Test(blob_hostile, cut_off_anywhere)
{
	try_configs(try_cuts);
}

Test(blob_hostile, a_byte_changed)
{
	try_configs(try_bytes);
}

Test(blob_hostile, several_bytes_changed)
{
	try_configs(try_mutations);
}

Test(blob_hostile, a_condition_changed)
{
	try_configs(try_preds);
}

Test(blob_hostile, patterns_that_are_no_tree)
{
	try_configs(try_patterns);
}
