#include "onnx_local.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(const char *text) { return text ? text : ""; }

int64_t onnx_opset_of(size_t n, Onnx__OperatorSetIdProto *const *list)
{
    int64_t opset = 0;
    for (size_t i = 0; i < n; i++)
        if (!*text_of(list[i]->domain) || !strcmp(list[i]->domain, "ai.onnx"))
            opset = list[i]->has_version ? list[i]->version : 0;
    return opset;
}

/* ---- the table ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct onnx_local *x = a, *y = b;
    int by_name = strcmp(x->name, y->name), by_domain = strcmp(x->domain, y->domain);
    return by_name ? by_name : by_domain ? by_domain : strcmp(x->overload, y->overload);
}

static const char *read_one(struct onnx_locals *all, const Onnx__FunctionProto *p)
{
    struct onnx_local f = {.p = p, .name = text_of(p->name), .domain = text_of(p->domain)};
    f.overload = onnx_newer_text(all->pool, &p->base, ONNX_NEWER_FUNCTION_OVERLOAD);
    f.opset = onnx_opset_of(p->n_opset_import, p->opset_import);
    f.bytes = onnx__function_proto__get_packed_size(p);
    if (!onnx_newer_attributes(all->pool, p, &f.absent))
        return "has an attribute that is damaged";
    if (f.opset < 0 || f.opset > ONNX_MAX_OPSET)
        return pool_printf(all->pool, "is of opset %lld; opsets %d to %d are known",
                (long long)f.opset, ONNX_MIN_OPSET, ONNX_MAX_OPSET);
    if (p->n_attribute + (size_t)f.absent.list.n > ONNX_MAX_LOCAL_ATTRIBUTES)
        return pool_printf(all->pool, "has more attributes than the limit of %d",
                ONNX_MAX_LOCAL_ATTRIBUTES);
    vec_push(all->pool, &all->list, f);
    return NULL;
}

const char *onnx_locals_read(struct onnx_locals *all, struct onnx *m, const Onnx__ModelProto *p)
{
    *all = (struct onnx_locals){.pool = m->pool};
    for (size_t i = 0; i < p->n_functions; i++) {
        const char *why = read_one(all, p->functions[i]);
        if (why)
            return pool_printf(m->pool, "function '%s' %s",
                    onnx_quoted(m, text_of(p->functions[i]->name)), why);
    }
    if (all->list.n)
        qsort(all->list.at, (size_t)all->list.n, sizeof *all->list.at, compare);
    for (int i = 1; i < all->list.n; i++)
        if (!compare(&all->list.at[i - 1], &all->list.at[i]))
            return pool_printf(m->pool, "two functions are called '%s'",
                    onnx_quoted(m, all->list.at[i].name));
    return NULL;
}

const struct onnx_local *onnx_local_of(const struct onnx_locals *all, const Onnx__NodeProto *p)
{
    struct onnx_local key = {.name = text_of(p->op_type), .domain = text_of(p->domain)};
    if (!all->list.n)
        return NULL;
    key.overload = onnx_newer_text(all->pool, &p->base, ONNX_NEWER_NODE_OVERLOAD);
    return bsearch(&key, all->list.at, (size_t)all->list.n, sizeof key, compare);
}

/* ---- attributes ------------------------------------------------------------------------------ */

const Onnx__AttributeProto *onnx_local_absent(const struct onnx_local *f, const char *name)
{
    for (int i = 0; i < f->absent.list.n; i++)
        if (!strcmp(text_of(f->absent.list.at[i]->name), name))
            return f->absent.list.at[i];
    return NULL;
}

bool onnx_local_takes(const struct onnx_local *f, const char *name)
{
    for (size_t i = 0; i < f->p->n_attribute; i++)
        if (!strcmp(f->p->attribute[i], name))
            return true;
    return onnx_local_absent(f, name) != NULL;
}
