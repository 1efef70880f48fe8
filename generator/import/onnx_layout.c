#include "onnx_layout.h"

#include <string.h>

/* ---- atoms ----------------------------------------------------------------------------------- */

/* Atom a becomes two: the outer one of `outer` elements, and what remains, stored side by side. */
static bool cut_atom(struct onnx_placed *p, int a, int64_t outer)
{
    if (p->atoms == MAX_ATOMS || p->size[a] % outer)
        return false;
    memmove(p->size + a + 1, p->size + a, (size_t)(p->atoms - a) * sizeof *p->size);
    p->size[a] = outer;
    p->size[a + 1] /= outer;
    int at = 0;
    for (int k = 0; k < p->atoms; k++) {
        p->order[k] += p->order[k] > a;
        at = p->order[k] == a ? k : at;
    }
    memmove(p->order + at + 1, p->order + at, (size_t)(p->atoms - at) * sizeof *p->order);
    p->order[at] = a;
    p->order[at + 1] = a + 1;
    p->atoms++;
    return true;
}

/* Makes `end` elements, counted from the outermost, the end of an atom. */
static bool cut_at(struct onnx_placed *p, int64_t end)
{
    int64_t before = 1;
    for (int a = 0; a < p->atoms && before < end; a++) {
        if (before * p->size[a] > end)
            return end % before == 0 && cut_atom(p, a, end / before);
        before *= p->size[a];
    }
    return before == end;
}

bool place_cut(struct onnx_placed *p, const struct onnx_dims *d)
{
    int64_t end = 1;
    for (int i = 0; i < d->rank; i++) {
        end *= d->at[i];
        if (!cut_at(p, end))
            return false;
    }
    return true;
}

/* The atoms of each dimension, once place_cut has been successful: from[i] to from[i + 1]. */
static void atoms_of(const struct onnx_placed *p, const struct onnx_dims *d,
        int from[ONNX_MAX_RANK + 1])
{
    int a = 0;
    for (int i = 0; i < d->rank; i++) {
        from[i] = a;
        for (int64_t rest = d->at[i]; rest > 1; a++)
            rest /= p->size[a];
    }
    from[d->rank] = a;
}

/* Neighbours in ONNX' order that are stored as neighbours become one atom again. */
static void join_atoms(struct onnx_placed *p, int first)
{
    for (int k = first; k + 1 < p->atoms;) {
        int a = p->order[k];
        if (p->order[k + 1] != a + 1 || a < first) {
            k++;
            continue;
        }
        p->size[a] *= p->size[a + 1];
        memmove(p->size + a + 1, p->size + a + 2,
                (size_t)(p->atoms - a - 2) * sizeof *p->size);
        memmove(p->order + k + 1, p->order + k + 2,
                (size_t)(p->atoms - k - 2) * sizeof *p->order);
        p->atoms--;
        for (int i = 0; i < p->atoms; i++)
            p->order[i] -= p->order[i] > a;
    }
}

/* ---- orders ---------------------------------------------------------------------------------- */

void place_channels_last(int rank, int perm[ONNX_MAX_RANK])
{
    for (int i = 0; i < rank; i++)
        perm[i] = rank < 3 || i == 0 ? i : i == rank - 1 ? 1 : i + 1;
}

void place_last(struct view *v, int axis)
{
    int n = 0;
    for (int i = 0; i < v->dims.rank; i++)
        if (v->perm[i] != axis)
            v->perm[n++] = v->perm[i];
    v->perm[n] = axis;
}

/* Whether the atoms are stored dimension by dimension in this order. */
static bool stored_as(const struct onnx_placed *p, const int *from, const int *perm, int rank)
{
    int k = 0;
    for (int i = 0; i < rank; i++)
        for (int a = from[perm[i]]; a < from[perm[i] + 1]; a++)
            if (p->order[k++] != a)
                return false;
    return true;
}

