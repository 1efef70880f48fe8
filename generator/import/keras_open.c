#include "keras.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "h5_read.h"
#include "text.h"
#include "zip_read.h"

static bool refuse(struct keras_file *f, const char *why)
{
    diag_error(f->diag, DIAG_BAD_MODEL, f->at, "%s", why);
    return false;
}

static void read_file(struct keras_file *f, const char *path, struct source *src)
{
    switch (source_read(f->pool, path, KERAS_MAX_FILE, src)) {
    case SOURCE_OK:
        return;
    case SOURCE_ERRNO:
        die("can't read '%s': %s", text_quote(f->diag, path), strerror(errno));
    case SOURCE_NOT_REGULAR:
        die("can't read '%s': not a regular file", text_quote(f->diag, path));
    case SOURCE_TOO_BIG:
        die("can't read '%s': larger than %d GiB", text_quote(f->diag, path),
                (int)(KERAS_MAX_FILE >> 30));
    }
}

void keras_set_writer(struct keras_file *f, const char *version)
{
    f->writer = version ? version : "";
    if (isdigit((unsigned char)*f->writer))
        f->version = atoi(f->writer) >= 3 ? 3 : 2;
}

bool keras_set_model(struct keras_file *f, const json_t *model)
{
    if (!json_text(json_get(model, "class_name")) || !json_get(model, "config"))
        return refuse(f, "the model's configuration has no class_name or no config");
    f->model = model;
    return true;
}

bool keras_add_tensor(struct keras_file *f, struct keras_tensor t)
{
    if (f->tensor.n >= KERAS_MAX_TENSORS) {
        diag_error(f->diag, DIAG_TOO_LARGE, f->at, "the file has more than %d weights",
                KERAS_MAX_TENSORS);
        return false;
    }
    vec_push(f->pool, &f->tensor, t);
    return true;
}

static json_t *read_json(struct keras_file *f, const char *what, const char *text, size_t len)
{
    json_t *json = json_read(f->at, what, text, len, f->diag);
    if (json)
        vec_push(f->pool, &f->json, json);
    return json;
}

/* ---- Keras 3's weights ----------------------------------------------------------------------- */

static const char *parent(struct pool *pool, const char *path)
{
    const char *slash = strrchr(path, '/');
    return pool_copy(pool, path, slash ? (size_t)(slash - path) : 0);
}

static struct keras_tensor tensor_of(const struct h5_data *d)
{
    struct keras_tensor t = {.group = "", .name = d->path, .rank = d->rank, .at = d->at};
    memcpy(t.dim, d->dim, sizeof t.dim);
    if (!d->at)
        t.refused = "holds something other than floating-point numbers";
    return t;
}

static bool take_v3(struct keras_file *f, const struct h5 *h5)
{
    f->naming = NAMING_V3;
    for (int i = 0; i < h5->data.n; i++) {
        const struct h5_data *d = &h5->data.at[i];
        struct keras_tensor t = tensor_of(d);
        const struct h5_attr *name = h5_attr(h5, parent(f->pool, d->path), "name");
        if (!strncmp(d->path, "/_layer_checkpoint", strlen("/_layer_checkpoint"))) {
            refuse(f, "the weights are laid out as TensorFlow 2.12 and 2.13 did, which can't be "
                      "told apart for sure");
            diag_help(f->diag, "load the model with a newer Keras, and save it again");
            return false;
        }
        t.layer = name && name->n == 1 ? name->text[0] : NULL;
        if (!keras_add_tensor(f, t))
            return false;
    }
    return true;
}

bool keras_read_weights_v3(struct keras_file *f, const struct source *src)
{
    struct h5 h5;
    return h5_read(f->pool, src, f->at, f->diag, &h5) && take_v3(f, &h5);
}

/* ---- .h5 ------------------------------------------------------------------------------------- */

/* A list that Keras splits where it gets long: NAME, or NAME0, NAME1 ... */
static const char *list_text(const struct h5 *h5, struct pool *pool, const char *path,
        const char *name, int i)
{
    const struct h5_attr *a = h5_attr(h5, path, name);
    if (a)
        return i < a->n ? a->text[i] : NULL;
    for (int part = 0; (a = h5_attr(h5, path, pool_printf(pool, "%s%d", name, part))); part++) {
        if (i < a->n)
            return a->text[i];
        i -= a->n;
    }
    return NULL;
}

