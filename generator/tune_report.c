#include "tune_report.h"

#include <string.h>

struct reporter {
    struct pool *pool;
    const struct plan *model, *tuned;
    enum target_id target;
    double before, after;      /* microseconds of all steps that there are times of */
};

static const char *signature(const struct reporter *r, const struct step *s)
{
    return group_signature(r->pool, s->group, r->model->graph->batch);
}

static double time_of(const struct reporter *r, const char *group, const struct kernel *k)
{
    const struct tuned *t = tuning_find(r->tuned->tuning, group);
    return t ? t->us[r->target][kernel_index(k)] : 0;
}

/* The first step of the plan whose group is such a one. */
static const struct step *step_like(const struct reporter *r, const struct plan *plan,
        const char *group)
{
    for (int i = 0; i < plan->step.n; i++)
        if (!strcmp(signature(r, plan->step.at[i]), group))
            return plan->step.at[i];
    return NULL;
}

/* Counts the step; a row for the first of its kind. */
static void write_step(struct reporter *r, const struct step *s, struct out *out)
{
    const char *group = signature(r, s);
    const struct step *now = step_like(r, r->tuned, group);
    double before = time_of(r, group, s->kernel), after = now ? time_of(r, group, now->kernel) : 0;
    if (before <= 0 || after <= 0)
        return;
    r->before += before;
    r->after += after;
    if (step_like(r, r->model, group) == s)
        out_printf(out, "%-22.22s  %-17.17s %10.2f  %-17.17s %10.2f  %5.2f\n", s->group->out->name,
                s->kernel->name, before, now->kernel->name, after, before / after);
}

void tune_report(struct pool *pool, const struct plan *model, const struct plan *tuned,
        enum target_id target, struct out *out)
{
    struct reporter r = {.pool = pool, .model = model, .tuned = tuned, .target = target};
    out_printf(out, "%-22s  %-17s %10s  %-17s %10s  %5s\n", "layer", "chosen by model", "us",
            "by measured times", "us", "gain");
    for (int i = 0; i < model->step.n; i++)
        write_step(&r, model->step.at[i], out);
    out_printf(out, "%s, steps with a choice, on one thread: %.2f us, with --tuning %.2f us\n",
            targets[target].title, r.before, r.after);
}
