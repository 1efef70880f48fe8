/* network.h: the network that random_spec prints: its tensors so far, chance, and the beginnings
 * and ends of layers' lines. The seed alone decides all of it. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdint.h>
#include <stdio.h>

enum { MAX_TENSORS = 128, MACS_MAX = 3000000, ELEMENTS_MAX = 60000 };

/* [h, w, c]; of rank 2, [w, c], and of rank 1, [c], the dimensions that are missing are 1. */
struct tensor { char name[24]; int h, w, c, rank, used; };

extern struct tensor all[MAX_TENSORS];
extern int count;                /* of all */
extern long macs;                /* of all layers, at most MACS_MAX */
extern int integers;             /* only layers that make integers of integers */

/* ---- chance ---------------------------------------------------------------------------------- */

extern uint64_t state;           /* the seed, to begin with */

int below(int n);                /* 0 .. n - 1 */
int between(int a, int b);       /* a .. b */
int chance(int percent);         /* whether it happens */
int pick(const int *list, int n);

#define PICK(...) pick((const int[]){__VA_ARGS__}, (int)(sizeof((const int[]){__VA_ARGS__}) / sizeof(int)))
#define WORD(...) ((const char *const[]){__VA_ARGS__}[below((int)(sizeof((const char *const[]){__VA_ARGS__}) / \
        sizeof(char *)))])

int channels(void);              /* a number of them: small, round or one off */
const char *activation(void);    /* the name of one */

/* ---- tensors --------------------------------------------------------------------------------- */

struct tensor *add(int h, int w, int c, int rank);
struct tensor *add_dims(const int *d, int rank);
const int *dims(const struct tensor *);    /* rank of them, valid until the next call */
int larger(int a, int b);

/* ---- lines ----------------------------------------------------------------------------------- */

/* "  - {type: X, name: tN, inputs: tM" for a layer that makes t from x. */
void head(const char *type, const struct tensor *t, struct tensor *x);

/* A whole line for a layer that makes t from x and y. */
void line_of_two(const char *type, const struct tensor *t, struct tensor *x, struct tensor *y);

/* A whole line: the function of x. */
struct tensor *through(const char *function, struct tensor *x);

void list(const char *key, const int *d, int n);  /* ", key: [1, 2]" */
void end_with_activation(void);                   /* "}" or ", activation: relu}" */

#endif
