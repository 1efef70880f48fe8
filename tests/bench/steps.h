/* The networks that steps.py writes, as the timing programs of XNNPACK and oneDNN read them. C and C++. */
#ifndef STEPS_H
#define STEPS_H

#include "sample.h"

enum { MOST_STEPS = 1000, GEOMETRY = 17 };

/* A step from an image to another, or to a row of oc values, where oh and ow are 1. */
struct layer {
    unsigned ic, ih, iw, oc, oh, ow, kh, kw, sh, sw, top, left, bottom, right, dh, dw, groups;
};

struct step {
    char op[32], act[16];
    int a, b; /* tensors that it reads: 0 is the network's input, N the result of the Nth step; b: or -1 */
    float slope;
    struct layer l;
};

struct network {
    struct step steps[MOST_STEPS];
    int count;
    FILE *weights; /* those of the steps that were not yet taken */
};

static inline int read_step(FILE *f, struct step *s)
{
    unsigned numbers[GEOMETRY];

    if (fscanf(f, "%31s %d %d %15s %f", s->op, &s->a, &s->b, s->act, &s->slope) != 5)
        return 0;
    for (int i = 0; i < GEOMETRY; i++)
        if (fscanf(f, "%u", &numbers[i]) != 1)
            return 0;
    memcpy(&s->l, numbers, sizeof s->l);
    return 1;
}

static inline FILE *open_in(const char *folder, const char *name)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return (FILE *)must(fopen(path, "rb"), path);
}

static inline struct network *read_network(const char *folder, const char *name)
{
    struct network *n = (struct network *)must(calloc(1, sizeof *n), "memory");
    FILE *f = open_in(folder, name);

    while (n->count < MOST_STEPS && read_step(f, &n->steps[n->count]))
        n->count++;
    if (!n->count || !feof(f)) {
        fprintf(stderr, "%s/%s: no step behind the %dth\n", folder, name, n->count);
        exit(2);
    }
    fclose(f);
    n->weights = open_in(folder, "steps.bin");
    return n;
}

/* The next n floats of the weights. */
static inline float *next_floats(struct network *net, size_t n)
{
    float *values = new_floats(n);

    if (fread(values, sizeof *values, n, net->weights) != n) {
        fprintf(stderr, "steps.bin: too short\n");
        exit(2);
    }
    return values;
}

static inline void end_of_weights(struct network *net)
{
    if (fgetc(net->weights) != EOF) {
        fprintf(stderr, "steps.bin: too long\n");
        exit(2);
    }
    fclose(net->weights);
}

#endif
