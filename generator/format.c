#include "format.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES = 1 << 16, ZIP_TAIL_BYTES = 22 + 65535, ZIP_LIST_BYTES = 1 << 20 };

struct file {
    struct pool *pool;
    int fd;
    int64_t size;
    unsigned char *head;             /* the first n bytes */
    size_t n;
};

/* ---- what there is --------------------------------------------------------------------------- */

#define HDF5_PACKAGES "libhdf5-dev, libminizip-dev and libjansson-dev"
#define ONNX_PACKAGES "libprotobuf-c-dev, protobuf-c-compiler and libonnx-dev"
#define FROM_TORCH "torch.onnx.export(model, example, \"model.onnx\") makes an ONNX model of it"
#define CONVERTED "it was converted from another model, and can't be converted back: import that one"

static const struct format
    onnx = {"an ONNX model", "onnx", ONNX_PACKAGES, false, NULL},
    keras = {"a Keras archive", "keras", HDF5_PACKAGES, false, NULL},
    hdf5 = {"an HDF5 file", "keras", HDF5_PACKAGES, false, NULL},
    tflite = {"a TFLite model", "tflite", NULL, false, NULL},
    tfjs = {"a TensorFlow.js model", "keras", HDF5_PACKAGES, false, NULL},
    npz = {"an archive of NumPy arrays", "npz", "libminizip-dev", true,
        "it holds weights without a network: name them in a specification's 'weights', turned into "
        "safetensors by cnngen import"},
    npy = {"a NumPy array", NULL, NULL, false,
        "a folder of such files can be a specification's 'weights'"},
    safetensors = {"a safetensors file", NULL, NULL, false,
        "it holds weights without a network: name it in a specification's 'weights'"},
    torch = {"a PyTorch file (pickled Python objects)", NULL, NULL, false, FROM_TORCH},
    torchscript = {"a TorchScript archive", NULL, NULL, false, FROM_TORCH},
    exported = {"a PyTorch exported program", NULL, NULL, false, FROM_TORCH},
    pickle = {"a pickle of Python objects", NULL, NULL, false,
        "cnngen reads no pickles, which may run anything: export the model as ONNX, or save it with "
        "Keras"},
    saved_model = {"a TensorFlow SavedModel", NULL, NULL, false,
        "python -m tf2onnx.convert --saved-model FOLDER --output model.onnx makes an ONNX model of "
        "it, tf.lite.TFLiteConverter a TFLite model"},
    frozen = {"a TensorFlow graph", NULL, NULL, false,
        "python -m tf2onnx.convert --graphdef FILE --inputs X:0 --outputs Y:0 --output model.onnx "
        "makes an ONNX model of it"},
    zipped_model = {"a zip archive with a model's folder in it", NULL, NULL, false,
            "unpack it first"},
    zip = {"a zip archive, but of no model that is known", NULL, NULL, false, NULL},
    coreml = {"a Core ML model", NULL, NULL, false, CONVERTED},
    openvino = {"an OpenVINO model", NULL, NULL, false, CONVERTED},
    ncnn = {"an ncnn model", NULL, NULL, false, CONVERTED},
    mnn = {"an MNN model", NULL, NULL, false, CONVERTED},
    ort = {"a model in ONNX Runtime's own format", NULL, NULL, false, CONVERTED},
    rknn = {"an RKNN model", NULL, NULL, false, CONVERTED},
    tensorrt = {"a TensorRT engine", NULL, NULL, false,
        "it holds programs for one kind of GPU: import the ONNX model that it was built of"},
    executorch = {"an ExecuTorch program", NULL, NULL, false, FROM_TORCH},
    caffe = {"a Caffe model", NULL, NULL, false,
        "caffe2onnx makes an ONNX model of a .prototxt and its .caffemodel"},
    darknet = {"a Darknet network", NULL, NULL, false,
        "load .cfg and .weights into PyTorch, as pytorch-YOLOv4 does: torch.onnx.export makes an "
        "ONNX model"},
    darknet_weights = {"a file of Darknet weights", NULL, NULL, false,
        "load .cfg and .weights into PyTorch, as pytorch-YOLOv4 does: torch.onnx.export makes an "
        "ONNX model"},
    paddle = {"a PaddlePaddle model", NULL, NULL, false,
        "paddle2onnx makes an ONNX model of it and its .pdiparams"},
    mxnet = {"an MXNet network", NULL, NULL, false,
        "mxnet.onnx.export_model makes an ONNX model of it and its .params"},
    lfs = {"the place of a file in a Git repository, without the file", NULL, NULL, false,
        "git lfs pull fetches it"},
    html = {"a web page", NULL, NULL, false,
        "it may be about the model, or say why that couldn't be downloaded"},
    binary = {"a binary file of no format that is known", NULL, NULL, false,
        "weights alone, as of OpenVINO or ncnn, hold no network; ONNX, Keras (.keras, .h5), "
        "TensorFlow.js and TFLite models can be imported"},
    nothing = {"an empty file", NULL, NULL, false,
            "it may not have been written, or downloaded, whole"},
    folder = {"a folder of no model that is known", NULL, NULL, false,
        "of folders, TensorFlow.js models can be imported, and Keras archives that were unpacked"},
    archive = {"an archive", NULL, NULL, false, "unpack it first"},
    office = {"an office document", NULL, NULL, false, NULL},
    graph_model = {"a TensorFlow.js graph model", NULL, NULL, false,
        "python -m tf2onnx.convert --tfjs model.json --output model.onnx makes an ONNX model of it; "
        "a layers model can be imported as it is"},
    gguf = {"a GGUF file", NULL, NULL, false, "language models are not supported"},
    png = {"a PNG image", NULL, NULL, false, NULL},
    jpeg = {"a JPEG image", NULL, NULL, false, NULL},
    gif = {"a GIF image", NULL, NULL, false, NULL},
    pdf = {"a PDF document", NULL, NULL, false, NULL},
    riff = {"a picture, sound or video", NULL, NULL, false, NULL},
    gzip = {"compressed by gzip", NULL, NULL, false, "unpack it first"},
    xz = {"compressed by xz", NULL, NULL, false, "unpack it first"},
    zstd = {"compressed by zstd", NULL, NULL, false, "unpack it first"},
    elf = {"a program or library", NULL, NULL, false, NULL};

