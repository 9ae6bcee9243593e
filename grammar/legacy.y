%require "3.8"
%define api.pure full
%define api.prefix {legacy_yy}
%define api.token.prefix {TOK_}
%define api.location.type {struct srcpos}
%define api.value.type union
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param { struct parse *parse }

%code requires {
#include "grammar/build.h"
}

%code {
#include "grammar/keyword.h"
#include "grammar/syntax.h"

#define YYLLOC_DEFAULT(current, rhs, n) \
	((current) = build_span(&YYRHSLOC(rhs, 0), (n)))

static int legacy_yylex(LEGACY_YYSTYPE *, struct srcpos *, struct parse *);
static void legacy_yyerror(const struct srcpos *, struct parse *,
    const char *);
}

%token NEWLINE "end of line"
%token <struct word> STRING "a name or string"
%token <struct word> NUMBER "a number"
%token ARROW "'=>'"

%token ACCEPT "accept"
%token ALIAS "alias"
%token ANY "any"
%token AS "as"
%token AUTH "auth"
%token AUTH_OPTIONAL "auth-optional"
%token AUTHENTICATED "authenticated"
%token BACKUP "backup"
%token BOUNCE_WARN "bounce-warn"
%token CA "ca"
%token CERTIFICATE "certificate"
%token CIPHERS "ciphers"
%token COMPRESSION "compression"
%token DELIVER "deliver"
%token DHE "dhe"
%token DOMAIN "domain"
%token ENCRYPTION "encryption"
%token EXPIRE "expire"
%token FILTER "filter"
%token FOR "for"
%token FORWARD_ONLY "forward-only"
%token FROM "from"
%token HOSTNAME "hostname"
%token HOSTNAMES "hostnames"
%token INCLUDE "include"
%token INET4 "inet4"
%token INET6 "inet6"
%token KEY "key"
%token LIMIT "limit"
%token LISTEN "listen"
%token LMTP "lmtp"
%token LOCAL "local"
%token MAILDIR "maildir"
%token MASK_SOURCE "mask-source"
%token MASQUERADE "masquerade"
%token MAX_MESSAGE_SIZE "max-message-size"
%token MAX_MTA_DEFERRED "max-mta-deferred"
%token MBOX "mbox"
%token MDA "mda"
%token MTA "mta"
%token NO_DSN "no-dsn"
%token ON "on"
%token PKI "pki"
%token PORT "port"
%token QUEUE "queue"
%token RCPT_TO "rcpt-to"
%token RECEIVED_AUTH "received-auth"
%token RECIPIENT "recipient"
%token REJECT "reject"
%token RELAY "relay"
%token SCHEDULER "scheduler"
%token SENDER "sender"
%token SENDERS "senders"
%token SESSION "session"
%token SMTPS "smtps"
%token SOCKET "socket"
%token SOURCE "source"
%token SUBADDRESSING_DELIMITER "subaddressing-delimiter"
%token TABLE "table"
%token TAG "tag"
%token TAGGED "tagged"
%token TLS "tls"
%token TLS_REQUIRE "tls-require"
%token TO "to"
%token USERBASE "userbase"
%token VERIFY "verify"
%token VIA "via"
%token VIRTUAL "virtual"

/* Old spellings: names wherever they are not those. */
%token <struct word> ALL "all"
%token <struct word> BACKEND "backend"
%token <struct word> CURVE "curve"
%token <struct word> DB "db"
%token <struct word> DHPARAMS "dhparams"
%token <struct word> DISABLE "disable"
%token <struct word> DSN_NOTIFY "dsn-notify"
%token <struct word> DSN_RET "dsn-ret"
%token <struct word> ENABLE "enable"
%token <struct word> ENQUEUER "enqueuer"
%token <struct word> HEADERS "headers"
%token <struct word> HELO "helo"
%token <struct word> MAP "map"
%token <struct word> PLAIN "plain"
%token <struct word> SECURE "secure"
%token <struct word> SIZE "size"
%token <struct word> SSL "ssl"
%type <struct word> name value
%type <struct stmt *> statement setting rule old_statement
%type <struct clause *> limit decision from for lookup action_tail
%type <struct clause *> listen_option relay_option pki_option delay
%type <struct clause_list> limits mta_limits delays delay_list decisions
%type <struct clause_list> lookups action local_options tails
%type <struct clause_list> listen_options relay_options pki_options words
%type <struct list *> list elements pairs
%type <struct tabref *> tabref plain_tabref optional_tabref
%type <unsigned> negation