/* The dimensions as their first atoms are stored; those without atoms follow the one before. */
static void order_of_atoms(const struct onnx_placed *p, const int *from, int rank, int *perm)
{
    int n = 0;
    for (int k = -1; k < p->atoms; k++)
        for (int i = 0; i < rank; i++) {
            bool starts = from[i] < from[i + 1] && k >= 0 && p->order[k] == from[i];
            bool leads = k < 0 && from[i + 1] == 0;
            if (!starts && !leads)
                continue;
            perm[n++] = i;
            while (starts && i + 1 < rank && from[i + 1] == from[i + 2])
                perm[n++] = ++i;
        }
}

void place_order(const struct lower *lo, const struct onnx_value *v, const struct onnx_dims *d,
        int perm[ONNX_MAX_RANK])
{
    int from[ONNX_MAX_RANK + 1], plain[ONNX_MAX_RANK], last[ONNX_MAX_RANK];
    place_channels_last(d->rank, last);
    for (int i = 0; i < d->rank; i++)
        plain[i] = i;
    bool image = lo->images && d->rank >= 4;
    memcpy(perm, image ? last : plain, sizeof plain);
    if (!v->placed)
        return;
    struct onnx_placed p = *v->placed;
    if (!place_cut(&p, d))
        return;
    atoms_of(&p, d, from);
    if (stored_as(&p, from, perm, d->rank))
        return;
    int stored[ONNX_MAX_RANK];
    order_of_atoms(&p, from, d->rank, stored);
    if (stored_as(&p, from, plain, d->rank))
        memcpy(perm, plain, sizeof plain);
    else if (stored_as(&p, from, stored, d->rank))
        memcpy(perm, stored, (size_t)d->rank * sizeof *perm);
}

bool lower_is_batch(const struct lower *lo, int dim) { return lo->batch > 1 && dim == 0; }

/* Whether dimension i need not be in the shape. */
static bool left_out(const struct lower *lo, const struct view *v, int i, unsigned keep, bool tight)
{
    if (lower_is_batch(lo, i))
        return true;
    return v->dims.at[i] == 1 && !(keep >> i & 1) && (tight || (i == 0 && v->dims.rank > 1));
}

/* Fills in where; how many dimensions the shape gets. */
static int assign(const struct lower *lo, struct view *v, unsigned keep, unsigned joined,
        bool tight, bool join)
{
    int n = 0, previous = -1;
    for (int k = 0; k < v->dims.rank; k++) {
        int i = v->perm[k];
        bool out = left_out(lo, v, i, keep, tight);
        bool shares = join && previous >= 0 && (joined >> (k - 1) & 1) && !(keep >> i & 1) &&
                      !(keep >> previous & 1);
        v->where[i] = out ? -1 : shares ? n - 1 : n++;
        previous = out ? previous : i;
    }
    return n;
}

bool place_view(const struct lower *lo, struct view *v, unsigned keep, unsigned joined)
{
    int n = assign(lo, v, keep, joined, false, false);
    if (n > LIMIT_RANK)
        n = assign(lo, v, keep, joined, true, false);
    if (n > LIMIT_RANK)
        n = assign(lo, v, keep, joined, true, true);
    if (n > LIMIT_RANK)
        return false;
    v->shape = (struct shape){.rank = n ? n : 1, .dim = {1, 1, 1, 1}};
    for (int i = 0; i < v->dims.rank; i++)
        if (v->where[i] >= 0)
            v->shape.dim[v->where[i]] *= (int)v->dims.at[i];
    return true;
}

bool place_natural(struct lower *lo, struct onnx_node *n, const struct onnx_value *v, unsigned keep,
        struct view *view)
{
    view->dims = v->dims;
    place_order(lo, v, &v->dims, view->perm);
    return place_view(lo, view, keep, ~0u) ||
           onnx_refuse(lo->m, n, "it needs more than %d dimensions of %s", LIMIT_RANK,
                   onnx_dims_text(lo->pool, &v->dims));
}

/* ---- constants ------------------------------------------------------------------------------- */

/* A dimension of elements that are copied in another order: how many, and how far from one to the
 * next, in elements, where they are read and written. */
