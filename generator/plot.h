/* plot.h: pictures of a network: what it is made of, what memory it takes, what time. */
#ifndef CNNGEN_PLOT_H
#define CNNGEN_PLOT_H

#include "diagram.h"
#include "svg.h"

/* Each fills in a picture that picture_init made. False: the arrows are too tangled to be drawn. */
bool plot_graph(const struct summary *, struct picture *);
void plot_memory(const struct summary *, struct picture *);

/* Swatches with titles from `at`, their upper left corner, to the right: one, or one for each kind
 * that is used. Both return where the next one belongs. */
int plot_legend_entry(struct picture *, const char *class, struct point at, const char *title);
int plot_legend(struct picture *, const bool used[KIND_COUNT], struct point at);

struct bench;
void plot_time(const struct bench *, struct picture *);

/* The roofline of plot_time's picture, below y = top. Its lower end; top, and nothing is drawn, where the
 * machine's speeds are not known. */
int plot_roofline(const struct bench *, struct picture *, int top);

/* The graph for Graphviz. */
void plot_dot(const struct summary *, struct out *);

#endif
