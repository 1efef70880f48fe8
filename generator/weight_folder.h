/* weight_folder.h: a folder of .npy files as a weight file, as numpy.save makes it.
 *
 * Each file is a tensor, named by its path in the folder without ".npy", dots for slashes:
 * params/conv1.kernel.npy and params/conv1/kernel.npy are both "conv1.kernel" (and not allowed
 * together). Other files, names that start with a dot and symbolic links to folders are passed
 * over; a .npy that is a link or no regular file is an error. Listing reads no file. */
#ifndef CNNGEN_WEIGHT_FOLDER_H
#define CNNGEN_WEIGHT_FOLDER_H

#include "npy.h"
#include "safetensors.h"
#include "weight_file.h"

/* The folder's tensors, of which only name and file are known. False after an error. */
bool weight_folder_list(struct pool *, const struct weight_file *folder, struct diag *,
        struct safetensors *out);

/* A tensor's file, opened, its header checked against its size. */
struct weight_npy {
    struct weight_file file;  /* to be closed by weight_file_close */
    struct npy npy;           /* without elements */
    struct st_tensor tensor;  /* its elements' place in file; a type of no decoder: its descr */
    bool big;                 /* elements are big-endian */
};

/* False after an error: then nothing is open, and closing it is fine. */
bool weight_npy_open(struct pool *, const struct weight_file *folder,
        const struct st_tensor *listed, struct diag *, struct weight_npy *out);

#endif
