/* template_expand.c: a template's tree and arguments -> C. */
#include "template.h"

#include <string.h>

#include "template_tree.h"

enum {
    MAX_ITERATIONS = 65536,     /* of all $for, and all $use, of one expansion together */
    MAX_OUTPUT_BYTES = 1 << 24  /* of one expansion, without what $insert puts in */
};

struct run {
    const struct template *t;
    struct slot *slots;
    template_insert *insert;
    void *context;
    struct out *out;
    struct diag *diag;
    int indent;             /* of the out buffer, where the expansion began */
    int64_t iterations;
    size_t bytes;           /* written, without those of $insert */
    bool started, blank;    /* something is written; a blank line is due before what comes next */
};

static bool run_list(struct run *, const struct template_node *);

static bool failed(struct run *run, const struct template_node *n, const char *why)
{
    diag_error(run->diag, DIAG_TEMPLATE, n->at, "%s", why);
    return false;
}

/* Blank lines separate: none at the beginning or the end, never two together, whatever $if and $for
 * leave out. */
static void write_blank(struct run *run)
{
    if (run->blank && run->started)
        out_write(run->out, "\n", 1);
    run->blank = false;
}

/* One line; a text value of several lines is indented like its first. */
static bool run_text(struct run *run, const struct template_node *n)
{
    write_blank(run);
    run->out->indent = run->indent + n->indent;
    for (int i = 0; i < n->piece.n; i++) {
        const struct piece *p = &n->piece.at[i];
        size_t before = run->out->len;
        struct slot v;
        if (p->text)
            out_write(run->out, p->text, p->len);
        else if (!expr_eval(p->expr, run->slots, run->diag, &v))
            return false;
        else if (v.text)
            out_write(run->out, v.text, strlen(v.text));
        else
            out_printf(run->out, "%lld", (long long)v.num);
        run->bytes += run->out->len - before;
        if (run->bytes > MAX_OUTPUT_BYTES)
            return failed(run, n, "the expansion grows beyond 16 MB");
    }
    out_write(run->out, "\n", 1);
    run->out->indent = run->indent;
    run->started = true;
    return true;
}

static bool run_blank(struct run *run, const struct template_node *n)
{
    (void)n;
    run->blank = true;
    return true;
}

static bool run_let(struct run *run, const struct template_node *n)
{
    return expr_eval(n->expr, run->slots, run->diag, &run->slots[n->slot]);
}

/* What a template says of itself is shown whole, unless it could play tricks on a terminal. */
static const char *show(struct diag *d, const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c < ' ' || *c > '~')
            return diag_quote(d, text, strlen(text));
    return text;
}

static bool run_assert(struct run *run, const struct template_node *n)
{
    struct slot v;
    struct out values;
    if (!expr_eval(n->expr, run->slots, run->diag, &v))
        return false;
    if (v.num)
        return true;
    out_init(&values);
    expr_print_values(n->expr, run->slots, run->t->pool, run->diag, &values);
    diag_error(run->diag, DIAG_TEMPLATE, n->at, "%s%s%s%s",
            n->text ? show(run->diag, n->text) : "does not hold",
            values.len ? " (" : "", values.text, values.len ? ")" : "");
    out_free(&values);
    return false;
}

static bool count_iteration(struct run *run, const struct template_node *n)
{
    return ++run->iterations <= MAX_ITERATIONS ||
           failed(run, n, "more than 65536 iterations in one expansion");
}

static bool run_for(struct run *run, const struct template_node *n)
{
    struct slot from, to;
    if (!expr_eval(n->expr, run->slots, run->diag, &from) ||
            !expr_eval(n->to, run->slots, run->diag, &to))
        return false;
    for (int64_t i = from.num; i < to.num; i++) {
        if (!count_iteration(run, n))
            return false;
        run->slots[n->slot] = (struct slot){.num = i};
        if (!run_list(run, n->body))
            return false;
    }
    return true;
}

static bool run_if(struct run *run, const struct template_node *n)
{
    struct slot v;
    for (; n; n = n->otherwise) {
        if (!n->expr)
            return run_list(run, n->body);
        if (!expr_eval(n->expr, run->slots, run->diag, &v))
            return false;
        if (v.num)
            return run_list(run, n->body);
    }
    return true;
}

/* The passage where its $use stands: no deeper and no less deep. */
static bool run_use(struct run *run, const struct template_node *n)
{
    const struct template_def *def = n->def;
    if (!count_iteration(run, n))
        return false;
    for (int i = 0; i < n->arg.n; i++)
        if (!expr_eval(n->arg.at[i], run->slots, run->diag, &run->slots[def->slot.at[i]]))
            return false;
    run->indent += n->indent - def->indent;
    bool ok = run_list(run, def->body);
    run->indent -= n->indent - def->indent;
    return ok;
}

static bool run_insert(struct run *run, const struct template_node *n)
{
    if (!run->insert)
        return failed(run, n, "nothing is to be inserted here");
    const struct out_place before = out_end(run->out);
    const bool blank = run->blank;
    write_blank(run);
    const struct out_place start = out_end(run->out);
    run->out->indent = run->indent + n->indent;
    run->insert(run->context, n->text, run->out);
    run->out->indent = run->indent;
    if (run->out->line_started)
        out_write(run->out, "\n", 1);
    if (!out_at_end(run->out, start)) {
        run->started = true;
    } else {
        out_cut(run->out, before);
        run->blank = blank;
    }
    return true;
}

static bool (*const run_kind[])(struct run *, const struct template_node *) = {
    [NODE_TEXT] = run_text, [NODE_BLANK] = run_blank, [NODE_LET] = run_let,
    [NODE_ASSERT] = run_assert, [NODE_FOR] = run_for, [NODE_IF] = run_if,
    [NODE_INSERT] = run_insert, [NODE_USE] = run_use,
};

static bool run_list(struct run *run, const struct template_node *n)
{
    for (; n; n = n->next)
        if (!run_kind[n->kind](run, n))
            return false;
    return true;
}

bool template_expand(const struct template *t, const struct args *args, template_insert *insert,
        void *context, struct out *out, struct diag *d)
{
    const struct out_place start = out_end(out);
    struct run run = {.t = t, .insert = insert, .context = context, .out = out, .diag = d,
                      .indent = out->indent};
    run.slots = NEW_ARRAY(t->pool, struct slot, t->slots + 1);
    if (template_bind(t, args, run.slots, d) && run_list(&run, t->body))
        return true;
    out_cut(out, start);
    out->indent = run.indent;
    return false;
}