struct copied { int64_t size, from, to; };

/* Square tiles of two dimensions, one read and one written in steps of 1: lines of the cache that
 * are read are written whole before they are gone. */
static void copy_tiles(const struct copied *a, const struct copied *b, const float *from, float *to)
{
    enum { TILE = 32 };
    for (int64_t i = 0; i < a->size; i += TILE)
        for (int64_t k = 0; k < b->size; k += TILE)
            for (int64_t x = i; x < a->size && x < i + TILE; x++)
                for (int64_t y = k; y < b->size && y < k + TILE; y++)
                    to[x * a->to + y * b->to] = from[x * a->from + y * b->from];
}

/* All tiles. The last dimensions are those of a tile. */
static void copy_all(const struct copied *c, int rank, const float *from, float *to)
{
    if (rank == 2)
        copy_tiles(c, c + 1, from, to);
    else
        for (int64_t i = 0; i < c->size; i++)
            copy_all(c + 1, rank - 1, from + i * c->from, to + i * c->to);
}

static const float *as_floats(struct lower *lo, const struct onnx_value *v)
{
    int64_t n = v->f ? 0 : onnx_size(&v->dims);
    float *f = v->f ? NULL : NEW_ARRAY(lo->pool, float, n + 1);
    for (int64_t i = 0; i < n; i++)
        f[i] = (float)onnx_number(v, i);
    return v->f ? v->f : f;
}

const float *place_data(struct lower *lo, const struct onnx_value *v, const struct view *view)
{
    const struct onnx_dims *d = &view->dims;
    struct copied c[ONNX_MAX_RANK + 2];
    int64_t n = onnx_size(d), from = 1, to = 1;
    int rank = 0, stored = d->rank - 1, last = d->rank ? view->perm[d->rank - 1] : 0;
    float *out = NEW_ARRAY(lo->pool, float, n + 1);
    struct copied by_dim[ONNX_MAX_RANK] = {0}, one = {1, 0, 0};
    lo->weights += n;
    for (int i = d->rank - 1; i >= 0; from *= d->at[i--])
        by_dim[i] = (struct copied){d->at[i], from, 0};
    for (int p = d->rank - 1; p >= 0; to *= d->at[view->perm[p--]])
        by_dim[view->perm[p]].to = to;
    for (int i = 0; i < d->rank; i++)
        if (i != stored && i != last)
            c[rank++] = by_dim[i];
    c[rank++] = d->rank && stored != last ? by_dim[stored] : one;
    c[rank++] = d->rank ? by_dim[last] : one;
    copy_all(c, rank, as_floats(lo, v), out);
    return out;
}

static const char *add_constant(struct lower *lo, struct onnx_node *n, struct onnx_value *v,
        const struct view *view)
{
    if (lo->batch > 1 && view->dims.rank && view->dims.at[0] == lo->batch &&
            shape_size(&view->shape) != onnx_size(&view->dims)) {
        onnx_refuse(lo->m, n, "its constant '%s' differs from image to image",
                onnx_quoted(lo->m, v->name));
        return NULL;
    }
    struct wlayer *l = lower_layer(lo, "Constant", v);
    layer_dims(l, "shape", &view->shape);
    layer_weight(l, "value", view->shape, place_data(lo, v, view));
    return l->name;
}

/* ---- rearranging ----------------------------------------------------------------------------- */

/* Atoms in the sequence of the view. */
static void wanted_order(const struct view *view, const int *from, int *want)
{
    int n = 0;
    for (int k = 0; k < view->dims.rank; k++)
        for (int a = from[view->perm[k]]; a < from[view->perm[k] + 1]; a++)
            want[n++] = a;
}

/* Runs of atoms that are neighbours both as stored and as wanted: what a Permute moves. */
struct runs {
    int n;
    int64_t size[MAX_ATOMS];         /* as wanted */
    int stored[MAX_ATOMS];           /* where in the stored sequence the run stands, from 0 */
};

