#include "emit.h"

#include <stdio.h>
#include <string.h>

#include "depfile.h"
#include "divide.h"
#include "emit_face.h"
#include "emit_weights.h"
#include "group.h"
#include "kernel.h"
#include "ops/families.h"
#include "selftest.h"

/* A kernel instance: steps with equal arguments share one. */
struct instance {
    const char *fn;            /* "mnist_conv2d_direct_1_avx2" */
    const struct kernel *kernel;
    const struct target *target;
    const struct args *args;   /* without FN */
    int64_t stack;             /* bytes, once it is written */
    VEC(const struct step *) user;
};

struct emitter {
    const struct plan *plan;
    const struct emit_options *opt;
    struct pool *pool;
    struct diag *diag;
    const char *upper;         /* the prefix in capitals */
    uint64_t id;               /* the program's hash, where weights are apart from it; 0: not known yet */
    uint64_t hash;             /* of both files; 0: not known yet */
    bool draft;                /* to be hashed: without values of weights, places in the specification, files' names */
    VEC(struct instance) instance;
    bool failed;
};

/* ---- names ------------------------------------------------------------------------------------ */

static const char *step_fn(struct emitter *e, const struct step *s, const struct target *t)
{
    return pool_printf(e->pool, "%s_%d_%s_%s", e->opt->prefix, s->index,
            face_part(e->pool, s->group->out->name), t->name);
}

/* What callers see of it. */
static struct emit_face face_of(const struct emitter *e)
{
    return (struct emit_face){e->pool, e->plan->graph, e->opt->prefix, e->upper,
            e->opt->storage == STORAGE_BIN};
}

static const char *place_text(struct emitter *e, const struct node *n)
{
    bool shown = n->layer && n->at.line && !e->draft;
    return shown ? pool_printf(e->pool, "%s:%d", e->opt->spec_name, n->at.line) : "";
}

static const char *hwc_text(struct emitter *e, const struct tensor *t)
{
    struct hwc d = shape_hwc(&t->shape);
    if (t->shape.rank == 1)
        return pool_printf(e->pool, "%d", d.c);
    return pool_printf(e->pool, "%dx%dx%d", d.h, d.w, d.c);
}

/* ---- templates --------------------------------------------------------------------------------- */

static const struct source *find_source(struct emitter *e, const char *name)
{
    if (e->opt->template_dir) {
        struct source *src = NEW(e->pool, struct source);
        const char *path = pool_printf(e->pool, "%s/%s", e->opt->template_dir, name);
        if (source_read(e->pool, path, 1 << 20, src) == SOURCE_OK) {
            file_list_add(e->pool, e->opt->reads, path);
            return src;
        }
    }
    const struct source *src = template_builtin(name);
    if (!src)
        bug("no template '%s'", name);
    return src;
}

static void expand(struct emitter *e, const char *name, const struct args *args, template_insert *insert,
        struct out *out)
{
    struct template *t = template_load(e->pool, find_source(e, name), e->diag);
    if (!t || !template_expand(t, args, insert, e, out, e->diag))
        e->failed = true;
}

/* ---- weights ----------------------------------------------------------------------------------- */

static struct emit_weights text_weights(const struct emitter *e)
{
    return (struct emit_weights){e->plan, e->opt->storage, e->opt->prefix, e->upper, e->opt->split, e->id};
}

static bool any_bytes(const struct emitter *e)
{
    struct emit_weights w = text_weights(e);
    return weights_any_bytes(&w);
}

static const char *hash_text(struct emitter *e, uint64_t hash)
{
    return pool_printf(e->pool, "0x%016llx", (unsigned long long)hash);
}

static void insert_weights_link(struct emitter *e, struct out *out)
{
    struct args a = {0};
    args_text(e->pool, &a, "UPPER", e->upper);
    expand(e, "weights_link.c.in", &a, NULL, out);
}

