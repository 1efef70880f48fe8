/* run: the reference evaluation of a network on .npy files, in double precision. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eval.h"
#include "images.h"
#include "npy.h"
#include "session.h"

/* One of the network's outputs, of all images. */
struct result {
    const struct tensor *tensor;
    double *at;
    int rank;                  /* with the images in front, if the input has them */
    int64_t dim[LIMIT_RANK + 1];
    int64_t size;
};

static struct result *make_results(struct session *s, const struct images *images)
{
    const struct graph *g = s->graph;
    struct result *r = NEW_ARRAY(s->pool, struct result, g->output.n);
    for (int i = 0; i < g->output.n; i++) {
        const struct shape *shape = &g->output.at[i]->shape;
        r[i].tensor = g->output.at[i];
        if (images->stacked)
            r[i].dim[r[i].rank++] = images->count;
        for (int k = 0; k < shape->rank; k++)
            r[i].dim[r[i].rank++] = shape->dim[k];
        r[i].size = images->count * shape_size(shape);
        r[i].at = NEW_ARRAY(s->pool, double, r[i].size);
    }
    return r;
}

/* ---- evaluating ------------------------------------------------------------------------------ */

static void evaluate(const struct graph *g, const struct images *images, int64_t image,
        struct result *r)
{
    struct tval *all = calloc((size_t)g->layer.n, sizeof *all);
    struct tval *in = calloc((size_t)g->input.n, sizeof *in);
    if (!all || !in)
        die("out of memory");
    for (int i = 0; i < g->input.n; i++) {
        int64_t n = shape_size(&g->input.at[i]->shape);
        in[i] = tval_new(&g->input.at[i]->shape);
        memcpy(in[i].v, images->at[i] + image * n, (size_t)n * sizeof *in[i].v);
    }
    eval_graph(g, in, all);
    for (int i = 0; i < g->output.n; i++) {
        int64_t n = shape_size(&g->output.at[i]->shape);
        memcpy(r[i].at + image * n, all[g->output.at[i]->layer].v, (size_t)n * sizeof *r[i].at);
    }
    for (int i = 0; i < g->input.n; i++)
        tval_free(&in[i]);
    for (int k = 0; k < g->layer.n; k++)
        tval_free(&all[k]);
    free(in);
    free(all);
}

/* ---- printing, as NumPy does ----------------------------------------------------------------- */

enum { EDGE = 3, ALL_UP_TO = 1000, LINE = 79 };

struct printer {
    struct out out;
    const struct result *r;
    int width;                 /* of the widest number shown */
    int column;
};

/* Whether element i of n is left out; *skip_to is the next one that isn't. */
static bool is_skipped(const struct result *r, int64_t i, int64_t n, int64_t *skip_to)
{
    *skip_to = n - EDGE;
    return r->size > ALL_UP_TO && n > 2 * EDGE && i == EDGE;
}

static int number_text(double v, char *text, size_t size)
{
    return snprintf(text, size, "%#.6g", isnan(v) ? fabs(v) : v);
}

static void measure(struct printer *p, int axis, int64_t at)
{
    const struct result *r = p->r;
    for (int64_t i = 0; i < r->dim[axis]; i++) {
        int64_t next;
        char text[40];
        if (is_skipped(r, i, r->dim[axis], &next))
            i = next;
        if (axis + 1 < r->rank) {
            measure(p, axis + 1, (at + i) * r->dim[axis + 1]);
            continue;
        }
        int width = number_text(r->at[at + i], text, sizeof text);
        p->width = width > p->width ? width : p->width;
    }
}

/* The numbers of the last axis: "1 2 3", in lines indented by `indent`. */
static void print_row(struct printer *p, int64_t at, int indent)
{
    const struct result *r = p->r;
    int64_t n = r->dim[r->rank - 1];
    int column = indent;
    for (int64_t i = 0; i < n; i++) {
        int64_t next;
        char text[40] = "...";
        bool skipped = is_skipped(r, i, n, &next);
        int width = skipped ? 3 : p->width;
        if (skipped)
            i = next - 1;
        else
            number_text(r->at[at + i], text, sizeof text);
        if (column > indent && column + 1 + width >= LINE) {
            out_printf(&p->out, "\n%*s", indent, "");
            column = indent;
        }
        out_printf(&p->out, "%s%*s", column > indent ? " " : "", width, text);
        column += width + 1;
    }
}

static void print_axis(struct printer *p, int axis, int64_t at)
{
    const struct result *r = p->r;
    out_printf(&p->out, "[");
    if (axis + 1 == r->rank)
        print_row(p, at, axis + 1);
    for (int64_t i = 0; axis + 1 < r->rank && i < r->dim[axis]; i++) {
        int64_t next;
        if (i > 0)
            out_printf(&p->out, "%.*s%*s", r->rank - axis - 1, "\n\n\n\n", axis + 1, "");
        if (is_skipped(r, i, r->dim[axis], &next)) {
            out_printf(&p->out, "...");
            i = next - 1;
        } else {
            print_axis(p, axis + 1, (at + i) * r->dim[axis + 1]);
        }
    }
    out_printf(&p->out, "]");
}

/* "dense [10]", then the values. */
static void print_result(const struct result *r)
{
    struct printer p = {.r = r};
    out_init(&p.out);
    out_printf(&p.out, "%s [", r->tensor->name);
    for (int i = 0; i < r->rank; i++)
        out_printf(&p.out, "%s%lld", i ? ", " : "", (long long)r->dim[i]);
    out_printf(&p.out, "]\n");
    measure(&p, 0, 0);
    print_axis(&p, 0, 0);
    out_printf(&p.out, "\n");
    session_print(&p.out);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void write_results(struct session *s, const struct result *r, int n)
{
    struct out_file *file = NEW_ARRAY(s->pool, struct out_file, n);
    struct out *text = NEW_ARRAY(s->pool, struct out, n);
    for (int i = 0; i < n; i++) {
        float *f = NEW_ARRAY(s->pool, float, r[i].size);
        for (int64_t k = 0; k < r[i].size; k++)
            f[k] = (float)r[i].at[k];
        out_init(&text[i]);
        npy_text(&text[i], r[i].rank, r[i].dim, f);
        file[i] = (struct out_file){s->options->output_npy.at[i], &text[i], 0};
    }
    session_write(file, n);
    for (int i = 0; i < n; i++)
        out_free(&text[i]);
}

/* ---- the command ----------------------------------------------------------------------------- */

static bool usable(struct session *s, struct images *images)
{
    const struct options *o = s->options;
    const struct graph *g = s->graph;
    if (o->output_npy.n && o->output_npy.n != g->output.n) {
        usage_error("%d --output for a network with %d", o->output_npy.n, g->output.n);
        return false;
    }
    if (o->input.n == 0) {
        usage_error("--input is missing: the network takes %s", images_wanted(s->pool, g));
        return false;
    }
    return images_read(s->pool, g, o->input.at, o->input.n, images);
}

int command_run(struct session *s)
{
    struct images images;
    bool read = session_read(s);
    int status = session_report(s);
    if (!read || status)
        return status;
    if (!usable(s, &images))
        return 2;
    struct result *r = make_results(s, &images);
    for (int64_t i = 0; i < images.count; i++)
        evaluate(s->graph, &images, i, r);
    if (s->options->output_npy.n)
        write_results(s, r, s->graph->output.n);
    for (int i = 0; !s->options->output_npy.n && i < s->graph->output.n; i++)
        print_result(&r[i]);
    return 0;
}
