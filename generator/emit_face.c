#include "emit_face.h"

#include <ctype.h>
#include <string.h>

#include "labels.h"
#include "ops.h"
#include "ops/families.h"

/* ---- names ----------------------------------------------------------------------------------- */

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
    return pool_printf(f->pool, "%s_%s_%s", f->upper, kind,
            pool_upper(f->pool, face_part(f->pool, t->name)));
}

const char *face_type(enum dtype type) { return type == DTYPE_UINT8 ? "uint8_t" : "float"; }

/* ---- functions ------------------------------------------------------------------------------- */

/* The arguments that all ways of running have: "const float *input, float *output", or without
 * types "input, output", to call one from another. */
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
        out_printf(out, types ? ", const void *weights, size_t weight_bytes"
                : ", weights, weight_bytes");
}

/* The functions that run a network: what they are called with beside the pointers, and how they
 * call the next. */
#define ARENA   ", void *arena, size_t arena_bytes"
#define THREADS ARENA ", int threads"
#define IMAGES  THREADS ", int images"

struct way {
    const char *name;              /* of its holes; with "_head", "_call" of its definition */
    const char *suffix;
    const char *more;              /* parameters */
    const char *next;              /* the suffix of the function that does it */
    const char *arguments;         /* of that, behind the pointers; %P and %U are prefixes */
};

static const struct way ways[] = {
    {"run", "", ARENA, "_threads", "arena, arena_bytes, 0"},
    {"run_threads", "_threads", THREADS, "_batch", "arena, arena_bytes, threads, %U_BATCH"},
    {"run_batch", "_batch", IMAGES, NULL, NULL},
    {"run_static", "_static", "", "", "%P_own_arena(), %U_ARENA_BYTES"},
    {"run_static_batch", "_static_batch", ", int images", "_batch",
        "%P_own_arena(), %U_ARENA_BYTES, 0, images"},
};

/* "mnist_status mnist_run(const float *input, float *output, void *arena, size_t arena_bytes)" */
static void write_head(const struct emit_face *f, const struct way *w, struct out *out)
{
    out_printf(out, "%s_status %s_run%s(", f->prefix, f->prefix, w->suffix);
    write_pointers(f, true, out);
    out_printf(out, "%s)", w->more);
}

/* "return mnist_run_threads(input, output, arena, arena_bytes, 0);" */
static void write_call(const struct emit_face *f, const struct way *w, struct out *out)
{
    out_printf(out, "return %s_run%s(", f->prefix, w->next);
    write_pointers(f, false, out);
    out_printf(out, ", ");
    for (const char *c = w->arguments; *c; c++)
        if (*c == '%')
            out_printf(out, "%s", *++c == 'P' ? f->prefix : f->upper);
        else
            out_printf(out, "%c", *c);
    out_printf(out, ");\n");
}

static bool insert_way(const struct emit_face *f, const struct way *w, const char *name,
        struct out *out)
{
    size_t len = strlen(w->name);
    const char *part = name + len;
    if (strncmp(name, w->name, len) != 0)
        return false;
    if (!strcmp(part, "_call")) {
        write_call(f, w, out);
        return true;
    }
    if (*part && strcmp(part, "_head") != 0)
        return false;
    write_head(f, w, out);
    out_printf(out, *part ? "\n" : ";\n");
    return true;
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

/* "{output, MNIST_OUTPUT_SIZE * sizeof(float)},", or of as many images as there are. */
static void write_span(const struct emit_face *f, bool output, int i, struct out *out)
{
    const struct graph *g = f->graph;
    const char *type = output ? "float" : face_type(g->input.at[i]->type);
    const char *macro = face_macro(f, output, i);
    out_printf(out, "{%s, ", face_pointer(f, output, i));
    if (g->batch > 1)
        out_printf(out, "(size_t)images * (%s_SIZE / %s_BATCH)", macro, f->upper);
    else
        out_printf(out, "%s_SIZE", macro);
    out_printf(out, " * sizeof(%s)},\n", type);
}

/* What a run writes, then what it reads, for cnn_overlap. */
static void insert_run_spans(const struct emit_face *f, struct out *out)
{
    const struct graph *g = f->graph;
    for (int i = 0; i < g->output.n; i++)
        write_span(f, true, i, out);
    for (int i = 0; i < g->input.n; i++)
        write_span(f, false, i, out);
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
    out_printf(out, "#define %s_SIZE %lld /* %s%s */\n", name,
            (long long)(shape_size(&t->shape) * g->batch),
            t->name, input_is_nchw(t->maker) ? ": [channels][height][width]" : "");
    out_printf(out, "#define %s_HEIGHT %d\n#define %s_WIDTH %d\n#define %s_CHANNELS %d\n", name,
            d.h, name, d.w, name, d.c);
}

static void insert_sizes(const struct emit_face *f, struct out *out)
{
    const struct graph *g = f->graph;
    for (int i = 0; i < g->input.n; i++)
        write_size(f, false, i, out);
    for (int i = 0; i < g->output.n; i++)
        write_size(f, true, i, out);
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* "mnist_labels[MNIST_LABELS]", or of one of several outputs
 * "mnist_labels_prob[MNIST_LABELS_PROB]". */
static const char *label_array(const struct emit_face *f, const struct label_list *list,
        const char **macro)
{
    const struct graph *g = f->graph;
    const char *name = "";
    if (g->output.n > 1)
        name = pool_printf(f->pool, "_%s", face_part(f->pool, g->output.at[list->output]->name));
    *macro = pool_printf(f->pool, "%s_LABELS%s", f->upper, pool_upper(f->pool, name));
    return pool_printf(f->pool, "%s_labels%s[%s]", f->prefix, name, *macro);
}

static void insert_label_declarations(const struct emit_face *f, struct out *out)
{
    for (int i = 0; i < f->graph->labels.n; i++) {
        const struct label_list *list = &f->graph->labels.at[i];
        const char *macro, *array = label_array(f, list, &macro);
        out_printf(out, "#define %s %d\nextern const char *const %s;\n", macro, list->label.n,
                array);
    }
}

static void insert_label_definitions(const struct emit_face *f, struct out *out)
{
    for (int i = 0; i < f->graph->labels.n; i++) {
        const char *macro;
        out_printf(out, "%sconst char *const %s = {\n", i ? "\n" : "",
                label_array(f, &f->graph->labels.at[i], &macro));
        labels_write(&f->graph->labels.at[i], out);
        out_printf(out, "};\n");
    }
}

/* ---- holes ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*write)(const struct emit_face *, struct out *);
} holes[] = {
    {"run_check", insert_run_check}, {"run_spans", insert_run_spans}, {"run_job", insert_run_job},
    {"sizes", insert_sizes},
    {"label_declarations", insert_label_declarations},
    {"label_definitions", insert_label_definitions},
};

bool face_insert(const struct emit_face *f, const char *name, struct out *out)
{
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (insert_way(f, &ways[i], name, out))
            return true;
    for (int i = 0; i < (int)(sizeof holes / sizeof holes[0]); i++)
        if (!strcmp(name, holes[i].name)) {
            holes[i].write(f, out);
            return true;
        }
    return false;
}
