/* The command that makes the same text again, and paths as texts show them. */
#include "option.h"

#include <ctype.h>
#include <string.h>

#include "out.h"
#include "targets.h"

/* A comment neither ends nor begins in it. */
static bool is_comment_mark(const char *text, size_t i)
{
    return text[i] == '*' && (text[i + 1] == '/' || (i > 0 && text[i - 1] == '/'));
}

static char *safe_text(struct pool *pool, const char *text)
{
    size_t len = strlen(text), n = 0;
    char *copy = pool_copy(pool, text, len);
    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t bytes = utf8_next(text + i, len - i, &code);
        if (bytes == 0 || char_is_hostile(code) || is_comment_mark(text, i)) {
            copy[n++] = '?';
            i++;
            continue;
        }
        memcpy(copy + n, text + i, bytes);
        n += bytes;
        i += bytes;
    }
    copy[n] = 0;
    return copy;
}

const char *options_base_name(struct pool *pool, const char *path)
{
    const char *slash = strrchr(path, '/');
    return safe_text(pool, slash ? slash + 1 : path);
}

/* The path with OLD in front replaced by NEW, by the last map that fits; NULL: none does. */
static const char *mapped_path(struct pool *pool, const struct options *o, const char *path)
{
    for (int i = o->prefix_map.n - 1; i >= 0; i--) {
        const char *map = o->prefix_map.at[i], *equal = strrchr(map, '=');
        size_t len = (size_t)(equal - map);
        if (!strncmp(path, map, len))
            return pool_printf(pool, "%s%s", equal + 1, path + len);
    }
    return NULL;
}

const char *options_shown_path(struct pool *pool, const struct options *o, const char *path)
{
    const char *mapped = mapped_path(pool, o, path);
    return mapped ? safe_text(pool, mapped) : options_base_name(pool, path);
}

/* Whether the emitted text names a folder. */
static bool shows_folders(struct pool *pool, const struct options *o)
{
    return (strcmp(o->spec, "-") && mapped_path(pool, o, o->spec)) ||
           (o->weights_file && mapped_path(pool, o, o->weights_file)) ||
           (o->tuning && mapped_path(pool, o, o->tuning));
}

/* The word as a shell reads it. */
static void add_shell(struct out *out, const char *word)
{
    static const char safe[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:=+@%/";
    out_printf(out, " ");
    if (*word && strspn(word, safe) == strlen(word)) {
        out_printf(out, "%s", word);
        return;
    }
    out_printf(out, "'");
    for (const char *c = word; *c; c++)
        out_printf(out, "%.*s", *c == '\'' ? 5 : 1, *c == '\'' ? "'\"'\"'" : c);
    out_printf(out, "'");
}

static bool implied(unsigned set, int id)
{
    for (int i = 0; i < TARGET_COUNT; i++)
        if (i != id && (set & TARGET_BIT(i)) && ((int)targets[i].base == id || id == TARGET_SCALAR))
            return true;
    return false;
}

/* " --target avx2,neon": without those that others bring with them. */
static void add_targets(struct out *out, unsigned set)
{
    const char *next = " --target ";
    if (set == TARGETS_ALL)
        return;
    for (int i = 0; i < TARGET_COUNT; i++)
        if ((set & TARGET_BIT(i)) && !implied(set, i)) {
            out_printf(out, "%s%s", next, targets[i].name);
            next = ",";
        }
}

const char *options_command(struct pool *pool, const struct options *o)
{
    struct out out;
    out_init(&out);
    out_printf(&out, "cnngen");
    if (shows_folders(pool, o))
        out_printf(&out, " --file-prefix-map =");
    if (o->prefix)
        out_printf(&out, " --prefix %s", o->prefix);
    add_targets(&out, o->targets);
    if (o->max_threads != DEFAULT_MAX_THREADS)
        out_printf(&out, " --max-threads %d", o->max_threads);
    if (o->growth_text)
        out_printf(&out, " --max-weight-growth %s", o->growth_text);
    if (o->math != MATH_FAST)
        out_printf(&out, " --math %s", math_modes[o->math]);
    if (o->tuning) {
        out_printf(&out, " --tuning");
        add_shell(&out, options_shown_path(pool, o, o->tuning));
    }
    if (o->standalone)
        out_printf(&out, " --standalone");
    if (o->selftest)
        out_printf(&out, " --selftest");
    if (o->static_arena)
        out_printf(&out, " --static-arena");
    if (o->storage != STORAGE_AUTO)
        out_printf(&out, " --weights %s", storages[o->storage]);
    if (o->split_weights)
        out_printf(&out, " --split-weights");
    if (o->weights_file) {
        out_printf(&out, " --weights-file");
        add_shell(&out, options_shown_path(pool, o, o->weights_file));
    }
    for (int i = 0; i < o->shape.n; i++) {
        out_printf(&out, " --shape");
        add_shell(&out, diag_quote(diag_new(pool), o->shape.at[i], strlen(o->shape.at[i])));
    }
    add_shell(&out, strcmp(o->spec, "-") ? options_shown_path(pool, o, o->spec) : "-");
    const char *text = pool_copy(pool, out.text, out.len);
    out_free(&out);
    return text;
}
