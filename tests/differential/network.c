#include "network.h"

struct tensor all[MAX_TENSORS];
int count;
uint64_t state;
long macs;
int integers;

/* ---- chance ---------------------------------------------------------------------------------- */

static uint64_t next(void)  /* splitmix64 */
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

int below(int n) { return (int)(next() % (uint64_t)n); }
int between(int a, int b) { return a + below(b - a + 1); }
int chance(int percent) { return below(100) < percent; }

int pick(const int *list, int n) { return list[below(n)]; }

int channels(void)
{
    return chance(70) ? PICK(1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48) : between(1, 70);
}

const char *activation(void)
{
    if (integers)
        return WORD("relu", "relu6", "hard_tanh");
    return WORD("relu", "relu", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "sigmoid",
            "hard_sigmoid", "tanh", "silu", "hard_silu", "mish", "softplus", "softsign", "log_sigmoid",
            "softmax", "log_softmax");
}

/* ---- tensors --------------------------------------------------------------------------------- */

struct tensor *add(int h, int w, int c, int rank)
{
    struct tensor *t = &all[count];
    snprintf(t->name, sizeof t->name, "t%d", count++);
    t->h = h;
    t->w = w;
    t->c = c;
    t->rank = rank;
    t->used = 0;
    return t;
}

const int *dims(const struct tensor *x)
{
    static int d[3];
    d[0] = x->h;
    d[1] = x->w;
    d[2] = x->c;
    return d + 3 - x->rank;
}

struct tensor *add_dims(const int *d, int rank)
{
    return add(rank > 2 ? d[0] : 1, rank > 1 ? d[rank - 2] : 1, d[rank - 1], rank);
}

int larger(int a, int b) { return a > b ? a : b; }

/* ---- lines ----------------------------------------------------------------------------------- */

void head(const char *type, const struct tensor *t, struct tensor *x)
{
    printf("  - {type: %s, name: %s, inputs: %s", type, t->name, x->name);
    x->used++;
}

void line_of_two(const char *type, const struct tensor *t, struct tensor *x, struct tensor *y)
{
    printf("  - {type: %s, name: %s, inputs: [%s, %s]}\n", type, t->name, x->name, y->name);
    x->used++;
    y->used++;
}

void list(const char *key, const int *d, int n)
{
    printf(", %s: [", key);
    for (int i = 0; i < n; i++)
        printf("%s%d", i ? ", " : "", d[i]);
    printf("]");
}

struct tensor *through(const char *function, struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    head("Activation", t, x);
    printf(", activation: %s}\n", function);
    return t;
}

void end_with_activation(void)
{
    if (chance(40))
        printf(", activation: %s", activation());
    printf("}\n");
}
