/* report: one page with all that is known of a network before it runs and, with --time, while it
 * does. It needs nothing but itself: no script, no other file, no network. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "build.h"
#include "code_size.h"
#include "group.h"
#include "html.h"
#include "kernel.h"
#include "ops/families.h"
#include "plot.h"
#include "session.h"

struct report {
    struct session *session;
    struct pool *pool;
    struct summary summary;
    const struct plan *plan;
    struct code_size size[TARGET_COUNT];
    int64_t stack_bytes;       /* PREFIX_STACK_BYTES of the header */
    struct bench bench;        /* with --time */
    const char *notes;         /* diagnostics; "" */
};

static const char *exact_bytes(struct pool *pool, int64_t n)
{
    return n < 1024 ? pool_printf(pool, "%lld bytes", (long long)n)
                    : pool_printf(pool, "%s bytes (%s)", commas(pool, n), bytes_text(pool, n));
}

/* ---- in short -------------------------------------------------------------------------------- */

static void fact(struct html *h, const char *what, const char *value)
{
    html_row(h);
    html_head(h, what);
    html_cell(h, value);
    html_end_row(h);
}

static const char *ends_text(struct pool *pool, const struct graph *g, struct tensor *const *t,
        int n)
{
    const char *text = "";
    for (int i = 0; i < n; i++)
        text = pool_printf(pool, "%s%s%s: %s %s", text, i ? "; " : "", t[i]->name,
                t[i]->type == DTYPE_UINT8 ? "uint8" : "float32",
                shape_times(pool, &g->layer.at[t[i]->layer]->out->shape));
    return text;
}

static const char *targets_text(const struct report *r)
{
    const char *text = "";
    for (int t = 0; t < TARGET_COUNT; t++)
        if (r->plan->targets & TARGET_BIT(t))
            text = pool_printf(r->pool, "%s%s%s", text, *text ? ", " : "", targets[t].title);
    return text;
}

static const char *arena_text(const struct report *r)
{
    const struct plan *p = r->plan;
    return pool_printf(r->pool,
            "%s: tensors %s, halos and rounding %s, gaps %s, scratch of %d threads, %s each",
            exact_bytes(r->pool, p->shared_bytes + p->max_threads * p->scratch_bytes),
            bytes_text(r->pool, p->tensor_bytes),
            bytes_text(r->pool, p->lower_bound - p->tensor_bytes),
            bytes_text(r->pool, p->shared_bytes - p->lower_bound), p->max_threads,
            bytes_text(r->pool, p->scratch_bytes));
}

static const char *weights_text(const struct report *r)
{
    const struct session *s = r->session;
    int files = s->graph->weight_file.n;
    const char *from = files == 0 ? "the specification alone"
                     : files == 1 ? options_base_name(r->pool, s->graph->weight_file.at[0])
                     : pool_printf(r->pool, "%d files", files);
    return pool_printf(r->pool, "%s as stored, made of %s of parameters; from %s",
            exact_bytes(r->pool, r->plan->weight_bytes), bytes_text(r->pool, 4 * r->summary.params),
            s->imported ? "the model" : from);
}

