#include "verify.h"

#include <string.h>

#include "kernel.h"

struct report {
    struct pool *pool;
    struct out out;
    int threads;               /* that runs were tried on */
};

/* "[1, 3, 4]": an element's place in the layer's shape, with the image in front of a batch. */
static const char *element_text(struct pool *pool, const struct graph *g, const struct shape *s,
        int64_t at)
{
    int64_t left = at;
    const char *text = "";
    for (int i = s->rank - 1; i >= 0; i--) {
        text = pool_printf(pool, "%lld%s%s", (long long)(left % s->dim[i]), *text ? ", " : "",
                text);
        left /= s->dim[i];
    }
    return g->batch > 1 ? pool_printf(pool, "[%lld, %s]", (long long)left, text)
            : pool_printf(pool, "[%s]", text);
}

/* ---- differences ----------------------------------------------------------------------------- */

static void write_finding(struct report *r, const struct model *m, const char *what,
        const struct finding *f, const struct tensor *t, const char *target)
{
    const struct graph *g = m->session.graph;
    out_printf(&r->out, "  %s on %s: element %s is %.9g, expected %.9g within %.3g; "
            "%lld of %lld elements differ\n", what, target,
            element_text(r->pool, g, &t->shape, f->at), f->got, f->expected, f->bound,
            (long long)f->wrong, (long long)(g->batch * shape_size(&t->shape)));
}

static const char *step_text(struct report *r, const struct step *s)
{
    return pool_printf(r->pool, "step %d '%s' (%s)", s->index, s->group->out->name,
            s->kernel->name);
}

/* The first step, else output, that differs on a target. */
static bool write_difference(struct report *r, const struct model *m, enum target_id t)
{
    const struct plan *plan = m->session.plan;
    for (int i = 0; i < plan->step.n; i++)
        if (m->check.step[t][i].wrong) {
            const struct step *s = plan->step.at[i];
            write_finding(r, m, step_text(r, s), &m->check.step[t][i], s->group->out,
                    targets[t].name);
            return true;
        }
    for (int i = 0; i < plan->graph->output.n; i++)
        if (m->check.output[t][i].wrong) {
            const struct tensor *out = plan->graph->output.at[i];
            const char *what = pool_printf(r->pool, "output '%s'", out->name);
            write_finding(r, m, what, &m->check.output[t][i], out, targets[t].name);
            return true;
        }
    return false;
}

/* What a target's runs never came to, so that nothing passes for not having been looked at. */
static bool write_missing(struct report *r, const struct model *m, enum target_id t)
{
    const struct plan *plan = m->session.plan;
    int missing = 0;
    for (int i = 0; i < plan->step.n; i++)
        missing += plan->step.at[i]->group->out->layer >= 0 && !m->check.step[t][i].seen;
    for (int i = 0; i < plan->graph->output.n; i++)
        missing += !m->check.output[t][i].seen;
    if (missing)
        out_printf(&r->out, "  %d results are missing on %s\n", missing, targets[t].name);
    return missing > 0;
}

static bool is_strict(const struct model *m) { return m->session.plan->math == MATH_STRICT; }

static enum target_id first_target(const struct model *m)
{
    int t = 0;
    while (t < TARGET_COUNT - 1 && !m->ran[t])
        t++;
    return (enum target_id)t;
}

/* --math=strict: a target whose bits are not those of the first one. */
static bool write_bits(struct report *r, const struct model *m, enum target_id t)
{
    const struct plan *plan = m->session.plan;
    enum target_id first = first_target(m);
    int i = is_strict(m) ? check_bits(&m->check, t, first) : -1;
    if (i < 0)
        return false;
    const char *what = i < plan->step.n ? step_text(r, plan->step.at[i])
            : pool_printf(r->pool, "output '%s'", plan->graph->output.at[i - plan->step.n]->name);
    out_printf(&r->out, "  %s has other bits on %s than on %s\n", what, targets[t].name,
            targets[first].name);
    return true;
}

static void write_failures(struct report *r, struct model *m)
{
    bool any = m->fault.n > 0, ran = false;
    for (int t = 0; t < TARGET_COUNT; t++)
        if (m->ran[t]) {
            any = write_difference(r, m, (enum target_id)t) || any;
            any = write_missing(r, m, (enum target_id)t) || any;
            any = write_bits(r, m, (enum target_id)t) || any;
            ran = true;
        }
    for (int i = 0; i < m->fault.n; i++)
        out_printf(&r->out, "  %s\n", m->fault.at[i]);
    if (any || !ran)
        m->status = 1;
}

/* ---- one model: a table ---------------------------------------------------------------------- */

/* " 12% 1.2e-07": of the bound, and as such. */
static void write_cell(struct report *r, const struct finding *f)
{
    if (!f->seen)
        out_printf(&r->out, "  %13s", "-");
    else if (f->wrong)
        out_printf(&r->out, "  %13s", "DIFFERS");
    else
        out_printf(&r->out, "  %4.0f%% %8.1e", 100 * f->share, f->error);
}

