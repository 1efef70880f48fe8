#include "import.h"

#include <errno.h>
#include <getopt.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diag.h"
#include "help.h"
#include "names.h"
#include "out.h"
#include "source.h"
#include "text.h"

extern char **environ;

enum { SOURCES_MAX = 1 << 26 };

/* ---- refusals -------------------------------------------------------------------------------- */

int import_refused(struct pool *pool, const char *path, const struct format *format)
{
    struct diag *diag = diag_new(pool);
    struct source *src = NEW(pool, struct source);
    struct out out;
    *src = source_of(path, "", 0);
    if (format)
        diag_error(diag, DIAG_NOT_A_MODEL, (struct span){.src = src},
                "this is %s, which can't be imported", format->what);
    else
        diag_error(diag, DIAG_NOT_A_MODEL, (struct span){.src = src},
                "this is no model of a format that is known");
    if (format && format->help)
        diag_help(diag, "%s", format->help);
    if (!format)
        diag_help(diag, "ONNX, Keras (.keras, .h5), TensorFlow.js, TFLite and .npz can be; "
                "a specification needs no import");
    out_init(&out);
    diag_print(diag, &out, COLOR_NEVER, false);
    fwrite(out.text, 1, out.len, stderr);
    out_free(&out);
    return 1;
}

/* ---- finding the importer -------------------------------------------------------------------- */

/* The folder of the running program; NULL when the system doesn't say. */
static const char *own_folder(struct pool *pool)
{
    enum { LONGEST = 4096 };
    char path[LONGEST];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    while (n > 0 && n < (ssize_t)sizeof path && path[n - 1] != '/')
        n--;
    return n > 0 && n < (ssize_t)sizeof path ? pool_copy(pool, path, (size_t)n) : NULL;
}

/* Ends the program when it is nowhere. */
static const char *find_importer(struct pool *pool, const char *model, const struct format *f)
{
    const char *own = own_folder(pool);
    const char *places[] = {own ? own : CNNGEN_LIBEXECDIR "/", CNNGEN_LIBEXECDIR "/"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        const char *path = pool_printf(pool, "%scnngen-import-%s", places[i], f->importer);
        if (!access(path, X_OK))
            return path;
    }
    die("'%s' is %s, but cnngen-import-%s is not installed%s%s (looked for in %s and %s)",
            text_quote(diag_new(pool), model), f->what, f->importer,
            f->packages ? ": build cnngen again with " : "", f->packages ? f->packages : "",
            places[0], places[1]);
}

/* ---- starting it ----------------------------------------------------------------------------- */

struct command_line { VEC(char *) word; };

static void add(struct pool *pool, struct command_line *c, const char *word)
{
    vec_push(pool, &c->word, pool_copy(pool, word, strlen(word)));
}

/* Runs it to its end. Its exit code; 2 when it came to another end. */
static int run(struct pool *pool, const char *program, struct command_line *c)
{
    pid_t pid;
    int status;
    vec_push(pool, &c->word, NULL);
    fflush(NULL);
    int failed = posix_spawn(&pid, program, NULL, NULL, c->word.at, environ);
    if (failed)
        die("can't start '%s': %s", program, strerror(failed));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            die("waiting for '%s' failed: %s", program, strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) <= 2)
        return WEXITSTATUS(status);
    die("'%s' ended by %s %d", program, WIFEXITED(status) ? "exit code" : "signal",
            WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

/* ---- for other commands ---------------------------------------------------------------------- */

/* A path that no option could be taken for. */
static const char *as_file(struct pool *pool, const char *path)
{
    return *path == '-' ? pool_printf(pool, "./%s", path) : path;
}

/* The list that an importer wrote: names, each with a zero byte behind it. */
static void read_sources(struct pool *pool, const char *path, struct file_list *to)
{
    struct source list;
    if (source_read(pool, path, SOURCES_MAX, &list) != SOURCE_OK)
        die("can't read '%s', which the importer wrote", path);
    for (size_t at = 0; at < list.len; at += strlen(list.text + at) + 1)
        file_list_add(pool, to, list.text + at);
}

int import_model(struct pool *pool, const struct options *o, const struct format *format,
        struct imported *to)
{
    if (!format->importer || format->weights_only)
        return import_refused(pool, o->spec, format);
    const char *program = find_importer(pool, o->spec, format);
    struct build folder;
    struct command_line c = {0};
    build_folder(&folder, pool);
    to->spec = build_path(&folder, "model.yaml");
    to->weights = build_path(&folder, "model.safetensors");
    const char *sources = build_path(&folder, "sources");
    to->sources = (struct file_list){0};
    add(pool, &c, program);
    add(pool, &c, as_file(pool, o->spec));
    add(pool, &c, "--output");
    add(pool, &c, to->spec);
    add(pool, &c, "--sources");
    add(pool, &c, sources);
    add(pool, &c, "--name");
    add(pool, &c, c_name_from_path(pool, o->spec));
    for (int i = 0; i < o->shape.n; i++) {
        add(pool, &c, "--shape");
        add(pool, &c, o->shape.at[i]);
    }
    add(pool, &c, o->color == COLOR_ALWAYS ? "--color=always" : "--color=never");
    if (o->quiet)
        add(pool, &c, "--quiet");
    int status = run(pool, program, &c);
    if (!status)
        read_sources(pool, sources, &to->sources);
    if (!status && access(to->weights, F_OK))
        to->weights = NULL;          /* the model has none */
    return status;
}

/* ---- cnngen import --------------------------------------------------------------------------- */

static int usage(const char *what)
{
    usage_error("%s", what);
    return 2;
}

/* The model among the words; NULL: none, or several. The importer looks at the options. */
static const char *find_model(int argc, char **argv, int *words)
{
    enum { ARGUMENT = 1 };
    static const struct option options[] = {
        {"output", required_argument, NULL, ARGUMENT},
        {"weights", required_argument, NULL, ARGUMENT},
        {"name", required_argument, NULL, ARGUMENT}, {"shape", required_argument, NULL, ARGUMENT},
        {"color", required_argument, NULL, ARGUMENT}, {"spec", required_argument, NULL, ARGUMENT},
        {"sources", required_argument, NULL, ARGUMENT},
        {"quiet", no_argument, NULL, 'q'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'}, {0},
    };
    bool help = false;
    opterr = 0;
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, ":o:qhV", options, NULL)) != -1;)
        help = help || c == 'h';
    *words = help ? -1 : argc - optind;
    return *words == 1 ? argv[optind] : NULL;
}

int command_import(struct pool *pool, int argc, char **argv)
{
    int words;
    const char *model = find_model(argc, argv, &words);
    if (words < 0) {
        fputs(help_import_text, stdout);
        return fflush(stdout) ? 2 : 0;
    }
    if (!model)
        return usage(words ? "one model at a time" : "import: a model is missing");
    if (access(model, R_OK))
        die("can't read '%s': %s", text_quote(diag_new(pool), model), strerror(errno));
    const struct format *format = format_find(pool, model);
    if (!format)
        format = format_of_nothing(model);
    if (!format || !format->importer)
        return import_refused(pool, model, format);
    const char *program = find_importer(pool, model, format);
    struct command_line c = {0};
    add(pool, &c, program);
    for (int i = 1; i < argc; i++)
        add(pool, &c, argv[i]);
    return run(pool, program, &c);
}
