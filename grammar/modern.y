%require "3.8"
%define api.pure full
%define api.prefix {modern_yy}
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

static int modern_yylex(MODERN_YYSTYPE *, struct srcpos *, struct parse *);
static void modern_yyerror(const struct srcpos *, struct parse *,
    const char *);
}

%token NEWLINE "end of line"
%token <struct word> STRING "a name or string"
%token <struct word> NUMBER "a number"
%token ARROW "'=>'"

%token ACTION "action"
%token ADMD "admd"
%token ALIAS "alias"
%token ANY "any"
%token <struct word> AUTH "auth"
%token AUTH_OPTIONAL "auth-optional"
%token BACKUP "backup"
%token BOUNCE "bounce"
%token BYPASS "bypass"
%token CA "ca"
%token CERT "cert"
%token CHAIN "chain"
%token CHROOT "chroot"
%token CIPHERS "ciphers"
%token <struct word> COMMIT "commit"
%token COMPRESSION "compression"
%token <struct word> CONNECT "connect"
%token <struct word> DATA "data"
%token <struct word> DATA_LINE "data-line"
%token DHE "dhe"
%token DISCONNECT "disconnect"
%token DOMAIN "domain"
%token <struct word> EHLO "ehlo"
%token ENCRYPTION "encryption"
%token EXPAND_ONLY "expand-only"
%token FCRDNS "fcrdns"
%token FILTER "filter"
%token FOR "for"
%token FORWARD_ONLY "forward-only"
%token FROM "from"
%token GROUP "group"
%token <struct word> HELO "helo"
%token HELO_SRC "helo-src"
%token HOST "host"
%token HOSTNAME "hostname"
%token HOSTNAMES "hostnames"
%token INCLUDE "include"
%token INET4 "inet4"
%token INET6 "inet6"
%token JUNK "junk"
%token KEY "key"
%token LIMIT "limit"
%token LISTEN "listen"
%token LMTP "lmtp"
%token LOCAL "local"
%token <struct word> MAIL_FROM "mail-from"
%token MAILDIR "maildir"
%token MASK_SRC "mask-src"
%token MASQUERADE "masquerade"
%token MATCH "match"
%token MAX_DEFERRED "max-deferred"
%token MAX_MESSAGE_SIZE "max-message-size"
%token MBOX "mbox"
%token MDA "mda"
%token MTA "mta"
%token MX "mx"
%token NO_DSN "no-dsn"
%token NO_VERIFY "no-verify"
%token <struct word> NOOP "noop"
%token ON "on"
%token PHASE "phase"
%token PKI "pki"
%token PORT "port"
%token PROC "proc"
%token PROC_EXEC "proc-exec"
%token PROTOCOLS "protocols"
%token PROXY_V2 "proxy-v2"
%token QUEUE "queue"
%token <struct word> QUIT "quit"
%token <struct word> RCPT_TO "rcpt-to"
%token RDNS "rdns"
%token RECEIVED_AUTH "received-auth"
%token RECIPIENT "recipient"
%token REGEX "regex"
%token REJECT "reject"
%token RELAY "relay"
%token REPORT "report"
%token REWRITE "rewrite"
%token <struct word> RSET "rset"
%token SCHEDULER "scheduler"
%token SENDERS "senders"
%token <struct word> SMTP "smtp"
%token SMTP_IN "smtp-in"
%token SMTP_OUT "smtp-out"
%token <struct word> SMTPS "smtps"
%token SOCKET "socket"
%token SRC "src"
%token SRS "srs"
%token SUB_ADDR_DELIM "sub-addr-delim"
%token TABLE "table"
%token TAG "tag"
%token TAGGED "tagged"
%token TLS "tls"
%token TLS_REQUIRE "tls-require"
%token TO "to"
%token TTL "ttl"
%token USER "user"
%token USERBASE "userbase"
%token VERIFY "verify"
%token VIRTUAL "virtual"
%token WARN_INTERVAL "warn-interval"
%token WRAPPER "wrapper"