static void insert_weights_asm(struct emitter *e, struct out *out)
{
    struct args a = {0};
    args_text(e->pool, &a, "MODEL", e->opt->prefix);
    args_text(e->pool, &a, "UPPER", e->upper);
    args_text(e->pool, &a, "FILE", e->draft ? "" : e->opt->weights_name);
    expand(e, "weights_asm.c.in", &a, NULL, out);
}

static void insert_weights_check(struct emitter *e, struct out *out)
{
    struct args a = {0};
    args_text(e->pool, &a, "MODEL", e->opt->prefix);
    args_text(e->pool, &a, "UPPER", e->upper);
    args_text(e->pool, &a, "WEIGHTS", storages[e->opt->storage]);
    args_text(e->pool, &a, "ID", hash_text(e, e->id));
    args_text(e->pool, &a, "CONTENT", hash_text(e, storage_content(e->plan)));
    args_int(e->pool, &a, "BYTES", storage_bytes(e->plan));
    expand(e, "weights_check.c.in", &a, NULL, out);
}

static void insert_weights_declarations(struct emitter *e, struct out *out)
{
    struct emit_weights w = text_weights(e);
    weights_declare(&w, out);
}

static void insert_weights_definitions(struct emitter *e, struct out *out)
{
    struct emit_weights w = text_weights(e);
    if (!e->draft)
        weights_define(&w, out);
}

/* ---- one target -------------------------------------------------------------------------------- */

static struct instance *find_instance(struct emitter *e, const struct step *s, const struct binding *b)
{
    for (int i = 0; i < e->instance.n; i++) {
        struct instance *k = &e->instance.at[i];
        if (k->kernel == s->kernel && k->target == b->target && args_equal(k->args, &b->args))
            return k;
    }
    return NULL;
}

/* Gathers the instances of all steps and targets; each belongs to the target whose code it is. */
static void find_instances(struct emitter *e)
{
    for (int i = 0; i < e->plan->step.n; i++)
        for (int t = 0; t < TARGET_COUNT; t++) {
            const struct step *s = e->plan->step.at[i];
            if (!(e->plan->targets & TARGET_BIT(t)))
                continue;
            struct instance *k = find_instance(e, s, &s->bind[t]);
            if (!k) {
                struct instance fresh = {.kernel = s->kernel, .target = s->bind[t].target,
                    .args = &s->bind[t].args};
                fresh.fn = pool_printf(e->pool, "%s_%s_%d_%s", e->opt->prefix, s->kernel->name, s->index,
                        fresh.target->name);
                vec_push(e->pool, &e->instance, fresh);
                k = &e->instance.at[e->instance.n - 1];
            }
            if (k->user.n == 0 || k->user.at[k->user.n - 1] != s)
                vec_push(e->pool, &k->user, s);
        }
}

/* The arguments that a template declares. */
static struct args declared_args(struct emitter *e, const struct template *t, const struct args *all)
{
    const struct param *param;
    struct args some = {0};
    int n = template_params(t, &param);
    for (int i = 0; i < all->arg.n; i++)
        for (int k = 0; k < n; k++)
            if (!strcmp(param[k].name, all->arg.at[i].name))
                vec_push(e->pool, &some.arg, all->arg.at[i]);
    return some;
}

static void expand_parts(struct emitter *e, const char *const *part, const struct args *args,
        struct out *out)
{
    for (; *part; part++) {
        const char *name = pool_printf(e->pool, "%s.c.in", *part);
        struct template *t = template_load(e->pool, find_source(e, name), e->diag);
        struct args some = t ? declared_args(e, t, args) : (struct args){0};
        if (!t || !template_expand(t, &some, NULL, e, out, e->diag))
            e->failed = true;
        out_printf(out, part[1] ? "\n" : "");
    }
}

