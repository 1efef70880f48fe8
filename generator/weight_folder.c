#include "weight_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "limits.h"

/* ---- listing -------------------------------------------------------------------------------- */

struct listing {
    struct pool *pool;
    const struct weight_file *folder;
    struct diag *diag;
    struct safetensors *out;
};

/* what: "holds ..."; file: in the folder, NULL: the folder itself. */
static bool refuse(struct listing *l, const char *file, const char *what)
{
    const char *in = l->folder->src->path;
    struct source *src = NEW(l->pool, struct source);
    *src = source_of(file ? pool_printf(l->pool, "%s%s", in, file) : in, "", 0);
    diag_error(l->diag, DIAG_WEIGHT_FILE, (struct span){.src = src}, "%s", what);
    return false;
}

static bool ends_in_npy(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && !strcmp(name + n - 4, ".npy");
}

static bool has_control(const char *name)
{
    while (*name && (unsigned char)*name >= ' ' && *name != 127)
        name++;
    return *name != 0;
}

/* "conv1.kernel" of "conv1/kernel.npy" */
static const char *tensor_name(struct pool *pool, const char *file)
{
    char *name = pool_copy(pool, file, strlen(file) - 4);
    for (char *c = name; *c; c++)
        if (*c == '/')
            *c = '.';
    return name;
}

static bool add_file(struct listing *l, const char *file, mode_t mode)
{
    if (S_ISLNK(mode))
        return refuse(l, file, "a weight may not be a symbolic link");
    if (!S_ISREG(mode))
        return refuse(l, file, S_ISDIR(mode) ? "this is a folder, not a .npy file"
                                             : "this is not a regular file");
    if (has_control(file))
        return refuse(l, NULL, "the name of a .npy file in it has a control character");
    if (l->out->tensor.n == LIMIT_FOLDER_FILES)
        return refuse(l, NULL, "it holds more than 65536 .npy files");
    struct st_tensor t = {.name = tensor_name(l->pool, file), .file = file};
    vec_push(l->pool, &l->out->tensor, t);
    return true;
}

/* Lists the folder fd, which it closes; prefix is "" or its path with a slash behind. */
static bool list_folder(struct listing *l, int fd, const char *prefix, int depth)
{
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    bool ok = true;
    if (!dir) {
        const char *why = strerror(errno);
        if (fd >= 0)
            close(fd);
        return refuse(l, prefix, pool_printf(l->pool, "can't read the folder: %s", why));
    }
    for (struct dirent *e; ok && (e = readdir(dir));) {
        const char *path = pool_printf(l->pool, "%s%s", prefix, e->d_name);
        struct stat st;
        if (*e->d_name == '.' || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (ends_in_npy(path))
            ok = add_file(l, path, st.st_mode);
        else if (S_ISDIR(st.st_mode) && depth == LIMIT_FOLDER_DEPTH)
            ok = refuse(l, path, "folders of weights may be 8 deep");
        else if (S_ISDIR(st.st_mode))
            ok = list_folder(l, open_below_at(l->pool, fd, e->d_name),
                    pool_printf(l->pool, "%s/", path), depth + 1);
    }
    closedir(dir);
    return ok;
}

static bool check_names(struct listing *l)
{
    const struct st_tensor *t = l->out->tensor.at;
    for (int i = 1; i < l->out->tensor.n; i++) {
        if (strcmp(t[i].name, t[i - 1].name))
            continue;
        bool dotted_first = strcmp(t[i - 1].file, t[i].file) < 0;
        const char *one = t[dotted_first ? i - 1 : i].file, *two = t[dotted_first ? i : i - 1].file;
        return refuse(l, NULL, pool_printf(l->pool, "'%s' and '%s' are both tensor '%s'",
                diag_quote(l->diag, one, strlen(one)), diag_quote(l->diag, two, strlen(two)),
                diag_quote(l->diag, t[i].name, strlen(t[i].name))));
    }
    if (l->out->tensor.n > 0)
        return true;
    refuse(l, NULL, "the folder holds no .npy files");
    diag_help(l->diag, "in Python, for each weight: numpy.save('FOLDER/LAYER.kernel.npy', array)");
    return false;
}

bool weight_folder_list(struct pool *pool, const struct weight_file *folder, struct diag *d,
        struct safetensors *out)
{
    struct listing l = {pool, folder, d, out};
    *out = (struct safetensors){.path = folder->src->path};
    if (!list_folder(&l, fcntl(folder->fd, F_DUPFD_CLOEXEC, 0), "", 1))
        return false;
    st_sort(out);
    return check_names(&l);
}

/* ---- one file ------------------------------------------------------------------------------- */

/* Rounds to the nearest float; what is beyond all of them becomes an infinity. */
static void decode_f64(const unsigned char *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++, from += 8) {
        uint64_t bits = 0;
        double x;
        for (int b = 7; b >= 0; b--)
            bits = bits << 8 | from[b];
        memcpy(&x, &bits, sizeof x);
        to[i] = (float)x;
    }
}

static const struct st_dtype float64 = {"float64", 64, decode_f64};

/* The type "<f4"; another one can't be decoded. */
static const struct st_dtype *find_type(struct pool *pool, const char *descr)
{
    bool sized = *descr == '<' || *descr == '>';
    if (sized && !strcmp(descr + 1, "f4"))
        return st_find_dtype("F32");
    if (sized && !strcmp(descr + 1, "f2"))
        return st_find_dtype("F16");
    if (sized && !strcmp(descr + 1, "f8"))
        return &float64;
    struct st_dtype *other = NEW(pool, struct st_dtype);
    *other = (struct st_dtype){descr, 0, NULL};
    return other;
}

static bool refuse_npy(struct weight_npy *w, enum diag_id id, const char *why, struct diag *d)
{
    diag_error(d, id, (struct span){.src = w->file.src}, "can't read the array: %s", why);
    return false;
}

static bool read_npy(struct pool *pool, struct weight_npy *w, struct diag *d)
{
    int64_t n = w->file.bytes < NPY_MAX_HEADER ? w->file.bytes : NPY_MAX_HEADER, need;
    char *start = pool_alloc(pool, (size_t)n + 1);
    struct st_tensor *t = &w->tensor;
    const char *why;
    size_t at;
    if (!weight_file_read(&w->file, 0, start, n, d))
        return false;
    if (!npy_header(pool, start, (size_t)n, &w->npy, &at, &why))
        return refuse_npy(w, DIAG_WEIGHT_HEADER, why, d);
    t->type = find_type(pool, w->npy.type);
    t->rank = w->npy.rank;
    t->dim = w->npy.dim;
    t->size = w->npy.size;
    t->at = (int64_t)at;
    t->bytes = w->file.bytes - t->at;
    w->big = w->npy.type[0] == '>';
    if (!t->type->decode || (mul_ok(t->size, t->type->bits / 8, &need) && need == t->bytes))
        return true;
    return refuse_npy(w, DIAG_WEIGHT_HEADER,
            pool_printf(pool, "its shape %s of %s does not make the %lld bytes of data that it "
                              "holds",
                    st_shape_text(pool, t), w->npy.type, (long long)t->bytes), d);
}

bool weight_npy_open(struct pool *pool, const struct weight_file *folder,
        const struct st_tensor *listed, struct diag *d, struct weight_npy *out)
{
    *out = (struct weight_npy){.tensor = *listed, .file = {.fd = -1}};
    if (!weight_file_open_in(pool, folder, listed->file, d, &out->file))
        return false;
    bool ok = read_npy(pool, out, d);
    if (!ok)
        weight_file_close(&out->file);
    return ok;
}
