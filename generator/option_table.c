#include "option.h"

#include <stddef.h>
#include <string.h>

#include "help.h"
#include "out.h"
#include "targets.h"

const char *const command_words[COMMAND_COUNT] = {"generate", "check", "summary", "run",
        "verify", "bench", "tune", "plot", "report"};
const char *const dump_words[] = {"none", "spec", "graph", "shapes", "opt", "plan"};
const char *const color_words[] = {"auto", "always", "never"};
const char *const pictures[PICTURES] = {"graph", "memory", "time"};
const char *const fills[FILLS] = {"random", "special", "integer"};

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

const struct option_def option_defs[] = {
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

const int option_count = LENGTH(option_defs);
_Static_assert(LENGTH(option_defs) <= MAX_OPTIONS, "MAX_OPTIONS is too small");

const struct gcc_name gcc_names[] = {
    {'D', "deps"}, {'F', "deps-file"}, {'T', "deps-target"}, {'P', "deps-phony"}};

bool option_has_argument(const struct option_def *d)
{
    return d->kind == TEXT || d->kind == CALL;
}

const struct option_def *option_named(const char *name)
{
    for (int i = 0; i < option_count; i++)
        if (!strcmp(option_defs[i].name, name))
            return &option_defs[i];
    bug("no option '%s'", name);
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
    {"dump", NULL, dump_words + 1, LENGTH(dump_words) - 1},
    {"fill", NULL, fills, LENGTH(fills)},
    {"what", NULL, pictures, LENGTH(pictures)},
    {"color", NULL, color_words, LENGTH(color_words)},
};

/* ---- the table for shells -------------------------------------------------------------------- */

static void print_argument(const struct option_def *d, struct out *out)
{
    if (!option_has_argument(d)) {
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
            out_printf(out, "%s%s", comma, command_words[i]);
            comma = ",";
        }
    out_printf(out, "\t%s\n", help_of_option(pool, d->name));
}

void option_print_all(struct pool *pool, struct out *out)
{
    for (int i = 0; i < option_count; i++)
        print_option(pool, &option_defs[i], out);
}
