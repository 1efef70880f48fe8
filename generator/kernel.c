#include "kernel.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL(id, def) extern const struct kernel def;
#include "kernels.def"
#undef KERNEL

const struct kernel *const kernels[KERNEL_COUNT] = {
#define KERNEL(id, def) &def,
#include "kernels.def"
#undef KERNEL
};

int kernel_index(const struct kernel *k)
{
    for (int i = 0; i < KERNEL_COUNT; i++)
        if (kernels[i] == k)
            return i;
    bug("no kernel '%s'", k->name);
}

bool kernel_takes(const struct kernel *k, const struct group *g)
{
    return k->strictest <= g->math && (k->pools || !g->pool) && (k->stages || !g->stage.n) &&
           k->ok(g);
}

bool group_is_plain(const struct group *g)
{
    return !g->add && !g->act && !g->affine && !g->pool && !g->stage.n;
}

bool view_is_flat(const struct view *v)
{
    return v->left == 0 && v->right == 0 && v->pixel == v->c && v->row == (int64_t)v->w * v->c &&
           v->image == (int64_t)v->h * v->row;
}

/* ---- template arguments ---------------------------------------------------------------------- */

void bind_view(struct pool *pool, struct args *args, const char *letter, const struct view *v)
{
    args_int(pool, args, pool_printf(pool, "%sN", letter), v->image);
    args_int(pool, args, pool_printf(pool, "%sR", letter), v->row);
    args_int(pool, args, pool_printf(pool, "%sP", letter), v->pixel);
}

static void join_rows(struct view *v, int join)
{
    v->h /= join;
    v->w *= join;
    v->row *= join;
}

struct step step_join_rows(struct pool *pool, const struct step *step, int join)
{
    struct step s = *step;
    s.in.at = NEW_ARRAY(pool, struct view, step->in.n);
    for (int i = 0; i < step->in.n; i++) {
        s.in.at[i] = step->in.at[i];
        join_rows(&s.in.at[i], join);
    }
    join_rows(&s.out, join);
    return s;
}

/* ", 0.3f, 6.0f": the arguments of an activation behind the vector. */
static const char *act_args(struct pool *pool, const struct activation *act)
{
    const char *text = "";
    for (int i = 0; i < act_defs[act->kind].args; i++)
        text = pool_printf(pool, "%s, %s", text, float_text(pool, act->arg[i]));
    return text;
}

void bind_activation(struct pool *pool, struct args *args, const struct group *g)
{
    const struct activation *act = g->act ? g->act->act : NULL;
    args_text(pool, args, "ACT", act ? act_defs[act->kind].helper : "none");
    args_text(pool, args, "ACT_ARGS", act ? act_args(pool, act) : "");
}

void bind_epilogue(struct pool *pool, struct args *args, const struct step *step, int64_t scale_at,
        int64_t shift_at)
{
    static const struct view none;
    const struct group *g = step->group;
    args_int(pool, args, "ADD", g->add != NULL);
    bind_view(pool, args, "R", g->add ? &step->in.at[step->in.n - 1] : &none);
    bind_activation(pool, args, g);
    args_int(pool, args, "AFFINE", g->affine != NULL);
    args_int(pool, args, "SCALE", scale_at);
    args_int(pool, args, "SHIFT", shift_at);
}

/* The shortest decimal that reads back as the same float, as a C constant: always with a point or
 * an exponent, and never a NaN (weights and arguments are finite, but for "no limit"). */
const char *float_text(struct pool *pool, float f)
{
    if (f > FLT_MAX || f < -FLT_MAX)
        return f > 0 ? "CNN_INFINITY" : "-CNN_INFINITY";
    for (int digits = 1; digits <= 9; digits++) {
        char *text = pool_printf(pool, "%.*g", digits, (double)f);
        if (strtof(text, NULL) == f || digits == 9)
            return pool_printf(pool, "%s%sf", text, strpbrk(text, ".e") ? "" : ".0");
    }
    return "0.0f";
}

/* ---- packed weights -------------------------------------------------------------------------- */

float *step_weights(struct pool *pool, struct step *step, int64_t n)
{
    float *w = NEW_ARRAY(pool, float, n);
    step->weight = w;
    step->weights = n;
    return w;
}

int64_t round_up(int64_t n, int64_t to)
{
    return (n + to - 1) / to * to;
}

/* ---- costs ----------------------------------------------------------------------------------- */

double cost_fma(const struct target *t, double vector_fmas, double vector_loads)
{
    double fma = vector_fmas / t->fma_per_cycle, load = vector_loads / t->load_per_cycle;
    return fma > load ? fma : load;
}

double cost_stream(const struct target *t, double bytes_read, double bytes_written)
{
    double bytes = bytes_read + 2 * bytes_written;
    double rate = bytes < t->l2 ? t->l2_bytes : bytes < t->l3 ? t->l3_bytes : t->dram_bytes;
    return bytes / rate;
}
