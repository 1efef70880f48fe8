#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "help.h"
#include "out.h"
#include "reference.h"
#include "schema.h"
#include "spec.h"
#include "targets.h"

static const char *const commands[COMMAND_COUNT] = {"generate", "check", "summary", "run",
        "verify", "bench", "tune", "plot", "report"};
static const char *const dumps[] = {"none", "spec", "graph", "shapes", "opt", "plan"};
static const char *const colors[] = {"auto", "always", "never"};
const char *const pictures[PICTURES] = {"graph", "memory", "time"};
const char *const fills[FILLS] = {"random", "special", "integer"};

#define LENGTH(array) ((int)(sizeof(array) / sizeof(array)[0]))

enum { MAX_SEED = 1 << 30, DEFAULT_MAX_THREADS = 8 };

/* ---- the table ------------------------------------------------------------------------------- */

#define GENERATE (1u << CMD_GENERATE)
#define CHECK    (1u << CMD_CHECK)
#define SUMMARY  (1u << CMD_SUMMARY)
#define RUN      (1u << CMD_RUN)
#define VERIFY   (1u << CMD_VERIFY)
#define BENCH    (1u << CMD_BENCH)
#define TUNE     (1u << CMD_TUNE)
#define PLOT     (1u << CMD_PLOT)
#define REPORT   (1u << CMD_REPORT)
#define SHOW     (PLOT | REPORT)
#define PROGRAM  (VERIFY | BENCH | TUNE | SHOW)  /* make one and run it, or may */
#define PLAN     (GENERATE | CHECK | SUMMARY | PROGRAM)
#define ANY      (GENERATE | CHECK | SUMMARY | RUN | PROGRAM)

struct parser {
    struct pool *pool;
    struct options *options;
    const char *color;         /* --color, as given */
    bool small;                /* --target cortex-m: other defaults */
    bool math_given;
    int *status;
};

/* Not an instruction set, but what suits a microcontroller: the scalar target, one thread, and no
 * Winograd, whose weights and buffers are larger. Other options given beside it win. */
static const char small_target[] = "cortex-m";

typedef bool apply_fn(struct parser *, const char *arg);
static apply_fn set_output, set_prefix, set_target, set_max_threads,
        set_max_weight_growth, set_max_arena, set_max_weights, set_max_stack, set_weights, set_dump, set_color, set_input,
        set_seed, set_fill, set_math, set_seconds, set_time_limit, set_threads,
        set_what, add_deps_target, add_prefix_map, add_shape;

enum kind { TEXT, FLAG, CALL, INSTANT };   /* INSTANT: done when met, whatever else is there */

