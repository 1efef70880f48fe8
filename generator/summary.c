/* summary: Keras' table, with what the compiled network needs beside. */
#include "summary.h"

#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "ops/families.h"
#include "session.h"
#include "sources.h"

/* ---- gathering ------------------------------------------------------------------------------- */

/* The layer that a node of the optimised graph comes from; -1: none. */
static int origin(const struct graph *g, const struct node *n)
{
    for (int k = 0; k < g->layer.n; k++)
        if (g->layer.at[k]->layer == n->layer && n->layer &&
                node_family(g->layer.at[k]) != FAMILY_INPUT)
            return k;
    for (int k = 0; k < g->layer.n; k++)
        if (g->layer.at[k]->layer == n->layer)
            return k;
    return -1;
}

/* Marks what lies between the step's sources and its result, the result included. */
static bool *layers_between(const struct summary *s, const struct step *step)
{
    const struct graph *g = s->graph;
    bool *between = NEW_ARRAY(s->pool, bool, g->layer.n);
    const struct sources from = sources_of_step(s->pool, s->plan, step);
    int result = step->group->out->layer;
    if (result < 0 || sources_have(&from, result))
        return between;
    between[result] = true;
    for (int k = result; k >= 0; k--)
        for (int i = 0; between[k] && i < g->layer.at[k]->in.n; i++) {
            int in = g->layer.at[k]->in.at[i]->layer;
            if (!sources_have(&from, in))
                between[in] = true;
        }
    return between;
}

/* Layers that leave the values where they are. */
static bool moves_nothing(const struct node *n)
{
    enum family f = node_family(n);
    return f == FAMILY_RESHAPE || f == FAMILY_IDENTITY || f == FAMILY_CONCAT || f == FAMILY_INPUT;
}

/* The layer that a step is of; the one behind, if it does that on the way in. */
static int main_layer(const struct graph *g, const struct step *step, const bool *between)
{
    int main = origin(g, step->group->main);
    for (int k = 0; main >= 0 && node_family(g->layer.at[main]) == FAMILY_INPUT &&
            k < g->layer.n; k++)
        if (between[k] && !moves_nothing(g->layer.at[k]))
            return k;
    return main;
}

static void take_step(struct summary *s, const struct step *step)
{
    const struct graph *g = s->graph;
    bool *between = layers_between(s, step);
    int main = main_layer(g, step, between);
    if (main < 0)
        return;
    vec_push(s->pool, &s->layer[main].kernel, step->kernel->name);
    s->layer[main].weight_bytes += 4 * step->weights;
    for (int k = 0; k < g->layer.n; k++)
        if (between[k] && k != main && !moves_nothing(g->layer.at[k]))
            s->layer[k].within = g->layer.at[main];
    if (step->group->out->layer >= 0)
        s->layer[step->group->out->layer].activation_bytes =
            4 * g->batch * shape_size(&step->group->out->shape);
}

/* What a step reads where it lies is computed by none. */
static void take_constant(struct summary *s, const struct array *a)
{
    int k = origin(s->graph, a->node);
    if (k < 0)
        return;
    s->layer[k].weight_bytes = 4 * a->weights;
    s->layer[k].within = NULL;
}

static void take_layer(struct summary *s, int k)
{
    const struct node *n = s->graph->layer.at[k];
    struct fact *f = &s->layer[k];
    f->node = n;
    for (int i = 0; i < n->weights; i++) {
        f->params += shape_size(&n->weight[i].shape);
        f->trainable += n->weight[i].trainable ? shape_size(&n->weight[i].shape) : 0;
    }
    f->macs = node_def(n)->macs ? s->graph->batch * node_def(n)->macs(n) : 0;
    s->params += f->params;
    s->trainable += f->trainable;
    s->macs += f->macs;
}