static void write_instance(struct emitter *e, struct instance *k, struct out *out)
{
    struct args args = {0};
    const size_t start = out->len;
    out_printf(out, "\n/* %s: %s.\n * For", k->kernel->name, k->kernel->doc);
    for (int i = 0; i < k->user.n; i++) {
        const struct group *g = k->user.at[i]->group;
        out_printf(out, "%s %s (%s%s%s)", i ? "," : "", g->out->name, group_text(e->pool, g),
                g->main->layer ? ", " : "", place_text(e, g->main));
    }
    out_printf(out, ". */\n");
    args_text(e->pool, &args, "FN", k->fn);
    for (int i = 0; i < k->args->arg.n; i++)
        vec_push(e->pool, &args.arg, k->args->arg.at[i]);
    if (k->kernel->parts)
        expand_parts(e, k->kernel->parts, &args, out);
    else
        expand(e, pool_printf(e->pool, "%s.c.in", k->kernel->name), &args, NULL, out);
    k->stack = stack_of_text(out->text + start, out->len - start, 4 * k->target->vl);
}

/* "mnist_w3.f", "mnist_c1 + 5" or "(const float *)(const void *)(job->weights + 1024)": a float of an array. */
static const char *weights_pointer(struct emitter *e, int array, int64_t offset)
{
    const struct emit_weights w = text_weights(e);
    if (storage_file(e->opt->storage))
        return pool_printf(e->pool, "(const float *)(const void *)(job->weights + %lld)",
                (long long)(storage_offset(e->plan, array) + 4 * offset));
    const char *name = weights_name(&w, &e->plan->array.at[array]);
    return offset ? pool_printf(e->pool, "%s + %lld", name, (long long)offset) : name;
}

/* "job->input + 5" or "(float *)(void *)(job->arena + 1024)": element (0, 0, 0, 0) of a view. */
static const char *view_pointer(struct emitter *e, const struct view *v, bool output)
{
    const struct emit_face face = face_of(e);
    if (v->place == PLACE_WEIGHTS)
        return weights_pointer(e, v->index, v->offset);
    if (v->place == PLACE_ARENA)
        return pool_printf(e->pool, "(%s%s *)(void *)(job->arena + %lld)", output ? "" : "const ",
                face_type(v->type), (long long)(e->plan->buffer.at[v->index].offset + 4 * v->offset));
    const char *name = face_pointer(&face, v->place == PLACE_OUTPUT, v->index);
    return v->offset ? pool_printf(e->pool, "job->%s + %lld", name, (long long)v->offset)
                     : pool_printf(e->pool, "job->%s", name);
}

