/* tune: measures the kernels that could compute each group of a network, on this machine.
 *
 * Round after round it compiles the network with kernels that have no time yet, one for each group,
 * and times its steps as bench does. After each round the file is written anew, whole: whatever
 * ends the program, all rounds before are kept, and the next call goes on from there.
 *
 * Where others use the machine, too, it is slower in some seconds than in others. The programs are
 * therefore run again, one after the other, and then again: what counts is a kernel's least time. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "build.h"
#include "names.h"
#include "session.h"
#include "tune_report.h"

enum {
    BAR = 30,                  /* columns */
    PASSES = 3,                /* runs of a program, which share its time */
    MOST_KEPT = 1 << 30,       /* bytes of programs kept to be run again: with their weights */
};

/* A program that is kept. */
struct trial {
    struct pool *pool;
    struct bench bench;
};

struct tuner {
    struct session *session;     /* the command's */
    const char *path;            /* of the file */
    struct tuning *tuning;
    struct build build;
    enum target_id target;       /* whose code runs here, as far as is known */
    struct options options;      /* of the next program */
    VEC(struct trial) trial;
    int64_t kept;                /* bytes of their programs */
    int pass;                    /* from 1 */
    bool shown;                  /* the progress */
    int done, all;               /* times measured, and to be measured, in this network */
    double start;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Of the machine, as Linux tells it on x86; without it the architecture must do. */
static const char *cpu_name(struct pool *pool)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256];
    const char *name = NULL;
    while (file && !name && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (!strncmp(line, "model name", 10) && colon && strlen(colon) > 3)
            name = pool_copy(pool, colon + 2, strcspn(colon + 2, "\n"));
    }
    if (file)
        fclose(file);
    return name ? diag_quote(diag_new(pool), name, strlen(name)) : "unknown";
}

static bool exists(const char *path)
{
    struct stat s;
    return !stat(path, &s);
}

/* Times of another machine or program would be mixed with those of this one. */
static void check_origin(const struct tuner *t, const char *cpu)
{
    if (strcmp(t->tuning->version, CNNGEN_VERSION))
        die("'%s' was measured by cnngen %.20s, this is %s: remove it, or name another with -o",
                options_base_name(t->session->pool, t->path),
                options_base_name(t->session->pool, t->tuning->version), CNNGEN_VERSION);
    if (strcmp(t->tuning->cpu, cpu))
        die("'%s' was measured on '%s', this is '%s': name another with -o",
                options_base_name(t->session->pool, t->path),
                options_base_name(t->session->pool, t->tuning->cpu), cpu);
}

static bool open_tuning(struct tuner *t)
{
    struct session *s = t->session;
    const char *cpu = cpu_name(s->pool);
    if (exists(t->path)) {
        t->tuning = session_tuning(s, t->path);
        if (t->tuning)
            check_origin(t, cpu);
        return t->tuning != NULL;
    }
    t->tuning = NEW(s->pool, struct tuning);
    t->tuning->version = CNNGEN_VERSION;
    t->tuning->cpu = cpu;
    return true;
}

static void write_tuning(const struct tuner *t)
{
    struct out out;
    out_init(&out);
    tuning_print(t->tuning, &out);
    struct out_file file = {t->path, &out, 0};
    session_write(&file, 1);
    out_free(&out);
}

/* ---- what there is to do --------------------------------------------------------------------- */

/* The kernels to choose among. */
static int takers(const struct group *g)
{
    int n = 0;
    for (int k = 0; k < KERNEL_COUNT; k++)
        n += kernel_takes(kernels[k], g);
    return n;
}

static bool seen_before(struct pool *pool, const struct plan *plan, int step)
{
    int64_t batch = plan->graph->batch;
    const char *signature = group_signature(pool, plan->step.at[step]->group, batch);
    for (int i = 0; i < step; i++)
        if (!strcmp(group_signature(pool, plan->step.at[i]->group, batch), signature))
            return true;
    return false;
}

/* Times of the network's kernels on the target: there, and all. */
static void count(struct tuner *t, struct pool *pool, const struct plan *plan)
{
    t->done = t->all = 0;
    for (int i = 0; i < plan->step.n; i++) {
        const struct group *g = plan->step.at[i]->group;
        if (takers(g) < 2 || seen_before(pool, plan, i))
            continue;
        const struct tuned *tuned =
                tuning_find(t->tuning, group_signature(pool, g, plan->graph->batch));
        for (int k = 0; k < KERNEL_COUNT; k++) {
            t->all += kernel_takes(kernels[k], g);
            t->done += kernel_takes(kernels[k], g) && tuned && tuned->us[t->target][k] > 0;
        }
    }
}

