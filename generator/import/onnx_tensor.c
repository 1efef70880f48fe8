#include "onnx_tensor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "half.h"

typedef const unsigned char *bytes;

/* ---- raw bytes, little-endian ---------------------------------------------------------------- */

static uint64_t little(bytes at, int n)
{
    uint64_t v = 0;
    for (int i = n - 1; i >= 0; i--)
        v = v << 8 | at[i];
    return v;
}

static float raw_float(bytes at)
{
    uint32_t bits = (uint32_t)little(at, 4);
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static float raw_double(bytes at)
{
    uint64_t bits = little(at, 8);
    double d;
    memcpy(&d, &bits, sizeof d);
    return (float)d;
}

static float raw_half(bytes at) { return half_to_float((uint16_t)little(at, 2)); }
static float raw_bfloat(bytes at) { return bfloat_to_float((uint16_t)little(at, 2)); }
static int64_t raw_u8(bytes at) { return at[0]; }
static int64_t raw_i8(bytes at) { return (int8_t)at[0]; }
static int64_t raw_u16(bytes at) { return (int64_t)little(at, 2); }
static int64_t raw_i16(bytes at) { return (int16_t)little(at, 2); }
static int64_t raw_u32(bytes at) { return (int64_t)little(at, 4); }
static int64_t raw_i32(bytes at) { return (int32_t)little(at, 4); }
static int64_t raw_i64(bytes at) { return (int64_t)little(at, 8); }
static int64_t raw_bool(bytes at) { return at[0] != 0; }

/* ---- the element types ----------------------------------------------------------------------- */

/* Where elements are when they aren't raw: the list of the message. */
enum list { LIST_FLOAT, LIST_INT32, LIST_INT64, LIST_DOUBLE, LIST_UINT64 };

static const struct form {
    int type, bytes;
    float (*to_float)(bytes);
    int64_t (*to_int)(bytes);
    enum list list;
} forms[] = {
#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name
    {TYPE(FLOAT), 4, raw_float, NULL, LIST_FLOAT},
    {TYPE(DOUBLE), 8, raw_double, NULL, LIST_DOUBLE},
    {TYPE(FLOAT16), 2, raw_half, NULL, LIST_INT32},
    {TYPE(BFLOAT16), 2, raw_bfloat, NULL, LIST_INT32},
    {TYPE(UINT8), 1, NULL, raw_u8, LIST_INT32},
    {TYPE(INT8), 1, NULL, raw_i8, LIST_INT32},
    {TYPE(UINT16), 2, NULL, raw_u16, LIST_INT32},
    {TYPE(INT16), 2, NULL, raw_i16, LIST_INT32},
    {TYPE(INT32), 4, NULL, raw_i32, LIST_INT32},
    {TYPE(INT64), 8, NULL, raw_i64, LIST_INT64},
    {TYPE(UINT32), 4, NULL, raw_u32, LIST_UINT64},
    {TYPE(UINT64), 8, NULL, raw_i64, LIST_UINT64},
    {TYPE(BOOL), 1, NULL, raw_bool, LIST_INT32},
#undef TYPE
};

static const struct form *form_of(int type)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (forms[i].type == type)
            return &forms[i];
    return NULL;
}

static bool host_is_little(void)
{
    return *(const unsigned char *)&(const uint16_t){1} == 1;
}

/* raw is aligned, and lives as long as the pool: floats may be used as they are. */
static void from_raw(struct pool *pool, const struct form *form, bytes raw, int64_t n,
        struct onnx_value *v)
{
    if (form->to_float == raw_float && host_is_little() && n) {
        v->f = (const float *)(const void *)raw;
        return;
    }
    float *f = form->to_float ? NEW_ARRAY(pool, float, n + 1) : NULL;
    int64_t *i = form->to_int ? NEW_ARRAY(pool, int64_t, n + 1) : NULL;
    for (int64_t k = 0; k < n; k++, raw += form->bytes)
        if (f)
            f[k] = form->to_float(raw);
        else
            i[k] = form->to_int(raw);
    v->f = f;
    v->i = i;
}