static void write_call(struct emitter *e, const struct step *s, const struct binding *b, struct out *out)
{
    out_printf(out, "    %s(", find_instance(e, s, b)->fn);
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
static void write_halo(struct emitter *e, const struct step *s, const struct binding *b, struct out *out)
{
    const struct view *v = &s->out;
    const char *unit[] = {"first", "last"}, *row[2];
    if (view_gap(v) == 0)
        return;
    for (int i = 0; i < 2; i++)
        row[i] = b->crossing.times ? row_of_images(e, unit[i], v->h)
                                   : row_of_unit(e, unit[i], (int64_t)v->n * v->h, b->units);
    if (b->crossing.times)
        out_printf(out, "    const int units = %s_units(&job->work[%d], job->images);\n\n", e->opt->prefix,
                s->index - 1);
    out_printf(out, "    cnn_clear_halo(%s, %s, %s, %lld, %d, %lld, %d, %d, %d);\n",
            view_pointer(e, v, true), row[0], row[1], (long long)v->row, v->w, (long long)v->pixel, v->c,
            v->left, view_gap(v));
}

static void write_step(struct emitter *e, const struct step *s, const struct target *t, struct out *out)
{
    const struct binding *b = &s->bind[t->id];
    out_printf(out, "\nstatic void %s(const struct %s_job *job, int first, int last, int thread)\n{\n",
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
        out_printf(out, "    {%s, %d, %d", step_fn(e, s, t), b->units, b->units < s->parts ? b->units : s->parts);
        if (e->plan->graph->batch > 1)
            out_printf(out, ", %d, %d, %d", c.of, c.per, c.times);
        out_printf(out, "},\n");
    }
    out_printf(out, "};\n");
}

/* The text of a runtime file: an #include, or with --standalone the file itself, those that it includes
 * in their places. */
static void write_runtime(struct emitter *e, const char *name, struct out *out)
{
    if (!e->opt->standalone) {
        out_printf(out, "#include \"%s\"\n", name);
        return;
    }
    const struct source *src = template_builtin(name);
    if (!src)
        bug("no runtime file '%s'", name);
    for (int line = 1;; line++) {
        size_t len;
        const char *text = source_line(src, line, &len);
        if (text >= src->text + src->len)
            return;
        char file[64];
        if (sscanf(text, "#include \"cnn_%50[^\"]\"", file) == 1) {
            if (strcmp(file, "rt.h"))
                write_runtime(e, pool_printf(e->pool, "cnn_%s", file), out);
        } else {
            out_write(out, text, len);
            out_write(out, "\n", 1);
        }
    }
}

static void write_region_start(const struct target *t, struct out *out)
{
    if (!t->attribute)
        return;
    out_printf(out, "#if defined(__clang__)\n");
    out_printf(out, "#pragma clang attribute push(__attribute__((target(\"%s\"))), apply_to = function)\n",
            t->attribute);
    out_printf(out, "#else\n#pragma GCC push_options\n#pragma GCC target(\"%s\")\n#endif\n", t->attribute);
}

static void write_region_end(const struct target *t, struct out *out)
{
    if (t->attribute)
        out_printf(out, "\n#if defined(__clang__)\n#pragma clang attribute pop\n#else\n#pragma GCC pop_options\n#endif\n");
}

/* Whether an instance calls more than cnn_vec_*.h has: functions such as exp and tanh. */
static bool needs_math(const struct emitter *e, const struct target *t)
{
    for (int i = 0; i < e->instance.n; i++) {
        const struct instance *k = &e->instance.at[i];
        for (int a = 0; k->target == t && a < k->args->arg.n; a++) {
            const char *text = k->args->arg.at[a].text;
            if (k->kernel->math || (text && !strncmp(text, "vf_", 3) && strcmp(text, "vf_relu")))
                return true;
        }
    }
    return false;
}

/* Once per instruction set, also where several models are compiled as one file. */
static void write_math(struct emitter *e, const char *upper, struct out *out)
{
    out_printf(out, "#ifndef CNN_MATH_%s\n#define CNN_MATH_%s\n", upper, upper);
    write_runtime(e, "cnn_math.h", out);
    out_printf(out, "#endif\n");
}

static void write_target(struct emitter *e, const struct target *t, struct out *out)
{
    const char *upper = pool_upper(e->pool, t->name);
    out_printf(out, "/* ---- %s ", t->title);
    for (size_t i = strlen(t->title); i < 90; i++)
        out_printf(out, "-");
    out_printf(out, " */\n\n#if %s_%s\n", e->upper, upper);
    write_region_start(t, out);
    write_runtime(e, t->header, out);
    if (needs_math(e, t))
        write_math(e, upper, out);
    for (int i = 0; i < e->instance.n; i++)
        if (e->instance.at[i].target == t)
            write_instance(e, &e->instance.at[i], out);
    write_region_end(t, out);
    for (int i = 0; i < e->plan->step.n; i++)
        write_step(e, e->plan->step.at[i], t, out);
    write_table(e, t, out);
    out_printf(out, "\n#endif /* %s_%s */\n\n", e->upper, upper);
}

static void insert_targets(struct emitter *e, struct out *out)
{
    for (int i = 0; i < TARGET_COUNT; i++)
        if (e->plan->targets & TARGET_BIT(i))
            write_target(e, &targets[i], out);
}

/* ---- the file's other holes --------------------------------------------------------------------- */

static void insert_runtime(struct emitter *e, struct out *out)
{
    if (e->opt->standalone)
        out_printf(out, "#undef CNN_API\n#define CNN_API static\n");
    write_runtime(e, "cnn_rt.h", out);
    write_runtime(e, "cnn_names.h", out);
    if (storage_file(e->opt->storage))
        write_runtime(e, "cnn_weights.h", out);
    if (e->opt->standalone)
        write_runtime(e, "cnn_rt.c", out);
    if (any_bytes(e) && !e->opt->split)
        out_printf(out, "\n#if defined(__GNUC__)\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n#endif\n");
}

/* The plan as a table in the opening comment. */
static void insert_plan(struct emitter *e, struct out *out)
{
    out_printf(out, "* %4s  %-22s %-14s %-18s %13s %11s  %s\n", "step", "result", "shape", "kernel", "MACs",
            "weights", "what");
    for (int i = 0; i < e->plan->step.n; i++) {
        const struct step *s = e->plan->step.at[i];
        out_printf(out, "* %4d  %-22s %-14s %-18s %13lld %11lld  %s\n", s->index, s->group->out->name,
                hwc_text(e, s->group->out), s->kernel->name, (long long)s->macs, (long long)(4 * s->weights),
                group_text(e->pool, s->group));
    }
    const struct plan *p = e->plan;
    for (int i = 0; i < p->array.n; i++)
        if (!p->array.at[i].step)
            out_printf(out, "*    -  %-22s %-14s %-18s %13s %11lld  constant\n", p->array.at[i].node->name,
                    hwc_text(e, p->array.at[i].node->out), "(read in place)", "0",
                    (long long)(4 * p->array.at[i].weights));
    out_printf(out, "*\n* Math: %s.\n* Arena: %lld bytes (tensors alive at once %lld, halos and rounding %lld, "
            "gaps %lld)\n* and %lld of scratch for each thread. Weights: %lld bytes.\n",
            math_modes[p->math], (long long)p->shared_bytes, (long long)p->tensor_bytes,
            (long long)(p->lower_bound - p->tensor_bytes),
            (long long)(p->shared_bytes - p->lower_bound), (long long)p->scratch_bytes,
            (long long)p->weight_bytes);
    if (e->opt->tuning)
        out_printf(out, "* Kernels chosen by the times in %s.\n", e->opt->tuning);
}

static void insert_pointers(struct emitter *e, struct out *out)
{
    const struct emit_face face = face_of(e);
    const struct graph *g = e->plan->graph;
    for (int i = 0; i < g->input.n; i++)
        out_printf(out, "const %s *%s;\n", face_type(g->input.at[i]->type), face_pointer(&face, false, i));
    for (int i = 0; i < g->output.n; i++)
        out_printf(out, "float *%s;\n", face_pointer(&face, true, i));
}

/* The most threads that any step can use. */
static int most_parts(const struct plan *plan)
{
    int most = 1;
    for (int i = 0; i < plan->step.n; i++)
        if (plan->step.at[i]->parts > most)
            most = plan->step.at[i]->parts;
    return most < plan->max_threads ? most : plan->max_threads;
}

static void insert_walk(struct emitter *e, struct out *out)
{
    for (int i = 0; i < e->plan->step.n; i++) {
        const struct step *s = e->plan->step.at[i];
        const struct group *g = s->group;
        out_printf(out, "/* %s: %s%s%s, %s", g->out->name, g->in.n ? hwc_text(e, g->in.at[0]) : "",
                g->in.n ? " -> " : "", hwc_text(e, g->out), group_text(e->pool, g));
        out_printf(out, "%s%s */\n", g->main->layer ? "    " : "", place_text(e, g->main));
        if (s->meet && most_parts(e->plan) > 1)
            out_printf(out, "%s_meet(threads);\n", e->opt->prefix);
        out_printf(out, "%s_do(job, %d, thread, threads);\n", e->opt->prefix, i);
    }
}

static bool any_nchw(const struct graph *g)
{
    for (int i = 0; i < g->input.n; i++)
        if (input_is_nchw(g->input.at[i]->maker))
            return true;
    return false;
}

/* Where each step's result lies, for the hook. */
static void insert_taps(struct emitter *e, struct out *out)
{
    const char *p = e->opt->prefix;
    out_printf(out, "static const struct %s_result {\n    const char *layer;\n    int place; /* -1: the arena; else the output's number */\n"
            "    size_t offset; /* floats */\n    int extent[4];\n    ptrdiff_t pitch[3];\n} %s_results[%d] = {\n",
            p, p, e->plan->step.n);
    for (int i = 0; i < e->plan->step.n; i++) {
        const struct step *s = e->plan->step.at[i];
        const struct view *v = &s->out;
        int64_t offset = v->offset;
        if (v->place == PLACE_ARENA)
            offset += e->plan->buffer.at[v->index].offset / 4;
        out_printf(out, "    {\"%s\", %d, %lld, {%d, %d, %d, %d}, {%lld, %lld, %lld}},\n", s->group->out->name,
                v->place == PLACE_ARENA ? -1 : v->index, (long long)offset, v->n, v->h, v->w, v->c,
                (long long)v->image, (long long)v->row, (long long)v->pixel);
    }
    out_printf(out, "};\n");
}

static void insert_tap(struct emitter *e, struct out *out)
{
    const struct emit_face face = face_of(e);
    const struct graph *g = e->plan->graph;
    out_printf(out, "const float *base = (const float *)(const void *)job->arena;\n\n");
    for (int i = 0; i < g->output.n; i++)
        out_printf(out, "if (r->place == %d)\n    base = job->%s;\n", i, face_pointer(&face, true, i));
}

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
    expand(e, "selftest.c.in", &a, insert_selftest_part, out);
}

