/* value.h: YAML text (of which JSON is a part) as a tree of values with their places.
 *
 * value_parse takes a text and gives one document: anchors, aliases and merge keys resolved, keys
 * unique, depth and size bounded. What a value means is asked of the value: scalars are text until
 * value_int and its like read them by the YAML 1.2 core schema.
 * The tree is made in yaml.c, which alone knows libyaml; value.c reads it. */
#ifndef CNNGEN_VALUE_H
#define CNNGEN_VALUE_H

#include "diag.h"
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

/* Parses one document. NULL after diagnostics. max_nodes bounds the values in the tree, those that
 * an alias names counted as often as it is used. */
struct value *value_parse(struct pool *, const struct source *, int64_t max_nodes, struct diag *);

/* The same, but gives what could be read although errors were reported: what is wrong is missing.
 * A text without a value is null. NULL when nothing could be read. */
struct value *value_parse_partial(struct pool *, const struct source *, int64_t max_nodes,
        struct diag *);

const struct entry *value_find(const struct value *map, const char *key);  /* NULL: no such key */

/* Scalars by the YAML 1.2 core schema. False when the value is something else; no diagnostics.
 * Quoted scalars are strings and never numbers. */
bool value_is_plain(const struct value *);               /* a scalar without quotes */
bool value_is_null(const struct value *);                /* also the empty value */
bool value_bool(const struct value *, bool *out);        /* true, True, TRUE, false ... */
bool value_int(const struct value *, int64_t *out);      /* decimal, 0x, 0o; 3.0 is none */
bool value_float(const struct value *, double *out);     /* any number, .inf, .nan */
bool value_is_string(const struct value *);              /* a scalar that is none of these */
const char *value_kind_name(const struct value *);       /* "a list", "an integer" ... */

#endif