%%

/*
 * Statements end with the line. An error gives up its statement only; the
 * reader has skipped to the end of it.
 */
file:
	%empty
	| file NEWLINE
	| file statement NEWLINE	{ build_add(parse, $2); }
	| file error NEWLINE	{
		build_lost(parse);
		yyerrok;
	}
	;

name:
	STRING
	| ALL | BACKEND | CURVE | DB | DHPARAMS | DISABLE | DSN_NOTIFY
	| DSN_RET | ENABLE | ENQUEUER | HEADERS | HELO | MAP | PLAIN
	| SECURE | SIZE | SSL
	;

value:
	name
	| NUMBER
	;

statement:
	INCLUDE name	{ $$ = build_setting(parse, STMT_INCLUDE, @$, $2); }
	| name '=' name	{
		$$ = build_setting(parse, STMT_MACRO, @$, $1);
		$$->value = $3;
	}
	| TABLE name name	{
		$$ = build_setting(parse, STMT_TABLE, @$, $2);
		$$->value = $3;
	}
	| TABLE name list	{
		$$ = build_setting(parse, STMT_TABLE, @$, $2);
		$$->list = $3;
	}
	| LISTEN ON SOCKET listen_options	{
		$$ = build_stmt(parse, STMT_LISTEN_SOCKET, @$);
		$$->clauses = $4.first;
	}
	| LISTEN ON name listen_options	{
		$$ = build_setting(parse, STMT_LISTEN, @$, $3);
		$$->clauses = $4.first;
	}
	| PKI name pki_options	{
		$$ = build_setting(parse, STMT_PKI, @$, $2);
		$$->clauses = $3.first;
	}
	| CA name CERTIFICATE name	{
		$$ = build_setting(parse, STMT_CA, @$, $2);
		$$->clauses = build_word_clause(parse, CLAUSE_CERT,
		    srcpos_join(@3, @4), $4);
	}
	| setting
	| rule
	| old_statement
	;

setting:
	BOUNCE_WARN delays	{
		$$ = build_stmt(parse, STMT_BOUNCE_WARN, @$);
		$$->clauses = $2.first;
	}
	| CIPHERS name	{
		$$ = build_setting(parse, STMT_CIPHERS, @$, $2);
	}
	| EXPIRE name	{
		$$ = build_setting(parse, STMT_QUEUE_TTL, @$, $2);
	}
	| LIMIT SESSION limits	{
		$$ = build_stmt(parse, STMT_LIMIT_SMTP, @$);
		$$->clauses = $3.first;
	}
	| LIMIT MDA limits	{
		$$ = build_stmt(parse, STMT_LIMIT_MDA, @$);
		$$->clauses = $3.first;
	}
	| LIMIT SCHEDULER limits	{
		$$ = build_stmt(parse, STMT_LIMIT_SCHEDULER, @$);
		$$->clauses = $3.first;
	}
	| LIMIT MTA mta_limits	{
		$$ = build_stmt(parse, STMT_LIMIT_MTA, @$);
		$$->clauses = $3.first;
	}
	| LIMIT MTA FOR DOMAIN name mta_limits	{
		struct clause *domain = build_word_clause(parse,
		    CLAUSE_LIMIT_DOMAIN, srcpos_join(@3, @5), $5);

		$$ = build_stmt(parse, STMT_LIMIT_MTA, @$);
		$$->clauses = build_concat(build_clauses(domain),
		    $6).first;
	}
	| MAX_MESSAGE_SIZE value	{
		$$ = build_setting(parse, STMT_MAX_MESSAGE_SIZE, @$, $2);
	}
	| MAX_MTA_DEFERRED NUMBER	{
		$$ = build_setting(parse, STMT_MAX_DEFERRED, @$, $2);
	}
	| QUEUE COMPRESSION	{
		$$ = build_stmt(parse, STMT_QUEUE_COMPRESSION, @$);
	}
	| QUEUE ENCRYPTION	{
		$$ = build_stmt(parse, STMT_QUEUE_ENCRYPTION, @$);
	}
	| QUEUE ENCRYPTION KEY name	{
		$$ = build_setting(parse, STMT_QUEUE_ENCRYPTION, @$, $4);
	}
	| SUBADDRESSING_DELIMITER name	{
		$$ = build_setting(parse, STMT_SUB_ADDR_DELIM, @$, $2);
	}
	;

