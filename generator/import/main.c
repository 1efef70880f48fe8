#include "main.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "help.h"
#include "names.h"
#include "out_file.h"

struct parser {
    const struct importer *importer;
    struct pool *pool;
    struct import_options *options;
    const char *color;
    int status;                      /* to exit with, when parsing returns false */
};

/* ---- messages -------------------------------------------------------------------------------- */

static bool usage(struct parser *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool usage(struct parser *p, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "%s: ", p->importer->program);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\nTry '%s --help'.\n", p->importer->program);
    va_end(args);
    p->status = 2;
    return false;
}

static const char *shown(struct pool *pool, const char *text)
{
    return diag_quote(diag_new(pool), text, strlen(text));
}

static void print(struct out *out)
{
    struct out_file file = {"-", out, 0};
    const char *failed;
    if (!out_commit(&file, 1, &failed))
        die("can't write standard output: %s", strerror(errno));
    out_free(out);
}

static void help_weights(const struct importer *im, struct out *out)
{
    out_printf(out,
            "%s: turns %s into a weight file for cnngen.\n\n"
            "usage: %s FILE -o WEIGHTS.safetensors [OPTION]...\n\n"
            "  -o, --output FILE        the weights\n"
            "  -q, --quiet              no warnings\n"
            "      --color WHEN         auto, always or never\n"
            "  -h, --help\n  -V, --version\n",
            im->program, im->what, im->program);
}

static void help(const struct importer *im, struct out *out)
{
    if (im->makes == MAKES_WEIGHTS) {
        help_weights(im, out);
        return;
    }
    out_printf(out,
            "%s: turns %s into a specification for cnngen.\n\n"
            "usage: %s MODEL -o SPEC.yaml [OPTION]...\n\n"
            "  -o, --output FILE        the specification\n"
            "      --weights FILE       the weights, in the same folder or below; default:\n"
            "                           the specification's name with .safetensors\n"
            "      --name NAME          of the model; default: from the specification's\n"
            "      --shape INPUT=N,N... dimensions of an input, with the batch in front,\n"
            "                           where the model leaves them open\n"
            "      --sources FILE       where to list the other files that the model is made\n"
            "                           of, each with a zero byte behind it\n"
            "  -q, --quiet              no warnings\n"
            "      --color WHEN         auto, always or never\n",
            im->program, im->what, im->program);
    if (im->makes == MAKES_SPEC_OR_WEIGHTS)
        out_printf(out, "      --spec SPEC.yaml     of a file of weights alone, for this\n"
                        "                           specification: -o names the weight file\n");
    if (im->reference)
        out_printf(out, "      --print-reference    what can be imported, as Markdown\n");
    out_printf(out, "  -h, --help\n  -V, --version\n");
}

/* ---- options --------------------------------------------------------------------------------- */

static bool set_once(struct parser *p, const char **to, const char *name)
{
    if (*to)
        return usage(p, "--%s is given twice", name);
    *to = optarg;
    return true;
}

static bool parse_shape(struct parser *p, const char *arg)
{
    struct import_shape s = {0};
    const char *at = strrchr(arg, '=');
    if (!at || at == arg)
        return usage(p, "--shape is INPUT=N,N..., not '%s'", shown(p->pool, arg));
    s.input = pool_copy(p->pool, arg, (size_t)(at - arg));
    for (int i = 0; i < p->options->shape.n; i++)
        if (!strcmp(p->options->shape.at[i].input, s.input))
            return usage(p, "--shape is given twice for '%s'", shown(p->pool, s.input));
    for (at++; *at; at += *at == ',') {
        char *end;
        errno = 0;
        long long n = strtoll(at, &end, 10);
        bool digits = *at >= '0' && *at <= '9' && (*end == ',' || !*end);
        if (!digits || errno || n < 1 || n > INT32_MAX || s.rank == SHAPE_MAX_RANK ||
                (*end == ',' && !end[1]))
            return usage(p, "--shape takes up to %d numbers from 1 on, not '%s'", SHAPE_MAX_RANK,
                    shown(p->pool, arg));
        s.dim[s.rank++] = n;
        at = end;
    }
    vec_push(p->pool, &p->options->shape, s);
    return true;
}