/* Where each run stands in the stored sequence, from where it begins there. */
static void rank_runs(struct runs *r, const int *begin)
{
    for (int i = 0; i < r->n; i++) {
        r->stored[i] = 0;
        for (int k = 0; k < r->n; k++)
            r->stored[i] += begin[k] < begin[i];
    }
}

static void find_runs(const struct onnx_placed *p, const int *want, int first, struct runs *r)
{
    int at[MAX_ATOMS], begin[MAX_ATOMS];
    for (int k = 0; k < p->atoms; k++)
        at[p->order[k]] = k;
    r->n = 0;
    for (int k = first; k < p->atoms; k++) {
        bool goes_on = k > first && at[want[k]] == at[want[k - 1]] + 1;
        if (goes_on) {
            r->size[r->n - 1] *= p->size[want[k]];
        } else {
            r->size[r->n] = p->size[want[k]];
            begin[r->n++] = at[want[k]];
        }
    }
    rank_runs(r, begin);
}

/* The dimensions of p's shape as runs, as long as each stays in one piece: then a Permute needs no
 * Reshape before it, and mostly none behind it. */
static bool dims_as_runs(const struct onnx_placed *p, const int *want, int first, struct runs *r)
{
    int end[MAX_ATOMS + 1] = {0}, at[MAX_ATOMS], begin[LIMIT_RANK];
    for (int d = 0, k = first; d < p->shape.rank; d++) {
        int64_t size = 1;
        int from = k;
        while (k < p->atoms && size < p->shape.dim[d])
            size *= p->size[p->order[k++]];
        if (size != p->shape.dim[d] || size == 1)
            return false;
        end[from] = k;
    }
    for (int k = 0; k < p->atoms; k++)
        at[p->order[k]] = k;
    r->n = 0;
    for (int k = first; k < p->atoms;) {
        int from = at[want[k]], to = end[from];
        if (to <= from || r->n == LIMIT_RANK)
            return false;
        r->size[r->n] = 1;
        for (int i = from; i < to; i++, k++) {
            if (k >= p->atoms || want[k] != p->order[i])
                return false;
            r->size[r->n] *= p->size[want[k]];
        }
        begin[r->n++] = from;
    }
    rank_runs(r, begin);
    return true;
}

static void reshape(struct lower *lo, const struct onnx_value *v, struct onnx_placed *p,
        const struct shape *to)
{
    if (shape_equal(&p->shape, to))
        return;
    struct wlayer *l = lower_helper(lo, "Reshape", v, "reshape");
    layer_input(l, p->layer);
    layer_dims(l, "target_shape", to);
    p->layer = l->name;
    p->made = l;
    p->shape = *to;
    p->open = NULL;
}

/* A Permute of at most LIMIT_RANK runs: p becomes as wanted. */
static void add_permute(struct lower *lo, const struct onnx_value *v, struct onnx_placed *p,
        const int *want, const struct runs *r)
{
    struct shape from, to, dims;
    from.rank = to.rank = dims.rank = r->n;
    for (int i = 0; i < r->n; i++) {
        from.dim[r->stored[i]] = (int)r->size[i];
        to.dim[i] = (int)r->size[i];
        dims.dim[i] = r->stored[i] + 1;
    }
    reshape(lo, v, p, &from);
    struct wlayer *l = lower_helper(lo, "Permute", v, "permute");
    layer_input(l, p->layer);
    layer_dims(l, "dims", &dims);
    p->layer = l->name;
    p->made = l;
    p->shape = to;
    p->open = NULL;
    memcpy(p->order, want, (size_t)p->atoms * sizeof *want);
}

/* order with the neighbouring stretches [i, j) and [j, k) exchanged. */
static void exchange(const struct onnx_placed *p, int i, int j, int k, int *order)
{
    memcpy(order, p->order, sizeof p->order);
    memcpy(order + i, p->order + j, (size_t)(k - j) * sizeof *order);
    memcpy(order + i + k - j, p->order + i, (size_t)(j - i) * sizeof *order);
}