/* A leading comma is an oddity of the original. */
delays:
	%empty		{ $$ = build_clauses(NULL); }
	| delay_list
	| ',' delay_list	{ $$ = $2; }
	;

delay_list:
	delay			{ $$ = build_clauses($1); }
	| delay_list ',' delay	{ $$ = build_append($1, $3); }
	;

delay:
	name	{ $$ = build_word_clause(parse, CLAUSE_DELAY, @$, $1); }
	;

limits:
	%empty		{ $$ = build_clauses(NULL); }
	| limits limit	{ $$ = build_append($1, $2); }
	;

limit:
	name NUMBER	{ $$ = build_limit(parse, @$, $1, $2); }
	;

mta_limits:
	%empty			{ $$ = build_clauses(NULL); }
	| mta_limits limit	{ $$ = build_append($1, $2); }
	| mta_limits INET4	{
		$$ = build_append($1, build_clause(parse, CLAUSE_INET4, @2));
	}
	| mta_limits INET6	{
		$$ = build_append($1, build_clause(parse, CLAUSE_INET6, @2));
	}
	;

pki_options:
	%empty		{ $$ = build_clauses(NULL); }
	| pki_options pki_option	{ $$ = build_append($1, $2); }
	;

pki_option:
	CERTIFICATE name	{
		$$ = build_word_clause(parse, CLAUSE_CERT, @$, $2);
	}
	| KEY name	{ $$ = build_word_clause(parse, CLAUSE_KEY, @$, $2); }
	| DHE name	{ $$ = build_word_clause(parse, CLAUSE_DHE, @$, $2); }
	| DHPARAMS name	{
		$$ = build_flag(build_word_clause(parse, CLAUSE_DHE, @$, $2),
		    CLAUSE_OLD);
	}
	| CA name	{
		$$ = build_flag(build_word_clause(parse, CLAUSE_CA, @$, $2),
		    CLAUSE_OLD);
	}
	;

/* Elements are apart by commas, line breaks or nothing. */
list:
	'{' elements '}'	{ $$ = $2; $$->pos = @$; }
	| '{' pairs '}'		{ $$ = $2; $$->pos = @$; }
	| '{' newlines elements '}'	{
		$$ = build_loose_break($3, @2); $$->pos = @$;
	}
	| '{' newlines pairs '}'	{
		$$ = build_loose_break($3, @2); $$->pos = @$;
	}
	| '{' elements newlines '}'	{
		$$ = build_loose_break($2, @3); $$->pos = @$;
	}
	| '{' pairs newlines '}'	{
		$$ = build_loose_break($2, @3); $$->pos = @$;
	}
	| '{' newlines elements newlines '}'	{
		$$ = build_loose_break($3, @2); $$->pos = @$;
	}
	| '{' newlines pairs newlines '}'	{
		$$ = build_loose_break($3, @2); $$->pos = @$;
	}
	| '(' elements ')'	{
		$$ = $2; $$->pos = @$; $$->flags |= LIST_OLD_PARENS;
	}
	;

