/* TensorFlow.js layers models: model.json, and shards whose bytes, one behind the other, are the
 * weights in the order of the manifest. Weights may be quantised: as float16, or as unsigned
 * integers q of which min + scale * q is meant. */
#include "keras.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "half.h"
#include "out.h"
#include "text.h"

struct tfjs_type {
    const char *name;
    int bytes;
    double (*decode)(const unsigned char *);   /* NULL: weights of it can't be used */
};

static uint32_t little(const unsigned char *p, int bytes)
{
    uint32_t v = 0;
    for (int i = 0; i < bytes; i++)
        v |= (uint32_t)p[i] << 8 * i;
    return v;
}

static double decode_float(const unsigned char *p)
{
    uint32_t bits = little(p, 4);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static double decode_half(const unsigned char *p) { return half_to_float((uint16_t)little(p, 2)); }
static double decode_byte(const unsigned char *p) { return *p; }
static double decode_word(const unsigned char *p) { return little(p, 2); }

static const struct tfjs_type types[] = {
    {"float32", 4, decode_float}, {"int32", 4, NULL}, {"bool", 1, NULL},
};

static const struct tfjs_type quantised[] = {
    {"float16", 2, decode_half}, {"uint8", 1, decode_byte}, {"uint16", 2, decode_word},
};

static const struct tfjs_type *find_type(const struct tfjs_type *list, const json_t *name)
{
    for (int i = 0; i < 3; i++)
        if (json_is_text(name, list[i].name))
            return &list[i];
    return NULL;
}

static bool refuse(struct keras_file *f, const char *what, const char *name, const char *why)
{
    diag_error(f->diag, DIAG_BAD_MODEL, f->at, "%s '%s' %s", what, text_quote(f->diag, name), why);
    return false;
}

/* ---- shards ---------------------------------------------------------------------------------- */

static bool append_file(struct keras_file *f, const char *path, int fd, struct out *bytes)
{
    enum { PIECE = 1 << 16 };
    char piece[PIECE];
    struct stat st;
    ssize_t n;
    if (fd < 0 || fstat(fd, &st) != 0)
        return refuse(f, "shard", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return refuse(f, "shard", path, "is not a regular file");
    if (st.st_size > KERAS_MAX_FILE - (int64_t)bytes->len)
        return refuse(f, "shard", path, "makes the weights larger than the limit");
    while ((n = read(fd, piece, sizeof piece)) > 0)
        out_raw(bytes, piece, (size_t)n);
    return n == 0 || refuse(f, "shard", path, strerror(errno));
}

static bool read_shards(struct keras_file *f, const char *folder, const json_t *paths,
        struct out *bytes)
{
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const char *path = json_text(json_at(paths, i));
        const char *why = path ? below_refused(f->pool, path, "the model") : "is not text";
        if (why)
            return refuse(f, "shard", path ? path : "", why);
        int fd = open_below(f->pool, folder, path);
        bool ok = append_file(f, path, fd, bytes);
        if (fd >= 0)
            close(fd);
        if (!ok)
            return false;
        file_list_add(f->pool, &f->reads, pool_printf(f->pool, "%s%s", folder, path));
    }
    return true;
}

/* ---- weights --------------------------------------------------------------------------------- */

static bool read_shape(struct keras_file *f, const json_t *shape, struct keras_tensor *t,
        int64_t *size)
{
    *size = 1;
    if (!json_is_array(shape) || json_array_size(shape) > KERAS_MAX_RANK)
        return refuse(f, "weight", t->name, "has no shape, or one of more than 8 dimensions");
    t->rank = (int)json_array_size(shape);
    for (int i = 0; i < t->rank; i++)
        if (!json_int(json_at(shape, (size_t)i), &t->dim[i]) || t->dim[i] < 0 ||
                !mul_ok(*size, t->dim[i], size) || *size > KERAS_MAX_FILE)
            return refuse(f, "weight", t->name, "has a shape that isn't one");
    return true;
}

/* How its elements are stored: what is stored is scale * element + min. */
static bool read_type(struct keras_file *f, const json_t *entry, struct keras_tensor *t,
        const struct tfjs_type **type, double *scale, double *min)
{
    const json_t *how = json_get(entry, "quantization");
    const json_t *dtype = json_get(how ? how : entry, "dtype");
    *type = find_type(how ? quantised : types, dtype);
    *scale = 1;
    *min = 0;
    if (!*type)
        return refuse(f, "weight", t->name, how ? "is quantised as something other than float16, "
                "uint8 or uint16" : "has a dtype other than float32, int32 or bool");
    if (how && (*type)->decode != decode_half) {
        const json_t *s = json_get(how, "scale"), *m = json_get(how, "min");
        *scale = json_number_value(s);
        *min = json_number_value(m);
        if (!json_is_number(s) || !json_is_number(m) || !isfinite(*scale) || !isfinite(*min))
            return refuse(f, "weight", t->name, "is quantised without scale and min");
        if (!json_is_text(json_get(entry, "dtype"), "float32"))
            t->refused = "holds quantised integers";
    }
    if (!(*type)->decode)
        t->refused = "holds something other than floating-point numbers";
    return true;
}

static bool take_weight(struct keras_file *f, const json_t *entry, const struct out *bytes,
        size_t *at)
{
    struct keras_tensor t = {.group = "", .name = json_text(json_get(entry, "name"))};
    const struct tfjs_type *type;
    double scale, min;
    int64_t size;
    if (!t.name)
        return refuse(f, "weight", "", "has no name");
    if (!read_shape(f, json_get(entry, "shape"), &t, &size) ||
            !read_type(f, entry, &t, &type, &scale, &min))
        return false;
    if ((uint64_t)size > (bytes->len - *at) / (size_t)type->bytes)
        return refuse(f, "weight", t.name, "ends behind its shards: they are cut off, or one "
                                           "is missing");
    const unsigned char *from = (const unsigned char *)bytes->text + *at;
    float *to = t.refused ? NULL : NEW_ARRAY(f->pool, float, size + 1);
    for (int64_t i = 0; to && i < size; i++)
        to[i] = (float)(type->decode(from + i * type->bytes) * scale + min);
    *at += (size_t)(size * type->bytes);
    t.at = to;
    return keras_add_tensor(f, t);
}

static bool read_group(struct keras_file *f, const char *folder, const json_t *group,
        struct out *bytes)
{
    const json_t *paths = json_get(group, "paths"), *weights = json_get(group, "weights");
    size_t at = 0;
    if (!json_is_array(paths) || !json_is_array(weights))
        return refuse(f, "key", "weightsManifest", "has a group without paths or weights");
    if (!read_shards(f, folder, paths, bytes))
        return false;
    for (size_t i = 0; i < json_array_size(weights); i++)
        if (!take_weight(f, json_at(weights, i), bytes, &at))
            return false;
    return at == bytes->len ||
           refuse(f, "shard", json_array_size(paths) ? json_text(json_at(paths, 0)) : "",
                   "and those behind it hold more bytes than the manifest accounts for");
}

/* ---- model.json ------------------------------------------------------------------------------ */

static bool read_manifest(struct keras_file *f, const char *folder, const json_t *manifest)
{
    for (size_t i = 0; i < json_array_size(manifest); i++) {
        struct out bytes;
        out_init(&bytes);
        bool ok = read_group(f, folder, json_at(manifest, i), &bytes);
        out_free(&bytes);
        if (!ok)
            return false;
    }
    return true;
}

bool keras_open_tfjs(struct keras_file *f, const struct source *src, const char *folder)
{
    json_t *json = json_read(f->at, "model.json", src->text, src->len, f->diag);
    if (!json)
        return false;
    vec_push(f->pool, &f->json, json);
    const json_t *topology = json_get(json, "modelTopology");
    const json_t *config = json_get(topology, "model_config");
    const json_t *manifest = json_get(json, "weightsManifest");
    f->format = "TensorFlow.js layers model";
    f->naming = NAMING_TFJS;
    f->version = 2;
    keras_set_writer(f, json_text(json_get(topology, "keras_version")));
    if (json_is_text(json_get(json, "format"), "graph-model") || json_get(topology, "node"))
        return refuse(f, "format", "graph-model", "is a TensorFlow program rather than layers: "
                "convert the model to a layers model");
    if (!topology || !json_is_array(manifest))
        return refuse(f, "key", topology ? "weightsManifest" : "modelTopology", "is missing");
    return keras_set_model(f, config ? config : topology) && read_manifest(f, folder, manifest);
}
