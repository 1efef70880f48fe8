#include "emit_weights.h"

#include <stdio.h>
#include <string.h>

#include "kernel.h"

enum {
    NUMBERS_MAX = 1024,        /* floats: STORAGE_AUTO writes shorter arrays as numbers */
    FLOATS_PER_LINE = 64,      /* few long lines: each literal costs the compiler memory of its own */
};

bool weights_are_bytes(const struct emit_weights *w, const struct array *a)
{
    return w->storage == STORAGE_STRING || (w->storage == STORAGE_AUTO && a->weights > NUMBERS_MAX);
}

bool weights_any_bytes(const struct emit_weights *w)
{
    for (int i = 0; i < w->plan->array.n; i++)
        if (weights_are_bytes(w, &w->plan->array.at[i]))
            return true;
    return false;
}

const char *weights_name(const struct emit_weights *w, const struct array *a)
{
    return pool_printf(w->plan->pool, "%s_%s%s", w->prefix, a->label,
            weights_are_bytes(w, a) ? ".f" : "");
}

/* ---- declarations ---------------------------------------------------------------------------- */

static void write_union(const struct emit_weights *w, const struct array *a, struct out *out)
{
    out_printf(out, "union ");
    if (w->split)
        out_printf(out, "%s_bytes_%s ", w->prefix, a->label);
    out_printf(out, "{\n    char bytes[%lld];\n    float f[%lld];\n}",
            (long long)(4 * a->weights + 1), (long long)a->weights);
}

static void declare_one(const struct emit_weights *w, const struct array *a, struct out *out)
{
    out_printf(out, "#define %s_%s %s_%s_%016llx\n", w->prefix, a->label, w->prefix, a->label,
            (unsigned long long)w->id);
    if (weights_are_bytes(w, a)) {
        write_union(w, a, out);
        out_printf(out, ";\nextern const union %s_bytes_%s %s_%s %s_WEIGHTS_HIDDEN;\n", w->prefix,
                a->label, w->prefix, a->label, w->upper);
    } else {
        out_printf(out, "extern const float %s_%s[%lld] %s_WEIGHTS_HIDDEN;\n", w->prefix, a->label,
                (long long)a->weights, w->upper);
    }
}

void weights_declare(const struct emit_weights *w, struct out *out)
{
    for (int i = 0; i < w->plan->array.n; i++)
        declare_one(w, &w->plan->array.at[i], out);
}

/* ---- definitions ----------------------------------------------------------------------------- */

/* An array's values, late: as numbers, as lines of string literals. */
static void write_numbers(const void *array, struct out *out)
{
    const struct array *a = array;
    for (int64_t i = 0; i < a->weights; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "%.9g", (double)a->weight[i]);
        if (!strpbrk(text, ".e"))
            n += snprintf(text + n, sizeof text - (size_t)n, ".0");
        out_printf(out, "%s%.*sf,%s", i % 8 ? " " : "    ", n, text,
                i % 8 == 7 || i + 1 == a->weights ? "\n" : "");
    }
}

static size_t bytes_line(const float *f, int64_t n, char *line)
{
    unsigned char bytes[4 * FLOATS_PER_LINE];
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &f[i], 4);
        for (int k = 0; k < 4; k++)
            bytes[4 * i + k] = (unsigned char)(bits >> 8 * k);
    }
    return storage_literal(bytes, (size_t)(4 * n), line);
}

static void write_bytes(const void *array, struct out *out)
{
    const struct array *a = array;
    char line[FLOATS_PER_LINE * 16 + 8];
    for (int64_t i = 0; i < a->weights; i += FLOATS_PER_LINE) {
        int64_t n = a->weights - i < FLOATS_PER_LINE ? a->weights - i : FLOATS_PER_LINE;
        out_raw(out, line, bytes_line(a->weight + i, n, line));
    }
}

/* "const float" or a union of bytes and floats. */
static void write_type(const struct emit_weights *w, const struct array *a, struct out *out)
{
    out_printf(out, "%sconst ", w->split ? "" : "static ");
    if (!weights_are_bytes(w, a))
        out_printf(out, "float");
    else if (w->split)
        out_printf(out, "union %s_bytes_%s", w->prefix, a->label);
    else
        write_union(w, a, out);
}

static void define_one(const struct emit_weights *w, const struct array *a, struct out *out)
{
    const bool bytes = weights_are_bytes(w, a);
    write_type(w, a, out);
    out_printf(out, " %s_%s", w->prefix, a->label);
    if (!bytes)
        out_printf(out, "[%lld]", (long long)a->weights);
    if (w->split)
        out_printf(out, " %s_WEIGHTS_ALIGNED", w->upper);
    else
        out_printf(out, " CNN_ALIGNED(64)");
    out_printf(out, " %s_WEIGHTS_ATTR = {\n", w->upper);
    out_late(out, bytes ? write_bytes : write_numbers, a);
    out_printf(out, "};\n\n");
}

void weights_define(const struct emit_weights *w, struct out *out)
{
    for (int i = 0; i < w->plan->array.n; i++) {
        const struct array *a = &w->plan->array.at[i];
        if (a->step)
            out_printf(out, "/* step %d, %s: %s */\n", a->step->index, a->step->group->out->name,
                    a->step->kernel->name);
        else
            out_printf(out, "/* %s: read where it lies */\n", a->node->name);
        define_one(w, a, out);
    }
}
