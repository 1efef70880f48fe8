/* cnngen-import-tflite: TFLite models. */
#include <errno.h>
#include <string.h>

#include "main.h"
#include "options.h"
#include "text.h"
#include "tflite.h"
#include "tflite_ops.h"

static void read_file(struct pool *pool, const char *path, struct source *src)
{
    switch (source_read(pool, path, TFLITE_MAX_FILE, src)) {
    case SOURCE_OK:
        return;
    case SOURCE_ERRNO:
        die("can't read '%s': %s", path, strerror(errno));
    case SOURCE_NOT_REGULAR:
        die("can't read '%s': not a regular file", path);
    case SOURCE_TOO_BIG:
        die("can't read '%s': larger than a TFLite model's limit of 2 GiB", path);
    }
}

/* --shape may only say what the model says. */
static bool shapes_ok(struct tflite *m, const struct import_options *o)
{
    for (int i = 0; i < o->shape.n; i++) {
        const struct import_shape *s = &o->shape.at[i];
        const struct tflite_tensor *t = NULL;
        for (int k = 0; k < m->input.n; k++)
            if (!strcmp(m->input.at[k]->name, s->input))
                t = m->input.at[k];
        bool same = t && t->dims.rank == s->rank;
        for (int k = 0; same && k < s->rank; k++)
            same = t->dims.at[k] == s->dim[k];
        if (!t)
            diag_error(m->diag, DIAG_UNKNOWN_INPUT, m->at, "--shape: the model has no input '%s'",
                    text_quote(m->diag, s->input));
        else if (!same)
            diag_error(m->diag, DIAG_UNSUPPORTED, m->at,
                    "--shape: the input '%s' is %s, and a TFLite model is made for one size",
                    text_quote(m->diag, s->input), tflite_dims_text(m->pool, &t->dims));
    }
    return !diag_failed(m->diag);
}

static void comment(struct tflite *m)
{
    writer_comment(m->w, "Made by cnngen-import-tflite of %s (TFLite%s%s).",
            options_base_name(m->pool, m->path), *m->description ? ", by " : "",
            text_quote(m->diag, m->description));
    if (m->halves)
        writer_comment(m->w, "Weights were float16.");
    if (m->hybrid)
        writer_comment(m->w, "Weights were int8: here are the numbers that they mean.");
    if (m->pads)
        writer_comment(m->w, "Joined with the convolution behind it: %d times PAD.", m->pads);
    if (m->dilations)
        writer_comment(m->w, "Dilated convolutions that were cut into blocks: %d.", m->dilations);
    if (m->folds)
        writer_comment(m->w, "Computed, as they depend on constants alone: %d operators.",
                m->folds);
}

static struct writer *import(struct pool *pool, const struct import_options *o, struct diag *diag)
{
    struct source src;
    read_file(pool, o->model, &src);
    struct tflite *m = tflite_read(pool, o->model, (const unsigned char *)src.text, src.len, diag);
    if (!m || !shapes_ok(m, o))
        return NULL;
    tflite_fold(m);
    if (!tflite_lower(m, o->name))
        return NULL;
    comment(m);
    return writer_check(m->w, o->output, diag) ? m->w : NULL;
}

int main(int argc, char **argv)
{
    static const struct importer tflite = {"cnngen-import-tflite", "a TFLite model",
        tflite_ops_print, MAKES_SPEC, import};
    return importer_main(&tflite, argc, argv);
}
