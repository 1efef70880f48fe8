#include "h5_child.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#include "h5_read.h"
#include "half.h"
#include "limits.h"
#include "text.h"

struct walk {
    struct pool *pool;
    FILE *to;
    const char *path;            /* of the group or dataset at hand; "" is the root */
    int depth;                   /* of the group */
    int objects;
    int64_t bytes;               /* of data so far */
    const char *error;           /* NULL: none */
};

static void put(struct walk *w, uint64_t v) { fwrite(&v, sizeof v, 1, w->to); }

static void put_text(struct walk *w, const char *text)
{
    put(w, strlen(text));
    fwrite(text, 1, strlen(text), w->to);
}

static const char *shown(struct walk *w, const char *text)
{
    return text_quote(diag_new(w->pool), text);
}

PRINTF_LIKE(2, 3)
static herr_t fail(struct walk *w, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *why = pool_vprintf(w->pool, fmt, args);
    va_end(args);
    if (!w->error)
        w->error = pool_printf(w->pool, "'%s' %s", *w->path ? shown(w, w->path) : "/", why);
    return -1;
}

/* ---- attributes ------------------------------------------------------------------------------ */

enum { MAX_TEXT_BYTES = 1 << 28 };   /* of one attribute */

static const char **read_variable(struct walk *w, hid_t attr, hid_t space, size_t n)
{
    char **text = NEW_ARRAY(w->pool, char *, n);
    const char **copy = NEW_ARRAY(w->pool, const char *, n);
    hid_t type = H5Aget_type(attr);
    if (type < 0 || H5Aread(attr, type, text) < 0)
        return NULL;
    for (size_t i = 0; i < n; i++)
        copy[i] = text[i] ? pool_copy(w->pool, text[i], strlen(text[i])) : "";
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, text);
    H5Tclose(type);
    return copy;
}

static const char **read_fixed(struct walk *w, hid_t attr, hid_t type, size_t n)
{
    size_t size = H5Tget_size(type);
    if (size == 0 || n > MAX_TEXT_BYTES / size)
        return NULL;
    char *text = NEW_ARRAY(w->pool, char, n * size + 1);
    const char **copy = NEW_ARRAY(w->pool, const char *, n);
    if (H5Aread(attr, type, text) < 0)
        return NULL;
    for (size_t i = 0; i < n; i++)
        copy[i] = pool_copy(w->pool, text + i * size, strnlen(text + i * size, size));
    return copy;
}

static herr_t read_attr(struct walk *w, const char *name, hid_t attr, hid_t type, hid_t space)
{
    hssize_t n = H5Sget_simple_extent_npoints(space);
    if (n < 0 || n > H5_MAX_STRINGS)
        return fail(w, "has the attribute '%s' with more than %d texts", shown(w, name),
                H5_MAX_STRINGS);
    const char **text = n == 0 ? (const char *[]){""}
                        : H5Tis_variable_str(type) > 0 ? read_variable(w, attr, space, (size_t)n)
                                                       : read_fixed(w, attr, type, (size_t)n);
    if (!text)
        return fail(w, "has the attribute '%s', which can't be read", shown(w, name));
    fputc(H5_SAYS_ATTR, w->to);
    put_text(w, *w->path ? w->path : "/");
    put_text(w, name);
    put(w, (uint64_t)n);
    for (hssize_t i = 0; i < n; i++)
        put_text(w, text[i]);
    return 0;
}

/* Texts count, other attributes do not. */
static herr_t on_attr(hid_t object, const char *name, const H5A_info_t *info, void *user)
{
    struct walk *w = user;
    herr_t status = 0;
    (void)info;
    hid_t attr = H5Aopen(object, name, H5P_DEFAULT);
    hid_t type = attr < 0 ? -1 : H5Aget_type(attr), space = attr < 0 ? -1 : H5Aget_space(attr);
    if (type < 0 || space < 0)
        status = fail(w, "has the attribute '%s', which can't be read", shown(w, name));
    else if (H5Tget_class(type) == H5T_STRING)
        status = read_attr(w, name, attr, type, space);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attr);
    return status;
}

static herr_t read_attrs(struct walk *w, hid_t object)
{
    hsize_t at = 0;
    if (H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, &at, on_attr, w) < 0)
        return fail(w, "has attributes that can't be read");
    return 0;
}

/* ---- datasets -------------------------------------------------------------------------------- */

