#include "safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "half.h"
#include "out.h"
#include "spec.h"

/* ---- element types -------------------------------------------------------------------------- */

static void decode_f32(const unsigned char *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++, from += 4) {
        uint32_t bits = (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
                        (uint32_t)from[3] << 24;
        memcpy(&to[i], &bits, sizeof bits);
    }
}

static void decode_f16(const unsigned char *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++, from += 2)
        to[i] = half_to_float((uint16_t)(from[0] | from[1] << 8));
}

static void decode_bf16(const unsigned char *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++, from += 2)
        to[i] = bfloat_to_float((uint16_t)(from[0] | from[1] << 8));
}

static const struct st_dtype dtypes[] = {
    {"F32", 32, decode_f32}, {"F16", 16, decode_f16}, {"BF16", 16, decode_bf16}, {"F64", 64, NULL},
    {"I64", 64, NULL}, {"I32", 32, NULL}, {"I16", 16, NULL}, {"I8", 8, NULL}, {"U64", 64, NULL},
    {"U32", 32, NULL}, {"U16", 16, NULL}, {"U8", 8, NULL}, {"BOOL", 8, NULL}, {"C64", 64, NULL},
    {"F8_E5M2", 8, NULL}, {"F8_E4M3", 8, NULL}, {"F8_E8M0", 8, NULL}, {"F6_E2M3", 6, NULL},
    {"F6_E3M2", 6, NULL}, {"F4", 4, NULL},
};

const struct st_dtype *st_find_dtype(const char *name)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++)
        if (!strcmp(dtypes[i].name, name))
            return &dtypes[i];
    return NULL;
}

/* ---- files that are something else ---------------------------------------------------------- */

#define FROM_KERAS                                                                                 \
    "in Python, with safetensors.numpy.save_file: one array for each weight, named LAYER.kernel, " \
    "LAYER.bias ..."
#define FROM_TORCH                                                                                 \
    "in Python: safetensors.torch.save_file(model.state_dict(), 'model.safetensors'), and "        \
    "'layout: torch' in the spec"

static const struct {
    const char *magic;
    size_t at, len;        /* of the magic, in bytes */
    const char *inside;    /* also needed somewhere in the first 512 bytes; NULL: nothing */
    const char *what, *help;
} others[] = {
    {"PK\3\4", 0, 4, "data.pkl", "a PyTorch checkpoint (.pt)", FROM_TORCH},
    {"PK\3\4", 0, 4, ".npy", "a NumPy archive (.npz)", FROM_KERAS},
    {"PK\3\4", 0, 4, "metadata.json", "a Keras archive (.keras)", FROM_KERAS},
    {"PK\3\4", 0, 4, "config.json", "a Keras archive (.keras)", FROM_KERAS},
    {"PK\3\4", 0, 4, NULL, "a ZIP archive (.keras, .npz and .pt files are)", FROM_KERAS},
    {"\x89HDF\r\n\x1a\n", 0, 8, NULL, "an HDF5 file (.h5 of Keras)", FROM_KERAS},
    {"\x93NUMPY", 0, 6, NULL, "a NumPy array (.npy)", FROM_KERAS},
    {"TFL3", 4, 4, NULL, "a TensorFlow Lite model", FROM_KERAS},
    {"\x80\2", 0, 2, NULL, "a Python pickle (an old PyTorch checkpoint)", FROM_TORCH},
    {"\x80\4", 0, 2, NULL, "a Python pickle", FROM_TORCH},
    {"\x80\5", 0, 2, NULL, "a Python pickle", FROM_TORCH},
    {"GGUF", 0, 4, NULL, "a GGUF file", FROM_TORCH},
    {"\x08", 0, 1, "pytorch", "an ONNX model", FROM_TORCH},
    {"\x08", 0, 1, "\x12", "an ONNX model, it seems", FROM_TORCH},
    {"version https://git-lfs", 0, 23, NULL, "a Git LFS pointer, not the file itself",
        "run: git lfs pull"},
    {"cnngen:", 0, 7, NULL, "a spec, not a weight file", NULL},
};

