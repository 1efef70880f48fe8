/* Any bytes as a .npy file: used or refused with a message, and what is used survives writing. */
#include <string.h>

#include "npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static float *as_floats(struct pool *pool, const struct npy *a)
{
    float *x = NEW_ARRAY(pool, float, a->size);
    for (int64_t i = 0; i < a->size; i++)
        x[i] = (float)a->at[i];
    return x;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct npy a, b;
    struct out out;
    const char *why = NULL;
    out_init(&out);
    if (!npy_parse(pool, (const char *)data, size, &a, &why)) {
        if (!why || !*why)
            bug("refused without a reason");
    } else if (a.type[1] != 'f' || a.type[2] != '8') {
        float *x = as_floats(pool, &a);
        npy_text(&out, a.rank, a.dim, x);
        if (!npy_parse(pool, out.text, out.len, &b, &why) || b.rank != a.rank || b.size != a.size)
            bug("can't read what was written");
        if (a.size && memcmp(x, as_floats(pool, &b), (size_t)a.size * sizeof *x))
            bug("other values after writing");
    }
    out_free(&out);
    pool_free(pool);
    return 0;
}