static float listed_float(const Onnx__TensorProto *t, const struct form *form, size_t k)
{
    if (form->list == LIST_FLOAT)
        return t->float_data[k];
    if (form->list == LIST_DOUBLE)
        return (float)t->double_data[k];
    uint16_t bits = (uint16_t)t->int32_data[k];
    return form->to_float == raw_half ? half_to_float(bits) : bfloat_to_float(bits);
}

static int64_t listed_int(const Onnx__TensorProto *t, const struct form *form, size_t k)
{
    return form->list == LIST_INT64  ? t->int64_data[k]
           : form->list == LIST_INT32 ? t->int32_data[k]
                                      : (int64_t)t->uint64_data[k];
}

static size_t list_length(const Onnx__TensorProto *t, enum list list)
{
    const size_t n[] = {
        [LIST_FLOAT] = t->n_float_data, [LIST_INT32] = t->n_int32_data,
        [LIST_INT64] = t->n_int64_data, [LIST_DOUBLE] = t->n_double_data,
        [LIST_UINT64] = t->n_uint64_data,
    };
    return n[list];
}

static void from_list(struct pool *pool, const Onnx__TensorProto *t, const struct form *form,
        size_t n, struct onnx_value *v)
{
    float *f = form->to_float ? NEW_ARRAY(pool, float, n + 1) : NULL;
    int64_t *i = form->to_int ? NEW_ARRAY(pool, int64_t, n + 1) : NULL;
    for (size_t k = 0; k < n; k++)
        if (f)
            f[k] = listed_float(t, form, k);
        else
            i[k] = listed_int(t, form, k);
    v->f = f;
    v->i = i;
}

/* ---- errors ---------------------------------------------------------------------------------- */

static bool wrong(struct onnx *m, const struct onnx_value *v, const char *fmt, ...)
        PRINTF_LIKE(3, 4);

static bool wrong(struct onnx *m, const struct onnx_value *v, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    diag_error(m->diag, DIAG_WEIGHT_FILE, m->at, "the tensor '%s' %s", onnx_quoted(m, v->name),
            pool_vprintf(m->pool, fmt, args));
    va_end(args);
    return false;
}

/* ---- external data --------------------------------------------------------------------------- */

struct external {
    const char *location;
    int64_t offset;
    int64_t length;                  /* -1: not said */
};

/* Decimal digits that fit. */
static bool parse_size(const char *text, int64_t *out)
{
    char *end;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    *out = n;
    return *text >= '0' && *text <= '9' && !*end && !errno;
}

static bool external_of(struct onnx *m, const Onnx__TensorProto *t, const struct onnx_value *v,
        struct external *out)
{
    *out = (struct external){.length = -1};
    for (size_t i = 0; i < t->n_external_data; i++) {
        const char *key = t->external_data[i]->key, *value = t->external_data[i]->value;
        int64_t *number = !key || !value           ? NULL
                          : !strcmp(key, "offset") ? &out->offset
                          : !strcmp(key, "length") ? &out->length
                                                   : NULL;
        if (number && !parse_size(value, number))
            return wrong(m, v, "has external data whose %s is no number: '%s'", key,
                    onnx_quoted(m, value));
        if (key && value && !strcmp(key, "location"))
            out->location = value;
    }
    return out->location || wrong(m, v, "has external data without a location");
}

