#include "safetensors_write.h"

#include <string.h>

static void write_header(struct out *out, const struct st_entry *t, int n)
{
    long long at = 0;
    out_printf(out, "{");
    for (int i = 0; i < n; i++) {
        long long bytes = 4 * (long long)shape_size(&t[i].shape);
        out_printf(out, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[", i ? "," : "", t[i].name);
        for (int d = 0; d < t[i].shape.rank; d++)
            out_printf(out, "%s%d", d ? "," : "", t[i].shape.dim[d]);
        out_printf(out, "],\"data_offsets\":[%lld,%lld]}", at, at + bytes);
        at += bytes;
    }
    out_printf(out, "}");
    while (out->len % 8)
        out_raw(out, " ", 1);
}

static void write_little(struct out *out, uint64_t v, int bytes)
{
    char text[8];
    for (int i = 0; i < bytes; i++)
        text[i] = (char)(unsigned char)(v >> 8 * i & 255);
    out_raw(out, text, (size_t)bytes);
}

/* In pieces, so that the bytes are turned in a small buffer whatever the machine's order. */
static void write_floats(const void *entry, struct out *out)
{
    enum { PIECE = 4096 };
    const struct st_entry *t = entry;
    const int64_t n = shape_size(&t->shape);
    unsigned char text[4 * PIECE];
    for (int64_t at = 0; at < n; at += PIECE) {
        int64_t count = n - at < PIECE ? n - at : PIECE;
        for (int64_t i = 0; i < count; i++) {
            uint32_t bits;
            memcpy(&bits, t->data + at + i, sizeof bits);
            for (int b = 0; b < 4; b++)
                text[4 * i + b] = (unsigned char)(bits >> 8 * b & 255);
        }
        out_raw(out, (const char *)text, (size_t)(4 * count));
    }
}

void safetensors_write(struct out *out, const struct st_entry *t, int n)
{
    struct out header;
    out_init(&header);
    write_header(&header, t, n);
    write_little(out, header.len, 8);
    out_raw(out, header.text, header.len);
    for (int i = 0; i < n; i++)
        out_late(out, write_floats, &t[i]);
    out_free(&header);
}