newlines:
	NEWLINE
	| newlines NEWLINE
	;

elements:
	name	{
		$$ = build_list(parse, $1, (struct word){ .ptr = "" });
	}
	| elements separator name	{
		$$ = build_list_append(parse, $1, $3,
		    (struct word){ .ptr = "" });
	}
	| elements ',' newlines name	{
		$$ = build_loose_break(build_list_append(parse, $1, $4,
		    (struct word){ .ptr = "" }), @3);
	}
	;

pairs:
	name equals name	{ $$ = build_list(parse, $1, $3); }
	| pairs separator name equals name	{
		$$ = build_list_append(parse, $1, $3, $5);
	}
	| pairs ',' newlines name equals name	{
		$$ = build_loose_break(build_list_append(parse, $1, $4, $6),
		    @3);
	}
	;

equals:
	'='
	| ARROW
	;

separator:
	%empty
	| ','
	| newlines
	;

tabref:
	plain_tabref
	| name	{ $$ = build_tabref(parse, TABREF_WORD, @$, $1); }
	| MAP STRING	{
		$$ = build_tabref(parse, TABREF_NAMED, @$, $2);
		$$->is_old = true;
	}
	;

plain_tabref:
	'<' name '>'	{ $$ = build_tabref(parse, TABREF_NAMED, @$, $2); }
	| list	{ $$ = build_list_tabref(parse, $1); }
	;

/* Here an old spelling that follows is an option, not an element. */
optional_tabref:
	%empty	{ $$ = NULL; }
	| plain_tabref
	| STRING	{ $$ = build_tabref(parse, TABREF_WORD, @$, $1); }
	;

listen_options:
	%empty	{ $$ = build_clauses(NULL); }
	| listen_options listen_option	{ $$ = build_append($1, $2); }
	;

listen_option:
	INET4	{ $$ = build_clause(parse, CLAUSE_INET4, @$); }
	| INET6	{ $$ = build_clause(parse, CLAUSE_INET6, @$); }
	| PORT value	{
		$$ = build_word_clause(parse, CLAUSE_PORT, @$, $2);
	}
	| TLS	{ $$ = build_clause(parse, CLAUSE_TLS, @$); }
	| TLS_REQUIRE	{ $$ = build_clause(parse, CLAUSE_TLS_REQUIRE, @$); }
	| TLS_REQUIRE VERIFY	{
		$$ = build_clause(parse, CLAUSE_TLS_REQUIRE, @$);
		$$->qualifier = @2;
	}
	| SMTPS	{ $$ = build_clause(parse, CLAUSE_SMTPS, @$); }
	| SMTPS VERIFY	{
		$$ = build_clause(parse, CLAUSE_SMTPS, @$);
		$$->qualifier = @2;
	}
	| PKI name	{ $$ = build_word_clause(parse, CLAUSE_PKI, @$, $2); }
	| CA name	{ $$ = build_word_clause(parse, CLAUSE_CA, @$, $2); }
	| AUTH optional_tabref	{
		$$ = build_table_clause(parse, CLAUSE_AUTH, @$, $2);
	}
	| AUTH_OPTIONAL optional_tabref	{
		$$ = build_table_clause(parse, CLAUSE_AUTH_OPTIONAL, @$, $2);
	}
	| FILTER name	{
		$$ = build_word_clause(parse, CLAUSE_FILTER, @$, $2);
	}
	| TAG name	{ $$ = build_word_clause(parse, CLAUSE_TAG, @$, $2); }
	| HOSTNAME name	{
		$$ = build_word_clause(parse, CLAUSE_HOSTNAME, @$, $2);
	}
	| HOSTNAMES tabref	{
		$$ = build_table_clause(parse, CLAUSE_HOSTNAMES, @$, $2);
	}
	| MASK_SOURCE	{ $$ = build_clause(parse, CLAUSE_MASK_SRC, @$); }
	| RECEIVED_AUTH	{ $$ = build_clause(parse, CLAUSE_RECEIVED_AUTH, @$); }
	| NO_DSN	{ $$ = build_clause(parse, CLAUSE_NO_DSN, @$); }
	| SENDERS tabref	{
		$$ = build_table_clause(parse, CLAUSE_SENDERS, @$, $2);
	}
	| SENDERS tabref MASQUERADE	{
		$$ = build_table_clause(parse, CLAUSE_SENDERS, @$, $2);
		$$->qualifier = @3;
	}
	| SECURE	{
		$$ = build_flag(build_clause(parse, CLAUSE_OLD_SECURE, @$),
		    CLAUSE_OLD);
	}
	| SSL	{
		$$ = build_flag(build_clause(parse, CLAUSE_OLD_SSL, @$),
		    CLAUSE_OLD);
	}
	| CERTIFICATE name	{
		$$ = build_flag(build_word_clause(parse, CLAUSE_PKI, @$, $2),
		    CLAUSE_OLD);
	}
	| ENABLE AUTH	{
		$$ = build_flag(build_clause(parse, CLAUSE_AUTH, @$),
		    CLAUSE_OLD);
	}
	;

