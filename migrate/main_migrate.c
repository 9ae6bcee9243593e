/*
 * smtpd-migrate: a config for another daemon, legacy to modern above all,
 * with a proof that it means the same, or with what does not.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/report.h"
#include "grammar/render.h"
#include "migrate/output.h"
#include "migrate/report.h"

#define PROGRAM "smtpd-migrate"

static const char usage[] =
    "usage: smtpd-migrate [options] CONFIG\n"
    "\n"
    "  -o OUT              write the result to OUT, inclusions beside theirs\n"
    "  --in-place          replace CONFIG and what it includes, keep the old\n"
    "  --style=STYLE       strict or idiomatic\n"
    "  --explain           say what became of each statement, and why\n"
    "  --report=FILE       write a report: FILE.txt, .md, .json or .html\n"
    "  --from=VERSION      the daemon that CONFIG is for: 6.0.3, or 6.8\n"
    "  --target=VERSION    the daemon to convert for: 6.4 to 7.8, native\n"
    "  --dialect=DIALECT   legacy or modern; default: by content\n"
    "  --root=DIR          read files that the config names below DIR\n"
    "  --hostname=NAME     the server's name\n"
    "  --local-address=A   an address of the server (repeatable)\n"
    "  --users=FILE        the server's users, as in passwd(5)\n"
    "  -D NAME=VALUE       define a macro\n"
    "  -W ID, -W no-ID     switch a check on or off\n"
    "  -W error=ID|all     report as errors\n"
    "  -W advice           also report matters of taste\n"
    "  -q                  print no diagnostics and no summary\n"
    "  --version, --help\n"
    "\n"
    "Without -o and --in-place the result goes to standard output, with\n"
    "inclusions in their places.\n";

enum {
	MIGRATE_FROM = 1,
	MIGRATE_STYLE,
	MIGRATE_IN_PLACE,
	MIGRATE_EXPLAIN,
	MIGRATE_REPORT,
};

struct migrate_options {
	bool has_from;
	struct target from;
	struct convert_options convert;
	const char *out;
	bool in_place;
	bool explains;
	const char *report;
};

static const char *const migrate_styles[] = {
	[CONVERT_STRICT] = "strict",
	[CONVERT_IDIOMATIC] = "idiomatic",
	NULL,
};

static const struct {
	const char *suffix;
	void (*print)(FILE *, struct proof *);
} migrate_reports[] = {
	{ ".txt", report_print_text },
	{ ".md", report_print_markdown },
	{ ".json", report_print_json },
	{ ".html", report_print_html },
};

enum {
	MIGRATE_REPORTS = sizeof(migrate_reports) / sizeof(migrate_reports[0]),
};

/* By the name of the file; MIGRATE_REPORTS for none. */
static size_t
migrate_find_report(const char *path)
{
	size_t len = strlen(path), i;

	for (i = 0; i < MIGRATE_REPORTS; i++) {
		size_t n = strlen(migrate_reports[i].suffix);

		if (len > n &&
		    strcmp(path + len - n, migrate_reports[i].suffix) == 0)
			break;
	}
	return i;
}

static bool
migrate_handle_from(struct migrate_options *migrate, const char *value)
{
	const char *nearest;

	migrate->has_from = target_parse(str_from(value), &migrate->from,
	    &nearest);
	if (!migrate->has_from)
		fprintf(stderr,
		    "--from: there is no release %s; the nearest is %s\n",
		    value, nearest);
	return migrate->has_from;
}