static void insert_selftest_declaration(struct emitter *e, struct out *out)
{
    out_printf(out, "#define %s_SELFTEST_BYTES (%lld + %s_ARENA_BYTES)\n", e->upper,
            (long long)selftest_io_bytes(e->opt->selftest), e->upper);
    out_printf(out, "%s_status %s_selftest(%svoid *arena, size_t arena_bytes);\n", e->opt->prefix,
            e->opt->prefix, e->opt->storage == STORAGE_BIN ? "const void *weights, size_t weight_bytes, " : "");
}

static const struct { const char *name; void (*write)(struct emitter *, struct out *); } holes[] = {
    {"plan", insert_plan}, {"runtime", insert_runtime}, {"weights_link", insert_weights_link},
    {"weights_asm", insert_weights_asm}, {"weights_check", insert_weights_check},
    {"weights_declarations", insert_weights_declarations}, {"weights_definitions", insert_weights_definitions},
    {"pointers", insert_pointers}, {"targets", insert_targets}, {"taps", insert_taps}, {"tap", insert_tap},
    {"walk", insert_walk},
    {"selftest", insert_selftest}, {"selftest_declaration", insert_selftest_declaration},
};

static void insert(void *context, const char *name, struct out *out)
{
    struct emitter *e = context;
    const struct emit_face face = face_of(e);
    if (face_insert(&face, name, out))
        return;
    for (int i = 0; i < (int)(sizeof holes / sizeof holes[0]); i++)
        if (!strcmp(name, holes[i].name)) {
            holes[i].write(e, out);
            return;
        }
    bug("no hole '%s'", name);
}

