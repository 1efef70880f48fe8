/* weight_source.c: where weights come from by default: the top level's "weights", and the file. */
#include "weight_loader.h"

#include <string.h>

#include "text.h"
#include "weight_folder.h"

struct span weight_file_span(const struct weight_loader *l)
{
    return (struct span){.src = l->file.src};
}

bool weight_wrong_type(struct weight_loader *l, const struct value *v, const char *key,
        const char *needed)
{
    diag_error(l->diag, DIAG_WRONG_TYPE, v->at, "%s takes %s, not %s", key, needed,
            value_kind_name(v));
    return false;
}

static bool top_file(struct weight_loader *l, const struct value *v)
{
    if (!value_is_string(v))
        return weight_wrong_type(l, v, "'file'",
                "the path of a safetensors file or of a folder of .npy files");
    l->origin = FROM_FILE;
    l->path = v->text;
    l->at = v->at;
    return true;
}

static bool top_random(struct weight_loader *l, const struct value *v)
{
    int64_t seed;
    if (!value_int(v, &seed))
        return weight_wrong_type(l, v, "'random'", "an integer, the seed");
    if (seed < 0) {
        diag_error(l->diag, DIAG_BAD_VALUE, v->at, "a seed is at least 0, not %lld",
                (long long)seed);
        return false;
    }
    l->origin = FROM_RANDOM;
    l->seed = (uint64_t)seed;
    return true;
}

static bool top_layout(struct weight_loader *l, const struct value *v)
{
    static const char *const words[] = {"keras", "torch"};
    for (int i = 0; i < 2; i++)
        if (v->kind == VALUE_SCALAR && !strcmp(v->text, words[i])) {
            l->layout = i == 0 ? ORDER_KERAS : ORDER_TORCH;
            return true;
        }
    if (v->kind != VALUE_SCALAR)
        return weight_wrong_type(l, v, "'layout'", "keras or torch");
    const char *near = strstr(v->text, "torch") || strstr(v->text, "Torch")
                               ? "torch"
                               : closest(v->text, words, 2);
    diag_error(l->diag, DIAG_BAD_VALUE, v->at, "'layout' is keras or torch, not '%s'",
            text_quote(l->diag, v->text));
    if (near)
        diag_help(l->diag, "did you mean '%s'?", near);
    return false;
}

static const struct {
    const char *key;
    bool (*read)(struct weight_loader *, const struct value *);
} top_keys[] = {{"file", top_file}, {"random", top_random}, {"layout", top_layout}};
enum { TOP_KEYS = sizeof top_keys / sizeof top_keys[0] };

static bool unknown_top_key(struct weight_loader *l, const struct entry *e)
{
    static const char *const words[] = {"file", "random", "layout"};
    const char *near = closest(e->key, words, TOP_KEYS);
    diag_error(l->diag, DIAG_UNKNOWN_KEY, e->key_at, "unknown key '%s' for weights",
            text_quote(l->diag, e->key));
    for (int i = 0; i < l->g->layer.n; i++)
        if (!strcmp(l->g->layer.at[i]->name, e->key)) {
            diag_help(l->diag,
                    "a layer's tensors are named in the layer: weights: {kernel: TENSOR}");
            return false;
        }
    if (near)
        diag_help(l->diag, "did you mean '%s'?", near);
    else
        diag_help(l->diag, "it has the keys file, random and layout");
    return false;
}

static bool top_entry(struct weight_loader *l, const struct entry *e)
{
    for (int i = 0; i < TOP_KEYS; i++)
        if (!strcmp(e->key, top_keys[i].key))
            return top_keys[i].read(l, e->val);
    return unknown_top_key(l, e);
}

static bool top_map(struct weight_loader *l, const struct value *v)
{
    const struct entry *file = value_find(v, "file"), *rnd = value_find(v, "random");
    bool ok = true;
    for (int i = 0; i < v->entry.n; i++)
        ok = top_entry(l, &v->entry.at[i]) && ok;
    if (file && rnd) {
        diag_error(l->diag, DIAG_CONFLICTING_KEYS, rnd->key_at,
                "weights come from a file or are random, not both");
        diag_note(l->diag, file->key_at, "the file is given here");
        return false;
    }
    if (ok && !file && !rnd && l->origin == FROM_NOTHING && v->entry.n == 0) {
        diag_error(l->diag, DIAG_MISSING_KEY, v->at, "weights need a file, or random with a seed");
        return false;
    }
    return ok;
}

bool weight_source_read(struct weight_loader *l)
{
    const struct value *v = l->g->spec->weights;
    if (!v)
        return true;
    l->at = v->at;
    if (v->kind == VALUE_MAP)
        return top_map(l, v);
    if (!value_is_string(v))
        return weight_wrong_type(l, v, "'weights'",
                "the path of a safetensors file or of a folder of .npy files, 'random' or "
                "a mapping");
    l->origin = strcmp(v->text, "random") ? FROM_FILE : FROM_RANDOM;
    l->path = v->text;
    return true;
}

/* ---- the file ------------------------------------------------------------------------------- */

static bool read_header(struct weight_loader *l)
{
    struct weight_file *f = &l->file;
    char start[512];
    int64_t n = f->bytes < (int64_t)sizeof start ? f->bytes : (int64_t)sizeof start, header;
    if (!weight_file_read(f, 0, start, n, l->diag) ||
            !st_header_bytes(f->src, start, (size_t)n, f->bytes, l->diag, &header))
        return false;
    char *text = pool_alloc(l->pool, (size_t)header);
    return weight_file_read(f, SAFETENSORS_START, text, header, l->diag) &&
           st_parse(l->pool, f->src, text, (size_t)header, f->bytes, l->diag, &l->st);
}

void weight_source_open(struct weight_loader *l, const char *override_file)
{
    bool ok = override_file
        ? weight_file_open_any(l->pool, override_file, l->diag, &l->file)
        : weight_file_open(l->pool, l->g->spec->src->path, l->path, l->at, l->diag, &l->file);
    ok = ok && (l->file.folder ? weight_folder_list(l->pool, &l->file, l->diag, &l->st)
                               : read_header(l));
    l->origin = ok ? FROM_FILE : FROM_BROKEN;
    if (ok)
        l->used = NEW_ARRAY(l->pool, bool, l->st.tensor.n);
}
