/* layout.h: where the boxes of a graph are drawn and how its arrows run.
 *
 * A layered layout (Sugiyama, Tagawa, Toda 1981): boxes in rows, each below all that it takes
 * values from; an arrow that passes rows holds a place in each of them, and the arrows of one box
 * run together as far as they can; rows are ordered by the barycentres of their neighbours, and
 * placed by isotonic regression around one straight line, the longest path. Networks are long and
 * narrow, so that the rows are folded into columns side by side, at places where the values of one
 * box alone pass.
 *
 * Whole numbers throughout: the same on every machine. */
#ifndef CNNGEN_LAYOUT_H
#define CNNGEN_LAYOUT_H

#include "diagram.h"
#include "svg.h"

/* An arrow or a part of one. */
struct route {
    VEC(struct point) at;
    bool curved;               /* from row to row; else from column to column, by right angles */
    bool ends;                 /* at a box */
    int from;                  /* the box that its value comes from */
};

struct layout {
    struct box *box;           /* as many as were given; w and h are the caller's */
    VEC(struct route) route;
    int w, h;
};

/* Fills in x, y, w, h and the routes. False: arrows would take more than 100 000 bends. */
bool layout_make(struct pool *, const struct diagram *, struct layout *);

#endif
