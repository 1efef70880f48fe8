#include "summary.h"

#include <string.h>

#include "ops/families.h"
#include "out.h"

enum { WIDTH_MIN = 80, WIDTH_MAX = 110, CELL = 400 };

enum column { LAYER, SHAPE, PARAMS, MACS, WEIGHTS, VALUES, CONNECTED, NOTES, COLUMN_COUNT };

static const struct {
    const char *title;
    bool right;                /* numbers */
    int least;                 /* width down to which it may be cut; 0: never */
    int favour;                /* the wider of two is cut first, this much counted off */
} columns[COLUMN_COUNT] = {
    [LAYER] = {"Layer (type)", false, 16, 6},
    [SHAPE] = {"Output Shape", false, 0, 0},
    [PARAMS] = {"Param #", true, 0, 0},
    [MACS] = {"MACs", true, 0, 0},
    [WEIGHTS] = {"Weights", true, 0, 0},
    [VALUES] = {"Activ.", true, 0, 0},
    [CONNECTED] = {"Connected to", false, 12, 0},
    [NOTES] = {"Computed", false, 12, 0},
};

/* How the table's lines look: corners and crossings of the rules, and between columns. */
struct look {
    const char *top[4], *middle[4], *bottom[4];  /* left, fill, crossing, right; fill may be NULL */
    const char *head[3], *row[3];                /* left, between, right */
};

static const struct look ascii = {
    {NULL}, {"", "-", "--", ""}, {"", "-", "--", ""}, {"", "  ", ""}, {"", "  ", ""},
};

static const struct look rules = {
    {NULL}, {"", "━", "━━", ""}, {"", "─", "──", ""}, {"", "  ", ""}, {"", "  ", ""},
};

static const struct look boxes = {
    {"┏━", "━", "━┳━", "━┓"}, {"┡━", "━", "━╇━", "━┩"}, {"└─", "─", "─┴─", "─┘"},
    {"┃ ", " ┃ ", " ┃"}, {"│ ", " │ ", " │"},
};

struct table {
    const struct summary *s;
    const struct look *look;
    struct out *out;
    bool shown[COLUMN_COUNT];
    int width[COLUMN_COUNT];
    const char *(*cell)[COLUMN_COUNT];
    int rows;
};

/* ---- numbers --------------------------------------------------------------------------------- */

const char *commas(struct pool *pool, int64_t n)
{
    const char *digits = pool_printf(pool, "%lld", (long long)n);
    size_t len = strlen(digits), k = 0;
    char *text = pool_alloc(pool, 2 * len + 1);
    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            text[k++] = ',';
        text[k++] = digits[i];
    }
    return text;
}

/* Keras' way: "1.66 MB". */
static const char *size_text(struct pool *pool, int64_t bytes, int decimals)
{
    static const char *const unit[] = {"B", "KB", "MB", "GB", "TB"};
    double n = (double)bytes;
    int i = 0;
    while (n >= 1024 && i < 4) {
        n /= 1024;
        i++;
    }
    return pool_printf(pool, "%.*f %s", decimals, n, unit[i]);
}

/* ---- cells ----------------------------------------------------------------------------------- */

/* "(None, 26, 26, 256)", with the batch if it is more than one image. */
static const char *shape_cell(const struct summary *s, const struct shape *shape)
{
    const char *text = "(None";
    if (s->graph->batch > 1)
        text = pool_printf(s->pool, "(%lld", (long long)s->graph->batch);
    for (int i = 0; i < shape->rank; i++)
        text = pool_printf(s->pool, "%s, %d", text, shape->dim[i]);
    return pool_printf(s->pool, "%s)", text);
}

static const char *inputs_cell(const struct summary *s, const struct node *n)
{
    const char *text = n->in.n ? n->in.at[0]->name : "-";
    for (int i = 1; i < n->in.n; i++)
        text = pool_printf(s->pool, "%s, %s", text, n->in.at[i]->name);
    return text;
}