/* ---- both files ---------------------------------------------------------------------------------- */

static struct args common_args(struct emitter *e)
{
    struct args a = {0};
    args_text(e->pool, &a, "MODEL", e->opt->prefix);
    args_text(e->pool, &a, "UPPER", e->upper);
    args_text(e->pool, &a, "SPEC", e->opt->spec_name);
    args_text(e->pool, &a, "COMMAND", e->opt->command);
    args_text(e->pool, &a, "VERSION", CNNGEN_VERSION);
    args_int(e->pool, &a, "NUMBER", CNNGEN_VERSION_NUMBER);
    args_text(e->pool, &a, "HASH", hash_text(e, e->hash));
    args_int(e->pool, &a, "SHARED", e->plan->shared_bytes);
    args_int(e->pool, &a, "SCRATCH", e->plan->scratch_bytes);
    args_int(e->pool, &a, "STEPS", e->plan->step.n);
    args_int(e->pool, &a, "BATCH", e->plan->graph->batch);
    args_int(e->pool, &a, "SELFTEST", e->opt->selftest != NULL);
    args_int(e->pool, &a, "LABELS", e->plan->graph->labels.n > 0);
    args_int(e->pool, &a, "STATIC", e->opt->static_arena);
    args_text(e->pool, &a, "WEIGHTS", storage_file(e->opt->storage) ? storages[e->opt->storage] : "text");
    return a;
}