struct summary summarise(struct session *session)
{
    struct summary s = {.pool = session->pool, .graph = session->graph, .plan = session->plan};
    s.layer = NEW_ARRAY(s.pool, struct fact, s.graph->layer.n);
    for (int k = 0; k < s.graph->layer.n; k++)
        take_layer(&s, k);
    for (int i = 0; i < s.plan->step.n; i++)
        take_step(&s, s.plan->step.at[i]);
    for (int i = 0; i < s.plan->array.n; i++)
        if (!s.plan->array.at[i].step)
            take_constant(&s, &s.plan->array.at[i]);
    return s;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

/* {"name": "mnist", "batch": 1,
 *  "inputs": [{"name", "shape": without the batch, "dtype": "float32" or "uint8",
 *      "layout": "NCHW", where the Input has it}],
 *  "outputs": [...],
 *  "layers": [{"name", "type", "inputs": names, "shape", "params", "trainable_params", "macs",
 *      "weight_bytes", "activation_bytes", "kernels": names, "within": name of the layer that it is
 *      computed with, or null}],
 *  "math": "fast", "precise" or "strict",
 *  "params", "trainable_params", "non_trainable_params", "macs", "weight_bytes",
 *  "arena": {"bytes": for max_threads, "shared_bytes", "bytes_per_thread", "max_threads",
 *      "lower_bound_bytes": of the tensors alive at once, "halo_bytes": what their halos and
 *      rounding add, "gap_bytes": the rest of shared_bytes}}
 * Numbers are integers; macs and bytes are of the whole batch. Keys may be added, not changed. */

static void json_shape(struct out *out, const struct shape *s)
{
    out_printf(out, "\"shape\": [");
    for (int i = 0; i < s->rank; i++)
        out_printf(out, "%s%d", i ? ", " : "", s->dim[i]);
    out_printf(out, "]");
}

/* Names of layers and kernels need no escapes: letters, digits and "_./-". */
static void json_names(struct out *out, const char *key, const char *const *name, int n)
{
    out_printf(out, "\"%s\": [", key);
    for (int i = 0; i < n; i++)
        out_printf(out, "%s\"%s\"", i ? ", " : "", name[i]);
    out_printf(out, "]");
}

static void json_ends(const struct summary *s, const char *key, struct tensor *const *t, int n,
        struct out *out)
{
    out_printf(out, "  \"%s\": [\n", key);
    for (int i = 0; i < n; i++) {
        const struct node *layer = s->graph->layer.at[t[i]->layer];
        bool first = input_is_nchw(t[i]->maker);
        out_printf(out, "    {\"name\": \"%s\", ", t[i]->name);
        json_shape(out, &layer->out->shape);
        out_printf(out, ", \"dtype\": \"%s\"%s}%s\n",
                t[i]->type == DTYPE_UINT8 ? "uint8" : "float32",
                first ? ", \"layout\": \"NCHW\"" : "", i + 1 < n ? "," : "");
    }
    out_printf(out, "  ],\n");
}

static void json_layer(const struct summary *s, const struct fact *f, struct out *out)
{
    const struct node *n = f->node;
    const char **in = NEW_ARRAY(s->pool, const char *, n->in.n + 1);
    for (int i = 0; i < n->in.n; i++)
        in[i] = n->in.at[i]->name;
    out_printf(out, "    {\"name\": \"%s\", \"type\": \"%s\", ", n->name, node_def(n)->type);
    json_names(out, "inputs", in, n->in.n);
    out_printf(out, ", ");
    json_shape(out, &n->out->shape);
    out_printf(out, ", \"params\": %lld, \"trainable_params\": %lld, \"macs\": %lld",
            (long long)f->params, (long long)f->trainable, (long long)f->macs);
    out_printf(out, ", \"weight_bytes\": %lld, \"activation_bytes\": %lld, ",
            (long long)f->weight_bytes, (long long)f->activation_bytes);
    json_names(out, "kernels", f->kernel.at, f->kernel.n);
    if (f->within)
        out_printf(out, ", \"within\": \"%s\"}", f->within->name);
    else
        out_printf(out, ", \"within\": null}");
}

static void json_totals(const struct summary *s, struct out *out)
{
    const struct plan *p = s->plan;
    out_printf(out, "  \"math\": \"%s\",\n", math_modes[p->math]);
    out_printf(out, "  \"params\": %lld,\n  \"trainable_params\": %lld,\n"
            "  \"non_trainable_params\": %lld,\n",
            (long long)s->params, (long long)s->trainable, (long long)(s->params - s->trainable));
    out_printf(out, "  \"macs\": %lld,\n  \"weight_bytes\": %lld,\n", (long long)s->macs,
            (long long)p->weight_bytes);
    out_printf(out, "  \"arena\": {\"bytes\": %lld, \"shared_bytes\": %lld, "
            "\"bytes_per_thread\": %lld, \"max_threads\": %d,\n"
            "    \"lower_bound_bytes\": %lld, \"halo_bytes\": %lld, \"gap_bytes\": %lld}\n",
            (long long)(p->shared_bytes + p->max_threads * p->scratch_bytes),
            (long long)p->shared_bytes, (long long)p->scratch_bytes, p->max_threads,
            (long long)p->tensor_bytes, (long long)(p->lower_bound - p->tensor_bytes),
            (long long)(p->shared_bytes - p->lower_bound));
}

void summary_json(const struct summary *s, struct out *out)
{
    const struct graph *g = s->graph;
    out_printf(out, "{\n  \"name\": \"%s\",\n  \"batch\": %lld,\n", g->name, (long long)g->batch);
    json_ends(s, "inputs", g->input.at, g->input.n, out);
    json_ends(s, "outputs", g->output.at, g->output.n, out);
    out_printf(out, "  \"layers\": [\n");
    for (int k = 0; k < g->layer.n; k++) {
        json_layer(s, &s->layer[k], out);
        out_printf(out, "%s\n", k + 1 < g->layer.n ? "," : "");
    }
    out_printf(out, "  ],\n");
    json_totals(s, out);
    out_printf(out, "}\n");
}

/* ---- the command ----------------------------------------------------------------------------- */

int command_summary(struct session *s)
{
    bool planned = session_read(s) && session_plan(s);
    int status = session_report(s);
    if (!planned)
        return status;
    struct summary summary = summarise(s);
    struct out out;
    out_init(&out);
    if (s->options->json)
        summary_json(&summary, &out);
    else
        summary_table(&summary, out_unicode(), &out);
    session_print(&out);
    return status;
}