static void write_facts(const struct report *r, struct out *out)
{
    const struct graph *g = r->plan->graph;
    struct html h = {r->pool, out};
    html_table(&h, NULL, NULL);
    fact(&h, "Layers",
            pool_printf(r->pool, "%d, computed in %d steps", g->layer.n, r->plan->step.n));
    fact(&h, "Inputs", ends_text(r->pool, g, g->input.at, g->input.n));
    fact(&h, "Outputs", ends_text(r->pool, g, g->output.at, g->output.n));
    fact(&h, "Batch", pool_printf(r->pool, "%lld", (long long)g->batch));
    fact(&h, "Parameters",
            pool_printf(r->pool, "%s, of which %s are trainable",
                    commas(r->pool, r->summary.params), commas(r->pool, r->summary.trainable)));
    fact(&h, "MACs", commas(r->pool, r->summary.macs));
    fact(&h, "Weights", weights_text(r));
    fact(&h, "Arena", arena_text(r));
    fact(&h, "Stack",
            pool_printf(r->pool, "%s of a call, on each of its threads, at most",
                    exact_bytes(r->pool, r->stack_bytes)));
    fact(&h, "Arithmetic", pool_printf(r->pool, "float32, %s", math_modes[r->plan->math]));
    fact(&h, "Targets", targets_text(r));
    html_end_table(&h);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static const char *joined(struct pool *pool, const char *const *word, int n)
{
    const char *text = "";
    for (int i = 0; i < n; i++)
        text = pool_printf(pool, "%s%s%s", text, i ? ", " : "", word[i]);
    return text;
}

static const char *inputs_text(struct pool *pool, const struct node *n)
{
    const char *text = "";
    for (int i = 0; i < n->in.n; i++)
        text = pool_printf(pool, "%s%s%s", text, i ? ", " : "", n->in.at[i]->name);
    return text;
}

static void write_layer(const struct report *r, struct html *h, const struct fact *f)
{
    struct pool *pool = r->pool;
    const char *how = f->kernel.n ? joined(pool, f->kernel.at, f->kernel.n)
                    : f->within ? pool_printf(pool, "with %s", f->within->name)
                    : kind_of(f->node) == KIND_IO ? "" : "no code";
    html_row(h);
    html_head(h, f->node->name);
    html_cell(h, node_def(f->node)->type);
    html_cell(h, inputs_text(pool, f->node));
    html_cell(h, shape_times(pool, &f->node->out->shape));
    html_number(h, f->params ? commas(pool, f->params) : "");
    html_number(h, f->macs ? commas(pool, f->macs) : "");
    html_number(h, f->weight_bytes ? commas(pool, f->weight_bytes) : "");
    html_number(h, f->activation_bytes ? commas(pool, f->activation_bytes) : "");
    html_cell(h, how);
    html_end_row(h);
}

static void write_layers(const struct report *r, struct out *out)
{
    static const char *const heads[] = {"layer", "type", "inputs", "shape", "#parameters", "#MACs",
            "#weights", "#result", "computed by", NULL};
    struct html h = {r->pool, out};
    html_table(&h, NULL, heads);
    for (int k = 0; k < r->plan->graph->layer.n; k++)
        write_layer(r, &h, &r->summary.layer[k]);
    html_end_table(&h);
}

static const char *shape_of_view(struct pool *pool, const struct view *v)
{
    return pool_printf(pool, "%d×%d×%d", v->h, v->w, v->c);
}

/* The step's share of the predicted time on target t, in percent. */
static const char *share_text(const struct report *r, const struct step *s, int t)
{
    return pool_printf(r->pool, "%.1f", r->plan->cost[t] > 0 ? 100 * s->cost[t] / r->plan->cost[t] : 0.0);
}

/* The threads among which it is divided there. */
static const char *threads_text(const struct report *r, const struct step *s, int t)
{
    return pool_printf(r->pool, "%d", s->bind[t].parts);
}

/* "1.2 / 3.4 ...": what is said of the step, for each target. */
static const char *each_target(const struct report *r, const struct step *s,
        const char *(*say)(const struct report *, const struct step *, int t))
{
    const char *text = "";
    for (int t = 0; t < TARGET_COUNT; t++)
        if (r->plan->targets & TARGET_BIT(t))
            text = pool_printf(r->pool, "%s%s%s", text, *text ? " / " : "", say(r, s, t));
    return text;
}

static void write_steps(const struct report *r, struct out *out)
{
    const char *const heads[] = {"#step", "result", "computes", "shape", "kernel", "why this one",
        "#MACs", "#weights", "#threads", "#% of predicted time", NULL};
    struct html h = {r->pool, out};
    html_table(&h, pool_printf(r->pool, "Steps; threads and predicted time for %s", targets_text(r)), heads);
    for (int i = 0; i < r->plan->step.n; i++) {
        const struct step *s = r->plan->step.at[i];
        html_row(&h);
        html_number(&h, pool_printf(r->pool, "%d", s->index));
        html_head(&h, s->group->out->name);
        html_cell(&h, group_text(r->pool, s->group));
        html_cell(&h, shape_of_view(r->pool, &s->out));
        html_cell(&h, s->kernel->name);
        html_cell(&h, s->why);
        html_number(&h, s->macs ? commas(r->pool, s->macs) : "");
        html_number(&h, s->weights ? commas(r->pool, 4 * s->weights) : "");
        html_number(&h, each_target(r, s, threads_text));
        html_number(&h, each_target(r, s, share_text));
        html_end_row(&h);
    }
    html_end_table(&h);
}

static void write_kernels(const struct report *r, struct out *out)
{
    static const char *const heads[] = {"kernel", "#steps", "what it does", NULL};
    struct html h = {r->pool, out};
    html_table(&h, NULL, heads);
    for (int k = 0; k < KERNEL_COUNT; k++) {
        int n = 0;
        for (int i = 0; i < r->plan->step.n; i++)
            n += r->plan->step.at[i]->kernel == kernels[k];
        if (!n)
            continue;
        html_row(&h);
        html_head(&h, kernels[k]->name);
        html_number(&h, pool_printf(r->pool, "%d", n));
        html_cell(&h, kernels[k]->doc);
        html_end_row(&h);
    }
    html_end_table(&h);
}

static void write_targets(const struct report *r, struct out *out)
{
    static const char *const heads[] = {"target", "instruction set", "#floats in a vector",
        "#registers", "#lines of C", "#code, bytes", NULL};
    struct html h = {r->pool, out};
    html_table(&h, NULL, heads);
    for (int t = 0; t < TARGET_COUNT; t++) {
        if (!(r->plan->targets & TARGET_BIT(t)))
            continue;
        html_row(&h);
        html_head(&h, targets[t].name);
        html_cell(&h, targets[t].title);
        html_number(&h, pool_printf(r->pool, "%d", targets[t].vl));
        html_number(&h, pool_printf(r->pool, "%d", targets[t].registers));
        html_number(&h, commas(r->pool, r->size[t].lines));
        html_number(&h, r->size[t].bytes >= 0 ? commas(r->pool, r->size[t].bytes) : "–");
        html_end_row(&h);
    }
    html_end_table(&h);
}

/* ---- pictures -------------------------------------------------------------------------------- */

static void write_graph(const struct report *r, struct out *out)
{
    struct picture p;
    picture_init(&p, r->pool, "graph-picture");
    if (plot_graph(&r->summary, &p))
        picture_write(&p, false, out);
    else
        out_printf(out, "<p>The graph is too tangled to be drawn here.</p>\n");
}

static void write_memory(const struct report *r, struct out *out)
{
    struct picture p;
    picture_init(&p, r->pool, "memory-picture");
    plot_memory(&r->summary, &p);
    picture_write(&p, false, out);
}

static void write_times(const struct report *r, struct out *out)
{
    struct picture p;
    picture_init(&p, r->pool, "time-picture");
    plot_time(&r->bench, &p);
    picture_write(&p, false, out);
}

static void write_style(const struct report *r, struct out *out) { picture_style(r->pool, out); }

static void write_notes(const struct report *r, struct out *out)
{
    const char *text = xml_text(r->pool, r->notes);
    out_write(out, text, strlen(text));
}

/* ---- the page -------------------------------------------------------------------------------- */

static const struct part {
    const char *name;          /* of the template's $insert */
    void (*write)(const struct report *, struct out *);
} parts[] = {
    {"picture_style", write_style}, {"facts", write_facts}, {"graph", write_graph},
    {"memory", write_memory}, {"layers", write_layers}, {"steps", write_steps},
    {"kernels", write_kernels}, {"targets", write_targets}, {"times", write_times},
    {"notes", write_notes},
};

static void insert_part(void *context, const char *name, struct out *out)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (!strcmp(parts[i].name, name))
            parts[i].write(context, out);
}