struct data {
    hid_t set, type, space, plist;
    int rank;
    hsize_t dim[H5_MAX_RANK];
    int64_t n;                   /* elements */
};

static herr_t check_filters(struct walk *w, hid_t plist)
{
    int n = H5Pget_nfilters(plist);
    for (int i = 0; i < n; i++) {
        unsigned flags, config;
        size_t values = 0;
        char name[64] = "";
        H5Z_filter_t id = H5Pget_filter2(plist, (unsigned)i, &flags, &values, NULL, sizeof name,
                name, &config);
        if (id != H5Z_FILTER_DEFLATE && id != H5Z_FILTER_SHUFFLE && id != H5Z_FILTER_FLETCHER32)
            return fail(w, "is compressed by the filter %d%s%s; deflate, shuffle and fletcher32 "
                           "are read", (int)id, *name ? ", " : "", shown(w, name));
    }
    return n < 0 ? fail(w, "has filters that can't be read") : 0;
}

/* How the data are stored, and that there are as many as the shape says. */
static herr_t check_storage(struct walk *w, const struct data *d)
{
    enum { DEFLATE_MOST = 1032 };
    H5D_layout_t layout = H5Pget_layout(d->plist);
    uint64_t stored = H5Dget_storage_size(d->set);
    uint64_t bytes = (uint64_t)d->n * H5Tget_size(d->type);
    if (layout == H5D_VIRTUAL)
        return fail(w, "is a virtual dataset, whose data are in other files");
    if (H5Pget_external_count(d->plist) != 0)
        return fail(w, "has its data in another file");
    if (layout == H5D_CHUNKED ? bytes / DEFLATE_MOST > stored : bytes > stored)
        return fail(w, "claims %llu bytes, but the file stores %llu for it",
                (unsigned long long)bytes, (unsigned long long)stored);
    return check_filters(w, d->plist);
}

static herr_t read_extent(struct walk *w, struct data *d)
{
    d->rank = H5Sget_simple_extent_ndims(d->space);
    if (d->rank < 0 || d->rank > H5_MAX_RANK)
        return fail(w, "has more than %d dimensions", H5_MAX_RANK);
    if (d->rank && H5Sget_simple_extent_dims(d->space, d->dim, NULL) < 0)
        return fail(w, "has dimensions that can't be read");
    d->n = 1;
    for (int i = 0; i < d->rank; i++)
        if (d->dim[i] > INT32_MAX || !mul_ok(d->n, (int64_t)d->dim[i], &d->n))
            return fail(w, "has more elements than any model");
    w->bytes += d->n > LIMIT_WEIGHT_BYTES / 8 ? LIMIT_WEIGHT_BYTES : 8 * d->n;
    return w->bytes >= LIMIT_WEIGHT_BYTES ? fail(w, "is too large") : 0;
}

/* Keras keeps bfloat16 as integers and says so in an attribute. */
static bool is_bfloat16(hid_t set, hid_t type)
{
    char text[16] = "";
    if (H5Tget_class(type) != H5T_INTEGER || H5Tget_size(type) != 2 ||
            H5Aexists(set, "dtype") <= 0)
        return false;
    hid_t attr = H5Aopen(set, "dtype", H5P_DEFAULT), is = H5Aget_type(attr);
    char *variable = NULL;
    bool equal = false;
    if (H5Tis_variable_str(is) > 0 && H5Aread(attr, is, &variable) >= 0) {
        equal = variable && !strcmp(variable, "bfloat16");
        H5free_memory(variable);
    } else if (H5Tget_class(is) == H5T_STRING && H5Tget_size(is) < sizeof text &&
               H5Aread(attr, is, text) >= 0) {
        equal = !strcmp(text, "bfloat16");
    }
    H5Tclose(is);
    H5Aclose(attr);
    return equal;
}

static herr_t read_floats(struct walk *w, const struct data *d, bool bfloat16, float *to)
{
    uint16_t *bits = bfloat16 ? NEW_ARRAY(w->pool, uint16_t, d->n) : NULL;
    hid_t as = bfloat16 ? H5T_NATIVE_UINT16 : H5T_NATIVE_FLOAT;
    if (H5Dread(d->set, as, H5S_ALL, H5S_ALL, H5P_DEFAULT, bfloat16 ? (void *)bits : to) < 0)
        return fail(w, "has data that can't be read: the file is damaged");
    for (int64_t i = 0; bfloat16 && i < d->n; i++)
        to[i] = bfloat_to_float(bits[i]);
    return 0;
}