static const struct option_def {
    const char *name;
    char letter;               /* 0: none */
    enum kind kind;
    size_t offset;             /* TEXT: of a const char *; FLAG: of a bool */
    apply_fn *apply;           /* CALL; its argument is required */
    unsigned commands;         /* that take it */
    bool many;                 /* may be repeated */
} defs[] = {
#define FIELD(f) offsetof(struct options, f), NULL
    {"output", 'o', CALL, 0, set_output, GENERATE | RUN | TUNE | SHOW, true},
    {"header", 'H', TEXT, FIELD(header), GENERATE, false},
    {"deps", 0, FLAG, FIELD(deps), GENERATE, false},
    {"deps-file", 0, TEXT, FIELD(deps_file), GENERATE, false},
    {"deps-target", 0, CALL, 0, add_deps_target, GENERATE, true},
    {"deps-phony", 0, FLAG, FIELD(deps_phony), GENERATE, false},
    {"file-prefix-map", 0, CALL, 0, add_prefix_map, GENERATE, true},
    {"prefix", 'p', CALL, 0, set_prefix, GENERATE, false},
    {"target", 0, CALL, 0, set_target, PLAN, false},
    {"max-threads", 0, CALL, 0, set_max_threads, PLAN, false},
    {"max-weight-growth", 0, CALL, 0, set_max_weight_growth,
        PLAN & ~TUNE, false},
    {"max-arena", 0, CALL, 0, set_max_arena, GENERATE | CHECK, false},
    {"max-weights", 0, CALL, 0, set_max_weights, GENERATE | CHECK, false},
    {"max-stack", 0, CALL, 0, set_max_stack, GENERATE, false},
    {"math", 0, CALL, 0, set_math, PLAN, false},
    {"tuning", 0, TEXT, FIELD(tuning), PLAN & ~TUNE, false},
    {"template-dir", 0, TEXT, FIELD(template_dir), GENERATE | PROGRAM, false},
    {"weights-file", 0, TEXT, FIELD(weights_file), GENERATE | CHECK | RUN | PROGRAM, false},
    {"shape", 0, CALL, 0, add_shape, ANY, true},
    {"weights", 0, CALL, 0, set_weights, GENERATE | PROGRAM, false},
    {"split-weights", 0, FLAG, FIELD(split_weights), GENERATE, false},
    {"standalone", 0, FLAG, FIELD(standalone), GENERATE, false},
    {"selftest", 0, FLAG, FIELD(selftest), GENERATE | VERIFY, false},
    {"static-arena", 0, FLAG, FIELD(static_arena), GENERATE, false},
    {"dump", 0, CALL, 0, set_dump, GENERATE, false},
    {"json", 0, FLAG, FIELD(json), SUMMARY | BENCH, false},
    {"input", 0, CALL, 0, set_input, RUN | PROGRAM, true},
    {"cc", 0, TEXT, FIELD(cc), PROGRAM, false},
    {"cflags", 0, TEXT, FIELD(cflags), PROGRAM, false},
    {"run", 0, TEXT, FIELD(runner), VERIFY, false},
    {"seed", 0, CALL, 0, set_seed, PROGRAM, false},
    {"fill", 0, CALL, 0, set_fill, VERIFY, false},
    {"seconds", 0, CALL, 0, set_seconds, BENCH | TUNE | SHOW, false},
    {"time-limit", 0, CALL, 0, set_time_limit, TUNE, false},
    {"threads", 0, CALL, 0, set_threads, BENCH | SHOW, false},
    {"what", 0, CALL, 0, set_what, PLOT, false},
    {"time", 0, FLAG, FIELD(time), REPORT, false},
    {"color", 0, CALL, 0, set_color, ANY, false},
    {"quiet", 'q', FLAG, FIELD(quiet), ANY, false},
    {"verbose", 'v', FLAG, FIELD(verbose), GENERATE | PROGRAM, false},
    {"print-schema", 0, INSTANT, 0, NULL, ANY, false},
    {"print-reference", 0, INSTANT, 0, NULL, ANY, false},
    {"print-options", 0, INSTANT, 0, NULL, ANY, false},
    {"help", 'h', INSTANT, 0, NULL, ANY, false},
    {"version", 'V', INSTANT, 0, NULL, ANY, false},
#undef FIELD
};

enum { DEFS = LENGTH(defs), FIRST_VALUE = 256 };  /* getopt's value of defs[i]: this + i */

/* The names that gcc has for options about dependencies. */
static const struct { char letter; const char *name; } gcc_names[] = {
    {'D', "deps"}, {'F', "deps-file"}, {'T', "deps-target"}, {'P', "deps-phony"}};

static bool takes_argument(const struct option_def *d)
{
    return d->kind == TEXT || d->kind == CALL;
}

/* What arguments are, for a shell to complete: files, folders or some words. Of the others it knows
 * nothing. */
static const struct argument {
    const char *option, *kind;       /* "file", "folder", or NULL: one of words */
    const char *const *words;
    int n;
} arguments[] = {
    {"output", "file", NULL, 0},
    {"header", "file", NULL, 0},
    {"deps-file", "file", NULL, 0},
    {"template-dir", "folder", NULL, 0},
    {"weights-file", "file", NULL, 0},
    {"tuning", "file", NULL, 0},
    {"input", "file", NULL, 0},
    {"math", NULL, math_modes, MATH_MODES},
    {"weights", NULL, storages, LENGTH(storages)},
    {"dump", NULL, dumps + 1, LENGTH(dumps) - 1},
    {"fill", NULL, fills, LENGTH(fills)},
    {"what", NULL, pictures, LENGTH(pictures)},
    {"color", NULL, colors, LENGTH(colors)},
};

/* ---- messages -------------------------------------------------------------------------------- */

static void print_usage_error(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);

static void print_usage_error(const char *fmt, va_list ap)
{
    fputs("cnngen: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputs("\nTry 'cnngen --help'.\n", stderr);
}

void usage_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print_usage_error(fmt, ap);
    va_end(ap);
}