/* Conditions, then lookups, then the action, then its tail. */
rule:
	ACCEPT decisions lookups action tails	{
		$$ = build_stmt(parse, STMT_ACCEPT, @$);
		$$->clauses = build_concat(build_concat($2, $3),
		    build_concat($4, $5)).first;
	}
	| REJECT decisions	{
		$$ = build_stmt(parse, STMT_REJECT, @$);
		$$->clauses = $2.first;
	}
	;

negation:
	%empty	{ $$ = 0; }
	| '!'	{ $$ = CLAUSE_NEGATED; }
	;

decisions:
	%empty	{ $$ = build_clauses(NULL); }
	| decisions decision	{ $$ = build_append($1, $2); }
	;

decision:
	FROM negation from	{
		$$ = build_flag($3, $2); $$->pos = @$;
	}
	| FOR negation for	{
		$$ = build_flag($3, $2); $$->pos = @$;
	}
	| SENDER negation tabref	{
		$$ = build_flag(build_table_clause(parse,
		    CLAUSE_COND_MAIL_FROM, @$, $3), $2);
	}
	| RECIPIENT negation tabref	{
		$$ = build_flag(build_table_clause(parse,
		    CLAUSE_COND_RCPT_TO, @$, $3), $2);
	}
	| TAGGED negation name	{
		$$ = build_flag(build_word_clause(parse, CLAUSE_COND_TAG, @$,
		    $3), $2);
	}
	| AUTHENTICATED	{ $$ = build_clause(parse, CLAUSE_COND_AUTH, @$); }
	| '!' AUTHENTICATED	{
		$$ = build_flag(build_clause(parse, CLAUSE_COND_AUTH, @$),
		    CLAUSE_NEGATED);
	}
	| ON name	{
		$$ = build_flag(build_word_clause(parse, CLAUSE_COND_TAG, @$,
		    $2), CLAUSE_OLD);
	}
	;

from:
	ANY	{ $$ = build_clause(parse, CLAUSE_FROM_ANY, @$); }
	| LOCAL	{ $$ = build_clause(parse, CLAUSE_FROM_LOCAL, @$); }
	| SOURCE tabref	{
		$$ = build_table_clause(parse, CLAUSE_FROM_SRC, @$, $2);
	}
	| ALL	{
		$$ = build_flag(build_clause(parse, CLAUSE_FROM_ANY, @$),
		    CLAUSE_OLD);
	}
	| plain_tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_FROM_SRC,
		    @$, $1), CLAUSE_OLD);
	}
	| STRING	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_FROM_SRC,
		    @$, build_tabref(parse, TABREF_WORD, @$, $1)),
		    CLAUSE_OLD);
	}
	;

