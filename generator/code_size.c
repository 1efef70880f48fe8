#include "code_size.h"

#include <string.h>

#include "program.h"

/* Lines between "#if MNIST_AVX2" and "#endif" with that name behind it. */
static int64_t lines_of(struct pool *pool, const char *text, const char *macro)
{
    const char *from = strstr(text, pool_printf(pool, "\n#if %s\n", macro));
    const char *to = from ? strstr(from, pool_printf(pool, "\n#endif /* %s */", macro)) : NULL;
    int64_t lines = 0;
    for (const char *c = from; c && c < to; c++)
        lines += *c == '\n';
    return lines;
}

/* Whether target t brings the other one with it: it is that, or builds on it. */
static bool brings(enum target_id t, enum target_id other)
{
    for (; t != other; t = targets[t].base)
        if (targets[t].base == t)
            return false;
    return true;
}

struct sizer { struct session *s; enum target_id target; const char *upper; };

static void insert_left_out(void *context, const char *name, struct out *out)
{
    const struct sizer *z = context;
    (void)name;
    for (int t = 0; t < TARGET_COUNT; t++)
        if (t != TARGET_SCALAR && !brings(z->target, (enum target_id)t))
            out_printf(out, "#define %s_NO_%s\n", z->upper,
                    pool_upper(z->s->pool, targets[t].name));
}

/* One file for each target of the plan, all with the same network. */
static int write_files(struct session *s, const char *upper, struct build *b, enum target_id *id,
        const char **name)
{
    const struct args none = {0};
    int n = 0;
    build_write(b, "model.c", &s->text.c);
    build_write(b, "model.h", &s->text.h);
    for (int t = 0; t < TARGET_COUNT; t++) {
        struct sizer z = {s, (enum target_id)t, upper};
        if (!(s->plan->targets & TARGET_BIT(t)))
            continue;
        id[n] = z.target;
        name[n++] = targets[t].name;
        program_write(b, "code_size.c.in", &none, insert_left_out, &z,
                pool_printf(s->pool, "%s.c", targets[t].name));
    }
    return n;
}

static bool compile(struct session *s, const char *upper, struct code_size *size)
{
    enum target_id id[TARGET_COUNT];
    const char *name[TARGET_COUNT];
    bool ok[TARGET_COUNT];
    struct build b;
    build_open(&b, s->pool, s->options);
    int n = write_files(s, upper, &b, id, name);
    program_openmp(&b);
    build_compile(&b, name, n, ok);
    for (int i = 0; i < n; i++) {
        if (!ok[i])
            return false;
        size[id[i]].bytes = build_size(&b, name[i]);
    }
    for (int t = 1; t < TARGET_COUNT; t++)   /* nothing but the scalar code was compiled */
        if (size[t].bytes == size[TARGET_SCALAR].bytes)
            size[t].bytes = -1;
    return true;
}

bool code_sizes(struct session *s, bool compiled, struct code_size size[TARGET_COUNT],
        int64_t *stack)
{
    const struct options *given = s->options;
    struct options o = *given;
    const char *upper = pool_upper(s->pool, s->prefix);
    o.output = "model.c";
    o.standalone = true;
    o.storage = STORAGE_BIN;
    s->options = &o;
    bool ok = session_emit(s);
    for (int t = 0; t < TARGET_COUNT; t++) {
        const char *name = pool_upper(s->pool, targets[t].name);
        const char *macro = pool_printf(s->pool, "%s_%s", upper, name);
        size[t] = (struct code_size){ok ? lines_of(s->pool, s->text.c.text, macro) : 0, -1};
    }
    *stack = ok ? s->text.stack.bytes : 0;
    ok = ok && (!compiled || compile(s, upper, size));
    emitted_free(&s->text);
    s->options = given;
    return ok;
}