static bool fail(int *status, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A usage error, as what options_parse returns. */
static bool fail(int *status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    print_usage_error(fmt, ap);
    va_end(ap);
    *status = 2;
    return false;
}

/* User text, cut and free of what a terminal would obey. */
static const char *shown(struct pool *pool, const char *text, size_t len)
{
    return diag_quote(diag_new(pool), text, len);
}

/* "; did you mean 'x'?", or nothing. */
static const char *suggestion(struct pool *pool, const char *word, const char *const *known, int n)
{
    const char *near = closest(word, known, n);
    return near ? pool_printf(pool, "; did you mean '%s'?", near) : "";
}

static const char *list_words(struct pool *pool, const char *const *words, int n)
{
    const char *text = words[0];
    for (int i = 1; i < n; i++)
        text = pool_printf(pool, "%s%s%s", text, i + 1 < n ? ", " : " or ", words[i]);
    return text;
}

/* ---- the table for shells -------------------------------------------------------------------- */

static void print_argument(const struct option_def *d, struct out *out)
{
    if (!takes_argument(d)) {
        out_printf(out, "none");
        return;
    }
    for (int i = 0; i < LENGTH(arguments); i++) {
        const struct argument *a = &arguments[i];
        if (strcmp(a->option, d->name))
            continue;
        out_printf(out, "%s", a->kind ? a->kind : "");
        for (int k = 0; k < a->n; k++)
            out_printf(out, "%s%s", k ? "," : "", a->words[k]);
        return;
    }
    if (strcmp(d->name, "target")) {
        out_printf(out, "text");
        return;
    }
    for (int i = 0; i < TARGET_COUNT; i++)
        out_printf(out, "%s,", targets[i].name);
    out_printf(out, "all");
}

/* "-o --output<TAB>file<TAB>generate,run<TAB>the C file": one option, as completions read it. */
static void print_option(struct pool *pool, const struct option_def *d, struct out *out)
{
    const char *comma = "";
    if (d->letter)
        out_printf(out, "-%c ", d->letter);
    for (int i = 0; i < LENGTH(gcc_names); i++)
        if (!strcmp(gcc_names[i].name, d->name))
            out_printf(out, "-M%c ", gcc_names[i].letter);
    out_printf(out, "--%s\t", d->name);
    print_argument(d, out);
    out_printf(out, "\t");
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (d->commands & (1u << i)) {
            out_printf(out, "%s%s", comma, commands[i]);
            comma = ",";
        }
    out_printf(out, "\t%s\n", help_of_option(pool, d->name));
}

static void print_options(struct pool *pool, struct out *out)
{
    for (int i = 0; i < DEFS; i++)
        print_option(pool, &defs[i], out);
}

/* ---- help, version --------------------------------------------------------------------------- */

static bool do_instant(struct pool *pool, const struct option_def *d, int *status)
{
    struct out out;
    struct out_file file = {.path = "-"};
    const char *failed;
    out_init(&out);
    if (d->letter == 'h')
        out_printf(&out, "%s", help_text);
    else if (d->letter == 'V')
        out_printf(&out, "%s", version_text);
    else if (!strcmp(d->name, "print-schema"))
        schema_print(&out);
    else if (!strcmp(d->name, "print-options"))
        print_options(pool, &out);
    else
        reference_print(&out);
    file.text = out.text;
    file.len = out.len;
    if (!out_commit(&file, 1, &failed))
        die("can't write standard output: %s", strerror(errno));
    out_free(&out);
    *status = 0;
    return false;
}

/* ---- one option each ------------------------------------------------------------------------- */

static int word_index(const char *const *words, int n, const char *word)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(words[i], word))
            return i;
    return -1;
}

/* The index of the option's argument among its words; -1 after a message. */
static int choose(struct parser *p, const char *name, const char *const *words, int n,
        const char *arg)
{
    int i = word_index(words, n, arg);
    if (i < 0)
        fail(p->status, "--%s is %s, not '%s'%s", name, list_words(p->pool, words, n),
                shown(p->pool, arg, strlen(arg)), suggestion(p->pool, arg, words, n));
    return i;
}

/* Decimal digits and nothing else. */
static bool parse_int(struct parser *p, const char *name, const char *arg, int64_t min, int64_t max,
        int64_t *out)
{
    char *end;
    errno = 0;
    long long n = strtoll(arg, &end, 10);
    if (!*arg || strspn(arg, "0123456789") != strlen(arg) || errno || n < min || n > max)
        return fail(p->status, "--%s is a number from %lld to %lld, not '%s'", name, (long long)min,
                (long long)max, shown(p->pool, arg, strlen(arg)));
    *out = n;
    return true;
}

/* Digits, with a point perhaps. */
static bool parse_decimal(struct parser *p, const char *name, const char *arg, double min,
        double max, double *out)
{
    char *end;
    *out = strtod(arg, &end);
    if (!*arg || strspn(arg, "0123456789.") != strlen(arg) || *end || !(*out >= min && *out <= max))
        return fail(p->status, "--%s is a number from %g to %g, not '%s'", name, min, max,
                shown(p->pool, arg, strlen(arg)));
    return true;
}

static bool set_output(struct parser *p, const char *arg)
{
    if (p->options->command == CMD_RUN)
        vec_push(p->pool, &p->options->output_npy, arg);
    else if (p->options->output)
        return fail(p->status, "--output is given twice");
    else
        p->options->output = arg;
    return true;
}