static bool take_layer(struct keras_file *f, const struct h5 *h5, const char *base,
        const char *layer)
{
    const char *group = pool_printf(f->pool, "%s/%s", base, layer), *name;
    for (int i = 0; (name = list_text(h5, f->pool, group, "weight_names", i)); i++) {
        const struct h5_data *d = h5_data(h5, pool_printf(f->pool, "%s/%s", group, name));
        size_t n = strlen(name);
        if (!d) {
            diag_error(f->diag, DIAG_BAD_MODEL, f->at, "layer '%s' lists the weight '%s', which "
                    "is not there", text_quote(f->diag, layer), text_quote(f->diag, name));
            return false;
        }
        struct keras_tensor t = tensor_of(d);
        t.group = layer;
        t.name = pool_copy(f->pool, name, n > 2 && !strcmp(name + n - 2, ":0") ? n - 2 : n);
        if (!keras_add_tensor(f, t))
            return false;
    }
    return true;
}

static bool take_h5(struct keras_file *f, const struct h5 *h5, const char *base)
{
    const char *layer;
    f->naming = NAMING_H5;
    for (int i = 0; (layer = list_text(h5, f->pool, *base ? base : "/", "layer_names", i)); i++)
        if (!take_layer(f, h5, base, layer))
            return false;
    return true;
}

bool keras_open_h5(struct keras_file *f, const struct source *src)
{
    struct h5 h5;
    if (!h5_read(f->pool, src, f->at, f->diag, &h5))
        return false;
    const struct h5_attr *config = h5_attr(&h5, "/", "model_config");
    const struct h5_attr *version = h5_attr(&h5, "/", "keras_version");
    bool listed = list_text(&h5, f->pool, "/", "layer_names", 0) != NULL;
    f->format = config ? "Keras .h5" : "Keras weights";
    f->version = 2;
    keras_set_writer(f, version && version->n ? version->text[0] : NULL);
    if (!config)
        return listed ? take_h5(f, &h5, "") : (f->version = 3, take_v3(f, &h5));
    json_t *json = config->n == 1 ? read_json(f, "the attribute model_config", config->text[0],
            strlen(config->text[0])) : NULL;
    return json && keras_set_model(f, json) && take_h5(f, &h5, "/model_weights");
}

/* ---- .keras ---------------------------------------------------------------------------------- */

static bool read_config(struct keras_file *f, const struct source *config,
        const struct source *metadata)
{
    json_t *json = read_json(f, "config.json", config->text, config->len);
    json_t *meta = json ? read_json(f, "metadata.json", metadata->text, metadata->len) : NULL;
    if (!meta)
        return false;
    f->format = "Keras 3 archive";
    f->version = 3;
    keras_set_writer(f, json_text(json_get(meta, "keras_version")));
    return keras_set_model(f, json);
}

/* What an archive without a model in it is. */
static bool refuse_archive(struct keras_file *f, const struct zip *z)
{
    for (int i = 0; i < z->member.n; i++) {
        const char *name = z->member.at[i].name;
        size_t n = strlen(name);
        if (n >= 8 && !strcmp(name + n - 8, "data.pkl"))
            return refuse(f, "this is a PyTorch file, a pickle in a ZIP archive: export the model "
                             "from PyTorch as ONNX, and use cnngen-import-onnx");
        if (n > 4 && !strcmp(name + n - 4, ".npy"))
            return refuse(f, "this is an .npz file of NumPy's, which holds no model: "
                             "cnngen-import-npz turns it into a weight file");
    }
    if (zip_find(z, "model.weights.json"))
        return refuse(f, "the weights are sharded over several files: save the model without "
                         "max_shard_size");
    return refuse(f, "this ZIP archive holds no Keras model: config.json, metadata.json or "
                     "model.weights.h5 is missing");
}