static herr_t put_data(struct walk *w, const struct data *d)
{
    bool bfloat16 = is_bfloat16(d->set, d->type);
    bool floats = bfloat16 || H5Tget_class(d->type) == H5T_FLOAT;
    float *at = NULL;
    if (floats) {
        at = malloc((size_t)d->n * sizeof *at + 1);
        if (!at || check_storage(w, d) < 0 || read_floats(w, d, bfloat16, at) < 0) {
            free(at);
            return fail(w, "needs more memory than there is");
        }
    }
    fputc(H5_SAYS_DATA, w->to);
    put_text(w, w->path);
    put(w, (uint64_t)d->rank);
    for (int i = 0; i < d->rank; i++)
        put(w, d->dim[i]);
    put(w, floats);
    if (floats)
        fwrite(at, sizeof *at, (size_t)d->n, w->to);
    free(at);
    return 0;
}

static herr_t read_dataset(struct walk *w, hid_t set)
{
    struct data d = {.set = set, .type = H5Dget_type(set), .space = H5Dget_space(set),
        .plist = H5Dget_create_plist(set)};
    herr_t status = 0;
    if (d.type < 0 || d.space < 0 || d.plist < 0)
        status = fail(w, "is a dataset that can't be read");
    else if (read_extent(w, &d) < 0 || put_data(w, &d) < 0)
        status = -1;
    H5Pclose(d.plist);
    H5Sclose(d.space);
    H5Tclose(d.type);
    return status;
}

/* ---- groups ---------------------------------------------------------------------------------- */

static herr_t on_link(hid_t group, const char *name, const H5L_info_t *info, void *user);

static herr_t read_group(struct walk *w, hid_t group)
{
    hsize_t at = 0;
    if (read_attrs(w, group) < 0)
        return -1;
    if (++w->depth > H5_MAX_DEPTH)
        return fail(w, "is nested deeper than %d groups", H5_MAX_DEPTH);
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &at, on_link, w) < 0)
        return fail(w, "is a group that can't be read");
    w->depth--;
    return 0;
}

static herr_t read_object(struct walk *w, hid_t group, const char *name)
{
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    herr_t status = 0;
    if (object < 0)
        return fail(w, "can't be opened: the file is damaged");
    if (++w->objects > H5_MAX_OBJECTS)
        status = fail(w, "is one of more than %d objects", H5_MAX_OBJECTS);
    else if (H5Iget_type(object) == H5I_GROUP)
        status = read_group(w, object);
    else if (H5Iget_type(object) == H5I_DATASET)
        status = read_dataset(w, object);
    H5Oclose(object);
    return status;
}

static herr_t on_link(hid_t group, const char *name, const H5L_info_t *info, void *user)
{
    struct walk *w = user;
    const char *above = w->path;
    if (w->depth == 1 && !strncmp(name, "optimizer", strlen("optimizer")))
        return 0;
    w->path = pool_printf(w->pool, "%s/%s", above, name);
    herr_t status = info->type == H5L_TYPE_HARD
                        ? read_object(w, group, name)
                        : fail(w, "is %s link; links out of their place are not followed",
                                  info->type == H5L_TYPE_SOFT ? "a soft" : "an external");
    if (status == 0)
        w->path = above;
    return status;
}

static hid_t open_image(const char *bytes, size_t len)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    /* Not written to, but not const there. */
    void *image = (void *)(uintptr_t)bytes;
    if (H5Pset_fapl_core(access, 1 << 16, 0) < 0 || H5Pset_file_image(access, image, len) < 0)
        return -1;
    return H5Fopen("model.h5", H5F_ACC_RDONLY, access);
}

void h5_child(const char *bytes, size_t len, FILE *to)
{
    struct walk w = {.pool = pool_new(), .to = to, .path = ""};
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = open_image(bytes, len);
    hid_t root = file < 0 ? -1 : H5Gopen2(file, "/", H5P_DEFAULT);
    if (root < 0)
        fail(&w, "can't be opened: the file is damaged or cut off");
    else
        read_group(&w, root);
    if (w.error) {
        fputc(H5_SAYS_ERROR, to);
        put_text(&w, w.error);
    } else {
        fputc(H5_SAYS_DONE, to);
    }
    pool_free(w.pool);
}
