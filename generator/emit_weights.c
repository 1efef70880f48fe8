#include "emit_weights.h"

#include <stdio.h>
#include <string.h>

#include "kernel.h"

enum {
    NUMBERS_MAX = 1024,        /* floats: STORAGE_AUTO writes shorter arrays as numbers */
    FLOATS_PER_LINE = 64,      /* few long lines: each literal costs the compiler memory of its own */
};

bool weights_are_bytes(const struct emit_weights *w, const struct step *s)
{
    return (w->storage == STORAGE_STRING && s->weights) ||
           (w->storage == STORAGE_AUTO && s->weights > NUMBERS_MAX);
}

bool weights_any_bytes(const struct emit_weights *w)
{
    for (int i = 0; i < w->plan->step.n; i++)
        if (weights_are_bytes(w, w->plan->step.at[i]))
            return true;
    return false;
}

const char *weights_name(const struct emit_weights *w, const struct step *s)
{
    return pool_printf(w->plan->pool, "%s_w%d%s", w->prefix, s->index, weights_are_bytes(w, s) ? ".f" : "");
}

/* ---- declarations ---------------------------------------------------------------------------- */

static void write_union(const struct emit_weights *w, const struct step *s, struct out *out)
{
    out_printf(out, "union ");
    if (w->split)
        out_printf(out, "%s_bytes%d ", w->prefix, s->index);
    out_printf(out, "{\n    char bytes[%lld];\n    float f[%lld];\n}", (long long)(4 * s->weights + 1),
            (long long)s->weights);
}

static void declare_one(const struct emit_weights *w, const struct step *s, struct out *out)
{
    out_printf(out, "#define %s_w%d %s_w%d_%016llx\n", w->prefix, s->index, w->prefix, s->index,
            (unsigned long long)w->id);
    if (weights_are_bytes(w, s)) {
        write_union(w, s, out);
        out_printf(out, ";\nextern const union %s_bytes%d %s_w%d %s_WEIGHTS_HIDDEN;\n", w->prefix, s->index,
                w->prefix, s->index, w->upper);
    } else {
        out_printf(out, "extern const float %s_w%d[%lld] %s_WEIGHTS_HIDDEN;\n", w->prefix, s->index,
                (long long)s->weights, w->upper);
    }
}

void weights_declare(const struct emit_weights *w, struct out *out)
{
    for (int i = 0; i < w->plan->step.n; i++)
        if (w->plan->step.at[i]->weights)
            declare_one(w, w->plan->step.at[i], out);
}

/* ---- definitions ----------------------------------------------------------------------------- */

/* " mnist_w1[99] CNN_ALIGNED(64) MNIST_WEIGHTS_ATTR = {": what follows the type. */
static void write_declarator(const struct emit_weights *w, const struct step *s, const char *extent,
        struct out *out)
{
    const char *aligned = "CNN_ALIGNED(64)";
    if (w->split)
        aligned = pool_printf(w->plan->pool, "%s_WEIGHTS_ALIGNED", w->upper);
    out_printf(out, " %s_w%d%s %s %s_WEIGHTS_ATTR = {", w->prefix, s->index, extent, aligned, w->upper);
}

static void write_numbers(const struct emit_weights *w, const struct step *s, struct out *out)
{
    out_printf(out, "%sconst float", w->split ? "" : "static ");
    write_declarator(w, s, pool_printf(w->plan->pool, "[%lld]", (long long)s->weights), out);
    for (int64_t i = 0; i < s->weights; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "%.9g", (double)s->weight[i]);
        if (!strpbrk(text, ".e"))
            n += snprintf(text + n, sizeof text - (size_t)n, ".0");
        out_printf(out, "%s%.*sf,", i % 8 ? " " : "\n    ", n, text);
    }
    out_printf(out, "\n};\n");
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

static void write_bytes(const struct emit_weights *w, const struct step *s, struct out *out)
{
    char line[FLOATS_PER_LINE * 16 + 8];
    if (w->split) {
        out_printf(out, "const union %s_bytes%d", w->prefix, s->index);
    } else {
        out_printf(out, "static const ");
        write_union(w, s, out);
    }
    write_declarator(w, s, "", out);
    out_printf(out, "\n");
    for (int64_t i = 0; i < s->weights; i += FLOATS_PER_LINE) {
        int64_t n = s->weights - i < FLOATS_PER_LINE ? s->weights - i : FLOATS_PER_LINE;
        out_raw(out, line, bytes_line(s->weight + i, n, line));
    }
    out_printf(out, "};\n");
}

void weights_define(const struct emit_weights *w, struct out *out)
{
    for (int i = 0; i < w->plan->step.n; i++) {
        const struct step *s = w->plan->step.at[i];
        if (!s->weights)
            continue;
        out_printf(out, "/* step %d, %s: %s */\n", s->index, s->group->out->name, s->kernel->name);
        if (weights_are_bytes(w, s))
            write_bytes(w, s, out);
        else
            write_numbers(w, s, out);
        out_printf(out, "\n");
    }
}
