#include "program.h"

void program_write(struct build *b, const char *template, const struct args *args,
        template_insert *insert, void *context, const char *name)
{
    struct diag *diag = diag_new(b->pool);
    struct template *t = template_load(b->pool, template_builtin(template), diag);
    struct out out;
    out_init(&out);
    if (!t || !template_expand(t, args, insert, context, &out, diag))
        bug("template %s", template);
    build_write(b, name, &out);
    out_free(&out);
}

bool program_openmp(struct build *b)
{
    const struct args none = {0};
    program_write(b, "openmp.c.in", &none, NULL, NULL, "openmp.c");
    return build_openmp(b, "openmp");
}

/* ---- the network's face ---------------------------------------------------------------------- */

const char *program_input_bytes(struct session *s, bool width)
{
    const struct graph *g = s->graph;
    const char *text = "";
    for (int i = 0; i < g->input.n; i++) {
        int64_t element = g->input.at[i]->type == DTYPE_UINT8 ? 1 : 4;
        int64_t size = g->batch * shape_size(&g->input.at[i]->shape);
        text = pool_printf(s->pool, "%s%s%lld", text, i ? ", " : "",
                (long long)(width ? element : element * size));
    }
    return text;
}

static const char *output_floats(struct session *s)
{
    const struct graph *g = s->graph;
    const char *text = "";
    for (int i = 0; i < g->output.n; i++)
        text = pool_printf(s->pool, "%s%s%lld", text, i ? ", " : "",
                (long long)(g->batch * shape_size(&g->output.at[i]->shape)));
    return text;
}

void program_args(struct session *s, struct args *a)
{
    args_text(s->pool, a, "MODEL", s->prefix);
    args_text(s->pool, a, "UPPER", pool_upper(s->pool, s->prefix));
    args_int(s->pool, a, "IN", s->graph->input.n);
    args_int(s->pool, a, "OUT", s->graph->output.n);
    args_text(s->pool, a, "INPUT_BYTES", program_input_bytes(s, false));
    args_text(s->pool, a, "OUTPUT_FLOATS", output_floats(s));
}

/* ---- the weights file ------------------------------------------------------------------------ */

/* Any piece of the file, as literals: those of all pieces make one string. */
static bool put_literals(void *to, const char *text, size_t len)
{
    enum { BYTES = 256 };
    char line[4 * BYTES + 3];
    for (size_t i = 0; i < len; i += BYTES) {
        size_t n = len - i < BYTES ? len - i : BYTES;
        out_raw(to, line, storage_literal((const unsigned char *)text + i, n, line));
    }
    return true;
}

static void write_literals(const void *weights, struct out *out)
{
    out_copy(weights, put_literals, out);
}

static void write_inc(struct build *b, const char *name, const struct out *weights)
{
    struct out out;
    out_init(&out);
    out_late(&out, write_literals, weights);
    build_write(b, name, &out);
    out_free(&out);
}

void program_weights(struct session *s, struct build *b, const char *name)
{
    if (s->options->storage == STORAGE_ASM)
        build_write(b, pool_printf(s->pool, "%s.weights", name), &s->text.w);
    else if (s->options->storage == STORAGE_BIN)
        write_inc(b, pool_printf(s->pool, "%s.inc", name), &s->text.w);
}

void program_weights_args(struct session *s, struct build *b, const char *name, struct args *a)
{
    enum storage storage = s->options->storage;
    args_text(s->pool, a, "WEIGHTS", storage_file(storage) ? storages[storage] : "text");
    args_text(s->pool, a, "WEIGHTS_PATH", build_path(b, pool_printf(s->pool, "%s.weights", name)));
}

/* ---- inputs ---------------------------------------------------------------------------------- */

bool program_images(struct session *s, enum fill fill, struct images *images)
{
    const struct options *o = s->options;
    const struct graph *g = s->graph;
    if (o->input.n == 0) {
        images_random(s->pool, g, g->batch, (uint64_t)o->seed, fill, images);
        return true;
    }
    if (!images_read(s->pool, g, o->input.at, o->input.n, images))
        return false;
    if (images->count != g->batch)
        fprintf(stderr, "cnngen: the inputs hold %lld images; a run takes %lld\n",
                (long long)images->count, (long long)g->batch);
    return images->count == g->batch;
}

void program_inputs(const struct graph *g, const struct images *images, struct out *out)
{
    for (int i = 0; i < g->input.n; i++) {
        int64_t n = g->batch * shape_size(&g->input.at[i]->shape);
        for (int64_t k = 0; k < n; k++) {
            float f = (float)images->at[i][k];
            unsigned char byte = (unsigned char)images->at[i][k];
            if (g->input.at[i]->type == DTYPE_UINT8)
                out_raw(out, (const char *)&byte, 1);
            else
                out_raw(out, (const char *)&f, sizeof f);
        }
    }
}
