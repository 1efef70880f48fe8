/* main.h: the command line that all importers have, and their way through it:
 *
 *     cnngen-import-X MODEL -o SPEC.yaml [--weights FILE] [--name NAME] [--shape INPUT=N,N...]
 *         [--sources FILE]
 *
 * Exit codes: 0 fine, 1 the model is wrong or can't be imported, 2 usage, files or the
 * environment. */
#ifndef CNNGEN_IMPORT_MAIN_H
#define CNNGEN_IMPORT_MAIN_H

#include "depfile.h"
#include "diag.h"
#include "out.h"
#include "writer.h"

enum { SHAPE_MAX_RANK = 8 };

struct import_shape {                /* --shape INPUT=1,3,224,224 */
    const char *input;
    int rank;                        /* 0: a scalar, "INPUT=" */
    int64_t dim[SHAPE_MAX_RANK];     /* each at least 1 */
};

struct import_options {
    const char *model;               /* path */
    const char *output;              /* the specification's */
    const char *weights;             /* the weight file's */
    const char *name;                /* of the model; NULL: made of the output's */
    const char *spec;                /* --spec: one that is there, whose weights are wanted; NULL */
    VEC(struct import_shape) shape;
    const char *sources;             /* where to list reads, each with a zero behind it; NULL: nowhere */
    struct file_list *reads;         /* files besides the model that importers read, and add here */
    bool quiet;
    enum diag_color color;
};

struct importer {
    const char *program;             /* "cnngen-import-onnx" */
    const char *what;                /* "an ONNX model" */
    void (*reference)(struct out *); /* --print-reference; NULL: has none */
    enum {
        MAKES_SPEC,                  /* and weights */
        MAKES_SPEC_OR_WEIGHTS,       /* with --spec the weights alone: -o names their file */
        MAKES_WEIGHTS                /* alone, always */
    } makes;
    /* The model as a specification; NULL after errors. */
    struct writer *(*import)(struct pool *, const struct import_options *, struct diag *);
};

int importer_main(const struct importer *, int argc, char **argv);

#endif
