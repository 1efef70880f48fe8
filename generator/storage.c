#include "storage.h"

#include <string.h>

const char *const storages[STORAGES] = {"auto", "array", "string", "asm", "bin"};

/* ---- layout ---------------------------------------------------------------------------------- */

static int64_t padded(int64_t floats)
{
    return (4 * floats + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

int64_t storage_offset(const struct plan *p, int array)
{
    int64_t at = STORAGE_HEAD;
    for (int i = 0; i < array; i++)
        at += padded(p->array.at[i].weights);
    return at;
}

int64_t storage_bytes(const struct plan *p) { return storage_offset(p, p->array.n); }

/* ---- hashes ---------------------------------------------------------------------------------- */

static const uint64_t first_hash = 0xcbf29ce484222325;

static uint64_t hash_word(uint64_t h, uint32_t word)
{
    h = (h ^ word) * 0x100000001b3;
    return h ^ h >> 32;
}

uint64_t storage_hash(const char *text, size_t len)
{
    uint64_t h = first_hash;
    for (size_t i = 0; i < len; i += 4) {
        uint32_t word = 0;
        for (size_t k = 0; k < 4 && i + k < len; k++)
            word |= (uint32_t)(unsigned char)text[i + k] << 8 * k;
        h = hash_word(h, word);
    }
    return h;
}

uint64_t storage_content(const struct plan *p)
{
    uint64_t h = first_hash;
    for (int i = 0; i < p->array.n; i++) {
        const struct array *a = &p->array.at[i];
        for (int64_t k = 0; k < padded(a->weights) / 4; k++) {
            uint32_t word = 0;
            if (k < a->weights)
                memcpy(&word, &a->weight[k], 4);
            h = hash_word(h, word);
        }
    }
    return h;
}

/* ---- the file -------------------------------------------------------------------------------- */

static void write_u32(uint32_t word, struct out *out)
{
    char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(word >> 8 * i);
    out_raw(out, bytes, 4);
}

static void write_u64(uint64_t value, struct out *out)
{
    write_u32((uint32_t)value, out);
    write_u32((uint32_t)(value >> 32), out);
}

/* Little-endian, many at a time. */
static void write_floats(const float *f, int64_t n, struct out *out)
{
    unsigned char bytes[4096];
    size_t len = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t word;
        memcpy(&word, &f[i], 4);
        for (int k = 0; k < 4; k++)
            bytes[len++] = (unsigned char)(word >> 8 * k);
        if (len == sizeof bytes || i + 1 == n) {
            out_raw(out, (const char *)bytes, len);
            len = 0;
        }
    }
}

static void write_zeros(int64_t n, struct out *out)
{
    static const char zeros[ARENA_ALIGN];
    out_raw(out, zeros, (size_t)n);
}

static void write_array(const void *array, struct out *out)
{
    const struct array *a = array;
    write_floats(a->weight, a->weights, out);
    write_zeros(padded(a->weights) - 4 * a->weights, out);
}

void storage_write(const struct plan *p, uint64_t id, struct out *out)
{
    out_raw(out, "CNNGENW1", 8);
    write_u64(id, out);
    write_u64((uint64_t)storage_bytes(p), out);
    write_u64(storage_content(p), out);
    write_zeros(STORAGE_HEAD - 32, out);
    for (int i = 0; i < p->array.n; i++)
        out_late(out, write_array, &p->array.at[i]);
}

/* ---- string literals ------------------------------------------------------------------------- */

/* A byte inside a string literal. */
struct escape {
    char text[4];
    unsigned char len;
};

/* Itself where that is safe ('?' might begin a trigraph), else as few octal digits as what follows
 * allows: all three in front of an octal digit. */
static struct escape escape_of(unsigned char b, bool before_digit)
{
    struct escape e = {{(char)b}, 1};
    if (b >= 32 && b < 127 && b != '"' && b != '\\' && b != '?')
        return e;
    e.text[0] = '\\';
    if (before_digit || b >= 64)
        e.text[e.len++] = (char)('0' + (b >> 6));
    if (before_digit || b >= 8)
        e.text[e.len++] = (char)('0' + (b >> 3 & 7));
    e.text[e.len++] = (char)('0' + (b & 7));
    return e;
}

/* [whether an octal digit follows][byte]: made once, read for each byte of all weights. */
static const struct escape *escapes(bool before_digit)
{
    static struct escape table[2][256];
    for (int b = 0; b < 256 && !table[1][255].len; b++) {
        table[0][b] = escape_of((unsigned char)b, false);
        table[1][b] = escape_of((unsigned char)b, true);
    }
    return table[before_digit];
}

size_t storage_literal(const unsigned char *bytes, size_t n, char *line)
{
    const struct escape *plain = escapes(false), *full = escapes(true);
    size_t at = 0;
    line[at++] = '"';
    for (size_t i = 0; i < n; i++) {
        const bool before_digit = i + 1 < n && bytes[i + 1] >= '0' && bytes[i + 1] <= '7';
        const struct escape *e = (before_digit ? full : plain) + bytes[i];
        memcpy(line + at, e->text, sizeof e->text);
        at += e->len;
    }
    line[at++] = '"';
    line[at++] = '\n';
    return at;
}