static bool
migrate_handle(void *arg, int val, const char *value)
{
	struct migrate_options *migrate = arg;
	int style;

	switch (val) {
	case MIGRATE_FROM:
		return migrate_handle_from(migrate, value);
	case MIGRATE_STYLE:
		style = options_choose("--style", value, migrate_styles);
		if (style >= 0)
			migrate->convert.style = (enum convert_style)style;
		return style >= 0;
	case MIGRATE_IN_PLACE:
		return migrate->in_place = true;
	case MIGRATE_EXPLAIN:
		return migrate->explains = true;
	case MIGRATE_REPORT:
		migrate->report = value;
		if (migrate_find_report(value) < MIGRATE_REPORTS)
			return true;
		fprintf(stderr,
		    "--report: '%s' ends in none of .txt, .md, .json, .html\n",
		    value);
		return false;
	default:
		migrate->out = value;
		return true;
	}
}

static const struct options_extra migrate_extras[] = {
	{ { "from", required_argument, NULL, MIGRATE_FROM }, migrate_handle },
	{ { "style", required_argument, NULL, MIGRATE_STYLE }, migrate_handle },
	{ { "in-place", no_argument, NULL, MIGRATE_IN_PLACE }, migrate_handle },
	{ { "explain", no_argument, NULL, MIGRATE_EXPLAIN }, migrate_handle },
	{ { "report", required_argument, NULL, MIGRATE_REPORT },
	    migrate_handle },
	{ { "output", required_argument, NULL, 'o' }, migrate_handle },
	{ { NULL, 0, NULL, 0 }, NULL },
};

/* Output. */

static int
migrate_write_file(struct proof *proof, struct convert_file *file,
    const char *path, enum convert_includes includes)
{
	struct str text = convert_text(&proof->convert, file, includes);

	if (output_write(path, text, file->source->path) != 0)
		return report_fail(PROGRAM, path, strerror(errno));
	return EXIT_YES;
}

/* Each inclusion beside its original, then the main file. */
static int
migrate_write_out(struct proof *proof, const char *out)
{
	struct convert *convert = &proof->convert;
	int status = EXIT_YES;

	for (struct convert_file *f = convert->files->next;
	     f != NULL && status == EXIT_YES; f = f->next)
		status = migrate_write_file(proof, f,
		    convert_included_path(convert, f), CONVERT_RENAME);
	if (status == EXIT_YES)
		status = migrate_write_file(proof, convert->files, out,
		    CONVERT_RENAME);
	return status;
}

/* Whether a file above it in the list is the same: one included twice. */
static bool
migrate_is_repeated(const struct convert *convert,
    const struct convert_file *file)
{
	for (const struct convert_file *f = convert->files; f != file;
	     f = f->next)
		if (strcmp(f->source->path, file->source->path) == 0)
			return true;
	return false;
}

/* A name that says for which version the original is. */
static const char *
migrate_kept_path(const struct convert *convert,
    const struct convert_file *file)
{
	return arena_printf(convert->arena, "%s.%s", file->source->path,
	    target_name(convert->ir->target.version));
}

/* The originals under other names, all of them or none. */
static int
migrate_keep(const struct convert *convert)
{
	for (const struct convert_file *f = convert->files; f != NULL;
	     f = f->next) {
		const char *kept = migrate_kept_path(convert, f);
		int error;

		if (migrate_is_repeated(convert, f) ||
		    output_keep(f->source->path, kept) == 0)
			continue;
		error = errno;
		for (const struct convert_file *g = convert->files; g != f;
		     g = g->next)
			if (!migrate_is_repeated(convert, g))
				unlink(migrate_kept_path(convert, g));
		return report_fail(PROGRAM, kept,
		    error == EEXIST ?
			"exists already, from an earlier conversion; "
			"move it away" :
			strerror(error));
	}
	return EXIT_YES;
}

static int
migrate_write_in_place(struct proof *proof)
{
	struct convert *convert = &proof->convert;
	int status = migrate_keep(convert);

	for (struct convert_file *f = convert->files;
	     f != NULL && status == EXIT_YES; f = f->next)
		status = migrate_write_file(proof, f, f->source->path,
		    CONVERT_KEEP);
	return status;
}

