/* Any bytes as a safetensors file: used or refused with a message; every accepted tensor can
 * be decoded within the file. */
#include <string.h>

#include "out.h"
#include "safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_all(struct pool *pool, const struct safetensors *st, const uint8_t *data)
{
    for (int i = 0; i < st->tensor.n; i++) {
        const struct st_tensor *t = &st->tensor.at[i];
        if (st_find(st, t->name) != t)
            bug("a tensor that can't be found");
        if (t->type->decode && t->size)
            t->type->decode(data + t->at, NEW_ARRAY(pool, float, t->size), t->size);
        st_shape_text(pool, t);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct diag *d = diag_new(pool);
    struct source file = source_of("w.safetensors", "", 0);
    struct safetensors st;
    struct out out;
    int64_t n;
    const char *text = (const char *)data;
    bool ok = st_header_bytes(&file, text, size < 512 ? size : 512, (int64_t)size, d, &n) &&
              st_parse(pool, &file, text + SAFETENSORS_START, (size_t)n, (int64_t)size, d, &st);
    if (ok == diag_failed(d))
        bug("refused without a message, or accepted with one");
    if (ok)
        decode_all(pool, &st, data);
    out_init(&out);
    diag_print(d, &out, COLOR_NEVER, false);
    out_free(&out);
    pool_free(pool);
    return 0;
}
