/* verify: compiles the emitted C, runs it on every instruction set of this machine, and compares
 * each step with the reference evaluation. The program it runs is templates/verify.c.in. */
#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "program.h"
#include "random.h"

struct verifier {
    struct session *session;   /* the command's: options, and the pool of everything here */
    struct pool *pool;
    struct build build;
    struct model *model;
    int models;
    VEC(const char *) object;  /* base names of what is linked */
    VEC(int) linked;           /* models in the program, in its order */
    int threads;
    int status;                /* the worst of all models and rounds */
};

/* ---- emitting -------------------------------------------------------------------------------- */

static void write_face(struct verifier *v, struct model *m, int id)
{
    struct args a = {0};
    args_int(v->pool, &a, "ID", id);
    program_args(&m->session, &a);
    args_int(v->pool, &a, "BATCH", m->session.graph->batch);
    args_text(v->pool, &a, "INPUT_WIDTH", program_input_bytes(&m->session, true));
    args_int(v->pool, &a, "SELFTEST", m->options.selftest);
    program_weights_args(&m->session, &v->build, pool_printf(v->pool, "m%d", id), &a);
    program_write(&v->build, "verify_model.c.in", &a, NULL, NULL,
            pool_printf(v->pool, "v%d.c", id));
}

/* Threads take part in small steps too, where in earnest it would not pay: the code is the same. */
static void divide_steps(struct plan *plan)
{
    for (int i = 0; i < plan->step.n; i++)
        for (int t = 0; t < TARGET_COUNT; t++)
            if (plan->step.at[i]->bind[t].parts < 2)
                plan->step.at[i]->bind[t].parts = 2;
}

/* Small integers instead of all weights: 1 for variances, else from -2 to 2. */
static void use_integers(struct graph *g)
{
    for (int k = 0; k < g->layer.n; k++)
        for (int i = 0; i < g->layer.at[k]->weights; i++) {
            struct weight *w = &g->layer.at[k]->weight[i];
            struct random r = random_seeded(1, g->layer.at[k]->name, w->name);
            int64_t n = shape_size(&w->shape);
            float *data = NEW_ARRAY(g->pool, float, n);
            for (int64_t at = 0; at < n; at++)
                data[at] = w->is_variance ? 1.0f : (float)(random_next(&r) % 5) - 2.0f;
            w->data = data;
        }
}

/* Text to C, for one specification: the files m0.c and m0.h, and v0.c, which includes the first. */
static bool emit_model(struct verifier *v, struct model *m, int id)
{
    struct session *s = &m->session;
    *m = (struct model){.options = *v->session->options};
    m->options.spec = v->session->options->specs.at[id];
    m->options.output = pool_printf(v->pool, "m%d.c", id);
    m->options.standalone = true;
    *s = (struct session){.pool = v->pool, .options = &m->options, .diag = diag_new(v->pool)};
    if (!session_read(s))
        return false;
    if (m->options.fill == 1u << FILL_INTEGER)
        use_integers(s->graph);
    s->prefix = pool_printf(v->pool, "m%d_%.40s", id, s->graph->name);
    if (!session_plan(s))
        return false;
    divide_steps(s->plan);
    if (!session_emit(s))
        return false;
    build_write(&v->build, m->options.output, &s->text.c);
    program_weights(s, &v->build, pool_printf(v->pool, "m%d", id));
    build_write(&v->build, pool_printf(v->pool, "m%d.h", id), &s->text.h);
    write_face(v, m, id);
    return true;
}

static void emit_models(struct verifier *v)
{
    for (int i = 0; i < v->models; i++) {
        struct model *m = &v->model[i];
        m->ready = emit_model(v, m, i);
        m->status = session_report(&m->session);
        emitted_free(&m->session.text);
    }
}

/* ---- compiling ------------------------------------------------------------------------------- */

enum { UNIT_MODELS = 12 };  /* in one file: reading <immintrin.h> takes as long as a small model */