static int
migrate_write(struct proof *proof, const struct migrate_options *migrate)
{
	struct str text;
	int status = EXIT_YES;

	if (migrate->in_place)
		status = migrate_write_in_place(proof);
	else if (migrate->out != NULL)
		status = migrate_write_out(proof, migrate->out);
	if (status == EXIT_YES && migrate->explains) {
		report_print_explanation(stdout, proof);
		return report_flush(PROGRAM);
	}
	if (status != EXIT_YES || migrate->in_place || migrate->out != NULL)
		return status;
	text = convert_text(&proof->convert, proof->convert.files,
	    CONVERT_INLINE);
	fwrite(text.ptr, 1, text.len, stdout);
	return report_flush(PROGRAM);
}

static int
migrate_report(struct proof *proof, const char *path)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int status = EXIT_YES;

	if (out == NULL)
		return report_fail(PROGRAM, path, strerror(errno));
	migrate_reports[migrate_find_report(path)].print(out, proof);
	if (fclose(out) != 0 ||
	    output_write(path, (struct str){ text, (uint32_t)len }, NULL) != 0)
		status = report_fail(PROGRAM, path, strerror(errno));
	free(text);
	return status;
}

/* Running. */

/* Spellings of 5.2 to 5.9 are errors elsewhere; here they are converted. */
static void
migrate_forgive_spelling(struct diag_list *diags)
{
	struct diag **slot = &diags->head;

	while (*slot != NULL) {
		if ((*slot)->id != CHECK_LEGACY_SPELLING) {
			slot = &(*slot)->next;
			continue;
		}
		diags->errors -= (*slot)->severity == DIAG_ERROR;
		diags->warnings -= (*slot)->severity != DIAG_ERROR;
		*slot = (*slot)->next;
	}
}

static int
migrate_compile_text(struct compilation *comp, const struct options *options,
    const char *path, const struct parse_text *text)
{
	struct parse_text copy = *text;
	int error;

	compilation_init(comp, options);
	copy.text = malloc(text->len + 2);
	if (copy.text == NULL)
		return report_fail(PROGRAM, path, strerror(ENOMEM));
	memcpy(copy.text, text->text, text->len + 2);
	error = compilation_run_text(comp, path, &copy);
	if (error != COMPILATION_OK)
		return report_compilation(comp, PROGRAM, error, path);
	if (comp->ir != NULL)
		return report_fail(PROGRAM, path,
		    "is a compiled ruleset: convert its config");
	if (comp->tree->target.dialect == DIALECT_LEGACY)
		migrate_forgive_spelling(&comp->diags);
	return EXIT_YES;
}

/*
 * A modern file that does not say for what it is: for the target already, if
 * it has what 6.8 does not know.
 */
static int
migrate_compile_any(struct compilation *comp, struct options *options,
    struct target target, const char *path, const struct parse_text *text)
{
	const struct target candidates[] = {
		{ DIALECT_MODERN, TARGET_6_8 },
		target,
	};
	int status = migrate_compile_text(comp, options, path, text);

	if (options->parse.has_target || status != EXIT_YES ||
	    comp->tree->target.dialect == DIALECT_LEGACY)
		return status;
	options->parse.has_target = true;
	for (unsigned i = 0; i < 2; i++) {
		if (candidates[i].version > target.version)
			continue;
		options->parse.target = candidates[i];
		compilation_fini(comp);
		status = migrate_compile_text(comp, options, path, text);
		if (status != EXIT_YES || comp->diags.errors == 0)
			break;
	}
	return status;
}

/* EXIT_YES, or what the program ends with. */
static int
migrate_compile(struct differ_side *side, struct options *options,
    struct target target, const char *path)
{
	struct parse_text text;
	const char *what;
	int error;

