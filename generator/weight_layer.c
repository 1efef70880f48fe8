/* weight_layer.c: a layer's own "weights": numbers, or the names of tensors. */
#include "weight_loader.h"

#include <math.h>
#include <string.h>

#include "ops.h"
#include "text.h"

/* ---- numbers -------------------------------------------------------------------------------- */

static bool one_number(struct weight_loader *l, const struct value *v, float *to)
{
    double number;
    if (!value_float(v, &number))
        return weight_wrong_type(l, v, "a list of weights", "numbers");
    *to = (float)number;
    if (isfinite(*to))
        return true;
    diag_error(l->diag, DIAG_NOT_FINITE, v->at,
            "a weight has to be a finite single-precision number, not %s",
            text_quote(l->diag, v->text));
    return false;
}

/* Nested lists of the given shape, from dimension d on, to **to. */
static bool numbers(struct weight_loader *l, const struct wanted *x, const struct value *v,
        const struct shape *s, int d, float **to)
{
    if (d == s->rank)
        return one_number(l, v, (*to)++);
    if (v->kind != VALUE_LIST || v->item.n != s->dim[d]) {
        diag_error(l->diag, DIAG_TENSOR_SHAPE, v->at,
                "%s of %s is %s: a list of %d belongs here, not %s", x->w->name,
                node_title(l->g, x->node), shape_text(l->pool, s), s->dim[d],
                v->kind == VALUE_LIST ? pool_printf(l->pool, "of %d", v->item.n)
                                      : value_kind_name(v));
        return false;
    }
    for (int i = 0; i < v->item.n; i++)
        if (!numbers(l, x, v->item.at[i], s, d + 1, to))
            return false;
    return true;
}

static void load_list(struct weight_loader *l, struct wanted *x, const struct value *v, bool torch)
{
    const struct shape *shape = torch ? &x->torch.shape : &x->w->shape;
    struct weight_room room = weight_room_open(l, x, torch);
    float *end = room.from;
    l->has_torch = l->has_torch || torch;
    weight_room_close(&room, x, room.from && numbers(l, x, v, shape, 0, &end));
}

static void load_scalar(struct weight_loader *l, struct wanted *x, const struct value *v)
{
    float number, *to;
    if (!one_number(l, v, &number) || !(to = weight_allocate(l, x)))
        return;
    for (int64_t i = shape_size(&x->w->shape); i-- > 0;)
        to[i] = number;
    x->w->data = to;
}

/* ---- entries -------------------------------------------------------------------------------- */

/* weights: {kernel: head.fc.weight} */
static void load_named(struct weight_loader *l, struct wanted *x, const struct value *v)
{
    bool torch;
    x->at = v->at;
    x->named = true;
    if (l->origin == FROM_BROKEN)
        return;
    if (l->origin != FROM_FILE) {
        diag_error(l->diag, DIAG_NO_WEIGHTS, v->at, "tensor '%s' has no file to come from",
                text_quote(l->diag, v->text));
        diag_help(l->diag, "name the file in the top level: weights: FILE.safetensors");
        return;
    }
    const struct st_tensor *t = st_find(&l->st, v->text);
    if (!t) {
        const char *near = NULL;
        if (diag_errors(l->diag) < MAX_ERRORS) {
            const char **names = NEW_ARRAY(l->pool, const char *, l->st.tensor.n);
            for (int i = 0; i < l->st.tensor.n; i++)
                names[i] = l->st.tensor.at[i].name;
            near = closest(v->text, names, l->st.tensor.n);
        }
        diag_error(l->diag, DIAG_MISSING_TENSOR, v->at, "%s has no tensor '%s'", l->file.src->path,
                text_quote(l->diag, v->text));
        if (near)
            diag_help(l->diag, "did you mean '%s'?", text_quote(l->diag, near));
    } else if (weight_choose_order(l, x, t->name, &torch)) {
        weight_load_tensor(l, x, t, torch);
    } else {
        l->used[t - l->st.tensor.at] = true;
    }
}

