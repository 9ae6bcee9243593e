/*
 * Settings and limits of config text: those that are not as by default.
 */
#include "compiler/print_conf_private.h"

#include <inttypes.h>

#include "compiler/dump_text.h"

/* The beginning of a setting; whether anything stands above is known here. */
static void
print_conf_setting(struct print_conf *conf, const char *words)
{
	conf->has_text = true;
	fputs(words, conf->out);
}

static void
print_conf_set_word(struct print_conf *conf, const char *words, struct str word)
{
	if (word.len == 0)
		return;
	print_conf_setting(conf, words);
	putc(' ', conf->out);
	print_conf_word(conf, word);
	putc('\n', conf->out);
}

static void
print_conf_set_number(struct print_conf *conf, const char *words, int64_t value,
    int64_t usual)
{
	if (value == usual)
		return;
	print_conf_setting(conf, words);
	fprintf(conf->out, " %" PRId64 "\n", value);
}

static void
print_conf_set_delay(struct print_conf *conf, const char *words, uint32_t value,
    uint32_t usual)
{
	if (value != usual)
		print_conf_set_word(conf, words,
		    dump_text_delay(conf->arena, value));
}

static void
print_conf_bounce(struct print_conf *conf)
{
	const struct ir_settings *settings = &conf->ir->settings;
	const struct ir_settings *usual = &ir_default_settings;

	if (settings->bounce_delay_count == usual->bounce_delay_count &&
	    settings->bounce_delays[0] == usual->bounce_delays[0])
		return;
	print_conf_setting(conf, "bounce warn-interval");
	for (uint32_t i = 0; i < settings->bounce_delay_count; i++) {
		fputs(i > 0 ? ", " : " ", conf->out);
		print_conf_word(conf,
		    dump_text_delay(conf->arena, settings->bounce_delays[i]));
	}
	putc('\n', conf->out);
}

static void
print_conf_queue(struct print_conf *conf)
{
	const struct ir_settings *settings = &conf->ir->settings;

	print_conf_set_delay(conf, "queue ttl", settings->queue_ttl,
	    ir_default_settings.queue_ttl);
	if (settings->queue_compression)
		print_conf_setting(conf, "queue compression\n");
	if (!settings->queue_encryption)
		return;
	print_conf_setting(conf, "queue");
	if (settings->queue_key.len == 0)
		print_conf_flag(conf, "encryption", true);
	else
		print_conf_option(conf, "encryption",
		    dump_redact_queue_key(&conf->redact, settings->queue_key));
	putc('\n', conf->out);
}

/* Limits. */

static bool
print_conf_has_limits(const struct ir_limits *limits, enum stmt_kind group)
{
	for (unsigned i = 0; i < IR_LIMITS; i++)
		if (ir_limit_table[i].group == group &&
		    limits->values[i] != ir_limit_table[i].fallback)
			return true;
	return group == STMT_LIMIT_MTA && limits->family != 0;
}

static void
print_conf_limits(struct print_conf *conf, const struct ir_limits *limits,
    enum stmt_kind group)
{
	if (group == STMT_LIMIT_MTA) {
		print_conf_flag(conf, "inet4", limits->family == 4);
		print_conf_flag(conf, "inet6", limits->family == 6);
	}
	for (unsigned i = 0; i < IR_LIMITS; i++)
		if (ir_limit_table[i].group == group &&
		    limits->values[i] != ir_limit_table[i].fallback)
			fprintf(conf->out, " %s %" PRId64,
			    ir_limit_table[i].word, limits->values[i]);
	putc('\n', conf->out);
}

/*
 * A domain takes what stands above it for its own: before the others, that
 * is the default.
 */
static void
print_conf_all_limits(struct print_conf *conf)
{
	static const enum stmt_kind groups[] = {
		STMT_LIMIT_SMTP,
		STMT_LIMIT_MDA,
		STMT_LIMIT_SCHEDULER,
		STMT_LIMIT_MTA,
	};
	const struct ir *ir = conf->ir;

	for (uint32_t i = 0; i < ir->domain_limit_count; i++) {
		print_conf_setting(conf, "mta limit for domain ");
		print_conf_word(conf, ir->domain_limits[i].domain);
		print_conf_limits(conf, &ir->domain_limits[i].limits,
		    STMT_LIMIT_MTA);
	}
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (!print_conf_has_limits(&ir->settings.limits, groups[i]))
			continue;
		print_conf_setting(conf, stmt_words(groups[i], DIALECT_MODERN));
		print_conf_limits(conf, &ir->settings.limits, groups[i]);
	}
}

void
print_conf_settings(struct print_conf *conf)
{
	const struct ir_settings *settings = &conf->ir->settings;
	const struct ir_settings *usual = &ir_default_settings;
	const struct dump_redact *redact = &conf->redact;

	print_conf_set_word(conf, "admd", settings->admd);
	print_conf_bounce(conf);
	print_conf_queue(conf);
	print_conf_set_number(conf, "smtp max-message-size",
	    (int64_t)settings->max_message_size,
	    (int64_t)usual->max_message_size);
	if (settings->delimiter != usual->delimiter)
		print_conf_set_word(conf, "smtp sub-addr-delim",
		    (struct str){ &settings->delimiter, 1 });
	print_conf_set_word(conf, "smtp ciphers", settings->ciphers);
	print_conf_set_word(conf, "srs key",
	    dump_redact_secret(redact, settings->srs_key));
	print_conf_set_word(conf, "srs key backup",
	    dump_redact_secret(redact, settings->srs_key_backup));
	print_conf_set_delay(conf, "srs ttl", settings->srs_ttl,
	    usual->srs_ttl);
	print_conf_set_number(conf, "mta max-deferred", settings->max_deferred,
	    usual->max_deferred);
	print_conf_all_limits(conf);
}
