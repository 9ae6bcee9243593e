/*
 * What a table can be asked: the kinds of look-up, each with its own way to
 * compare a key with an entry and its own form of values.
 */
#ifndef RUNTIME_BASE_SERVICE_H
#define RUNTIME_BASE_SERVICE_H

enum service {
	/* Existence only. */
	SERVICE_STRING,
	SERVICE_DOMAIN,   /* entries are wildcard patterns */
	SERVICE_NETADDR,  /* entries are addresses and networks */
	SERVICE_MAILADDR, /* entries are user, @domain, user@domain */
	SERVICE_REGEX,    /* entries are POSIX extended expressions */

	/* Exact keys with a value. */
	SERVICE_ALIAS,       /* list of targets */
	SERVICE_CREDENTIALS, /* user:secret, or a secret */
	SERVICE_USERINFO,    /* uid:gid:directory */
	SERVICE_ADDRNAME,    /* host name of an address */
	SERVICE_MAILADDRMAP, /* list of mail addresses */
	SERVICE_RELAYHOST,   /* relay URL */
	SERVICE_COUNT
};

/* Answers are three-valued: a look-up can fail. */
enum answer {
	ANSWER_FAILED = -1,
	ANSWER_NO = 0,
	ANSWER_YES = 1,
};

#endif
