/*
 * Words, lists and options of config text.
 */
#include "compiler/print_conf_private.h"

#include "compiler/dump_text.h"
#include "grammar/keyword.h"

/*
 * Quotes do no harm: a word stands bare only where it is plain and no
 * version reserves it.
 */
static bool
print_conf_is_bare(struct str word)
{
	uint32_t digits = 0;

	if (word.len == 0 ||
	    (!str_is_alnum(word.ptr[0]) && word.ptr[0] != '_') ||
	    keyword_since(keyword_find(word)) != 0)
		return false;
	for (uint32_t i = 0; i < word.len; i++)
		if (!str_is_alnum(word.ptr[i]) &&
		    (word.ptr[i] == '\0' ||
			strchr("._-/:@+", word.ptr[i]) == NULL))
			return false;
	/* "10" is a number, and so is the beginning of "10/8". */
	while (digits < word.len && str_is_digit(word.ptr[digits]))
		digits++;
	return digits == 0 || (digits < word.len && word.ptr[digits] != '/');
}

/* The only way to write a backslash at the end: no string can have it. */
static void
print_conf_escaped(FILE *out, struct str word)
{
	for (uint32_t i = 0; i < word.len; i++) {
		if (word.ptr[i] == '\\')
			putc('\\', out);
		putc(word.ptr[i], out);
	}
}

/*
 * Backslashes stand for themselves but before the quote, and from 6.6 on
 * before a blank.
 */
static void
print_conf_quoted(FILE *out, struct str word, unsigned version)
{
	char quote = '"';

	if (memchr(word.ptr, '"', word.len) != NULL &&
	    memchr(word.ptr, '\'', word.len) == NULL)
		quote = '\'';
	putc(quote, out);
	for (uint32_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];
		bool is_blank = c == ' ' || c == '\t';
		bool is_behind = i > 0 && word.ptr[i - 1] == '\\';

		if (c == quote ||
		    (is_blank && is_behind && version >= TARGET_6_6))
			putc('\\', out);
		putc(c, out);
	}
	putc(quote, out);
}

void
print_conf_put_word(FILE *out, struct str word, unsigned version)
{
	if (print_conf_is_bare(word))
		fwrite(word.ptr, 1, word.len, out);
	else if (word.len == 0)
		fputs("\"\"", out);
	else if (word.ptr[word.len - 1] == '\\')
		print_conf_escaped(out, word);
	else
		print_conf_quoted(out, word, version);
}

void
print_conf_word(struct print_conf *conf, struct str word)
{
	print_conf_put_word(conf->out, word, conf->version);
}

void
print_conf_list(struct print_conf *conf, const struct ir_table *table,
    const char *separator)
{
	const struct dump_redact *redact = &conf->redact;

	for (uint32_t i = 0; i < table->entry_count; i++) {
		const struct ir_entry *entry = &table->entries[i];

		if (i > 0)
			fputs(separator, conf->out);
		print_conf_word(conf,
		    dump_redact_key(redact, table, entry->key));
		if (table->kind != IR_TABLE_MAPPING)
			continue;
		fputs(" = ", conf->out);
		print_conf_word(conf,
		    dump_redact_value(redact, table, entry->value));
	}
}

void
print_conf_members(struct print_conf *conf, const struct ir_filter *filter)
{
	fputs("{ ", conf->out);
	for (uint32_t i = 0; i < filter->member_count; i++) {
		if (i > 0)
			fputs(", ", conf->out);
		print_conf_word(conf,
		    conf->ir->filters[filter->members[i]].name);
	}
	fputs(" }", conf->out);
}

/* Options. */

void
print_conf_flag(struct print_conf *conf, const char *option, bool flag)
{
	if (flag)
		fprintf(conf->out, " %s", option);
}

void
print_conf_option(struct print_conf *conf, const char *option, struct str word)
{
	if (word.len == 0)
		return;
	fprintf(conf->out, " %s ", option);
	print_conf_word(conf, word);
}

void
print_conf_delay(struct print_conf *conf, const char *option, uint32_t seconds)
{
	print_conf_option(conf, option, dump_text_delay(conf->arena, seconds));
}

void
print_conf_table(struct print_conf *conf, const char *option, uint32_t number)
{
	const struct ir_table *table;

	if (number == IR_NONE)
		return;
	table = &conf->ir->tables[number];
	fprintf(conf->out, " %s ", option);
	if (table->name.len > 0) {
		putc('<', conf->out);
		print_conf_word(conf, table->name);
		putc('>', conf->out);
	} else if (table->kind == IR_TABLE_LIST && table->entry_count == 1) {
		print_conf_list(conf, table, "");
	} else {
		fputs("{ ", conf->out);
		print_conf_list(conf, table, ", ");
		fputs(" }", conf->out);
	}
}

void
print_conf_filter(struct print_conf *conf, uint32_t number)
{
	const struct ir_filter *filter;

	if (number == IR_NONE)
		return;
	filter = &conf->ir->filters[number];
	if (filter->name.len > 0) {
		print_conf_option(conf, "filter", filter->name);
		return;
	}
	fputs(" filter ", conf->out);
	print_conf_members(conf, filter);
}

void
print_conf_part(struct print_conf *conf)
{
	if (conf->has_text)
		putc('\n', conf->out);
	conf->has_text = true;
}
