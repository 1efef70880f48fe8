/* spec.h: the YAML as written: text in, values with their places out.
 *
 * Two layers. value_parse turns YAML text (of which JSON is a part) into a tree of values: anchors,
 * aliases and merge keys resolved, duplicate keys refused, one document, bounded depth and size.
 * spec_read checks the top level of a specification and its list of layers. What a layer's keys mean
 * is not known here: graph_build asks the operator tables. This is the only part that knows libyaml. */
#ifndef CNNGEN_SPEC_H
#define CNNGEN_SPEC_H

#include "diag.h"
#include "names.h"
#include "pool.h"
#include "source.h"

enum value_kind { VALUE_SCALAR, VALUE_LIST, VALUE_MAP };

struct value {
    enum value_kind kind;
    struct span at;
    const char *text;            /* scalar: NUL-terminated; no NUL inside (that is an error) */
    size_t len;                  /* scalar: bytes */
    bool quoted;                 /* scalar: written in quotes or as a block: it is a string */
    VEC(struct value *) item;    /* list */
    VEC(struct entry) entry;     /* map, in the order written; keys are unique */
};

struct entry {
    const char *key;
    struct span key_at;
    struct value *val;
    bool merged;                 /* came through "<<" */
};

/* Parses one document. NULL after diagnostics. max_nodes bounds the tree after expansion of aliases
 * (which share nothing: a use is counted as often as it stands). */
struct value *value_parse(struct pool *, const struct source *, int64_t max_nodes, struct diag *);

const struct entry *value_find(const struct value *map, const char *key);  /* NULL: no such key */

/* Scalars by the YAML 1.2 core schema. False when the value is something else; no diagnostics.
 * Quoted scalars are strings and never numbers. */
bool value_is_null(const struct value *);
bool value_bool(const struct value *, bool *out);        /* true, True, TRUE, false ... */
bool value_int(const struct value *, int64_t *out);      /* decimal, 0x, 0o; also 3.0 is not an int */
bool value_float(const struct value *, double *out);     /* any number, .inf, .nan */
const char *value_kind_name(const struct value *);       /* "a list", "a string", "an integer" ... */

/* ---- a specification ------------------------------------------------------------------------- */

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
    const char *name;            /* C prefix by default: key 'name' or the file's stem made an identifier */
    struct span name_at;
    int64_t batch;               /* images per run, at least 1 */
    const struct value *weights; /* NULL when absent; checked by weights.c */
    const struct value *defaults;/* map type -> map of keys; NULL when absent */
    const struct value *outputs; /* NULL when absent: the last layer */
    VEC(struct spec_layer) layer;
};

/* NULL after diagnostics when the layers can't be relied on. Otherwise a spec that graph_build may go on
 * with, to report its own errors too, even if errors were reported here (an unknown key, a bad name):
 * diag_failed knows. The file's stem ("mnist" of "dir/mnist.cnn.yaml") names the model if no key does. */
struct spec *spec_read(struct pool *, const struct source *, struct diag *);

/* The whole as canonical YAML: --dump=spec. Reading it again gives the same spec. */
struct out;
void spec_print(const struct spec *, struct out *);

#endif