static void write_row(struct report *r, const struct model *m, int i)
{
    const struct step *s = m->session.plan->step.at[i];
    out_printf(&r->out, "%4d  %-22.22s %-17.17s", s->index, s->group->out->name, s->kernel->name);
    for (int t = 0; t < TARGET_COUNT; t++)
        if (m->ran[t])
            write_cell(r, &m->check.step[t][i]);
    out_printf(&r->out, "\n");
}

static void write_table(struct report *r, const struct model *m)
{
    out_printf(&r->out, "%4s  %-22s %-17s", "step", "layer", "kernel");
    for (int t = 0; t < TARGET_COUNT; t++)
        if (m->ran[t])
            out_printf(&r->out, "  %13s", targets[t].name);
    out_printf(&r->out, "\n");
    for (int i = 0; i < m->session.plan->step.n; i++)
        write_row(r, m, i);
}

/* How far the whole network is from double precision: no verdict, for information. */
static void write_whole(struct report *r, const struct model *m)
{
    const struct graph *g = m->session.graph;
    double *relative = NEW_ARRAY(r->pool, double, g->output.n);
    check_whole(&m->check, relative);
    for (int i = 0; i < g->output.n; i++)
        out_printf(&r->out,
                "output '%s': at most %.1e of its largest magnitude from double precision\n",
                g->output.at[i]->name, relative[i]);
}

/* ", bits 0123456789abcdef" of a strict model: the same wherever and however it is compiled. */
static const char *bits_text(struct report *r, const struct model *m)
{
    if (!is_strict(m))
        return "";
    return pool_printf(r->pool, ", bits %016llx",
            (unsigned long long)check_hash(&m->check, first_target(m)));
}

/* ", special inputs", where there is more than one kind. */
static const char *fill_text(struct report *r, const struct model *m)
{
    bool single = m->options.fill == 1u << m->fill;
    return single ? "" : pool_printf(r->pool, ", %s inputs", fills[m->fill]);
}

static void write_single(struct report *r, struct model *m)
{
    out_printf(&r->out, "%s%s: largest error of each step, as part of its bound and as such\n",
            m->session.graph->name, fill_text(r, m));
    write_table(r, m);
    write_failures(r, m);
    if (m->status == 0)
        write_whole(r, m);
    out_printf(&r->out, "%s%s: %s", m->session.graph->name, fill_text(r, m),
            m->status ? "DIFFERS" : "the same");
    if (m->status == 0)
        out_printf(&r->out, " on %s and in memory with different garbage%s",
                r->threads > 1 ? "1 and 2 threads" : "1 thread", bits_text(r, m));
    out_printf(&r->out, "\n");
}

/* ---- several: a line each -------------------------------------------------------------------- */

static double worst_share(const struct model *m)
{
    double worst = 0;
    for (int t = 0; t < TARGET_COUNT; t++)
        for (int i = 0; m->ran[t] && i < m->session.plan->step.n; i++)
            if (m->check.step[t][i].share > worst)
                worst = m->check.step[t][i].share;
    return worst;
}

/* Was every element of the step compared exactly, on every target? */
static bool is_exact(const struct model *m, int step)
{
    for (int t = 0; t < TARGET_COUNT; t++)
        if (m->ran[t] && (!m->check.step[t][step].seen || m->check.step[t][step].rounded))
            return false;
    return true;
}

/* "5 of them exact, ", where that was wanted. */
static const char *exact_text(struct report *r, const struct model *m)
{
    int n = 0;
    if (m->fill != FILL_INTEGER)
        return "";
    for (int i = 0; i < m->session.plan->step.n; i++)
        n += is_exact(m, i);
    return pool_printf(r->pool, "%d of them exact, ", n);
}

static void write_line(struct report *r, struct model *m)
{
    struct out line = r->out;
    out_init(&r->out);
    if (m->ready)
        write_failures(r, m);
    struct out failures = r->out;
    r->out = line;
    if (m->status)
        out_printf(&r->out, "FAILED  %s%s\n", m->options.spec, fill_text(r, m));
    else
        out_printf(&r->out, "passed  %s%s: %d steps, %sat most %.0f%% of a bound%s\n",
                m->options.spec, fill_text(r, m), m->session.plan->step.n, exact_text(r, m),
                100 * worst_share(m), bits_text(r, m));
    out_raw(&r->out, failures.text, failures.len);
    out_free(&failures);
}

int verify_report(struct pool *pool, struct model *model, int models, int threads)
{
    struct report r = {.pool = pool, .threads = threads};
    int passed = 0;
    out_init(&r.out);
    for (int i = 0; i < models; i++) {
        if (models > 1)
            write_line(&r, &model[i]);
        else if (model[i].ready)
            write_single(&r, &model[i]);
        passed += model[i].status == 0;
    }
    session_print(&r.out);
    return passed;
}