/* The exchange after which the fewest runs remain to be moved. */
static void best_exchange(const struct onnx_placed *p, const int *want, int first, int *best)
{
    int fewest = MAX_ATOMS + 1;
    for (int i = first; i < p->atoms; i++)
        for (int j = i + 1; j < p->atoms; j++)
            for (int k = j + 1; k <= p->atoms; k++) {
                struct onnx_placed after = *p;
                struct runs r;
                exchange(p, i, j, k, after.order);
                find_runs(&after, want, first, &r);
                if (r.n >= fewest)
                    continue;
                fewest = r.n;
                memcpy(best, after.order, sizeof after.order);
            }
}

/* Permutes until p is stored as wanted: once, or more often where that takes many dimensions. */
static bool permute(struct lower *lo, struct onnx_node *n, const struct onnx_value *v,
        struct onnx_placed *p, const int *want)
{
    struct runs r;
    bool batched = lo->batch > 1;
    int step[MAX_ATOMS];
    if (batched && (p->order[0] != 0 || want[0] != 0))
        return onnx_refuse(lo->m, n, "it mixes the images of the batch");
    for (find_runs(p, want, batched, &r); r.n > LIMIT_RANK; find_runs(p, want, batched, &r)) {
        best_exchange(p, want, batched, step);
        find_runs(p, step, batched, &r);
        add_permute(lo, v, p, step, &r);
    }
    if (r.n > 1) {
        if (!dims_as_runs(p, want, batched, &r))
            find_runs(p, want, batched, &r);
        add_permute(lo, v, p, want, &r);
    }
    return true;
}

/* All atoms in ONNX' own order, as one (behind the batch): that can be cut anywhere. */
static bool flatten(struct lower *lo, struct onnx_node *n, const struct onnx_value *v,
        struct onnx_placed *p)
{
    int want[MAX_ATOMS];
    bool same = true;
    for (int a = 0; a < p->atoms; a++) {
        want[a] = a;
        same = same && p->order[a] == a;
    }
    if (!same && !permute(lo, n, v, p, want))
        return false;
    join_atoms(p, lo->batch > 1);
    return true;
}

/* A copy of p that is as the view wants it. */
static bool arrange(struct lower *lo, struct onnx_node *n, const struct onnx_value *v,
        const struct view *view, struct onnx_placed *p)
{
    int from[ONNX_MAX_RANK + 1], want[MAX_ATOMS];
    struct onnx_placed whole = *p;
    if (!place_cut(p, &view->dims)) {
        *p = whole;
        if (!flatten(lo, n, v, p))
            return false;
        if (!place_cut(p, &view->dims))
            return onnx_refuse(lo->m, n, "it mixes the images of the batch");
    }
    atoms_of(p, &view->dims, from);
    wanted_order(view, from, want);
    if (memcmp(p->order, want, (size_t)p->atoms * sizeof *want) && !permute(lo, n, v, p, want))
        return false;
    reshape(lo, v, p, &view->shape);
    return true;
}

/* Whether p is as the view wants it already. */
static bool fits(const struct onnx_placed *placed, const struct view *view)
{
    int from[ONNX_MAX_RANK + 1];
    struct onnx_placed p = *placed;
    if (!shape_equal(&p.shape, &view->shape) || !place_cut(&p, &view->dims))
        return false;
    atoms_of(&p, &view->dims, from);
    return stored_as(&p, from, view->perm, view->dims.rank);
}

const char *place_arrange(struct lower *lo, struct onnx_node *n, struct onnx_value *v,
        const struct view *view)
{
    for (const struct onnx_placed *p = v->placed; p; p = p->also)
        if (fits(p, view))
            return p->layer;
    struct onnx_placed *made = NEW(lo->pool, struct onnx_placed);
    if (onnx_is_const(v)) {
        const char *layer = add_constant(lo, n, v, view);
        return layer;
    }
    if (lo->batch > 1 && (!view->dims.rank || view->dims.at[0] != lo->batch)) {
        onnx_refuse(lo->m, n, "it mixes the images of the batch");
        return NULL;
    }
    *made = *v->placed;
    made->made = NULL;
    if (!arrange(lo, n, v, view, made))
        return NULL;
    made->also = v->placed->also;
    v->placed->also = made;
    return made->layer;
}