static bool set_prefix(struct parser *p, const char *arg)
{
    const char *why;
    p->options->prefix = arg;
    return c_name_ok(arg, &why) ||
           fail(p->status, "'%s' can't be a prefix: %s", shown(p->pool, arg, strlen(arg)), why);
}

static bool set_target(struct parser *p, const char *arg)
{
    const char *known[TARGET_COUNT + 2] = {"all", small_target}, *unknown;
    for (int i = 0; i < TARGET_COUNT; i++)
        known[i + 2] = targets[i].name;
    p->small = !strcmp(arg, small_target);
    p->options->targets = targets_parse(p->small ? "scalar" : arg, &unknown);
    if (p->options->targets)
        return true;
    const char *word = pool_copy(p->pool, unknown, strcspn(unknown, ","));
    if (!strcmp(word, small_target))
        return fail(p->status, "target '%s' is one by itself, not part of a list", small_target);
    return fail(p->status, "unknown target '%s'%s", shown(p->pool, word, strlen(word)),
            suggestion(p->pool, word, known, TARGET_COUNT + 2));
}

static bool set_max_threads(struct parser *p, const char *arg)
{
    int64_t n;
    if (!parse_int(p, "max-threads", arg, 1, 1024, &n))
        return false;
    p->options->max_threads = (int)n;
    return true;
}

static bool set_max_weight_growth(struct parser *p, const char *arg)
{
    p->options->growth_text = arg;
    return parse_decimal(p, "max-weight-growth", arg, 1, 100, &p->options->max_weight_growth);
}

/* "64K", "2M": bytes, at least 1. */
static bool parse_size(struct parser *p, const char *name, const char *arg, int64_t *out)
{
    size_t digits = strspn(arg, "0123456789");
    const char *unit = arg + digits;
    int shift = !strcmp(unit, "K") ? 10 : !strcmp(unit, "M") ? 20 : 0;
    long long n = digits && digits <= 9 ? strtoll(arg, NULL, 10) : 0;
    if (n < 1 || (*unit && !shift))
        return fail(p->status, "--%s is a number of bytes, at most 999999999, or of K or M, as 64K, "
                "not '%s'", name, shown(p->pool, arg, strlen(arg)));
    *out = (int64_t)n << shift;
    return true;
}

static bool set_max_arena(struct parser *p, const char *arg)
{
    return parse_size(p, "max-arena", arg, &p->options->budget.arena);
}

static bool set_max_weights(struct parser *p, const char *arg)
{
    return parse_size(p, "max-weights", arg, &p->options->budget.weights);
}

static bool set_max_stack(struct parser *p, const char *arg)
{
    return parse_size(p, "max-stack", arg, &p->options->budget.stack);
}

static bool set_math(struct parser *p, const char *arg)
{
    int i = choose(p, "math", math_modes, MATH_MODES, arg);
    p->options->math = (enum math_mode)i;
    p->math_given = true;
    return i >= 0;
}

static bool set_weights(struct parser *p, const char *arg)
{
    int i = choose(p, "weights", storages, STORAGES, arg);
    p->options->storage = (enum storage)i;
    return i >= 0;
}

static bool set_dump(struct parser *p, const char *arg)
{
    int i = choose(p, "dump", dumps + 1, LENGTH(dumps) - 1, arg);
    p->options->dump = (enum dump)(i + 1);
    return i >= 0;
}

static bool set_color(struct parser *p, const char *arg)
{
    p->color = arg;
    return choose(p, "color", colors, LENGTH(colors), arg) >= 0;
}

static bool set_input(struct parser *p, const char *arg)
{
    vec_push(p->pool, &p->options->input, arg);
    return true;
}

static bool add_shape(struct parser *p, const char *arg)
{
    vec_push(p->pool, &p->options->shape, arg);
    return true;
}

static bool set_seed(struct parser *p, const char *arg)
{
    return parse_int(p, "seed", arg, 0, MAX_SEED, &p->options->seed);
}

static bool set_fill(struct parser *p, const char *arg)
{
    unsigned set = 0;
    for (const char *at = arg; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        int i = choose(p, "fill", fills, LENGTH(fills), pool_copy(p->pool, at, strcspn(at, ",")));
        if (i < 0)
            return false;
        set |= 1u << i;
    }
    p->options->fill = set;
    return !(set & 1u << FILL_INTEGER) || set == 1u << FILL_INTEGER ||
           fail(p->status, "--fill integer changes the weights too: it goes with no other kind");
}

static bool set_seconds(struct parser *p, const char *arg)
{
    return parse_decimal(p, "seconds", arg, 0.01, 3600, &p->options->seconds);
}

static bool set_time_limit(struct parser *p, const char *arg)
{
    return parse_decimal(p, "time-limit", arg, 0.01, 1e6, &p->options->time_limit);
}

