#include "emit_face.h"

#include <ctype.h>
#include <string.h>

#include "ops.h"
#include "ops/families.h"

/* ---- names ------------------------------------------------------------------------------------ */

const char *face_part(struct pool *pool, const char *name)
{
    char *copy = pool_copy(pool, name, strlen(name));
    for (char *c = copy; *c; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    return copy;
}

const char *face_pointer(const struct emit_face *f, bool output, int i)
{
    const struct graph *g = f->graph;
    if (output ? g->output.n == 1 : g->input.n == 1)
        return output ? "output" : "input";
    return pool_printf(f->pool, "%s_%s", output ? "out" : "in",
            face_part(f->pool, output ? g->output.at[i]->name : g->input.at[i]->name));
}

/* The macros of the i-th input (or output) begin with this: "MNIST_INPUT". */
static const char *face_macro(const struct emit_face *f, bool output, int i)
{
    const struct graph *g = f->graph;
    const char *kind = output ? "OUTPUT" : "INPUT";
    if (output ? g->output.n == 1 : g->input.n == 1)
        return pool_printf(f->pool, "%s_%s", f->upper, kind);
    const struct tensor *t = output ? g->output.at[i] : g->input.at[i];
    return pool_printf(f->pool, "%s_%s_%s", f->upper, kind, pool_upper(f->pool, face_part(f->pool, t->name)));
}

const char *face_type(enum dtype type) { return type == DTYPE_UINT8 ? "uint8_t" : "float"; }

/* ---- functions -------------------------------------------------------------------------------- */

/* The arguments that all ways of running have: "const float *input, float *output", or without types
 * "input, output", to call one from another. */
static void write_pointers(const struct emit_face *f, bool types, struct out *out)
{
    const struct graph *g = f->graph;
    for (int i = 0; i < g->input.n; i++) {
        out_printf(out, "%s", i ? ", " : "");
        if (types)
            out_printf(out, "const %s *", face_type(g->input.at[i]->type));
        out_printf(out, "%s", face_pointer(f, false, i));
    }
    for (int i = 0; i < g->output.n; i++)
        out_printf(out, ", %s%s", types ? "float *" : "", face_pointer(f, true, i));
    if (f->given)
        out_printf(out, types ? ", const void *weights, size_t weight_bytes" : ", weights, weight_bytes");
}

/* "mnist_status mnist_run(const float *input, float *output, void *arena, size_t arena_bytes)" */
static void write_run(const struct emit_face *f, const char *suffix, const char *more, struct out *out)
{
    out_printf(out, "%s_status %s_run%s(", f->prefix, f->prefix, suffix);
    write_pointers(f, true, out);
    out_printf(out, "%s)", more);
}

static const char arena_arguments[] = ", void *arena, size_t arena_bytes";
static const char thread_arguments[] = ", void *arena, size_t arena_bytes, int threads";

static void insert_run(const struct emit_face *f, struct out *out)
{
    write_run(f, "", arena_arguments, out);
    out_printf(out, ";\n");
}

static void insert_run_head(const struct emit_face *f, struct out *out)
{
    write_run(f, "", arena_arguments, out);
    out_printf(out, "\n");
}

/* "return mnist_run_threads(input, output, arena, arena_bytes, 0);" */
static void insert_run_call(const struct emit_face *f, struct out *out)
{
    out_printf(out, "return %s_run_threads(", f->prefix);
    write_pointers(f, false, out);
    out_printf(out, ", arena, arena_bytes, 0);\n");
}

static void insert_run_threads(const struct emit_face *f, struct out *out)
{
    write_run(f, "_threads", thread_arguments, out);
    out_printf(out, ";\n");
}

static void insert_run_threads_head(const struct emit_face *f, struct out *out)
{
    write_run(f, "_threads", thread_arguments, out);
    out_printf(out, "\n");
}

static void insert_run_static(const struct emit_face *f, struct out *out)
{
    write_run(f, "_static", "", out);
    out_printf(out, ";\n");
}

static void insert_run_static_head(const struct emit_face *f, struct out *out)
{
    write_run(f, "_static", "", out);
    out_printf(out, "\n");
}

/* "return mnist_run(input, output, mnist_own_arena(), MNIST_ARENA_BYTES);" */
static void insert_run_static_call(const struct emit_face *f, struct out *out)
{
    out_printf(out, "return %s_run(", f->prefix);
    write_pointers(f, false, out);
    out_printf(out, ", %s_own_arena(), %s_ARENA_BYTES);\n", f->prefix, f->upper);
}

static void insert_run_check(const struct emit_face *f, struct out *out)
{
    const struct graph *g = f->graph;
    out_printf(out, "if (!arena%s", f->given ? " || !weights" : "");
    for (int i = 0; i < g->input.n; i++)
        out_printf(out, " || !%s", face_pointer(f, false, i));
    for (int i = 0; i < g->output.n; i++)
        out_printf(out, " || !%s", face_pointer(f, true, i));
    out_printf(out, ")\n    return %s_ERR_NULL;\n", f->upper);
}

/* What a run writes, then what it reads, for cnn_overlap: "{output, MNIST_OUTPUT_SIZE * sizeof *output}," */
static void insert_run_spans(const struct emit_face *f, struct out *out)
{
    const struct graph *g = f->graph;
    for (int i = 0; i < g->output.n; i++)
        out_printf(out, "{%s, %s_SIZE * sizeof(float)},\n", face_pointer(f, true, i), face_macro(f, true, i));
    for (int i = 0; i < g->input.n; i++)
        out_printf(out, "{%s, %s_SIZE * sizeof(%s)},\n", face_pointer(f, false, i), face_macro(f, false, i),
                face_type(g->input.at[i]->type));
    if (f->given)
        out_printf(out, "{weights, %s_WEIGHT_BYTES},\n", f->upper);
}

static void insert_run_job(const struct emit_face *f, struct out *out)
{
    const struct graph *g = f->graph;
    for (int i = 0; i < g->input.n; i++)
        out_printf(out, "job.%s = %s;\n", face_pointer(f, false, i), face_pointer(f, false, i));
    for (int i = 0; i < g->output.n; i++)
        out_printf(out, "job.%s = %s;\n", face_pointer(f, true, i), face_pointer(f, true, i));
}

static void write_size(const struct emit_face *f, bool output, int i, struct out *out)
{
    const struct graph *g = f->graph;
    const struct tensor *t = output ? g->output.at[i] : g->input.at[i];
    const char *name = face_macro(f, output, i);
    const struct input *in = output ? NULL : t->maker->attr;
    struct hwc d = shape_hwc(in ? &in->shape : &t->shape);
    out_printf(out, "#define %s_SIZE %lld /* %s%s */\n", name, (long long)(shape_size(&t->shape) * g->batch),
            t->name, input_is_nchw(t->maker) ? ": [channels][height][width]" : "");
    out_printf(out, "#define %s_HEIGHT %d\n#define %s_WIDTH %d\n#define %s_CHANNELS %d\n", name, d.h,
            name, d.w, name, d.c);
}

static void insert_sizes(const struct emit_face *f, struct out *out)
{
    const struct graph *g = f->graph;
    for (int i = 0; i < g->input.n; i++)
        write_size(f, false, i, out);
    for (int i = 0; i < g->output.n; i++)
        write_size(f, true, i, out);
}

/* ---- holes ------------------------------------------------------------------------------------ */

static const struct { const char *name; void (*write)(const struct emit_face *, struct out *); } holes[] = {
    {"run", insert_run}, {"run_head", insert_run_head}, {"run_call", insert_run_call},
    {"run_threads", insert_run_threads}, {"run_threads_head", insert_run_threads_head},
    {"run_static", insert_run_static}, {"run_static_head", insert_run_static_head},
    {"run_static_call", insert_run_static_call}, {"run_check", insert_run_check},
    {"run_spans", insert_run_spans}, {"run_job", insert_run_job}, {"sizes", insert_sizes},
};

bool face_insert(const struct emit_face *f, const char *name, struct out *out)
{
    for (int i = 0; i < (int)(sizeof holes / sizeof holes[0]); i++)
        if (!strcmp(name, holes[i].name)) {
            holes[i].write(f, out);
            return true;
        }
    return false;
}
