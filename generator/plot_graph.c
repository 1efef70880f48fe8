/* The graph as SVG: title, legend, and below them the boxes where layout.c puts them. */
#include "layout.h"
#include "plot.h"

enum {
    MARGIN = 20, HEAD = 62,              /* above the boxes: title, totals, legend */
    LINE = 15, PAD_X = 10, PAD_Y = 6,    /* in a box */
    TEXT = 11, NAME = 12,                /* font sizes */
    LEAST_W = 110, MOST_W = 290
};

static int font_of(const struct text_line *l) { return l->look == LINE_NAME ? NAME : TEXT; }

static struct box box_size(const struct diagram_box *b)
{
    struct box box = {0, 0, LEAST_W, b->line.n * LINE + 2 * PAD_Y};
    for (int i = 0; i < b->line.n; i++) {
        int w = svg_width(b->line.at[i].text, font_of(&b->line.at[i])) + 2 * PAD_X;
        box.w = w > box.w ? w : box.w;
    }
    box.w = (box.w > MOST_W ? MOST_W : box.w) & ~1;
    return box;
}

static void draw_box(struct picture *p, const struct diagram_box *b, struct box at)
{
    static const char *const looks[] = {"name middle", "middle", "dim middle"};
    const char *class = kind_looks[b->kind].class;
    svg_open(p, "node", b->tooltip);
    svg_box(p, b->output ? pool_printf(p->pool, "%s out", class) : class, at, 6);
    for (int i = 0; i < b->line.n; i++) {
        const struct text_line *l = &b->line.at[i];
        svg_text(p, looks[l->look],
                (struct point){at.x + at.w / 2, at.y + PAD_Y + LINE * i + LINE - 4},
                svg_fit(p->pool, l->text, font_of(l), at.w - 2 * PAD_X + 4));
    }
    svg_close(p);
}

/* Below the title. Returns where it ends. */
static int draw_legend(struct picture *p, const struct diagram *d)
{
    bool used[KIND_COUNT] = {false};
    for (int b = 0; b < d->box.n; b++)
        used[d->box.at[b].kind] = true;
    return plot_legend(p, used, (struct point){MARGIN, MARGIN + 34});
}

static void draw_routes(struct picture *p, const struct layout *l, struct point by)
{
    for (int i = 0; i < l->route.n; i++) {
        const struct route *r = &l->route.at[i];
        for (int k = 0; k < r->at.n; k++) {
            r->at.at[k].x += by.x;
            r->at.at[k].y += by.y;
        }
        svg_route(p, r->curved ? "edge" : "turn", r->at.at, r->at.n, r->curved, r->ends);
    }
}

bool plot_graph(const struct summary *s, struct picture *p)
{
    struct diagram d = diagram_make(s);
    struct layout l = {.box = NEW_ARRAY(s->pool, struct box, d.box.n + 1)};
    for (int b = 0; b < d.box.n; b++)
        l.box[b] = box_size(&d.box.at[b]);
    if (!layout_make(s->pool, &d, &l))
        return false;
    p->title = pool_printf(s->pool, "Graph of %s", s->graph->name);
    p->desc = pool_printf(s->pool,
            "%s. Each box is a layer with what is computed along with it; arrows go from "
            "where values are made to where they are used.",
            totals_text(s));
    svg_text(p, "big", (struct point){MARGIN, MARGIN + 10}, s->graph->name);
    svg_text(p, "dim", (struct point){MARGIN, MARGIN + 26}, totals_text(s));
    int w = draw_legend(p, &d), least = svg_width(totals_text(s), TEXT) + MARGIN;
    w = w > least ? w : least;
    w = l.w + MARGIN > w ? l.w + MARGIN : w;
    struct point by = {l.w + MARGIN < w ? MARGIN + (w - MARGIN - l.w) / 2 : MARGIN, MARGIN + HEAD};
    draw_routes(p, &l, by);
    for (int b = 0; b < d.box.n; b++)
        draw_box(p, &d.box.at[b],
                (struct box){l.box[b].x + by.x, l.box[b].y + by.y, l.box[b].w, l.box[b].h});
    p->w = w + MARGIN;
    p->h = by.y + l.h + MARGIN / 2;
    return true;
}
