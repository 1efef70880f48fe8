#include "layout.h"

#include <stdlib.h>

enum {
    GAP_X = 22, GAP_Y = 26,    /* between neighbours, between rows */
    THIN = 10,                 /* width of an arrow's place in a row */
    GUTTER = 44,               /* between columns */
    COLUMNS_W = 1250,          /* as many columns as fit */
    COLUMN_H = 760,            /* none shorter than about this */
    SWEEPS = 10,
    HEAVY = 100000,            /* what is on the longest path stays there */
    MAX_PLACES = 100000
};

/* A box in a row, or the place in it of an arrow that passes. */
struct spot {
    int box;                   /* -1: none, an arrow */
    int from;                  /* the box whose arrow it is; else the box */
    int row, order;            /* order within the row */
    int x, w;                  /* of its middle */
    bool spine;                /* on the longest path */
    VEC(int) up, down;         /* neighbours in the rows above and below */
    int64_t key;               /* to sort by */
};

struct row { VEC(int) place; int y, h; };

/* Rows side by side with others. */
struct column { int first, last; int x, w, h; };

struct placer {
    struct pool *pool;
    const struct diagram *d;
    struct layout *out;
    int *row_of;               /* of boxes */
    int rows;
    VEC(struct spot) place;
    struct row *row;
    VEC(struct column) column;
};

/* ---- rows ------------------------------------------------------------------------------------ */

/* Below everything that a box depends on. */
static void find_rows(struct placer *p)
{
    int n = p->d->box.n;
    bool moved = true;
    p->row_of = NEW_ARRAY(p->pool, int, n + 1);
    for (int round = 0; moved; round++) {
        if (round > n)
            bug("boxes in a circle");
        moved = false;
        for (int i = 0; i < p->d->arrow.n; i++) {
            struct arrow a = p->d->arrow.at[i];
            if (p->row_of[a.to] > p->row_of[a.from])
                continue;
            p->row_of[a.to] = p->row_of[a.from] + 1;
            moved = true;
        }
    }
}

/* What takes nothing stands right above the first that takes it. */
static void lower_sources(struct placer *p)
{
    int n = p->d->box.n, *first = NEW_ARRAY(p->pool, int, n + 1);
    bool *takes = NEW_ARRAY(p->pool, bool, n + 1);
    for (int i = 0; i < p->d->arrow.n; i++) {
        struct arrow a = p->d->arrow.at[i];
        takes[a.to] = true;
        if (!first[a.from] || p->row_of[a.to] < first[a.from])
            first[a.from] = p->row_of[a.to];
    }
    for (int i = 0; i < n; i++) {
        if (!takes[i] && first[i])
            p->row_of[i] = first[i] - 1;
        if (p->row_of[i] >= p->rows)
            p->rows = p->row_of[i] + 1;
    }
}

static int add_place(struct placer *p, int box, int from, int row)
{
    struct spot place = {.box = box, .from = from, .row = row};
    place.w = box >= 0 ? p->out->box[box].w : THIN;
    place.order = p->row[row].place.n;
    vec_push(p->pool, &p->place, place);
    vec_push(p->pool, &p->row[row].place, p->place.n - 1);
    if (box >= 0 && p->out->box[box].h > p->row[row].h)
        p->row[row].h = p->out->box[box].h;
    return p->place.n - 1;
}

static void join(struct placer *p, int above, int below)
{
    vec_push(p->pool, &p->place.at[above].down, below);
    vec_push(p->pool, &p->place.at[below].up, above);
}

