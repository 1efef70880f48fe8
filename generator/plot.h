/* plot.h: pictures of a network: what it is made of, what memory it takes, what time. */
#ifndef CNNGEN_PLOT_H
#define CNNGEN_PLOT_H

#include "diagram.h"
#include "svg.h"

/* Each fills in a picture that picture_init made. False: the arrows are too tangled to be drawn. */
bool plot_graph(const struct summary *, struct picture *);
void plot_memory(const struct summary *, struct picture *);

struct bench;
void plot_time(const struct bench *, struct picture *);

/* The graph for Graphviz. */
void plot_dot(const struct summary *, struct out *);

#endif