static bool set_threads(struct parser *p, const char *arg)
{
    int64_t n;
    if (!parse_int(p, "threads", arg, 1, 1024, &n))
        return false;
    p->options->threads = (int)n;
    return true;
}

static bool set_what(struct parser *p, const char *arg)
{
    int i = choose(p, "what", pictures, LENGTH(pictures), arg);
    p->options->picture = (enum picture_of)i;
    return i >= 0;
}

static bool add_deps_target(struct parser *p, const char *arg)
{
    vec_push(p->pool, &p->options->deps_target, arg);
    return true;
}

static bool add_prefix_map(struct parser *p, const char *arg)
{
    vec_push(p->pool, &p->options->prefix_map, arg);
    return strchr(arg, '=') || fail(p->status, "--file-prefix-map is OLD=NEW, not '%s'",
            shown(p->pool, arg, strlen(arg)));
}

/* ---- parsing --------------------------------------------------------------------------------- */

struct given { const struct option_def *def; const char *arg; };

/* A command line, before it is known what its words mean for the command. */
struct line {
    VEC(struct given) option;
    VEC(const char *) word;    /* but for the command */
};

static void fill_getopt(char *letters, struct option *longs)
{
    strcpy(letters, "-:M:");  /* words come in their places, a missing argument as ':' */
    letters += 4;
    for (int i = 0; i < DEFS; i++) {
        bool arg = takes_argument(&defs[i]);
        longs[i] = (struct option){defs[i].name, arg ? required_argument : no_argument, NULL,
                FIRST_VALUE + i};
        if (defs[i].letter)
            *letters++ = defs[i].letter;
        if (defs[i].letter && arg)
            *letters++ = ':';
    }
    *letters = 0;
}

static const struct option_def *find_named(const char *name)
{
    for (int i = 0; i < DEFS; i++)
        if (!strcmp(defs[i].name, name))
            return &defs[i];
    bug("no option '%s'", name);
}

static const struct option_def *find_def(int value)
{
    for (int i = 0; i < DEFS; i++)
        if (value == FIRST_VALUE + i || (value && value == defs[i].letter))
            return &defs[i];
    return NULL;
}

static bool unknown_option(struct pool *pool, const char *word, int *status)
{
    const char *known[DEFS];
    size_t len;
    if (strncmp(word, "--", 2))
        return fail(status, "unknown option '-%s'", shown(pool, word, strlen(word)));
    len = strcspn(word + 2, "=");
    for (int i = 0; i < DEFS; i++)
        known[i] = pool_printf(pool, "--%s", defs[i].name);
    for (int i = 0; i < DEFS; i++)
        if (len && !strncmp(defs[i].name, word + 2, len))
            return fail(status, "'%s' is short for several options", shown(pool, word, len + 2));
    return fail(status, "unknown option '%s'%s", shown(pool, word, len + 2),
            suggestion(pool, pool_copy(pool, word, len + 2), known, DEFS));
}

/* What getopt refused: value is ':' or '?'. */
static bool bad_option(struct pool *pool, int value, char **argv, int *status)
{
    const struct option_def *d = find_def(optopt);
    if (d && value == ':')
        return fail(status, "--%s needs an argument", d->name);
    if (d)
        return fail(status, "--%s takes no argument", d->name);
    if (optopt)
        return unknown_option(pool, pool_printf(pool, "%c", optopt), status);
    return unknown_option(pool, argv[optind - 1], status);
}

/* "-MD", "-MF FILE", "-MFFILE": text is what follows the M. The argument may be the next word. */
static bool read_gcc_name(struct pool *pool, int argc, char **argv, const char *text,
        struct given *given, int *status)
{
    for (int i = 0; i < LENGTH(gcc_names); i++) {
        if (*text != gcc_names[i].letter)
            continue;
        const struct option_def *d = find_named(gcc_names[i].name);
        bool joined = text[1] != 0;
        if (joined && !takes_argument(d))
            break;
        if (!joined && takes_argument(d) && optind == argc)
            return fail(status, "-M%c needs an argument", *text);
        *given = (struct given){d, NULL};
        if (takes_argument(d))
            given->arg = joined ? text + 1 : argv[optind++];
        return true;
    }
    return fail(status, "unknown option '-M%s'", shown(pool, text, strlen(text)));
}

static void add_word(struct pool *pool, struct line *line, struct options *o, const char *word,
        bool *first)
{
    int command = *first ? word_index(commands + 1, COMMAND_COUNT - 1, word) : -1;
    *first = false;
    if (command >= 0)
        o->command = (enum command)(command + 1);
    else
        vec_push(pool, &line->word, word);
}

