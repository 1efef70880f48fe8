#include "emit_holes.h"

#include <string.h>

#include "emit_target.h"
#include "group.h"
#include "kernel.h"
#include "selftest.h"

/* ---- weights --------------------------------------------------------------------------------- */

static void insert_weights_link(struct emitter *e, struct out *out)
{
    struct args a = {0};
    args_text(e->pool, &a, "UPPER", e->upper);
    emitter_expand(e, "weights_link.c.in", &a, NULL, out);
}

static void insert_weights_asm(struct emitter *e, struct out *out)
{
    struct args a = {0};
    args_text(e->pool, &a, "MODEL", e->opt->prefix);
    args_text(e->pool, &a, "UPPER", e->upper);
    args_text(e->pool, &a, "FILE", e->draft ? "" : e->opt->weights_name);
    emitter_expand(e, "weights_asm.c.in", &a, NULL, out);
}

static void insert_weights_check(struct emitter *e, struct out *out)
{
    struct args a = {0};
    args_text(e->pool, &a, "MODEL", e->opt->prefix);
    args_text(e->pool, &a, "UPPER", e->upper);
    args_text(e->pool, &a, "WEIGHTS", storages[e->opt->storage]);
    args_text(e->pool, &a, "ID", emitter_hash(e, e->id));
    args_text(e->pool, &a, "CONTENT", emitter_hash(e, storage_content(e->plan)));
    args_int(e->pool, &a, "BYTES", storage_bytes(e->plan));
    emitter_expand(e, "weights_check.c.in", &a, NULL, out);
}

static void insert_weights_declarations(struct emitter *e, struct out *out)
{
    struct emit_weights w = emitter_weights(e);
    weights_declare(&w, out);
}

static void insert_weights_definitions(struct emitter *e, struct out *out)
{
    struct emit_weights w = emitter_weights(e);
    if (!e->draft)
        weights_define(&w, out);
}

/* ---- the program ----------------------------------------------------------------------------- */

static void insert_runtime(struct emitter *e, struct out *out)
{
    if (e->opt->standalone)
        out_printf(out, "#undef CNN_API\n#define CNN_API static\n");
    emitter_runtime(e, "cnn_rt.h", out);
    emitter_runtime(e, "cnn_names.h", out);
    if (storage_file(e->opt->storage))
        emitter_runtime(e, "cnn_weights.h", out);
    if (e->opt->standalone)
        emitter_runtime(e, "cnn_rt.c", out);
    if (emitter_any_bytes(e) && !e->opt->split)
        out_printf(out, "\n#if defined(__GNUC__)\n"
                "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n#endif\n");
}

/* The plan as a table in the opening comment. */
static void insert_plan(struct emitter *e, struct out *out)
{
    out_printf(out, "* %4s  %-22s %-14s %-18s %13s %11s  %s\n", "step", "result", "shape", "kernel",
            "MACs", "weights", "what");
    for (int i = 0; i < e->plan->step.n; i++) {
        const struct step *s = e->plan->step.at[i];
        out_printf(out, "* %4d  %-22s %-14s %-18s %13lld %11lld  %s\n", s->index,
                s->group->out->name, emitter_extents(e, s->group->out), s->kernel->name,
                (long long)s->macs, (long long)(4 * s->weights), group_text(e->pool, s->group));
    }
    const struct plan *p = e->plan;
    for (int i = 0; i < p->array.n; i++)
        if (!p->array.at[i].step)
            out_printf(out, "*    -  %-22s %-14s %-18s %13s %11lld  constant\n",
                    p->array.at[i].node->name, emitter_extents(e, p->array.at[i].node->out),
                    "(read in place)", "0", (long long)(4 * p->array.at[i].weights));
    out_printf(out, "*\n* Math: %s.\n* Arena: %lld bytes (tensors alive at once %lld, halos and "
            "rounding %lld, gaps %lld)\n* and %lld of scratch for each thread. Weights: %lld "
            "bytes.\n", math_modes[p->math], (long long)p->shared_bytes, (long long)p->tensor_bytes,
            (long long)(p->lower_bound - p->tensor_bytes),
            (long long)(p->shared_bytes - p->lower_bound), (long long)p->scratch_bytes,
            (long long)p->weight_bytes);
    if (e->opt->tuning)
        out_printf(out, "* Kernels chosen by the times in %s.\n", e->opt->tuning);
}

static void insert_pointers(struct emitter *e, struct out *out)
{
    const struct emit_face face = emitter_face(e);
    const struct graph *g = e->plan->graph;
    for (int i = 0; i < g->input.n; i++)
        out_printf(out, "const %s *%s;\n", face_type(g->input.at[i]->type),
                face_pointer(&face, false, i));
    for (int i = 0; i < g->output.n; i++)
        out_printf(out, "float *%s;\n", face_pointer(&face, true, i));
}

