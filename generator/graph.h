/* graph.h: what the specification means: layers as nodes in topological order, tensors as edges.
 *
 * graph_build resolves names, attributes and edges; shape_infer fills in the shapes; weights_load
 * the data; optimise then rewrites the graph in place into what kernels are made for. graph_check
 * holds between all of these. The reference evaluation (eval.h) works on the graph before optimise.
 *
 * Dimension letters, everywhere: N images, H W C height width channels, IC OC input and output
 * channels, IH IW OH OW, KH KW kernel, SH SW strides, DH DW dilation, G groups. Layout is NHWC. */
#ifndef CNNGEN_GRAPH_H
#define CNNGEN_GRAPH_H

#include "diag.h"
#include "limits.h"
#include "pool.h"
#include "spec.h"

enum op {
#define OP(id, def) OP_##id,
#include "ops.def"
#undef OP
    OP_COUNT
};

enum dtype { DTYPE_FLOAT32, DTYPE_UINT8 };

struct shape {
    int rank;                 /* 0: not known (an error was reported); 1..LIMIT_RANK */
    int dim[LIMIT_RANK];      /* outermost first; the batch is not counted; each at least 1 */
};

int64_t shape_size(const struct shape *);                  /* elements of one image */
bool shape_equal(const struct shape *, const struct shape *);
const char *shape_text(struct pool *, const struct shape *);  /* "[28, 28, 1]" */
struct shape shape_of(int rank, const int *dim);

/* A shape seen as an image: [H, W, C]; rank 1 is 1x1xC, rank 2 [M, C] is 1xMxC, rank 4 [D, H, W, C]
 * is (D*H)xWxC. The last dimension is always the channels. */
struct hwc { int h, w, c; };
struct hwc shape_hwc(const struct shape *);

struct tensor {
    const char *name;         /* of the layer that makes it */
    struct shape shape;
    enum dtype type;
    struct node *maker;
    VEC(struct node *) user;  /* each node as often as it uses the tensor */
    bool is_output;           /* of the network */
    int layer;                /* index in graph.layer whose value this is; -1: none's */
};

/* A constant of a layer, in Keras' layout whatever the file's (conv HWIO, dense [in, out]). */
struct weight {
    const char *name;         /* Keras: "kernel", "bias", "gamma" ... */
    const char *torch_name;   /* PyTorch: "weight", "bias", "running_mean" ...; NULL: none */
    struct shape shape;       /* Keras' */
    int8_t torch_order[LIMIT_RANK]; /* torch dimension i is Keras dimension torch_order[i] */
    /* Random weights are 0, 1, as large as fan_in lets a kernel's be, or around 0. */
    enum { INIT_ZERO, INIT_ONE, INIT_KERNEL, INIT_SPREAD } init;
    int64_t fan_in;           /* products summed per output, for INIT_KERNEL */
    bool trainable;           /* as Keras counts parameters */
    bool is_variance;         /* must not be negative */
    const float *data;        /* NULL until weights_load; row-major */
};

enum { MAX_WEIGHTS = 4 };

struct activation;            /* activation.h */
struct tval;                  /* ops.h: a tensor in double precision with error bounds */

/* Puts the error bounds in out right, given the layer and its inputs. */
typedef void bound_fn(const struct node *, const struct tval *in, struct tval *out);

struct node {
    enum op op;
    const char *name;         /* of the layer, or derived: "sep/pointwise" */
    VEC(struct tensor *) in;
    struct tensor *out;
    void *attr;               /* the operator's own struct (ops/NAME.h) */
    const struct activation *act; /* the layer's "activation:", applied behind it; NULL: linear */
    struct weight weight[MAX_WEIGHTS];
    int weights;              /* how many */
    const struct spec_layer *layer; /* where it stands; for derived nodes that of the origin */
    struct span at;           /* the layer's type or name: what diagnostics about it underline */
    bound_fn *bound;          /* of graph.layer: the error bounds of the kernel that the plan chose
                               * for it, where they aren't the operator's; NULL */
    int mark;                 /* scratch of the pass that runs */
};

/* Names of the classes of an output: labels.c. */
struct label { const char *text; size_t len; };
struct label_list {
    int output;               /* of graph.output */
    VEC(struct label) label;
};

struct graph {
    struct pool *pool;
    const struct spec *spec;
    const char *name;         /* the model's */
    int64_t batch;
    VEC(struct node *) node;      /* topological order */
    VEC(struct tensor *) tensor;  /* in order of their makers */
    VEC(struct tensor *) input;   /* outputs of Input nodes, in spec order */
    VEC(struct tensor *) output;  /* in the order of "outputs" */
    VEC(struct node *) layer;     /* the layers as written, in order: optimise leaves them alone */
    VEC(const char *) weight_file;  /* that weights were loaded from, as opened */
    VEC(struct label_list) labels;  /* of outputs that have some */
};

/* Resolves names, edges and attributes. NULL after errors. */
struct graph *graph_build(struct pool *, const struct spec *, struct diag *);

/* Topological order, uses and makers consistent, shapes known: bug() otherwise. */
void graph_check(const struct graph *);

struct out;
void graph_print(const struct graph *, struct out *);  /* --dump=graph, shapes, opt */

/* "Conv2D(filters=256, kernel_size=3x3)": the arguments that aren't the default. */
const char *node_text(struct pool *, const struct node *);

/* ---- for passes ------------------------------------------------------------------------------ */

/* A node in front of origin (at the end when origin is NULL or not in the graph), attributes all
 * zero. */
struct node *graph_node(struct graph *, enum op, const char *name, const struct node *origin);
struct tensor *graph_tensor(struct graph *, struct node *maker, struct shape, enum dtype);

/* Appends an input; moves the node behind its maker. */
void node_input(struct graph *, struct node *, struct tensor *);

/* All uses but that by the maker of `by`, and the place among the network's outputs. */
void tensor_replace(struct graph *, struct tensor *old, struct tensor *by);

/* The only user of a tensor that nobody else sees; NULL: several use it, or it is an output. */
struct node *tensor_sole_user(const struct tensor *);

void node_remove(struct graph *, struct node *);   /* its output must be unused */

/* A node of floats behind n that takes over its users, its place among the outputs and its layer's
 * value. */
struct node *node_put_behind(struct graph *, struct node *n, enum op, const char *name);

/* Removes a node whose output is its first input. */
void node_bypass(struct graph *, struct node *);

/* Of the key's value, else node.at. */
struct span node_attr_at(const struct node *, const char *key);

#endif
