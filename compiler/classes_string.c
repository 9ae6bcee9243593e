/*
 * Classes of texts that are compared as a whole: a text that stands in a
 * set is in the class of its sets, all others are in one more.
 */
#include "compiler/classes_private.h"
#include "runtime/table/tablefile.h"

/* A text that stands in no set. */
static struct str
classes_string_other(const struct classes *classes)
{
	const char *text = "other";

	for (uint32_t n = 2; classes_find_entry(classes, str_from(text)); n++)
		text = arena_printf(classes->arena, "other%u", n);
	return str_from(text);
}

int
classes_build_strings(struct classes *classes)
{
	struct classes_list none = { NULL, 0 };
	struct classes_signature *signature = classes_sign(classes, none);
	struct classes_entry *entry;

	if (signature == NULL)
		return -1;
	classes_admit(classes, signature, classes_string_other(classes),
	    CLASSES_RANK_BEST);
	for (uint32_t i = 0; i < classes->entries.count; i++) {
		entry = classes_entry_at(classes, i);
		if (entry->sets.count == 0 || entry->text.len == 0)
			continue;
		signature = classes_sign_entry(classes, entry);
		if (signature == NULL)
			return -1;
		entry->class = classes_admit(classes, signature, entry->text,
		    CLASSES_RANK_BEST);
	}
	return 0;
}

uint32_t
classes_find_string(const struct classes *classes, struct str key)
{
	const struct classes_entry *entry = NULL;
	char buf[TABLEFILE_KEY_MAX];

	if (classes_fold(classes->kind, key, buf, &key))
		entry = classes_find_entry(classes, key);
	return entry != NULL ? entry->class : CLASSES_STRING_OTHER;
}