for:
	ANY	{ $$ = build_clause(parse, CLAUSE_FOR_ANY, @$); }
	| LOCAL	{ $$ = build_clause(parse, CLAUSE_FOR_LOCAL, @$); }
	| DOMAIN tabref	{
		$$ = build_table_clause(parse, CLAUSE_FOR_DOMAIN, @$, $2);
	}
	| ALL	{
		$$ = build_flag(build_clause(parse, CLAUSE_FOR_ANY, @$),
		    CLAUSE_OLD);
	}
	| VIRTUAL tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_FOR_VIRTUAL,
		    @$, $2), CLAUSE_OLD);
	}
	;

lookups:
	%empty	{ $$ = build_clauses(NULL); }
	| lookups lookup	{ $$ = build_append($1, $2); }
	;

lookup:
	ALIAS tabref	{
		$$ = build_table_clause(parse, CLAUSE_ALIAS, @$, $2);
	}
	| VIRTUAL tabref	{
		$$ = build_table_clause(parse, CLAUSE_VIRTUAL, @$, $2);
	}
	| USERBASE tabref	{
		$$ = build_table_clause(parse, CLAUSE_USERBASE, @$, $2);
	}
	;

action:
	%empty	{ $$ = build_clauses(NULL); }
	| DELIVER TO MAILDIR local_options	{
		$$ = build_concat(build_clauses(build_clause(parse,
		    CLAUSE_MAILDIR, srcpos_join(@1, @3))), $4);
	}
	| DELIVER TO MAILDIR STRING local_options	{
		$$ = build_concat(build_clauses(build_word_clause(parse,
		    CLAUSE_MAILDIR, srcpos_join(@1, @4), $4)), $5);
	}
	| DELIVER TO MBOX local_options	{
		$$ = build_concat(build_clauses(build_clause(parse,
		    CLAUSE_MBOX, srcpos_join(@1, @3))), $4);
	}
	| DELIVER TO MBOX STRING local_options	{
		$$ = build_concat(build_clauses(build_flag(build_word_clause(
		    parse, CLAUSE_MBOX, srcpos_join(@1, @4), $4),
		    CLAUSE_OLD)), $5);
	}
	| DELIVER TO LMTP name local_options	{
		$$ = build_concat(build_clauses(build_word_clause(parse,
		    CLAUSE_LMTP, srcpos_join(@1, @4), $4)), $5);
	}
	| DELIVER TO MDA name local_options	{
		$$ = build_concat(build_clauses(build_word_clause(parse,
		    CLAUSE_MDA, srcpos_join(@1, @4), $4)), $5);
	}
	| RELAY relay_options	{
		$$ = build_concat(build_clauses(build_clause(parse,
		    CLAUSE_RELAY, @1)), $2);
	}
	| RELAY VIA name relay_options	{
		$$ = build_concat(build_append(build_clauses(build_clause(
		    parse, CLAUSE_RELAY, @1)), build_word_clause(parse,
		    CLAUSE_HOST, srcpos_join(@2, @3), $3)), $4);
	}
	;

/* Which method takes which is checked on the tree. */
local_options:
	%empty	{ $$ = build_clauses(NULL); }
	| local_options RCPT_TO	{
		$$ = build_append($1, build_clause(parse, CLAUSE_RCPT_TO,
		    @2));
	}
	| local_options AS name	{
		$$ = build_append($1, build_word_clause(parse, CLAUSE_USER,
		    srcpos_join(@2, @3), $3));
	}
	;

relay_options:
	%empty	{ $$ = build_clauses(NULL); }
	| relay_options relay_option	{ $$ = build_append($1, $2); }
	;