/* Words of the filter previews: names elsewhere. */
%token <struct word> BUILTIN "builtin"
%token <struct word> CHECK_FCRDNS "check-fcrdns"
%token <struct word> CHECK_RDNS "check-rdns"
%token <struct word> CHECK_RDNS_REGEX "check-rdns-regex"
%token <struct word> CHECK_RDNS_TABLE "check-rdns-table"
%token <struct word> CHECK_REGEX "check-regex"
%token <struct word> CHECK_SRC_REGEX "check-src-regex"
%token <struct word> CHECK_SRC_TABLE "check-src-table"
%token <struct word> CHECK_TABLE "check-table"
%type <struct word> name value phase port
%type <struct stmt *> statement setting filter preview
%type <struct clause *> limit delay pki_option listen_option action_option
%type <struct clause *> option proc_option condition verdict
%type <struct clause *> filter_names filter_condition filter_decision
%type <struct clause *> preview_check
%type <struct clause_list> limits mta_limits delays pki_options method
%type <struct clause_list> listen_options action_options conditions
%type <struct clause_list> proc_options
%type <struct list *> list elements pairs
%type <struct tabref *> tabref optional_tabref
%type <unsigned> negation regex

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
	| BUILTIN | CHECK_FCRDNS | CHECK_RDNS | CHECK_RDNS_REGEX
	| CHECK_RDNS_TABLE | CHECK_REGEX | CHECK_SRC_REGEX
	| CHECK_SRC_TABLE | CHECK_TABLE
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
	| CA name CERT name	{
		$$ = build_setting(parse, STMT_CA, @$, $2);
		$$->clauses = build_word_clause(parse, CLAUSE_CERT,
		    srcpos_join(@3, @4), $4);
	}
	| ACTION name method action_options	{
		$$ = build_setting(parse, STMT_ACTION, @$, $2);
		$$->clauses = build_concat($3, $4).first;
	}
	| MATCH conditions verdict	{
		$$ = build_stmt(parse, STMT_MATCH, @$);
		$$->clauses = build_append($2, $3).first;
	}
	| PROC name name proc_options	{
		$$ = build_setting(parse, STMT_PROC, @$, $2);
		$$->value = $3;
		$$->clauses = $4.first;
	}
	| setting
	| filter
	| preview
	;

setting:
	ADMD name	{ $$ = build_setting(parse, STMT_ADMD, @$, $2); }
	| BOUNCE WARN_INTERVAL delays	{
		$$ = build_stmt(parse, STMT_BOUNCE_WARN, @$);
		$$->clauses = $3.first;
	}
	| MDA LIMIT limits	{
		$$ = build_stmt(parse, STMT_LIMIT_MDA, @$);
		$$->clauses = $3.first;
	}
	| MDA WRAPPER name name	{
		$$ = build_setting(parse, STMT_MDA_WRAPPER, @$, $3);
		$$->value = $4;
	}
	| MTA MAX_DEFERRED NUMBER	{
		$$ = build_setting(parse, STMT_MAX_DEFERRED, @$, $3);
	}
	| MTA LIMIT mta_limits	{
		$$ = build_stmt(parse, STMT_LIMIT_MTA, @$);
		$$->clauses = $3.first;
	}
	| MTA LIMIT FOR DOMAIN name mta_limits	{
		struct clause *domain = build_word_clause(parse,
		    CLAUSE_LIMIT_DOMAIN, srcpos_join(@3, @5), $5);

		$$ = build_stmt(parse, STMT_LIMIT_MTA, @$);
		$$->clauses = build_concat(build_clauses(domain),
		    $6).first;
	}
	| QUEUE COMPRESSION	{
		$$ = build_stmt(parse, STMT_QUEUE_COMPRESSION, @$);
	}
	| QUEUE ENCRYPTION	{
		$$ = build_stmt(parse, STMT_QUEUE_ENCRYPTION, @$);
	}
	| QUEUE ENCRYPTION name	{
		$$ = build_setting(parse, STMT_QUEUE_ENCRYPTION, @$, $3);
	}
	| QUEUE ENCRYPTION KEY name	{
		$$ = build_setting(parse, STMT_QUEUE_ENCRYPTION, @$, $4);
		$$->flags = STMT_OLD;
	}
	| QUEUE TTL name	{
		$$ = build_setting(parse, STMT_QUEUE_TTL, @$, $3);
	}
	| SCHEDULER LIMIT limits	{
		$$ = build_stmt(parse, STMT_LIMIT_SCHEDULER, @$);
		$$->clauses = $3.first;
	}
	| SMTP LIMIT limits	{
		$$ = build_stmt(parse, STMT_LIMIT_SMTP, @$);
		$$->clauses = $3.first;
	}
	| SMTP CIPHERS name	{
		$$ = build_setting(parse, STMT_CIPHERS, @$, $3);
	}
	| SMTP MAX_MESSAGE_SIZE value	{
		$$ = build_setting(parse, STMT_MAX_MESSAGE_SIZE, @$, $3);
	}
	| SMTP SUB_ADDR_DELIM name	{
		$$ = build_setting(parse, STMT_SUB_ADDR_DELIM, @$, $3);
	}
	| SRS KEY name	{ $$ = build_setting(parse, STMT_SRS_KEY, @$, $3); }
	| SRS KEY BACKUP name	{
		$$ = build_setting(parse, STMT_SRS_KEY_BACKUP, @$, $4);
	}
	| SRS TTL name	{ $$ = build_setting(parse, STMT_SRS_TTL, @$, $3); }
	;

