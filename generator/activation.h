/* activation.h: element-wise functions, by Keras' names: what they are, how exactly they are
 * computed, and how specifications say them. */
#ifndef CNNGEN_ACTIVATION_H
#define CNNGEN_ACTIVATION_H

#include "diag.h"
#include "pool.h"
#include "spec.h"

/* ---- activation.c: the table, values in double precision ------------------------------------- */

enum act {
    ACT_LINEAR, ACT_RELU, ACT_RELU6,
    ACT_RELU_FULL,                        /* internal: ReLU with all of its arguments */
    ACT_LEAKY_RELU, ACT_ELU, ACT_SELU, ACT_CELU, ACT_GELU,
    ACT_GELU_TANH,                        /* internal: gelu with approximate: true */
    ACT_SIGMOID, ACT_HARD_SIGMOID, ACT_TANH, ACT_HARD_TANH, ACT_SILU, ACT_HARD_SILU, ACT_MISH,
    ACT_SOFTPLUS, ACT_SOFTSIGN, ACT_EXPONENTIAL, ACT_LOG_SIGMOID, ACT_CLIP, ACT_THRESHOLDED_RELU,
    ACT_ABS, ACT_NEGATIVE, ACT_SIGN, ACT_FLOOR, ACT_CEIL, ACT_ROUND, ACT_RECIPROCAL, ACT_SQUARE,
    ACT_SQRT, ACT_RSQRT, ACT_LOG, ACT_ERF, ACT_SIN, ACT_COS, ACT_TAN, ACT_ASIN, ACT_ACOS, ACT_ATAN,
    ACT_SINH, ACT_COSH, ACT_ASINH, ACT_ACOSH, ACT_ATANH,
    ACT_SOFTMAX, ACT_LOG_SOFTMAX,         /* of whole rows: another operator takes their place */
    ACT_COUNT
};

enum { MAX_ACT_ARGS = 3 };

struct activation {
    enum act kind;
    float arg[MAX_ACT_ARGS];
};

struct act_def {
    const char *name;              /* "leaky_relu" */
    const char *helper;            /* of the runtime: "vf_leaky_relu"; NULL: not element-wise */
    int args;
    const char *arg_name[MAX_ACT_ARGS];   /* Keras' */
    float arg_default[MAX_ACT_ARGS];
    double (*eval)(double x, const float *arg);  /* NULL: not element-wise */
    bool is_long;                  /* the helper evaluates polynomials: tens of instructions */
    double ulps;                   /* error of the helper, in units in the last place of the result */
    double abs;                    /* and absolutely */
};

extern const struct act_def act_defs[ACT_COUNT];

double act_eval(const struct activation *, double x);  /* bug() where it isn't element-wise */

/* ---- activation_error.c ---------------------------------------------------------------------- */

/* A bound on what the emitted code may differ by from act_eval when x itself is off by at most
 * e. */
double act_error(const struct activation *, double x, double e);

/* ---- activation_parse.c: from a specification, and back -------------------------------------- */

/* Keras' ReLU with its arguments, as the simplest function that it is. max_value INFINITY: none. */
struct activation act_relu(float negative_slope, float max_value, float threshold);

/* By Keras' name or another one for it; false: there is none. Internal ones have no name. */
bool act_find(const char *name, enum act *);

/* From "relu" or {name: leaky_relu, negative_slope: 0.1}; *out NULL for linear. False after
 * errors. */
bool act_parse(struct pool *, const struct value *, struct diag *, const struct activation **out);

const char *act_text(struct pool *, const struct activation *);  /* "leaky_relu(0.1)" */

#endif
