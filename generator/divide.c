#include "divide.h"

#include <math.h>

enum { PARTS_MAX = 1024 };

/* What each further thread costs a step, in cycles: the meeting before it, and what it fetches from other
 * cores' caches. A rough price, for steps and kernels that are looked at by themselves. */
#define CYCLES_PER_PART 1000.0

/* A smaller share of a step isn't worth a thread, even where threads meet anyway. */
#define CYCLES_PER_SHARE 250.0

/* Prices of a whole run, as measured with the OpenMP library of gcc on two cores. Each thread adds so many
 * cycles to a meeting. */
#define CYCLES_PER_MEETING 500.0

/* What a byte takes that another core has written: to be read here, and to be written again there, which
 * takes the longer: 2 and 9 ns a line of 64 bytes on Zen 5. On a Xeon DS-CNN lost as much on two threads where
 * one did every second step. */
#define CYCLES_PER_SHARED_BYTE 0.5

/* What a run must gain for a parallel region. It takes 1500 to 5000 cycles while the other threads still
 * spin, waiting for work, as those of gcc do for milliseconds; and ten times as much when they sleep. */
#define CYCLES_PER_REGION 8000.0

/* ---- parts ----------------------------------------------------------------------------------- */

/* On one thread of the target's fastest CPUs: there threads gain the least. */
static double step_cycles(const struct step *s, int t)
{
    return s->cost[t] / targets[t].fastest;
}

static int whole_parts(double parts)
{
    return parts < 2 ? 1 : parts > PARTS_MAX ? PARTS_MAX : (int)parts;
}

/* p threads take cycles / p + p * CYCLES_PER_PART: least for the root of the quotient. */
static int parts_for(double cycles)
{
    return whole_parts(sqrt(cycles / CYCLES_PER_PART));
}

/* Small steps, too, so that each thread goes on with the rows that it has written itself. */
static int parts_of_all(double cycles)
{
    return whole_parts(cycles / CYCLES_PER_SHARE);
}

int divide_parts(const struct step *s, unsigned which)
{
    int most = 1;
    for (int t = 0; t < TARGET_COUNT; t++)
        if (which & TARGET_BIT(t) && s->bind[t].parts > most)
            most = s->bind[t].parts;
    return most;
}