delays:
	delay			{ $$ = build_clauses($1); }
	| delays ',' delay	{ $$ = build_append($1, $3); }
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
	CERT name	{ $$ = build_word_clause(parse, CLAUSE_CERT, @$, $2); }
	| KEY name	{ $$ = build_word_clause(parse, CLAUSE_KEY, @$, $2); }
	| DHE name	{ $$ = build_word_clause(parse, CLAUSE_DHE, @$, $2); }
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
	'<' name '>'	{ $$ = build_tabref(parse, TABREF_NAMED, @$, $2); }
	| list	{ $$ = build_list_tabref(parse, $1); }
	| name	{ $$ = build_tabref(parse, TABREF_WORD, @$, $1); }
	;

optional_tabref:
	%empty	{ $$ = NULL; }
	| tabref
	;

regex:
	%empty	{ $$ = 0; }
	| REGEX	{ $$ = CLAUSE_REGEX; }
	;

/* Socket listeners take few of them: checked on the tree. */
listen_options:
	%empty	{ $$ = build_clauses(NULL); }
	| listen_options listen_option	{ $$ = build_append($1, $2); }
	;

listen_option:
	option
	| INET4	{ $$ = build_clause(parse, CLAUSE_INET4, @$); }
	| INET6	{ $$ = build_clause(parse, CLAUSE_INET6, @$); }
	| PORT port	{
		$$ = build_word_clause(parse, CLAUSE_PORT, @$, $2);
	}
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
	| TLS	{ $$ = build_clause(parse, CLAUSE_TLS, @$); }
	| AUTH optional_tabref	{
		$$ = build_table_clause(parse, CLAUSE_AUTH, @$, $2);
	}
	| AUTH_OPTIONAL optional_tabref	{
		$$ = build_table_clause(parse, CLAUSE_AUTH_OPTIONAL, @$, $2);
	}
	| TAG name	{ $$ = build_word_clause(parse, CLAUSE_TAG, @$, $2); }
	| HOSTNAME name	{
		$$ = build_word_clause(parse, CLAUSE_HOSTNAME, @$, $2);
	}
	| HOSTNAMES tabref	{
		$$ = build_table_clause(parse, CLAUSE_HOSTNAMES, @$, $2);
	}
	| SENDERS tabref	{
		$$ = build_table_clause(parse, CLAUSE_SENDERS, @$, $2);
	}
	| SENDERS tabref MASQUERADE	{
		$$ = build_table_clause(parse, CLAUSE_SENDERS, @$, $2);
		$$->qualifier = @3;
	}
	| MASK_SRC	{ $$ = build_clause(parse, CLAUSE_MASK_SRC, @$); }
	| RECEIVED_AUTH	{ $$ = build_clause(parse, CLAUSE_RECEIVED_AUTH, @$); }
	| NO_DSN	{ $$ = build_clause(parse, CLAUSE_NO_DSN, @$); }
	| PROXY_V2	{ $$ = build_clause(parse, CLAUSE_PROXY_V2, @$); }
	;