relay_option:
	AS name	{
		$$ = build_word_clause(parse, CLAUSE_MAIL_FROM, @$, $2);
	}
	| SOURCE tabref	{
		$$ = build_table_clause(parse, CLAUSE_SRC, @$, $2);
	}
	| HOSTNAME name	{
		$$ = build_word_clause(parse, CLAUSE_HELO, @$, $2);
	}
	| HOSTNAMES tabref	{
		$$ = build_table_clause(parse, CLAUSE_HELO_SRC, @$, $2);
	}
	| PKI name	{ $$ = build_word_clause(parse, CLAUSE_PKI, @$, $2); }
	| CA name	{ $$ = build_word_clause(parse, CLAUSE_CA, @$, $2); }
	| BACKUP	{ $$ = build_clause(parse, CLAUSE_BACKUP, @$); }
	| BACKUP STRING	{
		$$ = build_word_clause(parse, CLAUSE_BACKUP, @$, $2);
	}
	| TLS	{ $$ = build_clause(parse, CLAUSE_TLS, @$); }
	| AUTH tabref	{
		$$ = build_table_clause(parse, CLAUSE_AUTH, @$, $2);
	}
	| VERIFY	{ $$ = build_clause(parse, CLAUSE_VERIFY, @$); }
	| HELO tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_HELO_SRC,
		    @$, $2), CLAUSE_OLD);
	}
	| CERTIFICATE name	{
		$$ = build_flag(build_word_clause(parse, CLAUSE_PKI, @$, $2),
		    CLAUSE_OLD);
	}
	| SSL	{
		$$ = build_flag(build_clause(parse, CLAUSE_OLD_SSL, @$),
		    CLAUSE_OLD);
	}
	| PORT value	{
		$$ = build_flag(build_word_clause(parse, CLAUSE_PORT, @$,
		    $2), CLAUSE_OLD);
	}
	| ENABLE AUTH	{
		$$ = build_flag(build_clause(parse, CLAUSE_AUTH, @$),
		    CLAUSE_OLD);
	}
	;

tails:
	%empty	{ $$ = build_clauses(NULL); }
	| tails action_tail	{ $$ = build_append($1, $2); }
	;

action_tail:
	EXPIRE name	{
		$$ = build_word_clause(parse, CLAUSE_TTL, @$, $2);
	}
	| FORWARD_ONLY	{ $$ = build_clause(parse, CLAUSE_FORWARD_ONLY, @$); }
	| TAG name	{
		$$ = build_flag(build_word_clause(parse, CLAUSE_COND_TAG, @$,
		    $2), CLAUSE_OLD);
	}
	;

/* Statements of 5.2 to 5.9 that 6.0 does not have. */
old_statement:
	MAP name SOURCE DB name	{
		$$ = build_setting(parse, STMT_TABLE, @$, $2);
		$$->flags = STMT_OLD; $$->value = $5;
	}
	| MAP name SOURCE PLAIN name	{
		$$ = build_setting(parse, STMT_TABLE, @$, $2);
		$$->flags = STMT_OLD | STMT_OLD_PLAIN; $$->value = $5;
	}
	| MAP name '{' SOURCE DB name '}'	{
		$$ = build_setting(parse, STMT_TABLE, @$, $2);
		$$->flags = STMT_OLD; $$->value = $6;
	}
	| MAP name '{' SOURCE PLAIN name '}'	{
		$$ = build_setting(parse, STMT_TABLE, @$, $2);
		$$->flags = STMT_OLD | STMT_OLD_PLAIN; $$->value = $6;
	}
	| MAP name STRING	{
		$$ = build_setting(parse, STMT_TABLE, @$, $2);
		$$->flags = STMT_OLD | STMT_OLD_WORD; $$->value = $3;
	}
	| MAP name list	{
		$$ = build_setting(parse, STMT_TABLE, @$, $2);
		$$->flags = STMT_OLD | STMT_OLD_WORD; $$->list = $3;
	}
	| TABLE name BACKEND DB name	{
		$$ = build_setting(parse, STMT_TABLE, @$, $2);
		$$->flags = STMT_OLD; $$->value = $5;
	}
	| TABLE name BACKEND PLAIN name	{
		$$ = build_setting(parse, STMT_TABLE, @$, $2);
		$$->flags = STMT_OLD | STMT_OLD_PLAIN; $$->value = $5;
	}
	| HOSTNAME name	{
		$$ = build_setting(parse, STMT_OLD_HOSTNAME, @$, $2);
		$$->flags = STMT_OLD;
	}
	| SIZE value	{
		$$ = build_setting(parse, STMT_MAX_MESSAGE_SIZE, @$, $2);
		$$->flags = STMT_OLD;
	}
	| ENQUEUER FILTER name	{
		$$ = build_stmt(parse, STMT_LISTEN_SOCKET, @$);
		$$->flags = STMT_OLD;
		$$->clauses = build_word_clause(parse, CLAUSE_FILTER,
		    srcpos_join(@2, @3), $3);
	}
	| DSN_NOTIFY DISABLE	{
		$$ = build_stmt(parse, STMT_OLD_DSN, @$);
		$$->flags = STMT_OLD;
	}
	| DSN_RET HEADERS	{
		$$ = build_stmt(parse, STMT_OLD_DSN, @$);
		$$->flags = STMT_OLD;
	}
	| CURVE name	{
		$$ = build_setting(parse, STMT_OLD_CURVE, @$, $2);
		$$->flags = STMT_OLD;
	}
	| FILTER name words	{
		$$ = build_setting(parse, STMT_FILTER, @$, $2);
		$$->flags = STMT_OLD;
	}
	;

