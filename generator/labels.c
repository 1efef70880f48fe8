#include "labels.h"

#include "storage.h"

enum { LABEL_BYTES = 255 };        /* of one: C99 promises strings of 4095 characters, with escapes */

static void check_label(const struct value *v, struct diag *diag)
{
    if (v->kind != VALUE_SCALAR || value_is_null(v))
        diag_error(diag, DIAG_WRONG_TYPE, v->at, "a label is a string, not %s", value_kind_name(v));
    else if (v->len > LABEL_BYTES)
        diag_error(diag, DIAG_TOO_LARGE, v->at, "a label of %zu bytes: the limit is %d", v->len, LABEL_BYTES);
}

static void check_count(const struct graph *g, struct diag *diag)
{
    const struct value *labels = g->spec->labels;
    const struct tensor *t = g->output.at[0];
    const int classes = t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 0;
    if (labels->item.n == classes)
        return;
    diag_error(diag, DIAG_BAD_VALUE, labels->at, "%d label%s for the %d channel%s of output '%s'", labels->item.n,
            labels->item.n == 1 ? "" : "s", classes, classes == 1 ? "" : "s", t->name);
    diag_note(diag, t->maker->at, "the output is made here");
}

void labels_check(const struct graph *g, struct diag *diag)
{
    const struct value *labels = g->spec->labels;
    if (!labels)
        return;
    for (int i = 0; i < labels->item.n; i++)
        check_label(labels->item.at[i], diag);
    if (g->output.n == 1)
        check_count(g, diag);
    else
        diag_error(diag, DIAG_UNSUPPORTED, labels->at, "'labels' are for a model with one output; this one has %d",
                g->output.n);
}

int labels_count(const struct graph *g) { return g->spec->labels ? g->spec->labels->item.n : 0; }

void labels_write(const struct graph *g, struct out *out)
{
    for (int i = 0; i < labels_count(g); i++) {
        const struct value *v = g->spec->labels->item.at[i];
        char text[4 * LABEL_BYTES + 3];
        const size_t n = storage_literal((const unsigned char *)v->text, v->len, text);
        out_printf(out, "%.*s,\n", (int)n - 1, text);   /* without its newline */
    }
}