/* Places of boxes have the boxes' numbers. The arrows of a box share one in each row. */
static bool make_places(struct placer *p)
{
    int n = p->d->box.n;
    int *tail = NEW_ARRAY(p->pool, int, n + 1);   /* the last row that a box's arrows pass */
    int **pass = NEW_ARRAY(p->pool, int *, n + 1);
    int64_t places = 0;
    p->row = NEW_ARRAY(p->pool, struct row, p->rows + 1);
    for (int b = 0; b < n; b++) {
        add_place(p, b, b, p->row_of[b]);
        tail[b] = p->row_of[b];
    }
    for (int i = 0; i < p->d->arrow.n; i++) {
        struct arrow a = p->d->arrow.at[i];
        if (p->row_of[a.to] - 1 > tail[a.from])
            tail[a.from] = p->row_of[a.to] - 1;
    }
    for (int b = 0; b < n; b++)
        places += tail[b] - p->row_of[b] + 1;
    if (places > MAX_PLACES)
        return false;
    for (int b = 0; b < n; b++) {
        pass[b] = NEW_ARRAY(p->pool, int, tail[b] - p->row_of[b] + 1);
        pass[b][0] = b;
        for (int r = p->row_of[b] + 1; r <= tail[b]; r++) {
            pass[b][r - p->row_of[b]] = add_place(p, -1, b, r);
            join(p, pass[b][r - p->row_of[b] - 1], pass[b][r - p->row_of[b]]);
        }
    }
    for (int i = 0; i < p->d->arrow.n; i++) {
        struct arrow a = p->d->arrow.at[i];
        join(p, pass[a.from][p->row_of[a.to] - 1 - p->row_of[a.from]], a.to);
    }
    return true;
}

/* Back from the lowest box, always to one in the row above. */
static void find_spine(struct placer *p)
{
    int at = 0;
    for (int b = 0; b < p->d->box.n; b++)
        if (p->row_of[b] > p->row_of[at])
            at = b;
    while (at >= 0) {
        const struct spot *q = &p->place.at[at];
        int above = -1;
        p->place.at[at].spine = true;
        for (int i = 0; i < q->up.n && above < 0; i++)
            if (p->place.at[q->up.at[i]].box >= 0)
                above = q->up.at[i];
        at = above;
    }
}

/* ---- columns --------------------------------------------------------------------------------- */

/* Whether the values of one box alone pass from row r - 1 to row r. */
static bool is_narrow(const struct placer *p, int r)
{
    int from = -1;
    for (int i = 0; i < p->row[r].place.n; i++) {
        const struct spot *q = &p->place.at[p->row[r].place.at[i]];
        for (int k = 0; k < q->up.n; k++) {
            int source = p->place.at[q->up.at[k]].from;
            if (from >= 0 && source != from)
                return false;
            from = source;
        }
    }
    return from >= 0;
}

static int row_width(const struct placer *p, int r)
{
    int w = 0;
    for (int i = 0; i < p->row[r].place.n; i++)
        w += p->place.at[p->row[r].place.at[i]].w + GAP_X;
    return w;
}

/* The narrow row nearest to where the height is y; -1: none behind `after` within reach. */
static int find_fold(const struct placer *p, int after, int y, int reach)
{
    int best = -1, far = reach;
    for (int r = after + 1, at = 0, k = 0; r < p->rows; r++) {
        for (; k < r; k++)
            at += p->row[k].h + GAP_Y;
        if (abs(at - y) < far && is_narrow(p, r)) {
            best = r;
            far = abs(at - y);
        }
    }
    return best;
}

static void find_columns(struct placer *p)
{
    int w = 1, h = 0, first = 0;
    for (int r = 0; r < p->rows; r++) {
        w = row_width(p, r) > w ? row_width(p, r) : w;
        h += p->row[r].h + GAP_Y;
    }
    int fit = COLUMNS_W / (w + GUTTER), wanted = (h + COLUMN_H - 1) / COLUMN_H;
    int columns = fit < wanted ? fit : wanted;
    for (int c = 1; c < columns; c++) {
        int fold = find_fold(p, first, (int)((int64_t)h * c / columns), h / columns / 2);
        if (fold < 0)
            continue;
        vec_push(p->pool, &p->column, (struct column){.first = first, .last = fold - 1});
        first = fold;
    }
    vec_push(p->pool, &p->column, (struct column){.first = first, .last = p->rows - 1});
}

static bool is_first_row(const struct placer *p, int r)
{
    for (int c = 0; c < p->column.n; c++)
        if (p->column.at[c].first == r)
            return true;
    return false;
}

/* ---- order ----------------------------------------------------------------------------------- */

static const struct spot *sorted;   /* the places, while their numbers are sorted */