static bool contains(const char *bytes, size_t n, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= n; i++)
        if (!memcmp(bytes + i, word, len))
            return true;
    return false;
}

static struct span file_span(const struct source *file) { return (struct span){.src = file}; }

/* Reports what the file is, if that can be told. */
static bool report_other(const struct source *file, const char *bytes, size_t n, struct diag *d)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (n < others[i].at + others[i].len ||
                memcmp(bytes + others[i].at, others[i].magic, others[i].len))
            continue;
        if (others[i].inside && !contains(bytes, n, others[i].inside))
            continue;
        diag_error(d, DIAG_WEIGHT_FILE, file_span(file),
                "this is %s; weights are read from safetensors files", others[i].what);
        if (others[i].help)
            diag_help(d, "%s", others[i].help);
        return true;
    }
    return false;
}

bool st_header_bytes(const struct source *file, const char *start, size_t n, int64_t file_bytes,
        struct diag *d, int64_t *out)
{
    uint64_t header = 0;
    for (size_t i = 0; i < SAFETENSORS_START && i < n; i++)
        header |= (uint64_t)(unsigned char)start[i] << 8 * i;
    bool fits = n > SAFETENSORS_START && header <= (uint64_t)file_bytes - SAFETENSORS_START;
    bool looks_right = n > SAFETENSORS_START && start[SAFETENSORS_START] == '{';
    if (fits && looks_right && header > 0 && header <= LIMIT_HEADER_BYTES) {
        *out = (int64_t)header;
        return true;
    }
    if (!looks_right && report_other(file, start, n, d))
        return false;
    if (n == 0)
        diag_error(d, DIAG_WEIGHT_FILE, file_span(file), "the file is empty");
    else if (!looks_right)
        diag_error(d, DIAG_WEIGHT_FILE, file_span(file), "this is not a safetensors file");
    else if (header <= LIMIT_HEADER_BYTES && header > 0)
        diag_error(d, DIAG_WEIGHT_FILE, file_span(file),
                "the file is cut off: its header needs %llu bytes, and %lld are there",
                (unsigned long long)header, (long long)(file_bytes - SAFETENSORS_START));
    else
        diag_error(d, DIAG_WEIGHT_HEADER, file_span(file),
                "the header claims %llu bytes; 1 to %d are allowed", (unsigned long long)header,
                LIMIT_HEADER_BYTES);
    return false;
}

/* ---- the header ----------------------------------------------------------------------------- */

struct reader {
    struct pool *pool;
    const struct source *file;
    struct diag *diag;
    int64_t data_at, data_bytes;  /* the tensors' bytes, in the file */
};

static bool refuse(struct reader *r, const char *name, const char *why)
{
    diag_error(r->diag, DIAG_WEIGHT_HEADER, file_span(r->file), "tensor '%s' %s",
            diag_quote(r->diag, name, strlen(name)), why);
    return false;
}

static bool read_dtype(struct reader *r, const struct value *v, struct st_tensor *t)
{
    if (v->kind != VALUE_SCALAR || !v->quoted)
        return refuse(r, t->name, "has a dtype that is not text");
    t->type = st_find_dtype(v->text);
    if (t->type)
        return true;
    diag_error(r->diag, DIAG_TENSOR_TYPE, file_span(r->file),
            "tensor '%s' has the unknown dtype '%s'", diag_quote(r->diag, t->name, strlen(t->name)),
            diag_quote(r->diag, v->text, v->len));
    return false;
}

/* Digits only: JSON has no other whole numbers. */
static bool read_size(const struct value *v, int64_t *out)
{
    int64_t n = 0;
    if (v->kind != VALUE_SCALAR || v->quoted || v->len == 0)
        return false;
    for (const char *p = v->text; *p; p++)
        if (*p < '0' || *p > '9' || !mul_ok(n, 10, &n) || !add_ok(n, *p - '0', &n))
            return false;
    *out = n;
    return true;
}