words:
	value	{
		$$ = build_clauses(build_word_clause(parse,
		    CLAUSE_CHAIN, @$, $1));
	}
	| words value	{
		$$ = build_append($1, build_word_clause(parse,
		    CLAUSE_CHAIN, @2, $2));
	}
	;

%%

#define LEGACY_NO(id)
#define LEGACY_OLD(id) [KEYWORD_##id] = TOK_##id,
#define LEGACY_YES(id) [KEYWORD_##id] = TOK_##id,

static const int legacy_tokens[KEYWORD_COUNT] = {
#define KEYWORD(id, text, legacy, modern, since, until) LEGACY_##legacy(id)
#include "grammar/keywords.def"
#undef KEYWORD
};

static int
legacy_yylex(LEGACY_YYSTYPE *value, struct srcpos *pos, struct parse *parse)
{
	struct token token;

	reader_next(parse->reader, &token);
	*pos = token.word.pos;
	value->TOK_STRING = token.word;
	switch (token.kind) {
	case TOKEN_STOP:
	case TOKEN_FILE_END:
		return TOK_YYEOF;
	case TOKEN_NEWLINE:
		return TOK_NEWLINE;
	case TOKEN_NUMBER:
		return TOK_NUMBER;
	case TOKEN_ARROW:
		return TOK_ARROW;
	case TOKEN_CHAR:
		return token.ch;
	case TOKEN_INVALID:
		/* Reported: goes to recovery without a message. */
		parse->tree->has_syntax_errors = true;
		reader_lose_statement(parse->reader);
		return TOK_LEGACY_YYerror;
	case TOKEN_WORD:
		break;
	}
	return token.keyword == KEYWORD_NONE ? TOK_STRING :
	    legacy_tokens[token.keyword];
}

static void
legacy_yyerror(const struct srcpos *pos, struct parse *parse,
    const char *text)
{
	diag_report(parse->diags, CHECK_INPUT_TOO_LARGE, *pos,
	    "the parser gave up: %s", text);
}

static int
yyreport_syntax_error(const yypcontext_t *context, struct parse *parse)
{
	yysymbol_kind_t kinds[SYNTAX_EXPECTED_MAX];
	const char *names[SYNTAX_EXPECTED_MAX];
	int count = yypcontext_expected_tokens(context, kinds,
	    SYNTAX_EXPECTED_MAX);

	for (int i = 0; i < count; i++)
		names[i] = yysymbol_name(kinds[i]);
	syntax_report(parse, names, count);
	return 0;
}