int divide_most_parts(const struct plan *plan, unsigned which)
{
    int most = 1;
    for (int i = 0; i < plan->step.n; i++) {
        int parts = divide_parts(plan->step.at[i], which);
        most = parts > most ? parts : most;
    }
    return most;
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

/* Whether several threads are at one of them, on some target. */
static bool divided(const struct plan *plan, const struct step *a, const struct step *b)
{
    return divide_parts(a, plan->targets) > 1 || divide_parts(b, plan->targets) > 1;
}

/* Steps on one thread are in order by themselves, also among several that others divide. */
static void find_meetings(struct plan *plan)
{
    int since = 0;
    for (int k = 0; k < plan->step.n; k++) {
        struct step *s = plan->step.at[k];
        s->meet = false;
        for (int i = since; i < k && !s->meet; i++) {
            const struct step *before = plan->step.at[i];
            s->meet = divided(plan, before, s) && conflict(plan, before, s);
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
            if (divided(plan, before, s) && conflict(plan, before, s))
                bug("step %d doesn't wait for step %d", s->index, before->index);
            met = before->meet;
        }
    }
}

/* ---- a whole run ------------------------------------------------------------------------------ */

/* A step that reads what another has written to the arena. */
struct reading {
    const struct step *writer, *reader;
    double bytes;
    int rows;
};

struct readings { VEC(struct reading) list; };

/* The step that wrote the view before step i; NULL: it comes from outside. */
static const struct step *writer_of(const struct plan *plan, int i, const struct view *v)
{
    while (v->place == PLACE_ARENA && i-- > 0) {
        const struct view *out = &plan->step.at[i]->out;
        if (out->place == PLACE_ARENA && out->index == v->index)
            return plan->step.at[i];
    }
    return NULL;
}

static void find_readings(const struct plan *plan, struct readings *all)
{
    for (int i = 0; i < plan->step.n; i++)
        for (int k = 0; k < plan->step.at[i]->in.n; k++) {
            const struct view *v = &plan->step.at[i]->in.at[k];
            const struct reading r = {writer_of(plan, i, v), plan->step.at[i],
                4.0 * v->n * v->h * v->w * v->c, v->h};
            if (r.writer)
                vec_push(plan->pool, &all->list, r);
        }
}

static int parts_on(const struct step *s, int t, int threads)
{
    return s->bind[t].parts < threads ? s->bind[t].parts : threads;
}

/* How much of it other threads have written. As many threads read the rows that they have written
 * themselves, but for those around the places where rows are divided: of few rows a fifth. */
static double share_from_others(const struct reading *r, int t, int threads)
{
    int written = parts_on(r->writer, t, threads), read = parts_on(r->reader, t, threads);
    int least = written < read ? written : read, most = written < read ? read : written;
    return least < most ? 1 - (double)least / most : most == 1 ? 0 : r->rows > 20 ? 4.0 / r->rows : 0.2;
}

/* Cycles of a run of the target on so many threads, the region not counted. */
static double run_cycles(const struct plan *plan, const struct readings *readings, int t, int threads)
{
    double cycles = 0;
    for (int i = 0; i < plan->step.n; i++) {
        const struct step *s = plan->step.at[i];
        const struct binding *b = &s->bind[t];
        int parts = parts_on(s, t, threads);
        cycles += step_cycles(s, t) / parts * divide_evenness(b->units, &b->load, parts) +
                (threads > 1 && s->meet ? threads * CYCLES_PER_MEETING : 0);
    }
    for (int i = 0; i < readings->list.n; i++)
        cycles += CYCLES_PER_SHARED_BYTE * readings->list.at[i].bytes *
                share_from_others(&readings->list.at[i], t, threads);
    return cycles;
}

/* Numbers of threads to look at: all up to 64, then every doubling, and the most. */
static int next_threads(int threads, int most)
{
    int next = threads < 64 ? threads + 1 : 2 * threads;
    return threads < most && next > most ? most : next;
}

/* A way to divide the steps of a run, and what it takes with the threads that it is best with. */
struct division {
    int (*parts)(double cycles);
    int threads;
    double cycles;
};

/* All threads take part in all meetings: so many that the run is fastest, or one, where already the second
 * wouldn't gain a region's price. */
static void find_threads(const struct plan *plan, const struct readings *readings, int t, struct division *d)
{
    int most = divide_most_parts(plan, TARGET_BIT(t));
    double one = run_cycles(plan, readings, t, 1);
    d->threads = 1;
    d->cycles = one;
    for (int threads = 2; threads <= most; threads = next_threads(threads, most)) {
        double cycles = run_cycles(plan, readings, t, threads);
        if (threads == 2 && one - cycles < CYCLES_PER_REGION)
            return;
        if (cycles < 0.999 * d->cycles) {
            d->threads = threads;
            d->cycles = cycles;
        }
    }
}

static void divide_steps(struct plan *plan, int t, const struct division *d)
{
    for (int i = 0; i < plan->step.n; i++) {
        struct step *s = plan->step.at[i];
        int parts = d->parts(step_cycles(s, t));
        s->bind[t].parts = parts < d->threads ? parts : d->threads;
    }
}

/* The best division for each target. Meetings are those of all targets, so that a way is looked at with all of
 * them divided by it. */
static void try_division(struct plan *plan, const struct readings *readings, int (*parts)(double),
        struct division best[TARGET_COUNT])
{
    struct division d = {parts, PARTS_MAX, 0};
    for (int t = 0; t < TARGET_COUNT; t++)
        if (plan->targets & TARGET_BIT(t))
            divide_steps(plan, t, &d);
    find_meetings(plan);
    for (int t = 0; t < TARGET_COUNT; t++)
        if (plan->targets & TARGET_BIT(t)) {
            find_threads(plan, readings, t, &d);
            if (!best[t].parts || d.cycles < best[t].cycles)
                best[t] = d;
        }
}

/* Each step among as many threads as it is worth by itself; or all of them among all threads. */
void divide_work(struct plan *plan)
{
    struct readings readings = {0};
    struct division best[TARGET_COUNT] = {{0}};
    find_readings(plan, &readings);
    try_division(plan, &readings, parts_for, best);
    try_division(plan, &readings, parts_of_all, best);
    for (int t = 0; t < TARGET_COUNT; t++)
        if (plan->targets & TARGET_BIT(t))
            divide_steps(plan, t, &best[t]);
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
