/* Layers of tensors of any rank, from 1 to 3, element by element, and Dense. */
#include "layers.h"

/* ---- one input ------------------------------------------------------------------------------- */

int unary(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    int kind = below(integers ? 7 : 10);
    if (kind < 4) {
        head("BatchNormalization", t, x);
        if (integers)
            printf(", epsilon: 0");
    } else if (kind < 7) {
        head("Activation", t, x);
        printf(", activation: %s", activation());
    } else if (kind < 8) {
        head(WORD("ReLU", "LeakyReLU", "ELU", "Softmax", "PReLU"), t, x);
    } else if (kind < 9) {
        head("LayerNormalization", t, x);
    } else {
        head("Rescaling", t, x);
        printf(", scale: %d.5, offset: -%d.25", between(0, 2), between(0, 2));
    }
    printf("}\n");
    return 1;
}

int function(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    head("Activation", t, x);
    printf(", activation: %s}\n", WORD("abs", "negative", "square", "erf", "sin", "cos", "atan", "asinh",
            "thresholded_relu", "sign", "floor", "ceil", "round"));
    return 1;
}

int clip(struct tensor *x)
{
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    int kind = below(3);
    head("Clip", t, x);
    if (kind != 1)
        printf(", min_value: %d", -below(3));
    if (kind != 2)
        printf(", max_value: %d", between(1, 4));
    printf("}\n");
    return 1;
}

int reshape(struct tensor *x)
{
    if (x->rank != 3)
        return 0;
    int kind = below(3);
    struct tensor *t = kind == 0 ? add(1, 1, x->h * x->w * x->c, 1)
                     : kind == 1 ? add(x->w, x->h, x->c, 3) : add(x->w, x->c, x->h, 3);
    head(kind == 0 ? "Flatten" : kind == 1 ? "Reshape" : "Permute", t, x);
    if (kind == 1)
        printf(", target_shape: [%d, %d, %d]", t->h, t->w, t->c);
    if (kind == 2)
        printf(", dims: [2, 3, 1]");
    printf("}\n");
    return 1;
}

int dense(struct tensor *x)
{
    int units = channels();
    long m = (long)x->h * x->w * x->c * units;
    if (macs + m > MACS_MAX)
        return 0;
    macs += m;
    struct tensor *t = add(x->h, x->w, units, x->rank);
    head("Dense", t, x);
    printf(", units: %d", units);
    end_with_activation();
    return 1;
}

/* ---- several inputs -------------------------------------------------------------------------- */

/* Another tensor of the same height and width, and for sums of the same channels or one. */
static struct tensor *partner(const struct tensor *x, int same_channels)
{
    for (int tries = 0; tries < 20; tries++) {
        struct tensor *y = &all[below(count)];
        if (y != x && y->h == x->h && y->w == x->w && y->rank == x->rank && (!same_channels || y->c == x->c))
            return y;
    }
    return NULL;
}

int binary(struct tensor *x)
{
    struct tensor *y = partner(x, 1);
    if (!y)
        return 0;
    struct tensor *t = add(x->h, x->w, x->c, x->rank);
    const char *type = integers ? WORD("Add", "Subtract", "Maximum", "Minimum")
            : WORD("Add", "Add", "Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average");
    line_of_two(type, t, x, y);
    return 1;
}

int concat(struct tensor *x)
{
    struct tensor *y = partner(x, 0);
    if (!y || (long)x->h * x->w * (x->c + y->c) > ELEMENTS_MAX)
        return 0;
    struct tensor *t = add(x->h, x->w, x->c + y->c, x->rank);
    line_of_two("Concatenate", t, x, y);
    return 1;
}

/* Numbers that stretch to x, or are stretched by it. */
static struct tensor *constant(const struct tensor *x)
{
    int d[3], rank = between(1, x->rank);
    for (int i = 0; i < rank; i++)
        d[i] = chance(50) ? dims(x)[x->rank - rank + i] : 1;
    struct tensor *t = add_dims(d, rank);
    printf("  - {type: Constant, name: %s", t->name);
    list("shape", d, rank);
    printf("}\n");
    return t;
}

static int stretches(int a, int b) { return a == b || a == 1 || b == 1; }

/* Another tensor that NumPy broadcasts with x; a new one where none is found. */
static struct tensor *broadcast(const struct tensor *x)
{
    for (int tries = 0; tries < 10 && chance(80); tries++) {
        struct tensor *y = &all[below(count)];
        if (stretches(x->h, y->h) && stretches(x->w, y->w) && stretches(x->c, y->c) &&
                (long)larger(x->h, y->h) * larger(x->w, y->w) * larger(x->c, y->c) <= ELEMENTS_MAX)
            return y;
    }
    return constant(x);
}

/* One layer of two inputs that are stretched to each other. */
static struct tensor *pair(const char *type, struct tensor *x, struct tensor *y)
{
    struct tensor *t = add(larger(x->h, y->h), larger(x->w, y->w), larger(x->c, y->c),
            larger(x->rank, y->rank));
    line_of_two(type, t, x, y);
    return t;
}

int stretched(struct tensor *x)
{
    struct tensor *y = broadcast(x);
    const char *type = WORD("Add", "Subtract", "Multiply", "Maximum", "Minimum", "Average");
    if (chance(50))
        pair(type, x, y);
    else
        pair(type, y, x);
    return 1;
}

int quotient(struct tensor *x)
{
    struct tensor *y = broadcast(x);
    if (chance(60))
        pair("Divide", x, through("sigmoid", y));
    else
        pair("Power", through("sigmoid", x), through("tanh", y));
    return 1;
}

static struct tensor *comparison(struct tensor *x)
{
    struct tensor *y = broadcast(x);
    return pair(WORD("Greater", "GreaterEqual", "Less", "LessEqual", "Equal", "NotEqual"), x, y);
}

int compare(struct tensor *x)
{
    comparison(x);
    return 1;
}

int where(struct tensor *x)
{
    struct tensor *mask = comparison(x), *y = broadcast(mask);
    if (chance(50)) {
        struct tensor *swap = x;
        x = y;
        y = swap;
    }
    int h = larger(x->h, y->h), w = larger(x->w, y->w), c = larger(x->c, y->c);
    struct tensor *t = add(larger(h, mask->h), larger(w, mask->w), larger(c, mask->c),
            larger(larger(x->rank, y->rank), mask->rank));
    printf("  - {type: Where, name: %s, inputs: [%s, %s, %s]}\n", t->name, mask->name, x->name, y->name);
    mask->used++;
    x->used++;
    y->used++;
    return 1;
}