static void write_page(struct report *r, struct out *out)
{
    struct diag *diag = diag_new(r->pool);
    struct template *t = template_load(r->pool, template_builtin("report.html.in"), diag);
    struct args a = {0};
    args_text(r->pool, &a, "NAME", xml_text(r->pool, r->plan->graph->name));
    args_text(r->pool, &a, "VERSION", CNNGEN_VERSION);
    args_text(r->pool, &a, "COMMAND",
            xml_text(r->pool, options_command(r->pool, r->session->options)));
    args_int(r->pool, &a, "TIMES", r->session->options->time);
    args_int(r->pool, &a, "NOTES", *r->notes != 0);
    if (!t || !template_expand(t, &a, insert_part, r, out, diag))
        bug("template of the report");
}

/* Warnings and notes so far, which go into the page too. */
static const char *take_notes(struct session *s)
{
    struct out out;
    out_init(&out);
    diag_print(s->diag, &out, COLOR_NEVER, false);
    if (!s->options->quiet)
        fwrite(out.text, 1, out.len, stderr);
    const char *text = pool_copy(s->pool, out.text, out.len);
    out_free(&out);
    return text;
}

/* In a session of its own: nothing is said twice. */
static int measure(struct report *r)
{
    struct options quiet = *r->session->options;
    struct build build;
    struct session again = {.pool = r->pool, .options = &quiet, .diag = diag_new(r->pool)};
    quiet.quiet = true;
    build_open(&build, r->pool, &quiet);
    return bench_measure(&again, &build, &r->bench);
}

int command_report(struct session *s)
{
    struct report r = {.session = s, .pool = s->pool};
    struct out page;
    if (!session_read(s) || !session_plan(s))
        return session_report(s);
    r.notes = take_notes(s);
    r.plan = s->plan;
    r.summary = summarise(s);
    int status = s->options->time ? measure(&r) : 0;
    if (status || !code_sizes(s, s->options->time, r.size, &r.stack_bytes))
        return status ? status : 2;
    out_init(&page);
    write_page(&r, &page);
    session_save(s, &page);
    return 0;
}
