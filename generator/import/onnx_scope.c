#include "onnx_scope.h"

#include <string.h>

void onnx_scope_init(struct onnx_scope *s, struct pool *pool, size_t names)
{
    for (s->slots = 64; s->slots < 2 * names;)
        s->slots *= 2;
    s->slot = NEW_ARRAY(pool, struct onnx_named, s->slots);
}

static struct onnx_named *slot_of(const struct onnx_scope *s, const char *name)
{
    uint64_t hash = 14695981039346656037u;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    size_t at = (size_t)hash & (s->slots - 1);
    while (s->slot[at].name && strcmp(s->slot[at].name, name))
        at = (at + 1) & (s->slots - 1);
    return &s->slot[at];
}

struct onnx_named *onnx_scope_own(const struct onnx_scope *s, const char *name)
{
    struct onnx_named *slot = slot_of(s, name);
    return slot->name ? slot : NULL;
}

const struct onnx_named *onnx_scope_find(const struct onnx_scope *s, const char *name)
{
    const struct onnx_named *found = NULL;
    for (; s && !found; s = s->outer)
        found = onnx_scope_own(s, name);
    return found;
}

void onnx_scope_add(struct onnx_scope *s, const char *name, struct onnx_value *v, bool named)
{
    *slot_of(s, name) = (struct onnx_named){name, v, named};
}