	error = compilation_read_main(path, &text);
	if (error != 0)
		return report_fail(PROGRAM, path, rootdir_error_text(error));
	error = migrate_compile_any(&side->comp, options, target, path, &text);
	free(text.text);
	if (error != EXIT_YES)
		return error;
	if (side->comp.tree->target.version > target.version)
		return report_fail(PROGRAM, path,
		    "is for a later version than --target");
	report_diags(&side->comp, PROGRAM);
	if (side->comp.diags.errors > 0)
		return EXIT_NO_ANSWER;
	error = differ_bind(side, &what);
	if (error != HOST_OK)
		return report_host(PROGRAM, error, what);
	return EXIT_YES;
}

static int
migrate_status(const struct proof *proof)
{
	static const int statuses[] = {
		[PROOF_SAME] = EXIT_YES,
		[PROOF_DIFFERENT] = EXIT_NO,
		[PROOF_UNDECIDED] = EXIT_NO_ANSWER,
		[PROOF_UNREADABLE] = EXIT_NO_ANSWER,
	};

	return statuses[proof->verdict];
}

static int
migrate_finish(struct proof *proof, const struct migrate_options *migrate,
    const struct options *options)
{
	int status;

	report_secrets_find(proof);
	if (proof->verdict == PROOF_UNREADABLE)
		report_diags(&proof->differ.sides[1].comp, PROGRAM);
	status = migrate_write(proof, migrate);
	if (status == EXIT_YES && migrate->report != NULL)
		status = migrate_report(proof, migrate->report);
	if (status != EXIT_YES)
		return status;
	if (!options->is_quiet)
		report_print_summary(stderr, proof);
	return migrate_status(proof);
}

static int
migrate_run(struct options *options, const struct migrate_options *migrate,
    const char *path)
{
	struct proof proof = { .verdict = PROOF_UNREADABLE };
	struct differ_side *side = &proof.differ.sides[0];
	int status = migrate_compile(side, options, migrate->convert.target,
	    path);

	if (status == EXIT_YES) {
		convert_run(&proof.convert, &side->comp, side->ir, &side->bind,
		    &migrate->convert);
		proof_run(&proof,
		    migrate->out != NULL ? migrate->out : "(result)");
		status = migrate_finish(&proof, migrate, options);
	}
	proof_fini(&proof);
	return status;
}

/* --target is that of the result; the original's is --from. */
static bool
migrate_choose_targets(struct options *options, struct migrate_options *migrate)
{
	migrate->convert.target = (struct target){ DIALECT_MODERN, 708 };
	if (options->parse.has_target)
		migrate->convert.target = options->parse.target;
	options->parse.has_target = migrate->has_from;
	options->parse.target = migrate->from;
	if (migrate->convert.target.dialect == DIALECT_MODERN)
		return true;
	fputs(PROGRAM ": --target: only 6.4 and later can be converted for\n",
	    stderr);
	return false;
}

static int
migrate_usage(const char *why)
{
	fprintf(stderr, PROGRAM ": %s\n%s", why, usage);
	return EXIT_USAGE;
}

static int
migrate_dispatch(struct options *options, struct migrate_options *migrate,
    int argc, char **argv)
{
	if (options_answer(options, PROGRAM, usage))
		return report_flush(PROGRAM);
	if (!migrate_choose_targets(options, migrate))
		return EXIT_USAGE;
	if (argc != 1)
		return migrate_usage("one CONFIG is needed");
	if (migrate->in_place && migrate->out != NULL)
		return migrate_usage("-o and --in-place exclude each other");
	if (migrate->in_place && strcmp(argv[0], "-") == 0)
		return migrate_usage("--in-place needs a file");
	return migrate_run(options, migrate, argv[0]);
}

int
main(int argc, char **argv)
{
	struct migrate_options migrate = { .out = NULL };
	struct options options;
	int status = EXIT_USAGE;

	if (options_read(&options, argc, argv, "o:", migrate_extras,
		&migrate) == OPTIONS_OK)
		status = migrate_dispatch(&options, &migrate, argc - optind,
		    argv + optind);
	options_fini(&options);
	return status;
}
