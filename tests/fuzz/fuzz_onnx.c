/* Fuzzing the ONNX importer: a file, read, its shapes inferred, matched and lowered; nothing is written. */
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "import/onnx.h"
#include "pool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct diag *diag = diag_new(pool);
    struct writer *writer;
    struct onnx *model = onnx_read(pool, "fuzz/model.onnx", data, size, diag);
    if (model && onnx_set_shapes(model, NULL, 0) && onnx_infer(model) && onnx_match(model))
        onnx_lower(model, "model", &writer);
    pool_free(pool);
    return 0;
}