port:
	value | SMTP | SMTPS
	;

/* Of listeners and of relays. */
option:
	PKI name	{ $$ = build_word_clause(parse, CLAUSE_PKI, @$, $2); }
	| CA name	{ $$ = build_word_clause(parse, CLAUSE_CA, @$, $2); }
	| CIPHERS name	{
		$$ = build_word_clause(parse, CLAUSE_CIPHERS, @$, $2);
	}
	| PROTOCOLS name	{
		$$ = build_word_clause(parse, CLAUSE_PROTOCOLS, @$, $2);
	}
	| FILTER filter_names	{ $$ = $2; $$->pos = @$; }
	;

filter_names:
	name	{ $$ = build_word_clause(parse, CLAUSE_FILTER, @$, $1); }
	| list	{
		$$ = build_clause(parse, CLAUSE_FILTER, @$);
		$$->names = $1;
	}
	;

method:
	MBOX	{ $$ = build_clauses(build_clause(parse, CLAUSE_MBOX, @$)); }
	| MAILDIR	{
		$$ = build_clauses(build_clause(parse, CLAUSE_MAILDIR, @$));
	}
	| MAILDIR name	{
		$$ = build_clauses(build_word_clause(parse, CLAUSE_MAILDIR,
		    @$, $2));
	}
	| LMTP name	{
		$$ = build_clauses(build_word_clause(parse, CLAUSE_LMTP, @$,
		    $2));
	}
	| MDA name	{
		$$ = build_clauses(build_word_clause(parse, CLAUSE_MDA, @$,
		    $2));
	}
	| FORWARD_ONLY	{
		$$ = build_clauses(build_clause(parse, CLAUSE_FORWARD_ONLY,
		    @$));
	}
	| EXPAND_ONLY	{
		$$ = build_clauses(build_clause(parse, CLAUSE_EXPAND_ONLY,
		    @$));
	}
	| RELAY	{ $$ = build_clauses(build_clause(parse, CLAUSE_RELAY, @$)); }
	;

/* Which method takes which, and in what order, is checked on the tree. */
action_options:
	%empty	{ $$ = build_clauses(NULL); }
	| action_options action_option	{ $$ = build_append($1, $2); }
	;

action_option:
	option
	| JUNK	{ $$ = build_clause(parse, CLAUSE_JUNK, @$); }
	| RCPT_TO	{ $$ = build_clause(parse, CLAUSE_RCPT_TO, @$); }
	| USER name	{
		$$ = build_word_clause(parse, CLAUSE_USER, @$, $2);
	}
	| ALIAS tabref	{
		$$ = build_table_clause(parse, CLAUSE_ALIAS, @$, $2);
	}
	| VIRTUAL tabref	{
		$$ = build_table_clause(parse, CLAUSE_VIRTUAL, @$, $2);
	}
	| USERBASE tabref	{
		$$ = build_table_clause(parse, CLAUSE_USERBASE, @$, $2);
	}
	| WRAPPER name	{
		$$ = build_word_clause(parse, CLAUSE_WRAPPER, @$, $2);
	}
	| HELO name	{
		$$ = build_word_clause(parse, CLAUSE_HELO, @$, $2);
	}
	| HELO_SRC tabref	{
		$$ = build_table_clause(parse, CLAUSE_HELO_SRC, @$, $2);
	}
	| SRC tabref	{
		$$ = build_table_clause(parse, CLAUSE_SRC, @$, $2);
	}
	| MAIL_FROM name	{
		$$ = build_word_clause(parse, CLAUSE_MAIL_FROM, @$, $2);
	}
	| BACKUP	{ $$ = build_clause(parse, CLAUSE_BACKUP, @$); }
	| BACKUP MX name	{
		$$ = build_word_clause(parse, CLAUSE_BACKUP, @$, $3);
		$$->qualifier = @2;
	}
	| HOST tabref	{
		$$ = build_table_clause(parse, CLAUSE_HOST, @$, $2);
	}
	| DOMAIN tabref	{
		$$ = build_table_clause(parse, CLAUSE_DOMAIN, @$, $2);
	}
	| TLS	{ $$ = build_clause(parse, CLAUSE_TLS, @$); }
	| TLS NO_VERIFY	{
		$$ = build_clause(parse, CLAUSE_TLS, @$);
		$$->qualifier = @2;
	}
	| AUTH tabref	{
		$$ = build_table_clause(parse, CLAUSE_AUTH, @$, $2);
	}
	| SRS	{ $$ = build_clause(parse, CLAUSE_SRS, @$); }
	| TTL name	{ $$ = build_word_clause(parse, CLAUSE_TTL, @$, $2); }
	;