/* Bytes that such files have at a place. */
#define MARK(at, bytes, format) {at, sizeof bytes - 1, bytes, &format}
static const struct { size_t at, n; const char *bytes; const struct format *format; } marks[] = {
    MARK(4, "TFL3", tflite), MARK(0, "\x89HDF\r\n\x1a\n", hdf5),
    MARK(512, "\x89HDF\r\n\x1a\n", hdf5),
    MARK(0, "\x93NUMPY", npy), MARK(0, "GGUF", gguf), MARK(0, "\x89PNG\r\n\x1a\n", png),
    MARK(0, "\xff\xd8\xff", jpeg), MARK(0, "GIF8", gif), MARK(0, "%PDF-", pdf),
    MARK(0, "RIFF", riff),
    MARK(0, "\x1f\x8b", gzip), MARK(0, "\xfd" "7zXZ", xz), MARK(0, "\x28\xb5\x2f\xfd", zstd),
    MARK(0, "\x7f" "ELF", elf), MARK(4, "ORTM", ort), MARK(4, "ET12", executorch),
    MARK(0, "RKNN", rknn),
    MARK(0, "ftrt", tensorrt), MARK(0, "ptrt", tensorrt), MARK(0, "\xdd\x85\x76\0", ncnn),
    MARK(0, "\x47\x6b\x30\x01", ncnn), MARK(0, "\0\0\0\0\2\0\0\0\0\0\0\0", darknet_weights),
    MARK(0, "\0\0\0\0\2\0\0\0\5\0\0\0", darknet_weights), MARK(0, "\x12\1\0\0\0\0\0\0", mxnet),
    MARK(257, "ustar", archive), MARK(0, "7z\xbc\xaf\x27\x1c", archive), MARK(0, "BZh", archive),
};

/* ---- zip archives ---------------------------------------------------------------------------- */

static uint64_t little(const unsigned char *at, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | at[i];
    return v;
}

/* Reads up to n bytes from a place; how many there were. */
static size_t read_at(const struct file *f, int64_t at, unsigned char *to, size_t n)
{
    size_t done = 0;
    for (ssize_t got = 1; got > 0 && done < n; done += got > 0 ? (size_t)got : 0)
        got = pread(f->fd, to + done, n - done, (off_t)(at + (int64_t)done));
    return done;
}