static void insert_walk(struct emitter *e, struct out *out)
{
    for (int i = 0; i < e->plan->step.n; i++) {
        const struct step *s = e->plan->step.at[i];
        const struct group *g = s->group;
        out_printf(out, "/* %s: %s%s%s, %s", g->out->name,
                g->in.n ? emitter_extents(e, g->in.at[0]) : "",
                g->in.n ? " -> " : "", emitter_extents(e, g->out), group_text(e->pool, g));
        out_printf(out, "%s%s */\n", g->main->layer ? "    " : "", emitter_place(e, g->main));
        if (s->meet && emitter_threads(e) > 1)
            out_printf(out, "%s_meet(job, threads);\n", e->opt->prefix);
        out_printf(out, "%s_do(job, %d, thread, threads);\n", e->opt->prefix, i);
    }
}

/* ---- the hook -------------------------------------------------------------------------------- */

/* Where each step's result lies, for the hook. */
static void insert_taps(struct emitter *e, struct out *out)
{
    const char *p = e->opt->prefix;
    out_printf(out, "static const struct %s_result {\n    const char *layer;\n"
            "    int place; /* -1: the arena; else the output's number */\n"
            "    size_t offset; /* floats */\n    int extent[4];\n    ptrdiff_t pitch[3];\n"
            "} %s_results[%d] = {\n",
            p, p, e->plan->step.n);
    for (int i = 0; i < e->plan->step.n; i++) {
        const struct step *s = e->plan->step.at[i];
        const struct view *v = &s->out;
        int64_t offset = v->offset;
        if (v->place == PLACE_ARENA)
            offset += e->plan->buffer.at[v->index].offset / 4;
        out_printf(out, "    {\"%s\", %d, %lld, {%d, %d, %d, %d}, {%lld, %lld, %lld}},\n",
                s->group->out->name, v->place == PLACE_ARENA ? -1 : v->index, (long long)offset,
                v->n, v->h, v->w, v->c, (long long)v->image, (long long)v->row,
                (long long)v->pixel);
    }
    out_printf(out, "};\n");
}

static void insert_tap(struct emitter *e, struct out *out)
{
    const struct emit_face face = emitter_face(e);
    const struct graph *g = e->plan->graph;
    out_printf(out, "const float *base = (const float *)(const void *)job->arena;\n\n");
    for (int i = 0; i < g->output.n; i++)
        out_printf(out, "if (r->place == %d)\n    base = job->%s;\n", i,
                face_pointer(&face, true, i));
}

/* ---- the self-test --------------------------------------------------------------------------- */

/* The self-test's definition; its holes are selftest.c's to fill. */
static void insert_selftest_part(void *context, const char *name, struct out *out)
{
    struct emitter *e = context;
    selftest_insert(e->opt->selftest, e->opt->prefix, e->opt->storage == STORAGE_BIN, name, out);
}

static void insert_selftest(struct emitter *e, struct out *out)
{
    struct args a = {0};
    args_text(e->pool, &a, "MODEL", e->opt->prefix);
    args_text(e->pool, &a, "UPPER", e->upper);
    args_int(e->pool, &a, "GIVEN", e->opt->storage == STORAGE_BIN);
    selftest_args(e->pool, e->opt->selftest, &a);
    emitter_expand(e, "selftest.c.in", &a, insert_selftest_part, out);
}

static void insert_selftest_declaration(struct emitter *e, struct out *out)
{
    out_printf(out, "#define %s_SELFTEST_BYTES (%lld + %s_ARENA_BYTES)\n", e->upper,
            (long long)selftest_io_bytes(e->opt->selftest), e->upper);
    out_printf(out, "%s_status %s_selftest(%svoid *arena, size_t arena_bytes);\n", e->opt->prefix,
            e->opt->prefix,
            e->opt->storage == STORAGE_BIN ? "const void *weights, size_t weight_bytes, " : "");
}

/* ---- all holes ------------------------------------------------------------------------------- */

static const struct { const char *name; void (*write)(struct emitter *, struct out *); } holes[] = {
    {"plan", insert_plan}, {"runtime", insert_runtime}, {"weights_link", insert_weights_link},
    {"weights_asm", insert_weights_asm}, {"weights_check", insert_weights_check},
    {"weights_declarations", insert_weights_declarations},
    {"weights_definitions", insert_weights_definitions},
    {"pointers", insert_pointers}, {"targets", emit_targets}, {"taps", insert_taps},
    {"tap", insert_tap},
    {"walk", insert_walk},
    {"selftest", insert_selftest}, {"selftest_declaration", insert_selftest_declaration},
};

void emit_hole(void *context, const char *name, struct out *out)
{
    struct emitter *e = context;
    const struct emit_face face = emitter_face(e);
    if (face_insert(&face, name, out))
        return;
    for (int i = 0; i < (int)(sizeof holes / sizeof holes[0]); i++)
        if (!strcmp(name, holes[i].name)) {
            holes[i].write(e, out);
            return;
        }
    bug("no hole '%s'", name);
}