conditions:
	%empty	{ $$ = build_clauses(NULL); }
	| conditions condition	{ $$ = build_append($1, $2); }
	| conditions '!' condition	{
		$$ = build_append($1, build_negate($3, @2));
	}
	;

condition:
	TAG regex tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_COND_TAG,
		    @$, $3), $2);
	}
	| HELO regex tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_COND_HELO,
		    @$, $3), $2);
	}
	| TLS	{ $$ = build_clause(parse, CLAUSE_COND_TLS, @$); }
	| AUTH optional_tabref	{
		$$ = build_table_clause(parse, CLAUSE_COND_AUTH, @$, $2);
	}
	| AUTH REGEX tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_COND_AUTH,
		    @$, $3), CLAUSE_REGEX);
	}
	| MAIL_FROM regex tabref	{
		$$ = build_flag(build_table_clause(parse,
		    CLAUSE_COND_MAIL_FROM, @$, $3), $2);
	}
	| RCPT_TO regex tabref	{
		$$ = build_flag(build_table_clause(parse,
		    CLAUSE_COND_RCPT_TO, @$, $3), $2);
	}
	| FROM ANY	{ $$ = build_clause(parse, CLAUSE_FROM_ANY, @$); }
	| FROM LOCAL	{ $$ = build_clause(parse, CLAUSE_FROM_LOCAL, @$); }
	| FROM SOCKET	{ $$ = build_clause(parse, CLAUSE_FROM_SOCKET, @$); }
	| FROM SRC regex tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_FROM_SRC,
		    @$, $4), $3);
	}
	| FROM RDNS optional_tabref	{
		$$ = build_table_clause(parse, CLAUSE_FROM_RDNS, @$, $3);
	}
	| FROM RDNS REGEX tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_FROM_RDNS,
		    @$, $4), CLAUSE_REGEX);
	}
	| FROM AUTH optional_tabref	{
		$$ = build_table_clause(parse, CLAUSE_FROM_AUTH, @$, $3);
	}
	| FROM AUTH REGEX tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_FROM_AUTH,
		    @$, $4), CLAUSE_REGEX);
	}
	| FROM MAIL_FROM regex tabref	{
		$$ = build_flag(build_table_clause(parse,
		    CLAUSE_FROM_MAIL_FROM, @$, $4), $3);
	}
	| FOR ANY	{ $$ = build_clause(parse, CLAUSE_FOR_ANY, @$); }
	| FOR LOCAL	{ $$ = build_clause(parse, CLAUSE_FOR_LOCAL, @$); }
	| FOR DOMAIN regex tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_FOR_DOMAIN,
		    @$, $4), $3);
	}
	| FOR RCPT_TO regex tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_FOR_RCPT_TO,
		    @$, $4), $3);
	}
	;

