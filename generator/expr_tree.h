/* expr_tree.h: an expression that was read. For expr.c, which reads it, and expr_eval.c. */
#ifndef CNNGEN_EXPR_TREE_H
#define CNNGEN_EXPR_TREE_H

#include "expr.h"

enum expr_op {
    EX_NUM, EX_NAME, EX_WORD,
    EX_NOT, EX_NEG, EX_COND,
    EX_OR, EX_AND, EX_EQ, EX_NE, EX_LE, EX_GE, EX_LT, EX_GT,
    EX_ADD, EX_SUB, EX_MUL, EX_DIV, EX_MOD,
    EX_MIN, EX_MAX, EX_CEIL_DIV
};

struct expr {
    enum expr_op op;
    enum param_kind kind;     /* PARAM_INT but for names of words and texts, and EX_WORD */
    struct span at;           /* of the operator, or the name or number */
    struct expr *arg[3];
    int64_t num;              /* EX_NUM */
    int slot;                 /* EX_NAME */
    const char *text;         /* EX_NAME: its name; EX_WORD: the word */
    bool quoted;              /* EX_WORD */
    const char *const *word;  /* EX_NAME of a PARAM_WORD: what it may be */
    int words;
};

/* What stands between two operands, and functions of two. level: products bind closer than sums. */
struct expr_binary { const char *text; enum expr_op op; int level; };

enum { EXPR_BINARIES = 13, EXPR_FUNCTIONS = 3 };

/* Longer spellings before their beginnings. */
extern const struct expr_binary expr_binaries[EXPR_BINARIES];
extern const char *const expr_functions[EXPR_FUNCTIONS];  /* in the order of EX_MIN ... */

#endif
