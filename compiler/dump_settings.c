/*
 * Settings, limits, certificates and listeners of a dump.
 */
#include "compiler/dump_private.h"

#include "compiler/dump_text.h"

/* Limits. */

static void
dump_put_limits(struct dump *dump, struct dump_value *map, enum stmt_kind group,
    const struct ir_limits *limits)
{
	for (unsigned i = 0; i < IR_LIMITS; i++)
		if (ir_limit_table[i].group == group)
			dump_put_number(dump, map, ir_limit_table[i].word,
			    limits->values[i]);
}

static void
dump_put_family(struct dump *dump, struct dump_value *map, unsigned family)
{
	dump_put_word(dump, map, "family",
	    family == 4     ? "inet4" :
		family == 6 ? "inet6" :
			      "");
}

static void
dump_put_mta_limits(struct dump *dump, struct dump_value *map,
    const struct ir_limits *limits)
{
	dump_put_family(dump, map, limits->family);
	dump_put_limits(dump, map, STMT_LIMIT_MTA, limits);
}

static void
dump_put_domain_limits(struct dump *dump, struct dump_value *mta)
{
	struct dump_value *domains = dump_put_map(dump, mta, "domains");

	for (uint32_t i = 0; i < dump->ir->domain_limit_count; i++) {
		const struct ir_domain_limits *limits =
		    &dump->ir->domain_limits[i];
		struct dump_value *map = dump_new(dump, DUMP_MAP);

		dump_put_mta_limits(dump, map, &limits->limits);
		dump_put(dump, domains, limits->domain, map);
	}
	dump_sort(dump, domains);
}

/* Settings. */

static void
dump_put_queue(struct dump *dump, struct dump_value *map)
{
	const struct ir_settings *settings = &dump->ir->settings;

	dump_put_delay(dump, map, "ttl", settings->queue_ttl);
	dump_put_flag(dump, map, "compression", settings->queue_compression);
	dump_put_flag(dump, map, "encryption", settings->queue_encryption);
	dump_put_text(dump, map, "key",
	    dump_redact_queue_key(&dump->redact, settings->queue_key));
}

static void
dump_put_smtp(struct dump *dump, struct dump_value *map)
{
	const struct ir_settings *settings = &dump->ir->settings;

	dump_put_number(dump, map, "max-message-size",
	    (int64_t)settings->max_message_size);
	dump_put_text(dump, map, "sub-addr-delim",
	    (struct str){ &settings->delimiter, 1 });
	dump_put_text(dump, map, "ciphers", settings->ciphers);
	dump_put_limits(dump, dump_put_map(dump, map, "limit"), STMT_LIMIT_SMTP,
	    &settings->limits);
}

static void
dump_put_mta(struct dump *dump, struct dump_value *map)
{
	const struct ir_settings *settings = &dump->ir->settings;

	dump_put_number(dump, map, "max-deferred", settings->max_deferred);
	dump_put_mta_limits(dump, dump_put_map(dump, map, "limit"),
	    &settings->limits);
	dump_put_domain_limits(dump, map);
}

static void
dump_put_srs(struct dump *dump, struct dump_value *map)
{
	const struct ir_settings *settings = &dump->ir->settings;

	dump_put_text(dump, map, "key",
	    dump_redact_secret(&dump->redact, settings->srs_key));
	dump_put_text(dump, map, "key-backup",
	    dump_redact_secret(&dump->redact, settings->srs_key_backup));
	dump_put_delay(dump, map, "ttl", settings->srs_ttl);
}

static void
dump_put_bounce(struct dump *dump, struct dump_value *map)
{
	const struct ir_settings *settings = &dump->ir->settings;
	struct dump_value *list = dump_put_list(dump, map, "warn-interval");

	for (uint32_t i = 0; i < settings->bounce_delay_count; i++)
		dump_append(dump, list,
		    dump_text(dump,
			dump_text_delay(dump->arena,
			    settings->bounce_delays[i])));
}

/* Certificates. */

static void
dump_add_pkis(struct dump *dump, struct dump_value *root)
{
	static const char *const dhes[] = {
		[IR_DHE_NONE] = "none",
		[IR_DHE_AUTO] = "auto",
		[IR_DHE_LEGACY] = "legacy",
	};
	struct dump_value *pkis = dump_put_map(dump, root, "pki");

	for (uint32_t i = 0; i < dump->ir->pki_count; i++) {
		const struct ir_pki *pki = &dump->ir->pkis[i];
		struct dump_value *map = dump_new(dump, DUMP_MAP);

		dump_put_text(dump, map, "cert", pki->cert);
		dump_put_text(dump, map, "key", pki->key);
		dump_put_word(dump, map, "dhe", dhes[pki->dhe]);
		dump_put_pos(dump, map, pki->pos);
		dump_put(dump, pkis, pki->name, map);
	}
	dump_sort(dump, pkis);
}

