/* cnngen-import-onnx: ONNX models. */
#include <errno.h>
#include <string.h>

#include "main.h"
#include "onnx.h"
#include "onnx_ops.h"
#include "options.h"
#include "text.h"

static void read_file(struct pool *pool, const char *path, struct source *src)
{
    switch (source_read(pool, path, ONNX_MAX_FILE, src)) {
    case SOURCE_OK:
        return;
    case SOURCE_ERRNO:
        die("can't read '%s': %s", path, strerror(errno));
    case SOURCE_NOT_REGULAR:
        die("can't read '%s': not a regular file", path);
    case SOURCE_TOO_BIG:
        die("can't read '%s': larger than protobuf's limit of 2 GiB", path);
    }
}

static struct onnx_shape_arg *shape_args(struct pool *pool, const struct import_options *o)
{
    struct onnx_shape_arg *args = NEW_ARRAY(pool, struct onnx_shape_arg, o->shape.n + 1);
    for (int i = 0; i < o->shape.n; i++) {
        const struct import_shape *s = &o->shape.at[i];
        args[i].name = s->input;
        args[i].dims.rank = s->rank;
        memcpy(args[i].dims.at, s->dim, sizeof args[i].dims.at);
    }
    return args;
}

static void comment(const struct onnx *m, struct writer *w)
{
    writer_comment(w, "Made by cnngen-import-onnx of %s (ONNX, opset %d%s%s).",
            options_base_name(m->pool, m->path), m->opset, *m->producer ? ", by " : "",
            text_quote(m->diag, m->producer));
    if (m->calls)
        writer_comment(w, "Calls of the model's own functions, written out: %d.", m->calls);
    if (m->choices)
        writer_comment(w, "Ifs decided, as their conditions are constant: %d.", m->choices);
    if (m->folds)
        writer_comment(w, "Nodes computed, as they depend on constants alone: %d.", m->folds);
    if (m->matches)
        writer_comment(w, "Recognised in small operators: %d.", m->matches);
    if (m->dropped)
        writer_comment(w, "Nodes left out, as they compute nothing: %d.", m->dropped);
}

static struct writer *import(struct pool *pool, const struct import_options *o, struct diag *diag)
{
    struct source src;
    struct writer *w;
    struct pool *file = pool_new();
    read_file(file, o->model, &src);
    struct onnx *m = onnx_read(pool, o->model, (const unsigned char *)src.text, src.len, diag);
    pool_free(file);
    if (m)
        *o->reads = m->reads;
    if (!m || !onnx_set_shapes(m, shape_args(pool, o), o->shape.n) || !onnx_infer(m) ||
            !onnx_match(m) || !onnx_lower(m, o->name, &w))
        return NULL;
    comment(m, w);
    return writer_check(w, o->output, diag) ? w : NULL;
}

int main(int argc, char **argv)
{
    static const struct importer onnx = {"cnngen-import-onnx", "an ONNX model", onnx_ops_print,
        MAKES_SPEC, import};
    return importer_main(&onnx, argc, argv);
}