static bool read_line(struct pool *pool, int argc, char **argv, struct line *line,
        struct options *o, int *status)
{
    char letters[2 * DEFS + 5];
    struct option longs[DEFS + 1] = {{0}};
    bool first = true;
    fill_getopt(letters, longs);
    opterr = 0;
    for (int value; (value = getopt_long(argc, argv, letters, longs, NULL)) != -1;) {
        if (value == 1) {
            add_word(pool, line, o, optarg, &first);
            continue;
        }
        if (value == '?' || value == ':')
            return bad_option(pool, value, argv, status);
        if (value == 'M') {
            struct given given;
            if (!read_gcc_name(pool, argc, argv, optarg, &given, status))
                return false;
            vec_push(pool, &line->option, given);
            continue;
        }
        const struct option_def *d = find_def(value);
        if (d->kind == INSTANT)
            return do_instant(pool, d, status);
        vec_push(pool, &line->option, (struct given){d, takes_argument(d) ? optarg : NULL});
    }
    while (optind < argc)
        vec_push(pool, &line->word, argv[optind++]);
    return true;
}

/* "check or run": the commands that take the option. */
static const char *takers(struct pool *pool, const struct option_def *d)
{
    const char *words[COMMAND_COUNT];
    int n = 0;
    for (int i = 1; i < COMMAND_COUNT; i++)
        if (d->commands & (1u << i))
            words[n++] = commands[i];
    return n ? list_words(pool, words, n) : NULL;
}

static bool misplaced(struct parser *p, const struct option_def *d)
{
    const char *command = commands[p->options->command];
    const char *of = takers(p->pool, d);
    if (p->options->command == CMD_GENERATE)
        return fail(p->status, "--%s is for 'cnngen %s'", d->name, of);
    if (d->commands & GENERATE)
        return fail(p->status, "'cnngen %s' takes no --%s", command, d->name);
    return fail(p->status, "'cnngen %s' takes no --%s: it is for %s", command, d->name, of);
}

static bool is_repeated(const struct line *line, int i)
{
    for (int k = 0; k < i; k++)
        if (line->option.at[k].def == line->option.at[i].def)
            return true;
    return false;
}

static bool apply(struct parser *p, const struct line *line, int i)
{
    const struct option_def *d = line->option.at[i].def;
    char *base = (char *)p->options;
    if (!(d->commands & (1u << p->options->command)))
        return misplaced(p, d);
    if (!d->many && is_repeated(line, i))
        return fail(p->status, "--%s is given twice", d->name);
    if (d->kind == TEXT)
        memcpy(base + d->offset, &line->option.at[i].arg, sizeof(const char *));
    else if (d->kind == FLAG)
        base[d->offset] = true;
    else
        return d->apply(p, line->option.at[i].arg);
    return true;
}

static bool take_specs(struct parser *p, const struct line *line)
{
    struct options *o = p->options;
    int n = line->word.n;
    if (n == 0)
        return fail(p->status, "a specification is missing");
    if (n > 1 && o->command != CMD_VERIFY)
        return fail(p->status, "one specification at a time: '%s' and '%s'",
                shown(p->pool, line->word.at[0], strlen(line->word.at[0])),
                shown(p->pool, line->word.at[1], strlen(line->word.at[1])));
    for (int i = 0; i < n; i++)
        vec_push(p->pool, &o->specs, line->word.at[i]);
    o->spec = o->specs.at[0];
    return true;
}

static bool deps_agree(struct parser *p)
{
    const struct options *o = p->options;
    bool to_stdout = o->output ? !strcmp(o->output, "-") : !strcmp(o->spec, "-");
    const char *without = o->deps_file ? "-MF" : o->deps_target.n ? "-MT" : "-MP";
    if (!o->deps && (o->deps_file || o->deps_target.n || o->deps_phony))
        return fail(p->status, "%s is of no use without -MD", without);
    if (o->deps && o->dump)
        return fail(p->status, "--dump writes to standard output: it takes no -MD");
    if (o->deps && to_stdout && !(o->deps_file && o->deps_target.n))
        return fail(p->status, "-MD with output to standard output needs -MF and -MT");
    return true;
}

static bool ends_in(const char *path, const char *end)
{
    size_t n = strlen(path), e = strlen(end);
    return n > e && !strcmp(path + n - e, end);
}

/* Options of programs that run: the last one matters to a report in any case. */
enum { REPORT_MEASURING = 7 };
static const char *const measuring[] = {"cc", "cflags", "input", "seed", "seconds", "threads", "weights",
        "template-dir"};

