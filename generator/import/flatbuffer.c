#include "flatbuffer.h"

#include <string.h>

static bool broken(struct fb *f, size_t where, const char *why)
{
    if (!f->why) {
        f->why = why;
        f->where = where;
    }
    return false;
}

static bool inside(struct fb *f, size_t at, size_t bytes)
{
    if (f->why)
        return false;
    return (at <= f->len && bytes <= f->len - at) || broken(f, at, "it ends too early");
}

/* ---- numbers --------------------------------------------------------------------------------- */

static uint64_t load(const struct fb *f, size_t at, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | f->at[at + (size_t)i];
    return v;
}

static int64_t load_signed(const struct fb *f, size_t at, int bytes)
{
    uint64_t v = load(f, at, bytes), sign = (uint64_t)1 << (8 * bytes - 1);
    return v & sign ? -(int64_t)(~v & (sign - 1)) - 1 : (int64_t)v;
}

static float load_float(const struct fb *f, size_t at)
{
    uint32_t bits = (uint32_t)load(f, at, 4);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static struct fb_table table_at(struct fb *f, size_t at)
{
    struct fb_table t = {.at = at}, none = {0};
    if (!inside(f, at, 4))
        return none;
    int64_t vtable = (int64_t)at - load_signed(f, at, 4);
    if (vtable < 4 || !inside(f, (size_t)vtable, 4)) {
        broken(f, at, "the description of a table lies outside of the file");
        return none;
    }
    t.vtable = (size_t)vtable;
    size_t bytes = load(f, t.vtable, 2);
    t.bytes = load(f, t.vtable + 2, 2);
    if (bytes < 4 || bytes % 2 || t.bytes < 4) {
        broken(f, t.vtable, "the description of a table contradicts itself");
        return none;
    }
    t.fields = (bytes - 4) / 2;
    return inside(f, t.vtable, bytes) && inside(f, at, t.bytes) ? t : none;
}

/* Where the field is; 0: it is left out. */
static size_t field(struct fb *f, struct fb_table t, int i, size_t bytes)
{
    if (f->why || !t.at || (size_t)i >= t.fields)
        return 0;
    size_t offset = load(f, t.vtable + 4 + 2 * (size_t)i, 2);
    if (!offset)
        return 0;
    if (offset < 4 || offset + bytes > t.bytes) {
        broken(f, t.vtable, "a field lies outside of its table");
        return 0;
    }
    return t.at + offset;
}

/* What the pointer at this place leads to. */
static size_t follow(struct fb *f, size_t at)
{
    size_t distance = load(f, at, 4);
    if (distance >= 4 && distance < f->len - at)
        return at + distance;
    broken(f, at, "it points outside of the file");
    return 0;
}

struct fb_table fb_root(struct fb *f, const char *identifier)
{
    if (!inside(f, 0, 8))
        return (struct fb_table){0};
    if (memcmp(f->at + 4, identifier, 4)) {
        broken(f, 4, "its identifier is another one");
        return (struct fb_table){0};
    }
    size_t at = follow(f, 0);
    return at ? table_at(f, at) : (struct fb_table){0};
}

int64_t fb_int(struct fb *f, struct fb_table t, int i, int bytes, int64_t absent)
{
    size_t at = field(f, t, i, (size_t)bytes);
    return at ? load_signed(f, at, bytes) : absent;
}

float fb_float(struct fb *f, struct fb_table t, int i, float absent)
{
    size_t at = field(f, t, i, 4);
    return at ? load_float(f, at) : absent;
}

struct fb_table fb_child(struct fb *f, struct fb_table t, int i)
{
    size_t at = field(f, t, i, 4), to = at ? follow(f, at) : 0;
    return to ? table_at(f, to) : (struct fb_table){0};
}

/* ---- lists ----------------------------------------------------------------------------------- */

struct fb_list fb_list(struct fb *f, struct fb_table t, int i, size_t bytes)
{
    struct fb_list none = {0};
    size_t at = field(f, t, i, 4), to = at ? follow(f, at) : 0;
    if (!to || !inside(f, to, 4))
        return none;
    struct fb_list l = {to + 4, (uint32_t)load(f, to, 4)};
    if (l.n > (f->len - l.at) / bytes) {
        broken(f, to, "a list is longer than the file");
        return none;
    }
    f->elements += bytes > 1 ? l.n : 0;
    if (f->elements > FB_MAX_ELEMENTS) {
        broken(f, to, "its lists have more than 4194304 elements");
        return none;
    }
    return l;
}

int64_t fb_list_int(const struct fb *f, struct fb_list l, uint32_t k, int bytes)
{
    return load_signed(f, l.at + (size_t)k * (size_t)bytes, bytes);
}

float fb_list_float(const struct fb *f, struct fb_list l, uint32_t k)
{
    return load_float(f, l.at + (size_t)k * 4);
}

struct fb_table fb_list_table(struct fb *f, struct fb_list l, uint32_t k)
{
    size_t to = f->why ? 0 : follow(f, l.at + (size_t)k * 4);
    return to ? table_at(f, to) : (struct fb_table){0};
}