/* u0.c: "#include "v0.c"" and so on, for the models id[0..n). */
static const char *write_unit(struct verifier *v, const int *id, int n)
{
    struct out out;
    const char *name = pool_printf(v->pool, "u%d", id[0]);
    out_init(&out);
    for (int i = 0; i < n; i++)
        out_printf(&out, "#include \"v%d.c\"\n", id[i]);
    build_write(&v->build, pool_printf(v->pool, "%s.c", name), &out);
    out_free(&out);
    return name;
}

/* Objects and their models go into the program. */
static void link_models(struct verifier *v, const char *object, const int *id, int n)
{
    vec_push(v->pool, &v->object, object);
    for (int i = 0; i < n; i++)
        vec_push(v->pool, &v->linked, id[i]);
}

/* Those of a unit that doesn't compile are tried one by one: the others have failed. */
static void compile_singly(struct verifier *v, const int *id, int n)
{
    const char **name = NEW_ARRAY(v->pool, const char *, n);
    bool *ok = NEW_ARRAY(v->pool, bool, n);
    for (int i = 0; i < n; i++)
        name[i] = pool_printf(v->pool, "v%d", id[i]);
    build_compile(&v->build, name, n, ok);
    for (int i = 0; i < n; i++)
        if (ok[i]) {
            link_models(v, name[i], &id[i], 1);
        } else {
            v->model[id[i]].ready = false;
            v->model[id[i]].status = 2;
        }
}

static void compile_models(struct verifier *v)
{
    int *id = NEW_ARRAY(v->pool, int, v->models), n = 0;
    const char **name = NEW_ARRAY(v->pool, const char *, v->models);
    bool *ok = NEW_ARRAY(v->pool, bool, v->models);
    for (int i = 0; i < v->models; i++)
        if (v->model[i].ready)
            id[n++] = i;
    int size = n < 2 * UNIT_MODELS ? (n + 1) / 2 : UNIT_MODELS, units = 0;
    for (int i = 0; i < n; i += size)
        name[units++] = write_unit(v, &id[i], n - i < size ? n - i : size);
    build_compile(&v->build, name, units, ok);
    for (int u = 0; u < units; u++) {
        int from = u * size, count = n - from < size ? n - from : size;
        if (ok[u])
            link_models(v, name[u], &id[from], count);
        else
            compile_singly(v, &id[from], count);
    }
}

static void insert_models(void *context, const char *name, struct out *out)
{
    const struct verifier *v = context;
    for (int i = 0; i < v->linked.n; i++)
        out_printf(out, strcmp(name, "declarations") ? "&verify_model_%d,\n"
                : "extern const struct verify_model verify_model_%d;\n", v->linked.at[i]);
}

/* The program "verify" of all models that compile. False: the compiler failed altogether. */
static bool make_program(struct verifier *v)
{
    const struct args none = {0};
    struct args a = {0};
    program_write(&v->build, "verify.h.in", &none, NULL, NULL, "verify.h");
    program_write(&v->build, "verify.c.in", &none, NULL, NULL, "verify.c");
    const char *const verify = "verify";
    bool ok;
    program_openmp(&v->build);
    build_compile(&v->build, &verify, 1, &ok);
    if (!ok)
        return false;
    compile_models(v);
    if (v->linked.n == 0)
        return true;
    args_int(v->pool, &a, "MODELS", v->linked.n);
    program_write(&v->build, "verify_models.c.in", &a, insert_models, v, "models.c");
    const char *const models = "models";
    build_compile(&v->build, &models, 1, &ok);
    vec_push(v->pool, &v->object, verify);
    vec_push(v->pool, &v->object, models);
    return ok && build_link(&v->build, v->object.at, v->object.n, "program");
}

/* ---- the program's output -------------------------------------------------------------------- */

struct reader {
    struct verifier *v;
    FILE *in;
    struct model *m;
    enum target_id target;
    bool swap;                 /* the program's bytes have the other order */
    bool broken;               /* what came makes no sense: the program was cut off */
};

static float *read_floats(struct reader *r, int64_t n)
{
    float *f = malloc((size_t)n * sizeof *f);
    if (!f)
        die("no memory for %lld values", (long long)n);
    r->broken = fread(f, sizeof *f, (size_t)n, r->in) != (size_t)n;
    for (int64_t i = 0; r->swap && i < n; i++) {
        unsigned char b[4], t;
        memcpy(b, &f[i], 4);
        t = b[0], b[0] = b[3], b[3] = t;
        t = b[1], b[1] = b[2], b[2] = t;
        memcpy(&f[i], b, 4);
    }
    return f;
}