static const char *notes_cell(const struct summary *s, const struct fact *f)
{
    const char *text = "";
    for (int i = 0; i < f->kernel.n; i++)
        text = pool_printf(s->pool, "%s%s%s", text, i ? ", " : "", f->kernel.at[i]);
    if (f->kernel.n)
        return text;
    if (f->within)
        return pool_printf(s->pool, "in %s", f->within->name);
    return node_family(f->node) == FAMILY_INPUT ? "-" : "no copy";
}

static const char *bytes_cell(const struct summary *s, int64_t bytes)
{
    return bytes ? size_text(s->pool, bytes, 1) : "-";
}

static void fill_row(const struct summary *s, const struct fact *f, const char **cell)
{
    const struct node *n = f->node;
    cell[LAYER] = pool_printf(s->pool, "%s (%s%s)", n->name,
            node_family(n) == FAMILY_INPUT ? "InputLayer" : node_def(n)->type,
            input_is_nchw(n) ? ", NCHW" : "");
    cell[SHAPE] = shape_cell(s, &n->out->shape);
    cell[PARAMS] = commas(s->pool, f->params);
    cell[MACS] = f->macs ? commas(s->pool, f->macs) : "-";
    cell[WEIGHTS] = bytes_cell(s, f->weight_bytes);
    cell[VALUES] = bytes_cell(s, f->activation_bytes);
    cell[CONNECTED] = inputs_cell(s, n);
    cell[NOTES] = notes_cell(s, f);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* One input, and each layer after the other: Keras' Sequential, whose table has no Input. */
static bool is_chain(const struct graph *g)
{
    for (int k = 1; k < g->layer.n; k++)
        if (g->layer.at[k]->in.n != 1 || g->layer.at[k]->in.at[0] != g->layer.at[k - 1]->out)
            return false;
    return g->output.n == 1;
}

static int total_width(const struct table *t)
{
    bool boxed = t->look == &boxes;
    int sum = boxed ? 4 : 0, shown = 0;
    for (int c = 0; c < COLUMN_COUNT; c++)
        if (t->shown[c]) {
            sum += t->width[c];
            shown++;
        }
    return sum + (shown - 1) * (boxed ? 3 : 2);
}

static int spare(const struct table *t, int c) { return t->width[c] - columns[c].favour; }

/* Widths of the widest cells; the widest column that may be cut gives way until the table fits. */
static void set_widths(struct table *t)
{
    for (int c = 0; c < COLUMN_COUNT; c++) {
        t->width[c] = (int)strlen(columns[c].title);
        for (int r = 0; r < t->rows; r++)
            if ((int)strlen(t->cell[r][c]) > t->width[c])
                t->width[c] = (int)strlen(t->cell[r][c]);
    }
    while (total_width(t) > WIDTH_MAX) {
        int widest = -1;
        for (int c = 0; c < COLUMN_COUNT; c++)
            if (t->shown[c] && columns[c].least && t->width[c] > columns[c].least &&
                    (widest < 0 || spare(t, c) > spare(t, widest)))
                widest = c;
        if (widest < 0)
            return;
        t->width[widest]--;
    }
    while (total_width(t) < WIDTH_MIN)
        t->width[NOTES]++;
}

static void write_rule(struct table *t, const char *const look[4])
{
    const char *next = look[0];
    if (!look[1])
        return;
    for (int c = 0; c < COLUMN_COUNT; c++) {
        if (!t->shown[c])
            continue;
        out_printf(t->out, "%s", next);
        for (int i = 0; i < t->width[c]; i++)
            out_printf(t->out, "%s", look[1]);
        next = look[2];
    }
    out_printf(t->out, "%s\n", look[3]);
}

/* Cut with dots; trailing blanks are left out where no line follows. */
static void write_cells(struct table *t, const char *const *cell, const char *const look[3])
{
    struct out *out = t->out;
    const char *next = look[0];
    for (int c = 0; c < COLUMN_COUNT; c++) {
        int width = t->width[c], len = (int)strlen(cell[c]);
        if (!t->shown[c])
            continue;
        out_printf(out, "%s", next);
        next = look[1];
        if (len > width)
            out_printf(out, "%.*s...", width - 3, cell[c]);
        else if (c == NOTES && !*look[2])
            out_printf(out, "%s", cell[c]);
        else
            out_printf(out, columns[c].right ? "%*s" : "%-*s", width, cell[c]);
    }
    out_printf(out, "%s\n", look[2]);
}

static void write_table(struct table *t)
{
    const char *titles[COLUMN_COUNT];
    for (int c = 0; c < COLUMN_COUNT; c++)
        titles[c] = columns[c].title;
    write_rule(t, t->look->top);
    write_cells(t, titles, t->look->head);
    write_rule(t, t->look->middle);
    for (int r = 0; r < t->rows; r++)
        write_cells(t, t->cell[r], t->look->row);
    write_rule(t, t->look->bottom);
}

/* ---- above and below it ---------------------------------------------------------------------- */

static void write_title(const struct summary *s, bool chain, struct out *out)
{
    const struct fact *input = &s->layer[0];
    out_printf(out, "Model: \"%s\"", s->graph->name);
    if (chain) {
        const struct tensor *t = s->graph->input.at[0];
        out_printf(out, "   input: %s %s%s", shape_cell(s, &input->node->out->shape),
                t->type == DTYPE_UINT8 ? "uint8" : "float32",
                input_is_nchw(input->node) ? ", NCHW" : "");
        if (input->kernel.n)
            out_printf(out, ", copied by %s", notes_cell(s, input));
    }
    out_printf(out, "\n");
}

static void write_params(const struct summary *s, const char *what, int64_t n, struct out *out)
{
    out_printf(out, " %s: %s (%s)\n", what, commas(s->pool, n), size_text(s->pool, 4 * n, 2));
}

static void write_bytes(const struct summary *s, const char *what, int64_t n, const char *more,
        struct out *out)
{
    out_printf(out, " %s: %s bytes (%s)%s\n", what, commas(s->pool, n), size_text(s->pool, n, 2),
            more);
}

static void write_totals(const struct summary *s, struct out *out)
{
    const struct plan *p = s->plan;
    const char *more = "";
    write_params(s, "Total params", s->params, out);
    write_params(s, "Trainable params", s->trainable, out);
    write_params(s, "Non-trainable params", s->params - s->trainable, out);
    out_printf(out, " MACs: %s (%s math)\n", commas(s->pool, s->macs), math_modes[p->math]);
    if (s->params)
        more = pool_printf(s->pool, ", %.2f times those of the params",
                (double)p->weight_bytes / (4.0 * (double)s->params));
    write_bytes(s, "Stored weights", p->weight_bytes, more, out);
    more = "";
    if (p->scratch_bytes && p->max_threads > 1)
        more = pool_printf(s->pool, " for 1 thread, %s more for each other",
                commas(s->pool, p->scratch_bytes));
    write_bytes(s, "Arena", p->shared_bytes + p->scratch_bytes, more, out);
    out_printf(out, "   values alive at once: %s, halos and rounding: %s, gaps: %s, scratch: %s\n",
            commas(s->pool, p->tensor_bytes), commas(s->pool, p->lower_bound - p->tensor_bytes),
            commas(s->pool, p->shared_bytes - p->lower_bound), commas(s->pool, p->scratch_bytes));
}

void summary_table(const struct summary *s, bool unicode, struct out *out)
{
    const struct graph *g = s->graph;
    bool chain = is_chain(g);
    struct table t = {.s = s, .look = unicode ? &boxes : &ascii, .out = out};
    t.cell = pool_array(s->pool, (size_t)g->layer.n + 1, sizeof *t.cell);
    for (int c = 0; c < COLUMN_COUNT; c++)
        t.shown[c] = c != CONNECTED || !chain;
    for (int k = chain ? 1 : 0; k < g->layer.n; k++)
        fill_row(s, &s->layer[k], t.cell[t.rows++]);
    set_widths(&t);
    if (unicode && total_width(&t) > WIDTH_MAX) {
        t.look = &rules;
        set_widths(&t);
    }
    write_title(s, chain, out);
    write_table(&t);
    write_totals(s, out);
}
