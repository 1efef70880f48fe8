/* tflite_fold.h: what the foldings of TFLite's operators share. */
#ifndef CNNGEN_IMPORT_TFLITE_FOLD_H
#define CNNGEN_IMPORT_TFLITE_FOLD_H

#include "tflite.h"

/* The values of the node's only output, from those of its inputs. False where they depend on more
 * than constants, or can't be computed here: the node is lowered then, or refused. */
typedef bool tflite_fold_fn(struct tflite *, struct tflite_node *);

/* Of tflite_elements.c: on elements of any constants. */
tflite_fold_fn tflite_fold_binary, tflite_fold_cast, tflite_fold_concatenation, tflite_fold_gather,
        tflite_fold_gather_nd, tflite_fold_one_hot, tflite_fold_transpose;

/* The elements of a constant: floats, or integers, and the other one NULL. */
struct elements { const float *f; const int64_t *i; };
struct new_elements { float *f; int64_t *i; };

/* False where input i is no constant of floats or of integers. */
bool tflite_elements(struct tflite *, struct tflite_node *, int i, struct elements *);

/* Room for the elements of a result, floats or integers as it is. False where it is neither. */
bool tflite_new_elements(struct tflite *, struct tflite_tensor *, struct new_elements *);

#endif