static bool read_archive(struct keras_file *f, struct zip *z)
{
    static const char *const names[] = {"config.json", "metadata.json", "model.weights.h5"};
    struct source src[3];
    const struct zip_member *m[3];
    for (int i = 0; i < 3; i++)
        if (!(m[i] = zip_find(z, names[i])))
            return refuse_archive(f, z);
    for (int i = 0; i < 3; i++)
        if (!zip_read(z, m[i], i < 2 ? JSON_MAX_BYTES : KERAS_MAX_FILE, &src[i]))
            return false;
    return read_config(f, &src[0], &src[1]) && keras_read_weights_v3(f, &src[2]);
}

bool keras_open_archive(struct keras_file *f, const struct source *src)
{
    struct zip z;
    bool ok = zip_open(f->pool, src, f->diag, &z) && read_archive(f, &z);
    zip_close(&z);
    return ok;
}

/* ---- folders --------------------------------------------------------------------------------- */

static bool is_there(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

/* A file of the folder that is the model. */
static void read_part(struct keras_file *f, const char *path, struct source *src)
{
    read_file(f, path, src);
    file_list_add(f->pool, &f->reads, path);
}

bool keras_open_folder(struct keras_file *f, const char *folder)
{
    const char *base = pool_printf(f->pool, "%s%s", folder,
            folder[strlen(folder) - 1] == '/' ? "" : "/");
    const char *model = pool_printf(f->pool, "%smodel.json", base);
    const char *config = pool_printf(f->pool, "%sconfig.json", base);
    const char *metadata = pool_printf(f->pool, "%smetadata.json", base);
    const char *weights = pool_printf(f->pool, "%smodel.weights.h5", base);
    struct source src[3];
    if (is_there(model)) {
        read_part(f, model, &src[0]);
        return keras_open_tfjs(f, &src[0], base);
    }
    if (is_there(config) && is_there(metadata) && is_there(weights)) {
        read_part(f, config, &src[0]);
        read_part(f, metadata, &src[1]);
        read_part(f, weights, &src[2]);
        return read_config(f, &src[0], &src[1]) && keras_read_weights_v3(f, &src[2]);
    }
    if (is_there(pool_printf(f->pool, "%ssaved_model.pb", base)))
        return refuse(f, "this is a TensorFlow SavedModel, which holds a program rather than "
                         "layers: save the model as .keras");
    return refuse(f, "this folder holds no Keras model: neither model.json nor config.json, "
                     "metadata.json and model.weights.h5");
}

/* ---- all formats ----------------------------------------------------------------------------- */

static bool begins(const struct source *src, size_t at, const char *with)
{
    size_t n = strlen(with);
    return src->len >= at + n && !memcmp(src->text + at, with, n);
}

static bool refuse_file(struct keras_file *f, const struct source *src)
{
    if (begins(src, 4, "TFL3"))
        return refuse(f, "this is a TensorFlow Lite model: use cnngen-import-tflite");
    if (begins(src, 0, "\x93NUMPY"))
        return refuse(f, "this is a single NumPy array, not a model");
    if (begins(src, 0, "\x80"))
        return refuse(f, "this is a Python pickle, which can't be read without running it");
    return refuse(f, "this is not a Keras model: neither .keras, .h5 nor TensorFlow.js' "
                     "model.json");
}

bool keras_open(struct pool *pool, const char *path, struct diag *diag, struct keras_file *f)
{
    struct stat st;
    struct source src, *named = NEW(pool, struct source);
    *named = source_of(path, "", 0);
    *f = (struct keras_file){.pool = pool, .diag = diag, .at = {.src = named}, .path = path,
        .writer = ""};
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return keras_open_folder(f, path);
    read_file(f, path, &src);
    if (begins(&src, 0, "\x89HDF\r\n\x1a\n"))
        return keras_open_h5(f, &src);
    if (begins(&src, 0, "PK\x03\x04"))
        return keras_open_archive(f, named);
    if (src.len && src.text[strspn(src.text, " \t\r\n")] == '{') {
        const char *slash = strrchr(path, '/');
        return keras_open_tfjs(f, &src,
                slash ? pool_copy(pool, path, (size_t)(slash - path) + 1) : "");
    }
    return refuse_file(f, &src);
}

void keras_close(struct keras_file *f)
{
    for (int i = 0; i < f->json.n; i++)
        json_decref(f->json.at[i]);
    f->json.n = 0;
}