static void take_target(struct reader *r, const char *name)
{
    for (int t = 0; t < TARGET_COUNT; t++)
        if (!strcmp(targets[t].name, name))
            r->target = (enum target_id)t;
    r->m->ran[r->target] = true;
    check_start(&r->m->check);
}

static void take_floats(struct reader *r, bool output, int index, int64_t n)
{
    float *f = read_floats(r, n);
    if (!r->broken && output)
        check_output(&r->m->check, r->target, index, f, n);
    else if (!r->broken)
        check_step(&r->m->check, r->target, index, f, n);
    free(f);
}

/* "step 3 differs ..." names the step. */
static void take_fault(struct reader *r, const char *words)
{
    struct pool *pool = r->v->pool;
    const struct plan *plan = r->m->session.plan;
    const char *target = targets[r->target].name;
    int step, used = 0;
    if (sscanf(words, "step %d %n", &step, &used) == 1 && used && step >= 0 &&
            step < plan->step.n) {
        const struct step *s = plan->step.at[step];
        words = pool_printf(pool, "step %d '%s' (%s) %s", s->index, s->group->out->name,
                s->kernel->name, words + used);
    }
    vec_push(pool, &r->m->fault, pool_printf(pool, "%s on %s", words, target));
}

static void take_line(struct reader *r, char *line)
{
    int i;
    long long n;
    line[strcspn(line, "\n")] = 0;
    if (sscanf(line, "model %d", &i) == 1 && i >= 0 && i < r->v->linked.n)
        (r->m = &r->v->model[r->v->linked.at[i]])->started = true;
    else if (sscanf(line, "threads %d", &i) == 1)
        r->v->threads = i;
    else if (!r->m)
        r->broken = true;
    else if (!strncmp(line, "target ", 7))
        take_target(r, line + 7);
    else if (sscanf(line, "step %d %lld", &i, &n) == 2)
        take_floats(r, false, i, n);
    else if (sscanf(line, "output %d %lld", &i, &n) == 2)
        take_floats(r, true, i, n);
    else if (!strncmp(line, "fault ", 6))
        take_fault(r, line + 6);
    else if (!strcmp(line, "done"))
        r->m->done = true;
    else
        r->broken = true;
}

static void read_output(struct verifier *v, FILE *in)
{
    struct reader r = {.v = v, .in = in};
    char line[256];
    uint32_t order;
    if (!fgets(line, sizeof line, in) || strcmp(line, "cnngen-verify 1\n") ||
            fread(&order, sizeof order, 1, in) != 1)
        return;
    r.swap = order != 1;
    while (!r.broken && fgets(line, sizeof line, in))
        take_line(&r, line);
}

/* The first model of the program that hasn't been run; linked.n: none. */
static int next_model(const struct verifier *v)
{
    int i = 0;
    while (i < v->linked.n && v->model[v->linked.at[i]].started)
        i++;
    return i;
}

/* "in step 3 on avx2": where a model's run ended before its time. */
static const char *crash_place(struct verifier *v, const struct model *m)
{
    int steps = m->session.plan->step.n, t = TARGET_COUNT - 1, k = steps;
    while (t > 0 && !m->ran[t])
        t--;
    while (k > 0 && !m->check.step[t][k - 1].seen)
        k--;
    if (!m->ran[t])
        return "before its first step";
    if (k == steps)
        return pool_printf(v->pool, "after its last step on %s", targets[t].name);
    return pool_printf(v->pool, "in step %d on %s", k + 1, targets[t].name);
}

static void note_crash(struct verifier *v, const char *how)
{
    for (int i = 0; i < v->linked.n; i++) {
        struct model *m = &v->model[v->linked.at[i]];
        if (!m->started || m->done)
            continue;
        const char *place = crash_place(v, m);
        vec_push(v->pool, &m->fault, pool_printf(v->pool, "the program ended %s: %s", place,
                how ? how : "its results are incomplete"));
        m->done = true;
    }
}

