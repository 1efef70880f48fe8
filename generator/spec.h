/* spec.h: a specification as written: its top level and its list of layers.
 *
 * Takes the YAML text and gives its parts with their places, after checking the keys of the top
 * level and that each layer has a type. What a layer's keys mean is not known here: graph_build
 * asks the operator tables. */
#ifndef CNNGEN_SPEC_H
#define CNNGEN_SPEC_H

#include "diag.h"
#include "names.h"
#include "pool.h"
#include "source.h"
#include "value.h"

struct spec_layer {
    const char *type;            /* as written: "Conv2D" */
    struct span type_at;
    struct span at;              /* the item's first line */
    const struct value *map;     /* all its keys; NULL for a bare name */
    int index;                   /* in the list, from 0 */
};

struct spec {
    const struct source *src;
    const struct value *top;     /* the whole mapping */
    const char *name;            /* C prefix by default: key 'name', or made of the file's */
    struct span name_at;
    int64_t batch;               /* images per run, at least 1 */
    const struct value *weights; /* NULL when absent; checked by weights.c */
    const struct value *defaults;/* maps of keys, by type; NULL when absent */
    const struct value *outputs; /* NULL when absent: the last layer */
    const struct value *labels;  /* NULL when absent; checked by labels.c */
    VEC(struct spec_layer) layer;
};

/* NULL after diagnostics when the layers can't be relied on. Otherwise a spec that graph_build may
 * go on with, to report its own errors too, even if errors were reported here (an unknown key, a
 * bad name): diag_failed knows. */
struct spec *spec_read(struct pool *, const struct source *, struct diag *);

struct out;
/* The whole as canonical YAML: --dump=spec. Reading it again gives the same spec (spec_print.c). */
void spec_print(const struct spec *, struct out *);

#endif
