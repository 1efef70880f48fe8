#include "emitter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "depfile.h"
#include "divide.h"

/* ---- of the program -------------------------------------------------------------------------- */

struct emit_face emitter_face(const struct emitter *e)
{
    return (struct emit_face){e->pool, e->plan->graph, e->opt->prefix, e->upper,
            e->opt->storage == STORAGE_BIN};
}

const char *emitter_place(struct emitter *e, const struct node *n)
{
    bool shown = n->layer && n->at.line && !e->draft;
    return shown ? pool_printf(e->pool, "%s:%d", e->opt->spec_name, n->at.line) : "";
}

const char *emitter_extents(struct emitter *e, const struct tensor *t)
{
    struct hwc d = shape_hwc(&t->shape);
    if (t->shape.rank == 1)
        return pool_printf(e->pool, "%d", d.c);
    return pool_printf(e->pool, "%dx%dx%d", d.h, d.w, d.c);
}

struct emit_weights emitter_weights(const struct emitter *e)
{
    return (struct emit_weights){e->plan, e->opt->storage, e->opt->prefix, e->upper, e->opt->split,
            e->id};
}

bool emitter_any_bytes(const struct emitter *e)
{
    struct emit_weights w = emitter_weights(e);
    return weights_any_bytes(&w);
}

const char *emitter_hash(struct emitter *e, uint64_t hash)
{
    return pool_printf(e->pool, "0x%016llx", (unsigned long long)hash);
}

int emitter_threads(const struct emitter *e)
{
    int most = divide_most_parts(e->plan, e->plan->targets);
    return most < e->plan->max_threads ? most : e->plan->max_threads;
}

/* ---- templates and the runtime --------------------------------------------------------------- */

static const struct source *find_source(struct emitter *e, const char *name)
{
    if (e->opt->template_dir) {
        struct source *src = NEW(e->pool, struct source);
        const char *path = pool_printf(e->pool, "%s/%s", e->opt->template_dir, name);
        enum source_status status = source_read(e->pool, path, 1 << 20, src);
        if (status == SOURCE_OK) {
            file_list_add(e->pool, e->opt->reads, path);
            return src;
        }
        if (status != SOURCE_ERRNO || errno != ENOENT)
            die("can't read the template '%s': %s", path,
                    status == SOURCE_ERRNO ? strerror(errno)
                    : status == SOURCE_TOO_BIG ? "larger than 1 MB" : "not a regular file");
    }
    const struct source *src = template_builtin(name);
    if (!src)
        bug("no template '%s'", name);
    return src;
}

struct template *emitter_template(struct emitter *e, const char *name)
{
    for (int i = 0; i < e->loaded.n; i++)
        if (!strcmp(e->loaded.at[i].name, name))
            return e->loaded.at[i].t;
    struct template *t = template_load(e->pool, find_source(e, name), e->diag);
    vec_push(e->pool, &e->loaded, (struct emitter_loaded){name, t});
    e->failed = e->failed || !t;
    return t;
}

void emitter_expand(struct emitter *e, const char *name, const struct args *args,
        template_insert *insert, struct out *out)
{
    struct template *t = emitter_template(e, name);
    if (!t || !template_expand(t, args, insert, e, out, e->diag))
        e->failed = true;
}

void emitter_runtime(struct emitter *e, const char *name, struct out *out)
{
    if (!e->opt->standalone) {
        out_printf(out, "#include \"%s\"\n", name);
        return;
    }
    const struct source *src = template_builtin(name);
    if (!src)
        bug("no runtime file '%s'", name);
    for (int line = 1;; line++) {
        size_t len;
        const char *text = source_line(src, line, &len);
        if (text >= src->text + src->len)
            return;
        char file[64];
        if (sscanf(text, "#include \"cnn_%50[^\"]\"", file) == 1) {
            if (strcmp(file, "rt.h"))
                emitter_runtime(e, pool_printf(e->pool, "cnn_%s", file), out);
        } else {
            out_write(out, text, len);
            out_write(out, "\n", 1);
        }
    }
}
