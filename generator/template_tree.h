/* template_tree.h: a loaded template: its parameters and a list of nodes, one for each line.
 *
 * template_load.c makes it of a source and guarantees that every name in it is declared and has a
 * slot, and that words stand where they may. template_args.c binds a kernel instance's arguments to
 * the slots of the parameters, template_expand.c walks the list and writes C. For them only. */
#ifndef CNNGEN_TEMPLATE_TREE_H
#define CNNGEN_TEMPLATE_TREE_H

#include "expr.h"
#include "template.h"

enum node_kind {
    NODE_TEXT, NODE_BLANK, NODE_LET, NODE_ASSERT, NODE_FOR, NODE_IF, NODE_INSERT, NODE_USE
};

/* A part of a line. */
struct piece {
    const char *text;        /* C, or NULL: the value of expr */
    size_t len;
    struct expr *expr;
};

/* A passage of $def. No node of the list stands for it: its $use nodes lead to it. */
struct template_def {
    struct name name;        /* its slot is not used */
    VEC(int) slot;           /* of its parameters */
    int indent;              /* of its $def, as emitted: that of a $use takes its place */
    struct template_node *body;
};

struct template_node {
    enum node_kind kind;
    struct span at;
    int indent;              /* as emitted: that of the blocks is taken out */
    VEC(struct piece) piece; /* NODE_TEXT */
    const char *text;        /* NODE_ASSERT: may be NULL; NODE_INSERT: the name */
    struct expr *expr;       /* NODE_FOR: the first; NODE_IF: NULL is $else */
    struct expr *to;         /* NODE_FOR: where it ends */
    int slot;                /* NODE_FOR, NODE_LET */
    struct template_node *body;       /* NODE_FOR, NODE_IF */
    struct template_node *otherwise;  /* NODE_IF: its $elif or $else */
    const struct template_def *def;   /* NODE_USE */
    VEC(struct expr *) arg;           /* NODE_USE: one for each parameter */
    struct template_node *next;
};

struct template {
    struct pool *pool;
    const struct source *src;
    VEC(struct param) param;
    VEC(struct name) decl;   /* of each param: where it is written and its slot */
    int slots;               /* of values, while expanding */
    struct template_node *body;
};

/* Puts the arguments into the slots of the parameters (template_args.c). False after diagnostics:
 * one is missing, out of its range, given twice or not declared. */
bool template_bind(const struct template *, const struct args *, struct slot *slots,
        struct diag *);

#endif