/* Runs the program; again, from the next model on, when one of them has brought it down. */
static void run_models(struct verifier *v)
{
    const char *inputs = build_path(&v->build, "inputs");
    for (int first; (first = next_model(v)) < v->linked.n;) {
        struct process p = build_run(&v->build, "program", inputs,
                pool_printf(v->pool, "%d", first));
        read_output(v, p.out);
        const char *how = build_wait(&v->build, &p);
        if (next_model(v) == first)
            die("the program can't be run%s%s", how ? ": " : "", how ? how : "");
        note_crash(v, how);
    }
}

/* ---- rounds ---------------------------------------------------------------------------------- */

/* The inputs of all models that were linked, in the program's order. */
static void write_inputs(struct verifier *v)
{
    struct out out;
    uint32_t one = 1;
    out_init(&out);
    out_raw(&out, (const char *)&one, sizeof one);
    for (int i = 0; i < v->linked.n; i++) {
        const struct model *m = &v->model[v->linked.at[i]];
        program_inputs(m->session.graph, &m->images, &out);
    }
    build_write(&v->build, "inputs", &out);
    out_free(&out);
}

/* Inputs of the kind for every model, and nothing known of its results. */
static void start_round(struct verifier *v, enum fill fill)
{
    for (int i = 0; i < v->models; i++) {
        struct model *m = &v->model[i];
        m->fill = fill;
        m->started = m->done = false;
        m->fault.n = 0;
        memset(m->ran, 0, sizeof m->ran);
        if (!m->ready)
            continue;
        m->ready = program_images(&m->session, fill, &m->images);
        m->status = m->ready ? 0 : 2;
        if (m->ready)
            check_init(&m->check, v->pool, m->session.plan, m->images.at, fill == FILL_INTEGER);
    }
}

/* How many models passed. */
static int finish_round(struct verifier *v)
{
    int passed = verify_report(v->pool, v->model, v->models, v->threads);
    for (int i = 0; i < v->models; i++) {
        if (v->model[i].ready)
            check_free(&v->model[i].check);
        if (v->model[i].status > v->status)
            v->status = v->model[i].status;
    }
    return passed;
}

static void print_sum(int passed, int failed)
{
    struct out out;
    out_init(&out);
    out_printf(&out, "%d passed, %d failed\n", passed, failed);
    session_print(&out);
}

/* A round for each kind of inputs, all by one program. False: the compiler failed altogether. */
static bool run_rounds(struct verifier *v)
{
    int passed = 0, all = 0;
    for (int fill = 0; fill < FILLS; fill++) {
        if (!(v->session->options->fill & 1u << fill))
            continue;
        start_round(v, (enum fill)fill);
        if (all == 0 && !make_program(v))
            return false;
        write_inputs(v);
        run_models(v);
        passed += finish_round(v);
        all += v->models;
    }
    if (v->models > 1)
        print_sum(passed, all - passed);
    return true;
}

/* ---- the command ----------------------------------------------------------------------------- */

/* Targets that were asked for, of which this machine has no code: nothing is known of them. */
static void say_untried(const struct verifier *v)
{
    unsigned ran = 0;
    if (v->session->options->targets == TARGETS_ALL)
        return;
    for (int i = 0; i < v->models; i++)
        for (int t = 0; t < TARGET_COUNT; t++)
            ran |= v->model[i].ran[t] ? TARGET_BIT(t) : 0;
    for (int t = 0; t < TARGET_COUNT; t++)
        if (ran && v->session->options->targets & ~ran & TARGET_BIT(t))
            fprintf(stderr, "cnngen: %s was not tried: what runs the program doesn't have it\n",
                    targets[t].name);
}

int command_verify(struct session *s)
{
    struct verifier v = {.session = s, .pool = s->pool, .threads = 1};
    v.models = s->options->specs.n;
    v.model = NEW_ARRAY(v.pool, struct model, v.models);
    build_open(&v.build, v.pool, s->options);
    emit_models(&v);
    if (!run_rounds(&v))
        return 2;
    if (!v.build.openmp)
        fprintf(stderr, "cnngen: the compiler has no OpenMP: only runs on one thread were tried\n");
    say_untried(&v);
    return v.status;
}
