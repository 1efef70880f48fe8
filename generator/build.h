/* build.h: programs that cnngen makes and runs: a private folder, the compiler, a program's
 * output. */
#ifndef CNNGEN_BUILD_H
#define CNNGEN_BUILD_H

#include <stdio.h>

#include "options.h"
#include "out.h"
#include "pool.h"

struct words { VEC(char *) word; };  /* of a command */

struct build {
    struct pool *pool;
    bool verbose;              /* commands are shown on stderr */
    const char *dir;           /* private, gone when the program ends, however it does */
    struct words cc, cflags, runner;
    bool openmp;               /* the compiler has it */
};

/* The folder alone: no compiler is looked for. */
void build_folder(struct build *, struct pool *);
void build_open(struct build *, struct pool *, const struct options *);

/* Path of a file in the folder, which is removed with it. */
const char *build_path(struct build *, const char *name);
void build_write(struct build *, const char *name, const struct out *);

/* Compiles NAME.c to NAME.o for each of n names, two at a time; ok[i] says whether that worked.
 * What the compiler says about failures goes to stderr. Ends the program when there is no
 * compiler. */
void build_compile(struct build *, const char *const *name, int n, bool *ok);

/* Whether NAME.c, which uses OpenMP, becomes a program; no message when it doesn't. What is
 * compiled and linked from now on has OpenMP, or not. */
bool build_openmp(struct build *, const char *name);

bool build_link(struct build *, const char *const *name, int n, const char *program);

/* Bytes of code and constants in NAME.o, as the tool `size` tells ($SIZE, or size); -1: there is
 * none. */
int64_t build_size(struct build *, const char *name);

/* Starts the program in the folder with up to two arguments (NULL: none): what it prints. */
struct process { int pid; FILE *out; };
struct process build_run(struct build *, const char *program, const char *arg1, const char *arg2);

/* Waits for its end. NULL: it ended well; else how not: "signal 11 (Segmentation fault)". */
const char *build_wait(struct build *, struct process *);

#endif