static int compare_keys(const void *a, const void *b)
{
    const struct spot *x = &sorted[*(const int *)a], *y = &sorted[*(const int *)b];
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->order - y->order;
}

/* By the mean order of the neighbours on one side; who has none there stays where it is. */
static void order_row(struct placer *p, int r, bool by_upper)
{
    struct row *row = &p->row[r];
    for (int i = 0; i < row->place.n; i++) {
        struct spot *q = &p->place.at[row->place.at[i]];
        int n = by_upper ? q->up.n : q->down.n;
        const int *at = by_upper ? q->up.at : q->down.at;
        int64_t sum = 0;
        for (int k = 0; k < n; k++)
            sum += 1000 * (int64_t)p->place.at[at[k]].order;
        q->key = n ? sum / n : 1000 * (int64_t)q->order;
    }
    sorted = p->place.at;
    qsort(row->place.at, (size_t)row->place.n, sizeof(int), compare_keys);
    for (int i = 0; i < row->place.n; i++)
        p->place.at[row->place.at[i]].order = i;
}

/* Crossings between a row and the one below: pairs of lines whose ends are in different orders.
 * Each line counts those that ended to the right of it before (a Fenwick tree). */
static int64_t crossings(const struct placer *p, int r)
{
    int width = p->row[r + 1].place.n;
    int64_t sum = 0, lines = 0;
    int *tree = NEW_ARRAY(p->pool, int, width + 1);
    for (int i = 0; i < p->row[r].place.n; i++) {
        const struct spot *q = &p->place.at[p->row[r].place.at[i]];
        for (int k = 0; k < q->down.n; k++) {
            int end = p->place.at[q->down.at[k]].order;
            int64_t left = 0;
            for (int t = end + 1; t > 0; t -= t & -t)
                left += tree[t];
            sum += lines - left;
        }
        for (int k = 0; k < q->down.n; k++, lines++) {
            int end = p->place.at[q->down.at[k]].order;
            for (int t = end + 1; t <= width; t += t & -t)
                tree[t]++;
        }
    }
    return sum;
}

static int64_t all_crossings(const struct placer *p)
{
    int64_t sum = 0;
    for (int r = 0; r + 1 < p->rows; r++)
        sum += crossings(p, r);
    return sum;
}

static void keep_order(const struct placer *p, int *best)
{
    for (int i = 0; i < p->place.n; i++)
        best[i] = p->place.at[i].order;
}

static void restore_order(struct placer *p, const int *best)
{
    for (int i = 0; i < p->place.n; i++) {
        p->place.at[i].order = best[i];
        p->row[p->place.at[i].row].place.at[best[i]] = i;
    }
}

/* The best of some sweeps down and up. */
static void order_rows(struct placer *p)
{
    int *best = NEW_ARRAY(p->pool, int, p->place.n + 1);
    int64_t least = all_crossings(p);
    keep_order(p, best);
    for (int sweep = 0; sweep < SWEEPS && least > 0; sweep++) {
        for (int i = 0; i < p->rows; i++)
            order_row(p, sweep % 2 ? p->rows - 1 - i : i, sweep % 2 == 0);
        int64_t now = all_crossings(p);
        if (now < least) {
            least = now;
            keep_order(p, best);
        }
    }
    restore_order(p, best);
}

/* ---- positions ------------------------------------------------------------------------------- */

/* Neighbours that want to be nearer to each other than they may be. */
struct block { int64_t sum, weight; int n; };

/* The mean, to the nearest. */
static int64_t block_at(const struct block *b)
{
    int64_t twice = 2 * b->sum + b->weight, by = 2 * b->weight;
    return twice >= 0 ? twice / by : -((-twice + by - 1) / by);
}

/* Nearest to what the places of a row wish, their order and distances kept: least squares, by
 * pooling adjacent violators. want[i] is the wish of the i-th, weight[i] how much it counts. */