/* The list of members stands at the end, behind it a record that says where. */
static size_t zip_list(const struct file *f, unsigned char **list)
{
    int64_t from = f->size > ZIP_TAIL_BYTES ? f->size - ZIP_TAIL_BYTES : 0;
    unsigned char *tail = pool_alloc(f->pool, ZIP_TAIL_BYTES);
    size_t n = read_at(f, from, tail, ZIP_TAIL_BYTES);
    for (size_t i = n >= 22 ? n - 21 : 0; i-- > 0;)
        if (!memcmp(tail + i, "PK\5\6", 4)) {
            uint64_t bytes = little(tail + i + 12, 4), at = little(tail + i + 16, 4);
            if (at >= (uint64_t)f->size)
                return 0;
            *list = pool_alloc(f->pool, ZIP_LIST_BYTES);
            return read_at(f, (int64_t)at, *list, bytes < ZIP_LIST_BYTES ? bytes : ZIP_LIST_BYTES);
        }
    return 0;
}

struct members { int n, arrays; bool seen[16]; };

/* Members whose names, or ends of names behind a folder, tell what it is; the first kind that is
 * there counts. all: of all names. */
static const struct { const char *name; const struct format *format; } kinds[] = {
    {"constants.pkl", &torchscript}, {"data.pkl", &torch}, {"archive_format", &exported},
    {"model.weights.h5", &keras}, {"saved_model.pb", &saved_model}, {"model.json", &zipped_model},
    {"config.json", &keras}, {"[Content_Types].xml", &office}, {"Manifest.json", &coreml},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static bool ends_with(const char *text, size_t n, const char *end)
{
    size_t e = strlen(end);
    return n >= e && !memcmp(text + n - e, end, e);
}

static void add_member(struct members *m, const char *name, size_t n)
{
    m->n++;
    m->arrays += ends_with(name, n, ".npy");
    for (int i = 0; i < KINDS; i++) {
        size_t e = strlen(kinds[i].name);
        bool whole = n == e || (n > e && name[n - e - 1] == '/');
        m->seen[i] = m->seen[i] || (whole && ends_with(name, n, kinds[i].name));
    }
}

static const struct format *find_zip(const struct file *f)
{
    struct members m = {0};
    unsigned char *list = NULL;
    size_t n = zip_list(f, &list), at = 0;
    while (n - at >= 46 && !memcmp(list + at, "PK\1\2", 4)) {
        size_t name = little(list + at + 28, 2);
        size_t more = little(list + at + 30, 2) + little(list + at + 32, 2);
        if (name > n - at - 46)
            break;
        add_member(&m, (const char *)list + at + 46, name);
        at += 46 + name;
        at += more < n - at ? more : n - at;
    }
    if (!m.n && f->n >= 30 && little(f->head + 26, 2) <= f->n - 30)
        add_member(&m, (const char *)f->head + 30, little(f->head + 26, 2));
    for (int i = 0; i < KINDS; i++)
        if (m.seen[i])
            return kinds[i].format;
    return m.n && m.arrays == m.n ? &npz : &zip;
}

/* ---- protocol buffers ------------------------------------------------------------------------ */

/* A number of up to ten bytes; 0 bytes: there is none. */
static size_t varint(const unsigned char *at, size_t n, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n && i < 10; i++) {
        *out |= (uint64_t)(at[i] & 127) << 7 * i;
        if (!(at[i] & 128))
            return i + 1;
    }
    return 0;
}

/* The fields of the outermost message. */
struct fields {
    uint64_t numbers, parts;         /* bit n: field n is there, as a number or a part of its own */
    uint64_t most;                   /* the highest */
};

static uint64_t bit(uint64_t field) { return field < 64 ? UINT64_C(1) << field : 0; }

/* As far as the file looks like one. Parts are passed over, so this takes a few steps however large
 * they are. */
static struct fields fields_of(const struct file *f)
{
    enum { MOST = 100000, NUMBER = 0, PART = 2, HIGHEST = 100000 };
    struct fields all = {0};
    int64_t at = 0;
    for (int i = 0; i < MOST && at < f->size; i++) {
        unsigned char b[20];
        uint64_t tag, value;
        size_t n = read_at(f, at, b, sizeof b), t = varint(b, n, &tag);
        size_t v = t ? varint(b + t, n - t, &value) : 0;
        uint64_t field = tag >> 3, kind = tag & 7;
        if (!v || !field || field > HIGHEST || (kind != NUMBER && kind != PART))
            break;
        all.numbers |= kind == NUMBER ? bit(field) : 0;
        all.parts |= kind == PART ? bit(field) : 0;
        all.most = field > all.most ? field : all.most;
        if (kind == PART && value > (uint64_t)f->size)
            break;
        at += (int64_t)(t + v) + (kind == PART ? (int64_t)value : 0);
    }
    return all;
}

/* What has to be there, and between which fields the highest is: ONNX' graph is 7, the kinds of
 * Core ML's models begin at 200, Caffe's layers are 100, and were 2. */