verdict:
	REJECT	{ $$ = build_clause(parse, CLAUSE_REJECT, @$); }
	| ACTION name	{
		$$ = build_word_clause(parse, CLAUSE_ACTION, @$, $2);
	}
	;

proc_options:
	%empty	{ $$ = build_clauses(NULL); }
	| proc_options proc_option	{ $$ = build_append($1, $2); }
	;

proc_option:
	USER name	{ $$ = build_word_clause(parse, CLAUSE_USER, @$, $2); }
	| GROUP name	{
		$$ = build_word_clause(parse, CLAUSE_GROUP, @$, $2);
	}
	| CHROOT name	{
		$$ = build_word_clause(parse, CLAUSE_CHROOT, @$, $2);
	}
	;

filter:
	FILTER name PROC name	{
		$$ = build_setting(parse, STMT_FILTER, @$, $2);
		$$->clauses = build_word_clause(parse, CLAUSE_PROC,
		    srcpos_join(@3, @4), $4);
	}
	| FILTER name PROC_EXEC name proc_options	{
		struct clause *exec = build_word_clause(parse,
		    CLAUSE_PROC_EXEC, srcpos_join(@3, @4), $4);

		$$ = build_setting(parse, STMT_FILTER, @$, $2);
		$$->clauses = build_concat(build_clauses(exec), $5).first;
	}
	| FILTER name CHAIN list	{
		$$ = build_setting(parse, STMT_FILTER, @$, $2);
		$$->clauses = build_clause(parse, CLAUSE_CHAIN,
		    srcpos_join(@3, @4));
		$$->clauses->names = $4;
	}
	| FILTER name PHASE phase MATCH negation filter_condition
	    filter_decision	{
		struct clause *at = build_word_clause(parse, CLAUSE_PHASE,
		    srcpos_join(@3, @4), $4);

		$$ = build_setting(parse, STMT_FILTER, @$, $2);
		$$->clauses = build_append(build_append(build_clauses(at),
		    build_flag($7, $6)), $8).first;
	}
	| FILTER name BUILTIN phase MATCH negation filter_condition
	    filter_decision	{
		struct clause *at = build_word_clause(parse, CLAUSE_PHASE,
		    srcpos_join(@3, @4), $4);

		$$ = build_setting(parse, STMT_FILTER, @$, $2);
		$$->flags = STMT_OLD;
		$$->clauses = build_append(build_append(build_clauses(at),
		    build_flag($7, $6)), $8).first;
	}
	;

negation:
	%empty	{ $$ = 0; }
	| '!'	{ $$ = CLAUSE_NEGATED; }
	;

/* All that any version had; which take what is checked on the tree. */
phase:
	CONNECT | HELO | EHLO | AUTH | MAIL_FROM | RCPT_TO | DATA | DATA_LINE
	| COMMIT | QUIT | RSET | NOOP
	;

filter_condition:
	FCRDNS	{ $$ = build_clause(parse, CLAUSE_COND_FCRDNS, @$); }
	| RDNS optional_tabref	{
		$$ = build_table_clause(parse, CLAUSE_COND_RDNS, @$, $2);
	}
	| RDNS REGEX tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_COND_RDNS,
		    @$, $3), CLAUSE_REGEX);
	}
	| SRC regex tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_COND_SRC,
		    @$, $3), $2);
	}
	| HELO regex tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_COND_HELO,
		    @$, $3), $2);
	}
	| AUTH optional_tabref	{
		$$ = build_table_clause(parse, CLAUSE_COND_AUTH, @$, $2);
	}
	| AUTH REGEX tabref	{
		$$ = build_flag(build_table_clause(parse, CLAUSE_COND_AUTH,
		    @$, $3), CLAUSE_REGEX);
	}
	| MAIL_FROM regex tabref	{
		$$ = build_flag(build_table_clause(parse,
		    CLAUSE_COND_MAIL_FROM, @$, $3), $2);
	}
	| RCPT_TO regex tabref	{
		$$ = build_flag(build_table_clause(parse,
		    CLAUSE_COND_RCPT_TO, @$, $3), $2);
	}
	;