static void settle(struct placer *p, const struct row *row, const int64_t *want,
        const int64_t *weight)
{
    int n = row->place.n, blocks = 0, at = 0;
    struct block *b = NEW_ARRAY(p->pool, struct block, n + 1);
    int *shift = NEW_ARRAY(p->pool, int, n + 1);   /* from the first one, all as near as may be */
    for (int i = 0; i < n; i++) {
        const struct spot *q = &p->place.at[row->place.at[i]];
        if (i > 0)
            shift[i] = shift[i - 1] + (p->place.at[row->place.at[i - 1]].w + q->w) / 2 + GAP_X;
        b[blocks++] = (struct block){(want[i] - shift[i]) * weight[i], weight[i], 1};
        for (; blocks > 1 && block_at(&b[blocks - 2]) >= block_at(&b[blocks - 1]); blocks--) {
            b[blocks - 2].sum += b[blocks - 1].sum;
            b[blocks - 2].weight += b[blocks - 1].weight;
            b[blocks - 2].n += b[blocks - 1].n;
        }
    }
    for (int k = 0; k < blocks; k++)
        for (int i = 0; i < b[k].n; i++, at++)
            p->place.at[row->place.at[at]].x = (int)(block_at(&b[k]) + shift[at]);
}

/* The mean of the neighbours: boxes' of boxes and arrows' of arrows, where there are such. */
static bool wish(const struct placer *p, const struct spot *q, bool above, int64_t *want)
{
    const int *at = above ? q->up.at : q->down.at;
    int n = above ? q->up.n : q->down.n, count = 0;
    int64_t sum = 0;
    for (int alike = 1; alike >= 0 && count == 0; alike--)
        for (int k = 0; k < n; k++) {
            const struct spot *other = &p->place.at[at[k]];
            if (alike && (other->box >= 0) != (q->box >= 0))
                continue;
            sum += other->x;
            count++;
        }
    *want = count ? sum / count : q->x;
    return count > 0;
}

static void place_row(struct placer *p, int r, bool above)
{
    struct row *row = &p->row[r];
    int64_t *want = NEW_ARRAY(p->pool, int64_t, row->place.n + 1);
    int64_t *weight = NEW_ARRAY(p->pool, int64_t, row->place.n + 1);
    for (int i = 0; i < row->place.n; i++) {
        const struct spot *q = &p->place.at[row->place.at[i]];
        weight[i] = wish(p, q, above, &want[i]) ? q->box >= 0 ? 2 : 8 : 1;
        if (q->spine) {
            want[i] = 0;
            weight[i] = HEAVY;
        }
    }
    settle(p, row, want, weight);
}

static void place_rows(struct placer *p)
{
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (int i = 0; i < p->rows; i++)
            place_row(p, sweep % 2 ? p->rows - 1 - i : i, sweep % 2 == 0);
}

/* From places around 0 to columns side by side. */
static void set_columns(struct placer *p)
{
    int x = 0;
    for (int c = 0; c < p->column.n; c++) {
        struct column *column = &p->column.at[c];
        int left = 0, right = 0, y = p->column.n > 1 ? GAP_Y : 0;
        for (int r = column->first; r <= column->last; r++) {
            p->row[r].y = y;
            y += p->row[r].h + GAP_Y;
            for (int i = 0; i < p->row[r].place.n; i++) {
                const struct spot *q = &p->place.at[p->row[r].place.at[i]];
                left = q->x - q->w / 2 < left ? q->x - q->w / 2 : left;
                right = q->x + q->w / 2 > right ? q->x + q->w / 2 : right;
            }
        }
        column->x = x - left;
        column->w = right - left;
        column->h = y;
        x += column->w + GUTTER;
        p->out->h = y > p->out->h ? y : p->out->h;
    }
    p->out->w = x - GUTTER;
    for (int i = 0; i < p->place.n; i++)
        for (int c = 0; c < p->column.n; c++)
            if (p->place.at[i].row >= p->column.at[c].first &&
                    p->place.at[i].row <= p->column.at[c].last)
                p->place.at[i].x += p->column.at[c].x;
}

static void set_boxes(struct placer *p)
{
    for (int b = 0; b < p->d->box.n; b++) {
        struct box *box = &p->out->box[b];
        box->x = p->place.at[b].x - box->w / 2;
        box->y = p->row[p->place.at[b].row].y;
    }
}