/* weights: {weight: [[1, 2], [3, 4]]}: the layout tells the order, or else the key. */
static void load_inline(struct weight_loader *l, struct wanted *x, const struct entry *e)
{
    bool torch_key = weight_names_differ(x->w) && !strcmp(e->key, x->w->torch_name);
    if (l->layout == ORDER_KERAS && torch_key && !x->torch.same) {
        diag_error(l->diag, DIAG_TENSOR_LAYOUT, e->key_at,
                "'%s' is PyTorch's name, and the spec says 'layout: keras'", e->key);
        diag_help(l->diag, "call it '%s' if its dimensions stand in Keras' order, %s", x->w->name,
                shape_text(l->pool, &x->w->shape));
        return;
    }
    enum weight_order order = l->layout ? l->layout
                            : torch_key ? ORDER_TORCH
                            : weight_names_differ(x->w) ? ORDER_KERAS : x->of_node;
    x->at = e->val->at;
    x->of_node = order;
    load_list(l, x, e->val, order == ORDER_TORCH);
}

void weight_load_entry(struct weight_loader *l, struct wanted *x, const struct entry *e)
{
    const struct value *v = e->val;
    double number;
    x->at = v->at;
    if (v->kind == VALUE_LIST)
        load_inline(l, x, e);
    else if (value_float(v, &number))
        load_scalar(l, x, v);
    else if (value_is_string(v))
        load_named(l, x, v);
    else
        weight_wrong_type(l, v, pool_printf(l->pool, "'%s'", e->key),
                "a tensor's name, nested lists of numbers, or one number for all elements");
}

/* ---- the map -------------------------------------------------------------------------------- */

const struct entry *weight_layer_entry(struct weight_loader *l, const struct node *n,
        const struct weight *w, const struct value *map)
{
    bool has_torch = map && weight_names_differ(w);
    const char *other = weight_other_name(n, w);
    const struct entry *keras = map ? value_find(map, w->name) : NULL;
    const struct entry *torch = has_torch ? value_find(map, w->torch_name) : NULL;
    if (!keras && map && other)
        keras = value_find(map, other);
    if (keras && torch) {
        diag_error(l->diag, DIAG_CONFLICTING_KEYS, torch->key_at,
                "'%s' and '%s' are the same weight", torch->key, keras->key);
        diag_note(l->diag, keras->key_at, "the other one is here");
    }
    return keras ? keras : torch;
}

static bool knows_weight(const struct node *n, const char *key)
{
    for (int i = 0; i < n->weights; i++) {
        const struct weight *w = &n->weight[i];
        const char *other = weight_other_name(n, w);
        if (!strcmp(key, w->name) || (w->torch_name && !strcmp(key, w->torch_name)) ||
                (other && !strcmp(key, other)))
            return true;
    }
    return false;
}

static void report_unknown_weight(struct weight_loader *l, const struct node *n,
        const struct entry *e)
{
    const char *names[2 * MAX_WEIGHTS], *list = "";
    int count = 0;
    for (int i = 0; i < n->weights; i++) {
        names[count++] = n->weight[i].name;
        list = pool_printf(l->pool, "%s%s%s", list, i > 0 ? ", " : "", n->weight[i].name);
    }
    for (int i = 0; i < n->weights; i++)
        if (weight_names_differ(&n->weight[i]))
            names[count++] = n->weight[i].torch_name;
    const char *near = closest(e->key, names, count);
    diag_error(l->diag, DIAG_UNKNOWN_KEY, e->key_at, "%s has no weight '%s'", node_title(l->g, n),
            text_quote(l->diag, e->key));
    if (near)
        diag_help(l->diag, "did you mean '%s'?", near);
    else
        diag_help(l->diag, "its weights: %s", list);
}

const struct value *weight_layer_map(struct weight_loader *l, const struct node *n)
{
    const struct value *map = n->layer ? n->layer->map : NULL;
    const struct entry *e = map ? value_find(map, "weights") : NULL;
    if (!e)
        return NULL;
    if (e->val->kind != VALUE_MAP) {
        weight_wrong_type(l, e->val, "a layer's 'weights'", "a mapping, {kernel: TENSOR, ...}");
        return NULL;
    }
    if (n->weights == 0) {
        diag_error(l->diag, DIAG_UNKNOWN_KEY, e->key_at, "%s has no weights", node_title(l->g, n));
        return NULL;
    }
    for (int i = 0; i < e->val->entry.n; i++)
        if (!knows_weight(n, e->val->entry.at[i].key))
            report_unknown_weight(l, n, &e->val->entry.at[i]);
    return e->val;
}