static bool read_shape(struct reader *r, const struct value *v, struct st_tensor *t)
{
    if (v->kind != VALUE_LIST)
        return refuse(r, t->name, "has a shape that is not a list");
    int64_t *dim = NEW_ARRAY(r->pool, int64_t, v->item.n);
    t->rank = v->item.n;
    t->dim = dim;
    t->size = 1;
    for (int i = 0; i < t->rank; i++) {
        if (!read_size(v->item.at[i], &dim[i]))
            return refuse(r, t->name, "has a shape that holds something other than sizes");
        if (!mul_ok(t->size, dim[i], &t->size))
            return refuse(r, t->name, "has a shape with more elements than a file can hold");
    }
    return true;
}

static bool read_offsets(struct reader *r, const struct value *v, struct st_tensor *t)
{
    int64_t begin, end;
    if (v->kind != VALUE_LIST || v->item.n != 2 || !read_size(v->item.at[0], &begin) ||
            !read_size(v->item.at[1], &end))
        return refuse(r, t->name, "has data_offsets other than [begin, end]");
    if (begin > end)
        return refuse(r, t->name, "has data_offsets that end before they begin");
    if (end > r->data_bytes) {
        diag_error(r->diag, DIAG_WEIGHT_FILE, file_span(r->file),
                "the file is cut off: tensor '%s' ends at byte %lld of the data, of which %lld "
                "bytes are there",
                diag_quote(r->diag, t->name, strlen(t->name)), (long long)end,
                (long long)r->data_bytes);
        return false;
    }
    t->at = r->data_at + begin;
    t->bytes = end - begin;
    return true;
}

static const struct {
    const char *key;
    bool (*read)(struct reader *, const struct value *, struct st_tensor *);
} fields[] = {
    {"dtype", read_dtype},
    {"shape", read_shape},
    {"data_offsets", read_offsets},
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static bool read_tensor(struct reader *r, const struct entry *e, struct st_tensor *t)
{
    int64_t bits;
    *t = (struct st_tensor){.name = e->key};
    if (e->val->kind != VALUE_MAP || e->val->entry.n != FIELDS)
        return refuse(r, e->key, "is not described by dtype, shape and data_offsets");
    for (int i = 0; i < FIELDS; i++) {
        const struct entry *field = value_find(e->val, fields[i].key);
        if (!field)
            return refuse(r, e->key, "is not described by dtype, shape and data_offsets");
        if (!fields[i].read(r, field->val, t))
            return false;
    }
    if (!mul_ok(t->size, t->type->bits, &bits) || bits % 8 || bits / 8 != t->bytes) {
        diag_error(r->diag, DIAG_WEIGHT_HEADER, file_span(r->file),
                "tensor '%s' occupies %lld bytes, but its shape %s of %s does not make that many",
                diag_quote(r->diag, t->name, strlen(t->name)), (long long)t->bytes,
                st_shape_text(r->pool, t), t->type->name);
        return false;
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct st_tensor *)a)->name, ((const struct st_tensor *)b)->name);
}

/* Empty tensors go before the one that starts at the same byte. */
static int by_place(const void *a, const void *b)
{
    const struct st_tensor *s = a, *t = b;
    if (s->at != t->at)
        return s->at < t->at ? -1 : 1;
    if (s->bytes != t->bytes)
        return s->bytes < t->bytes ? -1 : 1;
    return by_name(a, b);
}

/* Tensors sorted by place have to follow one another and to end with the file. */
static bool check_places(struct reader *r, const struct safetensors *st)
{
    int64_t at = r->data_at, end = r->data_at + r->data_bytes;
    for (int i = 0; i < st->tensor.n; i++) {
        const struct st_tensor *t = &st->tensor.at[i];
        if (t->at < at)
            return refuse(r, t->name, "overlaps another one");
        if (t->at > at)
            return refuse(r, t->name, "does not follow the one before it: there is a gap");
        at = t->at + t->bytes;
    }
    if (at == end)
        return true;
    diag_error(r->diag, DIAG_WEIGHT_HEADER, file_span(r->file),
            "behind the last tensor the file goes on: bytes not accounted for: %lld",
            (long long)(end - at));
    return false;
}

