/* bench: compiles the emitted C and times each step and the whole. The program it runs is
 * templates/bench.c.in; what it measured is printed by bench_report.c. */
#include "bench.h"

#include <string.h>

#include "kernel.h"
#include "program.h"

struct bencher {
    struct session *session;   /* the command's */
    struct options options;    /* with which the C is emitted */
    struct build *build;
    struct images images;
    bool whole;                /* runs are timed, too */
};

/* ---- emitting -------------------------------------------------------------------------------- */

static bool emit_model(struct bencher *b)
{
    struct session *s = b->session;
    b->options = *s->options;
    b->options.output = "model.c";
    b->options.standalone = true;
    b->options.bare_targets = true;  /* their peaks are measured */
    s->options = &b->options;
    if (!session_read(s))
        return false;
    s->prefix = pool_printf(s->pool, "bench_%.40s", s->graph->name);
    return session_plan(s) && session_emit(s);
}

/* The peak of each instruction set of the plan. */
static void insert_isas(void *context, const char *name, struct out *out)
{
    struct bencher *b = context;
    struct session *s = b->session;
    struct diag *diag = diag_new(s->pool);
    struct template *t = template_load(s->pool, template_builtin("bench_isa.c.in"), diag);
    for (const struct target *target = targets; target < targets + TARGET_COUNT; target++) {
        struct args a = {0};
        if (!(s->plan->targets & TARGET_BIT(target->id)))
            continue;
        args_text(s->pool, &a, "UPPER", pool_upper(s->pool, s->prefix));
        args_text(s->pool, &a, "MODEL", s->prefix);
        args_text(s->pool, &a, "ISA", target->name);
        args_text(s->pool, &a, "MACRO", pool_upper(s->pool, target->name));
        args_int(s->pool, &a, "TARGETED", target->attribute != NULL);
        args_text(s->pool, &a, "ATTRIBUTE", target->attribute ? target->attribute : "");
        args_int(s->pool, &a, "CHAINS", target->registers - 4);
        args_int(s->pool, &a, "VL", target->vl);
        if (!t || !template_expand(t, &a, NULL, NULL, out, diag))
            bug("template of %s", name);
    }
}

static const char *isa_names(struct bencher *b, int *count)
{
    const char *text = "";
    *count = 0;
    for (int i = 0; i < TARGET_COUNT; i++)
        if (b->session->plan->targets & TARGET_BIT(i))
            text = pool_printf(b->session->pool, "%s%s&bench_isa_%s", text, (*count)++ ? ", " : "",
                    targets[i].name);
    return text;
}

static void write_copy(struct bencher *b, const char *copy, const char *file)
{
    struct session *s = b->session;
    struct args a = {0};
    int isas;
    const char *names = isa_names(b, &isas);
    program_args(s, &a);
    args_text(s->pool, &a, "COPY", copy);
    args_int(s->pool, &a, "LISTS", !strcmp(copy, "hooked"));
    program_weights_args(s, b->build, "model", &a);
    args_int(s->pool, &a, "ISAS", isas);
    args_text(s->pool, &a, "ISA_NAMES", names);
    program_write(b->build, "bench_model.c.in", &a, insert_isas, b, file);
}

static void write_inputs(struct bencher *b)
{
    struct out out;
    out_init(&out);
    program_inputs(b->session->graph, &b->images, &out);
    build_write(b->build, "inputs", &out);
    out_free(&out);
}

static void write_files(struct bencher *b)
{
    struct session *s = b->session;
    const struct args none = {0};
    struct args a = {0};
    args_int(s->pool, &a, "WHOLE", b->whole);
    args_int(s->pool, &a, "MILLISECONDS", (int64_t)(1000 * s->options->seconds));
    args_int(s->pool, &a, "THREADS", s->options->threads);
    build_write(b->build, "model.c", &s->text.c);
    program_weights(s, b->build, "model");
    build_write(b->build, "model.h", &s->text.h);
    program_write(b->build, "bench.h.in", &none, NULL, NULL, "bench.h");
    program_write(b->build, "bench.c.in", &a, NULL, NULL, "bench.c");
    write_copy(b, "hooked", "hooked.c");
    if (b->whole)
        write_copy(b, "plain", "plain.c");
    write_inputs(b);
}

/* ---- compiling and running ------------------------------------------------------------------- */

static bool make_program(struct bencher *b, const char *program)
{
    const char *const object[] = {"hooked", "bench", "plain"};
    bool ok[3] = {false, false, !b->whole};
    int n = b->whole ? 3 : 2;
    if (!program_openmp(b->build))
        fprintf(stderr, "cnngen: the compiler has no OpenMP: runs take one thread\n");
    build_compile(b->build, object, n, ok);
    return ok[0] && ok[1] && ok[2] && build_link(b->build, object, n, program);
}

/* The exit code. */
static int make(struct bencher *b, const char *program)
{
    if (!program_images(b->session, FILL_RANDOM, &b->images))
        return 2;
    write_files(b);
    return make_program(b, program) ? 0 : 2;
}

int bench_make(struct session *s, struct build *build, const char *program, bool whole, struct bench *bench)
{
    struct bencher b = {.session = s, .build = build, .whole = whole};
    const struct options *options = s->options;
    bool emitted = emit_model(&b);
    int status = session_report(s);
    if (emitted)
        status = make(&b, program);
    emitted_free(&s->text);
    if (emitted)
        *bench = (struct bench){.pool = s->pool, .plan = s->plan, .program = program,
                .step = NEW_ARRAY(s->pool, double, s->plan->step.n),
                .low = NEW_ARRAY(s->pool, double, s->plan->step.n)};
    s->options = options;
    return status;
}

/* Whether it was the last line. */
static bool take_line(struct bench *b, const char *line)
{
    struct bench_runs runs;
    double low, median;
    int k;
    if (sscanf(line, "runs %d %d %lf %lf %lf %lf", &runs.threads, &runs.count, &runs.minimum,
            &runs.low, &runs.median, &runs.high) == 6)
        vec_push(b->pool, &b->runs, runs);
    else if (sscanf(line, "step %d %lf %lf", &k, &low, &median) == 3 && k >= 0 && k < b->plan->step.n)
        b->low[k] = low, b->step[k] = median;
    else
        sscanf(line, "isa %15s %lf %lf %lf", b->isa, &b->peak, &b->memory, &b->cache);
    return !strcmp(line, "done\n");
}

void bench_run(struct build *build, struct bench *b)
{
    struct process p = build_run(build, b->program, build_path(build, "inputs"), NULL);
    char line[256];
    bool done = false;
    b->runs.n = 0;
    while (fgets(line, sizeof line, p.out))
        done = take_line(b, line);
    const char *how = build_wait(build, &p);
    if (how || !done)
        die("the program can't be run%s%s", how ? ": " : "", how ? how : "");
}

int bench_measure(struct session *s, struct build *build, struct bench *b)
{
    *b = (struct bench){0};
    int status = bench_make(s, build, "program", true, b);
    if (!status && b->plan)
        bench_run(build, b);
    return status;
}

int command_bench(struct session *s)
{
    struct build build;
    struct bench bench;
    struct out out;
    build_open(&build, s->pool, s->options);
    int status = bench_measure(s, &build, &bench);
    if (status || !bench.plan)
        return status;
    out_init(&out);
    if (s->options->json)
        bench_json(&bench, &out);
    else
        bench_table(&bench, out_unicode(), &out);
    session_print(&out);
    return 0;
}
