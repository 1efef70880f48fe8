/* cnngen-import-npz: NumPy's .npz archives of weights, each member a tensor with its name. */
#include <string.h>

#include "main.h"
#include "npy.h"
#include "text.h"
#include "zip_read.h"

static bool refuse(struct zip *z, const char *name, const char *why)
{
    diag_error(z->diag, DIAG_BAD_MODEL, z->span, "array '%s' %s", text_quote(z->diag, name), why);
    return false;
}

/* "conv.kernel" of "conv.kernel.npy". */
static bool tensor_name(struct zip *z, const char *member, const char **out)
{
    size_t n = strlen(member);
    if (n <= 4 || strcmp(member + n - 4, ".npy"))
        return refuse(z, member, "is not an .npy file: this is no .npz archive");
    *out = pool_copy(z->pool, member, n - 4);
    return !(*out)[strspn(*out, TEXT_LETTERS TEXT_DIGITS "_./-")] ||
           refuse(z, *out, "has a name with characters other than letters, digits and '_./-'");
}

static bool convert(struct zip *z, const struct zip_member *m, struct writer *w)
{
    struct source src;
    struct npy npy;
    const char *why, *name;
    int dim[LIMIT_RANK];
    if (!tensor_name(z, m->name, &name) || !zip_read(z, m, LIMIT_WEIGHT_BYTES, &src))
        return false;
    if (!npy_parse(z->pool, src.text, src.len, &npy, &why))
        return refuse(z, name, pool_printf(z->pool, "can't be read: %s", why));
    if (npy.rank < 1 || npy.rank > LIMIT_RANK)
        return refuse(z, name, pool_printf(z->pool, "has %d dimensions; weights have 1 to %d",
                npy.rank, LIMIT_RANK));
    float *to = NEW_ARRAY(z->pool, float, npy.size);
    for (int64_t i = 0; i < npy.size; i++)
        to[i] = (float)npy.at[i];
    for (int i = 0; i < npy.rank; i++) {
        if (npy.dim[i] < 1 || npy.dim[i] > INT32_MAX)
            return refuse(z, name, "has a dimension of 0, or a huge one");
        dim[i] = (int)npy.dim[i];
    }
    writer_tensor(w, name, shape_of(npy.rank, dim), to);
    return true;
}

static struct writer *import(struct pool *pool, const struct import_options *o, struct diag *diag)
{
    struct zip z;
    struct source *src = NEW(pool, struct source);
    struct writer *w = writer_new(pool, "weights");
    *src = source_of(o->model, "", 0);
    bool ok = zip_open(pool, src, diag, &z);
    for (int i = 0; ok && i < z.member.n; i++)
        convert(&z, &z.member.at[i], w);
    if (ok && !z.member.n)
        diag_error(diag, DIAG_BAD_MODEL, z.span, "the archive is empty");
    zip_close(&z);
    return w;
}

int main(int argc, char **argv)
{
    static const struct importer npz = {"cnngen-import-npz", "an .npz archive of NumPy's", NULL,
        MAKES_WEIGHTS, import};
    return importer_main(&npz, argc, argv);
}