static void emit_header(struct emitter *e, int64_t stack, struct out *out)
{
    struct args a = common_args(e);
    args_int(e->pool, &a, "STACK", stack);
    args_int(e->pool, &a, "ALIGN", ARENA_ALIGN);
    args_int(e->pool, &a, "THREADS", e->plan->max_threads);
    args_int(e->pool, &a, "WEIGHT_BYTES",
            storage_file(e->opt->storage) ? storage_bytes(e->plan) : e->plan->weight_bytes);
    args_text(e->pool, &a, "ID", hash_text(e, e->id));
    args_int(e->pool, &a, "NCHW", any_nchw(e->plan->graph));
    expand(e, "model.h.in", &a, insert, out);
}

/* "!NET_SSE2 && !NET_NEON": that none of the instruction sets on which others build is in the build. */
static const char *no_vectors(const struct emitter *e)
{
    const char *text = "";
    for (int i = TARGET_SCALAR + 1; i < TARGET_COUNT; i++)
        if ((e->plan->targets & TARGET_BIT(i)) && (int)targets[i].base == i)
            text = pool_printf(e->pool, "%s%s!%s_%s", text, *text ? " && " : "", e->upper,
                    pool_upper(e->pool, targets[i].name));
    return *text ? pool_printf(e->pool, "(%s)", text) : "1";
}

static void emit_program(struct emitter *e, struct out *out)
{
    static const struct { const char *name; enum target_id id; } flags[] = {
        {"SSE2", TARGET_SSE2}, {"AVX2", TARGET_AVX2}, {"AVX512", TARGET_AVX512}, {"NEON", TARGET_NEON},
        {"WASM", TARGET_WASM}};
    struct args a = common_args(e);
    args_text(e->pool, &a, "HEADER", e->draft ? "" : e->opt->header_name);
    args_int(e->pool, &a, "SPANS", e->plan->graph->input.n + e->plan->graph->output.n + 1
            + (e->opt->storage == STORAGE_BIN));
    args_int(e->pool, &a, "WRITTEN", 1 + e->plan->graph->output.n);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        args_int(e->pool, &a, flags[i].name, (e->plan->targets & TARGET_BIT(flags[i].id)) != 0);
    args_text(e->pool, &a, "NO_VECTORS", no_vectors(e));
    args_int(e->pool, &a, "STRICT", e->plan->math == MATH_STRICT);
    args_int(e->pool, &a, "BYTES", any_bytes(e) || storage_file(e->opt->storage));
    args_int(e->pool, &a, "PARTS", most_parts(e->plan));
    args_int(e->pool, &a, "SPLIT", e->opt->split);
    expand(e, "model.c.in", &a, insert, out);
}