/* The first message of what a parser reported, "PATH:LINE:COL: error: MESSAGE [id]", as "MESSAGE
 * (line LINE, character COL)". */
static const char *first_message(struct pool *pool, struct diag *d, const char *path)
{
    struct out text;
    int line, col;
    out_init(&text);
    diag_print(d, &text, COLOR_NEVER, false);
    const char *all = text.text ? text.text : "", *from = strstr(all, "error: ");
    from = from ? from + strlen("error: ") : "";
    size_t n = strcspn(from, "\n"), end = n;
    while (end > 0 && from[end] != '[')
        end--;
    const char *copy = pool_copy(pool, from, end > 1 ? end - 1 : n);
    if (strlen(path) < text.len && sscanf(all + strlen(path), ":%d:%d:", &line, &col) == 2)
        copy = pool_printf(pool, "%s (line %d, character %d)", copy, line, col);
    out_free(&text);
    return copy;
}

/* The JSON as a tree. A YAML parser reads it, whose messages are about YAML: one is quoted. */
static const struct value *parse_json(struct reader *r, const char *header, size_t n)
{
    struct source *json = NEW(r->pool, struct source);
    struct diag *d = diag_new(r->pool);
    *json = source_of(r->file->path, pool_copy(r->pool, header, n), n);
    const struct value *v = value_parse(r->pool, json, LIMIT_SPEC_NODES, d);
    if (v && !diag_failed(d) && v->kind == VALUE_MAP)
        return v;
    if (v && !diag_failed(d))
        diag_error(r->diag, DIAG_WEIGHT_HEADER, file_span(r->file),
                "the header is not a JSON object");
    else
        diag_error(r->diag, DIAG_WEIGHT_HEADER, file_span(r->file),
                "the header can't be read as JSON: %s", first_message(r->pool, d, r->file->path));
    return NULL;
}

bool st_parse(struct pool *pool, const struct source *file, const char *header, size_t n,
        int64_t file_bytes, struct diag *d, struct safetensors *out)
{
    int64_t data_at = SAFETENSORS_START + (int64_t)n;
    struct reader r = {pool, file, d, data_at, file_bytes - data_at};
    int before = diag_errors(d);
    *out = (struct safetensors){.path = file->path};
    while (n > 0 && header[n - 1] == ' ')
        n--;
    const struct value *top = parse_json(&r, header, n);
    if (!top)
        return false;
    for (int i = 0; i < top->entry.n; i++) {
        struct st_tensor t;
        if (strcmp(top->entry.at[i].key, "__metadata__") && read_tensor(&r, &top->entry.at[i], &t))
            vec_push(pool, &out->tensor, t);
    }
    if (diag_errors(d) > before)
        return false;
    if (out->tensor.n)
        qsort(out->tensor.at, (size_t)out->tensor.n, sizeof out->tensor.at[0], by_place);
    if (!check_places(&r, out))
        return false;
    st_sort(out);
    return true;
}

void st_sort(struct safetensors *st)
{
    if (st->tensor.n)
        qsort(st->tensor.at, (size_t)st->tensor.n, sizeof st->tensor.at[0], by_name);
}

const struct st_tensor *st_find(const struct safetensors *st, const char *name)
{
    struct st_tensor key = {.name = name};
    return st->tensor.n ? bsearch(&key, st->tensor.at, (size_t)st->tensor.n, sizeof key, by_name)
                        : NULL;
}

const char *st_shape_text(struct pool *pool, const struct st_tensor *t)
{
    struct out text;
    out_init(&text);
    out_printf(&text, "[");
    for (int i = 0; i < t->rank && i < 8; i++)
        out_printf(&text, "%s%lld", i ? ", " : "", (long long)t->dim[i]);
    out_printf(&text, "%s]", t->rank > 8 ? ", ..." : "");
    const char *copy = pool_copy(pool, text.text, text.len);
    out_free(&text);
    return copy;
}
