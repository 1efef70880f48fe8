/* depfile.h: -MD: the rule for make that says what the output was made from. */
#ifndef CNNGEN_DEPFILE_H
#define CNNGEN_DEPFILE_H

#include "out.h"
#include "pool.h"

struct file_list { VEC(const char *) path; };

/* Appends the path, if it isn't there already. */
void file_list_add(struct pool *, struct file_list *, const char *path);

struct depfile {
    struct file_list targets;  /* escaped already, or as -MT gives them */
    struct file_list from;     /* the first is the specification */
    bool phony;                /* -MP: an empty rule for each of from but the first */
};

/* The path as make, ninja and CMake read it in a rule: as gcc writes it, and with "\:" for ':'. */
const char *depfile_escape(struct pool *, const char *path);

/* "TARGET... : FROM...", one path a line. */
void depfile_print(struct pool *, const struct depfile *, struct out *);

#endif
