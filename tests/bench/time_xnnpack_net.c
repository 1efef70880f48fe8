/* Times a network in XNNPACK, as Debian 12 has it, channels last:
 *
 *     time_xnnpack_net THREADS SECONDS FOLDER
 *
 * FOLDER/XNNPACK.steps (steps.py) becomes a subgraph of the nodes that TensorFlow Lite would ask for: ReLUs are
 * limits of the node before, SiLU is a product with the sigmoid. Packing the weights stays outside the timing. */
#include "time_xnnpack.h"

enum { INPUT, OUTPUT, EXTERNAL }; /* XNNPACK's names of the values that the caller owns, and how many they are */

struct graph {
    xnn_subgraph_t nodes;
    struct network *net;
    uint32_t made[MOST_STEPS + 1]; /* XNNPACK's names of the input and of what each step made */
    int rows[MOST_STEPS + 1];      /* whether it is [1, channels] rather than an image, as behind a dense layer */
};

/* One step: its limits, and XNNPACK's names of what it reads and makes. */
struct node {
    const struct layer *l;
    float low, high;
    uint32_t a, b, made;
    int row;
};

static uint32_t value(struct graph *g, size_t dims, const size_t *shape, const float *constant, uint32_t external,
        uint32_t flags)
{
    uint32_t made;

    must_succeed(xnn_define_tensor_value(g->nodes, xnn_datatype_fp32, dims, shape, constant, external, flags, &made),
            "value");
    return made;
}

static uint32_t constant(struct graph *g, size_t dims, const size_t *shape, const float *values)
{
    return value(g, dims, shape, values, XNN_INVALID_VALUE_ID, 0);
}

static uint32_t weights(struct graph *g, size_t n)
{
    return constant(g, 1, &n, next_floats(g->net, n));
}

static uint32_t number(struct graph *g, float x)
{
    const size_t one = 1;
    float *copy = new_floats(1);

    *copy = x;
    return constant(g, 1, &one, copy);
}

/* What n makes, or another value of its shape. */
static uint32_t result(struct graph *g, const struct node *n, uint32_t external, uint32_t flags)
{
    const size_t image[] = {1, n->l->oh, n->l->ow, n->l->oc}, row[] = {1, n->l->oc};

    return n->row ? value(g, 2, row, NULL, external, flags) : value(g, 4, image, NULL, external, flags);
}

static uint32_t temporary(struct graph *g, const struct node *n)
{
    return result(g, n, XNN_INVALID_VALUE_ID, 0);
}

/* A convolution's weights, turned from [n][channels][taps] to [n][taps][channels]. */
static uint32_t filter(struct graph *g, size_t n, size_t channels, size_t taps, size_t dims, const size_t *shape)
{
    float *plain = next_floats(g->net, n * channels * taps);
    const float *turned = channels_last(plain, n, channels, taps);

    free(plain);
    return constant(g, dims, shape, turned);
}

static enum xnn_status conv(struct graph *g, const struct node *n)
{
    const struct layer *l = n->l;
    const size_t each = l->ic / l->groups, shape[] = {l->oc, l->kh, l->kw, each};
    const uint32_t kernel = filter(g, l->oc, each, l->kh * l->kw, 4, shape);

    return xnn_define_convolution_2d(g->nodes, l->top, l->right, l->bottom, l->left, l->kh, l->kw, l->sh, l->sw, l->dh,
            l->dw, l->groups, each, l->oc / l->groups, n->low, n->high, n->a, kernel, weights(g, l->oc), n->made, 0);
}

static enum xnn_status depthwise(struct graph *g, const struct node *n)
{
    const struct layer *l = n->l;
    const size_t shape[] = {1, l->kh, l->kw, l->oc};
    const uint32_t kernel = filter(g, 1, l->oc, l->kh * l->kw, 4, shape);

    return xnn_define_depthwise_convolution_2d(g->nodes, l->top, l->right, l->bottom, l->left, l->kh, l->kw, l->sh,
            l->sw, l->dh, l->dw, 1, l->ic, n->low, n->high, n->a, kernel, weights(g, l->oc), n->made, 0);
}

static enum xnn_status dense(struct graph *g, const struct node *n)
{
    const struct layer *l = n->l;
    const size_t shape[] = {l->oc, l->kh * l->kw * l->ic};
    const uint32_t kernel = filter(g, l->oc, l->ic, l->kh * l->kw, 2, shape);

    return xnn_define_fully_connected(g->nodes, n->low, n->high, n->a, kernel, weights(g, l->oc), n->made,
            XNN_FLAG_TENSORFLOW_RESHAPE_2D);
}

static enum xnn_status max_pool(struct graph *g, const struct node *n)
{
    const struct layer *l = n->l;

    return xnn_define_max_pooling_2d(g->nodes, l->top, l->right, l->bottom, l->left, l->kh, l->kw, l->sh, l->sw, 1, 1,
            n->low, n->high, n->a, n->made, 0);
}

static enum xnn_status global_average(struct graph *g, const struct node *n)
{
    return xnn_define_global_average_pooling_2d(g->nodes, n->low, n->high, n->a, n->made, 0);
}

static enum xnn_status batch_norm(struct graph *g, const struct node *n)
{
    const uint32_t product = temporary(g, n);

    must_succeed(xnn_define_multiply2(g->nodes, -INFINITY, INFINITY, n->a, weights(g, n->l->oc), product, 0), "scale");
    return xnn_define_add2(g->nodes, n->low, n->high, product, weights(g, n->l->oc), n->made, 0);
}