/* ---- routes ---------------------------------------------------------------------------------- */

static struct point point_at(int x, int y) { return (struct point){x, y}; }

static int bottom_of(const struct placer *p, const struct spot *q)
{
    return p->row[q->row].y + (q->box >= 0 ? p->out->box[q->box].h : p->row[q->row].h);
}

static void add_point(struct placer *p, struct route *r, struct point at)
{
    const struct point *last = r->at.n ? &r->at.at[r->at.n - 1] : NULL;
    if (!last || last->x != at.x || last->y != at.y)
        vec_push(p->pool, &r->at, at);
}

/* One step down, to a place in the next row. */
static void add_step(struct placer *p, const struct spot *a, const struct spot *b)
{
    struct route r = {.curved = true, .ends = b->box >= 0, .from = a->from};
    const struct row *upper = &p->row[a->row], *lower = &p->row[b->row];
    add_point(p, &r, point_at(a->x, bottom_of(p, a)));
    add_point(p, &r, point_at(a->x, upper->y + upper->h));
    add_point(p, &r, point_at(b->x, lower->y));
    if (b->box < 0)
        add_point(p, &r, point_at(b->x, lower->y + lower->h));
    vec_push(p->pool, &p->out->route, r);
}

/* From the bottom of one column to the top of the next, and there to all that take the value. */
static void add_fold(struct placer *p, int c)
{
    const struct column *right = &p->column.at[c + 1];
    const struct row *row = &p->row[right->first];
    const struct spot *source = NULL;
    int bend = p->out->h - 4;
    for (int i = 0; i < row->place.n; i++) {
        const struct spot *q = &p->place.at[row->place.at[i]];
        if (q->up.n)
            source = &p->place.at[q->up.at[0]];
    }
    if (!source)
        bug("nothing passes a fold");
    int entry = right->x, gutter = right->x;
    for (int r = right->first; r <= right->last; r++)
        for (int i = 0; i < p->row[r].place.n; i++) {
            const struct spot *q = &p->place.at[p->row[r].place.at[i]];
            gutter = q->x - q->w / 2 < gutter ? q->x - q->w / 2 : gutter;
        }
    gutter -= GUTTER / 2;
    struct route turn = {.from = source->from};
    add_point(p, &turn, point_at(source->x, bottom_of(p, source)));
    add_point(p, &turn, point_at(source->x, bend));
    add_point(p, &turn, point_at(gutter, bend));
    add_point(p, &turn, point_at(gutter, 4));
    add_point(p, &turn, point_at(entry, 4));
    add_point(p, &turn, point_at(entry, 12));
    vec_push(p->pool, &p->out->route, turn);
    for (int i = 0; i < row->place.n; i++) {
        const struct spot *q = &p->place.at[row->place.at[i]];
        struct route r = {.curved = true, .ends = q->box >= 0, .from = source->from};
        if (!q->up.n)
            continue;
        add_point(p, &r, point_at(entry, 12));
        add_point(p, &r, point_at(q->x, row->y));
        if (q->box < 0)
            add_point(p, &r, point_at(q->x, row->y + row->h));
        vec_push(p->pool, &p->out->route, r);
    }
}

static void add_routes(struct placer *p)
{
    for (int i = 0; i < p->place.n; i++) {
        const struct spot *q = &p->place.at[i];
        for (int k = 0; k < q->down.n; k++)
            if (!is_first_row(p, p->place.at[q->down.at[k]].row))
                add_step(p, q, &p->place.at[q->down.at[k]]);
    }
    for (int c = 0; c + 1 < p->column.n; c++)
        add_fold(p, c);
}

bool layout_make(struct pool *pool, const struct diagram *d, struct layout *out)
{
    struct placer p = {.pool = pool, .d = d, .out = out};
    find_rows(&p);
    lower_sources(&p);
    if (!make_places(&p))
        return false;
    find_spine(&p);
    find_columns(&p);
    order_rows(&p);
    place_rows(&p);
    set_columns(&p);
    set_boxes(&p);
    add_routes(&p);
    return true;
}
