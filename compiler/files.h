/*
 * The files that a config names, each read once and kept with what became
 * of it. Reports nothing and judges no content. Asked by the checks and by
 * whatever needs the entries of a table file.
 */
#ifndef COMPILER_FILES_H
#define COMPILER_FILES_H

#include "runtime/base/arena.h"
#include "runtime/base/rootdir.h"
#include "runtime/base/strmap.h"
#include "runtime/table/tablefile.h"

/* All files of a config together; also the size of one. */
#define FILES_SIZE_MAX (1024u * 1024u * 1024u)

struct files_file {
	int error; /* 0, or why it was not read, see rootdir_read_file */
	struct rootdir_text text; /* valid where error is 0 */
	struct files_file *next;

	bool is_checked; /* as a table file, by check_files */

	/* files_kind */
	bool has_kind;
	enum tablefile_kind kind;
};

struct files {
	struct arena *arena;
	const struct rootdir *root;
	struct strmap by_path; /* to struct files_file */
	struct files_file *list;
	size_t total;
};

void files_init(struct files *files, struct arena *arena,
    const struct rootdir *root);

/* Wipes and frees all texts. */
void files_fini(struct files *files);

/*
 * Never NULL. path must live as long as the arena. Where several ask for
 * one path, the first max counts; a larger file has the error -EFBIG.
 */
struct files_file *files_read(struct files *files, struct str path, size_t max);

struct str files_text(const struct files_file *file);

/* A table file by the rules of a version. */
void files_open_table(const struct files_file *file, unsigned version,
    struct tablefile *table_r);

/* List or mapping; file->error must be 0. */
enum tablefile_kind files_kind(struct files_file *file, unsigned version);

#endif
