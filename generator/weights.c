#include "weights.h"

#include "ops.h"
#include "ops/families.h"
#include "random.h"
#include "text.h"
#include "weight_loader.h"

static double epsilon(const struct node *n)
{
    return n->op == OP_BATCH_NORMALIZATION ? (double)((const struct batchnorm *)n->attr)->epsilon
                                           : 0;
}

/* A square root of variance + epsilon will be divided by. */
static void check_variance(struct weight_loader *l, const struct wanted *x)
{
    int64_t n = shape_size(&x->w->shape);
    if (!x->w->is_variance || !x->w->data)
        return;
    for (int64_t i = 0; i < n; i++)
        if (!((double)x->w->data[i] + epsilon(x->node) > 0)) {
            diag_error(l->diag, DIAG_NOT_FINITE, x->at,
                    "variance %lld of %s is %.9g: with epsilon %.6g added it has to be above 0",
                    (long long)i, node_title(l->g, x->node), (double)x->w->data[i],
                    epsilon(x->node));
            return;
        }
}

/* ---- one weight ----------------------------------------------------------------------------- */

static void report_both(struct weight_loader *l, const struct wanted *x,
        const struct st_tensor *keras, const struct st_tensor *torch)
{
    l->used[keras - l->st.tensor.at] = l->used[torch - l->st.tensor.at] = true;
    diag_error(l->diag, DIAG_TENSOR_LAYOUT, x->at, "%s has both '%s' and '%s' for %s",
            l->file.src->path, text_quote(l->diag, keras->name), text_quote(l->diag, torch->name),
            node_title(l->g, x->node));
    diag_help(l->diag, "say 'layout: keras' or 'layout: torch' in the top level's weights");
}

/* From the file, by the default names "LAYER.WEIGHT". */
static void load_default(struct weight_loader *l, struct wanted *x)
{
    bool may_keras = l->layout != ORDER_TORCH || !weight_names_differ(x->w);
    bool may_torch = l->layout != ORDER_KERAS && weight_names_differ(x->w);
    const struct st_tensor *keras = may_keras ? weight_find_keras(l, x) : NULL;
    const struct st_tensor *torch = may_torch ? weight_find_torch(l, x) : NULL;
    if (keras && torch) {
        report_both(l, x, keras, torch);
    } else if (torch) {
        x->of_node = ORDER_TORCH;
        weight_load_tensor(l, x, torch, true);
    } else if (keras) {
        if (weight_names_differ(x->w))
            x->of_node = ORDER_KERAS;
        weight_load_tensor(l, x, keras, (l->layout ? l->layout : x->of_node) == ORDER_TORCH);
    } else {
        vec_push(l->pool, &l->missing, *x);
    }
}

static void load_random(struct weight_loader *l, struct wanted *x)
{
    float *to = weight_allocate(l, x);
    if (to)
        random_weight(l->g, x->node, x->w, l->seed, to);
    x->w->data = to;
}

static void load_weight(struct weight_loader *l, struct wanted *x, const struct entry *e)
{
    if (e)
        weight_load_entry(l, x, e);
    else if (l->origin == FROM_RANDOM)
        load_random(l, x);
    else if (l->origin == FROM_FILE)
        load_default(l, x);
    else if (l->origin == FROM_NOTHING && (l->bare.n == 0 || l->bare.at[l->bare.n - 1] != x->node))
        vec_push(l->pool, &l->bare, x->node);
    check_variance(l, x);
}

static void load_node(struct weight_loader *l, struct node *n)
{
    const struct value *map = weight_layer_map(l, n);
    enum weight_order order = l->layout;
    for (int i = 0; i < n->weights; i++) {
        struct torch_layout torch = torch_layout(&l->orders, n, &n->weight[i]);
        struct wanted x = {n, &n->weight[i], torch, n->at, order, false};
        load_weight(l, &x, weight_layer_entry(l, n, x.w, map));
        order = x.of_node;
    }
}

/* ---- all of them ---------------------------------------------------------------------------- */

static void add_unclear(void *to, const struct node *n, const char *why, const char *help)
{
    struct weight_loader *l = to;
    vec_push(l->pool, &l->unclear, (struct unclear){n, why, help});
}

bool weights_load(struct graph *g, const struct weight_options *options, struct diag *d)
{
    struct weight_loader l = {.g = g, .pool = g->pool, .diag = d, .file = {.fd = -1}};
    int before = diag_errors(d);
    torch_orders_find(g, &l.orders, add_unclear, &l);
    if (!weight_source_read(&l))
        l.origin = FROM_BROKEN;
    else if (options->override_file || l.origin == FROM_FILE)
        weight_source_open(&l, options->override_file);
    for (int i = 0; i < g->layer.n; i++)
        if (g->layer.at[i]->out->shape.rank > 0)
            load_node(&l, g->layer.at[i]);
    if (l.bare.n > 0 && !diag_failed(d))
        weight_report_bare(&l);
    if (l.missing.n > 0)
        weight_report_missing(&l);
    if (l.has_torch)
        weight_report_unclear(&l);
    if (l.origin == FROM_FILE && !diag_failed(d))
        weight_warn_unused(&l);
    if (l.file.src && !l.file.folder)
        vec_push(g->pool, &g->weight_file, l.file.src->path);
    weight_file_close(&l.file);
    return diag_errors(d) == before;
}
