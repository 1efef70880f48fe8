#include "emit_target.h"

#include <string.h>

#include "divide.h"
#include "emit_instances.h"
#include "kernel.h"

/* ---- pointers -------------------------------------------------------------------------------- */

/* "mnist_w3.f", "mnist_c1 + 5" or "(const float *)(const void *)(job->weights + 1024)": a float of
 * an array. */
static const char *weights_pointer(struct emitter *e, int array, int64_t offset)
{
    const struct emit_weights w = emitter_weights(e);
    if (storage_file(e->opt->storage))
        return pool_printf(e->pool, "(const float *)(const void *)(job->weights + %lld)",
                (long long)(storage_offset(e->plan, array) + 4 * offset));
    const char *name = weights_name(&w, &e->plan->array.at[array]);
    return offset ? pool_printf(e->pool, "%s + %lld", name, (long long)offset) : name;
}

/* "job->input + 5" or "(float *)(void *)(job->arena + 1024)": element (0, 0, 0, 0) of a view. */
static const char *view_pointer(struct emitter *e, const struct view *v, bool output)
{
    const struct emit_face face = emitter_face(e);
    if (v->place == PLACE_WEIGHTS)
        return weights_pointer(e, v->index, v->offset);
    if (v->place == PLACE_ARENA)
        return pool_printf(e->pool, "(%s%s *)(void *)(job->arena + %lld)", output ? "" : "const ",
                face_type(v->type),
                (long long)(e->plan->buffer.at[v->index].offset + 4 * v->offset));
    const char *name = face_pointer(&face, v->place == PLACE_OUTPUT, v->index);
    return v->offset ? pool_printf(e->pool, "job->%s + %lld", name, (long long)v->offset)
                     : pool_printf(e->pool, "job->%s", name);
}

/* ---- steps ----------------------------------------------------------------------------------- */

static const char *step_fn(struct emitter *e, const struct step *s, const struct target *t)
{
    return pool_printf(e->pool, "%s_%d_%s_%s", e->opt->prefix, s->index,
            face_part(e->pool, s->group->out->name), t->name);
}

static void write_call(struct emitter *e, const struct step *s, const struct binding *b,
        struct out *out)
{
    out_printf(out, "    %s(", instance_of(e, s, b)->fn);
    for (int i = 0; i < s->in.n; i++)
        out_printf(out, "%s, ", view_pointer(e, &s->in.at[i], false));
    out_printf(out, "%s, ", view_pointer(e, &s->out, true));
    if (s->array >= 0)
        out_printf(out, "%s, ", weights_pointer(e, s->array, 0));
    if (b->scratch)
        out_printf(out, "(float *)(void *)(job->arena + %lld + thread * %lld), ",
                (long long)e->plan->shared_bytes, (long long)e->plan->scratch_bytes);
    out_printf(out, "%sfirst, last);\n", b->crossing.times ? "job->images, " : "");
}

/* The share of `rows` rows that goes with units up to one: "last / 2". */
static const char *row_of_unit(struct emitter *e, const char *unit, int64_t rows, int units)
{
    if (rows == units)
        return unit;
    if (units % rows == 0)
        return pool_printf(e->pool, "%s / %lld", unit, (long long)(units / rows));
    return pool_printf(e->pool, "(int)(%lldLL * %s / %d)", (long long)rows, unit, units);
}

/* The same where units cross images: of the rows and units of those that are run. */
static const char *row_of_images(struct emitter *e, const char *unit, int height)
{
    return pool_printf(e->pool, "(int)(%dLL * job->images * %s / units)", height, unit);
}

/* Each thread clears what lies beside its own rows, or beside as many: these stay in its cache. */
static void write_halo(struct emitter *e, const struct step *s, const struct binding *b,
        struct out *out)
{
    const struct view *v = &s->out;
    const char *unit[] = {"first", "last"}, *row[2];
    if (view_gap(v) == 0)
        return;
    for (int i = 0; i < 2; i++)
        row[i] = b->crossing.times ? row_of_images(e, unit[i], v->h)
                                   : row_of_unit(e, unit[i], (int64_t)v->n * v->h, b->units);
    if (b->crossing.times)
        out_printf(out, "    const int units = %s_units(&job->work[%d], job->images);\n\n",
                e->opt->prefix, s->index - 1);
    out_printf(out, "    cnn_clear_halo(%s, %s, %s, %lld, %d, %lld, %d, %d, %d);\n",
            view_pointer(e, v, true), row[0], row[1], (long long)v->row, v->w, (long long)v->pixel,
            v->c, v->left, view_gap(v));
}