/* Pictures and pages have no default name: there are several kinds of them. */
static bool pictures_agree(struct parser *p, const struct line *line)
{
    const struct options *o = p->options;
    bool measured = o->command == CMD_PLOT ? o->picture == PICTURE_TIME : o->time;
    const char *how = o->command == CMD_PLOT ? "--what time" : "--time";
    if (o->command != CMD_PLOT && o->command != CMD_REPORT)
        return true;
    if (!o->output)
        return fail(p->status, "--output is missing: as '-o %s'",
                o->command == CMD_PLOT ? "model.svg" : "report.html");
    if (o->command == CMD_PLOT && strcmp(o->output, "-") && !ends_in(o->output, ".svg") &&
            !(o->picture == PICTURE_GRAPH && ends_in(o->output, ".dot")))
        return fail(p->status, "the name of the picture ends in .svg%s, not as '%s' does",
                o->picture == PICTURE_GRAPH ? " or .dot" : "", shown(p->pool, o->output, strlen(o->output)));
    for (int i = 0; i < line->option.n && !measured; i++) {
        const char *name = line->option.at[i].def->name;
        if (word_index(measuring, o->command == CMD_PLOT ? LENGTH(measuring) : REPORT_MEASURING, name) >= 0)
            return fail(p->status, "--%s is of no use without %s", name, how);
    }
    return true;
}

/* Weights in a file beside the C. */
static bool weights_agree(struct parser *p)
{
    const struct options *o = p->options;
    bool apart = o->split_weights || storage_file(o->storage);
    bool to_stdout = o->output && !strcmp(o->output, "-");
    if (o->split_weights && o->storage == STORAGE_BIN)
        return fail(p->status, "--weights bin leaves no C to split off: it takes no --split-weights");
    if (apart && o->command == CMD_GENERATE && !o->dump && to_stdout)
        return fail(p->status, "--%s%s writes a file beside the C: it takes no '-o -'",
                o->split_weights ? "split-weights" : "weights ",
                o->split_weights ? "" : storages[o->storage]);
    return true;
}

/* Options that exclude each other. */
static bool agree(struct parser *p, const struct line *line)
{
    const struct options *o = p->options;
    if (!deps_agree(p) || !weights_agree(p) || !pictures_agree(p, line))
        return false;
    if (o->dump && (o->output || o->header))
        return fail(p->status, "--dump writes to standard output: it takes no --%s",
                o->output ? "output" : "header");
    if (o->threads > o->max_threads)
        return fail(p->status, "--threads %d is more than --max-threads %d", o->threads,
                o->max_threads);
    if (o->input.n && o->fill != 1u << FILL_RANDOM)
        return fail(p->status, "--input leaves nothing to fill: it excludes --fill");
    if (o->specs.n > 1 && (o->input.n || o->weights_file))
        return fail(p->status, "--%s is for one specification",
                o->input.n ? "input" : "weights-file");
    return true;
}

static bool set_by(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value && strcmp(value, "0");
}

static enum diag_color resolve_color(const char *when)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    if (when && strcmp(when, "auto"))
        return strcmp(when, "always") ? COLOR_NEVER : COLOR_ALWAYS;
    if (no_color && *no_color)
        return COLOR_NEVER;
    if (set_by("CLICOLOR_FORCE"))
        return COLOR_ALWAYS;
    return isatty(2) && term && strcmp(term, "dumb") ? COLOR_ALWAYS : COLOR_NEVER;
}

/* Defaults that depend on other options. */
static void set_defaults(struct parser *p)
{
    struct options *o = p->options;
    if (!o->max_threads)
        o->max_threads = p->small ? 1 : DEFAULT_MAX_THREADS;
    if (p->small && !p->math_given)
        o->math = MATH_PRECISE;
    o->color = resolve_color(p->color);
}

bool options_parse(struct pool *pool, int argc, char **argv, struct options *o, int *status)
{
    struct line line = {0};
    struct parser p = {.pool = pool, .options = o, .status = status};
    *o = (struct options){.targets = TARGETS_ALL, .max_weight_growth = 2,
            .math = MATH_FAST, .seed = 1, .fill = 1u << FILL_RANDOM,
            .seconds = 2};
    if (!read_line(pool, argc, argv, &line, o, status))
        return false;
    for (int i = 0; i < line.option.n; i++)
        if (!apply(&p, &line, i))
            return false;
    set_defaults(&p);
    return take_specs(&p, &line) && agree(&p, &line);
}

/* ---- the canonical command ------------------------------------------------------------------- */

/* A comment neither ends nor begins in it. */
static bool is_comment_mark(const char *text, size_t i)
{
    return text[i] == '*' && (text[i + 1] == '/' || (i > 0 && text[i - 1] == '/'));
}