static bool read_all(int fd, unsigned char *to, int64_t n, int64_t offset)
{
    for (int64_t done = 0; done < n;) {
        ssize_t got = pread(fd, to + done, (size_t)(n - done), (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += got;
    }
    return true;
}

/* The bytes of the open file; it is closed by the caller. */
static bool read_external(struct onnx *m, const struct onnx_value *v, int fd,
        const struct external *e, int64_t n, unsigned char **out)
{
    struct stat st;
    const char *file = onnx_quoted(m, e->location);
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return wrong(m, v, "is in '%s', which is no regular file", file);
    if (e->length >= 0 && e->length != n)
        return wrong(m, v, "needs %lld bytes, but its external data has a length of %lld",
                (long long)n, (long long)e->length);
    if (e->offset > (int64_t)st.st_size || n > (int64_t)st.st_size - e->offset)
        return wrong(m, v, "is %lld bytes at %lld of '%s', which has %lld", (long long)n,
                (long long)e->offset, file, (long long)st.st_size);
    *out = pool_alloc(m->pool, (size_t)n + 1);
    return read_all(fd, *out, n, e->offset) || wrong(m, v, "can't be read from '%s'", file);
}

static bool load_external(struct onnx *m, const Onnx__TensorProto *t, struct onnx_value *v,
        const struct form *form, int64_t n)
{
    struct external e;
    unsigned char *raw = NULL;
    if (!external_of(m, t, v, &e))
        return false;
    const char *why = below_refused(m->pool, e.location, "the model");
    if (why)
        return wrong(m, v, "has external data in '%s', which %s", onnx_quoted(m, e.location), why);
    const char *folder = folder_of(m->pool, m->path);
    int fd = open_below(m->pool, folder, e.location);
    if (fd < 0)
        return wrong(m, v, "has external data in '%s', which can't be opened: %s",
                onnx_quoted(m, e.location),
                errno == ELOOP || errno == ENOTDIR ? "it is, or goes through, a symbolic link"
                                                   : strerror(errno));
    bool ok = read_external(m, v, fd, &e, n * form->bytes, &raw);
    close(fd);
    if (ok)
        from_raw(m->pool, form, raw, n, v);
    file_list_add(m->pool, &m->reads, pool_printf(m->pool, "%s%s", folder, e.location));
    return ok;
}

/* ---- all of a tensor ------------------------------------------------------------------------- */

static bool read_dims(struct onnx *m, const Onnx__TensorProto *t, struct onnx_value *v)
{
    if (t->n_dims > ONNX_MAX_RANK)
        return wrong(m, v, "has %zu dimensions; the limit is %d", t->n_dims, ONNX_MAX_RANK);
    v->dims.rank = (int)t->n_dims;
    for (size_t i = 0; i < t->n_dims; i++) {
        v->dims.at[i] = t->dims[i];
        if (t->dims[i] < 0)
            return wrong(m, v, "has a negative dimension");
    }
    return onnx_fits(&v->dims) || wrong(m, v, "has too many elements");
}

static bool load(struct onnx *m, const Onnx__TensorProto *t, struct onnx_value *v,
        const struct form *form)
{
    int64_t n = onnx_size(&v->dims);
    if (t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return load_external(m, t, v, form, n);
    size_t listed = list_length(t, form->list);
    if (t->has_raw_data && (t->raw_data.len || !listed)) {
        if ((int64_t)t->raw_data.len != n * form->bytes)
            return wrong(m, v, "%s of %s needs %lld bytes, but has %zu",
                    onnx_dims_text(m->pool, &v->dims), onnx_type_name(v->type),
                    (long long)(n * form->bytes), t->raw_data.len);
        from_raw(m->pool, form, t->raw_data.data, n, v);
    } else {
        if ((int64_t)listed != n)
            return wrong(m, v, "%s of %s needs %lld elements, but has %zu",
                    onnx_dims_text(m->pool, &v->dims), onnx_type_name(v->type), (long long)n,
                    listed);
        from_list(m->pool, t, form, listed, v);
    }
    return true;
}

bool onnx_tensor_read(struct onnx *m, const Onnx__TensorProto *t, struct onnx_value *v)
{
    v->type = t->has_data_type ? t->data_type : 0;
    v->elem = onnx_elem_of(v->type);
    const struct form *form = form_of(v->type);
    if (!read_dims(m, t, v))
        return false;
    if (t->segment)
        return wrong(m, v, "is stored in segments");
    v->known = true;
    if (!form) {
        v->refused = pool_printf(m->pool, "it is a constant of type %s", onnx_type_name(v->type));
        return true;
    }
    return load(m, t, v, form);
}