static const struct {
    uint64_t numbers, parts, from, to;
    const struct format *format;
} messages[] = {
    {1 << 1, 1 << 7, 7, 99, &onnx}, {1 << 1, 1 << 2, 200, 100000, &coreml},
    {0, 1 << 1, 100, 100, &caffe}, {1 << 1, 1 << 2, 2, 2, &saved_model},
    {0, 1 << 1 | 1 << 2, 2, 8, &caffe},
};

static const struct format *find_message(const struct file *f)
{
    struct fields all = fields_of(f);
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        if ((all.numbers & messages[i].numbers) == messages[i].numbers &&
                (all.parts & messages[i].parts) == messages[i].parts &&
                !(all.numbers & all.parts) && all.most >= messages[i].from &&
                all.most <= messages[i].to)
            return messages[i].format;
    return NULL;
}

/* Its first part is a block, 0, in no other one, -1. */
static bool is_paddle(const struct file *f)
{
    static const char block[] = "\x08\0\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\1";
    enum { BYTES = sizeof block - 1 };
    uint64_t len;
    size_t n = f->n > 1 && f->head[0] == 10 ? varint(f->head + 1, f->n - 1, &len) : 0;
    return n && f->n > 1 + n + BYTES && !memcmp(f->head + 1 + n, block, BYTES);
}

/* A list of nodes, each beginning with its name: not text. */
static bool is_graph_def(const struct file *f)
{
    uint64_t outer, inner;
    size_t n = f->n > 1 && f->head[0] == 10 ? varint(f->head + 1, f->n - 1, &outer) : 0;
    if (!n || n + 2 >= f->n || f->head[n + 1] != 10 ||
            !varint(f->head + n + 2, f->n - n - 2, &inner))
        return false;
    return inner < outer && memchr(f->head, 18, f->n) && memchr(f->head, 0, f->n);
}

/* ---- text ------------------------------------------------------------------------------------ */

static bool holds(const struct file *f, const char *word)
{
    return strstr((const char *)f->head, word) != NULL;
}

static bool begins_line(const struct file *f, const char *word)
{
    const char *text = (const char *)f->head;
    for (const char *at = text; (at = strstr(at, word)); at++)
        if (at == text || at[-1] == '\n')
            return true;
    return false;
}

/* What a text begins with, behind spaces and a mark of its encoding, and what it holds, or a line
 * of it begins with; the first row that fits counts. Specifications may be JSON too: other keys
 * tell. What else is text, the parser of specifications explains. */
static const struct { const char *begin, *word, *line; const struct format *format; } texts[] = {
    {"{", "\"graph-model\"", "", &graph_model}, {"{", "\"modelTopology\"", "", &tfjs},
    {"{", "\"weightsManifest\"", "", &tfjs}, {"{", "\"base_code\"", "", &paddle},
    {"{", "\"arg_nodes\"", "", &mxnet}, {"<", "<net ", "", &openvino},
    {"<!DOCTYPE html", "", "", &html},
    {"<!doctype html", "", "", &html}, {"<html", "", "", &html}, {"7767517", "", "", &ncnn},
    {"version https://git-lfs", "", "", &lfs}, {"[net]", "", "", &darknet},
    {"[network]", "", "", &darknet},
    {"", "", "layer {", &caffe}, {"", "", "layers {", &caffe}, {"", "", "node {", &frozen},
};

static const char *text_of(const struct file *f)
{
    const char *text = (const char *)f->head;
    text += strncmp(text, "\xef\xbb\xbf", 3) ? 0 : 3;
    return text + strspn(text, " \t\r\n");
}

static bool is_spec(const struct file *f)
{
    return begins_line(f, "cnngen:") || (*text_of(f) == '{' && holds(f, "\"cnngen\""));
}

static const struct format *find_text(const struct file *f)
{
    const char *text = text_of(f);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!strncmp(text, texts[i].begin, strlen(texts[i].begin)) && holds(f, texts[i].word) &&
                (!*texts[i].line || begins_line(f, texts[i].line)))
            return texts[i].format;
    return NULL;
}

/* Text in two or four bytes for each character has zeros, but no other control characters. */
static bool is_binary(const struct file *f)
{
    bool zero = false, control = false;
    for (size_t i = 0; i < f->n; i++) {
        unsigned char c = f->head[i];
        zero = zero || !c;
        control = control || (c && c < ' ' && !strchr("\t\n\v\f\r\x1b", c));
    }
    return zero && control;
}

/* ---- one after the other --------------------------------------------------------------------- */

