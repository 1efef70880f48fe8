/* yaml_anchors.h: the anchors of a document by name.
 *
 * Takes names in the order they are written and what each stands for; gives what a name stands for
 * at that point of the document. A name given again stands for the latest. Finding one takes time
 * that grows with the logarithm of their number, whatever the names are. */
#ifndef CNNGEN_YAML_ANCHORS_H
#define CNNGEN_YAML_ANCHORS_H

#include "pool.h"

struct built;                   /* what an anchor stands for: yaml.c knows */

struct anchors {
    struct pool *pool;
    struct anchor *root;        /* NULL: none yet */
    VEC(const char *) first;    /* names of the first ones, for "did you mean" */
};

void anchors_set(struct anchors *, const char *name, struct built *);
struct built *anchors_find(const struct anchors *, const char *name);  /* NULL: no such anchor */
const char *anchors_closest(const struct anchors *, const char *name);  /* NULL: none is near */

#endif