static void write_step(struct emitter *e, const struct step *s, const struct target *t,
        struct out *out)
{
    const struct binding *b = &s->bind[t->id];
    out_printf(out,
            "\nstatic void %s(const struct %s_job *job, int first, int last, int thread)\n{\n",
            step_fn(e, s, t), e->opt->prefix);
    write_call(e, s, b, out);
    write_halo(e, s, b, out);
    if (!b->scratch)
        out_printf(out, "    (void)thread;\n");
    out_printf(out, "}\n");
}

static void write_table(struct emitter *e, const struct target *t, struct out *out)
{
    out_printf(out, "\nstatic const struct %s_work %s_%s[%d] = {\n", e->opt->prefix, e->opt->prefix,
            t->name, e->plan->step.n);
    for (int i = 0; i < e->plan->step.n; i++) {
        const struct step *s = e->plan->step.at[i];
        const struct binding *b = &s->bind[t->id];
        const struct crossing c = divide_crossing(b, (int)e->plan->graph->batch);
        out_printf(out, "    {%s, %d, %d", step_fn(e, s, t), b->units,
                b->units < b->parts ? b->units : b->parts);
        if (e->plan->graph->batch > 1)
            out_printf(out, ", %d, %d, %d", c.of, c.per, c.times);
        out_printf(out, "},\n");
    }
    out_printf(out, "};\n");
}

/* ---- the region of a target ------------------------------------------------------------------ */

static void write_region_start(const struct target *t, struct out *out)
{
    if (!t->attribute)
        return;
    out_printf(out, "#if defined(__clang__)\n");
    out_printf(out,
            "#pragma clang attribute push(__attribute__((target(\"%s\"))), apply_to = function)\n",
            t->attribute);
    out_printf(out, "#else\n#pragma GCC push_options\n#pragma GCC target(\"%s\")\n#endif\n",
            t->attribute);
}

static void write_region_end(const struct target *t, struct out *out)
{
    if (t->attribute)
        out_printf(out, "\n#if defined(__clang__)\n#pragma clang attribute pop\n"
                "#else\n#pragma GCC pop_options\n#endif\n");
}

/* Once per instruction set, also where several models are compiled as one file. */
static void write_math(struct emitter *e, const char *upper, struct out *out)
{
    out_printf(out, "#ifndef CNN_MATH_%s\n#define CNN_MATH_%s\n", upper, upper);
    emitter_runtime(e, "cnn_math.h", out);
    out_printf(out, "#endif\n");
}

/* The functions that are compiled for the target. None where all steps take those of shorter
 * vectors: clang warns of a region without a function, which it would be in a file that has the
 * helpers from another model. */
static void write_region(struct emitter *e, const struct target *t, const char *upper,
        struct out *out)
{
    if (!instances_exist(e, t) && !e->opt->bare_targets)
        return;
    write_region_start(t, out);
    emitter_runtime(e, t->header, out);
    if (instances_need_math(e, t))
        write_math(e, upper, out);
    for (int i = 0; i < e->instance.n; i++)
        if (e->instance.at[i].target == t)
            instance_write(e, &e->instance.at[i], out);
    write_region_end(t, out);
}

static void write_target(struct emitter *e, const struct target *t, struct out *out)
{
    const char *upper = pool_upper(e->pool, t->name);
    out_printf(out, "/* ---- %s ", t->title);
    for (size_t i = strlen(t->title); i < 90; i++)
        out_printf(out, "-");
    out_printf(out, " */\n\n#if %s_%s\n", e->upper, upper);
    write_region(e, t, upper, out);
    for (int i = 0; i < e->plan->step.n; i++)
        write_step(e, e->plan->step.at[i], t, out);
    write_table(e, t, out);
    out_printf(out, "\n#endif /* %s_%s */\n\n", e->upper, upper);
}

void emit_targets(struct emitter *e, struct out *out)
{
    for (int i = 0; i < TARGET_COUNT; i++)
        if (e->plan->targets & TARGET_BIT(i))
            write_target(e, &targets[i], out);
}