static enum xnn_status add(struct graph *g, const struct node *n)
{
    return xnn_define_add2(g->nodes, n->low, n->high, n->a, n->b, n->made, 0);
}

static enum xnn_status multiply(struct graph *g, const struct node *n)
{
    return xnn_define_multiply2(g->nodes, n->low, n->high, n->a, n->b, n->made, 0);
}

static enum xnn_status sigmoid(struct graph *g, const struct node *n)
{
    return xnn_define_sigmoid(g->nodes, n->a, n->made, 0);
}

static enum xnn_status softmax(struct graph *g, const struct node *n)
{
    return xnn_define_softmax(g->nodes, n->a, n->made, 0);
}

static enum xnn_status hard_silu(struct graph *g, const struct node *n)
{
    return xnn_define_hardswish(g->nodes, n->a, n->made, 0);
}

static enum xnn_status silu(struct graph *g, const struct node *n)
{
    const uint32_t factor = temporary(g, n);

    must_succeed(xnn_define_sigmoid(g->nodes, n->a, factor, 0), "SiLU");
    return xnn_define_multiply2(g->nodes, -INFINITY, INFINITY, n->a, factor, n->made, 0);
}

/* relu6(x + 3) / 6 */
static enum xnn_status hard_sigmoid(struct graph *g, const struct node *n)
{
    const uint32_t sum = temporary(g, n);

    must_succeed(xnn_define_add2(g->nodes, 0, 6, n->a, number(g, 3), sum, 0), "hard sigmoid");
    return xnn_define_multiply2(g->nodes, -INFINITY, INFINITY, sum, number(g, 1.0f / 6), n->made, 0);
}

static const struct {
    const char *op;
    enum xnn_status (*define)(struct graph *, const struct node *);
} operators[] = {
    {"Conv2D", conv}, {"DepthwiseConv2D", depthwise}, {"Dense", dense}, {"MaxPooling2D", max_pool},
    {"GlobalAveragePooling2D", global_average}, {"BatchNormalization", batch_norm}, {"Add", add},
    {"Multiply", multiply}, {"sigmoid", sigmoid}, {"softmax", softmax}, {"silu", silu}, {"hard_silu", hard_silu},
    {"hard_sigmoid", hard_sigmoid},
};

static const struct {
    const char *act;
    float low, high;
} limits[] = {{"none", -INFINITY, INFINITY}, {"relu", 0, INFINITY}, {"relu6", 0, 6}};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void define(struct graph *g, const char *op, const struct node *n)
{
    for (size_t i = 0; i < COUNT(operators); i++)
        if (!strcmp(op, operators[i].op)) {
            must_succeed(operators[i].define(g, n), op);
            return;
        }
    fprintf(stderr, "XNNPACK: no operator for %s\n", op);
    exit(1);
}

static void add_step(struct graph *g, int i)
{
    const struct step *s = &g->net->steps[i];
    const int last = i + 1 == g->net->count;
    struct node n = {.l = &s->l, .a = g->made[s->a], .b = s->b < 0 ? 0 : g->made[s->b]};

    for (size_t k = 0; k < COUNT(limits); k++)
        if (!strcmp(s->act, limits[k].act))
            n.low = limits[k].low, n.high = limits[k].high;
    n.row = g->rows[i + 1] = !strcmp(s->op, "Dense") || g->rows[s->a];
    n.made = g->made[i + 1] = result(g, &n, last ? OUTPUT : XNN_INVALID_VALUE_ID,
            last ? XNN_VALUE_FLAG_EXTERNAL_OUTPUT : 0);
    define(g, s->op, &n);
}

static xnn_runtime_t build(struct network *net, pthreadpool_t threads)
{
    struct graph g = {.net = net};
    const struct layer *first = &net->steps[0].l;
    const size_t shape[] = {1, first->ih, first->iw, first->ic};
    xnn_runtime_t made = NULL;

    must_succeed(xnn_create_subgraph(EXTERNAL, 0, &g.nodes), "subgraph");
    g.made[0] = value(&g, 4, shape, NULL, INPUT, XNN_VALUE_FLAG_EXTERNAL_INPUT);
    for (int i = 0; i < net->count; i++)
        add_step(&g, i);
    end_of_weights(net);
    must_succeed(xnn_create_runtime_v2(g.nodes, threads, 0, &made), "runtime");
    return made;
}

static void run(void *runtime)
{
    must_succeed(xnn_invoke_runtime(runtime), "run");
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    must_succeed(xnn_initialize(NULL), "initialize");
    struct network *net = read_network(argv[3], "XNNPACK.steps");
    xnn_runtime_t runtime = build(net, pool_of(atoi(argv[1])));
    const struct layer *first = &net->steps[0].l, *last = &net->steps[net->count - 1].l;
    const size_t pixels = last->oh * last->ow, channels = last->oc;
    float *output = new_floats(pixels * channels);
    const struct xnn_external_value ends[] = {
        {INPUT, read_floats(argv[3], "input.hwc", first->ih * first->iw * first->ic)}, {OUTPUT, output}};

    must_succeed(xnn_setup_runtime(runtime, EXTERNAL, ends), "setup");
    run(runtime);
    const double error = error_of(channels_last(output, 1, pixels, channels), argv[3], pixels * channels);
    print_json("XNNPACK", XNNPACK_VERSION, sample(run, runtime, atof(argv[2])), error);
    return 0;
}