static void
dump_add_cas(struct dump *dump, struct dump_value *root)
{
	struct dump_value *cas = dump_put_map(dump, root, "ca");

	for (uint32_t i = 0; i < dump->ir->ca_count; i++) {
		const struct ir_ca *ca = &dump->ir->cas[i];
		struct dump_value *map = dump_new(dump, DUMP_MAP);

		dump_put_text(dump, map, "cert", ca->cert);
		dump_put_pos(dump, map, ca->pos);
		dump_put(dump, cas, ca->name, map);
	}
	dump_sort(dump, cas);
}

void
dump_add_settings(struct dump *dump, struct dump_value *root)
{
	const struct ir_settings *settings = &dump->ir->settings;
	struct dump_value *map = dump_put_map(dump, root, "settings");

	dump_put_text(dump, map, "admd", settings->admd);
	dump_put_bounce(dump, dump_put_map(dump, map, "bounce"));
	dump_put_queue(dump, dump_put_map(dump, map, "queue"));
	dump_put_smtp(dump, dump_put_map(dump, map, "smtp"));
	dump_put_srs(dump, dump_put_map(dump, map, "srs"));
	dump_put_mta(dump, dump_put_map(dump, map, "mta"));
	dump_put_limits(dump,
	    dump_put_map(dump, dump_put_map(dump, map, "mda"), "limit"),
	    STMT_LIMIT_MDA, &settings->limits);
	dump_put_limits(dump,
	    dump_put_map(dump, dump_put_map(dump, map, "scheduler"), "limit"),
	    STMT_LIMIT_SCHEDULER, &settings->limits);
	dump_add_pkis(dump, root);
	dump_add_cas(dump, root);
}

/* Listeners. */

static void
dump_put_listener_tls(struct dump *dump, struct dump_value *map,
    const struct ir_listener *listener)
{
	static const char *const modes[] = {
		[IR_LISTEN_PLAIN] = "none",
		[IR_LISTEN_STARTTLS] = "starttls",
		[IR_LISTEN_STARTTLS_REQUIRED] = "starttls-required",
		[IR_LISTEN_SMTPS] = "smtps",
	};
	struct dump_value *pkis;

	dump_put_word(dump, map, "tls", modes[listener->tls]);
	dump_put_flag(dump, map, "verify", listener->verifies_clients);
	pkis = dump_put_list(dump, map, "pki");
	for (uint32_t i = 0; i < listener->pki_count; i++)
		dump_append(dump, pkis, dump_text(dump, listener->pkis[i]));
	dump_put_text(dump, map, "ca", listener->ca);
	dump_put_text(dump, map, "ciphers", listener->ciphers);
	dump_put_text(dump, map, "protocols", listener->protocols);
}

static void
dump_put_listener_auth(struct dump *dump, struct dump_value *map,
    const struct ir_listener *listener)
{
	static const char *const modes[] = {
		[IR_AUTH_NONE] = "none",
		[IR_AUTH_OFFERED] = "offered",
		[IR_AUTH_REQUIRED] = "required",
	};

	dump_put_word(dump, map, "auth", modes[listener->auth]);
	dump_put_table(dump, map, "credentials", listener->credentials);
	dump_put_table(dump, map, "senders", listener->senders);
	dump_put_flag(dump, map, "masquerade", listener->masquerades);
	dump_put_flag(dump, map, "received-auth", listener->received_auth);
}

/* What only a listener on an address has. */
static void
dump_put_address(struct dump *dump, struct dump_value *map,
    const struct ir_listener *listener)
{
	dump_put_text(dump, map, "address", listener->address);
	dump_put_family(dump, map, listener->family);
	dump_put_number(dump, map, "port", listener->port);
	dump_put_text(dump, map, "hostname", listener->hostname);
	dump_put_table(dump, map, "hostnames", listener->hostnames);
	dump_put_listener_tls(dump, map, listener);
	dump_put_listener_auth(dump, map, listener);
	dump_put_flag(dump, map, "proxy-v2", listener->proxy_v2);
	if (listener->refuses_all)
		dump_put_flag(dump, map, "refuses-all", true);
}

static void
dump_put_listener(struct dump *dump, struct dump_value *list,
    const struct ir_listener *listener)
{
	struct dump_value *map = dump_new(dump, DUMP_MAP);

	dump_put_flag(dump, map, "socket", listener->is_socket);
	if (!listener->is_socket)
		dump_put_address(dump, map, listener);
	dump_put_text(dump, map, "tag", listener->tag);
	dump_put_filter(dump, map, "filter", listener->filter);
	dump_put_flag(dump, map, "mask-src", listener->masks_source);
	dump_put_flag(dump, map, "no-dsn", listener->no_dsn);
	if (!listener->is_implicit)
		dump_put_pos(dump, map, listener->pos);
	dump_append(dump, list, map);
}

/* There is one socket, and it matters not where the config has it. */
void
dump_add_listeners(struct dump *dump, struct dump_value *root)
{
	struct dump_value *list = dump_put_list(dump, root, "listeners");
	const struct ir *ir = dump->ir;

	for (uint32_t i = 0; i < ir->listener_count; i++)
		if (ir->listeners[i].is_socket)
			dump_put_listener(dump, list, &ir->listeners[i]);
	for (uint32_t i = 0; i < ir->listener_count; i++)
		if (!ir->listeners[i].is_socket)
			dump_put_listener(dump, list, &ir->listeners[i]);
}
