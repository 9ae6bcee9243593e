/*
 * Secrets are found in the IR of the original and replaced as texts, in
 * whatever place they are quoted.
 */
#include "migrate/report_secrets.h"

#include "compiler/dump_redact.h"

struct report_secret {
	struct str text;
	struct str shown;
	struct report_secret *next;
};

static void
secrets_add(struct proof *proof, struct str text, struct str shown)
{
	struct report_secret *secret = ARENA_NEW(proof->convert.arena,
	    struct report_secret);

	secret->text = text;
	secret->shown = shown;
	secret->next = proof->secrets;
	proof->secrets = secret;
}

/* In a config, quotes of a text are written with a backslash. */
static struct str
secrets_escape(struct arena *arena, struct str text)
{
	char *copy = arena_bytes(arena, 2 * (size_t)text.len + 1);
	uint32_t len = 0;

	for (uint32_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			copy[len++] = '\\';
		copy[len++] = text.ptr[i];
	}
	return (struct str){ copy, len };
}

static void
secrets_note(struct proof *proof, struct str text, struct str shown)
{
	if (text.len == 0 || str_eq(text, shown))
		return;
	secrets_add(proof, text, shown);
	if (memchr(text.ptr, '"', text.len) != NULL)
		secrets_add(proof, secrets_escape(proof->convert.arena, text),
		    shown);
}

void
report_secrets_find(struct proof *proof)
{
	const struct ir *ir = proof->convert.ir;
	struct dump_redact redact;

	dump_redact_init(&redact, proof->convert.arena, ir, false);
	secrets_note(proof, ir->settings.queue_key,
	    dump_redact_queue_key(&redact, ir->settings.queue_key));
	secrets_note(proof, ir->settings.srs_key,
	    dump_redact_secret(&redact, ir->settings.srs_key));
	secrets_note(proof, ir->settings.srs_key_backup,
	    dump_redact_secret(&redact, ir->settings.srs_key_backup));
	for (uint32_t i = 0; i < ir->table_count; i++) {
		const struct ir_table *table = &ir->tables[i];

		secrets_note(proof, table->config,
		    dump_redact_config(&redact, table));
		for (uint32_t e = 0; e < table->entry_count; e++) {
			struct ir_entry entry = table->entries[e];

			secrets_note(proof, entry.key,
			    dump_redact_key(&redact, table, entry.key));
			secrets_note(proof, entry.value,
			    dump_redact_value(&redact, table, entry.value));
		}
	}
}

static struct str
secrets_replace(struct arena *arena, struct str text,
    const struct report_secret *secret)
{
	const char *at;
	struct str done = { "", 0 };

	while ((at = memmem(text.ptr, text.len, secret->text.ptr,
		    secret->text.len)) != NULL) {
		uint32_t before = (uint32_t)(at - text.ptr);

		done = str_from(arena_printf(arena, "%.*s%.*s%.*s",
		    STR_ARG(done), (int)before, text.ptr,
		    STR_ARG(secret->shown)));
		text.ptr = at + secret->text.len;
		text.len -= before + secret->text.len;
	}
	if (done.len == 0)
		return text;
	return str_from(arena_printf(arena, "%.*s%.*s", STR_ARG(done),
	    STR_ARG(text)));
}

struct str
report_secrets_hide(const struct proof *proof, struct str text)
{
	for (const struct report_secret *s = proof->secrets; s; s = s->next)
		if (s->text.len <= text.len)
			text = secrets_replace(proof->convert.arena, text, s);
	return text;
}