static char *safe_text(struct pool *pool, const char *text)
{
    size_t len = strlen(text), n = 0;
    char *copy = pool_copy(pool, text, len);
    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t bytes = utf8_next(text + i, len - i, &code);
        if (bytes == 0 || char_is_hostile(code) || is_comment_mark(text, i)) {
            copy[n++] = '?';
            i++;
            continue;
        }
        memcpy(copy + n, text + i, bytes);
        n += bytes;
        i += bytes;
    }
    copy[n] = 0;
    return copy;
}

const char *options_base_name(struct pool *pool, const char *path)
{
    const char *slash = strrchr(path, '/');
    return safe_text(pool, slash ? slash + 1 : path);
}

/* The path with OLD in front replaced by NEW, by the last map that fits; NULL: none does. */
static const char *mapped_path(struct pool *pool, const struct options *o, const char *path)
{
    for (int i = o->prefix_map.n - 1; i >= 0; i--) {
        const char *map = o->prefix_map.at[i], *equal = strrchr(map, '=');
        size_t len = (size_t)(equal - map);
        if (!strncmp(path, map, len))
            return pool_printf(pool, "%s%s", equal + 1, path + len);
    }
    return NULL;
}

const char *options_shown_path(struct pool *pool, const struct options *o, const char *path)
{
    const char *mapped = mapped_path(pool, o, path);
    return mapped ? safe_text(pool, mapped) : options_base_name(pool, path);
}

/* Whether the emitted text names a folder. */
static bool shows_folders(struct pool *pool, const struct options *o)
{
    return (strcmp(o->spec, "-") && mapped_path(pool, o, o->spec)) ||
           (o->weights_file && mapped_path(pool, o, o->weights_file)) ||
           (o->tuning && mapped_path(pool, o, o->tuning));
}

/* The word as a shell reads it. */
static void add_shell(struct out *out, const char *word)
{
    static const char safe[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:=+@%/";
    out_printf(out, " ");
    if (*word && strspn(word, safe) == strlen(word)) {
        out_printf(out, "%s", word);
        return;
    }
    out_printf(out, "'");
    for (const char *c = word; *c; c++)
        out_printf(out, "%.*s", *c == '\'' ? 5 : 1, *c == '\'' ? "'\"'\"'" : c);
    out_printf(out, "'");
}

static bool implied(unsigned set, int id)
{
    for (int i = 0; i < TARGET_COUNT; i++)
        if (i != id && (set & TARGET_BIT(i)) && ((int)targets[i].base == id || id == TARGET_SCALAR))
            return true;
    return false;
}

/* " --target avx2,neon": without those that others bring with them. */
static void add_targets(struct out *out, unsigned set)
{
    const char *next = " --target ";
    if (set == TARGETS_ALL)
        return;
    for (int i = 0; i < TARGET_COUNT; i++)
        if ((set & TARGET_BIT(i)) && !implied(set, i)) {
            out_printf(out, "%s%s", next, targets[i].name);
            next = ",";
        }
}

const char *options_command(struct pool *pool, const struct options *o)
{
    struct out out;
    out_init(&out);
    out_printf(&out, "cnngen");
    if (shows_folders(pool, o))
        out_printf(&out, " --file-prefix-map =");
    if (o->prefix)
        out_printf(&out, " --prefix %s", o->prefix);
    add_targets(&out, o->targets);
    if (o->max_threads != DEFAULT_MAX_THREADS)
        out_printf(&out, " --max-threads %d", o->max_threads);
    if (o->growth_text)
        out_printf(&out, " --max-weight-growth %s", o->growth_text);
    if (o->math != MATH_FAST)
        out_printf(&out, " --math %s", math_modes[o->math]);
    if (o->tuning) {
        out_printf(&out, " --tuning");
        add_shell(&out, options_shown_path(pool, o, o->tuning));
    }
    if (o->standalone)
        out_printf(&out, " --standalone");
    if (o->selftest)
        out_printf(&out, " --selftest");
    if (o->static_arena)
        out_printf(&out, " --static-arena");
    if (o->storage != STORAGE_AUTO)
        out_printf(&out, " --weights %s", storages[o->storage]);
    if (o->split_weights)
        out_printf(&out, " --split-weights");
    if (o->weights_file) {
        out_printf(&out, " --weights-file");
        add_shell(&out, options_shown_path(pool, o, o->weights_file));
    }
    for (int i = 0; i < o->shape.n; i++) {
        out_printf(&out, " --shape");
        add_shell(&out, diag_quote(diag_new(pool), o->shape.at[i], strlen(o->shape.at[i])));
    }
    add_shell(&out, strcmp(o->spec, "-") ? options_shown_path(pool, o, o->spec) : "-");
    const char *text = pool_copy(pool, out.text, out.len);
    out_free(&out);
    return text;
}
