/*
 * Certificates, tables and listeners of config text, and the order of all.
 */
#include "compiler/print_conf_private.h"

static void
print_conf_certificates(struct print_conf *conf)
{
	static const char *const dhes[] = {
		[IR_DHE_NONE] = "",
		[IR_DHE_AUTO] = "auto",
		[IR_DHE_LEGACY] = "legacy",
	};
	const struct ir *ir = conf->ir;

	if (ir->pki_count + ir->ca_count > 0)
		print_conf_part(conf);
	for (uint32_t i = 0; i < ir->pki_count; i++) {
		const struct ir_pki *pki = &ir->pkis[i];

		fputs("pki ", conf->out);
		print_conf_word(conf, pki->name);
		print_conf_option(conf, "cert", pki->cert);
		print_conf_option(conf, "key", pki->key);
		print_conf_option(conf, "dhe", str_from(dhes[pki->dhe]));
		putc('\n', conf->out);
	}
	for (uint32_t i = 0; i < ir->ca_count; i++) {
		fputs("ca ", conf->out);
		print_conf_word(conf, ir->cas[i].name);
		print_conf_option(conf, "cert", ir->cas[i].cert);
		putc('\n', conf->out);
	}
}

/* Tables. */

/* One entry a line; before 7.5 only with the line feeds hidden. */
static void
print_conf_entries(struct print_conf *conf, const struct ir_table *table)
{
	bool is_open = conf->version >= TARGET_7_5;

	if (table->entry_count == 1) {
		fputs("{ ", conf->out);
		print_conf_list(conf, table, "");
		fputs(" }", conf->out);
		return;
	}
	fputs(is_open ? "{\n\t" : "{ \\\n\t", conf->out);
	print_conf_list(conf, table, is_open ? ",\n\t" : ", \\\n\t");
	fputs(is_open ? "\n}" : " \\\n}", conf->out);
}

static void
print_conf_source(struct print_conf *conf, const char *backend,
    struct str config)
{
	print_conf_word(conf,
	    str_from(config.len == 0 ? backend :
				       arena_printf(conf->arena, "%s:%.*s",
					   backend, STR_ARG(config))));
}

static void
print_conf_declared(struct print_conf *conf, const struct ir_table *table)
{
	struct str config = dump_redact_config(&conf->redact, table);
	struct str backend = table->backend;

	fputs("table ", conf->out);
	print_conf_word(conf, table->name);
	putc(' ', conf->out);
	switch ((unsigned)table->kind) {
	case IR_TABLE_FILE:
		print_conf_source(conf, "file", config);
		break;
	case IR_TABLE_DB:
		print_conf_source(conf, "db", config);
		break;
	case IR_TABLE_PROGRAM:
		print_conf_source(conf, arena_copy(conf->arena, backend).ptr,
		    config);
		break;
	case IR_TABLE_SYSTEM_USERS:
		fputs("getpwnam", conf->out);
		break;
	default:
		print_conf_entries(conf, table);
		break;
	}
	putc('\n', conf->out);
}

static void
print_conf_tables(struct print_conf *conf)
{
	bool is_first = true;

	for (uint32_t i = 0; i < conf->ir->table_count; i++) {
		const struct ir_table *table = &conf->ir->tables[i];

		if (table->name.len == 0 || table->is_builtin)
			continue;
		if (is_first)
			print_conf_part(conf);
		is_first = false;
		print_conf_declared(conf, table);
	}
}

/* Listeners. */

static void
print_conf_listener_tls(struct print_conf *conf,
    const struct ir_listener *listener)
{
	static const char *const modes[] = {
		[IR_LISTEN_PLAIN] = "",
		[IR_LISTEN_STARTTLS] = " tls",
		[IR_LISTEN_STARTTLS_REQUIRED] = " tls-require",
		[IR_LISTEN_SMTPS] = " smtps",
	};

	fputs(modes[listener->tls], conf->out);
	print_conf_flag(conf, "verify", listener->verifies_clients);
	for (uint32_t i = 0; i < listener->pki_count; i++)
		print_conf_option(conf, "pki", listener->pkis[i]);
	print_conf_option(conf, "ca", listener->ca);
	print_conf_option(conf, "ciphers", listener->ciphers);
	print_conf_option(conf, "protocols", listener->protocols);
}

static void
print_conf_listener_auth(struct print_conf *conf,
    const struct ir_listener *listener)
{
	const char *auth = listener->auth == IR_AUTH_REQUIRED ? "auth" :
								"auth-optional";

	if (listener->auth != IR_AUTH_NONE && listener->credentials == IR_NONE)
		print_conf_flag(conf, auth, true);
	else if (listener->auth != IR_AUTH_NONE)
		print_conf_table(conf, auth, listener->credentials);
	print_conf_table(conf, "senders", listener->senders);
	print_conf_flag(conf, "masquerade", listener->masquerades);
	print_conf_flag(conf, "received-auth", listener->received_auth);
}

static void
print_conf_address(struct print_conf *conf, const struct ir_listener *listener)
{
	uint16_t usual = listener->tls == IR_LISTEN_SMTPS ? 465 : 25;

	print_conf_word(conf, listener->address);
	print_conf_flag(conf, "inet4", listener->family == 4);
	print_conf_flag(conf, "inet6", listener->family == 6);
	if (listener->port != usual)
		fprintf(conf->out, " port %d", listener->port);
	print_conf_option(conf, "hostname", listener->hostname);
	print_conf_table(conf, "hostnames", listener->hostnames);
	print_conf_listener_tls(conf, listener);
	print_conf_listener_auth(conf, listener);
	print_conf_flag(conf, "proxy-v2", listener->proxy_v2);
	print_conf_option(conf, "tag", listener->tag);
	print_conf_flag(conf, "no-dsn", listener->no_dsn);
	/* No name counts, as no version that does this has filters. */
	print_conf_flag(conf, "filter unavailable", listener->refuses_all);
}

/* Older sockets have a tag, and no DSN, without being asked. */
static void
print_conf_socket(struct print_conf *conf, const struct ir_listener *listener)
{
	fputs("socket", conf->out);
	if (conf->version >= TARGET_6_7)
		print_conf_option(conf, "tag", listener->tag);
	if (conf->version >= TARGET_7_5)
		print_conf_flag(conf, "no-dsn", listener->no_dsn);
}

static void
print_conf_listeners(struct print_conf *conf)
{
	bool is_first = true;

	for (uint32_t i = 0; i < conf->ir->listener_count; i++) {
		const struct ir_listener *listener = &conf->ir->listeners[i];

		if (listener->is_implicit)
			continue;
		if (is_first)
			print_conf_part(conf);
		is_first = false;
		fputs("listen on ", conf->out);
		if (listener->is_socket)
			print_conf_socket(conf, listener);
		else
			print_conf_address(conf, listener);
		print_conf_flag(conf, "mask-src", listener->masks_source);
		print_conf_filter(conf, listener->filter);
		putc('\n', conf->out);
	}
}

void
print_conf_write(FILE *out, struct arena *arena, const struct ir *ir,
    bool shows_secrets)
{
	struct print_conf conf = {
		.out = out,
		.arena = arena,
		.ir = ir,
		.version = ir->target.version,
	};

	dump_redact_init(&conf.redact, arena, ir, shows_secrets);
	print_conf_settings(&conf);
	print_conf_certificates(&conf);
	print_conf_tables(&conf);
	print_conf_filters(&conf);
	print_conf_listeners(&conf);
	print_conf_actions(&conf);
	print_conf_rules(&conf);
}
