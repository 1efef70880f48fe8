#include "yaml_anchors.h"

#include <string.h>

#include "diag.h"

/* A node of an AA tree, so that no choice of names makes the search slow. */
struct anchor {
    const char *name;
    struct built *built;   /* the latest with this name */
    int level;
    struct anchor *left, *right;
};

static struct anchor *find(struct anchor *a, const char *name)
{
    while (a) {
        int order = strcmp(name, a->name);
        if (order == 0)
            break;
        a = order < 0 ? a->left : a->right;
    }
    return a;
}

static struct anchor *rotate_right(struct anchor *a)
{
    struct anchor *left = a->left;
    if (!left || left->level != a->level)
        return a;
    a->left = left->right;
    left->right = a;
    return left;
}

static struct anchor *rotate_left(struct anchor *a)
{
    struct anchor *right = a->right;
    if (!right || !right->right || right->right->level != a->level)
        return a;
    a->right = right->left;
    right->left = a;
    right->level++;
    return right;
}

static struct anchor *insert(struct anchor *a, struct anchor *fresh)
{
    if (!a)
        return fresh;
    if (strcmp(fresh->name, a->name) < 0)
        a->left = insert(a->left, fresh);
    else
        a->right = insert(a->right, fresh);
    return rotate_left(rotate_right(a));
}

void anchors_set(struct anchors *anchors, const char *name, struct built *b)
{
    enum { SUGGESTED = 200 };
    struct anchor *a = find(anchors->root, name);
    if (a) {
        a->built = b;
        return;
    }
    a = NEW(anchors->pool, struct anchor);
    *a = (struct anchor){pool_copy(anchors->pool, name, strlen(name)), b, 1, NULL, NULL};
    anchors->root = insert(anchors->root, a);
    if (anchors->first.n < SUGGESTED)
        vec_push(anchors->pool, &anchors->first, a->name);
}

struct built *anchors_find(const struct anchors *anchors, const char *name)
{
    const struct anchor *a = find(anchors->root, name);
    return a ? a->built : NULL;
}

const char *anchors_closest(const struct anchors *anchors, const char *name)
{
    return closest(name, anchors->first.at, anchors->first.n);
}