/* ---- stack --------------------------------------------------------------------------------------- */

/* The driver's, and that of the kernel's function with the most: steps call one at a time. */
static void find_stack(struct emitter *e, struct stack *stack)
{
    const struct graph *g = e->plan->graph;
    int64_t most = 0;
    for (int i = 0; i < e->instance.n; i++) {
        const struct instance *k = &e->instance.at[i];
        vec_push(e->pool, &stack->use, (struct stack_use){k->fn, k->user.at[0]->group->main->at, k->stack});
        most = k->stack > most ? k->stack : most;
    }
    const int64_t each = STACK_POINTER + (g->batch > 1 ? STACK_PASSED : 0);
    stack->bytes = STACK_DRIVER + each * (g->input.n + g->output.n) + most;
}

/* The file of --split-weights. */
static void emit_split(struct emitter *e, struct out *out)
{
    struct args a = {0};
    args_text(e->pool, &a, "MODEL", e->opt->prefix);
    args_text(e->pool, &a, "UPPER", e->upper);
    args_text(e->pool, &a, "SPEC", e->opt->spec_name);
    args_text(e->pool, &a, "FILE", e->opt->c_name);
    args_text(e->pool, &a, "COMMAND", e->opt->command);
    args_text(e->pool, &a, "VERSION", CNNGEN_VERSION);
    args_int(e->pool, &a, "NONE", e->plan->weight_bytes == 0);
    args_int(e->pool, &a, "BYTES", any_bytes(e));
    args_text(e->pool, &a, "WEIGHTS", storage_file(e->opt->storage) ? storages[e->opt->storage] : "text");
    expand(e, "weights.c.in", &a, insert, out);
}

/* The hash of a file without its opening comment. */
static uint64_t body_hash(const struct out *out)
{
    const char *body = strstr(out->text, "*/");
    body = body ? body : out->text;
    return storage_hash(body, strlen(body));
}

/* The hashes from drafts without them. The program's id: programs with equal ones differ in the values of weights
 * at most. That of both files: of all that they say, and of the weights where these are in the C file. */
static void find_hashes(struct emitter *e)
{
    struct stack stack = {0};
    struct out c, h;
    out_init(&c);
    out_init(&h);
    e->draft = true;
    emit_program(e, &c);
    const bool apart = storage_file(e->opt->storage) || e->opt->split;
    if (apart)
        e->id = body_hash(&c);
    find_stack(e, &stack);
    emit_header(e, stack.bytes, &h);
    const char *all = pool_printf(e->pool, "%s %s %s", hash_text(e, body_hash(&c)), hash_text(e, body_hash(&h)),
            hash_text(e, apart ? 0 : storage_content(e->plan)));
    e->hash = storage_hash(all, strlen(all));
    e->draft = false;
    out_free(&c);
    out_free(&h);
}

bool emit(const struct plan *plan, const struct emit_options *opt, struct emitted *text, struct diag *diag)
{
    struct emitter e = {.plan = plan, .opt = opt, .pool = plan->pool, .diag = diag};
    e.upper = pool_upper(e.pool, opt->prefix);
    find_instances(&e);
    find_hashes(&e);
    if (e.failed)
        return false;
    if (storage_file(opt->storage))
        storage_write(plan, e.id, &text->w);
    if (opt->split)
        emit_split(&e, &text->split);
    emit_program(&e, &text->c);
    find_stack(&e, &text->stack);
    emit_header(&e, text->stack.bytes, &text->h);
    return !e.failed;
}

void emitted_init(struct emitted *text)
{
    out_init(&text->c);
    out_init(&text->h);
    out_init(&text->w);
    out_init(&text->split);
    text->stack = (struct stack){0};
}

void emitted_free(struct emitted *text)
{
    out_free(&text->c);
    out_free(&text->h);
    out_free(&text->w);
    out_free(&text->split);
}