/* The widest target of the plan, or one that has times already: what runs here is known for sure
 * once a program has run. */
static enum target_id guess_target(const struct tuner *t)
{
    enum target_id guess = TARGET_SCALAR;
    for (int i = 0; i < TARGET_COUNT; i++)
        if (t->options.targets & TARGET_BIT(i) && targets[i].vl >= targets[guess].vl)
            guess = (enum target_id)i;
    for (int i = 0; i < t->tuning->group.n; i++)
        for (int k = 0; k < TARGET_COUNT * KERNEL_COUNT; k++)
            if (t->options.targets & TARGET_BIT(k / KERNEL_COUNT) &&
                    t->tuning->group.at[i]->us[k / KERNEL_COUNT][k % KERNEL_COUNT] > 0)
                guess = (enum target_id)(k / KERNEL_COUNT);
    return guess;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

/* The least that equal groups took with the kernel. */
static double least_ns(struct pool *pool, const struct bench *b, const struct kernel *kernel,
        const char *signature)
{
    double least = INFINITY;
    for (int i = 0; i < b->plan->step.n; i++) {
        const struct step *s = b->plan->step.at[i];
        if (s->kernel == kernel && !strcmp(signature,
                group_signature(pool, s->group, b->plan->graph->batch)))
            least = fmin(least, b->low[i]);
    }
    return fmax(least, 1);     /* what takes no time at all by the clock was still measured */
}

static void take_times(struct tuner *t, struct pool *pool, const struct bench *b)
{
    for (int i = 0; i < b->plan->step.n; i++) {
        const struct step *s = b->plan->step.at[i];
        const char *signature = group_signature(pool, s->group, b->plan->graph->batch);
        if (takers(s->group) < 2)
            continue;
        struct tuned *tuned = tuning_entry(t->session->pool, t->tuning, signature);
        double *us = &tuned->us[t->target][kernel_index(s->kernel)];
        double now = least_ns(pool, b, s->kernel, signature) / 1e3;
        *us = *us > 0 && *us < now ? *us : now;
    }
}

/* What of the work is done: kernels, then passes. */
static const char *progress(const struct tuner *t)
{
    struct pool *pool = t->session->pool;
    if (t->pass > 1)
        return pool_printf(pool, "all %d kernels, pass %d of %d,", t->all, t->pass, PASSES);
    return pool_printf(pool, "%d of %d kernels", t->done, t->all);
}

static void show_progress(struct tuner *t)
{
    double share = t->all ? ((double)t->done / t->all + t->pass - 1) / PASSES : 1;
    int full = (int)(BAR * share);
    if (t->session->options->quiet)
        return;
    if (isatty(2))
        fprintf(stderr, "\r[%.*s%*s] %s on %s, %.0f s", full, "##############################", BAR - full, "",
                progress(t), targets[t->target].name, now() - t->start);
    else
        fprintf(stderr, "cnngen: %s measured on %s, %.0f s\n", progress(t), targets[t->target].name,
                now() - t->start);
    t->shown = true;
}

static double time_left(const struct tuner *t)
{
    return t->session->options->time_limit - (now() - t->start);
}

static bool out_of_time(const struct tuner *t)
{
    return t->session->options->time_limit > 0 && time_left(t) <= 0;
}

static enum target_id target_named(const char *name)
{
    for (int i = 0; i < TARGET_COUNT; i++)
        if (!strcmp(targets[i].name, name))
            return (enum target_id)i;
    bug("no target '%s'", name);
}

/* The program's times go into the file. */
static void run_trial(struct tuner *t, struct pool *pool, struct bench *b)
{
    bench_run(&t->build, b);
    t->target = target_named(b->isa);
    take_times(t, pool, b);
    write_tuning(t);
}

/* Unless programs would take too much room: then the next one takes its place. */
static void keep(struct tuner *t, struct pool *pool, const struct bench *b)
{
    struct stat s;
    if (!stat(build_path(&t->build, b->program), &s) && t->kept + s.st_size <= MOST_KEPT) {
        const struct trial trial = {pool, *b};
        vec_push(t->session->pool, &t->trial, trial);
        t->kept += s.st_size;
    } else {
        pool_free(pool);
    }
}

/* One program. The exit code. */
static int measure_round(struct tuner *t)
{
    struct pool *pool = pool_new();
    struct session s = {.pool = pool, .options = &t->options, .diag = diag_new(pool),
            .tuning = t->tuning, .trial = true, .trial_target = t->target};
    struct bench bench = {0};
    const char *program = pool_printf(pool, "program%d", t->trial.n);
    t->options.seconds = t->session->options->seconds / PASSES;
    if (t->session->options->time_limit > 0 && time_left(t) < t->options.seconds)
        t->options.seconds = time_left(t);
    t->options.seconds = fmax(t->options.seconds, 0.01);
    int status = bench_make(&s, &t->build, program, false, &bench);
    if (status || !bench.plan) {
        pool_free(pool);
        return status;
    }
    run_trial(t, pool, &bench);
    count(t, pool, bench.plan);
    show_progress(t);
    keep(t, pool, &bench);
    return 0;
}

/* One after the other, all once again. */
static void run_again(struct tuner *t)
{
    t->pass++;
    for (int i = 0; i < t->trial.n; i++) {
        struct trial *trial = &t->trial.at[i];
        if (out_of_time(t))
            return;
        run_trial(t, trial->pool, &trial->bench);
    }
    show_progress(t);
}

/* What is there already of this network's. False after diagnostics. */
static bool look_ahead(struct tuner *t)
{
    struct session *s = t->session;
    s->tuning = t->tuning;
    if (!session_read(s) || !session_plan(s))
        return false;
    count(t, s->pool, s->plan);
    return true;
}

static int run_rounds(struct tuner *t)
{
    int status = 0, before = -1;
    t->pass = 1;
    while (!status && t->done < t->all && t->done != before && !out_of_time(t)) {
        before = t->done;
        status = measure_round(t);
    }
    while (!status && t->done == t->all && t->trial.n && t->pass < PASSES && !out_of_time(t))
        run_again(t);
    for (int i = 0; i < t->trial.n; i++)
        pool_free(t->trial.at[i].pool);
    return status;
}

/* The network's plan with these times, or none. It was planned before: that can't fail. */
static const struct plan *plan_with(const struct tuner *t, const struct tuning *times)
{
    struct session *s = NEW(t->session->pool, struct session);
    *s = (struct session){.pool = t->session->pool, .options = &t->options,
            .diag = diag_new(t->session->pool), .tuning = times};
    if (!session_read(s) || !session_plan(s))
        die("the specification has changed meanwhile");
    return s->plan;
}

/* To standard output. */
static void print_report(const struct tuner *t)
{
    struct out out;
    out_init(&out);
    tune_report(t->session->pool, plan_with(t, NULL), plan_with(t, t->tuning), t->target, &out);
    session_print(&out);
}

static void conclude(const struct tuner *t)
{
    const char *name = options_base_name(t->session->pool, t->path);
    if (t->shown && isatty(2))
        fprintf(stderr, "\n");
    if (t->done < t->all)
        fprintf(stderr, "cnngen: the time is up: %d of %d kernels are measured; the same command "
                "goes on from there\n", t->done, t->all);
    else if (!t->session->options->quiet && t->all && t->done == t->all)
        fprintf(stderr, "cnngen: all %d kernels are measured: give --tuning=%s\n", t->all, name);
    else if (!t->session->options->quiet)
        fprintf(stderr, "cnngen: there is one kernel for each group: nothing to choose\n");
}

/* The specification is read for each program, the file written after each. */
static void check_paths(const struct options *o)
{
    if (!strcmp(o->spec, "-"))
        die("tune reads the specification many times: it can't be standard input");
    if (o->output && !strcmp(o->output, "-"))
        die("tune keeps its times in a file: --output can't be standard output");
}

int command_tune(struct session *s)
{
    struct tuner t = {.session = s, .options = *s->options, .start = now()};
    check_paths(s->options);
    t.path = s->options->output ? s->options->output
                                : pool_printf(s->pool, "%s.tuning",
                                          file_stem(s->pool, s->options->spec));
    t.options.threads = 1;
    t.options.quiet = true;    /* warnings are reported once, before the rounds */
    bool ready = open_tuning(&t);
    if (ready) {
        t.target = guess_target(&t);
        ready = look_ahead(&t);
    }
    int status = session_report(s);
    if (!ready)
        return status;
    build_open(&t.build, s->pool, s->options);
    write_tuning(&t);
    status = run_rounds(&t);
    if (!status)
        conclude(&t);
    if (!status && t.all && t.done == t.all)
        print_report(&t);
    return status;
}
