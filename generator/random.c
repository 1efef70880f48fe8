#include "random.h"

#include <math.h>
#include <string.h>

#include "activation.h"
#include "ops.h"

/* ---- the generator -------------------------------------------------------------------------- */

uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* FNV-1a, the terminating NUL included so that ("ab", "c") and ("a", "bc") differ. */
static uint64_t hash_text(uint64_t h, const char *s)
{
    for (;; s++) {
        h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
        if (!*s)
            return h;
    }
}

struct random random_seeded(uint64_t seed, const char *layer, const char *weight)
{
    struct random r = {seed};
    r.state = hash_text(random_next(&r), layer);
    r.state = hash_text(r.state, weight);
    r.state = random_next(&r);
    return r;
}

/* to[i] = (k + offset) * scale with k random in [0, 2^24 >> shift). The sum has at most 24 bits, so
 * that the product is rounded once, whatever the platform computes in. */
static void fill(struct random *r, int shift, int32_t offset, float scale, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i += 2) {
        uint64_t bits = random_next(r);
        int32_t a = (int32_t)(bits >> 40) >> shift, b = (int32_t)(bits >> 8 & 0xffffff) >> shift;
        to[i] = (float)(a + offset) * scale;
        if (i + 1 < n)
            to[i + 1] = (float)(b + offset) * scale;
    }
}

void random_uniform(struct random *r, float a, float *to, int64_t n)
{
    fill(r, 0, -(1 << 23), a * 0x1p-23f, to, n);
}

void random_near_one(struct random *r, float *to, int64_t n)
{
    fill(r, 2, 1 << 23, 0.4f * 0x1p-22f, to, n);  /* 0.4 * [2, 3) */
}

/* ---- how large kernels should be ------------------------------------------------------------ */

/* Layers that leave the size of values about as it is. */
static const bool transparent[OP_COUNT] = {
    [OP_BATCH_NORMALIZATION] = true, [OP_MAX_POOLING2D] = true, [OP_AVERAGE_POOLING2D] = true,
    [OP_FLATTEN] = true, [OP_RESHAPE] = true, [OP_PERMUTE] = true, [OP_ZERO_PADDING2D] = true,
    [OP_CROPPING2D] = true, [OP_UP_SAMPLING2D] = true, [OP_DROPOUT] = true,
    [OP_SPATIAL_DROPOUT2D] = true, [OP_GAUSSIAN_DROPOUT] = true, [OP_GAUSSIAN_NOISE] = true,
    [OP_ALPHA_DROPOUT] = true, [OP_ACTIVITY_REGULARIZATION] = true,
};

/* By which the mean square in front of an activation must exceed the one behind; 0 means 1. */
static const double act_gain[ACT_COUNT] = {
    [ACT_RELU] = 2, [ACT_RELU6] = 2, [ACT_RELU_FULL] = 2, [ACT_LEAKY_RELU] = 2, [ACT_ELU] = 1.5,
    [ACT_CELU] = 1.5, [ACT_GELU] = 2, [ACT_GELU_TANH] = 2, [ACT_SILU] = 2.5, [ACT_HARD_SILU] = 2.5,
    [ACT_MISH] = 2,
};

static double node_gain(const struct node *n)
{
    if (n->op == OP_PRELU)
        return 2;
    if (!n->act)
        return 1;
    double gain = act_gain[n->act->kind];
    if (n->act->kind == ACT_LEAKY_RELU)
        gain /= 1 + (double)n->act->arg[0] * (double)n->act->arg[0];
    return gain > 0 ? gain : 1;
}

static bool is_activation(const struct node *n)
{
    return n->op == OP_PRELU || node_family(n) == FAMILY_ACTIVATION;
}

static bool is_sum(const struct node *n) { return n->op == OP_ADD || n->op == OP_SUBTRACT; }

static bool has_kernel(const struct node *n)
{
    for (int i = 0; i < n->weights; i++)
        if (n->weight[i].init == INIT_KERNEL)
            return true;
    return false;
}

/* Is t the result of a kernel, and used for nothing but this? */
static bool from_kernel(const struct tensor *t)
{
    while (t->user.n == 1) {
        const struct node *maker = t->maker;
        if (has_kernel(maker))
            return true;
        if (maker->in.n != 1 || !(transparent[maker->op] || is_activation(maker)))
            return false;
        t = maker->in.at[0];
    }
    return false;
}

static bool all_from_kernels(const struct node *sum)
{
    for (int i = 0; i < sum->in.n; i++)
        if (!from_kernel(sum->in.at[i]))
            return false;
    return true;
}

static int count_sums(const struct graph *g)
{
    int n = 0;
    for (int i = 0; i < g->layer.n; i++)
        n += is_sum(g->layer.at[i]);
    return n;
}

/* The mean square of the layer's result that keeps what follows of order one: doubled in front of a
 * ReLU, which takes half of it away; shared between kernels that are added up. In x + f(x) the
 * shortcut can't be scaled, so f's kernel is: by the number of sums S, for then all of them
 * together multiply the mean square by at most (1 + 1/S)^S < e. */
static double kernel_variance(const struct graph *g, const struct node *n)
{
    double variance = node_gain(n);
    bool activated = n->act != NULL;
    for (const struct tensor *t = n->out; t->user.n == 1; t = t->user.at[0]->out) {
        const struct node *user = t->user.at[0];
        if (is_sum(user) && !all_from_kernels(user))
            return variance / count_sums(g);
        if (is_sum(user))
            variance /= user->in.n;
        else if (is_activation(user) && !activated)
            variance *= node_gain(user);
        else if (!transparent[user->op])
            break;
        activated = activated || is_activation(user);
    }
    return variance;
}

static bool is_last_kernel(const struct node *n, const struct weight *w)
{
    for (const struct weight *v = w + 1; v < n->weight + n->weights; v++)
        if (v->init == INIT_KERNEL)
            return false;
    return true;
}

void random_weight(const struct graph *g, const struct node *n, const struct weight *w,
        uint64_t seed, float *to)
{
    struct random r = random_seeded(seed, n->name, w->name);
    int64_t size = shape_size(&w->shape);
    if (w->init == INIT_ZERO) {
        memset(to, 0, (size_t)size * sizeof *to);
    } else if (w->init == INIT_ONE) {
        random_near_one(&r, to, size);
    } else if (w->init == INIT_SPREAD) {
        random_uniform(&r, 0.1f, to, size);
    } else {
        double variance = is_last_kernel(n, w) ? kernel_variance(g, n) : 1;
        double fan_in = w->fan_in > 0 ? (double)w->fan_in : 1;
        random_uniform(&r, (float)sqrt(3 * variance / fan_in), to, size);
    }
}