static bool parse_name(struct parser *p, const char *arg)
{
    const char *why;
    if (!set_once(p, &p->options->name, "name"))
        return false;
    return c_name_ok(arg, &why) ||
           usage(p, "'%s' can't be a model's name: %s", shown(p->pool, arg), why);
}

static bool parse_color(struct parser *p, const char *arg)
{
    p->color = arg;
    return !strcmp(arg, "auto") || !strcmp(arg, "always") || !strcmp(arg, "never") ||
           usage(p, "--color is auto, always or never, not '%s'", shown(p->pool, arg));
}

enum { OPT_WEIGHTS = 256, OPT_NAME, OPT_SHAPE, OPT_COLOR, OPT_REFERENCE, OPT_SPEC, OPT_SOURCES };

static bool instant(struct parser *p, int c)
{
    struct out out;
    out_init(&out);
    if (c == 'h')
        help(p->importer, &out);
    else if (c == 'V')
        out_printf(&out, "%s", version_text);
    else
        p->importer->reference(&out);
    print(&out);
    p->status = 0;
    return false;
}

/* Options that not all importers have. */
static bool has_option(const struct importer *im, int c)
{
    bool of_spec = c == OPT_WEIGHTS || c == OPT_NAME || c == OPT_SHAPE || c == OPT_SOURCES;
    return !(of_spec && im->makes == MAKES_WEIGHTS) &&
           !(c == OPT_SPEC && im->makes != MAKES_SPEC_OR_WEIGHTS) &&
           !(c == OPT_REFERENCE && !im->reference);
}

static bool parse_option(struct parser *p, int c, char **argv)
{
    if (!has_option(p->importer, c))
        return usage(p, "unknown option '%s'", shown(p->pool, argv[optind - 1]));
    switch (c) {
    case 'o':
        return set_once(p, &p->options->output, "output");
    case OPT_WEIGHTS:
        return set_once(p, &p->options->weights, "weights");
    case OPT_SPEC:
        return set_once(p, &p->options->spec, "spec");
    case OPT_SOURCES:
        return set_once(p, &p->options->sources, "sources");
    case 'q':
        p->options->quiet = true;
        return true;
    case OPT_NAME:
        return parse_name(p, optarg);
    case OPT_SHAPE:
        return parse_shape(p, optarg);
    case OPT_COLOR:
        return parse_color(p, optarg);
    case ':':
        return usage(p, "option '%s' needs an argument", shown(p->pool, argv[optind - 1]));
    case OPT_REFERENCE:
    case 'h':
    case 'V':
        return instant(p, c);
    default:
        break;
    }
    return usage(p, "unknown option '%s'", shown(p->pool, argv[optind - 1]));
}

/* ---- all of the command line ----------------------------------------------------------------- */

/* "dir/net" of "dir/net.cnn.yaml" or "dir/net.yml". */
static const char *stem(struct pool *pool, const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    size_t n = strlen(path);
    static const char *const ends[] = {".yaml", ".yml", ".cnn"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t len = strlen(ends[i]);
        if ((size_t)(path + n - base) > len && !strncmp(path + n - len, ends[i], len))
            n -= len;
    }
    return pool_copy(pool, path, n);
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            return true;
    return false;
}

static bool only_weights(const struct parser *p)
{
    return p->importer->makes == MAKES_WEIGHTS || p->options->spec;
}

static bool finish_weights(struct parser *p)
{
    const struct import_options *o = p->options;
    if (o->weights || o->name || o->shape.n || o->sources)
        return usage(p, "--spec makes weights alone: -o names their file, and --weights, "
                        "--name, --shape and --sources are of no use");
    return true;
}

static void set_color(struct parser *p)
{
    bool tty = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
    bool always = p->color && !strcmp(p->color, "always");
    bool never = p->color && !strcmp(p->color, "never");
    p->options->color = always || (tty && !never) ? COLOR_ALWAYS : COLOR_NEVER;
}

