/* eval.h: the reference: naive evaluation in double precision of the graph as written.
 *
 * The engine of `cnngen run`, of verify and of every test's expectation. It works on graph.layer,
 * which optimise never changes, and shares no code with kernels, lowering or folding. */
#ifndef CNNGEN_EVAL_H
#define CNNGEN_EVAL_H

#include "graph.h"
#include "ops.h"

struct tval tval_new(const struct shape *);   /* zeroed; malloc'd, so that layers can be dropped early */
void tval_free(struct tval *);

/* One layer with its activation: out is allocated by the call. */
void eval_layer(const struct node *layer, const struct tval *in, struct tval *out);

/* All layers for one image. in[i] belongs to graph->input.at[i], in the order
 * that input_given (ops/families.h) tells; all[k] receives layer k's value
 * (caller frees each); all has graph->layer.n elements. */
void eval_graph(const struct graph *, const struct tval *in, struct tval *all);

#endif
