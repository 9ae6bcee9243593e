/*
 * The cache of files.
 */
#include "compiler/files.h"

#include <errno.h>

#include "runtime/ruleset/target.h"

void
files_init(struct files *files, struct arena *arena, const struct rootdir *root)
{
	*files = (struct files){ .arena = arena, .root = root };
	strmap_init(&files->by_path, arena);
}

void
files_fini(struct files *files)
{
	struct files_file *next;

	for (struct files_file *f = files->list; f != NULL; f = next) {
		next = f->next;
		if (f->error == 0)
			rootdir_text_fini(&f->text);
	}
	files->list = NULL;
}

static void
files_load(struct files *files, struct files_file *file, struct str path,
    size_t max)
{
	const char *name = arena_copy(files->arena, path).ptr;
	size_t left = FILES_SIZE_MAX - files->total;

	file->error = -ENOENT;
	if (strlen(name) != path.len)
		return;
	file->error = rootdir_read_file(files->root, name,
	    max < left ? max : left, &file->text);
	if (file->error == 0)
		files->total += file->text.len;
}

struct files_file *
files_read(struct files *files, struct str path, size_t max)
{
	void **slot = strmap_put(&files->by_path, path);
	struct files_file *file = *slot;

	if (file != NULL)
		return file;
	file = ARENA_NEW(files->arena, struct files_file);
	*slot = file;
	file->next = files->list;
	files->list = file;
	files_load(files, file, path, max);
	return file;
}

struct str
files_text(const struct files_file *file)
{
	return (struct str){ file->text.text, (uint32_t)file->text.len };
}

void
files_open_table(const struct files_file *file, unsigned version,
    struct tablefile *table_r)
{
	struct tablefile_options options = {
		.key_brackets = version >= TARGET_7_5,
	};

	tablefile_init(table_r, files_text(file), &options);
}

enum tablefile_kind
files_kind(struct files_file *file, unsigned version)
{
	struct tablefile table;

	if (!file->has_kind) {
		files_open_table(file, version, &table);
		file->kind = tablefile_kind(&table);
		file->has_kind = true;
	}
	return file->kind;
}