static bool finish(struct parser *p)
{
    struct import_options *o = p->options;
    set_color(p);
    if (!o->output)
        return usage(p, "where to? Say -o %s", only_weights(p) ? "FILE.safetensors" : "SPEC.yaml");
    if (only_weights(p))
        return finish_weights(p);
    if (!strcmp(o->output, "-"))
        return usage(p, "-o names a file: weights are written beside it");
    if (!o->weights)
        o->weights = pool_printf(p->pool, "%s.safetensors", stem(p->pool, o->output));
    if (has_control(o->weights) || !weights_reference(p->pool, o->output, o->weights))
        return usage(p, "the weights, '%s', have to be in the folder of '%s' or below",
                shown(p->pool, o->weights), shown(p->pool, o->output));
    if (!strcmp(o->weights, o->output))
        return usage(p, "specification and weights are one file, '%s'", shown(p->pool, o->output));
    if (!o->name)
        o->name = c_name_from_path(p->pool, o->output);
    return true;
}

static bool parse(struct parser *p, int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'}, {"weights", required_argument, NULL, OPT_WEIGHTS},
        {"name", required_argument, NULL, OPT_NAME}, {"shape", required_argument, NULL, OPT_SHAPE},
        {"quiet", no_argument, NULL, 'q'}, {"color", required_argument, NULL, OPT_COLOR},
        {"print-reference", no_argument, NULL, OPT_REFERENCE}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'}, {"spec", required_argument, NULL, OPT_SPEC},
        {"sources", required_argument, NULL, OPT_SOURCES}, {0},
    };
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":o:qhV", options, NULL)) != -1;)
        if (!parse_option(p, c, argv))
            return false;
    if (optind != argc - 1)
        return usage(p, optind == argc ? "no model is given" : "one model at a time");
    p->options->model = argv[optind];
    return finish(p);
}

/* ---- main ------------------------------------------------------------------------------------ */

static void keep_file(struct pool *pool, const struct import_options *o, const char *path)
{
    const char *const to[] = {o->output, o->weights, o->sources};
    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++)
        if (to[i] && out_same_file(to[i], path))
            die("'%s' would be overwritten by the output", shown(pool, path));
}

/* No output takes the place of what the model is made of. */
static void keep_sources(struct pool *pool, const struct import_options *o)
{
    keep_file(pool, o, o->model);
    if (o->spec)
        keep_file(pool, o, o->spec);
    for (int i = 0; i < o->reads->path.n; i++)
        keep_file(pool, o, o->reads->path.at[i]);
}

/* The files' names hold no zero bytes, and may hold anything else. */
static void write_sources(struct pool *pool, const struct import_options *o)
{
    const char *failed;
    struct out out;
    out_init(&out);
    for (int i = 0; i < o->reads->path.n; i++)
        out_raw(&out, o->reads->path.at[i], strlen(o->reads->path.at[i]) + 1);
    if (!out_commit(&(struct out_file){o->sources, &out, 0}, 1, &failed))
        die("can't write '%s': %s", shown(pool, failed), strerror(errno));
    out_free(&out);
}

static int run(struct pool *pool, const struct importer *im, const struct import_options *o)
{
    struct diag *diag = diag_new(pool);
    struct writer *w = im->import(pool, o, diag);
    const char *failed;
    struct out out;
    if (w && writer_layers(w) > LIMIT_LAYERS)
        diag_error(diag, DIAG_TOO_LARGE, (struct span){0},
                "the model takes %d layers; the limit is %d", writer_layers(w), LIMIT_LAYERS);
    out_init(&out);
    diag_print(diag, &out, o->color, o->quiet);
    fwrite(out.text, 1, out.len, stderr);
    out_free(&out);
    if (!w || diag_failed(diag))
        return 1;
    keep_sources(pool, o);
    if (o->sources)
        write_sources(pool, o);
    if (o->spec || im->makes == MAKES_WEIGHTS ? !writer_write_weights(w, o->output, &failed)
                                              : !writer_write(w, o->output, o->weights, &failed))
        die("can't write '%s': %s", shown(pool, failed), strerror(errno));
    return 0;
}

int importer_main(const struct importer *im, int argc, char **argv)
{
    struct pool *pool = pool_new();
    struct file_list reads = {0};
    struct import_options options = {.reads = &reads};
    struct parser p = {.importer = im, .pool = pool, .options = &options};
    int status = parse(&p, argc, argv) ? run(pool, im, &options) : p.status;
    pool_free(pool);
    return status;
}
