/* limits.h: what cnngen accepts at most. docs/layers.md shows it, as cnngen --print-reference
 * prints it. */
#ifndef CNNGEN_LIMITS_H
#define CNNGEN_LIMITS_H

#define LIMIT_SPEC_BYTES    (16 << 20)        /* a specification's text */
#define LIMIT_SPEC_DEPTH    64                /* nesting of lists and mappings */
#define LIMIT_SPEC_NODES    1000000           /* values, aliases expanded */
#define LIMIT_LAYERS        4096
#define LIMIT_NAME_CHARS    63                /* of a layer's or model's name */
#define LIMIT_INPUTS        64                /* of one layer */
#define LIMIT_RANK          4                 /* of a tensor, the batch not counted */
#define LIMIT_TENSOR_BYTES  INT64_C(2147483647)
#define LIMIT_TOTAL_BYTES   (INT64_C(1) << 40)  /* of all tensors, and of all weights */
#define LIMIT_BATCH         65536
#define LIMIT_BATCH_ELEMENTS INT64_C(2147483647) /* of a tensor, in all images of a batch */
#define LIMIT_HEADER_BYTES  (16 << 20)        /* a safetensors header */
#define LIMIT_FOLDER_FILES  65536             /* .npy files in a folder of weights */
#define LIMIT_FOLDER_DEPTH  8                 /* of that folder */
#define LIMIT_LABELS_BYTES  (4 << 20)         /* the files of labels, together */
#define LIMIT_WEIGHT_BYTES  (INT64_C(1) << 34)  /* a weight file */

#endif
