/*
 * Reads a config and runs it through the front end and the checks.
 */
#include "compiler/compilation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/blob_ir.h"
#include "compiler/check.h"
#include "compiler/resolve.h"

static void
compilation_out_of_memory(void)
{
	static const char text[] = "out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)ignored;
	_exit(EXIT_NO_ANSWER);
}

void
compilation_init(struct compilation *comp, const struct options *options)
{
	memset(comp, 0, sizeof(*comp));
	comp->root.fd = -1;
	comp->options = options;
	arena_init(&comp->arena, compilation_out_of_memory);
	source_map_init(&comp->map, &comp->arena);
	diag_list_init(&comp->diags, &comp->arena, &comp->map);
	comp->diags.policy = options->policy;
	files_init(&comp->files, &comp->arena, &comp->root);
}

void
compilation_fini(struct compilation *comp)
{
	rootdir_text_fini(&comp->image);
	files_fini(&comp->files);
	rootdir_fini(&comp->root);
	source_map_fini(&comp->map);
	arena_fini(&comp->arena);
}

static void
compilation_take(struct rootdir_text *from, struct parse_text *text_r)
{
	*text_r = (struct parse_text){
		.text = from->text,
		.len = from->len,
		.dev = from->dev,
		.ino = from->ino,
	};
}

static int
compilation_read(void *arg, const char *path, struct parse_text *text_r)
{
	const struct compilation *comp = arg;
	struct rootdir_text text;
	int error;

	error = rootdir_read_file(&comp->root, path, SOURCE_SIZE_MAX, &text);
	if (error == 0)
		compilation_take(&text, text_r);
	return error;
}

/* Of a pipe the size is not known before its end. */
static int
compilation_read_stream(FILE *stream, struct parse_text *text_r)
{
	size_t room = 64 * 1024;
	char *text = malloc(room), *wider;
	size_t len = 0, n;

	while (text != NULL &&
	    (n = fread(text + len, 1, room - len - 2, stream)) > 0) {
		len += n;
		if (len >= SOURCE_SIZE_MAX) {
			free(text);
			return -EFBIG;
		}
		if (room - len > 2)
			continue;
		room *= 2;
		wider = realloc(text, room);
		if (wider == NULL)
			free(text);
		text = wider;
	}
	if (text == NULL)
		return -ENOMEM;
	memset(text + len, 0, 2);
	*text_r = (struct parse_text){ .text = text, .len = len };
	return ferror(stream) ? -EIO : 0;
}

/* What a shell makes of <(command) is a pipe with a name. */
static int
compilation_read_pipe(const char *path, struct parse_text *text_r)
{
	FILE *stream = fopen(path, "re");
	struct stat st;
	int error;

	if (stream == NULL)
		return -errno;
	if (fstat(fileno(stream), &st) != 0 || !S_ISFIFO(st.st_mode)) {
		fclose(stream);
		return -EINVAL;
	}
	error = compilation_read_stream(stream, text_r);
	fclose(stream);
	return error;
}

int
compilation_read_main(const char *path, struct parse_text *text_r)
{
	struct rootdir machine;
	struct rootdir_text text;
	int error;

	if (strcmp(path, "-") == 0)
		return compilation_read_stream(stdin, text_r);
	error = rootdir_init(&machine, NULL);
	if (error != 0)
		return error;
	error = rootdir_read_file(&machine, path, SOURCE_SIZE_MAX, &text);
	if (error == 0)
		compilation_take(&text, text_r);
	rootdir_fini(&machine);
	if (error == -EINVAL)
		return compilation_read_pipe(path, text_r);
	return error;
}

/* A target that was asked for must be that of the blob. */
static int
compilation_take_blob(struct compilation *comp, const char *path,
    const struct parse_text *text)
{
	const struct parse_options *parse = &comp->options->parse;

	comp->image = (struct rootdir_text){ .text = text->text,
		.len = text->len };
	comp->path = path;
	comp->tree = ARENA_NEW(&comp->arena, struct tree);
	if (!blob_ir_open(comp, &comp->why))
		return COMPILATION_EBLOB;
	comp->tree->target = comp->ir->target;
	if (parse->has_target &&
	    parse->target.version != comp->ir->target.version) {
		comp->why = arena_printf(&comp->arena,
		    "compiled for target %s: compile the config again for "
		    "another",
		    target_name(comp->ir->target.version));
		return COMPILATION_EBLOB;
	}
	diag_finish(&comp->diags);
	return COMPILATION_OK;
}

int
compilation_run(struct compilation *comp, const char *path)
{
	struct parse_text text;
	int error;

	error = compilation_read_main(path, &text);
	if (error == -EFBIG)
		return COMPILATION_ESIZE;
	if (error != 0) {
		errno = -error;
		return COMPILATION_EREAD;
	}
	return compilation_run_text(comp, path, &text);
}

int
compilation_run_text(struct compilation *comp, const char *path,
    struct parse_text *text)
{
	struct parse_options parse = comp->options->parse;
	int error;

	error = rootdir_init(&comp->root, comp->options->root);
	if (error != 0) {
		free(text->text);
		errno = -error;
		return COMPILATION_EROOT;
	}
	if (blob_is_blob(text->text, text->len))
		return compilation_take_blob(comp, path, text);
	parse.read = compilation_read;
	parse.read_arg = comp;
	error = parse_config(&parse, &comp->diags, path, text, &comp->tree);
	if (error == PARSE_ESIZE)
		return COMPILATION_ESIZE;
	if (error == PARSE_ETARGET)
		return COMPILATION_ETARGET;
	comp->path = comp->tree->main_file->path;
	resolve_run(comp);
	check_run(comp);
	diag_finish(&comp->diags);
	return COMPILATION_OK;
}
