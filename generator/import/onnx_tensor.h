/* onnx_tensor.h: the data of constants: typed lists, raw bytes, other files. */
#ifndef CNNGEN_IMPORT_ONNX_TENSOR_H
#define CNNGEN_IMPORT_ONNX_TENSOR_H

#include <onnx.pb-c.h>

#include "onnx.h"

/* Fills in type, dims and data. False after an error: the file contradicts itself, or can't be
 * read. A tensor of strings and the like is no error as long as nobody uses it: v->refused says
 * why. */
bool onnx_tensor_read(struct onnx *, const Onnx__TensorProto *, struct onnx_value *v);

#endif
