/* activation.h: element-wise functions, by Keras' names: their meaning, arguments and error bounds. */
#ifndef CNNGEN_ACTIVATION_H
#define CNNGEN_ACTIVATION_H

#include "diag.h"
#include "pool.h"
#include "spec.h"

enum act {
#define ACT(id, ...) ACT_##id,
#include "activation.def"
#undef ACT
    ACT_COUNT
};

enum { MAX_ACT_ARGS = 3 };

struct activation {
    enum act kind;
    float arg[MAX_ACT_ARGS];
};

struct act_def {
    const char *name;              /* "leaky_relu" */
    const char *helper;            /* of the runtime: "vf_leaky_relu"; NULL: not element-wise (softmax) */
    int args;
    const char *arg_name[MAX_ACT_ARGS];   /* Keras' */
    float arg_default[MAX_ACT_ARGS];
    double (*eval)(double x, const float *arg);
    double lipschitz;              /* largest slope, arguments at most 1 in size; INFINITY: none */
    bool partial;                  /* NaN for some numbers */
    bool is_long;                  /* the helper evaluates polynomials: tens of instructions */
    double ulps;                   /* error of the helper, in units in the last place of the result */
    double abs;                    /* and absolutely */
};

extern const struct act_def act_defs[ACT_COUNT];

/* The value, and a bound on what the emitted code's may differ by when x itself is off by at most e. */
double act_eval(const struct activation *, double x);
double act_error(const struct activation *, double x, double e);

/* Keras' ReLU with its arguments, as the simplest function that it is. max_value INFINITY: none. */
struct activation act_relu(float negative_slope, float max_value, float threshold);

bool act_find(const char *name, enum act *);
/* From "relu" or {name: leaky_relu, negative_slope: 0.1}; *out NULL for linear. False after errors. */
bool act_parse(struct pool *, const struct value *, struct diag *, const struct activation **out);
const char *act_text(struct pool *, const struct activation *);  /* "leaky_relu(0.1)" */

#endif
