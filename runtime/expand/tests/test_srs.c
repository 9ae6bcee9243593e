/*
 * Addresses as OpenSMTPD 6.8 signs and takes them, on one day.
 */
#include "runtime/expand/srs.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const struct srs test_srs = {
	.key = { "secret", 6 },
	.backup = { "old", 3 },
	.ttl = 4,
	.today = 20781, /* 2026-11-24, "JN" */
};

struct test_pair {
	const char *signed_text;
	const char *text; /* NULL: not taken */
};

Test(srs, decodes)
{
	static const struct test_pair cases[] = {
		{ "SRS0=mqpc=JN=far.example=joe@hub.example",
		    "joe@far.example" },
		/* The hash is of what stands behind its delimiter. */
		{ "srs0=mqpc+JN=far.example=joe@hub.example",
		    "joe@far.example" },
		/* "+Bt/" */
		{ "SRS0=-Bt_=JN=far.example=u450@hub.example",
		    "u450@far.example" },
		/* By the key before. */
		{ "SRS0=NPCt=JN=far.example=joe@hub.example",
		    "joe@far.example" },
		/* Four days old, one ahead, and further than that. */
		{ "SRS0=dhtD=JJ=far.example=joe@hub.example",
		    "joe@far.example" },
		{ "SRS0=PESY=JO=far.example=joe@hub.example",
		    "joe@far.example" },
		{ "SRS0=mAUy=JI=far.example=joe@hub.example", NULL },
		{ "SRS0=a_Kg=JP=far.example=joe@hub.example", NULL },
		/* By another key, changed, or cut. */
		{ "SRS0=hQP4=JN=far.example=joe@hub.example", NULL },
		{ "SRS0=mqpc=JN=far.example=joe@HUB.example", NULL },
		{ "SRS0=mqpc=JN=far.example=Joe@hub.example", NULL },
		{ "SRS0=mqp@hub.example", NULL },
		{ "SRS0=mqpc=@hub.example", NULL },
		{ "SRS0=@hub.example", NULL },
		/* What the one before us signed. */
		{ "SRS1=JN_d=last.example==abcd=JN=far.example=joe@hub.example",
		    "SRS0=abcd=JN=far.example=joe@last.example" },
		{ "SRS1=4GPv=last.example==abcd=JE=far.example=joe@hub.example",
		    NULL },
		{ "SRS1=DGEo=last.example==abcd=jn=far.example=joe@hub.example",
		    NULL },
		/* No such addresses. */
		{ "SRS0+mqpc=JN=far.example=joe@hub.example", NULL },
		{ "SRS2=mqpc=JN=far.example=joe@hub.example", NULL },
		{ "joe@hub.example", NULL },
		{ "@", NULL },
	};
	struct srs_address address;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mailaddr asked =
		    mailaddr_split(str_from(cases[i].signed_text));

		cr_assert_eq(srs_decode(&test_srs, asked, &address),
		    cases[i].text != NULL, "%s", cases[i].signed_text);
		if (cases[i].text != NULL)
			cr_expect_str_eq(address.text, cases[i].text);
	}
}

/* Each kind of sender, and back. */
Test(srs, encodes)
{
	static const struct test_pair cases[] = {
		{ "SRS0=mqpc=JN=far.example=joe@hub.example",
		    "joe@far.example" },
		{ "SRS1=JN_d=last.example==abcd=JN=far.example=joe@hub.example",
		    "SRS0=abcd=JN=far.example=joe@last.example" },
	};
	struct srs_address address, back;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert(srs_encode(&test_srs,
		    mailaddr_split(str_from(cases[i].text)),
		    STR_LIT("hub.example"), &address));
		cr_expect_str_eq(address.text, cases[i].signed_text);
		cr_expect(srs_decode(&test_srs, address.address, &back));
		cr_expect_str_eq(back.text, cases[i].text);
	}
	/* The third and all behind it only change the hash. */
	cr_assert(srs_encode(&test_srs,
	    mailaddr_split(STR_LIT("SRS1=wxyz=last.example==abcd=JN="
				   "far.example=joe@second.example")),
	    STR_LIT("hub.example"), &address));
	cr_expect_str_eq(address.text, cases[1].signed_text);
}

Test(srs, encodes_no_more_than_fits)
{
	char text[300];
	struct mailaddr sender = { { text, 255 }, STR_LIT("far.example") };
	struct srs none = test_srs;
	struct srs_address address;

	memset(text, 'x', sizeof(text));
	cr_expect_not(srs_encode(&test_srs, sender, STR_LIT("hub.example"),
	    &address));
	sender.user.len = 255 - 25;
	cr_expect(srs_encode(&test_srs, sender, STR_LIT("hub.example"),
	    &address));
	sender.user.len++;
	cr_expect_not(srs_encode(&test_srs, sender, STR_LIT("hub.example"),
	    &address));
	cr_expect_not(srs_encode(&test_srs, mailaddr_split(STR_LIT("@")),
	    STR_LIT("hub.example"), &address));
	cr_expect_not(srs_encode(&test_srs,
	    mailaddr_split(STR_LIT("SRS1=x@y.example")), STR_LIT("hub.example"),
	    &address));
	none.key = none.backup = STR_LIT("");
	sender.user.len = 1;
	cr_expect_not(srs_encode(&none, sender, STR_LIT("hub.example"),
	    &address));
	cr_expect_not(srs_decode(&none,
	    mailaddr_split(STR_LIT("SRS0=mqpc=JN=far.example=joe@hub.example")),
	    &address));
}

/* The count of days begins again after 1,024. */
Test(srs, days_wrap)
{
	struct srs srs = test_srs;
	struct srs_address address, decoded;

	for (uint32_t today = 20 * 1024 - 8; today < 20 * 1024 + 8; today++) {
		srs.today = today;
		cr_assert(srs_encode(&srs,
		    mailaddr_split(STR_LIT("joe@far.example")),
		    STR_LIT("hub.example"), &address));
		for (uint32_t age = 0; age < 10; age++) {
			srs.today = today + age;
			cr_expect_eq(srs_decode(&srs, address.address,
					 &decoded),
			    age <= srs.ttl, "%u after %u", age, today);
		}
		srs.today = today - 1;
		cr_expect(srs_decode(&srs, address.address, &decoded));
	}
}
