/* summary.h: what a network is made of and what it costs, for people and for programs. */
#ifndef CNNGEN_SUMMARY_H
#define CNNGEN_SUMMARY_H

#include "plan.h"

/* One layer as written. */
struct fact {
    const struct node *node;
    int64_t params, trainable;
    int64_t macs;               /* of the whole batch, as are the bytes */
    int64_t weight_bytes;       /* as stored, of the steps whose main layer this is */
    int64_t activation_bytes;   /* of its value in memory; 0: it is never there by itself */
    VEC(const char *) kernel;   /* of the steps whose main layer this is */
    const struct node *within;  /* the main layer of the step that computes this one along; NULL */
};

struct summary {
    struct pool *pool;
    const struct graph *graph;
    const struct plan *plan;
    struct fact *layer;         /* graph->layer.n of them */
    int64_t params, trainable, macs;
};

struct out;
struct session;

struct summary summarise(struct session *);   /* that is planned */
void summary_table(const struct summary *, bool unicode, struct out *);
const char *commas(struct pool *, int64_t);      /* "1,234,567" */
void summary_json(const struct summary *, struct out *);

#endif
