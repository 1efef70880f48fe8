/* onnx_memory.h: protobuf-c's messages in a pool. They live as long as it, and nothing frees
 * them. */
#ifndef CNNGEN_IMPORT_ONNX_MEMORY_H
#define CNNGEN_IMPORT_ONNX_MEMORY_H

#include <protobuf-c/protobuf-c.h>

#include "pool.h"

ProtobufCAllocator onnx_memory(struct pool *);

#endif