static bool is_pickle(const struct file *f)
{
    return f->n > 2 && f->head[0] == 0x80 && f->head[1] >= 2 && f->head[1] <= 5;
}

/* PyTorch's older files begin with a pickled number. */
static bool is_old_torch(const struct file *f)
{
    static const unsigned char magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20};
    return is_pickle(f) && f->n > 10 && !memcmp(f->head + 2, magic, sizeof magic);
}

static bool is_safetensors(const struct file *f)
{
    return f->n > 9 && f->head[8] == '{' && little(f->head, 8) < (uint64_t)f->size &&
           (f->head[9] == '"' || f->head[9] == '}' || f->head[9] == ' ');
}

/* Ultralytics puts text in front, and its length. */
static bool is_tensorrt(const struct file *f)
{
    unsigned char mark[4];
    return f->n > 5 && f->head[4] == '{' && little(f->head, 4) < (uint64_t)f->size &&
           read_at(f, 4 + (int64_t)little(f->head, 4), mark, 4) == 4 && !memcmp(mark, "ftrt", 4);
}

/* A flatbuffer without a mark: a table near the begin whose list of fields is right before it, with
 * the operators, field 3, and the tensors' names, 7. */
static bool is_mnn(const struct file *f)
{
    enum { OPERATORS = 3, NAMES = 7, FEWEST = 4 + 2 * (NAMES + 1), MOST = 40 };
    uint64_t root = f->n > 2 * MOST ? little(f->head, 4) : 0;
    uint64_t bytes = root && root <= MOST + 8 ? little(f->head + root, 4) : 0;
    if (bytes < FEWEST || bytes > MOST || bytes > root - 4)
        return false;
    const unsigned char *fields = f->head + root - bytes;
    return little(fields, 2) <= bytes && little(fields, 2) >= FEWEST &&
           little(fields + 4 + 2 * OPERATORS, 2) && little(fields + 4 + 2 * NAMES, 2);
}

static const struct format *find_file(const struct file *f)
{
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (f->n >= marks[i].at + marks[i].n &&
                !memcmp(f->head + marks[i].at, marks[i].bytes, marks[i].n))
            return marks[i].format;
    if (f->n >= 4 && (!memcmp(f->head, "PK\3\4", 4) || !memcmp(f->head, "PK\5\6", 4)))
        return find_zip(f);
    if (is_old_torch(f))
        return &torch;
    if (is_pickle(f))
        return &pickle;
    if (is_safetensors(f))
        return &safetensors;
    if (is_paddle(f))
        return &paddle;
    if (is_graph_def(f))
        return &frozen;
    if (is_tensorrt(f))
        return &tensorrt;
    if (is_mnn(f))
        return &mnn;
    const struct format *found = find_message(f);
    if (found || is_spec(f))
        return found;
    found = find_text(f);
    return found || !is_binary(f) ? found : &binary;
}

static bool is_there(struct pool *pool, const char *dir, const char *name)
{
    struct stat st;
    return !stat(pool_printf(pool, "%s/%s", dir, name), &st) && S_ISREG(st.st_mode);
}

static const struct format *find_folder(struct pool *pool, const char *path)
{
    static const struct { const char *name; const struct format *format; } known[] = {
        {"saved_model.pb", &saved_model}, {"keras_metadata.pb", &saved_model},
        {"model.json", &tfjs},
        {"config.json", &keras}, {"Manifest.json", &coreml}, {"coremldata.bin", &coreml},
        {"inference.json", &paddle}, {"inference.pdmodel", &paddle}, {"model.pdmodel", &paddle},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (is_there(pool, path, known[i].name))
            return known[i].format;
    return NULL;
}

const struct format *format_find(struct pool *pool, const char *path)
{
    struct file f = {.pool = pool};
    struct stat st;
    const struct format *found = NULL;
    if (!strcmp(path, "-") || stat(path, &st))
        return NULL;
    if (S_ISDIR(st.st_mode))
        return find_folder(pool, path);
    f.fd = S_ISREG(st.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (f.fd < 0)
        return NULL;
    f.size = st.st_size;
    f.head = pool_alloc(pool, HEAD_BYTES + 1);
    f.n = read_at(&f, 0, f.head, HEAD_BYTES);
    found = find_file(&f);
    close(f.fd);
    return found;
}

const struct format *format_of_nothing(const char *path)
{
    struct stat st;
    if (stat(path, &st))
        return NULL;
    return S_ISDIR(st.st_mode) ? &folder : S_ISREG(st.st_mode) && !st.st_size ? &nothing : NULL;
}
