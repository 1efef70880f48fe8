/* spec_print.c: a spec as canonical YAML, in one way of writing whatever the user wrote. */
#include "spec.h"

#include <ctype.h>
#include <string.h>

#include "out.h"
#include "text.h"

/* A scalar that stands for itself without quotes, wherever it stands. */
static bool is_safe_plain(const char *text)
{
    const char *s = *text == '-' ? text + 1 : text;
    bool starts_well = *text == '-' ? isdigit((unsigned char)*s) || *s == '.' : *s != 0;
    return starts_well && strncmp(text, "...", 3) &&
           !text[strspn(text, TEXT_LETTERS TEXT_DIGITS "_./+-")];
}

static void print_quoted(const char *text, size_t len, struct out *out)
{
    static const char chars[] = "\"\\\n\t\r", letters[] = "\"\\ntr";
    out_raw(out, "\"", 1);
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t n = utf8_next(text + i, len - i, &code);
        const char *escape = code && code < 0x80 ? strchr(chars, (int)code) : NULL;
        if (escape)
            out_printf(out, "\\%c", letters[escape - chars]);
        else if (text_char_refused(code))
            out_printf(out, "\\u%04X", (unsigned)code);
        else
            out_raw(out, text + i, n);
        i += n ? n : 1;
    }
    out_raw(out, "\"", 1);
}

static void print_scalar(const struct value *v, struct out *out)
{
    struct value plain = *v;
    plain.quoted = false;
    bool same_kind = !v->quoted || value_is_string(&plain);
    if (value_is_null(v))
        out_printf(out, "null");
    else if (same_kind && is_safe_plain(v->text))
        out_printf(out, "%s", v->text);
    else
        print_quoted(v->text, v->len, out);
}

static void print_key(const char *key, struct out *out)
{
    enum { SIMPLE_KEY = 120 };  /* longer ones could be too long without "?" (1024 as written) */
    if (strlen(key) > SIMPLE_KEY)
        out_printf(out, "? ");
    if (is_safe_plain(key))
        out_printf(out, "%s", key);
    else
        print_quoted(key, strlen(key), out);
    out_printf(out, ": ");
}

static void print_value(const struct value *v, struct out *out)
{
    if (v->kind == VALUE_SCALAR) {
        print_scalar(v, out);
        return;
    }
    out_printf(out, v->kind == VALUE_LIST ? "[" : "{");
    for (int i = 0; i < v->item.n; i++) {
        out_printf(out, i ? ", " : "");
        print_value(v->item.at[i], out);
    }
    for (int i = 0; i < v->entry.n; i++) {
        out_printf(out, i ? ", " : "");
        print_key(v->entry.at[i].key, out);
        print_value(v->entry.at[i].val, out);
    }
    out_printf(out, v->kind == VALUE_LIST ? "]" : "}");
}

static void print_top(const char *key, const struct value *v, struct out *out)
{
    if (!v)
        return;
    out_printf(out, "%s: ", key);
    print_value(v, out);
    out_printf(out, "\n");
}

void spec_print(const struct spec *spec, struct out *out)
{
    out_printf(out, "cnngen: 1\nname: %s\nbatch: %lld\n", spec->name, (long long)spec->batch);
    print_top("weights", spec->weights, out);
    print_top("defaults", spec->defaults, out);
    out_printf(out, "layers:\n");
    for (int i = 0; i < spec->layer.n; i++) {
        const struct spec_layer *layer = &spec->layer.at[i];
        struct value bare = {.kind = VALUE_SCALAR, .text = layer->type, .len = strlen(layer->type)};
        out_printf(out, "  - ");
        print_value(layer->map ? layer->map : &bare, out);
        out_printf(out, "\n");
    }
    print_top("outputs", spec->outputs, out);
    print_top("labels", spec->labels, out);
}
