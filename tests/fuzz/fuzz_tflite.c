/* Fuzzing the TFLite importer: a file, read, folded and lowered, and what it makes read back; nothing is
 * written. */
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "out.h"
#include "pool.h"
#include "tflite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct diag *diag = diag_new(pool);
    struct out out;
    struct tflite *m = tflite_read(pool, "fuzz/model.tflite", data, size, diag);
    if (m)
        tflite_fold(m);
    bool ok = m && tflite_lower(m, "model");
    if (ok == diag_failed(diag))
        bug("refused without a message, or accepted with one");
    out_init(&out);
    if (ok)
        writer_check(m->w, "model.yaml", diag);
    diag_print(diag, &out, COLOR_NEVER, false);
    out_free(&out);
    pool_free(pool);
    return 0;
}
