#include "divide.h"

#include <math.h>

enum { PARTS_MAX = 1024 };

/* What each further thread costs at a meeting, in cycles: a barrier of two takes 500 to 1300 with
 * the OpenMP libraries of gcc and clang, one of many grows with their number, and the step behind
 * it fetches from other cores' caches what these have written. */
#define CYCLES_PER_MEETING 1000.0

/* What a run must gain for a parallel region: it takes 1500 to 4000 cycles while the other threads still
 * spin, waiting for work, and ten times as much when they sleep. */
#define CYCLES_PER_REGION 20000.0

/* ---- parts ----------------------------------------------------------------------------------- */

/* One thread, on the target where the step is fastest. */
static double step_cycles(const struct plan *plan, const struct step *s)
{
    double least = INFINITY;
    for (int t = 0; t < TARGET_COUNT; t++)
        if (plan->targets & TARGET_BIT(t) && s->cost[t] < least)
            least = s->cost[t];
    return least;
}

/* p threads take cycles / p + p * CYCLES_PER_MEETING: least for the root of the quotient. */
static int parts_for(double cycles)
{
    double parts = sqrt(cycles / CYCLES_PER_MEETING);
    return parts < 2 ? 1 : parts > PARTS_MAX ? PARTS_MAX : (int)parts;
}

/* Cycles that two threads save altogether, the region not counted. */
static double gain_of_two(const struct plan *plan)
{
    double gain = 0;
    for (int i = 0; i < plan->step.n; i++)
        if (plan->step.at[i]->parts > 1)
            gain += step_cycles(plan, plan->step.at[i]) / 2 - 2 * CYCLES_PER_MEETING;
    return gain;
}

static void find_parts(struct plan *plan)
{
    for (int i = 0; i < plan->step.n; i++)
        plan->step.at[i]->parts = parts_for(step_cycles(plan, plan->step.at[i]));
    if (gain_of_two(plan) < CYCLES_PER_REGION)
        for (int i = 0; i < plan->step.n; i++)
            plan->step.at[i]->parts = 1;
}

/* ---- meetings -------------------------------------------------------------------------------- */

/* Whether two views may have memory in common: in the arena, if their buffers do. */
static bool overlap(const struct plan *plan, const struct view *a, const struct view *b)
{
    if (a->place != b->place)
        return false;
    if (a->place != PLACE_ARENA)
        return a->index == b->index;
    const struct buffer *x = &plan->buffer.at[a->index], *y = &plan->buffer.at[b->index];
    return x->offset < y->offset + y->bytes && y->offset < x->offset + x->bytes;
}

static bool reads(const struct plan *plan, const struct step *s, const struct view *v)
{
    for (int i = 0; i < s->in.n; i++)
        if (overlap(plan, &s->in.at[i], v))
            return true;
    return false;
}

/* Whether one of them writes what the other reads or writes. */
static bool conflict(const struct plan *plan, const struct step *a, const struct step *b)
{
    return overlap(plan, &a->out, &b->out) || reads(plan, a, &b->out) || reads(plan, b, &a->out);
}

/* Steps on one thread are in order by themselves, also among several that others divide. */
static void find_meetings(struct plan *plan)
{
    int since = 0;
    for (int k = 0; k < plan->step.n; k++) {
        struct step *s = plan->step.at[k];
        for (int i = since; i < k && !s->meet; i++) {
            const struct step *before = plan->step.at[i];
            s->meet = (s->parts > 1 || before->parts > 1) && conflict(plan, before, s);
        }
        if (s->meet)
            since = k;
    }
}

/* Every pair of steps, where find_meetings looks no further back than it must. */
void divide_check(const struct plan *plan)
{
    for (int k = 0; k < plan->step.n; k++) {
        const struct step *s = plan->step.at[k];
        bool met = s->meet;
        for (int i = k - 1; i >= 0 && !met; i--) {
            const struct step *before = plan->step.at[i];
            if ((s->parts > 1 || before->parts > 1) && conflict(plan, before, s))
                bug("step %d doesn't wait for step %d", s->index, before->index);
            met = before->meet;
        }
    }
}

void divide_work(struct plan *plan)
{
    find_parts(plan);
    find_meetings(plan);
}

/* ---- images ---------------------------------------------------------------------------------- */

struct crossing divide_crossing(const struct binding *b, int batch)
{
    return b->crossing.times ? b->crossing : (struct crossing){b->units / batch, 1, 1};
}

int divide_units(const struct binding *b, int batch, int images)
{
    const struct crossing c = divide_crossing(b, batch);
    int64_t units = ((int64_t)images * c.of + c.per - 1) / c.per * c.times;
    return units < b->units ? (int)units : b->units;
}

/* ---- evenness -------------------------------------------------------------------------------- */

/* The cost of the first n units, in heavy ones. */
static double cost_of_first(int64_t n, const struct load *l)
{
    if (l->cycle == 0)
        return (double)n;
    int64_t heavy = l->cycle - l->rest, over = n % l->cycle;
    int64_t light = over > heavy ? over - heavy : 0;
    return (double)(n / l->cycle) * ((double)heavy + l->rest * l->cost) + (double)(over - light) +
           (double)light * l->cost;
}

double divide_evenness(int units, const struct load *l, int threads)
{
    int64_t parts = threads < units ? threads : units;
    double most = 0, all = cost_of_first(units, l);
    for (int64_t t = 0; t < parts; t++) {
        double share = cost_of_first(units * (t + 1) / parts, l) -
                cost_of_first(units * t / parts, l);
        most = share > most ? share : most;
    }
    return most * threads / all;
}

/* A tenth of the time that is lost on 2, 4, 8 and 16 threads, in the mean: few threads count more,
 * as they take longer, and one loses nothing. */
double divide_penalty(double cycles, int units, const struct load *l)
{
    int parts = parts_for(cycles);
    double lost = 0, all = 0;
    for (int threads = 2; threads <= 16 && threads <= parts; threads *= 2) {
        lost += (divide_evenness(units, l, threads) - 1) / threads;
        all += 1.0 / threads;
    }
    return all > 0 ? 1 + 0.1 * lost / all : 1;
}

/* Of five units for each thread the largest share is at worst 1.2 times the mean. */
int divide_row(double cycles, int64_t rows, int tiles)
{
    int parts = parts_for(cycles);
    int64_t enough = parts == 1 ? 1 : 5 * (parts < 16 ? parts : 16);
    int64_t pieces = (enough + rows - 1) / rows;
    return pieces < tiles ? (int)pieces : tiles;
}
