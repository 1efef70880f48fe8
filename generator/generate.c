/* generate: the default command: a specification to MODEL.c and MODEL.h. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "budget.h"
#include "names.h"
#include "selftest.h"
#include "session.h"
#include "template.h"

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *output_path(struct session *s)
{
    if (s->options->output)
        return s->options->output;
    if (!strcmp(s->options->spec, "-"))
        return "-";
    return pool_printf(s->pool, "%s.c", file_stem(s->pool, s->options->spec));
}

/* The output's name with another end for its ".c". */
static const char *beside(struct session *s, const char *output, const char *end)
{
    size_t n = strlen(output);
    if (n > 2 && !strcmp(output + n - 2, ".c"))
        n -= 2;
    return pool_printf(s->pool, "%.*s%s", (int)n, output, end);
}

/* NULL: no header (the output is standard output). */
static const char *header_path(struct session *s, const char *output)
{
    if (s->options->header)
        return s->options->header;
    return strcmp(output, "-") ? beside(s, output, ".h") : NULL;
}

static const char *deps_path(struct session *s, const char *output)
{
    return s->options->deps_file ? s->options->deps_file : beside(s, output, ".d");
}

static const char *weights_path(struct session *s, const char *output)
{
    return beside(s, strcmp(output, "-") ? output : s->prefix, ".weights");
}

static const char *split_path(struct session *s, const char *output)
{
    return beside(s, strcmp(output, "-") ? output : s->prefix, "_weights.c");
}

/* As emitted comments call it. */
static const char *spec_name(struct session *s)
{
    const char *path = s->options->spec;
    return strcmp(path, "-") ? options_shown_path(s->pool, s->options, path) : "<stdin>";
}

/* "net.tuning, hash 0123456789abcdef"; NULL: none. */
static const char *tuning_text(struct session *s)
{
    return !s->options->tuning ? NULL : pool_printf(s->pool, "%s, hash %016llx",
            options_shown_path(s->pool, s->options, s->options->tuning),
            (unsigned long long)s->tuning->hash);
}

/* A folder that isn't there, or another than was meant, would leave everything to the built-in
 * templates without a word. */
static void check_templates(const char *folder)
{
    DIR *dir = opendir(folder);
    bool any = false;
    if (!dir)
        die("can't read the folder of templates '%s': %s", folder, strerror(errno));
    for (const struct dirent *e; !any && (e = readdir(dir));)
        any = template_builtin(e->d_name) != NULL;
    closedir(dir);
    if (!any)
        die("the folder '%s' holds no template: no file in it is called as one of cnngen's is", folder);
}

bool session_emit(struct session *s)
{
    if (s->options->template_dir)
        check_templates(s->options->template_dir);
    const char *header = header_path(s, output_path(s));
    const struct emit_options emit_options = {
        .prefix = s->prefix,
        .spec_name = spec_name(s),
        .header_name = header && strcmp(header, "-") ? base_name(header)
                                                     : pool_printf(s->pool, "%s.h", s->prefix),
        .command = options_command(s->pool, s->options),
        .tuning = tuning_text(s),
        .template_dir = s->options->template_dir,
        .standalone = s->options->standalone,
        .storage = s->options->storage,
        .weights_name = base_name(weights_path(s, output_path(s))),
        .split = s->options->split_weights,
        .c_name = base_name(output_path(s)),
        .static_arena = s->options->static_arena,
        .bare_targets = s->options->bare_targets,
        .selftest = s->options->selftest ? selftest_make(s->pool, s->graph) : NULL,
        .reads = &s->reads,
    };
    emitted_init(&s->text);
    if (!emit(s->plan, &emit_options, &s->text, s->diag))
        return false;
    budget_check_stack(s->pool, &s->text.stack, &s->options->budget, s->diag);
    return !diag_failed(s->diag);
}

/* Names that no #include or .incbin could take. The C file's own is not named anywhere. */
static void check_names(struct session *s, const struct out_file *files, int n)
{
    for (int i = 1; i < n; i++)
        if (strpbrk(files[i].path, "\"\\\n\r"))
            die("the name of an output can't stand in an #include: '%s'",
                    options_base_name(s->pool, files[i].path));
}

static void check_rule(struct session *s, const struct depfile *d)
{
    for (int k = 0; k < 2; k++) {
        const struct file_list *list = k ? &d->from : &d->targets;
        for (int i = 0; i < list->path.n; i++)
            if (strpbrk(list->path.at[i], "\n\r"))
                die("a name with a line break can't stand in a rule of make: '%s'",
                        options_base_name(s->pool, list->path.at[i]));
    }
}

/* The rule for the outputs: what -MT says, or all of them that are files. */
static void make_rule(struct session *s, const struct out_file *files, int n, struct out *out)
{
    const struct options *o = s->options;
    struct depfile d = {.phony = o->deps_phony};
    for (int i = 0; i < o->deps_target.n; i++)
        file_list_add(s->pool, &d.targets, o->deps_target.at[i]);
    for (int i = 0; i < n && o->deps_target.n == 0; i++)
        if (strcmp(files[i].path, "-"))
            file_list_add(s->pool, &d.targets, depfile_escape(s->pool, files[i].path));
    session_sources(s, &d.from);
    check_rule(s, &d);
    depfile_print(s->pool, &d, out);
}

static void write_files(struct session *s)
{
    const char *output = output_path(s), *header = header_path(s, output);
    struct out_file files[5] = {{output, &s->text.c, 0}};
    struct out rule;
    int n = 1;
    if (header)
        files[n++] = (struct out_file){header, &s->text.h, 0};
    if (storage_file(s->options->storage))
        files[n++] = (struct out_file){weights_path(s, output), &s->text.w, 0};
    if (s->options->split_weights)
        files[n++] = (struct out_file){split_path(s, output), &s->text.split, 0};
    check_names(s, files, n);
    out_init(&rule);
    if (s->options->deps) {
        make_rule(s, files, n, &rule);
        files[n++] = (struct out_file){deps_path(s, output), &rule, 0};
    }
    session_keep_sources(s, files, n);
    session_write(files, n);
    for (int i = 0; s->options->verbose && i < n; i++)
        fprintf(stderr, "cnngen: wrote %s (%zu bytes)\n", files[i].path, files[i].bytes);
    out_free(&rule);
}

/* The default way of storing weights suits small and medium networks; it does not change by itself,
 * so that builds know the outputs beforehand. */
static void hint_at_asm(const struct session *s)
{
    enum { LARGE = 24 << 20 };     /* bytes: 60 MB of C text, some seconds to compile */
    if (s->options->quiet || s->options->storage != STORAGE_AUTO || s->plan->weight_bytes <= LARGE)
        return;
    fprintf(stderr, "cnngen: note: %lld MB of weights as C text: with gcc or clang, --weights=asm "
            "compiles faster\n", (long long)(s->plan->weight_bytes >> 20));
}

int command_generate(struct session *s)
{
    bool done = session_read(s) && session_plan(s) && session_emit(s);
    int status = session_report(s);
    if (done) {
        write_files(s);
        hint_at_asm(s);
    }
    emitted_free(&s->text);
    return status;
}

int command_check(struct session *s)
{
    if (session_read(s))
        session_plan(s);
    return session_report(s);
}
