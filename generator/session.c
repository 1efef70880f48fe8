#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "import.h"
#include "labels.h"
#include "limits.h"
#include "opt.h"
#include "random.h"
#include "select.h"
#include "shape.h"
#include "weights.h"

void session_write(struct out_file *files, int n)
{
    const char *failed;
    if (out_commit(files, n, &failed))
        return;
    if (!strcmp(failed, "-"))
        die("can't write standard output: %s", strerror(errno));
    die("can't write '%s': %s", failed, strerror(errno));
}

void session_sources(struct session *s, struct file_list *to)
{
    if (strcmp(s->options->spec, "-"))
        file_list_add(s->pool, to, s->options->spec);
    for (int i = 0; i < s->graph->weight_file.n; i++)
        file_list_add(s->pool, to, s->graph->weight_file.at[i]);
    for (int i = 0; i < s->reads.path.n; i++)
        file_list_add(s->pool, to, s->reads.path.at[i]);
}

void session_keep_sources(struct session *s, const struct out_file *files, int n)
{
    struct file_list from = {0};
    session_sources(s, &from);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < from.path.n; k++)
            if (out_same_file(files[i].path, from.path.at[k]))
                die("'%s' would be overwritten by the output", from.path.at[k]);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            if (!strcmp(files[i].path, files[k].path))
                die("two of the outputs are '%s'", files[i].path);
}

void session_save(struct session *s, struct out *out)
{
    struct out_file file = {s->options->output, out, 0};
    session_keep_sources(s, &file, 1);
    session_write(&file, 1);
    if (s->options->verbose)
        fprintf(stderr, "cnngen: wrote %s (%zu bytes)\n", file.path, file.bytes);
    out_free(out);
}

void session_print(struct out *out)
{
    struct out_file file = {"-", out, 0};
    session_write(&file, 1);
    out_free(out);
}

/* Prints a stage that --dump asks for. */
static bool dumped(struct session *s, enum dump stage)
{
    struct out out;
    if (s->options->dump != stage)
        return false;
    out_init(&out);
    if (stage == DUMP_SPEC)
        spec_print(s->spec, &out);
    else if (stage == DUMP_PLAN)
        plan_print(s->plan, &out);
    else
        graph_print(s->graph, &out);
    session_print(&out);
    return true;
}

static void read_source(struct session *s, const char *path, struct source *source)
{
    switch (source_read(s->pool, path, LIMIT_SPEC_BYTES, source)) {
    case SOURCE_OK:
        return;
    case SOURCE_ERRNO:
        die("can't read '%s': %s", path, strerror(errno));
    case SOURCE_NOT_REGULAR:
        die("can't read '%s': not a regular file", path);
    case SOURCE_TOO_BIG:
        die("can't read '%s': larger than %d MB", path, LIMIT_SPEC_BYTES >> 20);
    }
}

/* A summary is of a network that may not be trained yet: its weights don't matter, but must be
 * there. */
static void make_up_weights(struct graph *g)
{
    for (int k = 0; k < g->layer.n; k++) {
        struct node *n = g->layer.at[k];
        for (int i = 0; i < n->weights; i++) {
            float *data = NEW_ARRAY(g->pool, float, shape_size(&n->weight[i].shape));
            random_weight(g, n, &n->weight[i], 1, data);
            n->weight[i].data = data;
        }
    }
}

/* The specification, or what is made of a model of another format. False: there is none. */
static bool find_spec(struct session *s, const char **weights)
{
    const struct options *o = s->options;
    const struct format *format = format_find(s->pool, o->spec);
    struct imported made;
    *weights = o->weights_file;
    if (!format) {
        if (o->shape.n)
            die("--shape is for models of other formats: '%s' is a specification", o->spec);
        read_source(s, o->spec, &s->source);
        return true;
    }
    s->imported = true;
    s->status = import_model(s->pool, o, format, &made);
    if (s->status)
        return false;
    for (int i = 0; i < made.sources.path.n; i++)
        file_list_add(s->pool, &s->reads, made.sources.path.at[i]);
    read_source(s, made.spec, &s->source);
    s->source.path = pool_printf(s->pool, "%s (imported)", o->spec);
    if (!*weights)
        *weights = made.weights;
    return true;
}

/* What an importer wrote is gone when cnngen ends: no rule of make may name it. */
static bool load_weights(struct session *s, const struct weight_options *from)
{
    bool loaded = weights_load(s->graph, from, s->diag) && !diag_failed(s->diag);
    if (s->imported && !s->options->weights_file)
        s->graph->weight_file.n = 0;
    return loaded;
}

bool session_read(struct session *s)
{
    struct weight_options weights;
    if (!find_spec(s, &weights.override_file))
        return false;
    s->spec = spec_read(s->pool, &s->source, s->diag);
    if (!s->spec || dumped(s, DUMP_SPEC))
        return false;
    s->graph = graph_build(s->pool, s->spec, s->diag);
    if (!s->graph || dumped(s, DUMP_GRAPH))
        return false;
    shape_infer(s->graph, s->diag);
    if (!diag_failed(s->diag))
        labels_read(s->graph, &s->reads, s->diag);
    if (diag_failed(s->diag) || dumped(s, DUMP_SHAPES))
        return false;
    graph_check(s->graph);
    s->prefix = s->options->prefix ? s->options->prefix : s->graph->name;
    if (s->options->command == CMD_SUMMARY) {
        make_up_weights(s->graph);
        return true;
    }
    return load_weights(s, &weights);
}

struct tuning *session_tuning(struct session *s, const char *path)
{
    struct source *source = NEW(s->pool, struct source);
    read_source(s, path, source);
    return tuning_read(s->pool, source, s->diag);
}

static bool load_tuning(struct session *s)
{
    const char *path = s->options->tuning;
    if (s->tuning || !path)
        return true;
    s->tuning = session_tuning(s, path);
    file_list_add(s->pool, &s->reads, path);
    return s->tuning != NULL;
}

bool session_plan(struct session *s)
{
    const struct options *o = s->options;
    if (!load_tuning(s))
        return false;
    const struct plan_options plan = {.targets = o->targets, .max_threads = o->max_threads,
            .max_weight_growth = o->max_weight_growth,
            .free_weight_bytes = o->growth_text ? 0 : FREE_WEIGHT_BYTES, .math = o->math,
            .tuning = s->tuning, .trial = s->trial, .trial_target = s->trial_target};
    optimise(s->graph);
    if (dumped(s, DUMP_OPT))
        return false;
    s->plan = plan_make(s->pool, s->graph, &plan, s->diag);
    if (!s->plan || dumped(s, DUMP_PLAN))
        return false;
    budget_check(s->plan, &o->budget, s->diag);
    return !diag_failed(s->diag);
}

int session_report(struct session *s)
{
    struct out out;
    out_init(&out);
    diag_print(s->diag, &out, s->options->color, s->options->quiet);
    fwrite(out.text, 1, out.len, stderr);
    out_free(&out);
    return s->status ? s->status : diag_failed(s->diag) ? 1 : 0;
}
