/* build_text.h: graphs from YAML text, and what was said on the way. */
#ifndef BUILD_TEXT_H
#define BUILD_TEXT_H

#include "fixture.h"

#include "graph.h"
#include "shape.h"
#include "spec.h"

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define IMAGE "  - {type: Input, shape: [8, 8, 3], name: image}\n"

static inline struct spec *read_text(const char *text)
{
    struct source *src = NEW(pool, struct source);
    *src = source_of("t.yaml", text, strlen(text));
    diag = diag_new(pool);
    return spec_read(pool, src, diag);
}

/* The list of layers, and what may follow it, as a graph without shapes; NULL after errors. */
static inline struct graph *build(const char *layers)
{
    struct spec *spec = read_text(pool_printf(pool, "cnngen: 1\nlayers:\n%s", layers));
    struct graph *g = spec ? graph_build(pool, spec, diag) : NULL;
    assert_true((g == NULL) == diag_failed(diag));
    return g;
}

/* With shapes. */
static inline struct graph *infer(const char *layers)
{
    struct graph *g = build(layers);
    if (!g)
        return NULL;
    shape_infer(g, diag);
    if (diag_failed(diag))
        return NULL;
    graph_check(g);
    return g;
}

static inline const char *printed(const struct graph *g)
{
    struct out out;
    out_init(&out);
    graph_print(g, &out);
    return text_of(&out);
}

static inline struct node *find(const struct graph *g, const char *name)
{
    for (int i = 0; i < g->node.n; i++)
        if (!strcmp(g->node.at[i]->name, name))
            return g->node.at[i];
    fail_msg("no node is called %s", name);
    return NULL;
}

/* A fixed sequence of numbers below n. */
static inline int draw(uint64_t *seed, int n)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((*seed >> 33) % (uint64_t)n);
}

#endif
