/* diagram.h: the network as boxes and arrows, before it is known where they are drawn.
 *
 * A box is what is computed in one piece: a layer with those that were fused into it (summary.h),
 * or one that needs no code. Arrows go from where a value is made to where it is used, once for
 * each pair. */
#ifndef CNNGEN_DIAGRAM_H
#define CNNGEN_DIAGRAM_H

#include "summary.h"

/* What layers are told apart by at first sight. */
enum kind { KIND_IO, KIND_CONV, KIND_DENSE, KIND_POOL, KIND_NORM, KIND_ACT, KIND_JOIN, KIND_SHAPE,
    KIND_OTHER, KIND_COUNT };

extern const struct kind_look {
    const char *class;         /* of templates/picture.css.in */
    const char *title;         /* for legends */
    const char *fill, *line;   /* colours where there is no style sheet: "#d8e8fb" */
} kind_looks[KIND_COUNT];

enum kind kind_of(const struct node *);

enum line_look { LINE_NAME, LINE_PLAIN, LINE_DIM };
struct text_line { enum line_look look; const char *text; };

struct diagram_box {
    enum kind kind;
    bool output;                   /* a value of it leaves the network */
    VEC(int) layer;                /* indices in graph->layer, in order */
    VEC(struct text_line) line;    /* what stands in it; the name first */
    const char *tooltip;
};

struct arrow { int from, to; };    /* boxes */

struct diagram {
    VEC(struct diagram_box) box;   /* in order of their first layers */
    VEC(struct arrow) arrow;
};

struct diagram diagram_make(const struct summary *);

/* "28×28×1", "10". */
const char *shape_times(struct pool *, const struct shape *);

/* "2.36 M": at most four digits, units of 1000, and " K" ... " T" behind. */
const char *count_text(struct pool *, int64_t);
const char *bytes_text(struct pool *, int64_t);    /* "64.0 KB", of 1024 */

struct step;

/* "3  conv1 … relu1": its number, the layer that it is about, and that whose result it stores; "1
 * image/copy" where the one is a part of the other. */
const char *step_text(struct pool *, const struct step *);

/* "12 layers in 7 steps, 5.34 K parameters, 5.16 M MACs". */
const char *totals_text(const struct summary *);

#endif
