#include "onnx_memory.h"

static void *take(void *pool, size_t size) { return pool_alloc(pool, size); }

static void keep(void *pool, void *part)
{
    (void)pool;
    (void)part;
}

ProtobufCAllocator onnx_memory(struct pool *pool)
{
    return (ProtobufCAllocator){take, keep, pool};
}