filter_decision:
	REJECT name	{
		$$ = build_word_clause(parse, CLAUSE_REJECT, @$, $2);
	}
	| DISCONNECT name	{
		$$ = build_word_clause(parse, CLAUSE_DISCONNECT, @$, $2);
	}
	| REWRITE name	{
		$$ = build_word_clause(parse, CLAUSE_REWRITE, @$, $2);
	}
	| REPORT name	{
		$$ = build_word_clause(parse, CLAUSE_REPORT, @$, $2);
	}
	| JUNK		{ $$ = build_clause(parse, CLAUSE_JUNK, @$); }
	| BYPASS	{ $$ = build_clause(parse, CLAUSE_BYPASS, @$); }
	;

/* Filter syntaxes of the development versions of 2018. */
preview:
	REPORT smtp_side ON name	{
		$$ = build_setting(parse, STMT_PREVIEW_REPORT, @$, $4);
		$$->flags = STMT_OLD;
	}
	| FILTER smtp_side phase ON name	{
		$$ = build_setting(parse, STMT_FILTER, @$, $5);
		$$->flags = STMT_OLD;
		$$->clauses = build_word_clause(parse, CLAUSE_PREVIEW_ON,
		    srcpos_join(@3, @5), $3);
	}
	| FILTER smtp_side phase negation preview_check filter_decision	{
		struct word none = { .ptr = "" };
		struct clause *at = build_word_clause(parse, CLAUSE_PHASE,
		    @3, $3);

		$$ = build_setting(parse, STMT_FILTER, @$, none);
		$$->flags = STMT_OLD;
		$$->clauses = build_append(build_append(build_clauses(at),
		    build_flag($5, $4)), $6).first;
	}
	| FILTER name BUILTIN phase negation preview_check
	    filter_decision	{
		struct clause *at = build_word_clause(parse, CLAUSE_PHASE,
		    srcpos_join(@3, @4), $4);

		$$ = build_setting(parse, STMT_FILTER, @$, $2);
		$$->flags = STMT_OLD;
		$$->clauses = build_append(build_append(build_clauses(at),
		    build_flag($6, $5)), $7).first;
	}
	;

smtp_side:
	SMTP
	| SMTP_IN
	| SMTP_OUT
	;

preview_check:
	CHECK_FCRDNS	{ $$ = build_preview(parse, @$, $1, NULL); }
	| CHECK_RDNS	{ $$ = build_preview(parse, @$, $1, NULL); }
	| CHECK_TABLE tabref	{ $$ = build_preview(parse, @$, $1, $2); }
	| CHECK_REGEX tabref	{ $$ = build_preview(parse, @$, $1, $2); }
	| CHECK_RDNS_TABLE tabref { $$ = build_preview(parse, @$, $1, $2); }
	| CHECK_RDNS_REGEX tabref { $$ = build_preview(parse, @$, $1, $2); }
	| CHECK_SRC_TABLE tabref { $$ = build_preview(parse, @$, $1, $2); }
	| CHECK_SRC_REGEX tabref { $$ = build_preview(parse, @$, $1, $2); }
	;

%%

#define MODERN_NO(id)
#define MODERN_OLD(id) [KEYWORD_##id] = TOK_##id,
#define MODERN_YES(id) [KEYWORD_##id] = TOK_##id,

static const int modern_tokens[KEYWORD_COUNT] = {
#define KEYWORD(id, text, legacy, modern, since, until) MODERN_##modern(id)
#include "grammar/keywords.def"
#undef KEYWORD
};

static int
modern_yylex(MODERN_YYSTYPE *value, struct srcpos *pos, struct parse *parse)
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
		return TOK_MODERN_YYerror;
	case TOKEN_WORD:
		break;
	}
	return token.keyword == KEYWORD_NONE ? TOK_STRING :
	    modern_tokens[token.keyword];
}

static void
modern_yyerror(const struct srcpos *pos, struct parse *parse,
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
