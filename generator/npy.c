#include "npy.h"

#include <errno.h>
#include <string.h>

#include "half.h"
#include "limits.h"
#include "source.h"

/* A cursor in the header: a Python literal of one fixed form, parsed and never evaluated:
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (28, 28, 1), }
 * in any order of keys. */
struct cursor {
    struct pool *pool;
    const char *at, *end;
    const char **why;
};

static bool refuse(struct cursor *c, const char *why)
{
    *c->why = why;
    return false;
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t'))
        c->at++;
}

static bool accept(struct cursor *c, const char *word)
{
    size_t n = strlen(word);
    skip_blanks(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n))
        return false;
    c->at += n;
    return true;
}

/* 'text' or "text" without escapes. */
static bool quoted(struct cursor *c, const char **text)
{
    skip_blanks(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return false;
    const char *start = c->at + 1, *end = start;
    while (end < c->end && *end != *c->at && *end != '\\' && *end >= ' ' && *end <= '~')
        end++;
    if (end == c->end || *end != *c->at)
        return false;
    *text = pool_copy(c->pool, start, (size_t)(end - start));
    c->at = end + 1;
    return true;
}

static bool number(struct cursor *c, int64_t *out)
{
    skip_blanks(c);
    const char *start = c->at;
    int64_t n = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
        if (!mul_ok(n, 10, &n) || !add_ok(n, *c->at - '0', &n))
            return false;
    if (c->at == start)
        return false;
    if (c->at < c->end && *c->at == 'L')  /* Python 2's long */
        c->at++;
    *out = n;
    return true;
}

/* ---- the three keys ------------------------------------------------------------------------- */

struct header {
    struct npy *npy;
    unsigned seen;  /* bit i: keys[i] */
};

static bool parse_descr(struct cursor *c, struct header *h)
{
    skip_blanks(c);
    if (c->at < c->end && *c->at == '[')
        return refuse(c, "it holds records (a structured dtype); plain float32 is needed");
    return quoted(c, &h->npy->type) || refuse(c, "its header gives no element type");
}

static bool parse_order(struct cursor *c, struct header *h)
{
    h->npy->fortran = accept(c, "True");
    return h->npy->fortran || accept(c, "False") ||
           refuse(c, "its header's fortran_order is neither True nor False");
}

static bool parse_shape(struct cursor *c, struct header *h)
{
    struct npy *npy = h->npy;
    if (!accept(c, "("))
        return refuse(c, "its header's shape is not a tuple");
    npy->size = 1;
    for (npy->rank = 0; !accept(c, ")"); npy->rank++) {
        if (npy->rank == NPY_MAX_RANK)
            return refuse(c, "it has more than 8 dimensions");
        if (!number(c, &npy->dim[npy->rank]))
            return refuse(c, "its header's shape holds something other than sizes");
        if (!mul_ok(npy->size, npy->dim[npy->rank], &npy->size))
            return refuse(c, "its shape is too large");
        if (accept(c, ","))
            continue;
        npy->rank++;
        return accept(c, ")") || refuse(c, "its header's shape is not a tuple");
    }
    return true;
}

static const struct {
    const char *name;
    bool (*parse)(struct cursor *, struct header *);
} keys[] = {
    {"descr", parse_descr},
    {"fortran_order", parse_order},
    {"shape", parse_shape},
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static bool parse_entry(struct cursor *c, struct header *h)
{
    const char *name;
    if (!quoted(c, &name) || !accept(c, ":"))
        return refuse(c, "its header is malformed");
    for (unsigned i = 0; i < KEYS; i++)
        if (!strcmp(name, keys[i].name)) {
            if (h->seen & 1u << i)
                return refuse(c, "its header has a key twice");
            h->seen |= 1u << i;
            return keys[i].parse(c, h);
        }
    return refuse(c, "its header has an unknown key");
}

static bool parse_header(struct cursor *c, struct header *h)
{
    if (!accept(c, "{"))
        return refuse(c, "its header is malformed");
    while (!accept(c, "}")) {
        if (!parse_entry(c, h))
            return false;
        if (accept(c, ","))
            continue;
        if (accept(c, "}"))
            break;
        return refuse(c, "its header is malformed");
    }
    skip_blanks(c);
    if (c->at != c->end)
        return refuse(c, "its header goes on behind its end");
    return h->seen == (1u << KEYS) - 1 ||
           refuse(c, "its header lacks descr, fortran_order or shape");
}

/* ---- elements ------------------------------------------------------------------------------- */

static uint64_t little(const unsigned char *p, int bytes)
{
    uint64_t x = 0;
    for (int i = bytes - 1; i >= 0; i--)
        x = x << 8 | p[i];
    return x;
}

static double decode_f2(uint64_t bits) { return (double)half_to_float((uint16_t)bits); }
static double decode_u1(uint64_t bits) { return (double)bits; }

static double decode_f4(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float x;
    memcpy(&x, &low, sizeof x);
    return (double)x;
}

static double decode_f8(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static const struct element {
    const char *name;  /* descr without its first character, the endianness */
    int bytes;
    double (*decode)(uint64_t bits);
} elements[] = {
    {"f2", 2, decode_f2}, {"f4", 4, decode_f4}, {"f8", 8, decode_f8}, {"u1", 1, decode_u1},
};

static const struct element *find_element(const char *type)
{
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        if (*type && strchr("<>|=", *type) && !strcmp(type + 1, elements[i].name) &&
                (elements[i].bytes == 1 || *type == '<' || *type == '>'))
            return &elements[i];
    return NULL;
}

static double element_at(const struct element *e, const char *data, int64_t i, bool big)
{
    const unsigned char *p = (const unsigned char *)data + i * e->bytes;
    unsigned char swapped[8];
    for (int k = 0; big && k < e->bytes; k++)
        swapped[k] = p[e->bytes - 1 - k];
    return e->decode(little(big ? swapped : p, e->bytes));
}

struct npy_walk npy_walk(const struct npy *npy)
{
    struct npy_walk w = {.npy = npy};
    int64_t step = 1;
    for (int d = npy->rank - 1; d >= 0; step *= npy->dim[d], d--)
        w.stride[d] = step;
    return w;
}

void npy_walk_next(struct npy_walk *w)
{
    if (!w->npy->fortran)
        w->to++;
    for (int d = 0; w->npy->fortran && d < w->npy->rank; d++) {
        w->to += w->stride[d];
        if (++w->index[d] < w->npy->dim[d])
            break;
        w->to -= w->stride[d] * w->index[d];
        w->index[d] = 0;
    }
}

static void decode_all(struct npy *npy, const struct element *e, const char *data)
{
    struct npy_walk walk = npy_walk(npy);
    for (int64_t i = 0; i < npy->size; i++, npy_walk_next(&walk))
        npy->at[walk.to] = element_at(e, data, i, npy->type[0] == '>');
}

/* The header's start and length, from the fixed part: magic, version, length. */
static bool find_header(struct cursor *c, const char *bytes, size_t len)
{
    if (len < 10 || memcmp(bytes, "\x93NUMPY", 6))
        return refuse(c, "it is not a .npy file (numpy.save writes them)");
    int version = (unsigned char)bytes[6];
    if (version < 1 || version > 3)
        return refuse(c, "its format version is unknown");
    size_t start = version == 1 ? 10 : 12;
    if (len < start)
        return refuse(c, "it ends within its header");
    uint64_t n = little((const unsigned char *)bytes + 8, version == 1 ? 2 : 4);
    if (n > 65535)
        return refuse(c, "its header is too long");
    if (n > len - start)
        return refuse(c, "it ends within its header");
    c->at = bytes + start;
    c->end = c->at + n;
    return true;
}

bool npy_header(struct pool *pool, const char *bytes, size_t len, struct npy *out, size_t *data_at,
        const char **why)
{
    struct cursor c = {pool, bytes, bytes + len, why};
    struct header h = {out, 0};
    *out = (struct npy){0};
    if (!find_header(&c, bytes, len))
        return false;
    *data_at = (size_t)(c.end - bytes);
    return parse_header(&c, &h);
}

bool npy_parse(struct pool *pool, const char *bytes, size_t len, struct npy *out, const char **why)
{
    struct cursor c = {pool, bytes, bytes + len, why};
    int64_t need, wide;
    size_t data_at;
    if (!npy_header(pool, bytes, len, out, &data_at, why))
        return false;
    const struct element *e = find_element(out->type);
    if (!e)
        return refuse(&c, pool_printf(pool,
                                  "its element type is '%s'; float32, float64, float16 and "
                                  "uint8 can be read (numpy: a.astype('float32'))",
                                  out->type));
    if (!mul_ok(out->size, e->bytes, &need) || !mul_ok(out->size, 8, &wide))
        return refuse(&c, "its shape is too large");
    size_t have = len - data_at;
    if ((uint64_t)need != have)
        return refuse(&c, pool_printf(pool, "it holds %zu bytes of data, but its shape needs %lld",
                                  have, (long long)need));
    out->at = NEW_ARRAY(pool, double, out->size);
    if (out->size)
        decode_all(out, e, bytes + data_at);
    return true;
}

bool npy_read(struct pool *pool, const char *path, struct npy *out, const char **why)
{
    struct source file;
    switch (source_read(pool, path, LIMIT_TENSOR_BYTES, &file)) {
    case SOURCE_ERRNO: *why = pool_printf(pool, "%s", strerror(errno)); return false;
    case SOURCE_NOT_REGULAR: *why = "it is not a regular file"; return false;
    case SOURCE_TOO_BIG: *why = "it is larger than 2147483647 bytes"; return false;
    case SOURCE_OK: break;
    }
    return npy_parse(pool, file.text, file.len, out, why);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void write_floats(struct out *out, const float *at, int64_t n)
{
    unsigned char chunk[4096];
    size_t used = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &at[i], sizeof bits);
        for (int b = 0; b < 4; b++)
            chunk[used++] = (unsigned char)(bits >> 8 * b);
        if (used == sizeof chunk || i + 1 == n) {
            out_raw(out, (const char *)chunk, used);
            used = 0;
        }
    }
}

void npy_text(struct out *out, int rank, const int64_t *dim, const float *at)
{
    struct out dict;
    int64_t size = 1;
    out_init(&dict);
    out_printf(&dict, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int d = 0; d < rank; d++) {
        out_printf(&dict, "%s%lld%s", d ? " " : "", (long long)dim[d],
                d + 1 < rank || rank == 1 ? "," : "");
        if (!mul_ok(size, dim[d], &size))
            bug("a shape too large to write");
    }
    out_printf(&dict, "), }");
    while ((10 + dict.len + 1) % 64)
        out_raw(&dict, " ", 1);
    out_raw(&dict, "\n", 1);
    const unsigned char start[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0,
            (unsigned char)(dict.len & 255), (unsigned char)(dict.len >> 8)};
    out_raw(out, (const char *)start, sizeof start);
    out_raw(out, dict.text, dict.len);
    write_floats(out, at, size);
    out_free(&dict);
}