/* What an output of the network has to be: ONNX' dimensions in their order, the batch left out. */
static bool output_view(const struct lower *lo, const struct onnx_value *v, struct view *view)
{
    view->dims = v->dims;
    for (int i = 0; i < v->dims.rank; i++)
        view->perm[i] = i;
    return place_view(lo, view, ~1u, 0) || place_view(lo, view, 0, ~0u);
}

const char *place_final(struct lower *lo, struct onnx_node *n, struct onnx_value *v)
{
    struct view view;
    const struct onnx_placed *before = v->placed->also;
    if (!output_view(lo, v, &view)) {
        onnx_refuse(lo->m, n, "%s has more than %d dimensions",
                onnx_dims_text(lo->pool, &v->dims), LIMIT_RANK);
        return NULL;
    }
    const char *name = place_arrange(lo, n, v, &view);
    if (!name || (v->layer && !strcmp(name, v->layer)))
        return name;
    struct onnx_placed *fresh = v->placed->also;
    if (fresh != before && fresh->made) {
        layer_rename(fresh->made, v->name);
        return fresh->layer = fresh->made->name;
    }
    struct wlayer *l = lower_layer(lo, "Identity", v);
    layer_input(l, name);
    return l->name;
}

/* ---- results --------------------------------------------------------------------------------- */

void place_set(struct lower *lo, struct onnx_value *v, struct wlayer *l, const struct view *view)
{
    struct onnx_placed *p = NEW(lo->pool, struct onnx_placed);
    int atom[ONNX_MAX_RANK];
    p->layer = l->name;
    p->shape = view->shape;
    for (int i = 0; i < view->dims.rank; i++) {
        atom[i] = p->atoms;
        if (view->dims.at[i] > 1)
            p->size[p->atoms++] = view->dims.at[i];
    }
    for (int k = 0, n = 0; k < view->dims.rank; k++)
        if (view->dims.at[view->perm[k]] > 1)
            p->order[n++] = atom[view->perm[k]];
    v->placed = p;
    place_name(lo, v, l);
}

void place_name(struct lower *lo, struct onnx_value *v, struct wlayer *l)
{
    struct view view;
    if (!v->is_output || !output_view(lo, v, &view) || fits(v->placed, &view))
        return;
    layer_rename(l, pool_printf(lo->pool, "%s_%s", v->name, v->dims.rank == 4 ? "nhwc" : "raw"));
    v->placed->layer = l->name;
    v->layer = NULL;
}

void place_alias(struct lower *lo, struct onnx_value *v, const struct onnx_value *of)
{
    v->placed = NEW(lo->pool, struct onnx_placed);
    *v->placed = *of->placed;
    if (of->users != 1)
        v->placed->open = NULL;
}

bool place_transpose(struct lower *lo, struct onnx_node *n, const struct onnx_value *from,
        const int perm[ONNX_MAX_RANK], struct onnx_value *to)
{
    struct onnx_placed p = *from->placed, *out = NEW(lo->pool, struct onnx_placed);
    int start[ONNX_MAX_RANK + 1], moved[MAX_ATOMS];
    if (!place_cut(&p, &from->dims) &&
            (!flatten(lo, n, from, &p) || !place_cut(&p, &from->dims)))
        return onnx_refuse(lo->m, n, "it mixes the images of the batch");
    atoms_of(&p, &from->dims, start);
    *out = p;
    out->also = NULL;
    int a = 0;
    for (int i = 0; i < from->dims.rank; i++)
        for (int k = start[perm[i]]; k < start[perm[i] + 1]; k++, a++) {
            out->size[a] = p.size[k];
            moved[k] = a;
        }
    for (int k = 0; k < p.atoms; k++)
        out->order[k] = moved[p.order[k]];
    out->open = NULL;
    to->placed = out;
    return true;
}
